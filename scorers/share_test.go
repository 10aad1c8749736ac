package scorers

import (
	"math"
	"testing"
)

func TestCategoriesCountByTheirShares(t *testing.T) {
	specs := []TaskSpec{
		{Name: "a", Category: "single", Share: 0.4}, {Name: "b", Category: "multi", Share: 0.3},
		{Name: "c", Category: "multi", Share: 0.3}, {Name: "d", Category: "chain", Share: 0.3},
	}
	row := func(task string, score float64, valid bool) Row { return Row{Task: task, Score: score, Valid: valid} }
	rows := []Row{row("a", 1, true), row("b", 0.5, true), row("c", 0, true), row("d", 0.2, false)}
	board := Aggregate(rows, specs, AggregateOptions{Resamples: 100}).Boards[0]
	if want := 0.4*1 + 0.3*0.25 + 0.3*0.2; math.Abs(board.Macro.All.Value-want) > tolerance || math.Abs(board.Macro.Reference-100*want) > 1e-6 {
		t.Errorf("mean %v, reference %v, want %v", board.Macro.All.Value, board.Macro.Reference, want)
	}
	if want := (0.4*1 + 0.3*0.25) / 0.7; math.Abs(board.Macro.Valid.Value-want) > tolerance {
		t.Errorf("valid mean %v, want %v", board.Macro.Valid.Value, want)
	}
	// What has no rows counts nowhere, and the shares of the rest are among themselves.
	board = Aggregate(rows[:2], specs, AggregateOptions{Resamples: 100}).Boards[0]
	if want := (0.4*1 + 0.3*0.5) / 0.7; math.Abs(board.Macro.All.Value-want) > tolerance {
		t.Errorf("mean of two categories %v, want %v", board.Macro.All.Value, want)
	}
}

func TestIntervalsFollowTheShares(t *testing.T) {
	var rows []Row
	for i := range 40 {
		rows = append(rows, Row{Task: "a", Score: float64(i % 2)}, Row{Task: "b", Score: 1})
	}
	width := func(share float64) float64 {
		specs := []TaskSpec{{Name: "a", Category: "a", Share: share}, {Name: "b", Category: "b", Share: 1 - share}}
		i := Aggregate(rows, specs, AggregateOptions{Resamples: 1000}).Boards[0].Macro.All.Interval
		return i.High - i.Low
	}
	if narrow, wide := width(0.1), width(0.9); math.Abs(wide/narrow-9) > 0.01 {
		t.Errorf("widths %v and %v: want nine times", narrow, wide)
	}
}
