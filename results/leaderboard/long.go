package leaderboard

import (
	"fmt"
	"slices"
	"strconv"
)

// longLayout is a row a figure, cells of length and depth included.
func longLayout() layout {
	return layout{
		name: "long",
		export: func(b *Board) ([]Table, error) {
			t := Table{}
			columns := longColumns()
			for _, c := range columns {
				t.header = append(t.header, text(c.name))
			}
			for _, x := range b.tidy() {
				t.rows = append(t.rows, rowOf(columns, x))
			}
			return []Table{t}, nil
		},
		is: func(s *sheet) (string, bool) {
			return "", s.has("format", "model", "benchmark", "part", "score", "ci_low", "ci_high")
		},
		read: func(_ *Board, s *sheet, _ string) ([]*Entry, error) { return readLong(s) },
	}
}

// tidy is a row of layout long: a figure, whose it is, and of which run.
type tidy struct {
	entry                                                           *Entry
	facts                                                           Facts
	figure                                                          Figure
	board, category, task, stratum, diffusion, scope, judge, aspect string
}

// tidy lists the board's figures, an entry after the other.
func (b *Board) tidy() []*tidy {
	var out []*tidy
	for _, e := range b.Entries {
		for _, benchmark := range b.benchmarks() {
			for _, k := range b.keys(benchmark) {
				f, ok := e.Figures[k]
				if !ok {
					continue
				}
				t := &tidy{entry: e, facts: e.Runs[benchmark], figure: f}
				first, second := t.names()
				*first, *second = k.Name, k.Sub
				out = append(out, t)
			}
		}
	}
	return out
}

// names are the columns in which the names of the figure's part stand.
func (t *tidy) names() (first, second *string) {
	switch t.figure.Part {
	case PartCategory:
		return &t.board, &t.category
	case PartTask, PartTaskStratum, PartCell:
		return &t.task, &t.stratum
	case PartDiffusion, PartPlane:
		return &t.diffusion, &t.scope
	case PartScope:
		return &t.scope, &t.diffusion
	case PartJudge:
		return &t.judge, &t.aspect
	}
	return &t.board, &t.stratum
}

// longColumns lists the columns of layout long.
func longColumns() []column[*tidy] {
	ofEntry := func(columns []column[*Entry]) []column[*tidy] {
		var out []column[*tidy]
		for _, c := range columns {
			out = append(out, column[*tidy]{c.name, c.kind, func(t *tidy) any { return c.get(t.entry) }, func(t *tidy, v any) { c.set(t.entry, v) }})
		}
		return out
	}
	return slices.Concat([]column[*tidy]{formatColumn[*tidy]()}, ofEntry(modelColumns()), figureNames(), figureValues(), ofEntry(identityColumns()), tidyFacts())
}

// figureNames say what a figure is of.
func figureNames() []column[*tidy] {
	return []column[*tidy]{
		textOf("benchmark", func(t *tidy) *string { return &t.figure.Benchmark }),
		textOf("part", func(t *tidy) *string { return (*string)(&t.figure.Part) }),
		textOf("board", func(t *tidy) *string { return &t.board }),
		textOf("category", func(t *tidy) *string { return &t.category }),
		textOf("task", func(t *tidy) *string { return &t.task }),
		textOf("stratum", func(t *tidy) *string { return &t.stratum }),
		textOf("diffusion", func(t *tidy) *string { return &t.diffusion }),
		textOf("scope", func(t *tidy) *string { return &t.scope }),
		textOf("judge", func(t *tidy) *string { return &t.judge }),
		textOf("judge_figure", func(t *tidy) *string { return &t.aspect }),
		textOf("metric", func(t *tidy) *string { return &t.figure.Metric }),
		{"length_bin", Int, func(t *tidy) any {
			if t.figure.Length > 0 {
				return t.figure.Length
			}
			return nil
		}, func(t *tidy, v any) { t.figure.Length = v.(int) }},
		{"depth_bin", Float, func(t *tidy) any {
			if v, err := strconv.ParseFloat(t.figure.Depth, 64); err == nil {
				return v
			}
			return nil
		}, func(t *tidy, v any) { t.figure.Depth = depthText(ptr(v.(float64))) }},
	}
}

// figureValues are a figure's n, value, called score, interval and states.
func figureValues() []column[*tidy] {
	return []column[*tidy]{
		optional("n", Int, func(t *tidy) **int { return &t.figure.N }),
		optional("score", Float, func(t *tidy) **float64 { return &t.figure.Value }),
		optional("ci_low", Float, func(t *tidy) **float64 { return &t.figure.Low }),
		optional("ci_high", Float, func(t *tidy) **float64 { return &t.figure.High }),
		textOf("state", func(t *tidy) *string { return &t.figure.State }),
		textOf("ci_low_state", func(t *tidy) *string { return &t.figure.LowState }),
		textOf("ci_high_state", func(t *tidy) *string { return &t.figure.HighState }),
	}
}

// tidyFacts are of the run that the figure comes from.
func tidyFacts() []column[*tidy] {
	return []column[*tidy]{
		textOf("run_state", func(t *tidy) *string { return &t.facts.State }),
		optional("builtin", Bool, func(t *tidy) **bool { return &t.facts.Builtin }),
		textOf("lcbench_version", func(t *tidy) *string { return &t.facts.Version }),
		textOf("run_settings", func(t *tidy) *string { return &t.facts.Settings }),
		textOf("data", func(t *tidy) *string { return &t.facts.Data }),
		textOf("data_sha256", func(t *tidy) *string { return &t.facts.DataSHA256 }),
	}
}

// readLong reads what layout long writes.
func readLong(s *sheet) ([]*Entry, error) {
	if err := s.need("long", "format", "model", "benchmark", "part", "score"); err != nil {
		return nil, err
	}
	known := longColumns()
	columns := make([]column[*tidy], len(s.header.cells))
	for i, name := range s.header.cells {
		at := slices.IndexFunc(known, func(c column[*tidy]) bool { return c.name == name })
		if at < 0 {
			return nil, s.headerError(i, fmt.Errorf("column %q: layout long has none, in format %d", short(name), Format))
		}
		columns[i] = known[at]
	}
	var out []*Entry
	for _, r := range s.rows {
		t, err := s.readTidy(r, columns)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(out, func(e *Entry) bool { return e.Identity == t.entry.Identity && e.Source == t.entry.Source })
		if at < 0 {
			at = len(out)
			out = append(out, t.entry)
		}
		if _, twice := out[at].Figures[t.figure.Key]; twice {
			return nil, &CellError{File: s.file, Line: r.line, Err: fmt.Errorf("the figure %s of %s is there twice", t.figure.column(), t.entry.Model)}
		}
		out[at].add(t.figure)
		if t.facts.State != "" || t.facts.Version != "" {
			out[at].Runs[t.figure.Benchmark] = t.facts
		}
	}
	return out, nil
}

func (s *sheet) readTidy(r record, columns []column[*tidy]) (*tidy, error) {
	if err := s.checkFormat(r); err != nil {
		return nil, err
	}
	e, err := s.imported(r, slices.Index(s.header.cells, "model"))
	if err != nil {
		return nil, err
	}
	t := &tidy{entry: e}
	for i, c := range columns {
		if err := s.set(r, i, c.kind, func(v any) { c.set(t, v) }); err != nil {
			return nil, err
		}
	}
	if _, at := t.figure.Part.kind(); at < 0 {
		at := slices.Index(s.header.cells, "part")
		return nil, s.cellError(r, at, fmt.Errorf("no part %q", short(r.cells[at])))
	}
	first, second := t.names()
	t.figure.Name, t.figure.Sub = *first, *second
	if why := t.figure.impossible(); why != "" {
		return nil, s.cellError(r, slices.Index(s.header.cells, "score"), fmt.Errorf("%s is out of range", why))
	}
	return t, nil
}
