package stats

import (
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// Means are the two means of a set of samples.
type Means struct {
	// Macro makes every task count alike, Micro every sample.
	Macro, Micro scorers.Estimate
}

// MeansOf averages samples both ways, with intervals from one bootstrap of
// documents within tasks. It reads Benchmark, Task, Group, Score and Weight.
func MeansOf(samples []Sample, o Options) (Means, error) {
	if err := check(samples); err != nil {
		return Means{}, err
	}
	if len(samples) == 0 {
		none := scorers.Estimate{Interval: scorers.Interval{State: scorers.IntervalNoRows}}
		return Means{none, none}, nil
	}
	entries := make([]entry, len(samples))
	for i, s := range samples {
		entries[i] = s.entry(0)
	}
	d := newDesign(entries, 1, o)
	return Means{d.estimate(len(samples), []int{0}, true), d.estimate(len(samples), []int{0}, false)}, nil
}

// Apart is the difference a − b of two means of samples that can't be paired,
// with an interval from those of the two: each end's distance is the root of the
// sum of the squared distances that could move it. There is none unless both
// have one. Source: Zou and Donner, Statistics in Medicine 27 (2008), 1693–1702.
func Apart(a, b scorers.Estimate) scorers.Estimate {
	out := scorers.Estimate{Rows: min(a.Rows, b.Rows), Value: a.Value - b.Value}
	for _, i := range []scorers.Interval{a.Interval, b.Interval} {
		if i.State != scorers.IntervalOK {
			out.Interval.State = i.State
			return out
		}
	}
	out.Interval = scorers.Interval{
		State: scorers.IntervalOK,
		Low:   out.Value - math.Hypot(a.Value-a.Interval.Low, b.Interval.High-b.Value),
		High:  out.Value + math.Hypot(a.Interval.High-a.Value, b.Value-b.Interval.Low),
	}
	return out
}
