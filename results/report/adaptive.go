package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// adaptiveRun says that the run chose its samples from what came back. Its rows
// are no fair draw: figures are the summary's, of cells, and what would be
// worked out from rows is in the state stats.StateAdaptive.
func (l *loaded) adaptiveRun() bool { return l.manifest.Adaptive() }

// withoutMeans takes out of a summary what was averaged from the rows of an
// adaptive run.
func (l *loaded) withoutMeans() {
	l.summary.Tasks, l.summary.Boards = nil, nil
	l.warn("the run was adaptive and was stopped before its summary was written: means of its rows would say little; the same lcbench run command goes on")
}

// addAdaptive is addTasks and addShape of an adaptive run.
func (r *Run) addAdaptive(l *loaded, floors []floorRun) {
	r.Adaptive = l.summary.Adaptive
	for _, t := range l.summary.Tasks {
		task := Task{
			Task: t.Task, Category: t.Category, Language: t.Language, Metric: t.Metric, MetricEquals: t.MetricEquals,
			Figure: t.Figure, ByStatus: t.ByStatus, Cells: t.Cells,
		}
		task.addFloors(floors)
		task.Context = contextOfCells(t.Cells, t.Lengths)
		r.Tasks = append(r.Tasks, task)
	}
	r.Context = contextOfCells(nil, nil)
	if len(l.summary.Boards) == 1 {
		r.Context = contextOfCells(l.summary.Boards[0].Cells, l.summary.Boards[0].Lengths)
	}
	r.Middle.State, r.Middle.Interval = stats.StateAdaptive, scorers.IntervalNotAsked
	r.Difficulty.State = stats.StateAdaptive
	r.Gap.State, r.Gap.Interval = stats.StateAdaptive, scorers.IntervalNotAsked
	r.Plane.State = string(stats.StateAdaptive)
}

// contextOfCells works out how far the context reaches from figures of cells,
// each of which counts once in its length's.
func contextOfCells(cells []results.CellFigure, lengths []results.LengthFigure) Context {
	all := slices.Clone(lengths)
	documents := map[int]int{}
	for _, c := range cells {
		if !slices.ContainsFunc(lengths, func(l results.LengthFigure) bool { return l.Length == c.Length }) {
			all = append(all, results.LengthFigure{Length: c.Length, Figure: c.Figure})
		}
		if c.Adaptive != nil {
			documents[c.Length] = max(documents[c.Length], c.Adaptive.Documents)
		}
	}
	slices.SortFunc(all, func(a, b results.LengthFigure) int { return cmp.Compare(a.Length, b.Length) })
	out := Context{Lengths: "asked"}
	var curve []stats.LengthScore
	for _, f := range all {
		if f.Score == nil {
			continue
		}
		curve = append(curve, stats.LengthScore{Tokens: f.Length, Score: *f.Score / 100})
		out.Curve = append(out.Curve, Point{
			Length: f.Length, Samples: f.Rows, Documents: documents[f.Length], Score: *f.Score, Low: f.Low, High: f.High, Interval: f.Interval,
		})
	}
	out.OwnShare, out.Ruler = pointLength(stats.OwnShareLength(curve, scorers.Interval{})), pointLength(stats.RulerLength(curve))
	up, down := stats.WeightedAverages(curve)
	out.Increasing, out.Decreasing = percentOf(up), percentOf(down)
	return out
}

// pointLength is an effective length without an interval.
func pointLength(l stats.Length, nonMonotone bool) EffectiveLength {
	return EffectiveLength{Length: length(l), Interval: scorers.IntervalNotAsked, NonMonotone: nonMonotone}
}

// adaptiveFinding says that a run was adaptive, and what follows from that.
func (r *Run) adaptiveFinding() string {
	if r.Adaptive == nil {
		return ""
	}
	text := fmt.Sprintf("Adaptive run: %s of %s were asked, more where less was known. Scores are of cells, each counting once; intervals are confidence sequences",
		grouped(r.Samples.Rows), plural(r.Adaptive.Samples, "sample"))
	if t := r.Adaptive.Threshold; t != nil {
		text += fmt.Sprintf("; cells are told to reach %s or not, as all of their documents would", percentText(t))
	}
	return text + ". What is worked out from rows (the middle, the difficulty model, the plane) isn't given: which rows there are depends on the answers."
}

// verdictText says what a cell was found to be, "" where nothing was asked.
func verdictText(c *results.CellFigure) string {
	if c.Adaptive == nil {
		return ""
	}
	return map[stats.Verdict]string{
		stats.VerdictReaches: "reaches it", stats.VerdictBelow: "does not reach it", stats.VerdictOpen: "not known yet",
	}[c.Adaptive.Verdict]
}

// verdictMark is verdictText as a sign behind a figure.
func verdictMark(c *results.CellFigure) string {
	if c.Adaptive == nil {
		return ""
	}
	return map[stats.Verdict]string{stats.VerdictReaches: " ✓", stats.VerdictBelow: " ✗", stats.VerdictOpen: " ?"}[c.Adaptive.Verdict]
}
