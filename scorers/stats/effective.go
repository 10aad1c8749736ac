package stats

import (
	"cmp"
	"errors"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// Point is the score at one tested length.
type Point struct {
	Tokens             int
	Samples, Documents int
	// Score is in 0..1.
	Score    float64
	Interval scorers.Interval
}

// Effective is a length by one rule.
type Effective struct {
	Length   Length
	Interval LengthInterval
	// NonMonotone says that a longer length reaches the threshold again, which
	// doesn't count.
	NonMonotone bool
}

// EffectiveContext says how far a model's context reaches.
type EffectiveContext struct {
	// Points go from the shortest length up. Each is the mean of the tasks'
	// means.
	Points []Point
	// SameQuestions says that every length asks the same questions: others were
	// left out.
	SameQuestions bool
	// LeftOut names the tasks that aren't tested at every length and therefore
	// don't count.
	LeftOut []string
	// Ruler is RULER's rule, OwnShare the share of the model's own score.
	Ruler, OwnShare Effective
	// Increasing and Decreasing are RULER's weighted averages.
	Increasing, Decreasing Figure
}

// EffectiveLength works out both rules on one task or a family of them, with
// intervals from a bootstrap of documents within tasks: a document's samples of
// all lengths are drawn together. It reads ID, Question, Benchmark, Task, Group,
// Score, Weight and Tokens; samples without Tokens don't count. The floor is
// what a baseline scores at the shortest length; the zero Interval is none.
// Source: arXiv 2404.06654 §4 (RULER); shared/spec/taxonomy.md (own share).
func EffectiveLength(samples []Sample, floor scorers.Interval, o Options) (EffectiveContext, error) {
	if err := check(samples); err != nil {
		return EffectiveContext{}, err
	}
	samples = slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Tokens <= 0 })
	lengths := distinct(samples, func(s Sample) int { return s.Tokens })
	var out EffectiveContext
	samples, out.LeftOut = wholeTasks(samples, len(lengths))
	if len(samples) == 0 && len(lengths) > 0 {
		return out, errors.New("no task is tested at every length: give one task at a time, or lengths in buckets that all tasks have")
	}
	samples, out.SameQuestions = sameQuestions(samples, len(lengths))
	d := newDesign(lengthEntries(samples, lengths), len(lengths), o)
	if len(lengths) > 0 {
		out.Points = points(samples, lengths, d)
	}
	curve := make([]LengthScore, len(lengths))
	for i, p := range out.Points {
		curve[i] = LengthScore{p.Tokens, p.Score}
	}
	out.Increasing, out.Decreasing = WeightedAverages(curve)
	out.Ruler = d.effective(lengths, RulerLength)
	out.OwnShare = d.effective(lengths, func(c []LengthScore) (Length, bool) { return OwnShareLength(c, floor) })
	return out, nil
}

// effective applies a rule to the curve and to every draw of it.
func (d *design) effective(lengths []int, rule func([]LengthScore) (Length, bool)) Effective {
	curve := make([]LengthScore, len(lengths))
	bins := make([]int, len(lengths))
	at := func(t tally) (Length, bool) {
		for i, n := range lengths {
			curve[i] = LengthScore{n, t.macro(i)}
		}
		return rule(curve)
	}
	for i := range bins {
		bins[i] = i
	}
	var out Effective
	out.Length, out.NonMonotone = at(d.whole())
	switch out.Length.State {
	case LengthUntested, LengthNoBaseline:
		out.Interval.State = scorers.IntervalNoRows
		return out
	}
	places, state := d.figures(bins, func(t tally) float64 {
		l, _ := at(t)
		return l.place()
	})
	out.Interval = lengthInterval(places, state, lengths[0], lengths[len(lengths)-1])
	return out
}

func lengthEntries(samples []Sample, lengths []int) []entry {
	out := make([]entry, len(samples))
	for i, s := range samples {
		bin, _ := slices.BinarySearch(lengths, s.Tokens)
		out[i] = s.entry(bin)
	}
	return out
}

// entry is what the sample adds to a bin of its task.
func (s Sample) entry(bin int) entry {
	return entry{stratum: s.stratum(), group: s.Group, bin: bin, sum: s.weight() * s.Score, weight: s.weight()}
}

func points(samples []Sample, lengths []int, d *design) []Point {
	out := make([]Point, len(lengths))
	for i, n := range lengths {
		out[i] = Point{
			Tokens: n, Documents: d.documentsIn(i), Score: d.whole().macro(i),
			Interval: d.interval([]int{i}, func(t tally) float64 { return t.macro(i) }),
		}
	}
	for _, s := range samples {
		at, _ := slices.BinarySearch(lengths, s.Tokens)
		out[at].Samples++
	}
	return out
}

// documentsIn counts the documents that have something in a bin.
func (d *design) documentsIn(bins ...int) int {
	n := 0
	for _, s := range d.strata {
		for g := range s.documents() {
			if s.holdsAny(g, bins) {
				n++
			}
		}
	}
	return n
}

// distinct returns the different values of a field, sorted.
func distinct[T cmp.Ordered](samples []Sample, of func(Sample) T) []T {
	out := make([]T, len(samples))
	for i, s := range samples {
		out[i] = of(s)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wholeTasks keeps the tasks that are tested at all n lengths, and names the
// others: a mean over other tasks at every length would say little.
func wholeTasks(samples []Sample, n int) ([]Sample, []string) {
	has := lengthsOf(samples, Sample.stratum)
	var out []Sample
	var others []Sample
	for _, s := range samples {
		if len(has[s.stratum()]) == n {
			out = append(out, s)
		} else {
			others = append(others, s)
		}
	}
	return out, distinct(others, Sample.stratum)
}

// sameQuestions keeps the questions that are asked at all n lengths, if every
// task has some, and says so; else it keeps everything.
func sameQuestions(samples []Sample, n int) ([]Sample, bool) {
	key := func(s Sample) string { return s.stratum() + "\x00" + s.question() }
	has := lengthsOf(samples, key)
	var out []Sample
	for _, s := range samples {
		if len(has[key(s)]) == n {
			out = append(out, s)
		}
	}
	if len(out) == 0 || len(distinct(out, Sample.stratum)) < len(distinct(samples, Sample.stratum)) {
		return samples, false
	}
	return out, true
}

func lengthsOf(samples []Sample, key func(Sample) string) map[string]map[int]bool {
	out := map[string]map[int]bool{}
	for _, s := range samples {
		k := key(s)
		if out[k] == nil {
			out[k] = map[int]bool{}
		}
		out[k][s.Tokens] = true
	}
	return out
}
