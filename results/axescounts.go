package results

import (
	"fmt"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// unknownAxes is what AxesUnknown is called in a summary.
const unknownAxes = "unknown"

// axesCounts counts the rows by the state of their axes; nil without a row.
func (f *Facts) axesCounts() map[string]int {
	if len(f.counts.axes) == 0 {
		return nil
	}
	out := map[string]int{}
	for state, n := range f.counts.axes {
		if state == benchmarks.AxesUnknown {
			state = unknownAxes
		}
		out[string(state)] += n
	}
	return out
}

// axesLine says where the rows' diffusion and scope come from; "" where no row
// has any.
func axesLine(s Summary) string {
	if s.NoContext || s.Axes[unknownAxes] == s.Samples.Rows {
		return ""
	}
	var parts []string
	for _, p := range []struct {
		state benchmarks.AxesState
		words string
	}{
		{benchmarks.AxesMeasured, "measured"},
		{benchmarks.AxesPartial, "in part"},
		{benchmarks.AxesAssigned, "assigned by task"},
		{benchmarks.AxesUnanswerable, "unanswerable, their evidence was cut"},
		{benchmarks.AxesNoContext, "without a context"},
		{unknownAxes, "unknown"},
	} {
		if n := s.Axes[string(p.state)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", grouped(n), p.words))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Diffusion and scope: " + strings.Join(parts, ", ") + "."
}

// paperQuadrant is the paper's class of a task, "" for none.
func paperQuadrant(benchmark, task, category string) string {
	prior, _ := scorers.PriorOf(benchmark, task, category)
	return prior.PaperQuadrant
}
