package report

import (
	"math"
	"unicode/utf8"
)

// label is where a mark's name stands.
type label struct {
	X, Y   float64
	Anchor string // start, middle or end
	// Leader is a line from the mark to a name that stands apart, "" beside it.
	Leader string
}

// box is a rectangle of a drawing.
type box struct{ left, top, right, bottom float64 }

// overlap is the area that two boxes share.
func (a box) overlap(b box) float64 {
	w, h := min(a.right, b.right)-max(a.left, b.left), min(a.bottom, b.bottom)-max(a.top, b.top)
	return max(0, w) * max(0, h)
}

// outside is the area of a box that lies outside another one.
func (a box) outside(b box) float64 { return (a.right-a.left)*(a.bottom-a.top) - a.overlap(b) }

// Sizes of a name's letters, in units of the drawing; a letter's width is a mean.
const (
	letterWidth  = 7.2
	letterHeight = 12
)

// of is the box of a text that stands there.
func (l label) of(text string) box {
	w := letterWidth * float64(utf8.RuneCountInString(text))
	left := l.X
	switch l.Anchor {
	case "middle":
		left -= w / 2
	case "end":
		left -= w
	}
	return box{left, l.Y - letterHeight + 2, left + w, l.Y + 3}
}

// placeLabels puts each name where it covers least of marks, lines and names
// placed before: beside its mark, else farther off with a line to it.
func (c *scatter) placeLabels() {
	var taken []box
	for _, d := range c.Dots {
		taken = append(taken, box{d.Mark.X - 6, d.Mark.Y - 6, d.Mark.X + 6, d.Mark.Y + 6})
	}
	inside := box{c.Left, c.Top - 8, c.Right + 8, c.Bottom}
	for i := range c.Dots {
		d := &c.Dots[i]
		least := math.Inf(1)
		var best label
		for _, l := range candidates(d.Mark.X, d.Mark.Y) {
			b := l.of(d.Name)
			cost := 20 * b.outside(inside)
			for _, t := range taken {
				cost += 4 * b.overlap(t)
			}
			for _, line := range c.lines {
				cost += b.overlap(line)
			}
			if l.Leader != "" {
				cost += 5
			}
			if cost < least {
				least, best = cost, l
			}
		}
		d.label = best
		taken = append(taken, best.of(d.Name))
	}
}

// candidates are the places for a name around a mark, the best first.
func candidates(x, y float64) []label {
	out := []label{{X: x + 9, Y: y + 4, Anchor: "start"}, {X: x - 9, Y: y + 4, Anchor: "end"}}
	for _, far := range []float64{0, 16, 32, 48, 64, 80} {
		for _, l := range []label{
			{X: x + 8, Y: y - 8 - far, Anchor: "start"}, {X: x + 8, Y: y + 16 + far, Anchor: "start"},
			{X: x - 8, Y: y - 8 - far, Anchor: "end"}, {X: x - 8, Y: y + 16 + far, Anchor: "end"},
		} {
			if far > 0 {
				end := l.Y - 4
				l.Leader = "M" + at(x, y) + "L" + at(l.X, round1(end))
			}
			l.X, l.Y = round1(l.X), round1(l.Y)
			out = append(out, l)
		}
	}
	return out
}
