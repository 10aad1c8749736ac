package stats

import (
	"fmt"
	"math"
	"slices"

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
	case data.clusters < len(in)+data.blocks+2:
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

// axisValues are a sample's values on the axes; those unknown are NaN.
func axisValues(s Sample) [4]float64 {
	v := [4]float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	if s.Tokens > 0 {
		v[0] = math.Log2(float64(s.Tokens))
	}
	if d, known := s.depth(); known {
		v[1] = math.Abs(d-50) / 50
	}
	if s.Axes != nil {
		v[2], v[3] = s.Axes.Diffusion, s.Axes.Scope
	}
	return v
}

// in are the axes of the model.
func (d *Difficulty) in() []int {
	var out []int
	for k, a := range d.Axes {
		if a.State == AxisOK {
			out = append(out, k)
		}
	}
	return out
}

// place leaves out the axes that most samples lack, then the samples that lack
// one of the others.
func (d *Difficulty) place(samples []Sample) []Sample {
	var known [4]int
	for _, s := range samples {
		for k, v := range axisValues(s) {
			if !math.IsNaN(v) {
				known[k]++
			}
		}
	}
	for k := range d.Axes {
		if 2*known[k] < len(samples) {
			d.Axes[k].State = AxisUnknown
		}
	}
	in := d.in()
	out := slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool {
		v := axisValues(s)
		return slices.ContainsFunc(in, func(k int) bool { return math.IsNaN(v[k]) })
	})
	d.Unplaced = len(samples) - len(out)
	return out
}

// dropUniform leaves out benchmarks without a difference in scores at either
// end: their intercept would be infinite.
func (d *Difficulty) dropUniform(samples []Sample) []Sample {
	for _, b := range distinct(samples, func(s Sample) string { return s.Benchmark }) {
		differs := func(score float64) bool {
			return slices.ContainsFunc(samples, func(s Sample) bool { return s.Benchmark == b && s.Score != score })
		}
		if !differs(0) || !differs(1) {
			d.Uniform = append(d.Uniform, b)
		}
	}
	return slices.DeleteFunc(samples, func(s Sample) bool { return slices.Contains(d.Uniform, s.Benchmark) })
}

func newLogit(samples []Sample, in []int) logit {
	l := logit{}
	blocks := distinct(samples, func(s Sample) string { return s.Benchmark })
	l.blocks = len(blocks)
	documents := map[string]int{}
	for _, s := range samples {
		block, _ := slices.BinarySearch(blocks, s.Benchmark)
		key := s.Benchmark + "\x00" + s.Group
		at, seen := documents[key]
		if s.Group == "" || !seen {
			at = l.clusters
			l.clusters++
			if s.Group != "" {
				documents[key] = at
			}
		}
		v := axisValues(s)
		for k := range v {
			if !slices.Contains(in, k) {
				v[k] = 0
			}
		}
		l.x, l.y = append(l.x, v[:]), append(l.y, s.Score)
		l.block, l.cluster = append(l.block, block), append(l.cluster, at)
	}
	return l
}

// scale brings the axes to mean 0 and standard deviation 1 over all samples and
// returns the deviations.
func (d *Difficulty) scale(l logit) [4]float64 {
	var scales [4]float64
	n := float64(len(l.x))
	for _, k := range d.in() {
		mean, squares := 0.0, 0.0
		for _, x := range l.x {
			mean += x[k] / n
		}
		for _, x := range l.x {
			squares += (x[k] - mean) * (x[k] - mean)
		}
		scales[k] = math.Sqrt(squares / max(1, n-1))
		if scales[k] <= 1e-9*max(1, math.Abs(mean)) {
			d.Axes[k].State = AxisConstant
			continue
		}
		for _, x := range l.x {
			x[k] = (x[k] - mean) / scales[k]
		}
	}
	return scales
}

// collinear finds axes that are constant within benchmarks and those that
// follow from one another there: the null space of their correlations. Source:
// Belsley, Kuh and Welsch, Regression Diagnostics (1980), §3.2.
func (d *Difficulty) collinear(l logit) {
	within := l.within(d.in())
	for _, k := range d.in() {
		if within[k][k] < 1e-9 {
			d.Axes[k].State = AxisConstant
		}
	}
	in := d.in()
	correlation := newMatrix(len(in))
	for i, a := range in {
		for j, b := range in {
			correlation[i][j] = within[a][b] / math.Sqrt(within[a][a]*within[b][b])
		}
	}
	values, vectors := correlation.eigen()
	for i, k := range in {
		for e, v := range values {
			if v < 1e-9 {
				d.joined(in, i, k, vectors, e)
				continue
			}
			d.Axes[k].Inflation += vectors[i][e] * vectors[i][e] / v
		}
	}
}

// joined marks an axis that takes part in a combination that never varies.
func (d *Difficulty) joined(in []int, i, k int, vectors matrix, e int) {
	if math.Abs(vectors[i][e]) < 1e-4 {
		return
	}
	d.Axes[k].State = AxisCollinear
	for j, other := range in {
		if j != i && math.Abs(vectors[j][e]) >= 1e-4 && !slices.Contains(d.Axes[k].With, d.Axes[other].Axis) {
			d.Axes[k].With = append(d.Axes[k].With, d.Axes[other].Axis)
		}
	}
}

// within are the axes' covariances inside benchmarks, [4, 4].
func (l logit) within(in []int) matrix {
	means, counts := make([][4]float64, l.blocks), make([]float64, l.blocks)
	for i, x := range l.x {
		counts[l.block[i]]++
		for _, k := range in {
			means[l.block[i]][k] += x[k]
		}
	}
	out := newMatrix(4)
	for i, x := range l.x {
		b := l.block[i]
		for _, j := range in {
			for _, k := range in {
				out[j][k] += (x[j] - means[b][j]/counts[b]) * (x[k] - means[b][k]/counts[b]) / float64(len(l.x))
			}
		}
	}
	return out
}

// without ends without a model.
func (d Difficulty) without(s State) Difficulty {
	d.State = s
	for k := range d.Axes {
		if d.Axes[k].State == AxisOK {
			d.Axes[k].State = AxisNotFitted
		}
		d.Axes[k].Inflation = 0
		d.Axes[k].P, d.Axes[k].Adjusted = Figure{State: s}, Figure{State: s}
	}
	return d
}

// estimate fills in coefficients.
func (d *Difficulty) estimate(l logit, in []int, f fitted, scales [4]float64) {
	covariance := l.sandwich(in, f)
	df := float64(l.clusters - 1)
	t := studentQuantile975(df)
	for i, k := range in {
		a, e := &d.Axes[k], math.Sqrt(covariance[i][i])
		a.Standardised, a.Coefficient, a.Error = f.beta[i], f.beta[i]/scales[k], e/scales[k]
		a.Interval = scorers.Interval{State: scorers.IntervalOK, Low: f.beta[i] - t*e, High: f.beta[i] + t*e}
		a.Direction = sign(f.beta[i])
		a.P = Figure{State: StateNoSpread}
		if e > 0 {
			a.P = ok(studentTwoSided(f.beta[i]/e, df))
		}
	}
}

func sign(v float64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

// separated takes the axes that run away out of the model and tests each
// against what is left.
func (d *Difficulty) separated(l logit, in []int, f fitted) {
	left := in
	for !f.converged && len(left) > 0 {
		away := runaways(len(left), f)
		var rest []int
		for i, k := range left {
			if slices.Contains(away, i) {
				d.Axes[k].State = AxisSeparated
			} else {
				rest = append(rest, k)
			}
		}
		left = rest
		f = l.fit(left)
	}
	for _, k := range in {
		a := &d.Axes[k]
		a.Inflation = 0
		if a.State != AxisSeparated {
			a.State = AxisNotFitted
			continue
		}
		z := l.scoreTest(left, f, k)
		a.Direction, a.P = sign(z), ok(studentTwoSided(z, float64(l.clusters-1)))
	}
}

// runaways are the axes that make up most of the last step: all if none does.
func runaways(n int, f fitted) []int {
	most := 0.0
	for i := range n {
		if i < len(f.step) {
			most = max(most, math.Abs(f.step[i]))
		}
	}
	var out []int
	for i := range n {
		if most == 0 || math.Abs(f.step[i]) >= most/4 {
			out = append(out, i)
		}
	}
	return out
}

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
			a.P, a.Adjusted = Figure{State: StateNoSamples}, Figure{State: StateNoSamples}
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
