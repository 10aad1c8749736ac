package results

import (
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/scorers"
)

// addCells averages by length and depth, and by length alone where several
// depths were asked for: as strata of their own.
func (f *Facts) addCells(s *Summary, in SummaryInput, o scorers.AggregateOptions) {
	rows, cells := f.byCell()
	if len(rows) == 0 {
		return
	}
	labels := make([]string, len(cells))
	for i, c := range cells {
		labels[i] = c.Label()
	}
	byCell := specs(in.Tasks)
	lengths := severalDepths(cells)
	for i := range byCell {
		byCell[i].Strata, byCell[i].Parts = slices.Concat(labels, lengthLabels(lengths)), nil
	}
	averages := scorers.Aggregate(rows, byCell, o)
	for _, t := range averages.Tasks {
		at := slices.IndexFunc(s.Tasks, func(x TaskScore) bool { return x.Task == t.Spec.Name })
		if at < 0 {
			continue
		}
		var figures []NamedFigure
		for _, stratum := range t.Strata {
			figures = append(figures, NamedFigure{stratum.Name, figure(stratum.Means)})
		}
		s.Tasks[at].Cells, s.Tasks[at].Lengths = inCells(figures, cells, lengths)
	}
	for _, b := range averages.Boards {
		at := slices.IndexFunc(s.Boards, func(x BoardScore) bool { return x.Board == b.Name })
		if at >= 0 {
			s.Boards[at].Cells, s.Boards[at].Lengths = inCells(boardScore(b, in.Average).Strata, cells, lengths)
		}
	}
}

// severalDepths lists the lengths at which there are rows of several depths, in
// order.
func severalDepths(cells []Cell) []int {
	var out []int
	for i := 1; i < len(cells); i++ {
		if n := cells[i].Length; n == cells[i-1].Length && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// lengthLabels name lengths as strata: no cell's label.
func lengthLabels(lengths []int) []string {
	out := make([]string, len(lengths))
	for i, n := range lengths {
		out[i] = lengthLabel(n)
	}
	return out
}

func lengthLabel(n int) string { return strconv.Itoa(n) + "@all" }

// inCells sorts the figures of strata that have rows into cells and lengths.
func inCells(figures []NamedFigure, cells []Cell, lengths []int) (byCell []CellFigure, byLength []LengthFigure) {
	at := func(label string) (Figure, bool) {
		i := slices.IndexFunc(figures, func(f NamedFigure) bool { return f.Name == label })
		if i < 0 || figures[i].Score == nil {
			return Figure{}, false
		}
		return figures[i].Figure, true
	}
	for _, c := range cells {
		if f, ok := at(c.Label()); ok {
			byCell = append(byCell, CellFigure{Length: c.Length, Depth: c.Depth, Figure: f})
		}
	}
	for _, n := range lengths {
		if f, ok := at(lengthLabel(n)); ok {
			byLength = append(byLength, LengthFigure{n, f})
		}
	}
	return byCell, byLength
}
