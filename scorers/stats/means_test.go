package stats

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/scorers"
)

func TestMacroCountsTasksAndMicroSamples(t *testing.T) {
	samples := []Sample{
		{Task: "a", Group: "1", Score: 1}, {Task: "a", Group: "2", Score: 0.5}, {Task: "a", Group: "3", Score: 0.3}, // 0.6
		{Task: "b", Group: "1", Score: 0.1}, {Task: "b", Group: "2", Score: 0.3, Weight: 3}, // 0.25 by weight
	}
	got, err := MeansOf(samples, Options{Resamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{(0.6 + 0.25) / 2, (1.8 + 1) / 7}, []float64{got.Macro.Value, got.Micro.Value}, near); diff != "" {
		t.Error(diff)
	}
	for _, e := range []scorers.Estimate{got.Macro, got.Micro} {
		if e.Rows != 5 || e.Interval.State != scorers.IntervalOK || e.Interval.Low > e.Value || e.Interval.High < e.Value {
			t.Errorf("got %+v", e)
		}
	}
	if none, err := MeansOf(nil, Options{}); err != nil || !none.Macro.Absent() || none.Micro.Interval.State != scorers.IntervalNoRows {
		t.Errorf("of nothing: %v %+v", err, none)
	}
	if one, err := MeansOf(samples[:1], Options{}); err != nil || one.Macro.Interval.State != scorers.IntervalOneDocument {
		t.Errorf("of one document: %v %+v", err, one)
	}
	if _, err := MeansOf([]Sample{{ID: "x", Score: math.NaN()}}, Options{}); err == nil {
		t.Error("a score that is no number was averaged")
	}
}

func TestApartAddsTheDistancesThatMoveAnEnd(t *testing.T) {
	a := scorers.Estimate{Rows: 9, Value: 0.6, Interval: scorers.Interval{State: scorers.IntervalOK, Low: 0.57, High: 0.65}}
	b := scorers.Estimate{Rows: 8, Value: 0.5, Interval: scorers.Interval{State: scorers.IntervalOK, Low: 0.38, High: 0.54}}
	got := Apart(a, b) // √(0.03² + 0.04²) = 0.05, √(0.05² + 0.12²) = 0.13
	if diff := cmp.Diff([]float64{0.1, 0.05, 0.23}, []float64{got.Value, got.Interval.Low, got.Interval.High}, near); diff != "" || got.Rows != 8 {
		t.Errorf("%s %+v", diff, got)
	}
	b.Interval.State = scorers.IntervalOneDocument
	if got := Apart(a, b); got.Interval.State != scorers.IntervalOneDocument {
		t.Errorf("an interval from half of what it needs: %+v", got)
	}
}

func TestApartCoversTheTruth(t *testing.T) {
	covered := 0
	for seed := range 400 {
		r := rand.New(rand.NewPCG(uint64(seed), 21))
		of := func(chance float64) scorers.Estimate {
			samples := make([]Sample, 120)
			for i := range samples {
				samples[i] = Sample{Task: "t", Group: strconv.Itoa(i / 2)}
				if r.Float64() < chance {
					samples[i].Score = 1
				}
			}
			got, err := MeansOf(samples, Options{Seed: uint64(seed), Resamples: 600})
			if err != nil {
				t.Fatal(err)
			}
			return got.Micro
		}
		if d := Apart(of(0.7), of(0.4)).Interval; d.Low <= 0.3 && 0.3 <= d.High {
			covered++
		}
	}
	t.Logf("covered %d of 400", covered)
	if covered < 370 || covered > 390 {
		t.Errorf("covered %d of 400, want 370 to 390", covered)
	}
}
