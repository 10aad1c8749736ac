package view

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/lcbench/lcbench/results"
)

// piece is a part of a context: text, evidence or not, or a gap.
type piece struct {
	Text     string
	Evidence bool
	// Gap is how many characters are left out, those from byte From to To; More
	// leads to them.
	Gap      int
	From, To int
	More     string
}

// How much of a context is shown, in bytes: around evidence, of evidence itself
// before its middle is left out, at both ends where none is known, of how many
// places, and how much more at a time.
const (
	around    = 400
	maxSpan   = 4000
	bothEnds  = 1500
	maxPlaces = 40
	more      = 8 << 10
	wholePage = 64 << 10
	// hardly is a gap so small that it is shown.
	hardly = 200
)

// excerpt is the evidence of a context with what stands around it, or both ends
// where none is known.
func excerpt(context string, spans []results.RowSpan) []piece {
	spans = apart(context, spans)
	var shown []results.RowSpan
	for _, s := range spans[:min(maxPlaces, len(spans))] {
		if s.End-s.Start <= maxSpan {
			shown = append(shown, results.RowSpan{Start: s.Start - around, End: s.End + around})
			continue
		}
		shown = append(shown, results.RowSpan{Start: s.Start - around, End: s.Start + maxSpan/2}, results.RowSpan{Start: s.End - maxSpan/2, End: s.End + around})
	}
	if len(shown) == 0 {
		shown = []results.RowSpan{{Start: 0, End: bothEnds}, {Start: len(context) - bothEnds, End: len(context)}}
	}
	var out []piece
	at := 0
	for _, s := range shown {
		from, to := boundary(context, max(at, s.Start)), boundary(context, s.End)
		if from >= to {
			continue
		}
		if from-at < hardly {
			from = at
		}
		out = append(out, gap(context, at, from)...)
		out = append(out, marked(context, spans, from, to)...)
		at = to
	}
	if len(context)-at < hardly {
		return append(out, marked(context, spans, at, len(context))...)
	}
	return append(out, gap(context, at, len(context))...)
}

// window is the context from a byte on, at most so many bytes, and the gap
// behind it up to another byte.
func window(context string, spans []results.RowSpan, from, to, most int) []piece {
	from, to = boundary(context, from), boundary(context, to)
	end := boundary(context, min(to, from+most))
	if to-end < hardly {
		end = to
	}
	return append(marked(context, apart(context, spans), from, end), gap(context, end, to)...)
}

// marked splits a part of a context where evidence begins and ends; spans are
// apart and in order.
func marked(context string, spans []results.RowSpan, from, to int) []piece {
	var out []piece
	add := func(end int, evidence bool) {
		if end = min(end, to); end > from {
			out = append(out, piece{Text: context[from:end], Evidence: evidence})
			from = end
		}
	}
	for _, s := range spans {
		if s.End > from && s.Start < to {
			add(s.Start, false)
			add(s.End, true)
		}
	}
	add(to, false)
	return out
}

func gap(context string, from, to int) []piece {
	if from >= to {
		return nil
	}
	return []piece{{Gap: utf8.RuneCountInString(context[from:to]), From: from, To: to}}
}

// apart are the spans that lie in the context, in order, not overlapping, on the
// borders of characters.
func apart(context string, spans []results.RowSpan) []results.RowSpan {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b results.RowSpan) int { return cmp.Compare(a.Start, b.Start) })
	var out []results.RowSpan
	end := 0
	for _, s := range spans {
		s.Start, s.End = boundary(context, max(end, s.Start)), boundary(context, s.End)
		if s.Start < s.End {
			out = append(out, s)
			end = s.End
		}
	}
	return out
}

// boundary is the last start of a character at or before a byte.
func boundary(s string, at int) int {
	at = min(max(at, 0), len(s))
	for back := 0; at > 0 && at < len(s) && !utf8.RuneStart(s[at]) && back < utf8.UTFMax; back++ {
		at--
	}
	return at
}
