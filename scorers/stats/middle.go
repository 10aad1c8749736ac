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

// Gap is what questions lose between their shortest and their longest version.
type Gap struct {
	// Comparison has the longest version as its base and the shortest as its
	// candidate: Difference is what the length costs.
	Comparison
	// Single counts the questions with one version only, which say nothing.
	Single int
}

// ShortVersusLong compares every question's shortest version with its longest,
// each the mean of its samples of that length. It reads what EffectiveLength
// reads. Source of the concern: arXiv 2502.13922 (LongPO).
func ShortVersusLong(samples []Sample, o Options) (Gap, error) {
	if err := check(samples); err != nil {
		return Gap{}, err
	}
	type versions struct {
		first             Sample
		shortest, longest int
		short, long       float64
		shortAll, longAll float64
	}
	var order []*versions
	at := map[string]*versions{}
	add := func(sum, all *float64, s Sample) {
		*sum += s.weight() * s.Score
		*all += s.weight()
	}
	for _, s := range samples {
		if s.Tokens <= 0 {
			continue
		}
		key := s.stratum() + "\x00" + s.question()
		v := at[key]
		if v == nil {
			v = &versions{first: s, shortest: s.Tokens, longest: s.Tokens}
			at[key] = v
			order = append(order, v)
		}
		if s.Tokens < v.shortest {
			v.shortest, v.short, v.shortAll = s.Tokens, 0, 0
		}
		if s.Tokens > v.longest {
			v.longest, v.long, v.longAll = s.Tokens, 0, 0
		}
		if s.Tokens == v.shortest {
			add(&v.short, &v.shortAll, s)
		}
		if s.Tokens == v.longest {
			add(&v.long, &v.longAll, s)
		}
	}
	var out Gap
	var pairs []Pair
	for _, v := range order {
		if v.shortest == v.longest {
			out.Single++
			continue
		}
		pairs = append(pairs, Pair{
			ID: v.first.question(), Stratum: v.first.stratum(), Group: v.first.Group, Weight: v.first.Weight,
			Base: v.long / v.longAll, Candidate: v.short / v.shortAll,
		})
	}
	out.Comparison = Compare(pairs, o)
	return out, nil
}
