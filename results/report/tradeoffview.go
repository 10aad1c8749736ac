package report

import (
	_ "embed" // the section's template
	"fmt"
	"slices"
	"strings"
)

//go:embed tradeoff.html
var tradeoffText string

// tradeoffView is a trade-off as the page shows it.
type tradeoffView struct {
	ID string
	*Tradeoff
	Scatters []scatter
	Rows     []tradeoffRow
	// Multiples are a row of small drawings for each mechanism but the base.
	Multiples []multiplesOf
	// Undivided names the axes that have no drawings, since all samples lie in one
	// part.
	Undivided string
	// Columns and Parts are the table of what the drawings show.
	Columns []string
	Parts   []partRow
}

// partRow is a part of an axis, with every mechanism's difference.
type partRow struct {
	Axis, Part string
	Cells      []string
}

// tradeoffRow is a line of the table.
type tradeoffRow struct {
	*Mechanism
	Style  int
	IsBase bool
	Costs  []costCell
	Fronts string
}

type costCell struct{ Value, Ratio string }

type multiplesOf struct {
	ID, Name string
	Style    int
	Drawings []multiple
}

func newTradeoffViews(id string, list []Tradeoff) []tradeoffView {
	var out []tradeoffView
	for i := range list {
		t := &list[i]
		v := tradeoffView{ID: fmt.Sprintf("%s-gain%d", id, i), Tradeoff: t}
		for n, board := range t.boards() {
			for _, k := range costKinds() {
				if c, ok := t.newScatter(fmt.Sprintf("%s-s%d-%s", v.ID, n, k.key), v.ID+"-table", board, k); ok {
					v.Scatters = append(v.Scatters, c)
				}
			}
		}
		y := t.shiftScale()
		for n := range t.Mechanisms {
			m := &t.Mechanisms[n]
			v.Rows = append(v.Rows, t.row(m, n == t.base))
			group := fmt.Sprintf("%s-m%d", v.ID, n)
			if drawings := t.multiples(group, v.ID+"-parts", m, y); len(drawings) > 0 {
				v.Multiples = append(v.Multiples, multiplesOf{group, m.Name, m.run % styles, drawings})
			}
		}
		v.Undivided = strings.Join(t.undivided(), ", ")
		v.Columns, v.Parts = t.parts((*Shift).Text)
		out = append(out, v)
	}
	return out
}

func (t *Tradeoff) row(m *Mechanism, isBase bool) tradeoffRow {
	row := tradeoffRow{Mechanism: m, Style: m.run % styles, IsBase: isBase, Fronts: t.frontsText(m)}
	for _, c := range m.costs() {
		row.Costs = append(row.Costs, costCell{c.text, c.ratio(isBase)})
	}
	return row
}

// shownCost is a cost as tables show it.
type shownCost struct {
	text string
	CostFigure
}

// costs are prefill, decode, peak of all caches and cache of an answer.
func (m *Mechanism) costs() []shownCost {
	speed := func(f CostFigure) shownCost {
		if f.Value == nil {
			return shownCost{"–", f}
		}
		return shownCost{numberText(*f.Value), f}
	}
	memory := func(f CostFigure) shownCost {
		if f.Value == nil {
			return shownCost{"–", f}
		}
		unit, name := sizeUnit(*f.Value)
		return shownCost{numberText(*f.Value/unit) + " " + name, f}
	}
	return []shownCost{speed(m.Prefill), speed(m.Decode), memory(m.PeakKV), memory(m.AnswerKV)}
}

// ratio is a cost beside the base's, "" of the base.
func (c shownCost) ratio(isBase bool) string {
	if isBase || c.OfBase == nil {
		return ""
	}
	return numberText(*c.OfBase) + "×"
}

// frontsText names the costs on whose front a mechanism lies, with the boards
// where it does on some alone.
func (t *Tradeoff) frontsText(m *Mechanism) string {
	names := map[string]string{"decode": "decoding", "prefill": "prefill", "kv_answer": "KV memory"}
	var out []string
	for _, k := range costKinds() {
		var boards []string
		for _, s := range m.Scores {
			if slices.Contains(s.Front, k.key) {
				boards = append(boards, s.Board)
			}
		}
		switch {
		case len(boards) == 0:
		case len(boards) < len(t.boards()):
			out = append(out, names[k.key]+" ("+strings.Join(boards, ", ")+")")
		default:
			out = append(out, names[k.key])
		}
	}
	return orElse(strings.Join(out, ", "), "–")
}

// Spec is the mechanism with all parameters, and what else of it differs.
func (r tradeoffRow) Spec(varied []string) string {
	parts := []string{orElse(r.Attention, "unknown")}
	if slices.Contains(varied, "rope") || r.Rope != "none" {
		parts = append(parts, "rope "+r.Rope)
	}
	if slices.Contains(varied, "kv_type") || r.KVType != "" && r.KVType != "f16" {
		parts = append(parts, "KV "+r.KVType)
	}
	return strings.Join(parts, ", ")
}

// Heading names what the runs differ in.
func (t *Tradeoff) Heading() string {
	names := map[string]string{"attention": "attention", "rope": "stretch of positions", "kv_type": "format of the KV cache"}
	var out []string
	for _, v := range t.Varied {
		out = append(out, names[v])
	}
	return "What each " + strings.Join(out, " and ") + " costs and gains"
}

// BaseName is the short name of the run that differences are to.
func (t *Tradeoff) BaseName() string { return t.Mechanisms[t.base].Name }

// parts are the differences along all axes, a mechanism a column: the columns'
// names, and each part's cells.
func (t *Tradeoff) parts(text func(*Shift) string) (columns []string, rows []partRow) {
	var parts []Shift
	var by []*Mechanism
	for i := range t.Mechanisms {
		m := &t.Mechanisms[i]
		if len(m.By) == 0 {
			continue
		}
		columns, by = append(columns, m.Name), append(by, m)
		for _, s := range m.By {
			if !slices.ContainsFunc(parts, s.samePart) {
				parts = append(parts, s)
			}
		}
	}
	for _, p := range parts {
		row := partRow{Axis: p.Axis, Part: p.PartText()}
		for _, m := range by {
			cell := "–"
			if at := slices.IndexFunc(m.By, p.samePart); at >= 0 {
				cell = text(&m.By[at])
			}
			row.Cells = append(row.Cells, cell)
		}
		rows = append(rows, row)
	}
	return columns, rows
}

func (s Shift) samePart(other Shift) bool { return s.Axis == other.Axis && s.Part == other.Part }
