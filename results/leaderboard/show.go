package leaderboard

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// View says what of a board is shown. The zero value shows the averages,
// effective lengths and costs in the board's own order.
type View struct {
	// Sort names the column by which rows are sorted, best first; a - in front
	// turns it round; "": none.
	Sort string
	// Columns names those shown behind the model; none: the usual ones.
	Columns []string
}

// ColumnError says that the board has no such column.
type ColumnError struct {
	Name  string
	Known []string
}

func (e *ColumnError) Error() string {
	const named = 12
	there := strings.Join(e.Known[:min(named, len(e.Known))], ", ")
	if len(e.Known) > named {
		there += ", …"
	}
	return fmt.Sprintf("leaderboard: no column %q%s; there are %s", e.Name, benchmarks.DidYouMean(e.Name, e.Known), there)
}

// Show prints the board for people.
func (b *Board) Show(w io.Writer, v View, o results.TableOptions) error {
	blocks, err := b.shown(v.Columns)
	if err != nil {
		return err
	}
	entries, by, err := b.sorted(v.Sort)
	if err != nil {
		return err
	}
	p := results.Page{Title: "Leaderboard", Lines: []string{b.counts()}}
	if by != "" {
		p.Lines = append(p.Lines, "sorted by "+by)
	}
	marks := b.marks(entries)
	for _, block := range blocks {
		p.Tables = append(p.Tables, block.table(entries, marks))
	}
	p.Notes = append(marks.notes(), results.PageNote{Text: "Scores are percent, lengths tokens. Effective: up to where it keeps 85 % of its score at the shortest length; RULER: up to where it stays at 85.6 % or more; middle: points lost by evidence in the middle. Scores of different benchmarks don't compare."})
	return results.WritePage(w, p, o)
}

func (b *Board) counts() string {
	names := b.benchmarks()
	models := 0
	for _, e := range b.Entries {
		if e.Floor == "" {
			models++
		}
	}
	line := plural(models, "model")
	if floors := len(b.Entries) - models; floors > 0 {
		line += ", " + plural(floors, "floor")
	}
	return line + ", " + plural(len(names), "benchmark")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// block is one of the printed tables: of a benchmark, or the one asked for.
type block struct {
	title   string
	columns []shownColumn
	// all keeps rows that have nothing in it.
	all bool
}

// shownColumn is a column of a printed table; what is unknown is a dash.
type shownColumn struct {
	title string
	show  func(*Entry) string
}

const unknown = "–"

func (t block) table(entries []*Entry, m *marks) results.PageTable {
	out := results.PageTable{Header: []string{t.title}, Left: 1, Split: true}
	for _, c := range t.columns {
		out.Header = append(out.Header, c.title)
	}
	for _, e := range entries {
		row, any := []string{m.label(e)}, t.all
		for _, c := range t.columns {
			cell := c.show(e)
			row, any = append(row, cell), any || cell != unknown
		}
		if any {
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}

// shown is the table of the columns that were asked for, or the usual ones.
func (b *Board) shown(names []string) ([]block, error) {
	if len(names) == 0 {
		return b.usual(), nil
	}
	out := block{title: "Model", all: true}
	for _, name := range names {
		c, err := b.find(name)
		if err != nil {
			return nil, err
		}
		out.columns = append(out.columns, shownColumn{c.name, b.show(c)})
	}
	return []block{out}, nil
}

// usual are a table a benchmark, of the rows that have anything in it: averages
// with their intervals, effective lengths and lost in the middle; then one of
// tokens, cost and lost samples.
func (b *Board) usual() []block {
	var out []block
	for _, benchmark := range b.benchmarks() {
		t := block{title: benchmark}
		for _, k := range b.keys(benchmark) {
			switch {
			case !b.any(figureColumn(k, figureColumns()[0])):
			case k.Part == PartAverage:
				t.columns = append(t.columns, shownColumn{orElse(k.Name, "score"), b.show(figureColumn(k, figureColumns()[0]))})
				t.columns = append(t.columns, shownColumn{"95% CI", interval(k)})
			case k.Part.length() && b.asked(benchmark), k.Part == PartMiddle:
				title := map[Part]string{PartEffective: "effective", PartRuler: "RULER", PartMiddle: "middle"}[k.Part]
				t.columns = append(t.columns, shownColumn{title, b.show(figureColumn(k, figureColumns()[0]))})
			}
		}
		if len(t.columns) > 0 {
			out = append(out, t)
		}
	}
	totals := block{title: "All runs"}
	for _, c := range totalColumns() {
		if slices.Contains([]string{"samples", "lost", "tokens_in", "cost"}, c.name) && b.any(c) {
			totals.columns = append(totals.columns, shownColumn{strings.ReplaceAll(c.name, "_", " "), b.show(c)})
		}
	}
	return append(out, totals)
}

// interval prints a score's.
func interval(k Key) func(*Entry) string {
	return func(e *Entry) string {
		f := e.Figures[k]
		if f.Low == nil || f.High == nil {
			return unknown
		}
		return strconv.FormatFloat(*f.Low, 'f', 1, 64) + "–" + strconv.FormatFloat(*f.High, 'f', 1, 64)
	}
}

// asked says that some row was measured at lengths that were asked for: what
// samples' own lengths come to is no length of the model's alone.
func (b *Board) asked(benchmark string) bool {
	return slices.ContainsFunc(b.Entries, func(e *Entry) bool { return e.asked(benchmark) })
}

// asked says that the lengths of a run were asked for, or that a table has some
// and doesn't say of which kind they are.
func (e *Entry) asked(benchmark string) bool {
	if f := e.Runs[benchmark]; f.Lengths != "" || e.Source == "" {
		return f.Lengths == "asked"
	}
	for k := range e.Figures {
		if k.Benchmark == benchmark && (k.Part == PartLength || k.Part.length()) {
			return true
		}
	}
	return false
}

func (b *Board) any(c column[*Entry]) bool {
	return slices.ContainsFunc(b.Entries, func(e *Entry) bool { return c.get(e) != nil })
}

// show prints a column's values for people.
func (b *Board) show(c column[*Entry]) func(*Entry) string {
	k, rest, err := keyOf(c.name)
	if err == nil && rest == "" && k.Part.length() {
		return func(e *Entry) string { return reachText(e.Figures[k]) }
	}
	return func(e *Entry) string {
		switch v := c.get(e).(type) {
		case string:
			return v
		case int:
			return grouped(v)
		case bool:
			return strconv.FormatBool(v)
		case float64:
			if c.name == "cost" {
				currency, _ := e.each(func(f Facts) string { return f.Currency }).(string)
				return strings.TrimSpace(strconv.FormatFloat(v, 'g', 4, 64) + " " + currency)
			}
			return strconv.FormatFloat(v, 'f', 2, 64)
		}
		return unknown
	}
}

// reachText prints an effective length: 9.3k, >32k, <4k, or why there is none.
func reachText(f Figure) string {
	switch stats.LengthState(f.State) {
	case stats.LengthNoBaseline:
		return "at floor"
	case stats.LengthUntested:
		return unknown
	}
	if f.Value == nil {
		return unknown
	}
	mark := map[string]string{string(stats.LengthAbove): ">", string(stats.LengthBelow): "<"}[f.State]
	return mark + lengthFigure(*f.Value)
}

// lengthFigure prints tokens with three figures at the most.
func lengthFigure(tokens float64) string {
	n := int(math.Round(tokens))
	if name := results.LengthName(n); name != strconv.Itoa(n) || n < 1000 {
		return name
	}
	return strconv.FormatFloat(math.Round(tokens/100)/10, 'f', -1, 64) + "k"
}

func grouped(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// find finds a column by its whole name or the end of one: effective-length is
// that of the first benchmark with lengths that were asked for, else of the first
// that has one. Case, spaces, - and _ don't matter.
func (b *Board) find(name string) (column[*Entry], error) {
	columns := b.wide()
	want := spelled(name)
	isWhole := func(c column[*Entry]) bool { return spelled(c.name) == want }
	isEnd := func(c column[*Entry]) bool { return strings.HasSuffix(spelled(c.name), "/"+want) }
	for _, fits := range []func(column[*Entry]) bool{
		isWhole,
		func(c column[*Entry]) bool { return isEnd(c) && b.any(c) && b.asked(benchmarkOf(c)) },
		func(c column[*Entry]) bool { return isEnd(c) && b.any(c) },
		isEnd,
	} {
		if at := slices.IndexFunc(columns, fits); at >= 0 {
			return columns[at], nil
		}
	}
	known := make([]string, len(columns))
	for i, c := range columns {
		known[i] = c.name
	}
	for _, k := range parts() {
		known = append(known, string(k.part))
	}
	return column[*Entry]{}, &ColumnError{name, known}
}

func benchmarkOf(c column[*Entry]) string {
	benchmark, _, _ := strings.Cut(c.name, "/")
	return unescape(benchmark)
}

func spelled(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(strings.TrimSpace(name)))
}

// sorted returns the entries in the order asked for, with the name of the column
// that it is by: numbers from the highest down, texts in alphabetical order,
// what is unknown last.
func (b *Board) sorted(by string) (entries []*Entry, name string, err error) {
	entries = slices.Clone(b.Entries)
	if by == "" {
		return entries, "", nil
	}
	name, turned := strings.CutPrefix(by, "-")
	c, err := b.find(name)
	if err != nil {
		return nil, "", err
	}
	slices.SortStableFunc(entries, func(x, y *Entry) int {
		i, j := c.get(x), c.get(y)
		if i == nil || j == nil {
			return boolRank(i == nil) - boolRank(j == nil)
		}
		order := compareValues(rankOf(c, x, i), rankOf(c, y, j))
		if turned {
			return -order
		}
		return order
	})
	if turned {
		return entries, c.name + ", turned round", nil
	}
	return entries, c.name, nil
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rankOf puts an effective length above the longest tested behind that one, and
// one below the shortest before it.
func rankOf(c column[*Entry], e *Entry, v any) any {
	k, rest, err := keyOf(c.name)
	if err != nil || rest != "" || !k.Part.length() {
		return v
	}
	switch stats.LengthState(e.Figures[k].State) {
	case stats.LengthAbove:
		return v.(float64) + 0.5
	case stats.LengthBelow:
		return v.(float64) - 0.5
	}
	return v
}

// compareValues puts higher numbers first, texts by the alphabet.
func compareValues(a, b any) int {
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case int:
		return cmp.Compare(b.(int), x)
	case float64:
		return cmp.Compare(b.(float64), x)
	case bool:
		return boolRank(b.(bool)) - boolRank(x)
	}
	return 0
}
