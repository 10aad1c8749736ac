package stats

import (
	"math"
	"slices"
)

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
