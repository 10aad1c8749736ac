package stats

import (
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// Middle is how much worse a model does with evidence in the middle of its
// context. Scores are in 0..1: in points it is a hundred times as much.
type Middle struct {
	// EdgeSamples and MiddleSamples count what stands in the zones.
	EdgeSamples, MiddleSamples int
	// Index is the mean at the edges − the mean in the middle.
	Index    Figure
	Interval scorers.Interval
	// Relative is Index in parts of the mean at the edges.
	Relative Figure
}

// The zones, in percent of the context, ends included.
const edgeLow, edgeHigh, middleLow, middleHigh = 10, 90, 40, 60

// minZoneSamples is how many samples each zone needs.
const minZoneSamples = 5

// zone of a sample: 0 edges, 1 middle. All of its evidence must lie in one.
func (s Sample) zone() (int, bool) {
	depths := s.Depths
	if len(depths) == 0 && s.Depth != nil {
		depths = []float64{*s.Depth}
	}
	isEdge := func(d float64) bool { return d <= edgeLow || d >= edgeHigh }
	isMiddle := func(d float64) bool { return d >= middleLow && d <= middleHigh }
	switch {
	case len(depths) == 0:
		return 0, false
	case !slices.ContainsFunc(depths, func(d float64) bool { return !isEdge(d) }):
		return 0, true
	case !slices.ContainsFunc(depths, func(d float64) bool { return !isMiddle(d) }):
		return 1, true
	}
	return 0, false
}

// LostInTheMiddle compares evidence at depths up to 10 or from 90 with evidence
// at 40 to 60, with an interval from a bootstrap of documents within tasks. It
// reads Benchmark, Task, Group, Score, Weight, Depth and Depths. Source of the
// effect: arXiv 2307.03172; zones: shared/spec/taxonomy.md.
func LostInTheMiddle(samples []Sample, o Options) (Middle, error) {
	if err := check(samples); err != nil {
		return Middle{}, err
	}
	var entries []entry
	var n [2]int
	for _, s := range samples {
		if z, in := s.zone(); in {
			n[z]++
			entries = append(entries, s.entry(z))
		}
	}
	out := Middle{EdgeSamples: n[0], MiddleSamples: n[1]}
	if min(n[0], n[1]) < minZoneSamples {
		few := Figure{State: StateTooFewSamples}
		out.Index, out.Relative, out.Interval.State = few, few, scorers.IntervalNoRows
		return out, nil
	}
	d := newDesign(entries, 2, o)
	index := func(t tally) float64 { return t.mean(0, o.Macro) - t.mean(1, o.Macro) }
	out.Index = ok(index(d.whole()))
	out.Interval = d.interval([]int{0, 1}, index)
	out.Relative = Figure{State: StateZeroBase}
	if edges := d.whole().mean(0, o.Macro); edges > 0 {
		out.Relative = ok(out.Index.Value / edges)
	}
	return out, nil
}
