package report

import (
	"fmt"
	"slices"
	"strings"
)

// multiple is a small drawing: one mechanism's difference to the base along one
// axis. All of a trade-off share the vertical scale.
type multiple struct {
	ID, Title                string
	Group, Table             string // ids of the mechanism's drawings, and of the table with the numbers
	Style                    int
	Width, High              int
	Left, Right, Top, Bottom float64
	YTicks                   []tick
	Zero                     float64
	Line                     string
	Parts                    []multiplePart
}

// multiplePart is a part of the axis.
type multiplePart struct {
	X float64
	// Text names the part, Under says how many samples it has, or too few documents.
	Text, Under string
	Mark        mark
	Whisker     string
}

// axisTitle names an axis.
func axisTitle(axis string) string {
	return map[string]string{alongLength: "By length", alongDepth: "By depth", alongDiffusion: "By diffusion", alongScope: "By scope"}[axis]
}

// multiples are a mechanism's drawings, one an axis along which its samples lie
// in several parts.
func (t *Tradeoff) multiples(id, table string, m *Mechanism, y scale) []multiple {
	var out []multiple
	for _, axis := range axesAlong() {
		parts := m.along(axis)
		if len(parts) < 2 {
			continue
		}
		d := multiple{
			ID: id + "-" + axis, Group: id, Table: table, Title: axisTitle(axis), Style: m.run % styles,
			Width: 280, High: 176, Left: 38, Right: 274, Top: 10, Bottom: 136,
		}
		d.draw(m, parts, y)
		out = append(out, d)
	}
	return out
}

// along are the differences over the parts of an axis.
func (m *Mechanism) along(axis string) []Shift {
	return slices.DeleteFunc(slices.Clone(m.By), func(s Shift) bool { return s.Axis != axis })
}

func (d *multiple) draw(m *Mechanism, parts []Shift, y scale) {
	y.from, y.to = d.Bottom, d.Top
	for _, v := range y.ticks() {
		d.YTicks = append(d.YTicks, tick{y.at(v), strings.ReplaceAll(numberText(v), "-", "−")})
	}
	d.Zero = y.at(0)
	step := (d.Right - d.Left) / float64(len(parts))
	every := 1 + (len(parts)-1)/7 // more names would run into one another
	var line []string
	for i, s := range parts {
		x, py := round1(d.Left+(float64(i)+0.5)*step), y.at(s.Points)
		line = append(line, at(x, py))
		p := multiplePart{X: x, Mark: mark{X: x, Y: py, Shape: shape(d.Style, x, py), Title: m.Name + ", " + s.PartText() + ": " + s.text(), Few: s.Sparse}}
		if i%every == 0 {
			p.Text, p.Under = s.PartText(), fmt.Sprintf("n=%d", s.Pairs)
			if s.Sparse {
				p.Under = "too few"
			}
		}
		if s.Low != nil {
			p.Whisker = whisker(x, y.at(*s.Low), y.at(*s.High))
		}
		d.Parts = append(d.Parts, p)
	}
	d.Line = strings.Join(line, " ")
}

// undivided names the axes along which all samples lie in one part.
func (t *Tradeoff) undivided() []string {
	var out []string
	for _, axis := range axesAlong() {
		var parts []string
		for i := range t.Mechanisms {
			for _, s := range t.Mechanisms[i].along(axis) {
				if !slices.Contains(parts, s.PartText()) {
					parts = append(parts, s.PartText())
				}
			}
		}
		if len(parts) == 1 {
			out = append(out, axis+" ("+parts[0]+")")
		}
	}
	return out
}

// text is the difference, with its interval or the reason why there is none.
func (s Shift) text() string {
	if s.Low == nil {
		return signedPoints(s.Points) + " (" + whyNone(s.Interval) + ")"
	}
	return fmt.Sprintf("%s (%s to %s)", signedPoints(s.Points), signedPoints(*s.Low), signedPoints(*s.High))
}

// Text is the same with the number of samples, and what speaks against judging by
// it.
func (s *Shift) Text() string {
	text := fmt.Sprintf("%s, n=%s", s.text(), grouped(s.Pairs))
	if s.Sparse {
		text += ", too few: " + plural(s.Documents, "document")
	}
	return text
}

// shiftScale is the vertical scale of all drawings: over every difference and
// interval, and 0.
func (t *Tradeoff) shiftScale() scale {
	low, high := 0.0, 0.0
	for _, m := range t.Mechanisms {
		for _, s := range m.By {
			low, high = min(low, s.Points), max(high, s.Points)
			if s.Low != nil {
				low, high = min(low, *s.Low), max(high, *s.High)
			}
		}
	}
	return newLinear(low, high, 10, 0, 1)
}
