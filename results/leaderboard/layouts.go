package leaderboard

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
)

// layout is a way to write a board, and to read it back.
type layout struct {
	name string
	// tables are the names of its tables, which a file may have to be said to be
	// of; none: it is one table.
	tables []string
	// export returns the tables that hold anything.
	export func(*Board) ([]Table, error)
	// is says that a header is the layout's. Where several tables have one header,
	// table is empty.
	is func(*sheet) (table string, ok bool)
	// read reads a sheet; table is one of tables, or empty.
	read func(b *Board, s *sheet, table string) ([]*Entry, error)
}

// layouts lists the layouts; the first is the default.
func layouts() []layout {
	return []layout{
		lcbenchLayout(), longBenchLayout(), longBenchELayout(), lEvalLayout(), longBenchV2Layout(), longICLLayout(),
		rulerLayout(), openCompassLayout(), longLayout(),
	}
}

// Layouts names the layouts, the default first.
func Layouts() []string {
	var out []string
	for _, l := range layouts() {
		out = append(out, l.name)
	}
	return out
}

func findLayout(name string) (layout, error) {
	all := layouts()
	at := slices.IndexFunc(all, func(l layout) bool { return l.name == name })
	if at < 0 {
		return layout{}, fmt.Errorf("leaderboard: no layout %q%s; there are %s", name, benchmarks.DidYouMean(name, Layouts()), strings.Join(Layouts(), ", "))
	}
	return all[at], nil
}

// CheckLayout returns an error if there is no such layout.
func CheckLayout(name string) error {
	_, err := findLayout(name)
	return err
}

// Export lays the board out. What the layout asks for and no run has is added to
// b.Notes; a board that has nothing for the layout is an error.
func (b *Board) Export(layout string) ([]Table, error) {
	l, err := findLayout(layout)
	if err != nil {
		return nil, err
	}
	tables, err := l.export(b)
	if err != nil {
		return nil, fmt.Errorf("leaderboard: layout %s: %w", layout, err)
	}
	if len(tables) == 0 {
		return nil, fmt.Errorf("leaderboard: layout %s: no run has anything for it", layout)
	}
	return tables, nil
}

// Import adds the rows of a table in one of the layouts. as names the layout,
// with the table behind a dash where several have one header (longbench-zh);
// empty: the header tells. A cell that can't be read is a *CellError, and nothing
// is added.
func (b *Board) Import(r io.Reader, file, as string) error {
	s, err := readSheet(r, results.Printable(file))
	if err != nil {
		return err
	}
	l, table, err := s.layout(as)
	if err != nil {
		return err
	}
	entries, err := l.read(b, s, table)
	if err != nil {
		return err
	}
	b.Entries = append(b.Entries, entries...)
	return nil
}

// layout is the one that was named, or the one whose header it is.
func (s *sheet) layout(as string) (layout, string, error) {
	for _, l := range layouts() {
		if as == l.name {
			if len(l.tables) == 0 {
				return l, "", nil
			}
			table, ok := l.is(s)
			if ok && table == "" {
				return l, "", s.ambiguous(l)
			}
			if !ok {
				return l, "", s.headerError(0, fmt.Errorf("not the header of layout %s", as))
			}
			return l, table, nil
		}
		if table, ok := strings.CutPrefix(as, l.name+"-"); ok && slices.Contains(l.tables, table) {
			return l, table, nil
		}
	}
	if as != "" {
		_, err := findLayout(as)
		return layout{}, "", err
	}
	for _, l := range layouts() {
		if table, ok := l.is(s); ok {
			if len(l.tables) > 0 && table == "" {
				return l, "", s.ambiguous(l)
			}
			return l, table, nil
		}
	}
	return layout{}, "", s.headerError(0, fmt.Errorf("the header is of no layout that lcbench reads (%s)", strings.Join(Layouts(), ", ")))
}

// ambiguous says that a header belongs to several tables.
func (s *sheet) ambiguous(l layout) error {
	var names []string
	for _, t := range l.tables {
		names = append(names, s.file+":"+l.name+"-"+t)
	}
	return s.headerError(0, fmt.Errorf("several tables of layout %s have this header: say which, %s", l.name, strings.Join(names, ", ")))
}

// LayoutOf splits FILE:LAYOUT, where LAYOUT is one that there is; else all of it
// names the file.
func LayoutOf(spec string) (file, layout string) {
	at := strings.LastIndexByte(spec, ':')
	if at <= 0 {
		return spec, ""
	}
	name := spec[at+1:]
	for _, l := range layouts() {
		table, ok := strings.CutPrefix(name, l.name+"-")
		if name == l.name || ok && slices.Contains(l.tables, table) {
			return spec[:at], name
		}
	}
	if !strings.ContainsAny(name, `/\.`) { // no part of a path: a layout that there isn't
		return spec[:at], name
	}
	return spec, ""
}

// errNoLengths says that RULER's layout has no lengths to show.
var errNoLengths = errors.New("no run was tested at any length from 4k to 128k: give --lengths 4k,8k,16k,32k,64k,128k to lcbench run")
