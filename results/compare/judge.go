package compare

import (
	"maps"
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// level is the two-sided level at which a family of units is judged: without
// any true difference, the chance that one of them is called a regression is at
// most half of it, and of both families together at most all of it.
const level = 0.05

// The families. Averages are judged apart from their parts, so that many parts
// don't drown a drop of the whole.
const (
	familyWhole = "averages"
	familyParts = "parts"
)

func family(l Level) string {
	if l == Overall || l == Benchmark {
		return familyWhole
	}
	return familyParts
}

// judge tests every unit and gives its verdict.
func (c *Comparison) judge(all []matched) {
	ds := c.drafts(all)
	tests := c.test(ds)
	c.Units = make([]Unit, len(ds))
	for i, d := range ds {
		u := d.Unit
		u.key, u.family = d.signature(), family(u.Level)
		u.take(tests[u.key])
		c.Units[i] = u
	}
	for _, f := range []string{familyWhole, familyParts} {
		adjust(c.Units, func(u Unit) bool { return u.family == f })
	}
	for i := range c.Units {
		c.Units[i].Verdict = c.verdict(c.Units[i])
	}
}

// test compares each distinct set of pairs once, by signature.
func (c *Comparison) test(ds []draft) map[uint64]stats.Comparison {
	var keys []uint64
	var cells []stats.Cell
	seen := map[uint64]bool{}
	for _, d := range ds {
		if key := d.signature(); !seen[key] {
			seen[key] = true
			keys = append(keys, key)
			cells = append(cells, stats.Cell{Name: d.Name, Pairs: d.statsPairs()})
		}
	}
	// A drawn p is no less than 1/(flips+1): with many units Holm needs more.
	c.Resamples = max(scorers.DefaultResamples, 40*len(cells))
	out := map[uint64]stats.Comparison{}
	for i, r := range stats.CompareCells(cells, stats.Options{Seed: c.Options.Seed, Resamples: c.Resamples}) {
		out[keys[i]] = r.Comparison
	}
	return out
}

// take copies what the tests came to.
func (u *Unit) take(r stats.Comparison) {
	u.Pairs, u.Documents = r.Pairs, r.Documents
	u.Base, u.Candidate, u.Difference = r.Base.Value, r.Candidate.Value, r.Difference.Value
	if u.HasInterval = r.Interval.State == scorers.IntervalOK; u.HasInterval {
		u.Low, u.High = r.Interval.Low, r.Interval.High
	}
	u.P = 1
	if r.P.State == stats.StateOK {
		u.P = r.P.Value
	}
	u.Adjusted = 1
	if r.Detectable.State == stats.StateOK {
		u.Detectable = r.Detectable.Value
	}
	if r.McNemar.State != stats.StateNotRightOrWrong {
		u.Binary, u.OnlyBase, u.OnlyCandidate, u.McNemar = true, r.McNemar.Lost, r.McNemar.Gained, 1
		if r.McNemar.State == stats.StateOK {
			u.McNemar = r.McNemar.Value
		}
	}
}

// adjust sets Adjusted by Holm among the units that in lets through and that
// could pass at all; those that couldn't are marked TooFew. Units of the same
// pairs count once.
func adjust(units []Unit, in func(Unit) bool) {
	documents := map[uint64]int{}
	for _, u := range units {
		if in(u) {
			documents[u.key] = u.Documents
		}
	}
	least := leastDocuments(documents)
	var ps []stats.Figure
	at := map[uint64]int{}
	for i := range units {
		u := &units[i]
		if !in(*u) {
			continue
		}
		if u.tooFew = u.Documents < least; u.tooFew {
			continue
		}
		if _, seen := at[u.key]; !seen {
			at[u.key] = len(ps)
			ps = append(ps, stats.Figure{State: stats.StateOK, Value: u.P})
		}
	}
	adjusted := stats.Holm(ps)
	for i := range units {
		if n, ok := at[units[i].key]; ok && in(units[i]) {
			units[i].Adjusted = adjusted[n].Value
		}
	}
}

// leastDocuments is how many documents a unit needs so that some outcome could
// pass. With n documents no sign-flip p is less than 2/2ⁿ, so that units of few
// documents can but make Holm harder for the others: the k units with the most
// documents are judged, where the k-th still could pass α/k. It looks at numbers
// of documents alone, so the level holds. Source: Tarone, Biometrics 46 (1990).
func leastDocuments(documents map[uint64]int) int {
	counts := slices.Sorted(maps.Values(documents))
	slices.Reverse(counts)
	least := math.MaxInt
	for i, n := range counts {
		if math.Ldexp(2, -n) > level/float64(i+1) {
			break
		}
		least = n
	}
	// Units that tie with the last one are judged together, or not at all.
	for i := len(counts) - 1; i >= 0; i-- {
		if counts[i] == least && math.Ldexp(2, -least) > level/float64(i+1) {
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
	case u.Difference < 0:
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
