package results

import (
	"math"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
)

// A length's figure is over its depths, by the categories' shares; a length of
// one depth has none of its own.
func TestLengthsAreAveragedOverTheirDepths(t *testing.T) {
	f := NewFacts()
	add := func(task string, index, length int, depth, score float64) {
		r := result(task, index, score)
		r.Sample.TargetLength, r.Sample.Depth = length, &depth
		f.Add(r)
	}
	add("one", 0, 1000, 0, 1)
	add("one", 1, 1000, 100, 0)
	add("two", 2, 1000, 50, 1)
	add("one", 3, 2000, 0, 1)
	in := someInput()
	in.Tasks = []benchmarks.Task{{Name: "one", Category: "x", Share: 0.4}, {Name: "two", Category: "y", Share: 0.6}}
	s := f.Summarise(in)
	board := s.Boards[0]
	if len(board.Lengths) != 1 || board.Lengths[0].Length != 1000 || math.Abs(*board.Lengths[0].Score-80) > 1e-9 {
		t.Errorf("lengths of the board: %+v, want 80 at 1000", board.Lengths)
	}
	at := slices.IndexFunc(s.Tasks, func(t TaskScore) bool { return t.Task == "one" })
	if task := s.Tasks[at]; len(task.Lengths) != 1 || *task.Lengths[0].Score != 50 || len(task.Cells) != 3 {
		t.Errorf("lengths of the task: %+v, cells %+v", task.Lengths, task.Cells)
	}
	if s.Method.Shares["x"] != 0.4 || s.Method.Shares["y"] != 0.6 {
		t.Errorf("shares %v", s.Method.Shares)
	}
}
