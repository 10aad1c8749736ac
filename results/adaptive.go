package results

import (
	"slices"

	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers/stats"
)

// AdaptiveRun is what an adaptive run came to.
type AdaptiveRun struct {
	Rule  runners.Adaptive
	Cells []runners.CellOutcome
	// Samples is how many the whole grid has.
	Samples int
}

// AdaptiveFigures say how an adaptive run chose its samples. In its summary the
// mean of a cell is over documents, each the mean of its rows; any other figure
// is the unweighted mean of cells, since cells of which less was known have more
// rows. Intervals of cells hold one by one, those of means of cells all
// together.
type AdaptiveFigures struct {
	// Width and Threshold are in points; null: not asked for.
	Width     *float64 `json:"width"`
	Threshold *float64 `json:"threshold"`
	// Samples is how many the whole grid has, Cells in how many cells.
	Samples int `json:"grid_samples"`
	Cells   int `json:"cells"`
	// States count cells by why they are no longer asked, Verdicts by what they
	// are found to be.
	States   map[runners.CellState]int `json:"states"`
	Verdicts map[stats.Verdict]int     `json:"verdicts,omitempty"`
}

// AdaptiveCell is how far an adaptive run went in a cell of one task.
type AdaptiveCell struct {
	// Documents were asked of Pool that there are.
	Documents int               `json:"documents"`
	Pool      int               `json:"pool"`
	State     runners.CellState `json:"state"`
	// Verdict is on what all documents of the pool would score.
	Verdict stats.Verdict `json:"verdict,omitempty"`
}

// addAdaptive puts the figures of an adaptive run into a summary, in place of
// means over rows.
func (s *Summary) addAdaptive(in SummaryInput) {
	a := in.Adaptive
	s.Adaptive = &AdaptiveFigures{Samples: a.Samples, Cells: len(a.Cells), States: map[runners.CellState]int{}}
	if a.Rule.Width > 0 {
		s.Adaptive.Width = percent(a.Rule.Width)
	}
	if a.Rule.Threshold > 0 {
		s.Adaptive.Threshold, s.Adaptive.Verdicts = percent(a.Rule.Threshold), map[stats.Verdict]int{}
	}
	for _, c := range a.Cells {
		s.Adaptive.States[c.State]++
		if s.Adaptive.Verdicts != nil {
			s.Adaptive.Verdicts[c.Verdict]++
		}
	}
	s.Method.Interval, s.Method.Resamples = a.Rule.Method(), -1
	cells := a.grid()
	means := a.means(in, cells)
	before := s.Tasks
	s.Tasks, s.Boards = nil, nil
	for _, t := range means.Tasks {
		at := slices.IndexFunc(before, func(x TaskScore) bool { return x.Task == t.Spec.Name })
		if at < 0 {
			continue
		}
		task := before[at]
		task.Figure, task.Measures = figure(t.Means), nil // means over rows
		var strata []NamedFigure
		for _, stratum := range t.Strata {
			strata = append(strata, NamedFigure{stratum.Name, figure(stratum.Means)})
		}
		task.Strata = nil
		task.Cells, task.Lengths = inCells(strata, cells, severalDepths(cells))
		a.mark(task.Cells, []string{task.Task})
		s.Tasks = append(s.Tasks, task)
	}
	for _, b := range means.Boards {
		board := boardScore(b, in.Average)
		board.Cells, board.Lengths = inCells(board.Strata, cells, severalDepths(cells))
		board.Strata = nil
		var tasks []string
		for _, c := range b.Categories {
			tasks = append(tasks, c.Tasks...)
		}
		a.mark(board.Cells, tasks)
		s.Boards = append(s.Boards, board)
	}
}

// mark gives cells that are of one task their own intervals, and says how far
// the run went in them.
func (a *AdaptiveRun) mark(figures []CellFigure, tasks []string) {
	for i := range figures {
		f := &figures[i]
		label := Cell{f.Length, f.Depth}.Label()
		var of []runners.CellOutcome
		for _, c := range a.Cells {
			if slices.Contains(tasks, c.Task) && c.Length > 0 && (Cell{c.Length, c.Depth}).Label() == label {
				of = append(of, c)
			}
		}
		if len(of) != 1 {
			continue
		}
		c := of[0]
		f.Low, f.High, f.Interval = percent(c.Interval.Low), percent(c.Interval.High), c.Interval.State
		f.Adaptive = &AdaptiveCell{Documents: c.Documents, Pool: c.Pool, State: c.State, Verdict: c.Verdict}
	}
}
