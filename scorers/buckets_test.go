package scorers

import (
	"math"
	"strings"
	"testing"
)

// The wanted numbers are round(100 * np.mean(scores), 2) of NumPy 2.4.6, as
// LongBench-E's scorer has it, and Python's round of the same mean, as v1's.
func TestBucketsRoundAsNumPyAndTasksAsPython(t *testing.T) {
	for _, c := range []struct {
		name          string
		scores        []float64
		bucket, whole float64
	}{
		{"one row", []float64{1}, 100.0, 100.0},
		{"a sixth of all", []float64{0, 0, 0, 0, 0, 1}, 16.67, 16.67},
		{"8 rows that sum to 0.11", spread(11, 8), 1.38, 1.37},
		{"8 rows that sum to 0.19", spread(19, 8), 2.38, 2.37},
		{"8 rows that sum to 0.39", spread(39, 8), 4.88, 4.87},
		{"40 rows that sum to 0.01", spread(1, 40), 0.02, 0.03},
		{"40 rows that sum to 0.03", spread(3, 40), 0.08, 0.07},
		{"40 rows that sum to 0.09", spread(9, 40), 0.22, 0.23},
	} {
		if got := bucketMean(c.scores); got != c.bucket {
			t.Errorf("%s: bucket: want %v, got %v", c.name, c.bucket, got)
		}
		if got := percentMean(c.scores); got != c.whole {
			t.Errorf("%s: task: want %v, got %v", c.name, c.whole, got)
		}
	}
	if !math.IsNaN(bucketMean(nil)) || !math.IsNaN(percentMean(nil)) {
		t.Error("nothing has no mean")
	}
}

// spread shares k hundredths out over n scores, as code similarity has them.
func spread(k, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		hundredths := k / n
		if i < k%n {
			hundredths++
		}
		x[i] = float64(hundredths) / 100
	}
	return x
}

// fractions are n scores, 1/(1 + i mod 7): their sum depends on its order.
func fractions(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1 / float64(1+i%7)
	}
	return x
}

func TestPairwiseSumIsNumPys(t *testing.T) {
	for n, want := range map[int]float64{
		0:    0.0,
		1:    1.0,
		7:    2.5928571428571425,
		8:    3.5928571428571425,
		9:    4.0928571428571425,
		15:   6.185714285714286,
		16:   6.685714285714285,
		127:  47.67142857142858,
		128:  48.17142857142858,
		129:  48.5047619047619,
		135:  50.764285714285705,
		136:  51.09761904761904,
		200:  74.68333333333332,
		300:  111.35,
		1000: 370.63571428571436,
		5000: 1852.7999999999997,
	} {
		if got := pairwiseSum(fractions(n)); got != want {
			t.Errorf("%d numbers: want %v, got %v", n, want, got)
		}
	}
}

func TestBoundsOfLengthBuckets(t *testing.T) {
	for length, want := range map[int]string{-1: "0-4k", 0: "0-4k", 3999: "0-4k", 4000: "4-8k", 7999: "4-8k", 8000: "8k+", 1 << 40: "8k+"} {
		if got := LongBenchBucket(length); got != want {
			t.Errorf("%d: want %s, got %s", length, want, got)
		}
	}
}

// The two ways of rounding reach the command's table and the averages.
func TestBucketsRoundAsNumPyInTables(t *testing.T) {
	rows := make([]Row, 8)
	for i, s := range spread(11, 8) {
		rows[i] = Row{Task: "lcc", Score: s, Valid: true, Strata: []string{"4-8k"}}
	}
	spec := TaskSpec{Name: "lcc", Category: "code", Strata: LongBenchBuckets()}
	a := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: -1})
	if got := a.Tasks[0].Reference; got != 1.37 {
		t.Errorf("task: want 1.37, got %v", got)
	}
	if got := a.Tasks[0].Strata[1].Reference; got != 1.38 {
		t.Errorf("bucket: want 1.38, got %v", got)
	}
	// Three rows of 100 characters that share one, 37 that share none.
	line := `{"id":"e","metric":"longbench_task","task":"lcc","rows":[` + strings.Repeat(`{"prediction":"a`+strings.Repeat("x", 99)+`","references":["a`+strings.Repeat("y", 99)+`"],"length":4000},`, 3) +
		strings.Repeat(`{"prediction":"x","references":["y"],"length":4000},`, 36) + `{"prediction":"x","references":["y"],"length":4000}]}`
	_, score, err := Evaluate([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	got := throughJSON(t, score).(map[string]any)
	if e := got["e"].(map[string]any)["4-8k"]; e != 0.08 || got["v1"] != 0.07 {
		t.Errorf("40 rows that sum to 0.03: want 0.08 and 0.07, got %v and %v", e, got["v1"])
	}
}
