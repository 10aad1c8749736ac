package results

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// measured is a result with measures of every kind.
func measured(task string, i int, share, number, flag float64) runners.Result {
	r := result(task, i, share)
	r.Score.Measures = []scorers.Measure{
		{Name: "bleu1", Title: "Bleu1", Table: "Text", Unit: scorers.UnitShare, Value: share, Note: "from a test"},
		{Name: "bert", Title: "Bert", Table: "Text", Unit: scorers.UnitShare, Absent: "needs a model"},
		{Name: "hidden", Title: "Hidden", Unit: scorers.UnitShare, Value: 1},
		{Name: "swaps", Title: "SD", Table: "Orders", Unit: scorers.UnitNumber, Value: number},
	}
	if flag > 0 {
		r.Score.Measures = append(r.Score.Measures, scorers.Measure{Name: "odd", Title: "odd", Table: "Text", Unit: scorers.UnitFlag, Value: flag, Note: "no sentence"})
	}
	return r
}

func someMeasures() Summary {
	f := NewFacts()
	for i, r := range []runners.Result{
		measured("hotpotqa", 0, 0.25, 1, 0), measured("hotpotqa", 1, 0.75, 4, 1), measured("lcc", 2, 0.5, 2, 0), result("narrativeqa", 3, 1),
	} {
		if i == 1 {
			r.Sample.Weight = 3 // as of a cloze of three masks
		}
		f.Add(r)
	}
	lost := measured("hotpotqa", 4, 0, 0, 0)
	lost.Answer.Status, lost.Score = runners.Failed, scorers.Score{}
	f.Add(lost)
	in := someInput()
	in.Tasks, in.Total, in.Unreadable, in.Warnings, in.Resamples = someTasks(), 5, 0, nil, -1
	return f.Summarise(in)
}

func TestMeasuresAreAveragedByWeightOverTheRowsThatHaveThem(t *testing.T) {
	s := someMeasures()
	value := func(x float64) *float64 { return &x }
	var got []MeasureFigure
	for _, task := range s.Tasks {
		if task.Task == "hotpotqa" {
			got = task.Measures
		}
		if task.Task == "narrativeqa" && len(task.Measures) > 0 {
			t.Errorf("a task whose metric has none: %+v", task.Measures)
		}
	}
	want := []MeasureFigure{
		{Name: "bleu1", Title: "Bleu1", Table: "Text", Unit: scorers.UnitShare, Rows: 2, Value: value(62.5), Note: "from a test"},
		{Name: "bert", Title: "Bert", Table: "Text", Unit: scorers.UnitShare, Absent: "needs a model"},
		{Name: "hidden", Title: "Hidden", Unit: scorers.UnitShare, Rows: 2, Value: value(100)},
		{Name: "swaps", Title: "SD", Table: "Orders", Unit: scorers.UnitNumber, Rows: 2, Value: value(3.25)},
		{Name: "odd", Title: "odd", Table: "Text", Unit: scorers.UnitFlag, Rows: 1, Value: value(1), Note: "no sentence"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTableOfMeasures(t *testing.T) {
	got := table(t, someMeasures(), TableOptions{})
	golden(t, "table-measures.txt", got)
	if strings.Contains(got, "Hidden") {
		t.Error("a measure without a table is shown")
	}
}

func TestARowHasTheMeasuresThatHaveValues(t *testing.T) {
	r := measured("hotpotqa", 0, 0.25, 1, 0)
	r.Sample.Weight = 3
	row := newRow(r, "")
	if diff := cmp.Diff([]RowMeasure{{"bleu1", 0.25}, {"hidden", 1}, {"swaps", 1}}, row.Measures); diff != "" || row.Weight != 3 {
		t.Errorf("weight %v (-want +got):\n%s", row.Weight, diff)
	}
}

// Strata of some tasks alone are shown for those, and without the average.
func TestStrataOfOneTaskAreShownForIt(t *testing.T) {
	f := NewFacts()
	for i := range 4 {
		r := result([]string{"a", "b"}[i%2], i, 1)
		if i%2 == 0 {
			r.Sample.Strata = []string{"easy"}
		}
		f.Add(r)
	}
	in := someInput()
	in.Tasks = []benchmarks.Task{{Name: "a", Category: "c", Strata: []string{"easy"}}, {Name: "b", Category: "c"}}
	got := table(t, f.Summarise(in), TableOptions{})
	_, block, ok := strings.Cut(got, "Overall")
	if block, _, _ = strings.Cut(block, "\n\n"); !ok || !strings.Contains(block, "\na ") || strings.Contains(block, "\nb ") || strings.Contains(block, "Average") {
		t.Errorf("got %s", got)
	}
	only := NewFacts()
	only.Add(result("b", 0, 1))
	if got := table(t, only.Summarise(in), TableOptions{}); strings.Contains(got, "Overall") {
		t.Errorf("no task with strata: %s", got)
	}
}
