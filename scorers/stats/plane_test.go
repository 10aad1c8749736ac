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

func TestBordersBelongToTheHigherLevel(t *testing.T) {
	for v, want := range map[float64]Level{0: Low, 0.333: Low, 1.0 / 3: Mid, 0.5: Mid, 0.666: Mid, 2.0 / 3: High, 1: High} {
		if got := LevelOf(v); got != want {
			t.Errorf("%v: got %v, want %v", v, got, want)
		}
	}
}

// placedAt is a sample on the plane.
func placedAt(benchmark, group string, diffusion, scope, score float64) Sample {
	return Sample{ID: fmt.Sprint(benchmark, group, diffusion, scope), Benchmark: benchmark, Group: group, Score: score, Axes: &Axes{Diffusion: diffusion, Scope: scope, Measured: score > 0.5}}
}

func TestPlaneCountsBenchmarksAlikeAndPlainly(t *testing.T) {
	var samples []Sample
	for g := range 8 {
		samples = append(samples, placedAt("a", fmt.Sprint(g), 0.1, 0.1, 1))
	}
	for g := range 2 {
		samples = append(samples, placedAt("b", fmt.Sprint(g), 0.2, 0.3, 0.2))
	}
	for g := range 3 {
		samples = append(samples, placedAt("b", fmt.Sprint(g), 0.2, 0.9, 0.4))
	}
	samples = append(samples, Sample{ID: "none", Score: 1})
	got, err := PlaneOf(samples, Options{Resamples: 300})
	if err != nil || got.Unplaced != 1 {
		t.Fatalf("%v %+v", err, got)
	}
	sure := func(rows int, v float64) scorers.Estimate {
		return scorers.Estimate{Rows: rows, Value: v, Interval: scorers.Interval{State: scorers.IntervalOK, Low: v, High: v}}
	}
	c := got.Cells[Low][Low]
	want := PlaneCell{Samples: 10, Documents: 10, Measured: 8, Benchmarks: []string{"a", "b"}, Balanced: sure(10, 0.6), Plain: sure(10, 0.84)}
	// b has three documents of which the cell holds two: drawn plainly, its part varies.
	if !(c.Plain.Interval.Low < 0.84 && c.Plain.Interval.High > 0.84) {
		t.Errorf("plain interval %+v has no width", c.Plain.Interval)
	}
	want.Plain.Interval = c.Plain.Interval
	if diff := cmp.Diff(want, c, near); diff != "" {
		t.Error(diff)
	}
	if c := got.Cells[Low][High]; !c.Hatched || c.Documents != 3 || c.Benchmarks[0] != "b" {
		t.Errorf("got %+v", c)
	}
	if c := got.Cells[Mid][Mid]; !c.Balanced.Absent() || !c.Plain.Absent() || c.Balanced.Interval.State != scorers.IntervalNoRows || c.Samples != 0 {
		t.Errorf("empty cell: got %+v", c)
	}
	// A row is the mean of its two cells that have samples; b's documents in
	// both are the same.
	row := got.Diffusion[Low]
	if row.Samples != 13 || row.Documents != 11 || cmp.Diff(sure(13, 0.5), row.Balanced, near) != "" || math.Abs(row.Plain.Value-0.62) > 1e-12 {
		t.Errorf("got %+v", row)
	}
	if column := got.Scope[High]; column.Samples != 3 || math.Abs(column.Balanced.Value-0.4) > 1e-12 {
		t.Errorf("got %+v", column)
	}
	if !got.Scope[Mid].Balanced.Absent() {
		t.Errorf("got %+v", got.Scope[Mid])
	}
}

// drawnPlane has two benchmarks with other sizes, documents of up to three
// samples that fall into the cell (low, low) or out of it.
func drawnPlane(r *rand.Rand) []Sample {
	var out []Sample
	for b, n := range []int{100, 180} {
		for g := range n {
			easy := 0.1 * r.NormFloat64()
			for q := range 1 + r.IntN(3) {
				s := placedAt(fmt.Sprint("b", b), fmt.Sprint(g), 0.1, 0.6*r.Float64(), 0)
				s.ID = fmt.Sprint(b, g, q)
				s.Score = 0.5 + 0.2*float64(b) + easy + 0.2*r.NormFloat64()
				out = append(out, s)
			}
		}
	}
	return out
}

// Of 4,000 such sets, 94.65 % are covered.
func TestIntervalOfACellCoversTheTruth(t *testing.T) {
	covered := 0
	for seed := range 400 {
		got, err := PlaneOf(drawnPlane(rand.New(rand.NewPCG(uint64(seed), 9))), Options{Seed: uint64(seed), Resamples: 400, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if i := got.Cells[Low][Low].Balanced.Interval; i.Low <= 0.6 && 0.6 <= i.High {
			covered++
		}
	}
	t.Logf("covered %d of 400", covered)
	if covered < 372 || covered > 388 {
		t.Errorf("covered %d of 400, want 372 to 388", covered)
	}
}

func TestEmptyDrawsAreDrawnAgain(t *testing.T) {
	// Two of twelve documents are in the cell: one draw in nine holds neither.
	samples := []Sample{placedAt("a", "x", 0.9, 0.9, 0), placedAt("a", "y", 0.9, 0.9, 1)}
	for g := range 10 {
		samples = append(samples, placedAt("a", fmt.Sprint(g), 0.1, 0.1, 0.5))
	}
	got, err := PlaneOf(samples, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := scorers.Estimate{Rows: 2, Value: 0.5, Interval: scorers.Interval{State: scorers.IntervalOK, Low: 0, High: 1}}
	if diff := cmp.Diff(want, got.Cells[High][High].Balanced); diff != "" {
		t.Error(diff)
	}
	var entries []entry
	for _, s := range samples {
		bin := 0
		if s.Axes.Scope > 0.5 {
			bin = 1
		}
		entries = append(entries, entry{stratum: "a", group: s.Group, bin: bin, sum: s.Score, weight: 1})
	}
	d := newDesign(entries, 2, Options{Resamples: 9000, Seed: 2})
	figures, _ := d.figures([]int{1}, func(t tally) float64 { return t.weights[0][1] })
	empty := 0
	for b := range 9000 {
		if d.strata[0].drawnWeights[2*b+1] == 0 {
			empty++
		}
	}
	// (10/12)^12 = 0.1122
	if math.Abs(float64(empty)/9000-0.1122) > 0.015 || len(figures) != 9000 {
		t.Errorf("%d of 9000 draws empty, %d kept", empty, len(figures))
	}
	for _, f := range figures {
		if f == 0 {
			t.Fatal("an empty draw was kept")
		}
	}
}

func TestSeldomFullDrawsAreAState(t *testing.T) {
	// Twenty bins of one document each are all full in one draw of 4·10⁷.
	var entries []entry
	var bins []int
	for i := range 20 {
		entries = append(entries, entry{stratum: "a", group: fmt.Sprint(i), bin: i, sum: 1, weight: 1})
		bins = append(bins, i)
	}
	d := newDesign(entries, 20, Options{Resamples: 200})
	if _, state := d.figures(bins, func(tally) float64 { return 0 }); state != IntervalTooSparse {
		t.Errorf("got %s", state)
	}
}

func TestPlaneOfDifferencesIsPaired(t *testing.T) {
	// Runs that differ by 0.1 everywhere, however scores vary.
	samples := drawnPlane(rand.New(rand.NewPCG(1, 1)))
	for i := range samples {
		samples[i].Score = 0.1
	}
	got, err := PlaneOf(samples, Options{Resamples: 200})
	if i := got.Cells[Low][Mid].Balanced.Interval; err != nil || math.Abs(i.Low-0.1) > 1e-12 || math.Abs(i.High-0.1) > 1e-12 {
		t.Errorf("%v %+v", err, i)
	}
}

func TestPlaneRefusesWhatIsOffIt(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    Sample
		want string
	}{
		{"above 1", placedAt("a", "d", 1.2, 0, 1), "axis is 1.2, want 0 to 1"},
		{"no number", placedAt("a", "d", 0, math.NaN(), 1), "axis is NaN, want 0 to 1"},
		{"score", placedAt("a", "d", 0, 0, math.Inf(1)), "score is +Inf, want a finite number"},
	} {
		if _, err := PlaneOf([]Sample{tt.s}, Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}
