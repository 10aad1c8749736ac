package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/scorers"
)

// curveOf are percents at 4k, 8k, and so on.
func curveOf(percents ...float64) []LengthScore {
	var out []LengthScore
	for i, p := range percents {
		out = append(out, LengthScore{4096 << i, p / 100})
	}
	return out
}

func TestRulerLengthsAreThePublishedOnes(t *testing.T) {
	// Rows of the table in arXiv 2404.06654, as shared/spec/taxonomy.md gives
	// them; averages before rounding where the table cuts a half.
	tests := []struct {
		name       string
		scores     []float64
		want       Length
		again      bool
		increasing float64
		decreasing float64
	}{
		{"all above", []float64{96.7, 96.6, 96.4, 96.0, 95.4, 95.1}, Length{LengthAbove, 131072}, false, 95.75, 96.3},
		{"falls at 128k", []float64{96.6, 96.3, 95.2, 93.2, 87.0, 81.2}, Length{LengthAt, 65536}, false, 89.0, 94.1},
		{"falls at 16k", []float64{94.9, 93.8, 78.0, 67.8, 0, 0}, Length{LengthAt, 8192}, false, 37.5, 74.0},
		{"below from the start", []float64{84.7, 79.9}, Length{LengthBelow, 4096}, false, 81.5, 83.1},
		{"the threshold itself is reached", []float64{90, 85.6, 85.5}, Length{LengthAt, 8192}, false, 86.283333333, 87.783333333},
		{"a recovery doesn't count", []float64{90, 80, 95}, Length{LengthAt, 4096}, true, 89.166666667, 87.5},
	}
	for _, tt := range tests {
		got, again := RulerLength(curveOf(tt.scores...))
		if got != tt.want || again != tt.again {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, again, tt.want, tt.again)
		}
		up, down := WeightedAverages(curveOf(tt.scores...))
		if math.Abs(100*up.Value-tt.increasing) > 0.051 || math.Abs(100*down.Value-tt.decreasing) > 0.051 {
			t.Errorf("%s: averages %v and %v, want %v and %v", tt.name, up, down, tt.increasing, tt.decreasing)
		}
	}
	if l, _ := RulerLength(nil); l.State != LengthUntested {
		t.Errorf("no lengths: got %+v", l)
	}
	if up, down := WeightedAverages(nil); up.State != StateNoSamples || down.State != StateNoSamples {
		t.Errorf("no lengths: got %+v and %+v", up, down)
	}
}

func TestRulerLengthTakesLengthsInAnyOrder(t *testing.T) {
	c := curveOf(96.6, 96.3, 80)
	c[0], c[2] = c[2], c[0]
	if got, _ := RulerLength(c); got != (Length{LengthAt, 8192}) {
		t.Errorf("got %+v", got)
	}
}

func TestOwnShareIsInterpolatedInLogarithms(t *testing.T) {
	none := scorers.Interval{}
	tests := []struct {
		name   string
		curve  []LengthScore
		floor  scorers.Interval
		want   Length
		wanted bool
	}{
		// θ = 78.2: log2 of 16k + (83 − 78.2)/13, in k 2^4.36923.
		{"between 16k and 32k", curveOf(92, 90, 83, 70, 41), none, Length{LengthAt, 1024 * math.Exp2(4+4.8/13)}, false},
		{"never", curveOf(92, 90, 88), none, Length{LengthAbove, 16384}, false},
		{"again later", curveOf(100, 80, 90), none, Length{LengthAt, 4096 * math.Exp2(0.75)}, true},
		{"at the floor", curveOf(30, 20), scorers.Interval{State: scorers.IntervalOK, Low: 0.2, High: 0.31}, Length{State: LengthNoBaseline}, false},
		{"above the floor", curveOf(40, 20), scorers.Interval{State: scorers.IntervalOK, Low: 0.2, High: 0.31}, Length{LengthAt, 4096 * math.Exp2(0.3)}, false},
		{"nothing to keep", curveOf(0, 0), none, Length{State: LengthNoBaseline}, false},
		{"one length", curveOf(50), none, Length{LengthAbove, 4096}, false},
		{"no length", nil, none, Length{State: LengthUntested}, false},
	}
	for _, tt := range tests {
		got, again := OwnShareLength(tt.curve, tt.floor)
		if diff := cmp.Diff(tt.want, got, near); diff != "" || again != tt.wanted {
			t.Errorf("%s: %v %s", tt.name, again, diff)
		}
	}
}

func TestQuantilesOfLengthsPassOverTheEnds(t *testing.T) {
	up, down := math.Inf(1), math.Inf(-1)
	tests := []struct {
		name   string
		places []float64
		want   LengthInterval
	}{
		{"inside", []float64{12, 13}, LengthInterval{scorers.IntervalOK, Length{LengthAt, math.Exp2(12.025)}, Length{LengthAt, math.Exp2(12.975)}}},
		{"to above", []float64{13, up}, LengthInterval{scorers.IntervalOK, Length{LengthAt, 8192}, Length{LengthAbove, 65536}}},
		{"from below", []float64{down, 13}, LengthInterval{scorers.IntervalOK, Length{LengthBelow, 4096}, Length{LengthAt, 8192}}},
		{"everything", []float64{up, down}, LengthInterval{scorers.IntervalOK, Length{LengthBelow, 4096}, Length{LengthAbove, 65536}}},
		{"always above", []float64{up, up}, LengthInterval{scorers.IntervalOK, Length{LengthAbove, 65536}, Length{LengthAbove, 65536}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, lengthInterval(tt.places, scorers.IntervalOK, 4096, 65536), near); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// answered makes samples at lengths of 4k·2^i with the given chances of being
// right, the same questions at each, two a document.
func answered(r *rand.Rand, documents int, chances ...float64) []Sample {
	var out []Sample
	for g := range documents {
		for q := range 2 {
			for i, c := range chances {
				s := Sample{
					ID: fmt.Sprint(g, ".", q, "@", i), Question: fmt.Sprint(g, ".", q), Benchmark: "b", Task: "t",
					Group: fmt.Sprint(g), Tokens: 4096 << i,
				}
				if r.Float64() < c {
					s.Score = 1
				}
				out = append(out, s)
			}
		}
	}
	return out
}

func TestEffectiveLengthFindsThePlantedOne(t *testing.T) {
	// θ = 0.85·0.8 = 0.68, halfway from 8k's 0.76 to 16k's 0.6.
	want := 8192 * math.Sqrt2
	covered := 0
	for seed := range 400 {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		got, err := EffectiveLength(answered(r, 100, 0.8, 0.76, 0.6, 0.3), scorers.Interval{}, Options{Seed: uint64(seed), Resamples: 400, Workers: 1})
		if err != nil || got.OwnShare.Interval.State != scorers.IntervalOK || !got.SameQuestions {
			t.Fatal(err, got.OwnShare, got.SameQuestions)
		}
		i := got.OwnShare.Interval
		if i.Low.place() <= math.Log2(want) && math.Log2(want) <= i.High.place() {
			covered++
		}
	}
	t.Logf("covered %d of 400", covered)
	if covered < 372 || covered > 388 {
		t.Errorf("covered %d of 400, want 372 to 388", covered)
	}
}

func TestEffectiveLengthOfCertainScoresIsExact(t *testing.T) {
	var samples []Sample
	for i, p := range []float64{.92, .90, .83, .70, .41} {
		for g := range 12 {
			samples = append(samples, Sample{ID: fmt.Sprint(g, "@", i), Question: fmt.Sprint(g), Task: "t", Group: fmt.Sprint(g), Tokens: 4096 << i, Score: p})
		}
	}
	got, err := EffectiveLength(samples, scorers.Interval{}, Options{Resamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	at := Length{LengthAt, 1024 * math.Exp2(4+4.8/13)}
	ruler := Length{LengthAt, 8192}
	want := EffectiveContext{
		SameQuestions: true,
		OwnShare:      Effective{at, LengthInterval{scorers.IntervalOK, at, at}, false},
		Ruler:         Effective{ruler, LengthInterval{scorers.IntervalOK, ruler, ruler}, false},
		Increasing:    ok((.92 + 2*.90 + 3*.83 + 4*.70 + 5*.41) / 15),
		Decreasing:    ok((5*.92 + 4*.90 + 3*.83 + 2*.70 + .41) / 15),
	}
	for i, p := range []float64{.92, .90, .83, .70, .41} {
		want.Points = append(want.Points, Point{4096 << i, 12, 12, p, scorers.Interval{State: scorers.IntervalOK, Low: p, High: p}})
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
}

func TestEffectiveLengthComparesTheSameThings(t *testing.T) {
	at := func(task, question string, tokens int, score float64) Sample {
		return Sample{ID: fmt.Sprint(task, question, tokens), Question: question, Task: task, Group: question, Tokens: tokens, Score: score}
	}
	samples := []Sample{
		at("a", "x", 4096, 1), at("a", "x", 8192, 0.9), at("a", "y", 4096, 1), at("a", "y", 8192, 0.9),
		at("a", "only short", 4096, 0),    // an easy length must not look hard
		at("b", "z", 4096, 0),             // nor must a task that stops
		{ID: "unknown length", Task: "a"}, // nor what has no length
	}
	got, err := EffectiveLength(samples, scorers.Interval{}, Options{Resamples: 100})
	if err != nil || !got.SameQuestions || !cmp.Equal(got.LeftOut, []string{"b"}) {
		t.Fatalf("%v %+v", err, got)
	}
	if got.Points[0].Score != 1 || got.Points[0].Samples != 2 || got.OwnShare.Length != (Length{LengthAbove, 8192}) {
		t.Errorf("got %+v", got)
	}
	_, err = EffectiveLength([]Sample{at("a", "x", 4096, 1), at("b", "y", 8192, 1)}, scorers.Interval{}, Options{})
	if err == nil || !strings.Contains(err.Error(), "no task is tested at every length") {
		t.Errorf("got %v", err)
	}
	none, err := EffectiveLength(nil, scorers.Interval{}, Options{})
	if err != nil || none.OwnShare.Length.State != LengthUntested || none.Ruler.Length.State != LengthUntested || none.Increasing.State != StateNoSamples {
		t.Errorf("no samples: %v %+v", err, none)
	}
}

func TestEffectiveLengthWithoutDocumentsHasNoInterval(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	got, err := EffectiveLength(answered(r, 1, 1, 1), scorers.Interval{}, Options{})
	if err != nil || got.OwnShare.Interval.State != scorers.IntervalOneDocument || got.OwnShare.Length.State != LengthAbove {
		t.Errorf("%v %+v", err, got.OwnShare)
	}
	floor := scorers.Interval{State: scorers.IntervalOK, Low: 0, High: 1}
	got, err = EffectiveLength(answered(r, 20, 1, 1), floor, Options{})
	if err != nil || got.OwnShare.Length.State != LengthNoBaseline || got.OwnShare.Interval.State == scorers.IntervalOK {
		t.Errorf("%v %+v", err, got.OwnShare)
	}
}
