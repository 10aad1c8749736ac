package m4le

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// Names of items, in a question or in a reference.
var (
	hexID    = regexp.MustCompile(`[0-9A-F]{6}`)
	inAsked  = regexp.MustCompile(`(?:[Aa]rticle |段落)(\d+)`)
	inAnswer = regexp.MustCompile(`^(?:最相关的新闻是|演讲|Talk |段落|Paragraph )(\d+)`)
	classes  = regexp.MustCompile(`关于(.+)的[？?]`)
)

// evidence locates the items that the answer rests on, where the row tells.
func (r reader) evidence(of target, row row, p benchmarks.Prompt) benchmarks.Evidence {
	if of == everything {
		if p.Context == "" {
			return unknown()
		}
		return benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: 0, End: len(p.Context)}}}
	}
	items := r.items(p.Context)
	var found []item
	switch of {
	case namedID:
		if ids := hexID.FindAllString(p.After, -1); len(ids) > 0 {
			found = named(items, ids[len(ids)-1:])
		}
	case namedNumber:
		if m := inAsked.FindStringSubmatch(p.After); m != nil {
			found = named(items, m[1:])
		}
	case headedNumber:
		if m := inAnswer.FindStringSubmatch(row.answers[0]); m != nil {
			found = named(items, m[1:])
		}
	case listedIDs:
		ids := hexID.FindAllString(row.answers[0], -1)
		found = named(items, ids)
		if len(found) < len(ids) {
			return partly(found)
		}
	case ofClass:
		found = row.labelled(items, p.After)
	case holdAnswer:
		return partly(holding(p.Context, items, row.answers)).Alternatives()
	}
	if len(found) == 0 {
		return r.byIndex(of, row, p.Context, items)
	}
	return spans(found)
}

// byIndex goes by gold_index, and without it by where an answer stands: the one
// such item, where the task's others have none, else some of what is needed.
func (r reader) byIndex(of target, row row, context string, items []item) benchmarks.Evidence {
	if of != ofClass && row.gold >= 0 && row.gold < len(items) {
		return spans(items[row.gold : row.gold+1])
	}
	if of != goldIndex && of != oneHasAnswer {
		return unknown()
	}
	found := holding(context, items, row.answers)
	if of == oneHasAnswer && len(found) == 1 {
		return spans(found)
	}
	return partly(found).Alternatives()
}

// named are the items of these names.
func named(items []item, names []string) []item {
	var out []item
	for _, it := range items {
		if slices.Contains(names, it.name) {
			out = append(out, it)
		}
	}
	return out
}

// holding are the items in which an answer stands word for word. Answers of up
// to three letters (no, 12) stand everywhere and tell nothing.
func holding(context string, items []item, answers []string) []item {
	var out []item
	for _, it := range items {
		if slices.ContainsFunc(answers, func(a string) bool {
			return len(a) > 3 && strings.Contains(context[it.Start:it.End], a)
		}) {
			out = append(out, it)
		}
	}
	return out
}

// labelled are the items of the class that the question asks for, where the row
// lists the indices of each class.
func (r row) labelled(items []item, question string) []item {
	m := classes.FindStringSubmatch(question)
	if m == nil {
		return nil
	}
	var out []item
	for _, i := range r.labels[m[1]] {
		if i < 0 || i >= len(items) {
			return nil
		}
		out = append(out, items[i])
	}
	return out
}

func spans(items []item) benchmarks.Evidence {
	e := benchmarks.Evidence{State: benchmarks.EvidenceKnown}
	for _, it := range items {
		e.Spans = append(e.Spans, it.Span)
	}
	return e
}

// partly is what is known in part; without any item nothing is.
func partly(items []item) benchmarks.Evidence {
	if len(items) == 0 {
		return unknown()
	}
	e := spans(items)
	e.State = benchmarks.EvidencePartial
	return e
}

func unknown() benchmarks.Evidence { return benchmarks.Evidence{State: benchmarks.EvidenceUnknown} }
