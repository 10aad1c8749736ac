package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// scatter is accuracy against a cost, a mark for each mechanism.
type scatter struct {
	ID, Title, Axis, Table   string // Table is the id of that with the numbers
	Width, High              int
	Left, Right, Top, Bottom float64
	XTicks, YTicks           []tick
	// Front is a path along the best of both, "" of a single mechanism.
	Front string
	Dots  []dot

	lines []box // around whiskers and the front, which names should leave free
}

// Middle is where the horizontal axis has its name.
func (c scatter) Middle() float64 { return (c.Left + c.Right) / 2 }

// dot is a mechanism's place in a scatter.
type dot struct {
	Style int
	Mark  mark
	// Whisker is the score's interval, "" without one.
	Whisker string
	Name    string
	label
}

// newScatter draws a board's accuracy against a cost; false with fewer than two
// mechanisms that have both.
func (t *Tradeoff) newScatter(id, table, board string, k costKind) (scatter, bool) {
	all := t.points(board, k)
	if len(all) < 2 {
		return scatter{}, false
	}
	c := scatter{ID: id, Table: table, Title: "Accuracy against " + k.title, Width: 440, High: 330, Left: 44, Right: 430, Top: 12, Bottom: 272}
	if board != "" && len(t.boards()) > 1 {
		c.Title += ", " + board
	}
	x, unit := c.costScale(k, all)
	y := t.scoreScale(board, all, c.Bottom, c.Top)
	for _, v := range y.ticks() {
		c.YTicks = append(c.YTicks, tick{y.at(v), numberText(v)})
	}
	for _, v := range x.ticks() {
		c.XTicks = append(c.XTicks, tick{x.at(v), numberText(v)})
	}
	for _, p := range all {
		c.Dots = append(c.Dots, c.dot(t, board, p, x, y, k.text(p.cost, unit)))
	}
	c.drawFront(k, all, x, y)
	c.placeLabels()
	return c, true
}

// costScale is the horizontal scale, in units of so many bytes or of one.
func (c *scatter) costScale(k costKind, all []point) (scale, float64) {
	low, high := math.Inf(1), 0.0
	for _, p := range all {
		low, high = min(low, p.cost), max(high, p.cost)
	}
	unit, name := 1.0, ""
	if k.bytes {
		unit, name = sizeUnit(high)
		name = ", " + name
	}
	x := newPositive(low/unit, high/unit, c.Left+16, c.Right-16)
	c.Axis = k.axis + name
	if x.log {
		c.Axis += ", log scale"
	}
	if k.less {
		c.Axis = "(← better) " + c.Axis
	} else {
		c.Axis += " (better →)"
	}
	for i := range all {
		all[i].cost /= unit
	}
	return x, unit
}

// text is a cost in units of so many bytes, or a second.
func (k costKind) text(v, unit float64) string {
	if !k.bytes {
		return numberText(v) + " tokens/s"
	}
	return bytesText(int64(v * unit))
}

// scoreScale is the vertical scale, over scores and their intervals.
func (t *Tradeoff) scoreScale(board string, all []point, bottom, top float64) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range all {
		s := t.Mechanisms[p.at].score(board)
		low, high = min(low, p.score), max(high, p.score)
		if s.Low != nil {
			low, high = min(low, *s.Low), max(high, *s.High)
		}
	}
	return newLinear(low, high, 10, bottom, top)
}

func (c *scatter) dot(t *Tradeoff, board string, p point, x, y scale, cost string) dot {
	m := &t.Mechanisms[p.at]
	s := m.score(board)
	d := dot{Style: m.run % styles, Name: m.Name}
	px, py := x.at(p.cost), y.at(p.score)
	d.Mark = mark{X: px, Y: py, Shape: shape(d.Style, px, py), Title: fmt.Sprintf("%s: %s %%, %s", m.Name, percentText(s.Score), cost)}
	if s.Low != nil {
		low, high := y.at(*s.Low), y.at(*s.High)
		d.Mark.Title = fmt.Sprintf("%s: %s %% (%s), %s", m.Name, percentText(s.Score), rangeText(s.Low, s.High), cost)
		d.Whisker = whisker(px, low, high)
		c.lines = append(c.lines, box{px - 3, high, px + 3, low})
	}
	return d
}

// whisker is a vertical interval with caps.
func whisker(x, low, high float64) string {
	const cap = 4.0
	return fmt.Sprintf("M%g %gh%gM%g %gV%gM%g %gh%g", x-cap, low, 2*cap, x, low, high, x-cap, high, 2*cap)
}

// drawFront draws a line along the front in steps: beside it lies what some
// mechanism does at least as well. It ends at the edges of the drawing.
func (c *scatter) drawFront(k costKind, all []point, x, y scale) {
	front := k.front(all)
	slices.SortFunc(front, func(a, b point) int { return cmp.Compare(b.score, a.score) }) // so that costs become better
	fromX, fromY := c.Left, y.at(front[0].score)
	if k.less {
		fromX = c.Right
	}
	var path strings.Builder
	fmt.Fprintf(&path, "M%g %g", fromX, fromY)
	to := func(toX, toY float64) {
		c.lines = append(c.lines, box{min(fromX, toX) - 2, min(fromY, toY) - 2, max(fromX, toX) + 2, max(fromY, toY) + 2})
		fmt.Fprintf(&path, "L%g %g", toX, toY)
		fromX, fromY = toX, toY
	}
	for _, p := range front {
		to(fromX, y.at(p.score))
		to(x.at(p.cost), fromY)
	}
	to(fromX, c.Bottom)
	c.Front = path.String()
}
