package stats

import (
	"fmt"
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// Axis is what may make a sample hard.
type Axis string

// The axes, in the order of Difficulty.Axes.
const (
	AxisLength    Axis = "length"    // log2 of the context's tokens
	AxisDepth     Axis = "depth"     // |depth − 50|/50: 0 in the middle, 1 at an end
	AxisDiffusion Axis = "diffusion" // 0..1
	AxisScope     Axis = "scope"     // 0..1
)

func axes() []Axis { return []Axis{AxisLength, AxisDepth, AxisDiffusion, AxisScope} }

// AxisState says whether an axis's cost could be estimated, and if not, why.
type AxisState string

// The states of an axis.
const (
	AxisOK AxisState = "ok"
	// AxisUnknown: known for under half of the samples; left out.
	AxisUnknown AxisState = "unknown"
	// AxisConstant: the same in all samples of every benchmark; left out.
	AxisConstant AxisState = "constant"
	// AxisCollinear: With and it follow from one another in every benchmark, so
	// that nothing can tell which of them costs; left out together.
	AxisCollinear AxisState = "collinear"
	// AxisSeparated: it tells right from wrong without error, so that there is no
	// finite coefficient; it has a direction and a p-value (score test).
	AxisSeparated AxisState = "separated"
	// AxisNotFitted: another axis is separated, or there are too few documents.
	AxisNotFitted AxisState = "not_fitted"
)

// AxisCost is what an axis costs the model.
type AxisCost struct {
	Axis  Axis
	State AxisState
	// With names the axes that a collinear one can't be told from.
	With []Axis
	// Coefficient is in log odds a unit of the axis, with its cluster-robust
	// Error; in AxisOK only.
	Coefficient, Error float64
	// Standardised is in log odds a standard deviation of the axis over the
	// samples, with its 95 % interval; in AxisOK only.
	Standardised float64
	Interval     scorers.Interval
	// Inflation is the variance inflation by the other axes within benchmarks: 1
	// if they have nothing to do with it; in AxisOK only.
	Inflation float64
	// Direction is −1 where scores fall along the axis, 1 where they rise, 0
	// where it isn't known.
	Direction int
	// P is that the axis plays no part; Adjusted is by Holm over the axes.
	P, Adjusted Figure
}

// Weakness is what costs a model most.
type Weakness string

// The weaknesses. Evidence in the middle is a weakness where scores rise with
// |depth − 50|/50, evidence at the ends where they fall.
const (
	WeaknessNone      Weakness = "none"
	WeaknessLength    Weakness = "length"
	WeaknessMiddle    Weakness = "middle"
	WeaknessEnds      Weakness = "ends"
	WeaknessDiffusion Weakness = "diffusion"
	WeaknessScope     Weakness = "scope"
)

// Difficulty is a fitted difficulty model.
type Difficulty struct {
	// State is StateOK where a model was fitted.
	State State
	// Samples and Documents are what it was fitted to.
	Samples, Documents int
	// Unplaced counts samples that lack an axis of the model.
	Unplaced int
	// Uniform names benchmarks whose samples all score 0, or all 1: they tell
	// nothing about axes and were left out.
	Uniform []string
	// Axes are length, depth, diffusion and scope.
	Axes []AxisCost
	// Weakness is the axis with the largest standardised cost of those that are
	// significant at 5 % after Holm's correction.
	Weakness Weakness
}

// FitDifficulty regresses scores on the four axes with an intercept for each
// benchmark: logistic, of proportions, with errors clustered by document and
// Student's t with one degree of freedom fewer than documents. It reads
// Benchmark, Group, Score (in 0..1), Tokens, Depth, Depths and Axes; weights
// play no part. Source: shared/spec/taxonomy.md, "Difficulty model".
func FitDifficulty(samples []Sample) (Difficulty, error) {
	if err := check(samples); err != nil {
		return Difficulty{}, err
	}
	for i, s := range samples {
		if s.Score < 0 || s.Score > 1 {
			return Difficulty{}, fmt.Errorf("sample %d (id %q): score is %v, want 0 to 1: give scores as shares", i+1, s.ID, s.Score)
		}
	}
	out := Difficulty{State: StateOK, Weakness: WeaknessNone}
	for _, a := range axes() {
		out.Axes = append(out.Axes, AxisCost{Axis: a, State: AxisOK})
	}
	var data logit
	samples = out.place(samples)
	samples = out.dropUniform(samples)
	if len(samples) == 0 {
		return out.without(StateNoSamples), nil
	}
	data = newLogit(samples, out.in())
	out.Samples, out.Documents = len(samples), data.clusters
	scales := out.scale(data)
	out.collinear(data)
	in := out.in()
	switch {
	case data.clusters < 2:
		return out.without(StateOneDocument), nil
	case data.clusters < len(in)+data.blocks+2, data.events() < eventsPerAxis*float64(len(in)):
		return out.without(StateTooFewSamples), nil
	}
	if f := data.fit(in); f.converged {
		out.estimate(data, in, f, scales)
	} else {
		out.separated(data, in, f)
	}
	out.name()
	return out, nil
}

// eventsPerAxis is how many right answers, and how many wrong ones, each axis
// needs: with fewer than ten failures in all, simulated models without a
// weakness are given one up to 16 times in 100, with 20 about 5 times.
// Source: Vittinghoff and McCulloch, American Journal of Epidemiology 165 (2007).
const eventsPerAxis = 5

// name corrects the p-values and names the weakness.
func (d *Difficulty) name() {
	ps := make([]Figure, len(d.Axes))
	for k, a := range d.Axes {
		ps[k] = a.P
		if a.State == AxisNotFitted { // it could have been the one
			ps[k] = ok(1)
		}
	}
	most := 0.0
	for k, p := range Holm(ps) {
		a := &d.Axes[k]
		switch a.State {
		case AxisOK, AxisSeparated:
			a.Adjusted = p
		default:
			a.P, a.Adjusted = Figure{State: StateNotFitted}, Figure{State: StateNotFitted}
			continue
		}
		size := math.Abs(a.Standardised)
		if a.State == AxisSeparated { // before any finite cost; among them by evidence
			size = 1e6 - math.Log(a.P.Value)
		}
		if w := a.weakness(); w != WeaknessNone && size > most {
			most, d.Weakness = size, w
		}
	}
}

// weakness is what the axis would be named as, if anything.
func (a AxisCost) weakness() Weakness {
	if a.Adjusted.State != StateOK || a.Adjusted.Value >= 0.05 {
		return WeaknessNone
	}
	switch {
	case a.Axis == AxisDepth && a.Direction > 0:
		return WeaknessMiddle
	case a.Axis == AxisDepth && a.Direction < 0:
		return WeaknessEnds
	case a.Direction < 0:
		return Weakness(a.Axis)
	}
	return WeaknessNone
}
