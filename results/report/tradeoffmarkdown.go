package report

import (
	"fmt"
	"slices"
	"strings"
)

// tradeoffs are what local models gain and cost under several mechanisms.
func (m *markdown) tradeoffs(b *Benchmark) {
	for i := range b.Tradeoffs {
		t := &b.Tradeoffs[i]
		m.line("## %s\n", literal(t.Heading()))
		m.paragraph(fmt.Sprintf("%s on the same samples. Differences are in points, to %s, on the samples that both runs answered; × is a cost's ratio to its. On the front: no mechanism is better in score or that cost without being worse in the other. Speeds and memory are one measurement of a run each.",
			literal(t.Model), literal(t.BaseName())))
		for _, n := range t.Notes {
			m.item(literal(n))
		}
		for _, x := range t.Mechanisms {
			if x.Unpaired != "" {
				m.item(literal(x.Name) + " isn't paired: " + literal(x.Unpaired))
			}
		}
		if len(t.Notes) > 0 || slices.ContainsFunc(t.Mechanisms, func(x Mechanism) bool { return x.Unpaired != "" }) {
			m.line("")
		}
		m.gains(t)
		m.shifts(t)
	}
}

// gains are the scores and costs, a mechanism a line.
func (m *markdown) gains(t *Tradeoff) {
	header := []string{"Mechanism"}
	boards := t.boards()
	for _, board := range boards {
		name := ""
		if len(boards) > 1 {
			name = literal(board) + " "
		}
		header = append(header, name+"score", name+"difference")
	}
	header = append(header, "Prefill tok/s", "Decode tok/s", "KV peak", "KV, answer", "On the front of")
	var rows [][]string
	for i := range t.Mechanisms {
		x := &t.Mechanisms[i]
		row := []string{letter(x.run) + " " + literal(x.Name)}
		for _, board := range boards {
			row = append(row, x.scoreCells(board)...)
		}
		for _, c := range x.costs() {
			row = append(row, strings.TrimSpace(c.text+" "+c.ratio(i == t.base)))
		}
		rows = append(rows, append(row, literal(t.frontsText(x))))
	}
	m.table(header, rows)
}

// scoreCells are a board's score and difference.
func (x *Mechanism) scoreCells(board string) []string {
	s := x.score(board)
	if s == nil {
		return []string{"–", "–"}
	}
	out := []string{scoreCell(s.Score, s.Low, s.High), "–"}
	if s.Difference != nil {
		out[1] = s.Difference.cell()
	}
	return out
}

// fewWords says what the word in cells means.
const fewWords = "(few): under 10 documents, too few to judge by."

// cell is a difference for tables, with a word where documents are too few.
func (s *Shift) cell() string {
	points := s.Points
	text := pointsCell(&points, s.Low, s.High)
	if s.Sparse {
		text += " (few)"
	}
	return text
}

// shifts are the differences along the axes, a mechanism a column.
func (m *markdown) shifts(t *Tradeoff) {
	columns, parts := t.parts((*Shift).cell)
	if len(parts) == 0 {
		return
	}
	header := []string{"Part"}
	for _, name := range columns {
		header = append(header, literal(name))
	}
	var rows [][]string
	for _, p := range parts {
		rows = append(rows, append([]string{p.Axis + " " + literal(p.Part)}, p.Cells...))
	}
	m.line("### Difference to %s along each axis\n", literal(t.BaseName()))
	m.table(header, rows)
	m.paragraph(fewWords)
}
