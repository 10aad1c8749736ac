package results

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// printable makes text that came from a model, a data set or an endpoint safe
// for a terminal: control characters, escape sequences and marks that reorder
// or hide text come out as \u escapes, broken UTF-8 as U+FFFD.
func printable(s string) string {
	safe := func(r rune) bool { return r != utf8.RuneError && unicode.IsPrint(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case safe(r), r == utf8.RuneError:
			b.WriteRune(r)
		case r < 0x100:
			_, _ = fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			_, _ = fmt.Fprintf(&b, `\u%04x`, r)
		default:
			_, _ = fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// Printable makes text of others safe for a terminal, for packages beside this
// one: what would steer it, reorder or hide text comes out as an escape.
func Printable(s string) string { return printable(s) }

// Clip shortens text to at most width columns, with an ellipsis if it must.
func Clip(s string, width int) string { return clip(s, width) }

// terminalWidth measures text in columns; ambiguous characters count one,
// whatever the locale, so that a table looks the same everywhere.
func terminalWidth(s string) int {
	return twwidth.WidthWithOptions(s, twwidth.Options{})
}

// clip shortens text to at most width columns, with an ellipsis if it must.
func clip(s string, width int) string {
	if terminalWidth(s) <= width {
		return s
	}
	used := 0
	for at, r := range s {
		if used += terminalWidth(string(r)); used > width-1 {
			return s[:at] + "…"
		}
	}
	return s
}

// wrap breaks text at spaces into lines of at most width columns; what follows
// the first is indented. A word that is longer has a line of its own, clipped.
func wrap(s string, width, indent int) []string {
	var lines []string
	current := ""
	for word := range strings.FieldsSeq(s) {
		room := width - terminalWidth(current) - 1
		switch {
		case current == "":
			current = clip(word, width)
		case terminalWidth(word) <= room:
			current += " " + word
		default:
			lines = append(lines, current)
			current = clip(strings.Repeat(" ", indent)+word, width)
		}
	}
	return append(lines, current)
}
