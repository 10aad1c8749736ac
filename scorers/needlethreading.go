package scorers

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/lcbench/lcbench/scorers/pyliteral"
)

// needleThreading is the family of Needle Threading (arXiv 2411.05000 §3, and
// the evaluation in the README of jonathan-roberts1/needle-threading).
func needleThreading() family {
	return family{
		benchmark: "needlethreading",
		metrics: []Metric{
			{
				Name:   "thread_single",
				Equals: "the answer's beginning, unquoted where it is a Python string literal, is the value (README of needle-threading)",
				Score:  best(threadSingle),
			},
			{
				Name:   "thread_many",
				Equals: "share of the right values among those of a Python list or tuple, of JSON, or of UUID shape (beside it strict: the sets are equal; arXiv 2411.05000)",
				Score:  scoreThreadMany,
			},
		},
		tables: map[string]evaluator{"thread_many": evaluateThreadMany},
	}
}

// threadSingle is 1 if the prediction begins with the value. What is unquoted
// is not stripped again.
func threadSingle(prediction, reference string) float64 {
	prediction = strings.TrimFunc(prediction, isPySpace)
	if v, err := pyliteral.Parse(prediction); err == nil {
		if text, ok := v.(string); ok {
			prediction = text
		}
	}
	if strings.HasPrefix(prediction, reference) {
		return 1
	}
	return 0
}

// shares says how many of a case's right values an answer has.
type shares struct {
	share  float64 // of the right values that were found
	strict float64 // 1 if they were found and nothing else
	found  int     // values in the answer, each counted once
}

// threadMany compares sets: neither order nor repetition counts. A case without
// right values has a share of 0.
func threadMany(c Case) shares {
	right := map[string]bool{}
	for _, r := range c.References {
		right[r] = true
	}
	hits, others := 0, 0
	seen := map[any]bool{}
	for _, v := range threadValues(c.Prediction) {
		if seen[v] {
			continue
		}
		seen[v] = true
		if text, ok := v.(string); ok && right[text] {
			hits++
		} else {
			others++
		}
	}
	s := shares{found: hits + others}
	if len(right) > 0 {
		s.share = float64(hits) / float64(len(right))
	}
	if hits == len(right) && others == 0 {
		s.strict = 1
	}
	return s
}

// uuidShape matches what looks like a UUID, inside of a longer word too.
var uuidShape = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)

// otherValue is an element of a list that is no string, by its JSON or its place:
// it equals no value.
type otherValue string

// threadValues are the values that an answer names: strings, or otherValues.
func threadValues(prediction string) []any {
	prediction = strings.TrimFunc(prediction, isPySpace)
	if v, err := pyliteral.Parse(prediction); err == nil {
		switch v := v.(type) {
		case pyliteral.List:
			return literalValues(v)
		case pyliteral.Tuple:
			return literalValues(v)
		}
	}
	if values, ok := jsonValues(prediction); ok {
		return values
	}
	var values []any
	for _, u := range uuidShape.FindAllString(prediction, -1) {
		values = append(values, strings.ToLower(u))
	}
	return values
}

func literalValues(list []pyliteral.Value) []any {
	values := make([]any, len(list))
	for i, v := range list {
		if text, ok := v.(string); ok {
			values[i] = text
		} else {
			values[i] = otherValue("an element that is no string")
		}
	}
	return values
}

// jsonValues reads a list, or one string.
func jsonValues(text string) (values []any, ok bool) {
	var one string
	if json.Unmarshal([]byte(text), &one) == nil && text != "null" {
		return []any{one}, true
	}
	var list []json.RawMessage
	if json.Unmarshal([]byte(text), &list) != nil || text == "null" {
		return nil, false
	}
	for _, raw := range list {
		var s string
		if json.Unmarshal(raw, &s) != nil || string(raw) == "null" {
			values = append(values, otherValue(raw))
			continue
		}
		values = append(values, s)
	}
	return values, true
}

// scoreThreadMany has the share as its value: the paper's accuracy.
func scoreThreadMany(c Case) Score {
	s := threadMany(c)
	measure := func(name, title string, value float64) Measure {
		return Measure{Name: name, Title: title, Table: "Several values", Unit: UnitShare, Value: value}
	}
	return Score{Value: s.share, NoAnswer: s.found == 0, Measures: []Measure{
		measure("share", "Share", s.share), measure("strict", "Strict", s.strict),
	}}
}

// evaluateThreadMany gives the golden cases' shape.
func evaluateThreadMany(raw []byte) (any, error) {
	var c caseLine
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	s := threadMany(Case{Prediction: c.Prediction, References: c.References})
	return map[string]float64{"share": s.share, "strict": s.strict}, nil
}
