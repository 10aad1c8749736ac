package compare

import (
	"maps"
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// level is the chance at most that a comparison without any true difference
// gives a verdict of one somewhere, in whatever unit: half of it that of a
// regression, half that of an improvement. The families share it alike.
const level = 0.05

// family is units that Holm corrects together. Averages are judged apart from
// their parts, and those from the bins that cut across them, so that many parts
// don't drown a drop of the whole.
type family string

// The families.
const (
	familyWhole  family = "averages"
	familyParts  family = "parts"
	familyAcross family = "axes and strata"
)

func familyOf(l Level) family {
	switch l {
	case Overall, Benchmark:
		return familyWhole
	case Category, Task, Cell:
		return familyParts
	}
	return familyAcross
}

// judge tests every unit and gives its verdict.
func (c *Comparison) judge(all []matched) error {
	t := c.newTrial(all)
	o := t.options(c.Options)
	blends := slices.Concat(t.blends, t.lengths)
	for i := range t.ladders {
		for k := range t.ladders[i].Blends {
			t.ladders[i].Blends[k] += len(t.blends)
		}
	}
	tests, changes, err := stats.Contrasts(t.pairs, t.sets, blends, t.ladders, o)
	if err != nil {
		return err
	}
	c.Resamples = o.Resamples
	c.Units = t.units
	for i := range c.Units {
		u := &c.Units[i]
		u.key, u.family = t.signature(t.blends[i]), familyOf(u.Level)
		u.take(tests[i])
	}
	for i := range changes {
		t.reaches[i].LengthChange = changes[i]
	}
	c.Reaches = t.reaches
	c.decide()
	return nil
}

// decide gives verdicts, family by family.
func (c *Comparison) decide() {
	families := []family{familyWhole, familyParts, familyAcross}
	families = slices.DeleteFunc(families, func(f family) bool {
		return !slices.ContainsFunc(c.Units, func(u Unit) bool { return u.family == f })
	})
	for _, f := range families {
		adjust(c.Units, func(u Unit) bool { return u.family == f }, len(families))
	}
	for i := range c.Units {
		c.Units[i].Verdict = c.verdict(c.Units[i])
	}
	c.Families = len(families)
}

// take copies what the tests came to.
func (u *Unit) take(r stats.Comparison) {
	u.Pairs, u.Documents = r.Pairs, r.Documents
	u.Difference = u.Candidate - u.Base
	if u.HasInterval = r.Interval.State == scorers.IntervalOK; u.HasInterval {
		u.Low, u.High = r.Interval.Low, r.Interval.High
	}
	u.P = 1
	if r.P.State == stats.StateOK {
		u.P = r.P.Value
	}
	u.Adjusted = 1
	if r.Error.State == stats.StateOK {
		u.error, u.freedom = r.Error.Value, r.Documents-r.Strata
	}
	if r.McNemar.State != stats.StateNotRightOrWrong {
		u.Binary, u.OnlyBase, u.OnlyCandidate, u.McNemar = true, r.McNemar.Lost, r.McNemar.Gained, 1
		if r.McNemar.State == stats.StateOK {
			u.McNemar = r.McNemar.Value
		}
	}
}

// adjust sets Adjusted by Holm among the units that in lets through and that
// could pass at all; those that couldn't are marked tooFew. Units of one
// hypothesis count once. Drops and rises are corrected each by themselves: half a
// two-sided p is that of its direction, since exchanging the two runs turns every
// outcome into its opposite. With several families each has its part of the
// level. Detectable follows from what the hardest of them has to pass.
func adjust(units []Unit, in func(Unit) bool, families int) {
	documents := map[uint64]int{}
	for _, u := range units {
		if in(u) {
			documents[u.key] = u.Documents
		}
	}
	least := leastDocuments(documents, level/2/float64(families))
	var judged []*Unit
	hypotheses := map[uint64]bool{}
	for i := range units {
		u := &units[i]
		if !in(*u) {
			continue
		}
		u.Adjusted, u.Detectable = 1, 0
		if u.tooFew = u.Documents < least; !u.tooFew {
			judged = append(judged, u)
			hypotheses[u.key] = true
		}
	}
	correct(judged, true, families)
	correct(judged, false, families)
	for _, u := range judged {
		if u.error > 0 {
			u.Detectable = stats.DetectableAt(u.error, u.freedom, level/2/float64(families*len(hypotheses)), 0.8)
		}
	}
}

// correct sets Adjusted of the units that went down, or up.
func correct(judged []*Unit, down bool, families int) {
	var ps []stats.Figure
	at := map[uint64]int{}
	for _, u := range judged {
		if _, seen := at[u.key]; seen {
			continue
		}
		p := 1.0
		if u.down() == down {
			p = u.P / 2
		}
		at[u.key] = len(ps)
		ps = append(ps, stats.Figure{State: stats.StateOK, Value: p})
	}
	ps = stats.Holm(ps)
	for _, u := range judged {
		if u.down() == down {
			u.Adjusted = min(1, 2*float64(families)*ps[at[u.key]].Value)
		}
	}
}

func (u Unit) down() bool { return u.Difference < 0 }

// leastDocuments is how many documents a unit needs so that some outcome could
// pass. With n documents no p of one direction is less than 1/2ⁿ, so that units
// of few documents can but make Holm harder for the others: the k units with the
// most documents are judged, where the k-th still could pass α/k. It looks at
// numbers of documents alone, so the level holds. Source: Tarone, Biometrics 46
// (1990).
func leastDocuments(documents map[uint64]int, alpha float64) int {
	counts := slices.Sorted(maps.Values(documents))
	slices.Reverse(counts)
	least := math.MaxInt
	for i, n := range counts {
		if math.Ldexp(1, -n) > alpha/float64(i+1) {
			break
		}
		least = n
	}
	// Units that tie with the last one are judged together, or not at all.
	for i := len(counts) - 1; i >= 0; i-- {
		if counts[i] == least && math.Ldexp(1, -least) > alpha/float64(i+1) {
			return least + 1
		}
	}
	return least
}

// verdict judges a unit by its adjusted p and the tolerance.
func (c *Comparison) verdict(u Unit) Verdict {
	switch {
	case u.tooFew:
		return TooFew
	case u.Adjusted > level || math.Abs(u.Points()) <= c.Options.Tolerance:
		return NoneSeen
	case u.down():
		return Regression
	}
	return Improvement
}

// Count counts the units with a verdict.
func (c *Comparison) Count(v Verdict) int {
	n := 0
	for _, u := range c.Units {
		if u.Verdict == v {
			n++
		}
	}
	return n
}
