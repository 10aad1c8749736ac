package scorers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rowsOf makes n rows of a task, each document with per rows; scores are drawn
// uniformly from 0..1.
func rowsOf(task string, n, per int, seed uint64) []Row {
	r := rand.New(rand.NewPCG(seed, 7))
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{Task: task, Score: r.Float64(), Valid: true, Group: fmt.Sprintf("%s-%d", task, i/per)}
	}
	return rows
}

func deviation(rows []Row) (mean, std float64) {
	for _, r := range rows {
		mean += r.Score
	}
	mean /= float64(len(rows))
	for _, r := range rows {
		std += (r.Score - mean) * (r.Score - mean)
	}
	return mean, math.Sqrt(std / float64(len(rows)))
}

func TestIntervalOfIndependentRowsIsTheNormalOne(t *testing.T) {
	rows := rowsOf("a", 400, 1, 1)
	mean, std := deviation(rows)
	half := 1.959964 * std / math.Sqrt(float64(len(rows)))
	got := Aggregate(rows, []TaskSpec{{Name: "a", Category: "c"}}, AggregateOptions{Seed: 1}).Tasks[0].All.Interval
	if got.State != IntervalOK || math.Abs(got.Low-(mean-half)) > 0.05*half || math.Abs(got.High-(mean+half)) > 0.05*half {
		t.Errorf("got %+v, want about [%v, %v]", got, mean-half, mean+half)
	}
}

func TestIntervalOfCopiedRowsIsWiderByTheRootOfTheirNumber(t *testing.T) {
	// Four identical rows a document carry the information of one.
	single := rowsOf("a", 100, 1, 2)
	var copied, ungrouped []Row
	for i, r := range single {
		for range 4 {
			r.Group = fmt.Sprint(i)
			copied = append(copied, r)
			r.Group = ""
			ungrouped = append(ungrouped, r)
		}
	}
	width := func(rows []Row) float64 {
		i := Aggregate(rows, []TaskSpec{{Name: "a"}}, AggregateOptions{Seed: 3}).Tasks[0].All.Interval
		return i.High - i.Low
	}
	if one, four := width(single), width(copied); math.Abs(four/one-1) > 0.03 {
		t.Errorf("clusters of four: width %v, one row each %v: want the same", four, one)
	}
	if grouped, free := width(copied), width(ungrouped); math.Abs(grouped/free-2) > 0.06 {
		t.Errorf("grouped width %v, ungrouped %v: want twice", grouped, free)
	}
}

func TestIntervalOfTwoDocumentsIsExact(t *testing.T) {
	// Means of two draws from {0, 1}: 0, ½, ½, 1 with a quarter each, so that
	// the percentiles are the ends.
	rows := []Row{{Task: "a", Score: 0, Group: "x"}, {Task: "a", Score: 1, Group: "y"}}
	got := Aggregate(rows, []TaskSpec{{Name: "a"}}, AggregateOptions{}).Tasks[0].All.Interval
	if diff := cmp.Diff(Interval{IntervalOK, 0, 1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnevenDocumentsAreWeighedByTheirRows(t *testing.T) {
	// A document of three rows that score 1 and one of one row that scores 0:
	// draws give 1, ¾, ¾, 0, never ½.
	rows := []Row{{Task: "a", Score: 1, Group: "x"}, {Task: "a", Score: 1, Group: "x"}, {Task: "a", Score: 1, Group: "x"}, {Task: "a", Group: "y"}}
	var d draws
	fill([][]cluster{clusters(rows)}, []*draws{&d}, Stream(0, "a"), 4000)
	seen := map[float64]int{}
	for _, m := range d.means() {
		seen[m]++
	}
	if len(seen) != 3 || math.Abs(float64(seen[0.75])-2000) > 200 || math.Abs(float64(seen[1])-1000) > 150 {
		t.Errorf("got %v, want about 0:1000 0.75:2000 1:1000", seen)
	}
}

func TestNoIntervalIsAStateWithAReason(t *testing.T) {
	tests := []struct {
		name string
		rows []Row
		want IntervalState
	}{
		{"no rows", nil, IntervalNoRows},
		{"one row", []Row{{Task: "a", Score: 1}}, IntervalOneDocument},
		{"many rows of one document", rowsOf("a", 50, 50, 1), IntervalOneDocument},
		{"two rows without a group are two documents", []Row{{Task: "a", Score: 1}, {Task: "a"}}, IntervalOK},
	}
	for _, tt := range tests {
		got := Aggregate(tt.rows, []TaskSpec{{Name: "a", Category: "c"}}, AggregateOptions{Resamples: 100}).Tasks[0].All.Interval
		if got.State != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got.State, tt.want)
		}
	}
	// A part that can't vary must not make the average look sure.
	rows := append(rowsOf("a", 50, 1, 1), Row{Task: "b", Score: 1})
	board := Aggregate(rows, []TaskSpec{{Name: "a", Category: "c"}, {Name: "b", Category: "d"}}, AggregateOptions{Resamples: 100}).Boards[0]
	if board.Macro.All.Interval.State != IntervalPartsMissing || board.Micro.All.Interval.State != IntervalPartsMissing {
		t.Errorf("got %v and %v, want %v", board.Macro.All.Interval.State, board.Micro.All.Interval.State, IntervalPartsMissing)
	}
}

func TestEqualScoresHaveAnIntervalOfNoWidth(t *testing.T) {
	rows := rowsOf("a", 30, 3, 1)
	for i := range rows {
		rows[i].Score = 0.25
	}
	got := Aggregate(rows, []TaskSpec{{Name: "a"}}, AggregateOptions{}).Tasks[0].All.Interval
	if diff := cmp.Diff(Interval{IntervalOK, 0.25, 0.25}, got); diff != "" {
		t.Error(diff)
	}
}

func TestIntervalOfAnAverageIsThatOfIndependentTasks(t *testing.T) {
	a, b := rowsOf("a", 300, 1, 1), rowsOf("b", 150, 1, 2)
	_, sa := deviation(a)
	_, sb := deviation(b)
	want := 2 * 1.959964 * 0.5 * math.Hypot(sa/math.Sqrt(300), sb/math.Sqrt(150))
	specs := []TaskSpec{{Name: "a", Category: "c"}, {Name: "b", Category: "d"}}
	got := Aggregate(append(a, b...), specs, AggregateOptions{Seed: 5}).Boards[0].Macro.All.Interval
	if width := got.High - got.Low; math.Abs(width/want-1) > 0.05 {
		t.Errorf("width %v, want about %v", width, want)
	}
}

func TestIntervalsDontDependOnWorkersButOnTheSeed(t *testing.T) {
	rows := slices.Concat(rowsOf("a", 200, 2, 1), rowsOf("b", 5000, 1, 2), rowsOf("c", 150, 3, 3))
	specs := []TaskSpec{{Name: "a", Category: "c"}, {Name: "b", Category: "c"}, {Name: "c", Category: "d"}}
	of := func(seed uint64, workers int) Interval {
		return Aggregate(rows, specs, AggregateOptions{Seed: seed, Workers: workers, Resamples: 500}).Boards[0].Macro.All.Interval
	}
	one := of(1, 1)
	for _, workers := range []int{2, 3, 8} {
		if got := of(1, workers); got != one {
			t.Errorf("%d workers: got %+v, one worker %+v", workers, got, one)
		}
	}
	if of(2, 1) == one {
		t.Error("another seed gave the same interval")
	}
}

// TestIntervalIsReproducible pins the numbers: the same rows and seed give the
// same interval on every machine and in every version.
func TestIntervalIsReproducible(t *testing.T) {
	rows := make([]Row, 20)
	for i := range rows {
		rows[i] = Row{Task: "a", Score: float64(i*i%7) / 7}
	}
	got := Aggregate(rows, []TaskSpec{{Name: "a"}}, AggregateOptions{Seed: 42}).Tasks[0].All.Interval
	text := fmt.Sprintf("%.9f %.9f", got.Low, got.High)
	if want := "0.207142857 0.385714286"; text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestQuantileInterpolatesBetweenOrderStatistics(t *testing.T) {
	// numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], q)
	for q, want := range map[float64]float64{0: 1, 0.025: 1, 0.25: 1.75, 0.5: 3.5, 0.9: 6.9, 0.975: 8.475, 1: 9} {
		if got := quantile([]float64{3, 1, 4, 1, 5, 9, 2, 6}, q); math.Abs(got-want) > 1e-12 {
			t.Errorf("q %v: got %v, want %v", q, got, want)
		}
	}
}

func TestSelectionAgreesWithSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		v := make([]float64, 1+r.IntN(200))
		for i := range v {
			v[i] = float64(r.IntN(20)) // many ties
		}
		sorted := slices.Sorted(slices.Values(v))
		k := r.IntN(len(v))
		selectKth(v, k)
		if v[k] != sorted[k] || k > 0 && slices.Max(v[:k]) > v[k] || slices.Min(v[k:]) < v[k] {
			t.Fatalf("k %d of %v: got %v, want %v", k, sorted, v[k], sorted[k])
		}
	}
}

func TestShortDrawsAreUniform(t *testing.T) {
	// One document scores 1, the others 0: its mean share of draws is 1/n, for
	// the last as for the first.
	for _, n := range []int{3, 200, 4000} {
		for _, at := range []int{0, n - 1} {
			cs := make([]cluster, n)
			for i := range cs {
				cs[i].count = 1
			}
			cs[at].sum = 1
			var d draws
			fill([][]cluster{cs}, []*draws{&d}, Stream(9, "uniform"), 2000)
			var total float64
			for _, s := range d.sum {
				total += s
			}
			if got := total / 2000; math.Abs(got-1) > 0.1 {
				t.Errorf("n %d: document %d drawn %.3f times a resample, want 1", n, at, got)
			}
		}
	}
}

func BenchmarkAggregate(b *testing.B) {
	for _, size := range []struct{ tasks, rows int }{{3, 200}, {21, 226}} {
		var rows []Row
		var specs []TaskSpec
		for i := range size.tasks {
			name := fmt.Sprint("task", i)
			rows = append(rows, rowsOf(name, size.rows, 1+i%2, uint64(i))...)
			specs = append(specs, TaskSpec{Name: name, Category: fmt.Sprint(i % 6)})
		}
		b.Run(fmt.Sprintf("tasks=%d/rows=%d", size.tasks, len(rows)), func(b *testing.B) {
			for b.Loop() {
				Aggregate(rows, specs, AggregateOptions{Workers: 1})
			}
		})
	}
}
