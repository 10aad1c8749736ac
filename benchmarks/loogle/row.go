package loogle

import (
	"errors"
	"fmt"
	"github.com/lcbench/lcbench/benchmarks"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers/pyliteral"
)

// document is a row: a text with its questions; a summary's row has one
// without a text of its own.
type document struct {
	input     string
	group     string
	words     int
	questions []question
}

// question is one pair of a row.
type question struct {
	text     string
	answers  []string // one; of a cloze, the entities of masks
	masks    []string
	evidence []string
	kind     string
	err      error // the pair can't be used
}

// decodeDocument reads a row. A pair that can't be used is kept with its error.
func decodeDocument(line []byte, t task) (document, error) {
	var d document
	var output string
	var pairs pyliteral.Value
	seen := map[string]bool{}
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		seen[key] = true
		switch key {
		case "input":
			d.input, err = datasets.String(raw)
			d.group, d.words = benchmarks.Group(t.Name, d.input), len(strings.Fields(d.input))
		case "output":
			if t.Name == summaries {
				output, err = datasets.String(raw)
			}
		case "qa_pairs":
			if t.Name != summaries {
				pairs, err = literal(raw)
			}
		}
		return err
	})
	if err != nil {
		return d, err
	}
	want := "qa_pairs"
	if t.Name == summaries {
		want = "output"
		d.questions = []question{{answers: []string{output}}}
	}
	for _, key := range []string{"input", want} {
		if !seen[key] {
			return d, datasets.MissingField(key)
		}
	}
	if t.Name == summaries {
		return d, nil
	}
	list, ok := pairs.(pyliteral.List)
	if !ok {
		return d, &datasets.FieldError{Field: "qa_pairs", Err: errors.New("want a list of objects")}
	}
	for i, v := range list {
		q, err := decodeQuestion(v, t)
		if err != nil {
			q.err = &datasets.FieldError{Field: "qa_pairs", Err: fmt.Errorf("pair %d: %w", i+1, err)}
		}
		d.questions = append(d.questions, q)
	}
	return d, nil
}

// literal reads qa_pairs: a Python literal in a string, or (prediction files)
// plain JSON, whose strings, lists and objects Python writes the same way.
func literal(raw []byte) (pyliteral.Value, error) {
	text := string(raw)
	if strings.HasPrefix(text, `"`) {
		var err error
		if text, err = datasets.String(raw); err != nil {
			return nil, err
		}
	} else if strings.HasPrefix(text, "[") {
		return jsonList(raw)
	}
	v, err := pyliteral.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("want a Python literal: %w", err)
	}
	return v, nil
}

// decodeQuestion reads one pair: Q, A, S and, in longdep_qa, type.
func decodeQuestion(v pyliteral.Value, t task) (question, error) {
	var q question
	pair, ok := v.(*pyliteral.Dict)
	if !ok {
		return q, errors.New("want an object")
	}
	if q.text, ok = pair.Text["Q"].(string); !ok {
		return q, errors.New("want Q, a string")
	}
	switch a := pair.Text["A"].(type) {
	case string:
		q.answers = []string{a}
	case *pyliteral.Dict:
		for _, mask := range a.Keys {
			entity, ok := a.Text[mask].(string)
			if !ok {
				return q, fmt.Errorf("want a string for %s", mask)
			}
			q.masks, q.answers = append(q.masks, mask), append(q.answers, entity)
		}
	}
	if len(q.answers) == 0 || (len(q.masks) > 0) != (t.Name == cloze) {
		return q, errors.New("want A, a string (in the cloze an object of masks and entities)")
	}
	switch s := pair.Text["S"].(type) {
	case string:
		q.evidence = []string{s}
	case pyliteral.List:
		for _, e := range s {
			if text, ok := e.(string); ok {
				q.evidence = append(q.evidence, text)
			}
		}
	}
	typ, _ := pair.Text["type"].(string)
	q.kind = kind(typ)
	return q, nil
}

// sampleID names a question by the document's line and the place in it.
func sampleID(task string, line, place int) string { return fmt.Sprintf("%s/%d.%d", task, line, place) }

// A distractor passage ends at the first sentence or line end behind
// passageBytes, or where there is none for as long again, at a space.
const passageBytes = 600

// passages cuts a document into distractor passages. Pages are one line of
// text, scripts thousands of short ones.
func passages(input string) []string {
	var out []string
	for input != "" {
		n := passageEnd(input)
		if p := strings.TrimSpace(input[:n]); p != "" {
			out = append(out, p)
		}
		input = input[n:]
	}
	return out
}

func passageEnd(text string) int {
	if len(text) <= passageBytes {
		return len(text)
	}
	window := text[passageBytes:min(len(text), 2*passageBytes)]
	end := len(window)
	for _, stop := range []string{". ", "! ", "? ", "\n"} {
		if i := strings.Index(window, stop); i >= 0 {
			end = min(end, i+len(stop))
		}
	}
	if end == len(window) {
		if i := strings.LastIndexByte(window, ' '); i >= 0 {
			end = i + 1
		}
	}
	n := passageBytes + end
	for n < len(text) && !utf8.RuneStart(text[n]) {
		n++
	}
	return n
}
