package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/scorers"
)

func TestNonIncreasingFitAgreesWithScipy(t *testing.T) {
	// scipy 1.17.1: optimize.isotonic_regression(v, weights=w, increasing=False).x
	tests := []struct{ values, weights, want []float64 }{
		{[]float64{5, 4, 3}, []float64{1, 1, 1}, []float64{5, 4, 3}},
		{[]float64{1, 2, 3}, []float64{1, 1, 2}, []float64{2.25, 2.25, 2.25}},
		{[]float64{0.9, 0.95, 0.7, 0.8, 0.75, 0.2}, []float64{1, 3, 2, 2, 5, 1}, []float64{0.9375, 0.9375, 0.75, 0.75, 0.75, 0.2}},
		{[]float64{0.9, 0.7, 0.8, 0.85, 0.1, 0.3}, []float64{4, 1, 2, 3, 1, 1}, []float64{0.9, 0.8083333333333332, 0.8083333333333332, 0.8083333333333332, 0.2, 0.2}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, NonIncreasing(tt.values, tt.weights), near); diff != "" {
			t.Errorf("%v: %s", tt.values, diff)
		}
	}
}

func TestNonIncreasingFitKeepsTheMeanAndNeverRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 12).Draw(t, "values")
		weights := rapid.SliceOfN(rapid.Float64Range(0.1, 5), len(values), len(values)).Draw(t, "weights")
		fit := NonIncreasing(values, weights)
		before, after := 0.0, 0.0
		for i := range values {
			before += values[i] * weights[i]
			after += fit[i] * weights[i]
			if i > 0 && fit[i] > fit[i-1] {
				t.Fatalf("%v rises at %d: %v", values, i, fit)
			}
		}
		if math.Abs(before-after) > 1e-9 {
			t.Fatalf("weighted sum %v became %v", before, after)
		}
	})
}

// gridSamples are ten samples a cell, of depths 0, 50 and 100, with chances by
// depth and length.
func gridSamples(chances [3][]float64) []Sample {
	var out []Sample
	for d, row := range chances {
		for l, c := range row {
			for i := range 10 {
				depth := 50 * float64(d)
				s := Sample{ID: fmt.Sprint(d, l, i), Task: "needle", Tokens: 4096 << l, Characters: 20_000 << l, Depth: &depth}
				if float64(i) < 10*c {
					s.Score = 1
				}
				out = append(out, s)
			}
		}
	}
	return out
}

func TestContourIsTheCrossingAtEveryDepth(t *testing.T) {
	samples := gridSamples([3][]float64{
		{1, 1, 0.9, 0.5},   // 0.375 of the way from 16k to 32k
		{0.8, 0.6, 0.7, 0}, // levelled to 0.65 twice: a third of the way from 4k to 8k
		{0.5, 0.4, 0.2, 0}, // below from the start
	})
	got, err := ContourOf(samples, AtDepth, Options{Resamples: 500})
	if err != nil {
		t.Fatal(err)
	}
	type point struct {
		Column             float64
		Tokens, Characters Length
		NonMonotone        bool
	}
	var points []point
	for _, p := range got.Points {
		points = append(points, point{p.Column, p.Tokens, p.Characters, p.NonMonotone})
		if p.Interval.State != scorers.IntervalOK || p.Interval.Low.place() > p.Tokens.place() || p.Interval.High.place() < p.Tokens.place() {
			t.Errorf("depth %v: %+v isn't in %+v", p.Column, p.Tokens, p.Interval)
		}
	}
	want := []point{
		{0, Length{LengthAt, 16384 * math.Exp2(0.375)}, Length{LengthAt, 80_000 * math.Exp2(0.375)}, false},
		{50, Length{LengthAt, 4096 * math.Exp2(1.0/3)}, Length{LengthAt, 20_000 * math.Exp2(1.0/3)}, true},
		{100, Length{LengthBelow, 4096}, Length{LengthBelow, 20_000}, false},
	}
	if diff := cmp.Diff(want, points, near); diff != "" {
		t.Error(diff)
	}
	if got.Minimum != (Length{LengthBelow, 4096}) || got.MinimumCharacters != (Length{LengthBelow, 20_000}) {
		t.Errorf("minimum %+v, %+v characters", got.Minimum, got.MinimumCharacters)
	}
	two, err := ContourOf(samples[:80], AtDepth, Options{Resamples: 500})
	if err != nil || two.Minimum.State != LengthAt || math.Abs(two.Minimum.Tokens-4096*math.Exp2(1.0/3)) > 1e-6 || two.MinimumInterval.State != scorers.IntervalOK {
		t.Errorf("%v %+v", err, two)
	}
	if diff := cmp.Diff(Length{LengthAt, 20_000 * math.Exp2(1.0/3)}, two.MinimumCharacters, near); diff != "" {
		t.Errorf("minimum in characters: %s", diff)
	}
}

func TestContourOfNothingIsUntested(t *testing.T) {
	got, err := ContourOf([]Sample{{ID: "no depth", Tokens: 4096, Score: 1}}, AtDepth, Options{})
	if err != nil || got.Minimum.State != LengthUntested || got.MinimumCharacters.State != LengthUntested || got.MinimumInterval.State != scorers.IntervalNoRows {
		t.Errorf("%v %+v", err, got)
	}
	depth := 50.0
	got, err = ContourOf([]Sample{{ID: "a", Tokens: 4096, Depth: &depth, Score: 1}, {ID: "b", Tokens: 8192, Depth: &depth}}, AtDepth, Options{Resamples: 10})
	if err != nil || got.Points[0].Characters.State != LengthUntested {
		t.Errorf("unknown characters: %v %+v", err, got)
	}
	// Each cell has one document: a draw without one of them is drawn again.
	if got.Points[0].Interval.State != scorers.IntervalOK {
		t.Errorf("got %+v", got.Points[0].Interval)
	}
}

// middleSamples have chances by zone: three documents in four at the ends.
func middleSamples(r *rand.Rand, n int, edges, middle float64) []Sample {
	var out []Sample
	for g := range n {
		document := 0.1 * r.NormFloat64()
		for _, d := range []float64{0, 5, 50, 100} {
			s := Sample{ID: fmt.Sprint(g, d), Task: "needle", Group: fmt.Sprint(g), Depth: &d, Score: edges + document + 0.3*r.NormFloat64()}
			if d == 50 {
				s.Score += middle - edges
			}
			out = append(out, s)
		}
	}
	return out
}

func TestLostInTheMiddleIsTheDifferenceOfZones(t *testing.T) {
	at := func(score float64, depths ...float64) Sample { return Sample{Task: "t", Score: score, Depths: depths} }
	samples := []Sample{
		at(1, 0), at(1, 10), at(0.5, 90), at(1, 100), at(1, 2, 95), // edges: 0.9
		at(0.4, 40), at(0.6, 60), at(0.2, 50), at(0.4, 45, 55), at(0.4, 50), // middle: 0.4
		at(0, 10.1), at(0, 39.9), at(0, 5, 50), at(0), // none
	}
	got, err := LostInTheMiddle(samples, Options{Resamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	if got.EdgeSamples != 5 || got.MiddleSamples != 5 || cmp.Diff(ok(0.5), got.Index, near) != "" || cmp.Diff(ok(0.5/0.9), got.Relative, near) != "" {
		t.Errorf("got %+v", got)
	}
	few, err := LostInTheMiddle(samples[:9], Options{})
	if err != nil || few.Index.State != StateTooFewSamples || few.Relative.State != StateTooFewSamples || few.Interval.State == scorers.IntervalOK {
		t.Errorf("four in the middle: %v %+v", err, few)
	}
	for i := range samples[:5] {
		samples[i].Score = 0
	}
	zero, err := LostInTheMiddle(samples, Options{Resamples: 10})
	if err != nil || zero.Relative.State != StateZeroBase || cmp.Diff(ok(-0.4), zero.Index, near) != "" {
		t.Errorf("edges at 0: %v %+v", err, zero)
	}
}

func TestIntervalOfTheMiddleCoversTheTruth(t *testing.T) {
	covered, wider := 0, 0
	for seed := range 400 {
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		samples := middleSamples(r, 60, 0.8, 0.7)
		got, err := LostInTheMiddle(samples, Options{Seed: uint64(seed), Resamples: 600, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got.Interval.Low <= 0.1 && 0.1 <= got.Interval.High {
			covered++
		}
		if got.Interval.Low > 0 {
			wider++
		}
	}
	t.Logf("covered %d of 400; seen %d times", covered, wider)
	if covered < 372 || covered > 388 {
		t.Errorf("covered %d of 400, want 372 to 388", covered)
	}
}

func TestGapComparesAQuestionsOwnVersions(t *testing.T) {
	at := func(question string, tokens int, score float64) Sample {
		return Sample{ID: fmt.Sprint(question, tokens, score), Question: question, Task: "t", Group: question, Tokens: tokens, Score: score}
	}
	samples := []Sample{
		at("x", 8192, 0.7), at("x", 4096, 1), at("x", 4096, 0.8), at("x", 16384, 0.5), at("x", 16384, 0.1), // 0.9 − 0.3
		at("y", 4096, 0.6), at("y", 8192, 0.4), // 0.2
		at("single", 4096, 0), at("single", 4096, 1), {ID: "unknown", Task: "t", Score: 1},
	}
	got, err := ShortVersusLong(samples, Options{Resamples: 100})
	if err != nil || got.Single != 1 || got.Pairs != 2 {
		t.Fatalf("%v %+v", err, got)
	}
	if diff := cmp.Diff(ok(0.4), got.Difference, near); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ok(0.35), got.Base, near); diff != "" {
		t.Error(diff)
	}
	none, err := ShortVersusLong(samples[7:], Options{})
	if err != nil || none.Difference.State != StateNoPairs {
		t.Errorf("%v %+v", err, none)
	}
}
