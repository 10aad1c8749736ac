package leaderboard

import (
	"regexp"
	"strings"

	"github.com/lcbench/lcbench/results"
)

// Published tables of LongBench and RULER exist as Markdown in their README.
var (
	markdownRule = regexp.MustCompile(`^[\s|:-]+$`)
	markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^\s]*\)`)
	markdownTag  = regexp.MustCompile(`</?[a-zA-Z]+>`)
	// RULER's README puts a place behind some scores.
	markdownBold = regexp.MustCompile(`\*\*([^*]*)\*\*`)
	markdownRank = regexp.MustCompile(`^([0-9.]+) +\([0-9]+(st|nd|rd|th)\)$`)
)

// readMarkdown reads a table of Markdown up to its end: links stand for their
// text, tags and emphasis fall away.
func (s *sheet) readMarkdown(text string) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" {
			if s.header.cells != nil {
				return
			}
			continue
		}
		if !strings.Contains(trimmed, "|") {
			return
		}
		if s.header.cells != nil && len(s.rows) == 0 && markdownRule.MatchString(trimmed) {
			continue
		}
		s.append(markdownRow(line, number))
	}
}

// markdownRow cuts a row at its bars; those at its ends may be left out.
func markdownRow(line string, number int) record {
	r := record{line: number}
	at := 1
	pieces := strings.Split(line, "|")
	for i, piece := range pieces {
		start := at
		at += len(piece) + 1
		if strings.TrimSpace(piece) == "" && (i == 0 || i == len(pieces)-1) {
			continue
		}
		r.cells = append(r.cells, markdownText(piece))
		r.columns = append(r.columns, start)
	}
	return r
}

func markdownText(s string) string {
	s = markdownLink.ReplaceAllString(s, "$1")
	s = markdownTag.ReplaceAllString(s, "")
	s = strings.TrimSpace(markdownBold.ReplaceAllString(s, "$1"))
	return results.Printable(markdownRank.ReplaceAllString(s, "$1"))
}
