package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestMarkdownTablesAreAsWideAsATerminal(t *testing.T) {
	var m markdown
	cell := strings.Repeat("x", 24)
	m.table([]string{"Run", "A", "B", "C", "D"}, [][]string{{"score", cell, cell, cell, "1"}, {"longer name", "1", "2", "3", cell}})
	want := []string{
		"| Run         |                        A |                        B |",
		"|:------------|-------------------------:|-------------------------:|",
		"| score       | xxxxxxxxxxxxxxxxxxxxxxxx | xxxxxxxxxxxxxxxxxxxxxxxx |",
		"| longer name |                        1 |                        2 |",
		"",
		"| Run         |                        C |                        D |",
		"|:------------|-------------------------:|-------------------------:|",
		"| score       | xxxxxxxxxxxxxxxxxxxxxxxx |                        1 |",
		"| longer name |                        3 | xxxxxxxxxxxxxxxxxxxxxxxx |",
		"", "",
	}
	if got := m.String(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	m = markdown{}
	m.fitting([]string{"L", "0%", "50%"}, [][]string{{"1k", strings.Repeat("y", 40), strings.Repeat("y", 40)}}, [][]string{{"1k", "short", "short"}}, [][]string{{"1k", "s", "s"}})
	if got := m.String(); !strings.Contains(got, "| 1k  | short | short |") {
		t.Errorf("the first form that fits isn't taken:\n%s", got)
	}
}

// A list of tasks without a space in it is broken behind its commas.
func TestLongListsAreBrokenBehindCommas(t *testing.T) {
	list := strings.Repeat("passage_retrieval,", 12) + "lcc"
	var m markdown
	m.item("**A**: tasks " + list + ", limit 20")
	lines := strings.Split(strings.TrimSuffix(m.String(), "\n"), "\n")
	for _, line := range lines {
		if len(line) > textWidth {
			t.Errorf("a line has %d columns: %q", len(line), line)
		}
	}
	if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != "-**A**:tasks"+list+",limit20" {
		t.Errorf("something is lost: %q", got)
	}
}

// TestWrappedLinesStayText: no line but the first may begin a list, a quotation
// or a rule, and none is wider than it must be.
func TestWrappedLinesStayText(t *testing.T) {
	words := []string{"a", "word", "-", "+", "---", "==", ">", "> 4k", "12.", "7)", "28.3", "context", strings.Repeat("w", 30), "85", "%", "(95"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 60).Draw(t, "words"), " ")
		var m markdown
		m.item("Text " + text)
		lines := strings.Split(strings.TrimSuffix(m.String(), "\n"), "\n")
		var joined []string
		for i, line := range lines {
			joined = append(joined, strings.TrimSpace(line))
			first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if i > 0 && startsBlock(first) {
				t.Fatalf("line %d begins a block: %q", i+1, line)
			}
			rest := strings.Fields(line)
			for len(rest) > 1 && startsBlock(rest[len(rest)-1]) { // stays behind the word before it
				rest = rest[:len(rest)-1]
			}
			if n := utf8.RuneCountInString(strings.Join(rest, " ")); n > textWidth {
				t.Fatalf("line %d has %d columns: %q", i+1, n, line)
			}
		}
		if got, want := strings.Join(joined, " "), "- Text "+text; got != want {
			t.Fatalf("text became %q, want %q", got, want)
		}
	})
}

func TestLiteralTextIsNoMarkup(t *testing.T) {
	for in, want := range map[string]string{
		"qa_f1":                      "qa_f1",
		"_under_ *star* `code`":      "\\_under\\_ \\*star\\* \\`code\\`",
		"> 4k":                       "> 4k",
		"1.17k to > 4k, < 1k":        "1.17k to > 4k, < 1k",
		"<script>alert(1)</script>":  "\\<script\\>alert(1)\\</script\\>",
		"a | b\n# heading":           "a \\| b \\# heading",
		"\x1b]0;pwned\x07":           "\uFFFD\\]0;pwned\uFFFD",
		"[link](http://example.org)": "\\[link\\](http://example.org)",
	} {
		if got := literal(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
