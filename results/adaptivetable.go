package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers/stats"
)

// known prints what an adaptive run knows of each cell: its interval, and its
// verdict where one was wanted.
func (t *tablePage) known(b BoardScore, lengths []int, depths []string) {
	var rows [][]string
	for _, n := range lengths {
		row := []string{distinctName(n, lengths)}
		for _, d := range depths {
			at := slices.IndexFunc(b.Cells, func(c CellFigure) bool { return c.Length == n && depthName(c.Depth) == d })
			if at < 0 {
				row = append(row, "–")
				continue
			}
			row = append(row, intervalText(b.Cells[at].Figure)+verdictMark(b.Cells[at].Adaptive))
		}
		rows = append(rows, row)
	}
	t.split(append([]string{withBoard("95% CI", b.Board)}, depths...), rows)
}

// verdictMark is a verdict in a sign, which the footnotes explain.
func verdictMark(c *AdaptiveCell) string {
	if c == nil {
		return ""
	}
	return map[stats.Verdict]string{stats.VerdictReaches: " ✓", stats.VerdictBelow: " ✗", stats.VerdictOpen: " ?"}[c.Verdict]
}

// adaptiveFormula says what the figures of an adaptive run are.
func adaptiveFormula(s Summary, average string) string {
	a := s.Adaptive
	var until []string
	if a.Width != nil {
		until = append(until, fmt.Sprintf("its interval was within %s points of its middle", points(*a.Width)))
	}
	if a.Threshold != nil {
		until = append(until, fmt.Sprintf("it was found to reach %s or not", points(*a.Threshold)))
	}
	if len(until) == 0 {
		until = []string{"all was asked"}
	}
	text := fmt.Sprintf("Adaptive run: each cell was asked, in random order, until %s (%s). ", strings.Join(until, " or "), a.counts())
	text += "Score: mean over a cell's documents, in percent; else the unweighted mean of cells, not of rows, of which cells that are harder to know have more. " + average
	text += " 95% CI: confidence sequences, right however often they were looked at; those of means hold for all cells together."
	if a.Threshold != nil {
		text += fmt.Sprintf(" ✓ reaches %s, ✗ does not, ? open: what all documents of the cell would score; all verdicts are right together in 95%% of runs.", points(*a.Threshold))
	}
	return text
}

// counts says how the cells ended.
func (a *AdaptiveFigures) counts() string {
	var parts []string
	for _, state := range []struct {
		of   runners.CellState
		text string
	}{
		{runners.CellJudged, "found"}, {runners.CellNarrow, "narrow"},
		{runners.CellExhausted, "asked to the end"}, {runners.CellOpen, "still open"},
	} {
		if n := a.States[state.of]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state.text))
		}
	}
	return fmt.Sprintf("of %s: %s", plural(a.Cells, "cell"), strings.Join(parts, ", "))
}

func points(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
