package loogle

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers/pyliteral"
)

// PredictionFile reads the name of a file of released answers:
// shortdep_qa_gpt-3.5-turbo-16k.jsonl is that system's answers to shortdep_qa.
// The released timeline answers are longdep_qa_reorder_SYSTEM.
func (b *looGLE) PredictionFile(name string) (task, system string, ok bool) {
	base := strings.TrimSuffix(name, ".jsonl")
	for _, t := range tasks() {
		if rest, found := strings.CutPrefix(base, t.Name); found && (rest == "" || rest[0] == '_') {
			return t.Name, strings.TrimPrefix(strings.TrimPrefix(rest, "_reorder"), "_"), true
		}
	}
	return "", "", false
}

// predictionRow is a row of upstream's output files: the lists are aligned.
type predictionRow struct {
	pairs      pyliteral.List
	answers    []*string // nil where there is none
	reorder    bool      // a row of the file of timelines
	references pyliteral.List
}

// Predictions turns a row of answers into samples with their references. A
// question without an answer, or the other way round, is named among missing.
func (b *looGLE) Predictions(t benchmarks.Task, line int, text []byte) (answered []benchmarks.Answered, missing []string, err error) {
	row, err := decodePredictions(text)
	if err != nil {
		return nil, nil, err
	}
	for i := range max(len(row.references), len(row.answers)) {
		id := sampleID(t.Name, line, i+1)
		switch {
		case i >= len(row.references):
			missing = append(missing, id+": an answer without a reference")
			continue
		case i >= len(row.answers) || row.answers[i] == nil:
			missing = append(missing, id+": no answer")
			continue
		}
		q, err := row.question(i, task{Task: t})
		if err != nil {
			return nil, nil, fmt.Errorf("question %d: %w", i+1, err)
		}
		s := benchmarks.Sample{
			ID: id, Task: t.Name, Category: t.Category, Language: t.Language,
			Group: benchmarks.Group(t.Name, fmt.Sprintf("%d", line)), Query: q.text,
		}
		judge(&s, q, task{Task: t})
		if row.reorder {
			s.Metric = "loogle_reorder"
		}
		answered = append(answered, benchmarks.Answered{Sample: s, Answer: *row.answers[i]})
	}
	return answered, missing, nil
}

func decodePredictions(text []byte) (predictionRow, error) {
	var row predictionRow
	seen := map[string]bool{}
	err := datasets.ParseObject(text, func(key string, raw []byte) (err error) {
		seen[key] = true
		switch key {
		case "qa_pairs", "question":
			row.reorder = key == "question"
			if string(raw) != `"none"` && !datasets.IsNull(raw) {
				row.pairs, err = list(raw)
			}
		case "output":
			row.references, err = list(raw)
		case "llm_output":
			err = json.Unmarshal(raw, &row.answers)
		}
		return err
	})
	if err != nil {
		return row, err
	}
	for _, key := range []string{"llm_output", "output"} {
		if !seen[key] {
			return row, datasets.MissingField(key)
		}
	}
	return row, nil
}

func list(raw []byte) (pyliteral.List, error) {
	v, err := literal(raw)
	if err != nil {
		return nil, err
	}
	l, ok := v.(pyliteral.List)
	if !ok {
		return nil, errors.New("want a list")
	}
	return l, nil
}

// question is the i-th question with the reference that output gives: a string,
// of a cloze an object or the text of one.
func (r predictionRow) question(i int, t task) (question, error) {
	pair := &pyliteral.Dict{Text: map[string]pyliteral.Value{"Q": ""}}
	if i < len(r.pairs) {
		if given, ok := r.pairs[i].(*pyliteral.Dict); ok {
			maps.Copy(pair.Text, given.Text)
		}
	}
	reference := r.references[i]
	if text, ok := reference.(string); ok && t.Name == cloze {
		var err error
		if reference, err = pyliteral.Parse(text); err != nil {
			return question{}, &datasets.FieldError{Field: "output", Err: fmt.Errorf("want an object of masks and entities: %w", err)}
		}
	}
	pair.Text["A"] = reference
	return decodeQuestion(pair, t)
}
