package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// chart is a drawing of scores against length, in the units of its viewBox.
type chart struct {
	ID, Title    string
	Width, High  int
	XTicks       []tick
	YTicks       []tick
	Left, Right  float64
	Top, Bottom  float64
	Series       []series
	Caption      string
	Rows         []curveRow
	Lengths      string
	OtherLengths bool
}

type tick struct {
	At   float64
	Text string
}

// series is one run's line, told apart by colour, dashes and marks.
type series struct {
	Run   int // its place among the runs
	Style int // class s0 to s6
	Label string
	Line  string // points of a polyline
	Band  string // points of a polygon, "" without intervals
	Marks []mark
}

type mark struct {
	X, Y  float64
	Shape string // path data
	Title string
	Few   bool // of too few documents to judge by: drawn hollow
}

// curveRow is a row of the table that says the same as the chart.
type curveRow struct {
	Length string
	Cells  []string
	// Short are the cells without their numbers of samples.
	Short []string
}

// styles is how many kinds of lines there are; more runs begin again.
const styles = 7

// newChart draws the curves of several runs; the zero chart where none has two
// lengths.
func newChart(id, title string, runs []Run, of func(*Run) *Context) (chart, bool) {
	c := chart{ID: id, Title: title, Width: 640, High: 300, Left: 44, Right: 624, Top: 14, Bottom: 258}
	lengths := map[int]bool{}
	drawn := false
	for i := range runs {
		if x := of(&runs[i]); x != nil {
			drawn = drawn || len(x.Curve) > 1
			c.OtherLengths = c.OtherLengths || x.Lengths == "own"
			for _, p := range x.Curve {
				lengths[p.Length] = true
			}
		}
	}
	if !drawn {
		return chart{}, false
	}
	order := sortedKeys(lengths)
	low, high := math.Log2(float64(order[0])), math.Log2(float64(order[len(order)-1]))
	x := func(n int) float64 {
		return round1(c.Left + 14 + (c.Right-c.Left-28)*(math.Log2(float64(n))-low)/(high-low))
	}
	y := func(score float64) float64 { return round1(c.Bottom - (c.Bottom-c.Top)*score/100) }
	for _, v := range []float64{0, 25, 50, 75, 100} {
		c.YTicks = append(c.YTicks, tick{y(v), strconv.Itoa(int(v))})
	}
	lastTick := math.Inf(-1)
	for _, n := range order {
		if at := x(n); at-lastTick >= 34 {
			c.XTicks = append(c.XTicks, tick{at, lengthText(float64(n))})
			lastTick = at
		}
	}
	for i := range runs {
		if ctx := of(&runs[i]); ctx != nil && len(ctx.Curve) > 0 {
			c.Series = append(c.Series, newSeries(i, runs[i].Label, ctx.Curve, x, y))
		}
	}
	c.rows(order, runs, of)
	return c, true
}

func newSeries(i int, label string, curve []Point, x func(int) float64, y func(float64) float64) series {
	s := series{Run: i, Style: i % styles, Label: label}
	var line, upper, lower []string
	for _, p := range curve {
		px, py := x(p.Length), y(p.Score)
		line = append(line, at(px, py))
		title := fmt.Sprintf("%s, %s: %s %%", label, lengthText(float64(p.Length)), percentText(&p.Score))
		if p.Low != nil && p.High != nil {
			upper = append(upper, at(px, y(*p.High)))
			lower = append([]string{at(px, y(*p.Low))}, lower...)
			title += " (" + rangeText(p.Low, p.High) + ")"
		}
		s.Marks = append(s.Marks, mark{X: px, Y: py, Shape: shape(i%styles, px, py), Title: title})
	}
	s.Line = strings.Join(line, " ")
	if len(upper) > 1 {
		s.Band = strings.Join(append(upper, lower...), " ")
	}
	return s
}

// rows puts the same numbers into a table.
func (c *chart) rows(order []int, runs []Run, of func(*Run) *Context) {
	for _, n := range order {
		row := curveRow{Length: lengthText(float64(n))}
		for i := range runs {
			ctx := of(&runs[i])
			if ctx == nil || len(ctx.Curve) == 0 {
				continue
			}
			cell, short := "–", "–"
			for _, p := range ctx.Curve {
				if p.Length == n {
					short = scoreCell(&p.Score, p.Low, p.High)
					cell = fmt.Sprintf("%s, n=%d", short, p.Samples)
				}
			}
			row.Cells, row.Short = append(row.Cells, cell), append(row.Short, short)
		}
		c.Rows = append(c.Rows, row)
	}
}

// shape is a mark of a style around a point: circle, square, triangle, diamond,
// and the like, so that lines can be told apart without colour.
func shape(style int, x, y float64) string {
	const r = 4.5
	switch style % 4 {
	case 1:
		return fmt.Sprintf("M%g %gh%gv%gh-%gz", x-r+.5, y-r+.5, 2*r-1, 2*r-1, 2*r-1)
	case 2:
		return fmt.Sprintf("M%g %gl%g %gh-%gz", x, y-r-1, r+1, 2*r, 2*r+2)
	case 3:
		return fmt.Sprintf("M%g %gl%g %gl-%g %gl-%g -%gz", x, y-r-1, r+1, r+1, r+1, r+1, r+1, r+1)
	}
	return fmt.Sprintf("M%g %ga%g %g 0 1 0 %g 0a%g %g 0 1 0 -%g 0", x-r, y, r, r, 2*r, r, r, 2*r)
}

func at(x, y float64) string { return fmt.Sprintf("%g,%g", x, y) }

func round1(v float64) float64 { return math.Round(10*v) / 10 }
