package longbench

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// heading matches what LongBench puts ahead of numbered paragraphs.
var heading = regexp.MustCompile(`(?m)^(?:Paragraph|Passage) \d+: ?|^段落\d+：`)

// evidence locates what the answer rests on, where LongBench's construction or
// a verbatim occurrence tells; everything else stays unknown.
func evidence(t task, context string, answers []string) benchmarks.Evidence {
	switch t.Name {
	case "passage_retrieval_en", "passage_retrieval_zh":
		return goldParagraph(context, answers)
	case "passage_count":
		return repeatedParagraphs(context)
	case "hotpotqa", "2wikimqa", "musique", "dureader":
		return answerPassages(context, answers)
	case "narrativeqa", "qasper", "multifieldqa_en", "multifieldqa_zh":
		return occurrences(context, answers)
	}
	return benchmarks.Evidence{State: benchmarks.EvidenceUnknown}
}

// numbered cuts a context into its headed paragraphs, headings included.
func numbered(context string) []scorers.Span {
	at := heading.FindAllStringIndex(context, -1)
	spans := make([]scorers.Span, len(at))
	for i, h := range at {
		end := len(context)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		spans[i] = scorers.Span{Start: h[0], End: h[0] + len(strings.TrimRight(context[h[0]:end], "\n "))}
	}
	return spans
}

// goldParagraph is the paragraph whose heading is the answer: "Paragraph 7",
// "段落7".
func goldParagraph(context string, answers []string) benchmarks.Evidence {
	for _, s := range numbered(context) {
		head := heading.FindString(context[s.Start:s.End])
		name := strings.TrimRight(head, ":： ")
		if slices.Contains(answers, name) {
			return benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{s}}
		}
	}
	return benchmarks.Evidence{State: benchmarks.EvidenceUnknown}
}

// repeatedParagraphs are those that occur more than once: what makes the count
// of different ones differ from the count of all.
func repeatedParagraphs(context string) benchmarks.Evidence {
	spans := numbered(context)
	seen := map[string]int{}
	body := func(s scorers.Span) string {
		text := context[s.Start:s.End]
		return text[len(heading.FindString(text)):]
	}
	for _, s := range spans {
		seen[body(s)]++
	}
	e := benchmarks.Evidence{State: benchmarks.EvidenceKnown}
	for _, s := range spans {
		if seen[body(s)] > 1 {
			e.Spans = append(e.Spans, s)
		}
	}
	if len(spans) == 0 {
		e.State = benchmarks.EvidenceUnknown
	}
	return e
}

// answerPassages are the passages that hold an answer. Which ones the question
// needs besides is not marked upstream, so they are part of the evidence.
func answerPassages(context string, answers []string) benchmarks.Evidence {
	var e benchmarks.Evidence
	passages := numbered(context)
	if len(passages) == 0 {
		return occurrences(context, answers)
	}
	for _, s := range passages {
		for _, a := range answers {
			if a != "" && strings.Contains(context[s.Start:s.End], a) {
				e.Spans = append(e.Spans, s)
				break
			}
		}
	}
	return partial(e)
}

// occurrences are the places where an answer stands word for word.
func occurrences(context string, answers []string) benchmarks.Evidence {
	var e benchmarks.Evidence
	for _, a := range answers {
		e.Spans = append(e.Spans, benchmarks.FindSpans(context, a)...)
	}
	e.Spans = benchmarks.MergeSpans(e.Spans)
	return partial(e)
}

func partial(e benchmarks.Evidence) benchmarks.Evidence {
	e.State = benchmarks.EvidencePartial
	if len(e.Spans) == 0 {
		e.State = benchmarks.EvidenceUnknown
	}
	return e
}

// passages cuts a context into distractor passages without headings: a second
// "Paragraph 7" would be a second right answer.
func passages(t task, context string) []string {
	sep := "\n\n"
	if t.Category == fewShot || !strings.Contains(context, sep) {
		sep = "\n"
	}
	var out []string
	for p := range strings.SplitSeq(context, sep) {
		p = strings.TrimSpace(p)
		p = strings.TrimSpace(p[len(heading.FindString(p)):])
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}
