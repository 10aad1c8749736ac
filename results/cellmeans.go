package results

import (
	"math"
	"slices"

	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// grid lists the lengths and depths of an adaptive run's cells, in order.
func (a *AdaptiveRun) grid() []Cell {
	var out []Cell
	for _, c := range a.Cells {
		at := Cell{c.Length, c.Depth}
		if c.Length > 0 && !slices.ContainsFunc(out, func(o Cell) bool { return compareCells(o, at) == 0 }) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, compareCells)
	return out
}

// means averages cells by task, category and board, and by length and depth,
// each cell counting once. An interval goes from the mean of the cells' lower
// ends to that of their upper ones, which hold together. What lacks a cell has
// neither.
func (a *AdaptiveRun) means(in SummaryInput, grid []Cell) scorers.Aggregates {
	tasks := specs(in.Tasks)
	for i := range tasks {
		tasks[i].Strata, tasks[i].Parts, tasks[i].Headline = lengthLabels(severalDepths(grid)), nil, scorers.HeadlineMean
		for _, at := range grid {
			tasks[i].Strata = append(tasks[i].Strata, at.Label())
		}
	}
	of := func(value func(runners.CellOutcome) float64) scorers.Aggregates {
		rows := make([]scorers.Row, len(a.Cells))
		for i, c := range a.Cells {
			v := value(c)
			rows[i] = scorers.Row{Task: c.Task, Valid: !math.IsNaN(v), Strata: strataOf(c)}
			if rows[i].Valid {
				rows[i].Score = v
			}
		}
		return scorers.Aggregate(rows, tasks, scorers.AggregateOptions{Resamples: -1})
	}
	m := cellMeans{
		AdaptiveRun: a,
		low:         of(func(c runners.CellOutcome) float64 { return c.Joint.Low }),
		high:        of(func(c runners.CellOutcome) float64 { return c.Joint.High }),
		valid:       of(func(c runners.CellOutcome) float64 { return c.ValidScore }),
	}
	out := of(func(c runners.CellOutcome) float64 { return c.Score })
	m.complete(&out)
	return out
}

// strataOf are the names of the cell and of its length as strata.
func strataOf(c runners.CellOutcome) []string {
	if c.Length == 0 {
		return nil
	}
	return []string{Cell{c.Length, c.Depth}.Label(), lengthLabel(c.Length)}
}

// cellMeans are means of several figures of the same cells.
type cellMeans struct {
	*AdaptiveRun
	low, high, valid scorers.Aggregates
}

// complete gives the means of scores their intervals and the rest.
func (m *cellMeans) complete(score *scorers.Aggregates) {
	for i := range score.Tasks {
		t, low, high, valid := &score.Tasks[i], &m.low.Tasks[i], &m.high.Tasks[i], &m.valid.Tasks[i]
		tasks := []string{t.Spec.Name}
		m.settle(&t.Means, low.Means, high.Means, valid.Means, tasks, "")
		for k := range t.Strata {
			m.settle(&t.Strata[k].Means, low.Strata[k].Means, high.Strata[k].Means, valid.Strata[k].Means, tasks, t.Strata[k].Name)
		}
	}
	for i := range score.Boards {
		b, low, high, valid := &score.Boards[i], &m.low.Boards[i], &m.high.Boards[i], &m.valid.Boards[i]
		var tasks []string
		for k := range b.Categories {
			c := &b.Categories[k]
			m.settle(&c.Means, low.Categories[k].Means, high.Categories[k].Means, valid.Categories[k].Means, c.Tasks, "")
			tasks = append(tasks, c.Tasks...)
		}
		m.settle(&b.Macro, low.Macro, high.Macro, valid.Macro, tasks, "")
		m.settle(&b.Micro, low.Micro, high.Micro, valid.Micro, tasks, "")
		for k := range b.Strata {
			s := &b.Strata[k]
			m.settle(&s.Macro, low.Strata[k].Macro, high.Strata[k].Macro, valid.Strata[k].Macro, tasks, s.Name)
			m.settle(&s.Micro, low.Strata[k].Micro, high.Strata[k].Micro, valid.Strata[k].Micro, tasks, s.Name)
		}
	}
}

// settle puts means of lower ends, upper ends and valid scores into the mean of
// scores of the tasks' cells, of one stratum or of all.
func (m *cellMeans) settle(score *scorers.Means, low, high, valid scorers.Means, tasks []string, stratum string) {
	rows, sound, known := 0, 0, !score.All.Absent()
	for _, c := range m.Cells {
		if !slices.Contains(tasks, c.Task) || stratum != "" && !slices.Contains(strataOf(c), stratum) {
			continue
		}
		rows += c.Rows
		sound += c.Valid
		known = known && c.Documents > 0 && !math.IsNaN(c.Score)
	}
	*score = scorers.Means{All: scorers.Estimate{Value: score.All.Value}, Reference: math.NaN()}
	if !known {
		score.All.Interval.State = scorers.IntervalPartsMissing
		return
	}
	score.All.Rows = rows
	score.All.Interval = scorers.Interval{State: scorers.IntervalOK, Low: low.All.Value, High: high.All.Value}
	if !valid.Valid.Absent() { // over the cells that have such rows
		score.Valid = scorers.Estimate{Rows: sound, Value: valid.Valid.Value}
	}
}
