package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// markdown is a text in the making, in lines of at most textWidth columns as far
// as its words and cells allow.
type markdown struct{ strings.Builder }

const textWidth = 80

func (m *markdown) line(format string, args ...any) {
	fmt.Fprintf(m, format, args...)
	m.WriteString("\n")
}

// paragraph breaks a text into lines, with an empty one behind them.
func (m *markdown) paragraph(text string) {
	m.wrap("", text)
	m.line("")
}

// item is an item of a list; its lines after the first are indented.
func (m *markdown) item(text string) { m.wrap("  ", "- "+text) }

func (m *markdown) wrap(indent, text string) {
	used := 0
	for i, word := range brokenWords(text, textWidth-len(indent)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > textWidth && !startsBlock(word):
			m.WriteString("\n" + indent)
			used = len(indent)
		default:
			m.WriteString(" ")
			used++
		}
		m.WriteString(word)
		used += n
	}
	m.WriteString("\n")
}

// brokenWords are a text's words; one that is longer than width, such as a list of
// tasks, is broken behind commas.
func brokenWords(text string, width int) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		for len(word) > width {
			cut := strings.LastIndexByte(word[:width], ',') + 1
			if cut == 0 {
				break
			}
			out, word = append(out, word[:cut]), word[cut:]
		}
		out = append(out, word)
	}
	return out
}

// startsBlock says that a word would begin a list, a quotation or a rule at the
// start of a line: such a word stays behind the one before it.
func startsBlock(word string) bool {
	number := strings.TrimLeft(word, "0123456789")
	if word == number {
		return word[0] == '>' || strings.Trim(word, "-+=") == ""
	}
	return number == "." || number == ")"
}

// table writes a table; its first column stands left, and is repeated where the
// others don't fit beside one another. Cells are literal.
func (m *markdown) table(header []string, rows [][]string) {
	widths := columnWidths(header, rows)
	for from := 1; from < len(header); {
		to, used := from+1, widths[0]+widths[from]+7
		for to < len(header) && used+widths[to]+3 <= textWidth {
			used += widths[to] + 3
			to++
		}
		m.block(header, rows, widths, from, to)
		from = to
	}
}

// fitting writes the first form of a table that fits, else the last.
func (m *markdown) fitting(header []string, forms ...[][]string) {
	for i, rows := range forms {
		used := 1
		for _, w := range columnWidths(header, rows) {
			used += w + 3
		}
		if used <= textWidth || i == len(forms)-1 {
			m.table(header, rows)
			return
		}
	}
}

func columnWidths(header []string, rows [][]string) []int {
	out := make([]int, len(header))
	for i, h := range header {
		out[i] = max(3, utf8.RuneCountInString(h))
		for _, r := range rows {
			out[i] = max(out[i], utf8.RuneCountInString(r[i]))
		}
	}
	return out
}

// block is the first column of a table with some of the others.
func (m *markdown) block(header []string, rows [][]string, widths []int, from, to int) {
	cells := func(row []string) {
		m.WriteString("| " + padRight(row[0], widths[0]))
		for i := from; i < to; i++ {
			m.WriteString(" | " + padLeft(row[i], widths[i]))
		}
		m.WriteString(" |\n")
	}
	cells(header)
	m.WriteString("|:" + strings.Repeat("-", widths[0]+1))
	for i := from; i < to; i++ {
		m.WriteString("|" + strings.Repeat("-", widths[i]+1) + ":")
	}
	m.WriteString("|\n")
	for _, r := range rows {
		cells(r)
	}
	m.line("")
}

func padRight(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s))) + s
}

// literal makes a text stand for itself in Markdown, in a table too: no markup,
// no HTML, no control characters. It isn't for the beginning of a line.
func literal(s string) string {
	var b strings.Builder
	runes := []rune(s)
	inWord := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsNumber(runes[i]))
	}
	for i, r := range runes {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case !unicode.IsPrint(r):
			b.WriteRune(unicode.ReplacementChar)
		case r == '_' && inWord(i-1) && inWord(i+1): // means nothing within a word
			b.WriteRune(r)
		case (r == '<' || r == '>') && i+1 < len(runes) && runes[i+1] == ' ': // no tag is written so
			b.WriteRune(r)
		case strings.ContainsRune("\\`*_[]<>|#&~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
