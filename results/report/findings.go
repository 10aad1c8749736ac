package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// significant is the level of the axes' p-values after Holm's correction.
const significant = 0.05

// allows says that the model names the weakness among others, or can't tell.
func (d Difficulty) allows(w stats.Weakness) bool {
	if d.Weakness == w {
		return true
	}
	cost, ok := Difficulty{Weakness: w, Axes: d.Axes}.cost()
	if !ok || d.State != stats.StateOK || cost.Adjusted == nil {
		return true
	}
	return *cost.Adjusted < significant
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
	add(r.contourFinding())
	add(r.Difficulty.finding())
	add(r.Gap.finding(r.Difficulty))
	add(r.Middle.finding(r.Difficulty))
	add(r.lowestCell())
	add(r.ledger())
	add(r.floorFinding())
	add(r.contaminationFinding())
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
		return fmt.Sprintf("Only one length was tested (%s): how far the context reaches can't be said. Give --lengths more than one.", from)
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
		if high := c.OwnShare.High; high != nil && high.State == stats.LengthAbove {
			text += "; chance alone could make it so short"
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

// finding says what evidence in the middle costs. It is called lost only where
// the difficulty model doesn't speak against it: a difference that its test of
// four axes doesn't bear out may be one of the many that chance makes.
func (m Middle) finding(d Difficulty) string {
	if m.Points == nil || m.Low == nil {
		return ""
	}
	size := strconv.FormatFloat(math.Abs(*m.Points), 'f', 1, 64)
	bounds := fmt.Sprintf("95 %% CI %s to %s", signedPoints(*m.Low), signedPoints(*m.High))
	switch {
	case *m.Low > 0 && !d.allows(stats.WeaknessMiddle):
		return fmt.Sprintf("Evidence in the middle scores %s points less than at the ends (%s), which the test of all axes together doesn't bear out.", size, bounds)
	case *m.Low > 0:
		return fmt.Sprintf("Lost in the middle: evidence at 40–60 %% scores %s points less than at the ends (%s).", size, bounds)
	case *m.High < 0:
		return fmt.Sprintf("Evidence in the middle scores %s points more than at the ends (%s).", size, bounds)
	}
	return fmt.Sprintf("No difference to be seen between evidence in the middle and at the ends (%s points, %s).", signedPoints(*m.Points), bounds)
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

// floorFinding names the tasks that are no better than a floor, and those whose
// score the model has without their contexts too.
func (r *Run) floorFinding() string {
	var at []string
	for _, t := range r.Tasks {
		if t.AtFloor {
			var kinds []string
			for _, f := range t.Floors {
				if f.At {
					kinds = append(kinds, f.Floor)
				}
			}
			at = append(at, fmt.Sprintf("%s (%s)", t.Task, strings.Join(kinds, ", ")))
		}
	}
	if len(at) == 0 {
		return ""
	}
	return "At the floor, no better than a run without a model or without contexts: " + strings.Join(at, ", ") + "."
}

func (r *Run) contaminationFinding() string {
	var known, clear []string
	for _, t := range r.Tasks {
		c := t.Contamination
		switch {
		case c == nil || c.State == ContaminationUnknown:
		case c.State == ContaminationClear:
			clear = append(clear, t.Task)
		case *c.Control > 0: // 0 of 0 is the floor, and nothing known by heart
			known = append(known, fmt.Sprintf("%s (%s without, %s with)", t.Task, percentText(c.Control), percentText(t.Score)))
		}
	}
	switch {
	case len(known) > 0:
		return "Check for contamination: without the context the model does about as well, so that the score doesn't show that it was read: " + strings.Join(known, ", ") + "."
	case len(clear) > 0:
		return fmt.Sprintf("No sign of contamination: with the context the model is clearly better than without in %s of %s.", grouped(len(clear)), plural(len(r.Tasks), "task"))
	}
	return ""
}
