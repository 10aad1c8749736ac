package leaderboard

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/results"
)

// marks are the footnotes of a printed board, in the order of first use.
type marks struct {
	board *Board
	texts []string
}

// reasons are what a reader has to know of an entry.
func (e *Entry) reasons() []string {
	var out []string
	if e.Floor != "" {
		out = append(out, map[string]string{
			"baseline":   "Floor: what needs no model.",
			"no-context": "Floor: the model without the context.",
		}[e.Floor])
	}
	if e.builtin() {
		out = append(out, "Built-in samples, not the benchmark's own data.")
	}
	if e.unfinished() {
		out = append(out, "Unfinished: figures are of the samples so far.")
	}
	if e.Source != "" {
		out = append(out, fmt.Sprintf("Imported from %s.", e.Source))
	}
	return out
}

func (b *Board) marks(entries []*Entry) *marks {
	m := &marks{board: b}
	for _, e := range entries {
		for _, text := range e.reasons() {
			m.number(text)
		}
	}
	return m
}

// number is a footnote's, which is given at its first use.
func (m *marks) number(text string) int {
	for i, t := range m.texts {
		if t == text {
			return i + 1
		}
	}
	m.texts = append(m.texts, text)
	return len(m.texts)
}

// labelWidth is how many columns a model's name takes at the most.
const labelWidth = 36

// label is an entry's name, with raised numbers behind it; one that is too long
// is cut, and stands in full in a footnote.
func (m *marks) label(e *Entry) string {
	name := strings.Join(append([]string{e.Model}, m.board.apart(e)...), ", ")
	reasons := e.reasons()
	if results.Clip(name, labelWidth-4) != name {
		reasons = append(reasons, name)
	}
	var numbers []string
	for _, text := range reasons {
		numbers = append(numbers, raised(m.number(text)))
	}
	marks := strings.Join(numbers, " ")
	return results.Clip(name, labelWidth-utf8.RuneCountInString(marks)) + marks
}

func raised(n int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	var b strings.Builder
	for _, d := range fmt.Sprint(n) {
		b.WriteRune(digits[d-'0'])
	}
	return b.String()
}

func (m *marks) notes() []results.PageNote {
	var out []results.PageNote
	for i, text := range m.texts {
		out = append(out, results.PageNote{Text: raised(i+1) + " " + text})
	}
	return out
}
