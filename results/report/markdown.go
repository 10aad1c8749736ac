package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/lcbench/lcbench/results"
)

// WriteJSON writes report.json.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("report: json: %w", err)
	}
	return nil
}

// WriteMarkdown writes the figures as Markdown, without samples.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var m markdown
	for i := range r.Benchmarks {
		m.benchmark(&r.Benchmarks[i])
	}
	m.line("Scores are percent; in brackets 95 %% intervals (percentile bootstrap, documents drawn within tasks; %s resamples, seed %d, for curves, the plane and effective lengths). lcbench %s.",
		grouped(r.Method.Resamples), r.Method.Seed, literal(r.Version))
	if _, err := io.WriteString(w, m.String()); err != nil {
		return fmt.Errorf("report: markdown: %w", err)
	}
	return nil
}

// markdown is a text in the making.
type markdown struct{ strings.Builder }

func (m *markdown) line(format string, args ...any) {
	fmt.Fprintf(m, format, args...)
	m.WriteString("\n")
}

// table writes a table; its first column stands left. Cells are literal.
func (m *markdown) table(header []string, rows [][]string) {
	m.cells(header)
	m.line("|:--%s|", strings.Repeat("|--:", len(header)-1))
	for _, r := range rows {
		m.cells(r)
	}
	m.line("")
}

func (m *markdown) cells(row []string) { m.line("| %s |", strings.Join(row, " | ")) }

// literal makes a text stand for itself in Markdown, in a table too: no markup,
// no HTML, no control characters.
func literal(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case !unicode.IsPrint(r):
			b.WriteRune(unicode.ReplacementChar)
		case strings.ContainsRune("\\`*_[]<>|#!&~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (m *markdown) benchmark(b *Benchmark) {
	m.line("# %s", literal(b.Title))
	m.line("")
	if b.Builtin {
		m.line("Built-in samples, made by lcbench itself: these are not the benchmark's own data, and the scores say nothing about it.\n")
	}
	m.summary(b)
	for i := range b.Runs {
		if r := &b.Runs[i]; r.Floor == "" {
			m.line("**%s**\n", literal(r.Label))
			for _, f := range r.Findings {
				m.line("- %s", literal(f))
			}
			for _, w := range r.Warnings {
				m.line("- warning: %s", literal(w))
			}
			m.line("")
		}
	}
	m.tasks(b)
	m.heats(b)
	m.curves(b)
	m.planes(b)
	m.cost(b)
}

func (m *markdown) summary(b *Benchmark) {
	header := []string{"Run", "Score", "Real context (85 % of its own)", "RULER's rule", "Costs it most", "Lost in the middle, points", "Valid"}
	var rows [][]string
	for i := range b.Runs {
		r := &b.Runs[i]
		var scores []string
		for _, a := range r.Averages {
			scores = append(scores, strings.TrimSpace(literal(a.Board)+" "+figureText(a.Figure)))
		}
		label := literal(r.Label)
		if r.Floor != "" {
			label += " (floor: " + r.Floor + ")"
		}
		middle := "–"
		if r.Middle.Points != nil {
			middle = fmt.Sprintf("%s (%s)", r.MiddleText(), r.MiddleRange())
		}
		rows = append(rows, []string{
			label, orElse(strings.Join(scores, "; "), "–"), lengthCell(r.Context.OwnShare), lengthCell(r.Context.Ruler),
			r.WeaknessText(), middle, fmt.Sprintf("%s of %s", grouped(r.Samples.Valid), grouped(r.Samples.Rows)),
		})
	}
	m.table(header, rows)
}

func lengthCell(e EffectiveLength) string {
	text := e.Text()
	if apart := e.Apart(); apart != "" {
		text += " (" + apart + ")"
	}
	return literal(text)
}

// figureText is a score with its interval.
func figureText(f results.Figure) string {
	if f.Score == nil {
		return "–"
	}
	if f.Low == nil {
		return percentText(f.Score)
	}
	return fmt.Sprintf("%s (%s)", percentText(f.Score), rangeText(f.Low, f.High))
}

func (m *markdown) tasks(b *Benchmark) {
	m.line("## Tasks\n")
	header := []string{"Task", "Metric"}
	for i := range b.Runs {
		header = append(header, literal(b.Runs[i].Label))
	}
	var rows [][]string
	for _, name := range b.taskNames() {
		t := newTaskRow(name, b.Runs)
		row := []string{literal(name), literal(t.Metric)}
		for _, x := range t.Runs {
			cell := "–"
			if x != nil {
				cell = fmt.Sprintf("%s, n=%d", figureText(x.Figure), x.Rows)
				if x.AtFloor {
					cell += ", at the floor"
				}
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	m.table(header, rows)
}

func (m *markdown) heats(b *Benchmark) {
	for _, name := range b.taskNames() {
		for _, g := range newHeat(name, b.Runs).Grids {
			m.line("## Length × depth: %s, %s\n", literal(name), literal(g.Label))
			header := append([]string{"Length"}, g.Depths...)
			var rows [][]string
			for _, r := range g.Rows {
				row := []string{r.Length}
				for _, c := range r.Cells {
					cell := "–"
					if c != nil {
						cell = fmt.Sprintf("%s, n=%d", figureText(c.Figure), c.Rows)
						if verdict := verdictText(c); verdict != "" {
							cell += ", " + verdict
						}
					}
					row = append(row, cell)
				}
				rows = append(rows, row)
			}
			m.table(header, rows)
		}
	}
}

func (m *markdown) curves(b *Benchmark) {
	p := part{ID: "x", Benchmark: b}
	p.addCharts()
	for _, c := range p.Charts {
		m.line("## Score against length: %s\n", literal(c.Title))
		header := []string{"Length"}
		for _, s := range c.Series {
			header = append(header, literal(s.Label))
		}
		var rows [][]string
		for _, r := range c.Rows {
			rows = append(rows, append([]string{r.Length}, r.Cells...))
		}
		m.table(header, rows)
	}
}

func (m *markdown) planes(b *Benchmark) {
	for i := range b.Runs {
		p := &b.Runs[i].Plane
		if p.State != "ok" {
			continue
		}
		m.line("## Diffusion × scope: %s\n", literal(b.Runs[i].Label))
		var rows [][]string
		for d, name := range []string{"low", "mid", "high"} {
			row := []string{"diffusion " + name}
			for _, c := range slices.Concat(p.Cells[d][:], []PlaneCell{p.Diffusion[d]}) {
				row = append(row, c.text())
			}
			rows = append(rows, row)
		}
		all := []string{"all"}
		for _, c := range p.Scope {
			all = append(all, c.text())
		}
		m.table([]string{"", "scope low", "scope mid", "scope high", "all"}, append(rows, append(all, "")))
	}
}

func (c PlaneCell) text() string {
	if c.Samples == 0 {
		return "–"
	}
	text := fmt.Sprintf("%s (%s), n=%d, %d measured", percentText(c.Score), rangeText(c.Low, c.High), c.Samples, c.Measured)
	if c.Sparse {
		text += ", under 10 documents"
	}
	return text
}

func (m *markdown) cost(b *Benchmark) {
	m.line("## Failures, cost and speed\n")
	header := []string{"Run", "Not valid", "Tokens in", "from a kept prefix", "Tokens out", "Cost", "First token (median, p95)", "Answer (median, p95)", "Prompt tokens/s"}
	var rows [][]string
	for i := range b.Runs {
		r := &b.Runs[i]
		var kinds []string
		for _, k := range failures(r.Samples.ByStatus) {
			kinds = append(kinds, fmt.Sprintf("%s %s", grouped(k.Count), k.Name))
		}
		kept, cost := "–", "–"
		if r.CachedShare != nil {
			kept = fmt.Sprintf("%.0f%%", 100**r.CachedShare)
		}
		if r.Cost != nil {
			cost = fmt.Sprintf("%.4g %s", r.Cost.Amount, literal(r.Cost.Currency))
		}
		rows = append(rows, []string{
			literal(r.Label), orElse(strings.Join(kinds, ", "), "none"), grouped(r.Usage.Prompt), kept, grouped(r.Usage.Completion), cost,
			secondsText(r.Speed.FirstToken), secondsText(r.Speed.Total), tokensPerSecond(r.Speed.PromptTokensPerSecond),
		})
	}
	m.table(header, rows)
}
