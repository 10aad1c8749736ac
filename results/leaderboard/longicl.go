package leaderboard

import "strings"

// longICLLayout is LongICLBench: a table a data set, a column a number of
// rounds. Its paper has no file of them; the columns are those of its tables.
// Source: arXiv 2404.02060.
func longICLLayout() layout {
	columns := []string{"1R", "2R", "3R", "4R", "5R"}
	header := append([]string{"Param", "Support"}, columns...)
	tasks := []string{"goemotion", "banking77", "tacred", "fewnerd", "dialogre", "discovery"}
	return layout{
		name: "longicl", tables: tasks,
		export: func(b *Board) ([]Table, error) {
			var out []Table
			for _, task := range tasks {
				t := Table{Name: task, header: append(texts("Model"), texts(header...)...)}
				for _, e := range b.Entries {
					if row := b.rounds(e, task, columns); row != nil {
						t.rows = append(t.rows, row)
					}
				}
				if len(t.rows) > 0 {
					out = append(out, t)
				}
			}
			return out, nil
		},
		is: func(s *sheet) (string, bool) { return "", s.has(append([]string{"Model"}, columns...)...) },
		read: func(_ *Board, s *sheet, table string) ([]*Entry, error) {
			out, err := s.readScores("longicl", columns, roundsKey(table))
			for i, e := range out {
				e.keep("longicl/Param", s.get(s.rows[i], "Param"))
				e.readWindow("longicl/Support", s.get(s.rows[i], "Support"))
			}
			return out, err
		},
	}
}

// roundsKey is that of a number of rounds: a stratum of the task.
func roundsKey(task string) func(string) Key {
	return func(column string) Key {
		stratum := strings.TrimSuffix(column, "R") + " rounds"
		if column == "1R" {
			stratum = "1 round"
		}
		return Key{Benchmark: "liconbench", Part: PartTaskStratum, Name: task, Sub: stratum}
	}
}

// rounds is an entry's row of a data set, one decimal; nil where it has none.
func (b *Board) rounds(e *Entry, task string, columns []string) []cell {
	row := []cell{text(b.name(e)), text(e.extra["longicl/Param"]), text(e.window("longicl/Support"))}
	var lacking []string
	for _, c := range columns {
		v := e.value(roundsKey(task)(c))
		if v == nil {
			lacking = append(lacking, c)
		}
		row = append(row, decimals(v, 1, missing))
	}
	if len(lacking) == len(columns) {
		return nil
	}
	b.lacks(e, task, lacking)
	return row
}

// keep keeps a cell that only its own layout has.
func (e *Entry) keep(name, cell string) {
	if cell != "" {
		e.extra[name] = cell
	}
}

// readWindow takes a window from a cell, which is kept as it was written.
func (e *Entry) readWindow(name, cell string) {
	e.keep(name, cell)
	e.Window = parseLength(cell)
}

// window writes the entry's window, as it was read where it was.
func (e *Entry) window(name string) string {
	switch {
	case e.extra[name] != "":
		return e.extra[name]
	case e.Window > 0:
		return lengthText(e.Window)
	}
	return ""
}
