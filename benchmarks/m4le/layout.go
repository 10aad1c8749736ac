package m4le

import (
	"regexp"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// layout says how the input of a task's rows is put together: an example, the
// items, the question; the example behind the items if exampleLast. item and ask
// are patterns, see lister.add.
type layout struct {
	item, ask   string
	exampleLast bool
}

// reader is a layout ready for use.
type reader struct {
	layout
	heading, question *regexp.Regexp // heading is nil for one long text
}

func (l layout) reader() reader {
	r := reader{layout: l, question: regexp.MustCompile(l.ask)}
	if l.item != "" {
		r.heading = regexp.MustCompile(`(?m)^` + l.item)
	}
	return r
}

// item is one of the numbered texts of a context.
type item struct {
	scorers.Span
	name string // id or number, "" where items have none
}

// split cuts a row's prompt into what stands before the items, the items, and
// the question. Together they are the prompt as upstream sends it: instruction,
// newline, input. An input of another shape is all context.
func (r reader) split(instruction, input string) (p benchmarks.Prompt) {
	from, to := r.bounds(input)
	if r.heading != nil {
		if at := r.heading.FindStringIndex(input[from:to]); at != nil {
			from += at[0]
		}
	}
	return benchmarks.Prompt{Before: instruction + "\n" + input[:from], Context: input[from:to], After: input[to:]}
}

// bounds are where the items begin and end, without the example.
func (r reader) bounds(input string) (from, to int) {
	asks := r.question.FindAllStringIndex(input, -1)
	if len(asks) == 0 {
		return 0, len(input)
	}
	to = asks[len(asks)-1][0]
	if len(asks) == 1 {
		return 0, to
	}
	first := asks[0]
	if r.exampleLast {
		// The example has an item of its own, right before its question.
		headings := r.heading.FindAllStringIndex(input[:asks[len(asks)-2][0]], -1)
		if len(headings) > 1 {
			to = headings[len(headings)-1][0]
		}
		return 0, to
	}
	if gap := strings.Index(input[first[1]:to], "\n\n"); gap >= 0 {
		from = first[1] + gap + len("\n\n")
	}
	return from, to
}

// items finds the items of a context, headings included, without the white
// space behind them.
func (r reader) items(context string) []item {
	if r.heading == nil {
		return nil
	}
	at := r.heading.FindAllStringSubmatchIndex(context, -1)
	out := make([]item, len(at))
	for i, m := range at {
		end := len(context)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		out[i].Span = scorers.Span{Start: m[0], End: m[0] + len(strings.TrimRight(context[m[0]:end], "\n "))}
		if len(m) > 2 && m[2] >= 0 {
			out[i].name = context[m[2]:m[3]]
		}
	}
	return out
}
