package report

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/results"
)

// excerpt is what the page shows of a context: the evidence with what stands
// around it, or both ends where none is known, and how much is left out.
func excerpt(context string, spans []results.RowSpan) []piece {
	spans = usable(context, spans)
	if len(spans) == 0 {
		if len(context) <= 2*edge {
			return []piece{{Text: valid(context)}}
		}
		a, b := boundary(context, edge), boundary(context, len(context)-edge)
		return []piece{{Text: valid(context[:a])}, gap(context[a:b]), {Text: valid(context[b:])}}
	}
	var out []piece
	at := 0 // how far the context is told
	for i, s := range spans {
		from := max(at, boundary(context, s.Start-aroundSpan))
		if from > at {
			out = append(out, gap(context[at:from]))
		}
		out = append(out, piece{Text: valid(context[from:s.Start])})
		out = append(out, evidence(context[s.Start:s.End])...)
		next := len(context)
		if i+1 < len(spans) {
			next = spans[i+1].Start
		}
		at = min(next, boundary(context, s.End+aroundSpan))
		out = append(out, piece{Text: valid(context[s.End:at])})
	}
	if at < len(context) {
		out = append(out, gap(context[at:]))
	}
	return slices.DeleteFunc(out, func(p piece) bool { return p.Text == "" && p.Gap == 0 })
}

// usable are the first spans that lie in the context, in order and apart, on
// the borders of characters.
func usable(context string, spans []results.RowSpan) []results.RowSpan {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b results.RowSpan) int { return cmp.Compare(a.Start, b.Start) })
	var out []results.RowSpan
	end := 0
	for _, s := range spans {
		s.Start, s.End = boundary(context, max(end, s.Start)), boundary(context, s.End)
		if s.Start < s.End && len(out) < maxSpans {
			out = append(out, s)
			end = s.End
		}
	}
	return out
}

// evidence is one span, its middle left out if it is long.
func evidence(s string) []piece {
	if len(s) <= maxSpan {
		return []piece{{Text: valid(s), Evidence: true}}
	}
	a, b := boundary(s, maxSpan/2), boundary(s, len(s)-maxSpan/2)
	return []piece{{Text: valid(s[:a]), Evidence: true}, {Gap: utf8.RuneCountInString(s[a:b]), Evidence: true}, {Text: valid(s[b:]), Evidence: true}}
}

func gap(s string) piece { return piece{Gap: utf8.RuneCountInString(s)} }

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
