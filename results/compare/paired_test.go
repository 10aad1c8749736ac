package compare

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/results"
)

// onTwoAxes are two runs of 40 samples in two lengths and two levels: the
// candidate loses what is long.
func onTwoAxes() (base, candidate Run) {
	base, candidate = runOf("b", "local:m"), runOf("b", "local:m")
	for i := range 40 {
		s := sample("t", i, float64(1+i%3)/3)
		s.Cell = results.Cell{Length: []int{1000, 4000}[i/20]}
		s.Axes = Axes{State: "measured", Diffusion: []float64{0.1, 0.9}[i%2], Scope: 0.1}
		base.Samples = append(base.Samples, s)
		if i >= 20 {
			s.Score = float64(i%2) * s.Score
		}
		candidate.Samples = append(candidate.Samples, s)
	}
	return base, candidate
}

// Pair has the differences and intervals that Compare has of the same parts.
func TestPairsAreThoseOfAComparison(t *testing.T) {
	base, candidate := onTwoAxes()
	want := compared(t, source(base), source(candidate), Options{})
	byID := map[string]Sample{}
	for _, s := range base.Samples {
		byID[s.ID] = s
	}
	got, err := Pair(base, candidate, func(id string) []Cut {
		s := byID[id]
		level := "low"
		if s.Axes.Diffusion > 0.5 {
			level = "high"
		}
		return []Cut{{string(Cell), s.Cell.Label()}, {string(Diffusion), level}}
	}, Options{})
	must(t, err)
	if len(got.Boards) != 1 || len(got.Cuts) != 4 || got.Counts.Pairs != 40 {
		t.Fatalf("got %+v, want a board and four cuts of 40 pairs", got)
	}
	for _, f := range append(got.Cuts, got.Boards...) {
		u := unit(t, want, Benchmark, "")
		if f.Axis != "" {
			u = unit(t, want, Level(f.Axis), f.Part)
		}
		if f.Difference() != u.Difference || f.Interval.Low != u.Low || f.Interval.High != u.High || f.Pairs != u.Pairs || f.Documents != u.Documents {
			t.Errorf("%v: %+v, want %+v", f.Cut, f, u)
		}
	}
	if short := got.Cuts[0]; short.Part != "1000" || short.Difference() != 0 || got.Boards[0].Difference() >= 0 {
		t.Errorf("short %+v, whole %+v: want no difference, and a loss", short, got.Boards[0])
	}
}

// A sample that lies elsewhere on the axes of difficulty in the other run is in
// no part of those, and in those of its length.
func TestPairsThatLieElsewhereHaveNoPlaceOnThatAxis(t *testing.T) {
	base, candidate := onTwoAxes()
	candidate.Samples[3].Axes.Diffusion = 0.5
	cuts := func(string) []Cut { return []Cut{{"length", "all"}, {string(Diffusion), "all"}} }
	got, err := Pair(base, candidate, cuts, Options{})
	must(t, err)
	if got.Counts.OtherAxes != 1 || got.Cuts[0].Pairs != 40 || got.Cuts[1].Pairs != 39 {
		t.Errorf("got %+v, want 40 and 39 pairs, one elsewhere", got)
	}
}

func TestPairsOfOtherThingsAreRefused(t *testing.T) {
	base, candidate := onTwoAxes()
	for name, change := range map[string]func(*Run){
		"another benchmark": func(r *Run) { r.Benchmark = "c" },
		"other lengths":     func(r *Run) { r.Config = slices.Clone(r.Config); r.Config[2].Value = "8k" },
		"no sample shared":  func(r *Run) { r.Samples = nil },
		"other contexts": func(r *Run) {
			r.Samples = slices.Clone(r.Samples)
			r.Samples[0].Pins.Context = "other"
		},
	} {
		other := candidate
		change(&other)
		if _, err := Pair(base, other, func(string) []Cut { return nil }, Options{}); !errors.Is(err, ErrNotComparable) {
			t.Errorf("%s: error %v, want one that isn't comparable", name, err)
		}
	}
	if p, err := Pair(base, candidate, func(string) []Cut { return nil }, Options{Resamples: 100}); err != nil || math.IsNaN(p.Boards[0].Difference()) {
		t.Errorf("unchanged: %v", err)
	}
}
