package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
)

// plot is a drawing of curves or points, in the units of its viewBox.
type plot struct {
	ID, Title                string
	Width, High              int
	Left, Right, Top, Bottom float64
	XTicks, YTicks           []tick
	XLabel, YLabel           string
	Series                   []series
	// Level is the height of a line across, LevelText what it stands for; "": there
	// is none.
	Level     float64
	LevelText string

	xLow, xHigh, yLow, yHigh float64
}

func newPlot(id, title, xLabel, yLabel string) *plot {
	return &plot{ID: id, Title: title, XLabel: xLabel, YLabel: yLabel, Width: 640, High: 320, Left: 52, Right: 624, Top: 26, Bottom: 274}
}

// span sets an axis' ends around values, on whole steps.
func span(values []float64) (low, high float64, ticks []float64) {
	low, high = slices.Min(values), slices.Max(values)
	if high-low < 1e-9 {
		low, high = low-0.5, high+0.5
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, by := range []float64{1, 2, 5, 10} {
		if (high-low)/(by*step) <= 6 {
			step *= by
			break
		}
	}
	low, high = math.Floor(low/step+1e-9)*step, math.Ceil(high/step-1e-9)*step
	for i := 0; low+float64(i)*step <= high+step/2; i++ {
		ticks = append(ticks, low+float64(i)*step)
	}
	return low, high, ticks
}

// xAxis and yAxis fit the axes to values.
func (p *plot) xAxis(values []float64) {
	var ticks []float64
	p.xLow, p.xHigh, ticks = span(values)
	for _, v := range ticks {
		p.XTicks = append(p.XTicks, tick{p.x(v), tickText(v)})
	}
}

// depthAxis has the depths themselves for its ticks, as many as there is room for.
func (p *plot) depthAxis(depths []float64) {
	p.xLow, p.xHigh = depths[0], depths[len(depths)-1]
	for i := 0; i < len(depths); i += (len(depths) + 11) / 12 {
		p.XTicks = append(p.XTicks, tick{p.x(depths[i]), tickText(depths[i])})
	}
}

func (p *plot) yAxis(values []float64) {
	var ticks []float64
	p.yLow, p.yHigh, ticks = span(values)
	for _, v := range ticks {
		p.YTicks = append(p.YTicks, tick{p.y(v), tickText(v)})
	}
}

func (p *plot) x(v float64) float64 {
	return round1(p.Left + 14 + (p.Right-p.Left-28)*(v-p.xLow)/(p.xHigh-p.xLow))
}

func (p *plot) y(v float64) float64 {
	return round1(p.Bottom - (p.Bottom-p.Top)*(v-p.yLow)/(p.yHigh-p.yLow))
}

// Foot is where the names of the horizontal axis' values stand, Below its own.
func (p *plot) Foot() float64 { return p.Bottom + 18 }

// Below is where the horizontal axis' name stands.
func (p *plot) Below() float64 { return p.Bottom + 38 }

// Middle is the horizontal axis' middle.
func (p *plot) Middle() float64 { return (p.Left + p.Right) / 2 }

// Key is the mark of a series by itself, for the legend.
func (s series) Key() string { return shape(s.Style, 17, 6) }

// tickText prints a round number with a real minus sign.
func tickText(v float64) string {
	text := strconv.FormatFloat(roundTo(v, 6), 'g', -1, 64)
	if text == "-0" {
		text = "0"
	}
	return strings.Replace(text, "-", "−", 1)
}

// plot draws a task's log-likelihood by depth, a line a length; nil where there
// are fewer than two depths.
func (l *LikelihoodFound) plot(id, task string, depths []float64) *plot {
	if len(depths) < 2 {
		return nil
	}
	p := newPlot(id, task, "depth of the evidence, percent of the context", "log-likelihood, nats a token")
	heights := []float64{0}
	for _, c := range l.Cells {
		if c.Task == task && c.Depth != nil && c.Value != nil {
			heights = append(heights, *c.Value)
			if c.Low != nil {
				heights = append(heights, *c.Low)
			}
		}
	}
	alone, n := 0.0, 0
	for _, g := range l.gapsOf(task) {
		if g.Short.Value != nil {
			alone += *g.Short.Value * float64(g.Short.N)
			n += g.Short.N
		}
	}
	if n > 0 {
		alone /= float64(n)
		heights = append(heights, alone)
	}
	p.depthAxis(depths)
	p.yAxis(heights)
	if n > 0 {
		p.Level, p.LevelText = p.y(alone), "with the evidence alone, "+results.Nats(&alone)
	}
	for i, g := range l.gapsOf(task) {
		p.Series = append(p.Series, p.curve(i, l.Likelihood, task, g.Length, depths))
	}
	return p
}

// curve is the line of one length.
func (p *plot) curve(i int, l results.Likelihood, task string, length int, depths []float64) series {
	s := series{Run: i, Style: i % styles, Label: lengthText(float64(length)) + " tokens"}
	var line, upper, lower []string
	for _, d := range depths {
		c := l.Cell(task, length, d)
		if c == nil || c.Value == nil {
			continue
		}
		x, y := p.x(d), p.y(*c.Value)
		line = append(line, at(x, y))
		if c.Low != nil && c.High != nil {
			upper = append(upper, at(x, p.y(min(*c.High, 0))))
			lower = append([]string{at(x, p.y(*c.Low))}, lower...)
		}
		s.Marks = append(s.Marks, mark{x, y, shape(s.Style, x, y), fmt.Sprintf("%s at %s: %s nats a token", s.Label, depthText(&d), natsCell(c.Mean)), c.Documents < minShiftDocuments})
	}
	s.Line = strings.Join(line, " ")
	if len(upper) > 1 {
		s.Band = strings.Join(append(upper, lower...), " ")
	}
	return s
}

// plot draws a point a sample: awareness over the gap where both were measured,
// else the one that was over the length of the prompt.
func (g *GateauFound) plot(id string) *plot {
	gap := func(s results.GateauSample) *float64 { return s.Gap }
	aware := func(s results.GateauSample) *float64 { return s.Awareness }
	tokens := func(s results.GateauSample) *float64 { n := float64(s.PromptTokens); return &n }
	p, across, up := newPlot(id, "Awareness and gap, a point a sample", "gap, nats a token: how much likelier than under the other", "awareness, cosine"), gap, aware
	switch {
	case g.Gap.N == 0:
		p.Title, p.XLabel, across = "Awareness, a point a sample", "tokens of the prompt", tokens
	case g.Awareness.N == 0:
		p.Title, p.XLabel, p.YLabel, across, up = "Gap, a point a sample", "tokens of the prompt", "gap, nats a token", tokens, gap
	}
	var xs, ys []float64
	var lengths []int
	for _, s := range g.List {
		if x, y := across(s), up(s); x != nil && y != nil {
			xs, ys = append(xs, *x), append(ys, *y)
			if !slices.Contains(lengths, s.Length) {
				lengths = append(lengths, s.Length)
			}
		}
	}
	if len(xs) < 2 {
		return nil
	}
	p.xAxis(xs)
	p.yAxis(append(ys, 0))
	slices.Sort(lengths)
	for i, n := range lengths {
		out := series{Run: i, Style: i % styles, Label: lengthText(float64(n)) + " tokens"}
		for _, s := range g.List {
			if x, y := across(s), up(s); s.Length == n && x != nil && y != nil {
				px, py := p.x(*x), p.y(*y)
				out.Marks = append(out.Marks, mark{X: px, Y: py, Shape: shape(out.Style, px, py), Title: fmt.Sprintf("%s: gap %s, awareness %s", s.ID, results.Nats(s.Gap), results.Nats(s.Awareness))})
			}
		}
		p.Series = append(p.Series, out)
	}
	return p
}
