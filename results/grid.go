package results

import (
	"bytes"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// grid renders a table without borders: left of the column leftUntil texts
// stand left, from there on numbers stand right.
func (t *tablePage) grid(header []string, rows [][]string, widths []int, leftUntil int) {
	align := make([]tw.Align, len(header))
	for c := range align {
		align[c] = tw.AlignRight
		if c < leftUntil {
			align[c] = tw.AlignLeft
		}
	}
	full := tw.NewMapper[int, int]()
	for c, w := range widths {
		gap := 2
		if c == len(widths)-1 {
			gap = 0
		}
		full.Set(c, w+gap)
	}
	padding := make([]tw.Padding, len(header))
	for c := range padding {
		padding[c] = tw.Padding{Right: "  ", Overwrite: true}
	}
	padding[len(padding)-1] = tw.Padding{Overwrite: true}
	var buf bytes.Buffer
	table := tablewriter.NewTable(&buf,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbolCustom("lcbench").WithRow("─").WithHeaderMid("─").WithCenter("─").WithColumn(""),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off},
				Lines:      tw.Lines{ShowHeaderLine: tw.On, ShowTop: tw.Off, ShowBottom: tw.Off},
			},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderPaddingPerColumn(padding),
		tablewriter.WithRowPaddingPerColumn(padding),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithColumnWidths(full),
	)
	table.Header(clipped(header, widths))
	for _, r := range rows {
		if err := table.Append(clipped(r, widths)); err != nil && t.err == nil {
			t.err = err
		}
	}
	if err := table.Render(); err != nil && t.err == nil {
		t.err = err
	}
	for l := range strings.Lines(buf.String()) {
		t.out.WriteString(strings.TrimRight(l, " \n") + "\n")
	}
	t.out.WriteByte('\n')
}

func clipped(row []string, widths []int) []string {
	out := make([]string, len(row))
	for c, s := range row {
		out[c] = clip(printable(s), widths[c])
	}
	return out
}

// needed is the width of the widest cell of each column.
func needed(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for c := range widths {
			widths[c] = max(widths[c], terminalWidth(printable(r[c])))
		}
	}
	return widths
}

// fitted gives the first column what it needs up to first columns and the
// others what they need, or an equal part of what is left.
func fitted(header []string, rows [][]string, width, first int) []int {
	widths := needed(append([][]string{header}, rows...))
	widths[0] = min(widths[0], first)
	total := widths[0]
	for c := 1; c < len(header); c++ {
		total += 2 + widths[c]
	}
	room := (width - widths[0]) / max(1, len(header)-1)
	for c := 1; c < len(header) && total > width; c++ {
		widths[c] = min(widths[c], max(3, room-2))
	}
	return widths
}

// split prints a grid in several blocks if it has more columns than fit.
func (t *tablePage) split(header []string, rows [][]string) {
	t.blocks(header, rows, min(max(22, terminalWidth(header[0])), 36)) // a board's name is to be read
}

// blocks is split with at most first columns for the first one.
func (t *tablePage) blocks(header []string, rows [][]string, first int) {
	widths := needed(append([][]string{header}, rows...))
	for from := 1; from < len(header); {
		used := min(widths[0], first)
		to := from
		for to < len(header) && (to == from || used+2+widths[to] <= t.o.Width) {
			used += 2 + widths[to]
			to++
		}
		block := func(row []string) []string { return append([]string{row[0]}, row[from:to]...) }
		part := make([][]string, len(rows))
		for i, r := range rows {
			part[i] = block(r)
		}
		t.grid(block(header), part, fitted(block(header), part, t.o.Width, first), 1)
		from = to
	}
}
