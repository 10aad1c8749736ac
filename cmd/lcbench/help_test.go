package main

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// What a command is and does reads in a terminal of 80 columns: help indents by
// three, and lists commands behind a column of names.
func TestHelpFits80Columns(t *testing.T) {
	seen := 0
	var check func(path string, list []*cli.Command)
	check = func(path string, list []*cli.Command) {
		longest := 0
		for _, c := range list {
			longest = max(longest, len(c.Name))
		}
		for _, c := range list {
			seen++
			lines := []string{"   " + path + " " + c.Name + " - " + c.Usage, "   " + strings.Repeat(" ", longest+2) + c.Usage}
			for line := range strings.SplitSeq(c.Description, "\n") {
				lines = append(lines, "   "+line)
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > 80 {
					t.Errorf("%s %s: %d columns: %s", path, c.Name, n, line)
				}
			}
			check(path+" "+c.Name, c.Subcommands)
		}
	}
	check("lcbench", newApp(strings.NewReader(""), io.Discard, io.Discard).Commands)
	if seen < 20 {
		t.Errorf("only %d commands were seen", seen)
	}
}

// Folding keeps every word, paragraphs apart and columns of terms below each other.
func TestFoldedTextKeepsItsColumns(t *testing.T) {
	text := "One two three\nfour five.\n\nTerms:\n  a[:B]  " + strings.Repeat("word ", 6) + "end\n  long-term\n         short"
	want := "One two three four\nfive.\n\nTerms:\n  a[:B]  word word\n         word word\n         word word\n         end\n  long-term\n         short"
	if got := foldText(text, 20); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
