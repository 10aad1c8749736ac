package scorers

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
)

// mergedSpans returns the spans in order, those that overlap or touch made one
// and empty ones left out. One that reaches outside 0..n is an error.
func mergedSpans(spans []Span, n int, unit string) ([]Span, error) {
	sorted := make([]Span, 0, len(spans))
	for i, s := range spans {
		switch {
		case s.Start == s.End:
		case s.Start > s.End:
			return nil, fmt.Errorf("evidence span %d, [%d, %d) in %s, ends before it starts", i+1, s.Start, s.End, unit)
		case s.Start < 0 || s.End > n:
			return nil, fmt.Errorf("evidence span %d, [%d, %d), lies outside the context of %d %s", i+1, s.Start, s.End, n, unit)
		default:
			sorted = append(sorted, s)
		}
	}
	return joined(sorted), nil
}

// joined returns the spans in order, those that overlap or touch made one.
func joined(spans []Span) []Span {
	sorted := slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	out := sorted[:0]
	for _, s := range sorted {
		if last := len(out) - 1; last >= 0 && s.Start <= out[last].End {
			out[last].End = max(out[last].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// totalLength is of spans that don't overlap.
func totalLength(spans []Span) int {
	total := 0
	for _, s := range spans {
		total += s.End - s.Start
	}
	return total
}

// TokenSpans turns byte ranges of a text into ranges of its tokens, of which
// ends has the byte offsets at which they end. A token belongs to a range if it
// shares at least one byte with it.
func TokenSpans(ends []int, spans []Span) []Span {
	out := make([]Span, 0, len(spans))
	for _, s := range spans {
		if s.Start >= s.End {
			continue
		}
		first := sort.SearchInts(ends, s.Start+1) // the first that ends behind the start
		last := sort.SearchInts(ends, s.End)      // the first that reaches the end
		out = append(out, Span{Start: first, End: min(last+1, len(ends))})
	}
	return out
}
