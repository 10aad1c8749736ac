package leaderboard

import (
	"strings"
)

// longBenchColumns are the columns of LongBench's README, behind the model's
// name: the average and the categories, one decimal. Source: THUDM/LongBench at
// 2e00731, LongBench/README.md.
func longBenchColumns() []string {
	return append([]string{"Avg"}, longBenchCategories()...)
}

func longBenchCategories() []string {
	return []string{"Single-Doc QA", "Multi-Doc QA", "Summarization", "Few-shot Learning", "Code Completion", "Synthetic Tasks"}
}

// longBenchLayout is LongBench's English and its Chinese table, which have the
// same header.
func longBenchLayout() layout {
	return layout{
		name: "longbench", tables: []string{"en", "zh"},
		export: func(b *Board) ([]Table, error) {
			var out []Table
			for _, board := range []string{"en", "zh"} {
				out = append(out, b.scoreTable(board, "Model", longBenchColumns(), longBenchKey("longbench", board), style{}, "")...)
			}
			b.missingTasks("longbench")
			return out, nil
		},
		is: func(s *sheet) (string, bool) {
			return "", s.has(longBenchColumns()...) && !s.has(longBenchLengths()...)
		},
		read: func(_ *Board, s *sheet, table string) ([]*Entry, error) {
			return s.readScores("longbench", longBenchColumns(), longBenchKey("longbench", table))
		},
	}
}

// longBenchLengths are the columns that LongBench-E adds. Source: eval.py.
func longBenchLengths() []string { return []string{"0-4k", "4-8k", "8k+"} }

// longBenchELayout is LongBench-E: the columns of LongBench, then its lengths.
func longBenchELayout() layout {
	columns := append(longBenchColumns(), longBenchLengths()...)
	return layout{
		name: "longbench-e",
		export: func(b *Board) ([]Table, error) {
			b.missingTasks("longbench-e")
			return b.scoreTable("", "Model", columns, longBenchKey("longbench-e", "en"), style{}, ""), nil
		},
		is: func(s *sheet) (string, bool) { return "", s.has(columns...) },
		read: func(_ *Board, s *sheet, _ string) ([]*Entry, error) {
			return s.readScores("longbench-e", columns, longBenchKey("longbench-e", "en"))
		},
	}
}

func longBenchKey(benchmark, board string) func(string) Key {
	return func(column string) Key {
		switch {
		case column == "Avg":
			return Key{Benchmark: benchmark, Part: PartAverage, Name: board}
		case strings.HasSuffix(column, "k") || strings.HasSuffix(column, "k+"):
			return Key{Benchmark: benchmark, Part: PartStratum, Name: board, Sub: column}
		}
		return Key{Benchmark: benchmark, Part: PartCategory, Name: board, Sub: column}
	}
}

// longBenchV2Layout is LongBench v2's result.txt: tabs, one decimal. Source:
// THUDM/LongBench at 2e00731, result.py.
func longBenchV2Layout() layout {
	columns := []string{"Overall", "Easy", "Hard", "Short", "Medium", "Long"}
	key := func(column string) Key {
		if column == "Overall" {
			return Key{Benchmark: "longbench-v2", Part: PartAverage, Name: "all"}
		}
		return Key{Benchmark: "longbench-v2", Part: PartStratum, Name: "all", Sub: strings.ToLower(column)}
	}
	return layout{
		name: "longbench-v2",
		export: func(b *Board) ([]Table, error) {
			b.missingTasks("longbench-v2")
			return b.scoreTable("", "Model", columns, key, style{tabs: true}, ""), nil
		},
		is: func(s *sheet) (string, bool) { return "", s.has(columns...) },
		read: func(_ *Board, s *sheet, _ string) ([]*Entry, error) {
			return s.readScores("longbench-v2", columns, key)
		},
	}
}

// scoreTable is a table of scores, one decimal, of the entries that have any in
// it; none where no entry has. A score that isn't there is written as absent,
// and said.
func (b *Board) scoreTable(name, model string, columns []string, key func(string) Key, st style, absent string) []Table {
	t := Table{Name: name, header: append(texts(model), texts(columns...)...), style: st}
	for _, e := range b.Entries {
		row, lacking := []cell{text(b.name(e))}, []string(nil)
		for _, c := range columns {
			v := e.value(key(c))
			if v == nil {
				lacking = append(lacking, c)
			}
			row = append(row, decimals(v, 1, cell{absent, true}))
		}
		if len(lacking) == len(columns) {
			continue
		}
		t.rows = append(t.rows, row)
		b.lacks(e, name, lacking)
	}
	if len(t.rows) == 0 {
		return nil
	}
	return []Table{t}
}

// lacks says which columns a model has nothing for; an imported row's gaps are
// its file's.
func (b *Board) lacks(e *Entry, table string, columns []string) {
	if len(columns) == 0 || e.Source != "" {
		return
	}
	if table != "" {
		table = " in table " + table
	}
	b.note("%s has no figure%s for %s", b.name(e), table, strings.Join(columns, ", "))
}

// missingTasks says which averages are over fewer tasks than the benchmark has.
func (b *Board) missingTasks(benchmark string) {
	for _, e := range b.Entries {
		for _, board := range newRank(b.knownAs(benchmark)).boards {
			if tasks := e.Runs[benchmark].Missing[board]; len(tasks) > 0 {
				b.note("%s ran no %s: averages of %s are over its other tasks", b.name(e), strings.Join(tasks, ", "), strings.TrimSpace(benchmark+" "+board))
			}
		}
	}
}

// readScores reads a table of scores whose first column names the model.
func (s *sheet) readScores(layout string, columns []string, key func(string) Key) ([]*Entry, error) {
	if err := s.need(layout, columns...); err != nil {
		return nil, err
	}
	var out []*Entry
	for _, r := range s.rows {
		e, err := s.imported(r, 0)
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			if err := s.take(e, r, c, key(c)); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, nil
}
