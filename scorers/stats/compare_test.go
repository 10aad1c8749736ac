package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lcbench/lcbench/scorers"
)

// near compares states exactly and numbers to a relative 1e-9.
var near = cmp.Options{cmpopts.EquateApprox(1e-9, 1e-12)}

// pairsOf makes pairs of one task whose differences are given, a document each.
func pairsOf(differences ...float64) []Pair {
	var out []Pair
	for i, d := range differences {
		out = append(out, Pair{ID: fmt.Sprint(i), Stratum: "a", Candidate: d})
	}
	return out
}

// outcomes makes pairs of right/wrong scores.
func outcomes(lost, gained, same int) []Pair {
	var out []Pair
	for i := range lost + gained + same {
		p := Pair{ID: fmt.Sprint(i), Stratum: "a", Base: 1, Candidate: 1}
		switch {
		case i < lost:
			p.Candidate = 0
		case i < lost+gained:
			p.Base = 0
		}
		out = append(out, p)
	}
	return out
}

func TestMatchPairsById(t *testing.T) {
	base := []Sample{{ID: "x", Task: "a", Score: 0.5}, {ID: "y", Task: "a", Group: "d", Score: 1, Weight: 2}, {ID: "z", Task: "a"}}
	candidate := []Sample{{ID: "y", Task: "a", Group: "d", Score: 0.25, Weight: 2}, {ID: "w", Task: "a"}, {ID: "v", Task: "a"}, {ID: "x", Task: "a"}}
	got, err := Match(base, candidate)
	want := Matched{
		Pairs:    []Pair{{ID: "x", Stratum: "a", Base: 0.5}, {ID: "y", Stratum: "a", Group: "d", Base: 1, Candidate: 0.25, Weight: 2}},
		OnlyBase: 1, OnlyCandidate: 2,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestMatchRefusesWhatIsNoPair(t *testing.T) {
	good := []Sample{{ID: "x", Task: "a", Group: "d", Score: 1}}
	tests := []struct {
		name            string
		base, candidate []Sample
		want            string
	}{
		{"twice in the base", []Sample{{ID: "x"}, {ID: "x"}}, good, `base: id "x" stands twice`},
		{"twice in the candidate", good, []Sample{{ID: "y"}, {ID: "y"}}, `candidate: id "y" stands twice`},
		{"no number", good, []Sample{{ID: "x", Task: "a", Group: "d", Score: math.NaN()}}, `candidate: sample 1 (id "x"): score is NaN`},
		{"another document", good, []Sample{{ID: "x", Task: "a", Group: "e"}}, `id "x": base has it in task a, document "d", candidate in task a, document "e"`},
		{"another task", good, []Sample{{ID: "x", Task: "b", Group: "d"}}, `id "x": base has it in task a`},
	}
	for _, tt := range tests {
		if _, err := Match(tt.base, tt.candidate); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s…", tt.name, err, tt.want)
		}
	}
}

func TestMcNemarIsTheExactBinomial(t *testing.T) {
	// scipy 1.17.1: stats.binomtest(lost, lost+gained, .5).pvalue; statsmodels
	// 0.15.0's mcnemar([[0, lost], [gained, 0]], exact=True) gives the same.
	// 86 and 150 are the Prime Minister's approval in Agresti, Categorical Data
	// Analysis (2002), table 10.1; 121 and 59 statsmodels' own example.
	tests := []struct {
		lost, gained int
		want         float64
	}{
		{0, 1, 1}, {3, 3, 1}, {5, 1, 0.21875}, {1, 9, 0.021484375}, {10, 2, 0.03857421875},
		{0, 20, 1.9073486328125e-06}, {59, 121, 4.4344492637551645e-06}, {86, 150, 3.7159361395713866e-05},
		{4000, 4200, 0.027972423571324654},
	}
	for _, tt := range tests {
		got := ExactMcNemar(outcomes(tt.lost, tt.gained, 7))
		if diff := cmp.Diff(McNemar{ok(tt.want), tt.lost, tt.gained}, got, near); diff != "" {
			t.Errorf("%d, %d: %s", tt.lost, tt.gained, diff)
		}
	}
}

func TestHolmAgreesWithStatsmodels(t *testing.T) {
	// statsmodels 0.15.0: multipletests(p, method='holm')[1]
	none := Figure{State: StateNoPairs}
	tests := []struct{ ps, want []Figure }{
		{[]Figure{ok(.01), ok(.04), ok(.03), ok(.005)}, []Figure{ok(.03), ok(.06), ok(.06), ok(.02)}},
		{[]Figure{ok(.0001), ok(.9), ok(.02), ok(.02), ok(.2)}, []Figure{ok(.0005), ok(.9), ok(.08), ok(.08), ok(.4)}},
		{[]Figure{ok(.5), ok(.6)}, []Figure{ok(1), ok(1)}},
		{[]Figure{none, ok(.02), none, ok(.03)}, []Figure{none, ok(.04), none, ok(.04)}},
		{nil, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Holm(tt.ps), near, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%v: %s", tt.ps, diff)
		}
	}
}

func TestSignFlipsAgreeWithScipy(t *testing.T) {
	// scipy 1.17.1: stats.permutation_test((d,), np.mean,
	// permutation_type='samples', n_resamples=np.inf).pvalue is 200/4096; here
	// the document that doesn't differ is left out: 100/2048.
	d := []float64{0.25, -0.1, 0.4, 0.05, 0.3, -0.2, 0.15, 0.0, 0.6, -0.05, 0.35, 0.1}
	got := Compare(pairsOf(d...), Options{}).P
	if diff := cmp.Diff(PValue{ok(0.048828125), true, 2048}, got, near); diff != "" {
		t.Error(diff)
	}
	// The same with n_resamples=999999, rng=default_rng(1), on 60 differences
	// ((i·37) mod 101)/100 − shift.
	for shift, want := range map[float64]float64{0.47: 0.51085, 0.38: 0.003938} {
		got := Compare(pairsOf(sixty(shift)...), Options{Seed: 3}).P
		if slack := 4 * math.Sqrt(want*(1-want)/10_000); got.State != StateOK || got.Exact || math.Abs(got.Value-want) > slack {
			t.Errorf("shift %v: got %+v, want %v ± %v", shift, got, want, slack)
		}
	}
}

func sixty(shift float64) []float64 {
	out := make([]float64, 60)
	for i := range out {
		out[i] = float64(i*37%101)/100 - shift
	}
	return out
}

func TestDrawnSignFlipsAgreeWithAllOfThem(t *testing.T) {
	// 16 documents: 65,536 signs are drawn from by default and tried in full
	// where so many are asked for.
	d := sixty(0.30)[:16]
	drawn, exact := Compare(pairsOf(d...), Options{Seed: 1}).P, Compare(pairsOf(d...), Options{Resamples: 1 << 16}).P
	if !exact.Exact || drawn.Exact || math.Abs(drawn.Value-exact.Value) > 4*math.Sqrt(exact.Value/10_000) {
		t.Errorf("drawn %+v, exact %+v", drawn, exact)
	}
}

func TestDrawnPValueIsNeverZero(t *testing.T) {
	if got := Compare(outcomes(0, 60, 0), Options{}).P; got != (PValue{ok(1.0 / 10_001), false, 10_000}) {
		t.Errorf("got %+v, want 1 of 10,001", got)
	}
}

func TestDocumentsChangeSignTogether(t *testing.T) {
	// Three documents of four samples, all gained: 2 of 8 signs reach it. As
	// twelve documents it would be 2 of 4096.
	pairs := outcomes(0, 12, 0)
	for i := range pairs {
		pairs[i].Group = fmt.Sprint(i / 4)
	}
	if got := Compare(pairs, Options{}).P; got != (PValue{ok(0.25), true, 8}) {
		t.Errorf("got %+v, want 2 of 8", got)
	}
}

func TestBootstrapOfDifferencesAgreesWithScipy(t *testing.T) {
	// scipy 1.17.1: stats.bootstrap((d,), np.mean, n_resamples=1_000_000,
	// method='percentile', rng=default_rng(1)) gives 0.041333 and 0.189000;
	// stats.sem(d) 0.037948442325778264.
	got := Compare(pairsOf(sixty(0.38)...), Options{Seed: 1})
	if diff := cmp.Diff(ok(0.11516666666666667), got.Difference, near); diff != "" {
		t.Error(diff)
	}
	if math.Abs(got.Interval.Low-0.041333) > 0.002 || math.Abs(got.Interval.High-0.189) > 0.002 {
		t.Errorf("got %+v, want [0.0413, 0.1890]", got.Interval)
	}
	if diff := cmp.Diff(ok(0.037948442325778264), got.Error, near); diff != "" {
		t.Error(diff)
	}
	// z of 0.975 and 0.8: 1.959963985 + 0.841621234.
	if diff := cmp.Diff(ok(0.037948442325778264*2.801585218), got.Detectable, near); diff != "" {
		t.Error(diff)
	}
}

// uneven are 13 pairs in 6 documents of different size.
func uneven() []Pair {
	d := []float64{.2, .1, .4, -.1, 0, .5, .3, .2, .25, .1, -.2, .15, .35}
	g := []int{0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4, 5, 5}
	pairs := pairsOf(d...)
	for i := range pairs {
		pairs[i].Group = fmt.Sprint(g[i])
	}
	return pairs
}

func TestClusteredErrorAgreesWithStatsmodels(t *testing.T) {
	// statsmodels 0.15.0: OLS(d, ones).fit(cov_type='cluster',
	// cov_kwds=dict(groups=g, use_correction=False)).bse[0]·√(6/5)
	if diff := cmp.Diff(ok(0.061133166950494346), Compare(uneven(), Options{}).Error, near); diff != "" {
		t.Error(diff)
	}
}

func TestStrataAreCombinedAsIndependent(t *testing.T) {
	a, b := pairsOf(sixty(0.38)...), uneven()
	for i := range b {
		b[i].Stratum = "b"
	}
	ea, eb := Compare(a, Options{}).Error.Value, Compare(b, Options{}).Error.Value
	got := Compare(append(a, b...), Options{Macro: true})
	if diff := cmp.Diff(ok(math.Hypot(ea, eb)/2), got.Error, near); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ok((0.11516666666666667+2.25/13)/2), got.Difference, near); diff != "" {
		t.Error(diff)
	}
	plain := Compare(append(a, b...), Options{})
	if diff := cmp.Diff(ok((6.91+2.25)/73), plain.Difference, near); diff != "" {
		t.Error(diff)
	}
	// Of either kind, the interval's width is about 2·1.96 standard errors.
	for _, c := range []Comparison{got, plain} {
		if ratio := (c.Interval.High - c.Interval.Low) / (2 * 1.96 * c.Error.Value); ratio < 0.88 || ratio > 1.04 {
			t.Errorf("interval %+v, error %v: ratio %.3f", c.Interval, c.Error.Value, ratio)
		}
	}
}

func TestWeightsWeighAsCopiesDo(t *testing.T) {
	pairs, copies := uneven(), uneven()
	for i := range pairs {
		pairs[i].Weight = 1 + float64(i%2)
		if i%2 == 1 {
			copies = append(copies, copies[i])
		}
	}
	got, want := Compare(pairs, Options{}), Compare(copies, Options{})
	if diff := cmp.Diff(want, got, near, cmpopts.IgnoreFields(Comparison{}, "Pairs", "McNemar")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCantBeSaidIsAState(t *testing.T) {
	oneDocument := uneven()
	for i := range oneDocument {
		oneDocument[i].Group = "d"
	}
	alike := pairsOf(0, 0, 0, 0)
	perTask := pairsOf(.1, .1, .1, .5, .5)
	perTask[3].Stratum, perTask[4].Stratum = "b", "b"
	parts := append(pairsOf(sixty(0)...), Pair{ID: "alone", Stratum: "b", Candidate: 1})
	type states struct {
		Difference, P, McNemar, Error, Detectable State
		Interval                                  scorers.IntervalState
	}
	tests := []struct {
		name  string
		pairs []Pair
		want  states
	}{
		{"no pairs", nil, states{StateNoPairs, StateNoPairs, StateNoPairs, StateNoPairs, StateNoPairs, scorers.IntervalNoRows}},
		{"one document", oneDocument, states{StateOK, StateOneDocument, StateNotRightOrWrong, StateOneDocument, StateOneDocument, scorers.IntervalOneDocument}},
		{"no difference", alike, states{StateOK, StateNoDiscordantPairs, StateNoDiscordantPairs, StateNoSpread, StateNoSpread, scorers.IntervalOK}},
		{"the same difference everywhere", pairsOf(.1, .1, .1), states{StateOK, StateOK, StateNotRightOrWrong, StateNoSpread, StateNoSpread, scorers.IntervalOK}},
		{"the same difference in every task", perTask, states{StateOK, StateOK, StateNotRightOrWrong, StateNoSpread, StateNoSpread, scorers.IntervalOK}},
		{"a task of one document", parts, states{StateOK, StateOK, StateNotRightOrWrong, StatePartsMissing, StatePartsMissing, scorers.IntervalPartsMissing}},
	}
	for _, tt := range tests {
		c := Compare(tt.pairs, Options{Resamples: 100})
		got := states{c.Difference.State, c.P.State, c.McNemar.State, c.Error.State, c.Detectable.State, c.Interval.State}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	if got := Compare(uneven(), Options{Resamples: -1}); got.Interval.State != scorers.IntervalNotAsked || got.P.State != StateOK {
		t.Errorf("no resamples: got %+v and %+v", got.Interval, got.P)
	}
}

// simulated makes documents of up to four questions, in two tasks, whose true
// difference is given.
func simulated(r *rand.Rand, documents int, truth float64) []Pair {
	var out []Pair
	for g := range documents {
		shared := 0.15 * r.NormFloat64()
		for range 1 + r.IntN(4) {
			out = append(out, Pair{
				ID: fmt.Sprint(len(out)), Stratum: fmt.Sprint("task", g%2), Group: fmt.Sprint(g),
				Candidate: truth + shared + 0.2*r.NormFloat64(),
			})
		}
	}
	return out
}

// Of 4,000 such sets, 94.3 % are covered.
func TestIntervalOfADifferenceCoversTheTruth(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	const sets, truth = 400, 0.07
	covered, wrong := 0, 0
	for i := range sets {
		c := Compare(simulated(r, 120, truth), Options{Seed: uint64(i), Resamples: 1000, Workers: 1})
		if c.Interval.Low <= truth && truth <= c.Interval.High {
			covered++
		}
		none := Compare(simulated(r, 40, 0), Options{Seed: uint64(i), Resamples: 500, Workers: 1})
		if none.P.Value <= 0.05 {
			wrong++
		}
	}
	t.Logf("covered %d of %d; called different without a difference: %d", covered, sets, wrong)
	if covered < 372 || covered > 388 {
		t.Errorf("covered %d of %d, want 372 to 388", covered, sets)
	}
	if wrong < 8 || wrong > 32 {
		t.Errorf("%d of %d called different where nothing differs, want about 20", wrong, sets)
	}
}

func TestDetectableDifferenceIsSeenFourTimesInFive(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	mean := 0.0
	for range 100 {
		mean += Compare(simulated(r, 100, 0), Options{Resamples: -1}).Detectable.Value / 100
	}
	seen := 0
	for i := range 400 {
		if Compare(simulated(r, 100, mean), Options{Seed: uint64(i), Resamples: 400, Workers: 1}).P.Value <= 0.05 {
			seen++
		}
	}
	t.Logf("a difference of %.4f was seen %d times in 400", mean, seen)
	if seen < 300 || seen > 340 {
		t.Errorf("a difference of %.4f was seen %d times in 400, want about 320", mean, seen)
	}
}

func TestCellsAreCorrectedForTheirNumber(t *testing.T) {
	cells := []Cell{
		{"a", outcomes(0, 10, 0)}, {"none", nil}, {"b", outcomes(2, 10, 3)}, {"same", outcomes(0, 0, 4)}, {"c", pairsOf(sixty(0.47)...)},
	}
	want := []CellComparison{}
	for _, c := range cells {
		want = append(want, CellComparison{Name: c.Name, Comparison: Compare(c.Pairs, Options{Resamples: 2000, Seed: 4})})
	}
	ps := []Figure{}
	for _, w := range want {
		ps = append(ps, w.P.Figure)
	}
	for i, p := range Holm(ps) {
		want[i].Adjusted = p
	}
	for _, workers := range []int{1, 3} {
		if diff := cmp.Diff(want, CompareCells(cells, Options{Resamples: 2000, Seed: 4, Workers: workers})); diff != "" {
			t.Errorf("%d workers: %s", workers, diff)
		}
	}
	// 2 of 1024, three cells have a p-value.
	if got := want[0].Adjusted; math.Abs(got.Value-3*2.0/1024) > 1e-12 || want[1].Adjusted.State != StateNoPairs || want[3].Adjusted.State != StateNoDiscordantPairs {
		t.Errorf("got %+v, %+v, %+v", got, want[1].Adjusted, want[3].Adjusted)
	}
}

func TestSameSeedSameNumbersOnAnyWorkers(t *testing.T) {
	pairs := simulated(rand.New(rand.NewPCG(1, 1)), 300, 0.02)
	of := func(seed uint64, workers int) Comparison {
		return Compare(pairs, Options{Seed: seed, Workers: workers, Resamples: 500})
	}
	if diff := cmp.Diff(of(1, 1), of(1, 4)); diff != "" {
		t.Error(diff)
	}
	if of(1, 1) == of(2, 1) {
		t.Error("another seed gave the same numbers")
	}
}

func BenchmarkCompare(b *testing.B) {
	var pairs []Pair
	for i := range 100_000 {
		pairs = append(pairs, Pair{ID: fmt.Sprint(i), Stratum: fmt.Sprint(i % 20), Group: fmt.Sprint(i / 40), Candidate: float64(i%7) / 7})
	}
	for b.Loop() {
		Compare(pairs, Options{})
	}
}
