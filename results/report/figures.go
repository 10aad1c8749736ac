package report

import (
	"fmt"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// lengths says what the run's lengths are, see Context.Lengths.
func (l *loaded) lengths() string {
	for i := range l.samples {
		switch s := &l.samples[i]; {
		case s.asked:
			return "asked"
		case s.Tokens > 0:
			return "own"
		}
	}
	return ""
}

// contextOf works out how far the context reaches. Tasks that were not tested
// at the same lengths have no curve together.
func contextOf(samples []stats.Sample, lengths string, floors []*Context, o stats.Options) (Context, error) {
	out := Context{Lengths: lengths}
	c, err := stats.EffectiveLength(samples, below(floors, shortest(samples)), o)
	if err != nil {
		if len(c.LeftOut) > 0 { // no lengths in common: nothing to say
			out.LeftOut = c.LeftOut
			out.OwnShare = EffectiveLength{Length: Length{State: stats.LengthUntested}}
			out.Ruler = out.OwnShare
			return out, nil
		}
		return out, fmt.Errorf("effective length: %w", err)
	}
	out.SameQuestions, out.LeftOut = c.SameQuestions && lengths == "asked", c.LeftOut
	for _, p := range c.Points {
		point := Point{Length: p.Tokens, Samples: p.Samples, Documents: p.Documents, Score: 100 * p.Score, Interval: p.Interval.State}
		point.Low, point.High = ends(p.Interval)
		out.Curve = append(out.Curve, point)
	}
	out.OwnShare, out.Ruler = effective(c.OwnShare), effective(c.Ruler)
	out.Increasing, out.Decreasing = percentOf(c.Increasing), percentOf(c.Decreasing)
	return out, nil
}

// shortest is the shortest length of samples; 0 where none is known.
func shortest(samples []stats.Sample) int {
	least := 0
	for _, s := range samples {
		if s.Tokens > 0 && (least == 0 || s.Tokens < least) {
			least = s.Tokens
		}
	}
	return least
}

func effective(e stats.Effective) EffectiveLength {
	out := EffectiveLength{Length: length(e.Length), Interval: e.Interval.State, NonMonotone: e.NonMonotone}
	if e.Interval.State == scorers.IntervalOK {
		low, high := length(e.Interval.Low), length(e.Interval.High)
		out.Low, out.High = &low, &high
	}
	return out
}

func length(l stats.Length) Length {
	switch l.State {
	case stats.LengthUntested, stats.LengthNoBaseline:
		return Length{State: l.State}
	}
	return Length{l.State, &l.Tokens}
}

func percentOf(f stats.Figure) *float64 {
	if f.State != stats.StateOK {
		return nil
	}
	return scaled(f.Value)
}

// ends are an interval's in percent; nil where there is none.
func ends(i scorers.Interval) (low, high *float64) {
	if i.State != scorers.IntervalOK {
		return nil, nil
	}
	l, h := 100*i.Low, 100*i.High
	return &l, &h
}

func middleOf(samples []stats.Sample, o stats.Options) (Middle, error) {
	m, err := stats.LostInTheMiddle(samples, o)
	if err != nil {
		return Middle{}, fmt.Errorf("lost in the middle: %w", err)
	}
	out := Middle{EdgeSamples: m.EdgeSamples, MiddleSamples: m.MiddleSamples, State: m.Index.State, Interval: m.Interval.State, Points: percentOf(m.Index)}
	out.Low, out.High = ends(m.Interval)
	return out, nil
}

func difficultyOf(samples []stats.Sample) (Difficulty, error) {
	d, err := stats.FitDifficulty(samples)
	if err != nil {
		return Difficulty{}, fmt.Errorf("difficulty model: %w", err)
	}
	out := Difficulty{State: d.State, Weakness: d.Weakness, Samples: d.Samples, Documents: d.Documents, Unplaced: d.Unplaced, Uniform: d.Uniform}
	for _, a := range d.Axes {
		cost := AxisCost{Axis: a.Axis, State: a.State, With: a.With, Direction: a.Direction, P: figureOf(a.P), Adjusted: figureOf(a.Adjusted)}
		if a.State == stats.AxisOK && a.Interval.State == scorers.IntervalOK {
			cost.Standardised, cost.Low, cost.High = &a.Standardised, &a.Interval.Low, &a.Interval.High
		}
		out.Axes = append(out.Axes, cost)
	}
	return out, nil
}

func figureOf(f stats.Figure) *float64 {
	if f.State != stats.StateOK {
		return nil
	}
	return &f.Value
}

func planeOf(samples []stats.Sample, axes AxesFrom, o stats.Options) (Plane, error) {
	p, err := stats.PlaneOf(samples, o)
	if err != nil {
		return Plane{}, fmt.Errorf("plane: %w", err)
	}
	out := Plane{State: "ok", Unplaced: p.Unplaced}
	if p.Unplaced == len(samples) {
		out.State = "no_axes"
	}
	for d := range 3 {
		out.Diffusion[d], out.Scope[d] = planeCell(p.Diffusion[d], axes), planeCell(p.Scope[d], axes)
		for s := range 3 {
			out.Cells[d][s] = planeCell(p.Cells[d][s], axes)
		}
	}
	return out, nil
}

func planeCell(c stats.PlaneCell, axes AxesFrom) PlaneCell {
	out := PlaneCell{
		Samples: c.Samples, Documents: c.Documents, Measured: c.Measured, Partial: c.Partial, Assigned: c.Samples - c.Measured - c.Partial,
		MeasuredShare: axes.measuredShare(c.Samples, c.Measured, c.Partial), Interval: c.Plain.Interval.State, Sparse: c.Hatched,
	}
	if !c.Plain.Absent() {
		out.Score = scaled(c.Plain.Value)
		out.Low, out.High = ends(c.Plain.Interval)
	}
	return out
}
