package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// lengthText prints tokens as people write lengths: 4k, 128k, 1M, 9.3k.
func lengthText(tokens float64) string {
	n := int(math.Round(tokens))
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "M"
	case n >= 1024 && n%1024 == 0:
		return strconv.Itoa(n>>10) + "k"
	case n >= 1_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'g', 3, 64) + "M"
	case n >= 1000:
		return strconv.FormatFloat(roundTo(float64(n)/1e3, 3), 'f', -1, 64) + "k"
	}
	return strconv.Itoa(n)
}

// roundTo rounds to so many significant figures.
func roundTo(v float64, figures int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', figures, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// percentText prints a percentage, "–" where there is none.
func percentText(p *float64) string {
	if p == nil {
		return "–"
	}
	return strconv.FormatFloat(*p, 'f', 1, 64)
}

func rangeText(low, high *float64) string {
	if low == nil || high == nil {
		return "–"
	}
	return percentText(low) + "–" + percentText(high)
}

// figureDigits prints three figures of a number, "–" where there is none.
func figureDigits(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'g', 3, 64)
}

// shortRange is an interval in whole percent, for cells.
func shortRange(low, high *float64) string {
	if low == nil || high == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f–%.0f", *low, *high)
}

// whyNone says why there is no interval.
func whyNone(s scorers.IntervalState) string {
	switch s {
	case scorers.IntervalOK:
		return ""
	case scorers.IntervalOneDocument:
		return "no interval: fewer than two documents"
	case scorers.IntervalPartsMissing:
		return "no interval: a part has fewer than two documents"
	case scorers.IntervalNoRows:
		return "no samples"
	case scorers.IntervalNotAsked:
		return "no interval was asked for"
	case stats.IntervalTooSparse:
		return "no interval: too few documents hold all that it needs"
	}
	return "no interval"
}

// depthText prints a depth, "" where none was asked for.
func depthText(d *float64) string {
	if d == nil {
		return ""
	}
	return strconv.FormatFloat(*d, 'g', 4, 64) + "%"
}

// signed prints a number with its sign.
func signed(v float64) string {
	if v < 0 {
		return "−" + strconv.FormatFloat(-v, 'f', 2, 64)
	}
	return "+" + strconv.FormatFloat(v, 'f', 2, 64)
}

// grouped prints an integer with a comma between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// text of a length: 2.1k, > 16k, < 1k, or why there is none.
func (l Length) text() string {
	switch {
	case l.State == stats.LengthNoBaseline:
		return "at the floor"
	case l.State == stats.LengthUntested || l.Tokens == nil:
		return "not tested"
	case l.State == stats.LengthAbove:
		return "> " + lengthText(*l.Tokens)
	case l.State == stats.LengthBelow:
		return "< " + lengthText(*l.Tokens)
	}
	return lengthText(*l.Tokens)
}

// Text of an effective length.
func (e EffectiveLength) Text() string { return e.text() }

// Range is its interval, "–" where there is none.
func (e EffectiveLength) Range() string {
	if e.Low == nil || e.High == nil {
		return "–"
	}
	if e.Low.text() == e.High.text() {
		return e.Low.text()
	}
	return e.Low.text() + " to " + e.High.text()
}

// Apart is the interval where it says more than the figure does.
func (e EffectiveLength) Apart() string {
	if e.Low == nil || e.Range() == e.Text() {
		return ""
	}
	return e.Range()
}

// weaknessText names what costs a model most.
func (d Difficulty) weaknessText() string {
	switch d.Weakness {
	case stats.WeaknessLength:
		return "longer contexts"
	case stats.WeaknessMiddle:
		return "evidence in the middle"
	case stats.WeaknessEnds:
		return "evidence at the ends"
	case stats.WeaknessDiffusion:
		return "evidence that is hard to find (diffusion)"
	case stats.WeaknessScope:
		return "much evidence (scope)"
	}
	switch {
	case d.State == stats.StateNoSamples && len(d.Uniform) > 0:
		return "nothing: all scores are alike"
	case d.State != stats.StateOK:
		return "not known: " + d.why()
	}
	return "no axis stands out"
}

// why says why there is no difficulty model.
func (d Difficulty) why() string {
	switch d.State {
	case stats.StateNoSamples:
		return "no length, depth or axes"
	case stats.StateOneDocument, stats.StateTooFewSamples:
		return "too few documents"
	case stats.StateAdaptive:
		return "the run was adaptive"
	}
	return string(d.State)
}

// cost is the axis that a weakness is about.
func (d Difficulty) cost() (AxisCost, bool) {
	axis := stats.Axis(d.Weakness)
	if d.Weakness == stats.WeaknessMiddle || d.Weakness == stats.WeaknessEnds {
		axis = stats.AxisDepth
	}
	for _, a := range d.Axes {
		if a.Axis == axis {
			return a, true
		}
	}
	return AxisCost{}, false
}

// findings say what the figures come to, most important first.
func (r *Run) findings() []string {
	var out []string
	add := func(s string) {
		if s != "" {
			out = append(out, s)
		}
	}
	add(r.unfinished())
	add(r.adaptiveFinding())
	add(r.Context.finding())
	add(r.Context.rulerFinding())
	add(r.Difficulty.finding())
	add(r.Middle.finding())
	add(r.lowestCell())
	add(r.ledger())
	add(r.floorFinding())
	return out
}

func (r *Run) unfinished() string {
	if r.State == results.Complete {
		return ""
	}
	of := ""
	if r.Samples.Total != nil {
		of = " of " + grouped(*r.Samples.Total)
	}
	return fmt.Sprintf("Unfinished run (%s): figures are of %s%s so far.", r.State, plural(r.Samples.Rows, "sample"), of)
}

func (c Context) finding() string {
	if len(c.Curve) == 0 {
		if len(c.LeftOut) > 0 {
			return "Tasks were tested at different lengths: how far the context reaches stands with each task."
		}
		return "Lengths aren't known: how far the context reaches can't be said."
	}
	first, last := c.Curve[0], c.Curve[len(c.Curve)-1]
	from, to := lengthText(float64(first.Length)), lengthText(float64(last.Length))
	if len(c.Curve) == 1 {
		return fmt.Sprintf("Only one length was tested (%s): how far the context reaches can't be said. Give --lengths.", from)
	}
	how := ""
	if c.Lengths == "own" {
		how = " Samples have lengths of their own: each length asks other questions."
	}
	switch c.OwnShare.State {
	case stats.LengthAt:
		text := fmt.Sprintf("Real context: it keeps 85 %% of its score at %s up to %s tokens", from, c.OwnShare.Text())
		if apart := c.OwnShare.Apart(); apart != "" {
			text += fmt.Sprintf(" (95 %% CI %s)", apart)
		}
		if c.OwnShare.NonMonotone {
			text += "; a longer length does better again, which doesn't count"
		}
		return text + "; tested up to " + to + "." + how
	case stats.LengthAbove:
		return fmt.Sprintf("Real context: it keeps 85 %% of its score at %s at every length up to the longest tested, %s tokens.", from, to) + how
	case stats.LengthNoBaseline:
		return fmt.Sprintf("At %s, the shortest length tested, it does no better than the floor: there is no context to measure.", from)
	}
	return ""
}

func (c Context) rulerFinding() string {
	if len(c.Curve) < 2 || c.OwnShare.State == stats.LengthNoBaseline {
		return ""
	}
	switch c.Ruler.State {
	case stats.LengthBelow:
		return fmt.Sprintf("RULER's rule (85.6 %% or better): not reached at %s.", lengthText(float64(c.Curve[0].Length)))
	case stats.LengthAbove:
		return fmt.Sprintf("RULER's rule (85.6 %% or better): holds at every length tested, up to %s.", lengthText(float64(c.Curve[len(c.Curve)-1].Length)))
	case stats.LengthAt:
		return fmt.Sprintf("RULER's rule (85.6 %% or better): holds up to %s.", c.Ruler.Text())
	}
	return ""
}

func (d Difficulty) finding() string {
	cost, ok := d.cost()
	if !ok || d.Weakness == stats.WeaknessNone {
		return ""
	}
	text := "What costs it most: " + d.weaknessText()
	if cost.Standardised != nil {
		text += fmt.Sprintf(" (%s log odds a standard deviation, 95 %% CI %s to %s)", signed(*cost.Standardised), signed(*cost.Low), signed(*cost.High))
	} else if cost.State == stats.AxisSeparated {
		text += " (it tells right from wrong without error)"
	}
	return text + "."
}

func (m Middle) finding() string {
	if m.Points == nil || m.Low == nil {
		return ""
	}
	size := strconv.FormatFloat(math.Abs(*m.Points), 'f', 1, 64)
	bounds := fmt.Sprintf("95 %% CI %s to %s", signedPoints(*m.Low), signedPoints(*m.High))
	switch {
	case *m.Low > 0:
		return fmt.Sprintf("Lost in the middle: evidence at 40–60 %% scores %s points less than at the ends (%s).", size, bounds)
	case *m.High < 0:
		return fmt.Sprintf("Evidence in the middle scores %s points more than at the ends (%s).", size, bounds)
	}
	return fmt.Sprintf("No difference to be seen between evidence in the middle and at the ends (%s points, %s).", signedPoints(*m.Points), bounds)
}

func signedPoints(v float64) string {
	if v < 0 {
		return "−" + strconv.FormatFloat(-v, 'f', 1, 64)
	}
	return "+" + strconv.FormatFloat(v, 'f', 1, 64)
}

// lowestCell names the places of a grid where the score is lowest, if it is
// lower there than elsewhere.
func (r *Run) lowestCell() string {
	low, high, count := math.Inf(1), math.Inf(-1), 0
	var where []string
	for _, t := range r.Tasks {
		for _, c := range t.Cells {
			if c.Score == nil || c.Depth == nil && slices.ContainsFunc(t.Cells, atDepth) {
				continue
			}
			count++
			high = max(high, *c.Score)
			name := lengthText(float64(c.Length))
			if len(r.Tasks) > 1 {
				name = t.Task + " at " + name
			}
			if d := depthText(c.Depth); d != "" {
				name += ", depth " + d
			}
			switch {
			case *c.Score < low:
				low, where = *c.Score, []string{name}
			case *c.Score == low:
				where = append(where, name)
			}
		}
	}
	if count < 2 || low >= high {
		return ""
	}
	const named = 3
	text := strings.Join(where[:min(named, len(where))], "; ")
	if more := len(where) - named; more > 0 {
		text += fmt.Sprintf("; %d more", more)
	}
	return fmt.Sprintf("Lowest of %d cells: %.1f %% (%s).", count, low, text)
}

func (r *Run) ledger() string {
	bad := r.Samples.Rows - r.Samples.Valid
	if bad == 0 {
		return ""
	}
	var kinds []string
	for _, k := range failures(r.Samples.ByStatus) {
		kinds = append(kinds, fmt.Sprintf("%s %s", grouped(k.Count), k.Name))
	}
	return fmt.Sprintf("Not valid: %s of %s (%s).", grouped(bad), plural(r.Samples.Rows, "sample"), strings.Join(kinds, ", "))
}

func (r *Run) floorFinding() string {
	var at []string
	for _, t := range r.Tasks {
		if t.AtFloor {
			at = append(at, t.Task)
		}
	}
	if len(at) == 0 {
		return ""
	}
	return "At the floor (no better than the run without a model or context): " + strings.Join(at, ", ") + "."
}
