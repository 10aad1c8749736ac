package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/scorers"
)

// scoredPairs are n pairs a stratum of documents of two, right or wrong.
func scoredPairs(seed uint64, strata, n int) []ScoredPair {
	r := rand.New(rand.NewPCG(seed, 3))
	var out []ScoredPair
	for h := range strata {
		for i := range n {
			out = append(out, ScoredPair{
				Stratum: int32(h), Document: int32(h*n + i/2), Weight: float64(1 + i%2),
				Base: float64(r.IntN(2)), Candidate: float64(r.IntN(3) / 2),
			})
		}
	}
	return out
}

func asPairs(pairs []ScoredPair) []Pair {
	out := make([]Pair, len(pairs))
	for i, p := range pairs {
		out[i] = Pair{ID: fmt.Sprint(i), Stratum: fmt.Sprint(p.Stratum), Group: fmt.Sprint(p.Document), Base: p.Base, Candidate: p.Candidate, Weight: p.Weight}
	}
	return out
}

// byStratum is a set a stratum.
func byStratum(pairs []ScoredPair) []Set {
	var out []Set
	for i, p := range pairs {
		if int(p.Stratum) == len(out) {
			out = append(out, Set{})
		}
		out[p.Stratum].Pairs = append(out[p.Stratum].Pairs, int32(i))
	}
	return out
}

// A blend of plain means is what Compare says of the same pairs: alike in all
// that isn't drawn, within Monte-Carlo error in what is.
func TestContrastsOfMeansAreCompares(t *testing.T) {
	for _, n := range []int{4, 60} {
		pairs := scoredPairs(uint64(n), 3, n)
		terms := []Term{{0, 1.0 / 3}, {1, 1.0 / 3}, {2, 1.0 / 3}}
		got, _, err := Contrasts(pairs, byStratum(pairs), []Blend{{Terms: terms}, {Terms: terms, Pooled: true}}, nil, Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for i, macro := range []bool{true, false} {
			want := Compare(asPairs(pairs), Options{Seed: 2, Macro: macro})
			near := func(what string, got, want, off float64) {
				t.Helper()
				if !(math.Abs(got-want) <= off) {
					t.Errorf("%d pairs, macro %v: %s is %v, want %v", n, macro, what, got, want)
				}
			}
			near("base", got[i].Base.Value, want.Base.Value, 1e-12)
			near("candidate", got[i].Candidate.Value, want.Candidate.Value, 1e-12)
			near("difference", got[i].Difference.Value, want.Difference.Value, 1e-12)
			near("error", got[i].Error.Value, want.Error.Value, 1e-7)
			near("low", got[i].Interval.Low, want.Interval.Low, 0.012)
			near("high", got[i].Interval.High, want.Interval.High, 0.012)
			near("p", got[i].P.Value, want.P.Value, map[bool]float64{true: 1e-12, false: 0.02}[want.P.Exact])
			if got[i].P.Exact != want.P.Exact || got[i].McNemar != want.McNemar || got[i].Pairs != want.Pairs || got[i].Documents != want.Documents || got[i].Strata != 3 {
				t.Errorf("%d pairs, macro %v: got %+v, want %+v", n, macro, got[i], want)
			}
		}
	}
}

// countedPairs are pairs of documents of two in one stratum, with counts of which the
// headline is made.
func countedPairs(seed uint64, documents int) []ScoredPair {
	r := rand.New(rand.NewPCG(seed, 5))
	parts := func() []float64 {
		possible, right := float64(1+r.IntN(4)), float64(1+r.IntN(4))
		return []float64{float64(r.IntN(1 + int(min(possible, right)))), possible, right}
	}
	out := make([]ScoredPair, 2*documents)
	for i := range out {
		out[i] = ScoredPair{Document: int32(i / 2), BaseParts: parts(), CandidateParts: parts()}
	}
	return out
}

func everyPair(pairs []ScoredPair) []int32 {
	out := make([]int32, len(pairs))
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// relations is the headline of the sums of one side, exchanged where swap has a
// document.
func relations(pairs []ScoredPair, swap func(document int32) bool, candidate bool) float64 {
	means := make([]float64, 3)
	for _, p := range pairs {
		from := p.BaseParts
		if candidate != swap(p.Document) {
			from = p.CandidateParts
		}
		for k := range means {
			means[k] += from[k] / float64(len(pairs))
		}
	}
	return scorers.HeadlineRelations.FromMeans()(means, len(pairs))
}

// The p of a figure that is no mean is the share of all exchanges of documents
// that bring the figures as far apart: counted one by one, and drawn.
func TestContrastsOfSumsExchangeDocuments(t *testing.T) {
	for seed := range uint64(5) {
		const documents = 9
		pairs := countedPairs(seed, documents)
		sets := []Set{{Pairs: everyPair(pairs), Headline: scorers.HeadlineRelations, Columns: 3}}
		none := func(int32) bool { return false }
		observed := relations(pairs, none, true) - relations(pairs, none, false)
		far := 0
		for signs := range 1 << documents {
			swap := func(d int32) bool { return signs>>d&1 == 1 }
			if math.Abs(relations(pairs, swap, true)-relations(pairs, swap, false)) >= math.Abs(observed)-1e-9 {
				far++
			}
		}
		want := float64(far) / (1 << documents)
		for _, resamples := range []int{10_000, 400} { // 2⁹ is more than 400
			got, _, err := Contrasts(pairs, sets, []Blend{{Terms: []Term{{0, 1}}}}, nil, Options{Seed: seed, Resamples: resamples})
			if err != nil {
				t.Fatal(err)
			}
			g := got[0]
			if math.Abs(g.Difference.Value-observed) > 1e-12 || g.P.Exact != (resamples == 10_000) {
				t.Errorf("seed %d: difference %v, want %v; exact %v", seed, g.Difference.Value, observed, g.P.Exact)
			}
			off := map[bool]float64{true: 1e-12, false: 0.1}[g.P.Exact] // 4 standard errors of 400 draws
			if math.Abs(g.P.Value-want) > off {
				t.Errorf("seed %d, %d flips: p %v, want %v", seed, resamples, g.P.Value, want)
			}
		}
	}
}

// The interval of a figure that is no mean is that of a bootstrap written out,
// and the error is the spread of its draws.
func TestContrastsOfSumsDrawDocuments(t *testing.T) {
	const documents = 60
	pairs := countedPairs(11, documents)
	sets := []Set{{Pairs: everyPair(pairs), Headline: scorers.HeadlineRelations, Columns: 3}}
	got, _, err := Contrasts(pairs, sets, []Blend{{Terms: []Term{{0, 1}}}}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	draws := make([]float64, 10_000)
	squares, mean := 0.0, 0.0
	for b := range draws {
		var taken []ScoredPair
		for range documents {
			d := r.IntN(documents)
			taken = append(taken, pairs[2*d], pairs[2*d+1])
		}
		none := func(int32) bool { return false }
		draws[b] = relations(taken, none, true) - relations(taken, none, false)
		mean += draws[b] / float64(len(draws))
	}
	for _, d := range draws {
		squares += (d - mean) * (d - mean) / float64(len(draws))
	}
	want := scorers.PercentileInterval(draws)
	if math.Abs(got[0].Interval.Low-want.Low) > 0.01 || math.Abs(got[0].Interval.High-want.High) > 0.01 {
		t.Errorf("got %+v, want %+v", got[0].Interval, want)
	}
	if e := math.Sqrt(squares); math.Abs(got[0].Error.Value-e) > 0.05*e {
		t.Errorf("error %v, want %v", got[0].Error.Value, e)
	}
}

// What runs made of one document changes sides together in all strata: two
// strata of the same ten documents and differences are as one.
func TestDocumentsOfSeveralStrataAreOne(t *testing.T) {
	pairs := scoredPairs(4, 1, 40)
	twice := slices.Clone(pairs)
	for _, p := range pairs {
		p.Stratum = 1
		twice = append(twice, p)
	}
	of := func(pairs []ScoredPair, terms ...Term) Comparison {
		got, _, err := Contrasts(pairs, byStratum(pairs), []Blend{{Terms: terms}}, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	one, two := of(pairs, Term{0, 1}), of(twice, Term{0, 0.5}, Term{1, 0.5})
	if one.P != two.P || one.Documents != two.Documents {
		t.Errorf("one stratum: p %v of %d documents, two of the same: %v of %d", one.P, one.Documents, two.P, two.Documents)
	}
}

// Sets that cut across each other have the figures that each has alone, in any
// company and with any number of workers.
func TestContrastsOfSetsInCompany(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		pairs := scoredPairs(rapid.Uint64().Draw(r, "seed"), 2, rapid.IntRange(2, 30).Draw(r, "pairs"))
		var sets []Set
		var blends []Blend
		for range rapid.IntRange(1, 5).Draw(r, "sets") {
			h := int32(rapid.IntRange(0, 1).Draw(r, "stratum"))
			var s Set
			for i, p := range pairs {
				if p.Stratum == h && rapid.Bool().Draw(r, "in") {
					s.Pairs = append(s.Pairs, int32(i))
				}
			}
			if len(s.Pairs) == 0 {
				s.Pairs = append(s.Pairs, h*int32(len(pairs)/2))
			}
			blends = append(blends, Blend{Terms: []Term{{len(sets), 1}}})
			sets = append(sets, s)
		}
		o := Options{Resamples: 300, Workers: 1}
		together, _, err := Contrasts(pairs, sets, blends, nil, o)
		if err != nil {
			r.Fatal(err)
		}
		o.Workers = 3
		again, _, _ := Contrasts(pairs, sets, blends, nil, o)
		if diff := cmp.Diff(together, again); diff != "" {
			r.Fatalf("three workers:\n%s", diff)
		}
		for i, s := range sets {
			base, weight := 0.0, 0.0
			for _, p := range s.Pairs {
				base += pairs[p].Weight * pairs[p].Base
				weight += pairs[p].Weight
			}
			if math.Abs(together[i].Base.Value-base/weight) > 1e-12 {
				r.Fatalf("set %d: base %v, want %v", i, together[i].Base.Value, base/weight)
			}
			if e := together[i].Error; e.State == StateOK && len(s.Pairs) == len(pairs)/2 {
				var of []Pair
				for _, p := range s.Pairs {
					of = append(of, asPairs(pairs)[p])
				}
				if want := Compare(of, o).Error; math.Abs(e.Value-want.Value) > 1e-6 {
					r.Fatalf("error %v, want %v", e, want)
				}
			}
		}
	})
}

// A model that keeps its score to 32k beside one that loses it beyond 8k.
func TestLadderComparesEffectiveLengths(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	lengths := []int{4096, 8192, 16384, 32768}
	var pairs []ScoredPair
	sets := make([]Set, len(lengths))
	ladder := Ladder{Lengths: lengths}
	var blends []Blend
	for i := range lengths {
		for d := range 100 {
			p := ScoredPair{Document: int32(d), Base: 1, Candidate: 1}
			if i > 1 && r.Float64() < 0.6 {
				p.Candidate = 0
			}
			sets[i].Pairs = append(sets[i].Pairs, int32(len(pairs)))
			pairs = append(pairs, p)
		}
		blends, ladder.Blends = append(blends, Blend{Terms: []Term{{i, 1}}}), append(ladder.Blends, i)
	}
	_, changes, err := Contrasts(pairs, sets, blends, []Ladder{ladder}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := changes[0]
	low, high := c.Interval(0.025)
	if c.Base != (Length{LengthAbove, 32768}) || c.Candidate.State != LengthAt || !(c.Candidate.Tokens > 8192 && c.Candidate.Tokens < 12000) {
		t.Errorf("base %+v, candidate %+v", c.Base, c.Candidate)
	}
	if c.State != scorers.IntervalOK || !(low <= c.Log2 && c.Log2 <= high && high < -1) || math.Abs(c.Log2-(math.Log2(c.Candidate.Tokens)-15)) > 1e-12 {
		t.Errorf("log2 %v in %v…%v", c.Log2, low, high)
	}
	if _, wide := c.Interval(0.0001); wide < high {
		t.Errorf("a wider interval ends at %v, the other at %v", wide, high)
	}
}

func TestContrastsRefuseWhatIsNoScore(t *testing.T) {
	pairs := scoredPairs(1, 1, 4)
	pairs[2].Base = math.NaN()
	if _, _, err := Contrasts(pairs, byStratum(pairs), []Blend{{Terms: []Term{{0, 1}}}}, nil, Options{}); err == nil {
		t.Error("a NaN was taken")
	}
}
