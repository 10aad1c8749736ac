package scorers

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// taxonomy has one metric, which is of a sample and not of an answer.
func taxonomy() family {
	return family{benchmark: "taxonomy", tables: map[string]evaluator{"axes": evaluateAxes}}
}

// evaluateAxes measures the axes of a sample whose evidence is given in
// characters (code points) and in tokens.
func evaluateAxes(raw []byte) (any, error) {
	var c struct {
		Context    string  `json:"context"`
		Question   string  `json:"question"`
		Characters [][]int `json:"evidence_chars"`
		Tokens     [][]int `json:"evidence_tokens"`
		Size       int     `json:"context_tokens"`
		Hops       int     `json:"hops"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	if c.Size < 0 {
		return nil, fmt.Errorf("field \"context_tokens\": want 0 or more, got %d", c.Size)
	}
	characters, err := spansOf(c.Characters, utf8.RuneCountInString(c.Context), "evidence_chars", "characters")
	if err != nil {
		return nil, err
	}
	tokens, err := spansOf(c.Tokens, c.Size, "evidence_tokens", "tokens")
	if err != nil {
		return nil, err
	}
	axes, _, err := MeasureAxes(Located{
		Context: c.Context, Question: c.Question, Evidence: byteSpans(c.Context, characters),
		EvidenceTokens: tokens, Tokens: c.Size, Hops: c.Hops,
	})
	return axes, err
}

// spansOf reads pairs of a field, merged.
func spansOf(pairs [][]int, n int, field, unit string) ([]Span, error) {
	spans := make([]Span, len(pairs))
	for i, p := range pairs {
		if len(p) != 2 {
			return nil, fmt.Errorf("field %q: span %d: want [start, end], got %d numbers", field, i+1, len(p))
		}
		spans[i] = Span{Start: p[0], End: p[1]}
	}
	merged, err := mergedSpans(spans, n, unit)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", field, err)
	}
	return merged, nil
}

// byteSpans turns ranges of a text's characters, in order and within it, into
// ranges of its bytes.
func byteSpans(text string, characters []Span) []Span {
	out := make([]Span, len(characters))
	at, count := 0, 0
	to := func(character int) int {
		for ; count < character; count++ {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
		}
		return at
	}
	for i, s := range characters {
		out[i].Start = to(s.Start)
		out[i].End = to(s.End)
	}
	return out
}
