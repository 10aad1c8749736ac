package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// Contour is the length, depth by depth, up to which a task's score keeps a
// threshold.
type Contour struct {
	// Threshold is in percent.
	Threshold float64        `json:"threshold"`
	Points    []ContourPoint `json:"points"`
	// Minimum is the shortest: the length that holds at every depth.
	Minimum Reach `json:"minimum"`
}

// ContourPoint is the crossing at a depth, in percent of the context.
type ContourPoint struct {
	Depth float64 `json:"depth"`
	Reach
}

// Reach is a length in tokens and in characters; those are null where the
// contexts' sizes aren't known.
type Reach struct {
	Length
	Characters *float64              `json:"characters"`
	Low        *Length               `json:"ci_low"`
	High       *Length               `json:"ci_high"`
	Interval   scorers.IntervalState `json:"ci"`
	// NonMonotone says that scores rose again with length and were levelled.
	NonMonotone bool `json:"non_monotone"`
}

// askedDepth is a sample's column: the depth that was asked for.
func askedDepth(s stats.Sample) (float64, bool) {
	if s.Depth == nil {
		return 0, false
	}
	return *s.Depth, true
}

// contourOf follows the contour of a task whose cells have depths and several
// lengths; nil of others.
func contourOf(cells []results.CellFigure, samples []stats.Sample, o stats.Options) (*Contour, error) {
	lengths := map[int]bool{}
	for _, c := range cells {
		if c.Depth != nil {
			lengths[c.Length] = true
		}
	}
	if len(lengths) < 2 {
		return nil, nil
	}
	c, err := stats.ContourOf(samples, askedDepth, o)
	if err != nil {
		return nil, fmt.Errorf("contour: %w", err)
	}
	out := &Contour{Threshold: 100 * stats.ContourThreshold, Minimum: reach(c.Minimum, c.MinimumCharacters, c.MinimumInterval, false)}
	for _, p := range c.Points {
		out.Minimum.NonMonotone = out.Minimum.NonMonotone || p.NonMonotone
		out.Points = append(out.Points, ContourPoint{p.Column, reach(p.Tokens, p.Characters, p.Interval, p.NonMonotone)})
	}
	return out, nil
}

func reach(tokens, characters stats.Length, i stats.LengthInterval, nonMonotone bool) Reach {
	out := Reach{Length: length(tokens), Characters: length(characters).Tokens, Interval: i.State, NonMonotone: nonMonotone}
	if i.State == scorers.IntervalOK {
		low, high := length(i.Low), length(i.High)
		out.Low, out.High = &low, &high
	}
	return out
}

// Text of a reach, in tokens.
func (r Reach) Text() string { return r.text() }

// CharactersText is the same in characters, "" where they aren't known.
func (r Reach) CharactersText() string {
	if r.Characters == nil {
		return ""
	}
	return charactersText(*r.Characters)
}

// Apart is the interval where it says more than the figure does.
func (r Reach) Apart() string {
	return EffectiveLength{Length: r.Length, Low: r.Low, High: r.High}.Apart()
}

// charactersText prints three figures of a number of characters.
func charactersText(n float64) string { return grouped(int(math.Round(threeFigures(n)))) }

// at is the point of a depth.
func (c *Contour) at(depth float64) *ContourPoint {
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.Points, func(p ContourPoint) bool { return p.Depth == depth })
	if i < 0 {
		return nil
	}
	return &c.Points[i]
}

// row is where the contour crosses a column of a heat map, in rows from the top
// edge: a row's own length stands at its middle.
func (l Length) row(lengths []int) float64 {
	switch {
	case l.State == stats.LengthBelow || l.Tokens == nil:
		return 0
	case l.State == stats.LengthAbove:
		return float64(len(lengths))
	}
	i := 0
	for i+2 < len(lengths) && float64(lengths[i+1]) < *l.Tokens {
		i++
	}
	a, b := math.Log2(float64(lengths[i])), math.Log2(float64(lengths[i+1]))
	return float64(i) + 0.5 + (math.Log2(*l.Tokens)-a)/(b-a)
}

// line draws the contour over a heat map of lengths by depths, in cells: points
// of a polyline, from the left edge to the right.
func (c *Contour) line(lengths []int, depths []float64) string {
	if c == nil || len(lengths) < 2 {
		return ""
	}
	const inset = 0.03 // keeps the line visible at the edges
	var out []string
	for i, d := range depths {
		p := c.at(d)
		if p == nil {
			return ""
		}
		y := round3(min(float64(len(lengths))-inset, max(inset, p.row(lengths))))
		if i == 0 {
			out = append(out, at(0, y))
		}
		out = append(out, at(float64(i)+0.5, y))
		if i == len(depths)-1 {
			out = append(out, at(float64(len(depths)), y))
		}
	}
	return strings.Join(out, " ")
}

func round3(v float64) float64 { return math.Round(1000*v) / 1000 }

// contourFinding says how far the needle tasks' contours reach.
func (r *Run) contourFinding() string {
	var parts []string
	for i := range r.Tasks {
		c := r.Tasks[i].Contour
		if c == nil {
			continue
		}
		text := ""
		switch c.Minimum.State {
		case stats.LengthBelow:
			text = fmt.Sprintf("not reached at %s", lengthText(*c.Minimum.Tokens))
		case stats.LengthAbove:
			text = fmt.Sprintf("at every length tested, up to %s tokens", lengthText(*c.Minimum.Tokens))
		default:
			text = fmt.Sprintf("up to %s tokens", c.Minimum.Text())
			if n := c.Minimum.CharactersText(); n != "" {
				text += fmt.Sprintf(", %s characters", n)
			}
		}
		parts = append(parts, r.Tasks[i].Task+" "+text)
	}
	if len(parts) == 0 {
		return ""
	}
	const named = 4
	more := ""
	if n := len(parts) - named; n > 0 {
		more = fmt.Sprintf("; %d more tasks", n)
	}
	return fmt.Sprintf("Contour rule (%.0f %% or better at every depth): %s%s.", 100*stats.ContourThreshold, strings.Join(parts[:min(named, len(parts))], "; "), more)
}
