package benchmarks

import (
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// located says whether places of the evidence are known, all or some of them.
func (e Evidence) located() bool {
	return len(e.Spans) > 0 && (e.State == EvidenceKnown || e.State == EvidencePartial)
}

// Alternatives makes each span a set of its own: any of them suffices.
func (e Evidence) Alternatives() Evidence {
	if len(e.Spans) == 0 {
		return e
	}
	e.Sets = make([]int, len(e.Spans))
	for i := range e.Sets {
		e.Sets[i] = i
	}
	return e
}

// cut returns the evidence after context[from:to] was removed and the context
// changed its length by delta bytes. A span that was touched is lost: half a
// needle is not a needle. A set that lost a span is dropped where another one is
// whole.
func (e Evidence) cut(from, to, delta int) Evidence {
	if len(e.Spans) == 0 {
		return e
	}
	out := Evidence{State: e.State, Lost: e.Lost, Approximate: e.Approximate}
	broken := map[int]bool{} // sets
	for i, s := range e.Spans {
		switch {
		case s.End <= from:
		case s.Start >= to:
			s = scorers.Span{Start: s.Start + delta, End: s.End + delta}
		default:
			out.Lost++
			if e.Sets != nil {
				broken[e.Sets[i]] = true
			}
			continue
		}
		out.Spans = append(out.Spans, s)
		if e.Sets != nil {
			out.Sets = append(out.Sets, e.Sets[i])
		}
	}
	if len(out.Spans) == 0 {
		out.State = EvidenceLost
	}
	return out.without(broken)
}

// without drops the broken sets, unless all are.
func (e Evidence) without(broken map[int]bool) Evidence {
	if len(broken) == 0 || !slices.ContainsFunc(e.Sets, func(set int) bool { return !broken[set] }) {
		return e
	}
	spans, sets := e.Spans, e.Sets
	e.Spans, e.Sets = nil, nil
	for i, set := range sets {
		if !broken[set] {
			e.Spans, e.Sets = append(e.Spans, spans[i]), append(e.Sets, set)
		}
	}
	return e
}

// shift returns the evidence moved by n bytes.
func (e Evidence) shift(n int) Evidence {
	spans := make([]scorers.Span, len(e.Spans))
	for i, s := range e.Spans {
		spans[i] = scorers.Span{Start: s.Start + n, End: s.End + n}
	}
	e.Spans, e.Tokens = spans, nil
	return e
}

// smallest returns the set that is measured: the one of the fewest tokens, the
// first of several such; all spans where all are needed. Tokens has the spans'
// places in tokens. k is how many sets there are.
func (e Evidence) smallest(tokens []scorers.Span) (bytes, inTokens []scorers.Span, k int) {
	if e.Sets == nil {
		return e.Spans, tokens, 1
	}
	at := map[int]int{} // by a set's number, its place in the order of first spans
	var members [][]scorers.Span
	for i, set := range e.Sets {
		n, ok := at[set]
		if !ok {
			n = len(members)
			at[set] = n
			members = append(members, nil)
		}
		members[n] = append(members[n], tokens[i])
	}
	best := scorers.SmallestSet(members)
	for i, set := range e.Sets {
		if at[set] == best {
			bytes = append(bytes, e.Spans[i])
		}
	}
	return bytes, members[best], len(members)
}
