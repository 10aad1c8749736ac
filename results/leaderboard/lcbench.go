package leaderboard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lcbenchLayout is a row a model; FORMAT.md says what the columns are.
func lcbenchLayout() layout {
	return layout{
		name: "lcbench",
		export: func(b *Board) ([]Table, error) {
			t := Table{}
			columns := b.wide()
			for _, c := range columns {
				t.header = append(t.header, text(c.name))
			}
			for _, e := range b.Entries {
				t.rows = append(t.rows, rowOf(columns, e))
			}
			return []Table{t}, nil
		},
		is: func(s *sheet) (string, bool) {
			return "", s.has("format", "model", "attention", "tokens_in") && !s.has("benchmark")
		},
		read: func(_ *Board, s *sheet, _ string) ([]*Entry, error) { return readWide(s) },
	}
}

func rowOf[T any](columns []column[T], x T) []cell {
	row := make([]cell, len(columns))
	for i, c := range columns {
		row[i] = value(c.get(x))
	}
	return row
}

// readWide reads what layout lcbench writes.
func readWide(s *sheet) ([]*Entry, error) {
	if err := s.need("lcbench", "format", "model"); err != nil {
		return nil, err
	}
	columns := make([]column[*Entry], len(s.header.cells))
	for i, name := range s.header.cells {
		c, err := wideColumn(name)
		if err != nil {
			return nil, s.headerError(i, fmt.Errorf("column %q: %w, in format %d", short(name), err, Format))
		}
		columns[i] = c
	}
	var out []*Entry
	for _, r := range s.rows {
		if err := s.checkFormat(r); err != nil {
			return nil, err
		}
		e, err := s.imported(r, slices.Index(s.header.cells, "model"))
		if err != nil {
			return nil, err
		}
		for i, c := range columns {
			if err := s.set(r, i, c.kind, func(v any) { c.set(e, v) }); err != nil {
				return nil, err
			}
		}
		if err := s.checkEntry(r, e); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// checkFormat refuses rows of a newer lcbench.
func (s *sheet) checkFormat(r record) error {
	at := slices.Index(s.header.cells, "format")
	n, err := strconv.Atoi(r.cells[at])
	switch {
	case err != nil || n < 1:
		return s.cellError(r, at, fmt.Errorf("%q is no format", short(r.cells[at])))
	case n > Format:
		return s.cellError(r, at, fmt.Errorf("written by a newer lcbench (format %d; this one reads %d)", n, Format))
	}
	return nil
}

// set reads a cell into a column; an empty one is left unknown.
func (s *sheet) set(r record, at int, kind Kind, set func(any)) error {
	v, err := parse(kind, r.cells[at])
	if err != nil {
		return s.cellError(r, at, err)
	}
	if v != nil {
		set(v)
	}
	return nil
}

// checkEntry refuses an entry with a figure that can't be.
func (s *sheet) checkEntry(r record, e *Entry) error {
	for i, name := range s.header.cells {
		k, _, err := keyOf(name)
		if err != nil {
			continue
		}
		if why := e.Figures[k].impossible(); why != "" {
			return s.cellError(r, i, fmt.Errorf("%s is out of range", why))
		}
	}
	return nil
}

// wideColumn finds the column of a name.
func wideColumn(name string) (column[*Entry], error) {
	for _, c := range slices.Concat([]column[*Entry]{formatColumn[*Entry]()}, modelColumns(), identityColumns(), totalColumns()) {
		if c.name == name {
			return c, nil
		}
	}
	if benchmark, fact, ok := strings.Cut(name, "/run/"); ok && benchmark != "" {
		for _, c := range runColumns() {
			if c.name == fact {
				return runColumn(unescape(benchmark), c), nil
			}
		}
		return column[*Entry]{}, fmt.Errorf("a run has no %q", fact)
	}
	k, rest, err := keyOf(name)
	if err != nil {
		return column[*Entry]{}, err
	}
	columns := figureColumns()
	at := slices.IndexFunc(columns, func(c column[*Figure]) bool { return c.name == rest })
	return figureColumn(k, columns[at]), nil
}
