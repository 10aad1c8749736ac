package benchmarks

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lcbench/lcbench/scorers"
)

// FindSpans returns the places of text in context, from left to right.
func FindSpans(context, text string) []scorers.Span {
	if text == "" {
		return nil
	}
	var spans []scorers.Span
	for from := 0; ; {
		i := strings.Index(context[from:], text)
		if i < 0 {
			return spans
		}
		spans = append(spans, scorers.Span{Start: from + i, End: from + i + len(text)})
		from += i + len(text)
	}
}

// FindWords returns the places where text stands as words of its own: neither
// end lies within a word, whose letters and numbers go on. Chinese characters
// are words each.
func FindWords(context, text string) []scorers.Span {
	return slices.DeleteFunc(FindSpans(context, text), func(s scorers.Span) bool {
		first, _ := utf8.DecodeRuneInString(text)
		last, _ := utf8.DecodeLastRuneInString(text)
		before, _ := utf8.DecodeLastRuneInString(context[:s.Start])
		after, _ := utf8.DecodeRuneInString(context[s.End:])
		return joins(before, first) || joins(last, after)
	})
}

// joins says whether two characters beside each other are of one word.
func joins(a, b rune) bool {
	inWord := func(r rune) bool {
		return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r)) && !unicode.Is(unicode.Han, r)
	}
	return inWord(a) && inWord(b)
}

// MergeSpans sorts spans and joins those that overlap or touch.
func MergeSpans(spans []scorers.Span) []scorers.Span {
	slices.SortFunc(spans, func(a, b scorers.Span) int { return a.Start - b.Start })
	var out []scorers.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}
