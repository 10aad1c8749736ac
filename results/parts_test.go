package results

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// A score made of parts: rows hold them, a task's figure is made of their
// averages at every length, and each list of names has a block of its own.
func TestPartsOfScoresAreAveragedAndShown(t *testing.T) {
	tasks := []benchmarks.Task{
		{Name: "summ", Category: "s", Metric: "rouge", Boards: []string{"rouge"}, Parts: []string{"rouge1", "rouge2"}, Headline: scorers.HeadlineGeometric, Decimals: 4},
		{Name: "topics", Category: "t", Metric: "exam", Boards: []string{"topics"}, Strata: []string{"first", "second"}, Headline: scorers.HeadlineStrata, Decimals: 4},
	}
	f := NewFacts()
	add := func(task string, i, length int, score float64, parts []float64, strata ...string) Row {
		r := result(task, i, score)
		r.Sample.TargetLength, r.Sample.Strata, r.Score.Parts = length, strata, parts
		f.Add(r)
		return newRow(r, "")
	}
	row := add("summ", 0, 1000, 0.1, []float64{0.4, 0.1})
	add("summ", 3, 2000, 0.3, []float64{0.6, 0.3})
	add("topics", 0, 1000, 1, nil, "first")
	add("topics", 1, 1000, 1, nil, "first")
	add("topics", 2, 1000, 0, nil, "second")
	if diff := cmp.Diff([]float64{0.4, 0.1}, row.ScoreParts); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	none := result("summ", 6, 0.5)
	none.Score.Parts, none.Answer.Status = []float64{0.5, 0.5}, runners.NoAnswer
	if parts := newRow(none, "").ScoreParts; parts != nil {
		t.Errorf("no answer has parts %v", parts)
	}
	none.Score.Counts = true
	if diff := cmp.Diff([]float64{0.5, 0.5}, newRow(none, "").ScoreParts); diff != "" {
		t.Errorf("counts of no answer (-want +got):\n%s", diff)
	}
	s := f.Summarise(SummaryInput{Manifest: testManifest(), Tasks: tasks, Resamples: -1})
	want := map[string]float64{"summ": 100 * math.Sqrt(0.5*0.2), "summ 1000": 100 * math.Sqrt(0.4*0.1), "summ 2000": 100 * math.Sqrt(0.6*0.3), "topics": 50, "topics 1000": 200. / 3}
	got := map[string]float64{}
	for _, task := range s.Tasks {
		got[task.Task] = *task.Score
		for _, c := range task.Cells {
			got[task.Task+" "+Cell{Length: c.Length}.Label()] = *c.Score
		}
	}
	for name, v := range want {
		if math.Abs(got[name]-v) > 1e-9 {
			t.Errorf("%s: got %v, want %v", name, got[name], v)
		}
	}
	var table bytes.Buffer
	must(t, WriteTable(&table, s, TableOptions{}))
	for _, line := range []string{"Task  Overall  Rouge1  Rouge2\n", "summ    31.62   50.00   20.00\n", "Task    Overall   First  Second\n", "topics    50.00  100.00    0.00\n", "Average, rouge   1 task "} {
		if !strings.Contains(table.String(), line) {
			t.Errorf("no line %q in\n%s", line, table.String())
		}
	}
}
