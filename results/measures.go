package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// MeasureFigure is a task's figure by one of the measures that its metric gives
// beside the score, over the rows that have it.
type MeasureFigure struct {
	Name  string       `json:"name"`
	Title string       `json:"title"`
	Table string       `json:"table"`
	Unit  scorers.Unit `json:"unit"`
	// Rows is how many rows it is over; rows that could not be asked have none.
	Rows int `json:"n"`
	// Value is a mean, in percent of a share, or the rows that are flagged. It is
	// null where there is none, and Absent then says why.
	Value  *float64 `json:"value"`
	Absent string   `json:"absent,omitempty"`
	Note   string   `json:"note,omitempty"`
}

// RowMeasure is one measure of one row, in its own unit (shares in 0..1).
type RowMeasure struct {
	Name  string  `json:"name" parquet:"name,dict"`
	Value float64 `json:"value" parquet:"value"`
}

// rowMeasures are the measures that have a value.
func rowMeasures(measures []scorers.Measure) []RowMeasure {
	var out []RowMeasure
	for _, m := range measures {
		if m.Absent == "" {
			out = append(out, RowMeasure{m.Name, m.Value})
		}
	}
	return out
}

// rowFigures are one row's measures: the kinds are shared with other rows.
type rowFigures struct {
	kinds  []scorers.Measure
	values []float64
}

// keepMeasures returns what has to be kept of a row's measures.
func (f *Facts) keepMeasures(measures []scorers.Measure) *rowFigures {
	if len(measures) == 0 {
		return nil
	}
	var key strings.Builder
	values := make([]float64, len(measures))
	for i, m := range measures {
		values[i] = m.Value
		key.WriteString(m.Name + "\x00" + m.Absent + "\x00")
	}
	kinds, ok := f.measures[key.String()]
	if !ok {
		kinds = slices.Clone(measures)
		f.measures[key.String()] = kinds
	}
	return &rowFigures{kinds, values}
}

// measureSum adds up one measure of one task.
type measureSum struct {
	kind                 scorers.Measure
	rows                 int
	sum, weight, flagged float64
}

// measureFigures averages the measures by task, each in order of first
// appearance; rows are added in file order, so scored has to come first.
func (f *Facts) measureFigures() map[string][]MeasureFigure {
	sums := map[string][]*measureSum{}
	for i := range f.rows {
		r := &f.rows[i]
		if r.measures == nil {
			continue
		}
		weight := r.Weight
		if weight <= 0 {
			weight = 1
		}
		for k, kind := range r.measures.kinds {
			weight := weight
			if kind.Unweighted {
				weight = 1
			}
			at := slices.IndexFunc(sums[r.Task], func(s *measureSum) bool { return s.kind.Name == kind.Name })
			if at < 0 {
				at = len(sums[r.Task])
				sums[r.Task] = append(sums[r.Task], &measureSum{kind: kind})
			}
			s := sums[r.Task][at]
			if kind.Absent != "" {
				continue
			}
			s.rows++
			s.flagged += r.measures.values[k]
			s.sum += weight * r.measures.values[k]
			s.weight += weight
		}
	}
	out := map[string][]MeasureFigure{}
	for task, list := range sums {
		for _, s := range list {
			out[task] = append(out[task], s.figure())
		}
	}
	return out
}

func (s *measureSum) figure() MeasureFigure {
	m := MeasureFigure{
		Name: s.kind.Name, Title: s.kind.Title, Table: s.kind.Table, Unit: s.kind.Unit,
		Rows: s.rows, Absent: s.kind.Absent, Note: s.kind.Note,
	}
	if s.rows == 0 {
		return m
	}
	m.Absent = ""
	v := s.sum / s.weight
	switch s.kind.Unit {
	case scorers.UnitShare:
		v *= 100
	case scorers.UnitFlag:
		v = s.flagged
	}
	m.Value = &v
	return m
}

// measures prints the tables that tasks' measures belong to, each once. What
// has no figure anywhere is left to the footnotes.
func (t *tablePage) measures(s Summary) {
	var tables []string
	for _, task := range s.Tasks {
		for _, m := range task.Measures {
			if m.Table != "" && m.Value != nil && m.Unit != scorers.UnitFlag && !slices.Contains(tables, m.Table) {
				tables = append(tables, m.Table)
			}
		}
	}
	for _, name := range tables {
		t.measureTable(s, name)
	}
}

func (t *tablePage) measureTable(s Summary, name string) {
	header := []string{name, "N"}
	var names []string
	shown := func(m MeasureFigure) bool { return m.Table == name && m.Value != nil && m.Unit != scorers.UnitFlag }
	for _, task := range s.Tasks {
		for _, m := range task.Measures {
			if shown(m) && !slices.Contains(names, m.Name) {
				names, header = append(names, m.Name), append(header, m.Title)
			}
		}
	}
	var rows [][]string
	for _, task := range s.Tasks {
		row := append([]string{task.Task, "–"}, slices.Repeat([]string{"–"}, len(names))...)
		most := 0
		for _, m := range task.Measures {
			if shown(m) {
				most = max(most, m.Rows)
				row[2+slices.Index(names, m.Name)] = measureText(m)
			}
		}
		if row[1] = strconv.Itoa(most); most > 0 {
			rows = append(rows, row)
		}
	}
	t.split(header, rows)
}

func measureText(m MeasureFigure) string {
	if m.Unit == scorers.UnitNumber {
		return strconv.FormatFloat(*m.Value, 'f', 4, 64)
	}
	return score(m.Value)
}

// measureNotes say what the measures rest on, what was flagged, and which ones
// have no figure.
func (t *tablePage) measureNotes(s Summary) {
	var lines, absent []string
	add := func(list *[]string, line string) {
		if !slices.Contains(*list, line) {
			*list = append(*list, line)
		}
	}
	for _, task := range s.Tasks {
		for _, m := range task.Measures {
			switch {
			case m.Value == nil:
				add(&absent, m.Title+" ("+m.Absent+")")
			case m.Unit == scorers.UnitFlag:
				add(&lines, fmt.Sprintf("%s: %s: %s.", task.Task, plural(int(*m.Value), "row"), m.Note))
			case m.Note != "":
				add(&lines, m.Title+": "+m.Note+".")
			}
		}
	}
	if len(absent) > 0 {
		lines = append(lines, "Not computed: "+strings.Join(absent, "; ")+".")
	}
	for _, line := range lines {
		t.text(line, "")
	}
}
