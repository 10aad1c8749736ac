package results

import (
	"math"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// outcome is a cell of which so many documents of 60 were asked, all of one
// score.
func outcome(task string, length int, depth float64, documents int, score float64, verdict stats.Verdict) runners.CellOutcome {
	c := runners.CellOutcome{
		Task: task, Length: length, Depth: &depth, State: runners.CellJudged, Verdict: verdict, Documents: documents, Pool: 60,
		Rows: 2 * documents, Valid: documents, Score: score, ValidScore: score / 2,
		Interval: scorers.Interval{State: scorers.IntervalOK, Low: score - 0.1, High: score + 0.1},
		Joint:    scorers.Interval{State: scorers.IntervalOK, Low: score - 0.2, High: score + 0.2},
	}
	if documents == 0 {
		c.State, c.Score, c.ValidScore = runners.CellOpen, math.NaN(), math.NaN()
		c.Interval, c.Joint = scorers.Interval{State: scorers.IntervalNoRows}, scorers.Interval{State: scorers.IntervalNoRows}
	}
	return c
}

// adaptiveInput is a run of two tasks whose rows lie mostly in the worst cell.
func adaptiveInput(cells ...runners.CellOutcome) (*Facts, SummaryInput) {
	f := NewFacts()
	index := 0
	for _, c := range cells {
		for range c.Rows {
			r := result(c.Task, index, c.Score)
			r.Sample.TargetLength, r.Sample.Depth, r.Draw = c.Length, c.Depth, 1+index
			f.Add(r)
			index++
		}
	}
	in := someInput()
	in.Tasks = []benchmarks.Task{{Name: "one", Category: "x", Metric: "qa_f1"}, {Name: "two", Category: "y", Metric: "qa_f1"}}
	in.Warnings, in.Unreadable = nil, 0
	in.Adaptive = &AdaptiveRun{Rule: runners.Adaptive{Threshold: stats.RulerThreshold}, Cells: cells, Samples: 600}
	return f, in
}

func TestAdaptiveScoresAreMeansOfCellsNotOfRows(t *testing.T) {
	f, in := adaptiveInput(
		outcome("one", 4000, 0, 5, 0.9, stats.VerdictReaches), outcome("one", 4000, 100, 10, 0.8, stats.VerdictReaches),
		outcome("one", 8000, 0, 60, 0.3, stats.VerdictBelow), outcome("two", 4000, 0, 5, 0.5, stats.VerdictOpen),
	)
	s := f.Summarise(in)
	near := func(what string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	one := s.Tasks[0]
	near("task one", one.Score, 100*(0.9+0.8+0.3)/3)
	near("its lower end", one.Low, 100*(0.7+0.6+0.1)/3)
	near("its upper end", one.High, 100*(1.1+1.0+0.5)/3)
	near("its valid score", one.Valid, 50*(0.9+0.8+0.3)/3)
	if one.Rows != 150 || one.ValidRows != 75 {
		t.Errorf("task one is of %d rows, %d valid", one.Rows, one.ValidRows)
	}
	near("both depths at 4k", one.Lengths[0].Score, 85)
	near("the lower end of both", one.Lengths[0].Low, 65)
	board := s.Boards[0]
	near("average of the categories", board.Average.Score, 100*((0.9+0.8+0.3)/3+0.5)/2)
	near("mean over cells", board.Micro.Score, 100*(0.9+0.8+0.3+0.5)/4)
	if board.Average.Rows != 160 || len(one.Lengths) != 1 || len(board.Cells) != 3 {
		t.Errorf("board of %d rows with %d cells: %+v", board.Average.Rows, len(board.Cells), one.Lengths)
	}
	// A cell of one task has its own interval, one of two tasks that of all.
	near("a cell's lower end", board.Cells[1].Low, 70)
	near("the lower end of a cell of two tasks", board.Cells[0].Low, 50)
	if a := board.Cells[1].Adaptive; a == nil || a.Documents != 10 || a.Pool != 60 || a.Verdict != stats.VerdictReaches || board.Cells[0].Adaptive != nil {
		t.Errorf("cells of the board: %+v, %+v", board.Cells[0].Adaptive, a)
	}
	if a := s.Adaptive; a.Cells != 4 || a.Samples != 600 || a.Verdicts[stats.VerdictReaches] != 2 || a.States[runners.CellJudged] != 4 || a.Width != nil || *a.Threshold != 85.6 {
		t.Errorf("%+v", a)
	}
	if !strings.Contains(s.Method.Interval, "confidence sequence") {
		t.Errorf("the method is %q", s.Method.Interval)
	}
	golden(t, "table-adaptive.txt", table(t, s, TableOptions{}))
}

func TestAMeanOfCellsNeedsAllOfThem(t *testing.T) {
	f, in := adaptiveInput(outcome("one", 4000, 0, 5, 0.9, stats.VerdictReaches), outcome("one", 8000, 0, 0, 0, stats.VerdictOpen), outcome("two", 4000, 0, 5, 0.5, stats.VerdictOpen))
	in.State, in.Adaptive.Rule = Partial, runners.Adaptive{Width: 0.1}
	s := f.Summarise(in)
	if one, two := s.Tasks[0], s.Tasks[1]; one.Score != nil || one.Low != nil || two.Score == nil || s.Boards[0].Average.Score != nil {
		t.Errorf("one %+v, two %+v, average %+v", one.Figure, two.Figure, s.Boards[0].Average)
	}
	if len(s.Boards[0].Cells) != 1 {
		t.Errorf("cells %+v", s.Boards[0].Cells)
	}
	text := table(t, s, TableOptions{})
	for _, want := range []string{"adaptive: 20 of 600 samples", "some cell of the task has no document yet", "within 10 points", "1 still open"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
