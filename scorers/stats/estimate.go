package stats

import (
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

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
