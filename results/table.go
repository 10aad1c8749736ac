package results

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/runners"
)

// TableOptions shape the table. The zero value is 80 columns without colour.
type TableOptions struct {
	// Width in columns; 0: 80. Less than 60 is taken for 60.
	Width int
	// Color allows escape codes, see UseColor.
	Color bool
}

// UseColor says whether to colour what goes to a terminal or elsewhere:
// NO_COLOR (set and not empty) forbids it, CLICOLOR_FORCE (set and not 0)
// forces it, else terminals have it.
func UseColor(terminal bool, env func(string) string) bool {
	if env("NO_COLOR") != "" {
		return false
	}
	if force := env("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return terminal && env("TERM") != "dumb"
}

// WriteTable prints a summary for people: scores by task and category, the
// averages with their formula, strata, lengths by depths, and what was lost.
// Nothing in it can steer a terminal but our own colours.
func WriteTable(w io.Writer, s Summary, o TableOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &tablePage{o: o}
	t.o.Width = max(o.Width, 60)
	t.title(s)
	t.main(s)
	t.measures(s)
	t.strata(s)
	t.cells(s)
	t.statuses(s)
	t.footnotes(s)
	t.judges(s)
	if t.err != nil {
		return fmt.Errorf("results: table: %w", t.err)
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

// tablePage is the table while it is put together.
type tablePage struct {
	o   TableOptions
	out bytes.Buffer
	err error
}

// columns of the main tables.
const (
	taskColumn = iota
	metricColumn
	rowsColumn
	scoreColumn
	intervalColumn
	validColumn
	mainColumns
)

// title says what was measured, and that built-in samples aren't the real ones.
func (t *tablePage) title(s Summary) {
	title := orElse(s.Title, s.Benchmark)
	if s.Builtin {
		title += " (built-in samples, not " + title + "'s own data)"
	}
	t.text(title, "\x1b[1m")
	line := "model " + orElse(s.Model.Spec, s.Model.Name)
	switch {
	case s.Adaptive != nil:
		line += fmt.Sprintf(", adaptive: %d of %s", s.Samples.Rows, plural(s.Adaptive.Samples, "sample"))
	case s.Samples.Total != nil && *s.Samples.Total != s.Samples.Rows:
		line += fmt.Sprintf(", %d of %s", s.Samples.Rows, plural(*s.Samples.Total, "sample"))
	default:
		line += ", " + plural(s.Samples.Rows, "sample")
	}
	if s.State == Partial {
		line += ", stopped early: can be resumed"
	}
	t.text(line, "")
	if s.NoContext {
		t.text(noContextLine, "\x1b[33m")
	}
	if d := s.Model.Details; s.Model.Local() {
		t.text(howLocal(d), "")
	}
	t.out.WriteByte('\n')
}

// noContextLine says that the scores are of the control.
const noContextLine = "no context: prompts were sent without their documents; a control and floor"

// howLocal says how a model in the process computed, by its details.
func howLocal(d map[string]string) string {
	attention := d["attention"]
	if r := d["rope"]; r != "" && r != "none" {
		attention += ", rope " + r
	}
	return fmt.Sprintf("on %s; attention %s, KV cache %s, activations %s", d["device"], attention, d["kv-type"], d["activations"])
}

// text prints a paragraph within the width, in a colour where allowed.
func (t *tablePage) text(s, color string) {
	for _, line := range wrap(printable(s), t.o.Width, 2) {
		if t.o.Color && color != "" {
			line = color + line + "\x1b[0m"
		}
		t.out.WriteString(line + "\n")
	}
}

// main prints scores by task, then by category with the averages, in columns
// of the same widths.
func (t *tablePage) main(s Summary) {
	tasks := make([][]string, len(s.Tasks))
	for i, task := range s.Tasks {
		tasks[i] = mainRow(task.Task, task.Metric, task.Figure)
	}
	averages := averageRows(s)
	header := []string{"Task", "Metric", "N", "Score", "95% CI", "Valid score (n)"}
	second := slices.Clone(header)
	second[taskColumn], second[metricColumn] = "Category", "Mean of"
	widths := mainWidths(slices.Concat([][]string{header, second}, tasks, averages), t.o.Width)
	if len(tasks) > 0 {
		t.grid(header, tasks, widths, 2)
	}
	if len(averages) > 0 {
		t.grid(second, averages, widths, 2)
	}
}

// averageRows are the categories and the average of each board. Where every
// board has but one category, the averages are the categories.
func averageRows(s Summary) [][]string {
	several := slices.ContainsFunc(s.Boards, func(b BoardScore) bool { return len(b.Categories) > 1 })
	var rows [][]string
	for _, b := range s.Boards {
		of := fmt.Sprintf("%d categories", len(b.Categories))
		if len(b.Categories) == 1 {
			of = plural(len(b.Categories[0].Tasks), "task")
		}
		if several {
			for _, c := range b.Categories {
				rows = append(rows, mainRow(withBoard(c.Category, b.Board), plural(len(c.Tasks), "task"), c.Figure))
			}
		}
		if s.Method.Average == AverageSamples {
			of = "all samples"
		}
		rows = append(rows, mainRow(withBoard("Average", b.Board), of, b.Average))
	}
	return rows
}

// mainWidths gives each column what it needs. Where that is more than there
// is, tasks are clipped down to 22 columns, then metrics, then tasks further.
func mainWidths(rows [][]string, width int) []int {
	widths := needed(rows)
	over := 2*(mainColumns-1) - width
	for _, w := range widths {
		over += w
	}
	for _, shrink := range []struct{ column, least int }{{taskColumn, 22}, {metricColumn, 10}, {taskColumn, 8}, {metricColumn, 4}} {
		give := max(0, min(over, widths[shrink.column]-shrink.least))
		widths[shrink.column] -= give
		over -= give
	}
	return widths
}

func withBoard(name, board string) string {
	if board == "" {
		return name
	}
	return name + ", " + board
}

func mainRow(name, metric string, f Figure) []string {
	return []string{
		name, metric, strconv.Itoa(f.Rows), score(f.Score), intervalText(f),
		fmt.Sprintf("%s (%d)", score(f.Valid), f.ValidRows),
	}
}

// strata prints scores by the benchmark's own groups of rows (LongBench-E's
// lengths, v2's difficulty and lengths) and by the parts of a score (rouge1,
// rouge2, rougeL): one block for each list of such names.
func (t *tablePage) strata(s Summary) {
	var lists [][]string
	blocks := map[string][]TaskScore{}
	for _, task := range s.Tasks {
		names := namesOf(task.Strata)
		key := strings.Join(names, "\x00")
		if len(names) == 0 {
			continue
		}
		if blocks[key] == nil {
			lists = append(lists, names)
		}
		blocks[key] = append(blocks[key], task)
	}
	for _, names := range lists {
		t.stratum(s, names, blocks[strings.Join(names, "\x00")])
	}
}

// stratum prints the block of the tasks that are reported by the same names,
// with the averages of the boards that have them and no other tasks.
func (t *tablePage) stratum(s Summary, names []string, tasks []TaskScore) {
	rows := make([][]string, 0, len(tasks)+len(s.Boards))
	most := 0
	for _, task := range tasks {
		rows = append(rows, strataRow(task.Task, task.Figure, task.Strata, names))
		most += task.Rows
	}
	for _, b := range s.Boards {
		if b.Average.Rows <= most && hasNames(b.Strata, names) && (len(tasks) > 1 || len(s.Boards) > 1 && len(s.Tasks) == 1) {
			rows = append(rows, strataRow(withBoard("Average", b.Board), b.Average, b.Strata, names))
		}
	}
	header := []string{"Task", "Overall"}
	for _, n := range names {
		header = append(header, capital(n))
	}
	width := -2
	for _, w := range needed(append([][]string{header}, rows...)) {
		width += w + 2
	}
	if width > t.o.Width {
		header, rows = withoutEmpty(header, rows)
	}
	t.split(header, rows)
}

// withoutEmpty leaves out the strata in which no row has a score.
func withoutEmpty(header []string, rows [][]string) (names []string, cells [][]string) {
	empty := func(c int) bool {
		return c > 1 && !slices.ContainsFunc(rows, func(r []string) bool { return r[c] != "–" })
	}
	kept := func(row []string) []string {
		var out []string
		for c, cell := range row {
			if !empty(c) {
				out = append(out, cell)
			}
		}
		return out
	}
	for _, r := range rows {
		cells = append(cells, kept(r))
	}
	return kept(header), cells
}

func namesOf(figures []NamedFigure) []string {
	names := make([]string, len(figures))
	for i, f := range figures {
		names[i] = f.Name
	}
	return names
}

func hasNames(figures []NamedFigure, names []string) bool {
	have := namesOf(figures)
	return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(have, n) })
}

func strataRow(name string, overall Figure, strata []NamedFigure, names []string) []string {
	row := []string{name, score(overall.Score)}
	for _, n := range names {
		at := slices.IndexFunc(strata, func(f NamedFigure) bool { return f.Name == n })
		if at < 0 {
			row = append(row, "–")
			continue
		}
		row = append(row, score(strata[at].Score))
	}
	return row
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cells prints lengths by depths, one block a board.
func (t *tablePage) cells(s Summary) {
	for _, b := range s.Boards {
		if len(b.Cells) == 0 {
			continue
		}
		var lengths []int
		at := map[string]Figure{}
		for _, c := range b.Cells {
			if !slices.Contains(lengths, c.Length) {
				lengths = append(lengths, c.Length)
			}
			at[strconv.Itoa(c.Length)+depthName(c.Depth)] = c.Figure
		}
		depths := depthNames(b.Cells)
		header := append([]string{withBoard("Length \\ depth", b.Board)}, depths...)
		whole := len(b.Lengths) > 0 && len(depths) > 1
		if whole {
			header = slices.Insert(header, 1, "all")
		}
		var rows [][]string
		for _, n := range lengths {
			row := []string{distinctName(n, lengths)}
			if whole {
				row = append(row, overLength(b.Lengths, n))
			}
			for _, d := range depths {
				f, ok := at[strconv.Itoa(n)+d]
				if !ok {
					row = append(row, "–")
					continue
				}
				row = append(row, fmt.Sprintf("%s (%d)", score(f.Score), f.Rows))
			}
			rows = append(rows, row)
		}
		t.split(header, rows)
		if s.Adaptive != nil {
			t.known(b, lengths, depths)
		}
	}
}

// overLength prints the figure over all depths of a length; a dash where there
// is but one depth.
func overLength(figures []LengthFigure, n int) string {
	i := slices.IndexFunc(figures, func(f LengthFigure) bool { return f.Length == n })
	if i < 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%d)", score(figures[i].Score), figures[i].Rows)
}

// depthNames names the depths of cells, from the start on.
func depthNames(cells []CellFigure) []string {
	sorted := slices.Clone(cells)
	slices.SortStableFunc(sorted, func(a, b CellFigure) int {
		return compareCells(Cell{Depth: a.Depth}, Cell{Depth: b.Depth})
	})
	var names []string
	for _, c := range sorted {
		if d := depthName(c.Depth); !slices.Contains(names, d) {
			names = append(names, d)
		}
	}
	return names
}

// distinctName names a length, in full where two lengths would read the same.
func distinctName(n int, all []int) string {
	for _, other := range all {
		if other != n && lengthName(other) == lengthName(n) {
			return strconv.Itoa(n)
		}
	}
	return lengthName(n)
}

func depthName(d *float64) string {
	if d == nil {
		return "any"
	}
	return strconv.FormatFloat(*d, 'g', 4, 64) + "%"
}

// statuses prints the ledger of the tasks in which not every row is ok.
func (t *tablePage) statuses(s Summary) {
	var lines []string
	for _, task := range s.Tasks {
		var parts []string
		for _, status := range runners.Statuses() {
			if n := task.ByStatus[status]; n > 0 && status != runners.OK {
				parts = append(parts, fmt.Sprintf("%d %s", n, status))
			}
		}
		if len(parts) > 0 {
			lines = append(lines, fmt.Sprintf("  %s: %d ok, %s", task.Task, task.ByStatus[runners.OK], strings.Join(parts, ", ")))
		}
	}
	if len(lines) == 0 {
		return
	}
	t.text("Rows that are not ok (not in the valid score):", "\x1b[33m")
	for _, l := range lines {
		for i, part := range wrap(printable(l), t.o.Width-2, 4) {
			if i == 0 {
				part = "  " + part
			}
			t.out.WriteString(part + "\n")
		}
	}
	t.out.WriteByte('\n')
}
