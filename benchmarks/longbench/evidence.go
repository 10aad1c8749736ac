package longbench

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

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
	case "trec", "lsht":
		return demonstrations(context, answers)
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

// answerPassages are the passages in which an answer stands: each may be the one
// that gives the answer, and which others the question needs besides is not
// marked upstream.
func answerPassages(context string, answers []string) benchmarks.Evidence {
	passages := numbered(context)
	if len(passages) == 0 {
		return occurrences(context, answers)
	}
	var found []scorers.Span
	for _, s := range passages {
		if len(answerPlaces(context[s.Start:s.End], answers)) > 0 {
			found = append(found, s)
		}
	}
	return partial(found)
}

// occurrences are the places where an answer stands word for word. Any of them
// may be what the question is about.
func occurrences(context string, answers []string) benchmarks.Evidence {
	return partial(benchmarks.MergeSpans(answerPlaces(context, answers)))
}

// telling says whether a place where an answer stands tells anything: yes, no
// and what is shorter than three bytes or two characters stand anywhere.
func telling(answer string) bool {
	return len(answer) > 2 && utf8.RuneCountInString(answer) > 1 && !strings.EqualFold(answer, "yes")
}

// answerPlaces are the places where an answer stands as words of its own.
func answerPlaces(text string, answers []string) []scorers.Span {
	var found []scorers.Span
	for _, a := range answers {
		if a = strings.TrimSpace(a); telling(a) {
			found = append(found, benchmarks.FindWords(text, a)...)
		}
	}
	return found
}

// labelLine matches the end of a demonstration: its class.
var labelLine = regexp.MustCompile(`(?m)^(?:Type: ?|类别：)(.*)$`)

// demonstrations are those of the answer's class. The query has no class yet and
// stands behind the context.
func demonstrations(context string, answers []string) benchmarks.Evidence {
	e := benchmarks.Evidence{State: benchmarks.EvidenceKnown}
	from := 0
	for _, m := range labelLine.FindAllStringSubmatchIndex(context, -1) {
		if slices.Contains(answers, strings.TrimSpace(context[m[2]:m[3]])) {
			start := from + len(context[from:m[0]]) - len(strings.TrimLeft(context[from:m[0]], "\r\n "))
			e.Spans = append(e.Spans, scorers.Span{Start: start, End: m[3]})
		}
		from = m[1]
	}
	if len(e.Spans) == 0 {
		e.State = benchmarks.EvidenceUnknown
	}
	return e
}

// partial is evidence of which some is known to stand in one of these places.
func partial(places []scorers.Span) benchmarks.Evidence {
	if len(places) == 0 {
		return benchmarks.Evidence{State: benchmarks.EvidenceUnknown}
	}
	return benchmarks.Evidence{State: benchmarks.EvidencePartial, Spans: places}.Alternatives()
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
