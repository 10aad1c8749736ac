package loogle

import (
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// evidence locates what an answer rests on. Of a question it is the texts that
// annotators gave, where the document has them: they retyped, joined and trimmed
// some. Of a cloze the given text is the summary that the masks were made in, so
// the mentions of the entities stand for it. A summary rests on all of its
// paper.
func (l *locator) evidence(t task, q question) benchmarks.Evidence {
	switch t.Name {
	case summaries:
		if l.text == "" {
			return benchmarks.Evidence{State: benchmarks.EvidenceUnknown}
		}
		return benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []span{{Start: 0, End: len(l.text)}}}
	case cloze:
		return l.entities(q.answers)
	}
	e := benchmarks.Evidence{State: benchmarks.EvidenceKnown}
	for _, text := range q.evidence {
		at, exact, ok := l.find(text)
		if !ok {
			e.State = benchmarks.EvidencePartial
			continue
		}
		if !exact {
			e.State, e.Approximate = benchmarks.EvidencePartial, true
		}
		e.Spans = append(e.Spans, at)
	}
	return located(e)
}

// entities are all mentions of a cloze's entities: which of them were meant is
// not known.
func (l *locator) entities(names []string) benchmarks.Evidence {
	e := benchmarks.Evidence{State: benchmarks.EvidencePartial, Approximate: true}
	for _, name := range names {
		e.Spans = append(e.Spans, benchmarks.FindWords(l.text, strings.TrimSpace(name))...)
	}
	return located(e)
}

// located sorts the spans; without any nothing is known.
func located(e benchmarks.Evidence) benchmarks.Evidence {
	e.Spans = benchmarks.MergeSpans(e.Spans)
	if len(e.Spans) == 0 {
		return benchmarks.Evidence{State: benchmarks.EvidenceUnknown}
	}
	return e
}
