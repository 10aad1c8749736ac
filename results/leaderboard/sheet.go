package leaderboard

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/results"
)

// maxSheet bounds a file that is imported, maxColumns its columns.
const (
	maxSheet   = 64 << 20
	maxColumns = 1 << 14
)

// CellError is a cell, or a whole line, that can't be read. Column counts bytes
// from 1, as editors do for plain text; 0: the whole line.
type CellError struct {
	File         string
	Line, Column int
	Name         string // of the column, "" in the header
	Err          error
}

func (e *CellError) Error() string {
	place := fmt.Sprintf("%s:%d", e.File, e.Line)
	if e.Column > 0 {
		place += fmt.Sprintf(":%d", e.Column)
	}
	if e.Name != "" {
		place += fmt.Sprintf(": column %q", e.Name)
	}
	return "leaderboard: " + place + ": " + e.Err.Error()
}

func (e *CellError) Unwrap() error { return e.Err }

// sheet is a table that was read: text without the marks of neutral.
type sheet struct {
	file   string
	header record
	rows   []record
}

type record struct {
	line    int
	cells   []string
	columns []int // where each starts
}

// readSheet reads a table of commas or tabs, or one of Markdown, whichever the
// first line has.
func readSheet(r io.Reader, file string) (*sheet, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSheet+1))
	if err != nil {
		return nil, fmt.Errorf("leaderboard: %s: %w", file, err)
	}
	if len(data) > maxSheet {
		return nil, fmt.Errorf("leaderboard: %s: more than %d MiB: that is no leaderboard", file, maxSheet>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	s := &sheet{file: file}
	first, _, _ := bytes.Cut(bytes.TrimLeft(data, "\r\n"), []byte("\n"))
	if bytes.HasPrefix(bytes.TrimSpace(first), []byte("|")) {
		s.readMarkdown(string(data))
	} else if err := s.readCSV(data, first); err != nil {
		return nil, err
	}
	if len(s.header.cells) == 0 {
		return nil, &CellError{File: file, Line: 1, Err: errors.New("empty: want a header")}
	}
	return s, s.check()
}

func (s *sheet) readCSV(data, first []byte) error {
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true // L-Eval's have spaces behind some commas
	if bytes.Count(first, []byte("\t")) > bytes.Count(first, []byte(",")) {
		in.Comma, in.TrimLeadingSpace = '\t', false
	}
	for {
		cells, err := in.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &broken):
			return &CellError{File: s.file, Line: broken.Line, Column: broken.Column, Err: broken.Err}
		case err != nil:
			return fmt.Errorf("leaderboard: %s: %w", s.file, err)
		}
		r := record{cells: make([]string, len(cells)), columns: make([]int, len(cells))}
		for i, c := range cells {
			r.line, r.columns[i] = in.FieldPos(i)
			r.cells[i] = results.Printable(strings.TrimSpace(restored(c)))
		}
		r.line, _ = in.FieldPos(0)
		s.append(r)
	}
}

func (s *sheet) append(r record) {
	if s.header.cells == nil {
		s.header = r
		return
	}
	s.rows = append(s.rows, r)
}

// check refuses columns that are there twice and rows of another width.
func (s *sheet) check() error {
	if n := len(s.header.cells); n > maxColumns {
		return &CellError{File: s.file, Line: s.header.line, Err: fmt.Errorf("%d columns: that is no leaderboard", n)}
	}
	seen := map[string]bool{}
	for i, name := range s.header.cells {
		if name != "" && seen[name] {
			return s.headerError(i, fmt.Errorf("column %q is there twice", short(name)))
		}
		seen[name] = true
	}
	for _, r := range s.rows {
		if n := len(r.cells); n != len(s.header.cells) {
			return &CellError{File: s.file, Line: r.line, Err: fmt.Errorf("%d cells, the header has %d", n, len(s.header.cells))}
		}
	}
	return nil
}

func (s *sheet) headerError(column int, err error) error {
	return &CellError{File: s.file, Line: s.header.line, Column: s.header.columns[column], Err: err}
}

// cellError says what is wrong with a cell of a row.
func (s *sheet) cellError(r record, column int, err error) error {
	return &CellError{s.file, r.line, r.columns[column], s.header.cells[column], err}
}

// has says that the header has all of these columns.
func (s *sheet) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(s.header.cells, n) })
}

// need is the place of a column that the layout has to have.
func (s *sheet) need(layout string, names ...string) error {
	for _, n := range names {
		if !slices.Contains(s.header.cells, n) {
			return s.headerError(0, fmt.Errorf("no column %q, which layout %s has", n, layout))
		}
	}
	return nil
}

// get is a cell by its column's name, "" where the column or the cell isn't
// there.
func (s *sheet) get(r record, name string) string {
	if at := slices.Index(s.header.cells, name); at >= 0 {
		return r.cells[at]
	}
	return ""
}

// none says that a cell is empty, or says in one of the usual ways that there is
// nothing in it.
func none(s string) bool {
	return s == "" || s == "-" || s == "–" || strings.EqualFold(s, "TBD") || s == "N/A"
}

// score reads a percentage; nil where there is none.
func (s *sheet) score(r record, name string) (*float64, error) {
	at := slices.Index(s.header.cells, name)
	if at < 0 || none(r.cells[at]) {
		return nil, nil
	}
	v, err := parseNumber(r.cells[at])
	if err == nil && !(v >= 0 && v <= 100) {
		err = fmt.Errorf("score %s: want percent, 0 to 100", short(r.cells[at]))
	}
	if err != nil {
		return nil, s.cellError(r, at, err)
	}
	return &v, nil
}

// take puts a score into an entry, under a key.
func (s *sheet) take(e *Entry, r record, name string, k Key) error {
	v, err := s.score(r, name)
	if v != nil {
		e.add(Figure{Key: k, Value: v})
	}
	return err
}

// imported starts the entry of a row; one without a model is refused.
func (s *sheet) imported(r record, model int) (*Entry, error) {
	if r.cells[model] == "" {
		return nil, s.cellError(r, model, errors.New("no model is named"))
	}
	e := newEntry(Identity{Model: r.cells[model]})
	e.Source = s.file
	return e, nil
}
