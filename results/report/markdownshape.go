package report

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/results"
)

func (m *markdown) curves(b *Benchmark) {
	p := part{ID: "x", Benchmark: b}
	p.addCharts()
	for _, c := range p.Charts {
		m.line("## Score against length: %s\n", literal(c.Title))
		header := []string{"Length"}
		for i, s := range c.Series {
			header = append(header, "Score")
			if len(b.Runs) > 1 {
				header[i+1] = letter(s.Run)
			}
		}
		var full, short [][]string
		for _, r := range c.Rows {
			full, short = append(full, append([]string{r.Length}, r.Cells...)), append(short, append([]string{r.Length}, r.Short...))
		}
		m.fitting(header, full, short)
	}
}

func (m *markdown) planes(b *Benchmark) {
	names := []string{"low", "mid", "high"}
	for i := range b.Runs {
		p := &b.Runs[i].Plane
		if p.State != "ok" {
			continue
		}
		m.line("## Diffusion × scope%s\n", b.behind(i))
		var rows [][]string
		add := func(diffusion, scope string, c PlaneCell) {
			if c.Samples > 0 {
				rows = append(rows, []string{diffusion, scope, scoreCell(c.Score, c.Low, c.High), grouped(c.Samples), originText(c), c.documents()})
			}
		}
		for d, name := range names {
			for s := range names {
				add(name, names[s], p.Cells[d][s])
			}
			add(name, "all", p.Diffusion[d])
		}
		for s, name := range names {
			add("all", name, p.Scope[s])
		}
		m.table([]string{"Diffusion", "Scope", "Score", "n", "Axes", "Documents"}, rows)
	}
}

// documents are a cell's, with a word where they are too few.
func (c PlaneCell) documents() string {
	if c.Sparse {
		return grouped(c.Documents) + " (few)"
	}
	return grouped(c.Documents)
}

// heats are the maps of length by depth, with as much in a cell as fits.
func (m *markdown) heats(b *Benchmark) {
	for _, name := range b.taskNames() {
		for _, g := range newHeat(name, b.Runs).Grids {
			m.line("## Length × depth: %s%s\n", literal(name), b.behind(g.Run))
			full := g.cells(func(c *results.CellFigure) string {
				return fmt.Sprintf("%s, n=%d", figureText(c.Figure), c.Rows) + verdictMark(c)
			})
			short := g.cells(func(c *results.CellFigure) string {
				return fmt.Sprintf("%s (%s)", percentText(c.Score), shortRange(c.Low, c.High)) + verdictMark(c)
			})
			bare := g.cells(func(c *results.CellFigure) string { return percentText(c.Score) + verdictMark(c) })
			m.fitting(append([]string{"Length"}, g.Depths...), full, short, bare)
			if adaptive := b.Runs[g.Run].Adaptive; adaptive != nil && adaptive.Threshold != nil {
				m.paragraph(fmt.Sprintf("✓ reaches %s, ✗ does not reach it, ? is not known yet.", percentText(adaptive.Threshold)))
			}
			if g.Contour != nil {
				m.paragraph(literal(g.Contour.sentence()))
			}
		}
	}
}

// cells are the rows of a map, and its contour.
func (g grid) cells(of func(*results.CellFigure) string) [][]string {
	var rows [][]string
	for _, r := range g.Rows {
		row := []string{r.Length}
		for _, c := range r.Cells {
			if c == nil {
				row = append(row, "–")
			} else {
				row = append(row, of(c))
			}
		}
		rows = append(rows, row)
	}
	if g.Contour == nil {
		return rows
	}
	tokens, characters := []string{fmt.Sprintf("≥ %g %%", g.Contour.Threshold)}, []string{"characters"}
	for _, p := range g.Crossings {
		if p == nil {
			tokens, characters = append(tokens, "–"), append(characters, "–")
			continue
		}
		tokens, characters = append(tokens, literal(p.Text())), append(characters, orElse(p.CharactersText(), "–"))
	}
	return slices.Concat(rows, [][]string{tokens, characters})
}

// sentence says how far the contour reaches at every depth.
func (c *Contour) sentence() string {
	text := fmt.Sprintf("%g %% at every depth: %s tokens", c.Threshold, c.Minimum.Text())
	if n := c.Minimum.CharactersText(); n != "" {
		text += ", " + n + " characters"
	}
	if apart := c.Minimum.Apart(); apart != "" {
		text += " (95 % CI " + apart + ")"
	}
	return text + "."
}
