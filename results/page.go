package results

import (
	"fmt"
	"io"
)

// Page is text and tables for a terminal, in the style of WriteTable: what
// packages below this one print.
type Page struct {
	Title string
	// Lines stand below the title.
	Lines  []string
	Tables []PageTable
	// Notes are paragraphs behind the tables.
	Notes []PageNote
}

// PageTable is a table without borders: its first Left columns are texts, the
// others numbers. The first column gets what is left of the width.
type PageTable struct {
	Header []string
	Rows   [][]string
	Left   int
	// Split prints a table that is too wide in several blocks, the first column
	// in each, instead of clipping cells; it stands left, all others right.
	Split bool
}

// PageNote is a paragraph; a warning stands out where colours are allowed.
type PageNote struct {
	Text    string
	Warning bool
}

// splitFirst bounds the first column of a table that is split.
const splitFirst = 36

// WritePage prints a page. Nothing in it can steer a terminal but our own
// colours.
func WritePage(w io.Writer, p Page, o TableOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &tablePage{o: o}
	t.o.Width = max(o.Width, 60)
	t.text(p.Title, "\x1b[1m")
	for _, l := range p.Lines {
		t.text(l, "")
	}
	t.out.WriteByte('\n')
	for _, table := range p.Tables {
		if table.Split {
			t.blocks(table.Header, table.Rows, splitFirst)
			continue
		}
		rest := 0
		for _, w := range needed(append([][]string{table.Header}, table.Rows...))[1:] {
			rest += 2 + w
		}
		t.grid(table.Header, table.Rows, fitted(table.Header, table.Rows, t.o.Width, max(8, t.o.Width-rest)), table.Left)
	}
	for _, n := range p.Notes {
		color := ""
		if n.Warning {
			color = "\x1b[33m"
		}
		t.text(n.Text, color)
	}
	if t.err != nil {
		return fmt.Errorf("results: page: %w", t.err)
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

// LengthName prints a length in tokens the way the field does: 4k, 128k, 1M.
func LengthName(tokens int) string { return lengthName(tokens) }
