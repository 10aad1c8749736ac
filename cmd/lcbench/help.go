package main

import (
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// helpWidth is how many columns help takes.
const helpWidth = 80

// foldHelp breaks the descriptions of commands into lines that a terminal of
// helpWidth columns shows whole.
func foldHelp(commands []*cli.Command) {
	for _, c := range commands {
		c.Description = foldText(c.Description, helpWidth-3) // help indents by three
		foldHelp(c.Subcommands)
	}
}

// foldText fills paragraphs anew. Indented lines stay what they are; one that is too
// long goes on below its last column.
func foldText(text string, width int) string {
	var out, open []string
	fill := func() {
		out = append(out, wrapped(strings.Join(open, " "), width)...)
		open = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && line[0] != ' ' {
			open = append(open, line)
			continue
		}
		fill()
		at := hanging(line)
		if utf8.RuneCountInString(line) <= width || at == 0 {
			out = append(out, line)
			continue
		}
		rest := wrapped(line[at:], width-at)
		out = append(out, line[:at]+strings.Join(rest, "\n"+strings.Repeat(" ", at)))
	}
	fill()
	return strings.Join(out, "\n")
}

// hanging is where the last column of an indented line begins: behind its last run
// of spaces.
func hanging(line string) int {
	if i := strings.LastIndex(line, "  "); i >= 0 {
		return i + 2
	}
	return 0
}
