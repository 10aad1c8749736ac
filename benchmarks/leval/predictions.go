package leval

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// Prediction reads a row of a prediction file: query, gt, evaluation, and the
// answer under the one key that has "_pred" in it.
func (b *lEval) Prediction(t benchmarks.Task, index int, line []byte) (benchmarks.Sample, string, error) {
	own, ok := b.find(t.Name)
	if !ok {
		return benchmarks.Sample{}, "", fmt.Errorf("leval: no task %q", t.Name)
	}
	p, err := decodePrediction(line)
	if err != nil {
		return benchmarks.Sample{}, "", err
	}
	if p.evaluation != own.evaluation {
		return benchmarks.Sample{}, "", &datasets.FieldError{Field: "evaluation", Err: fmt.Errorf("want %s in this task, got %q", own.evaluation, p.evaluation)}
	}
	s := benchmarks.Sample{
		ID: fmt.Sprintf("%s/%d", t.Name, index+1), Task: t.Name, Category: t.Category, Language: t.Language, Index: index,
		Metric: t.Metric, References: []string{p.reference}, Query: p.query,
	}
	if own.byPlace() {
		s.Strata = []string{places()[index%3]}
	}
	return s, p.answer, nil
}

// JudgedPrediction reads a row of the files of answers for judges (upstream's
// llm_gpt4_eval and llm_turbo_eval). They name neither task nor document: the
// sample's task is its tag, LLM or human.
func (b *lEval) JudgedPrediction(index int, line []byte) (benchmarks.Sample, string, error) {
	p, err := decodePrediction(line)
	if err != nil {
		return benchmarks.Sample{}, "", err
	}
	if p.evaluation != judged && p.evaluation != rated {
		return benchmarks.Sample{}, "", &datasets.FieldError{Field: "evaluation", Err: fmt.Errorf("want %s or %s, got %q", judged, rated, p.evaluation)}
	}
	return benchmarks.Sample{
		ID: fmt.Sprintf("%s/%d", p.evaluation, index+1), Task: p.evaluation, Language: "en", Index: index, Judge: benchmarks.JudgePairwise,
		References: []string{p.reference}, Query: p.query, Strata: []string{p.evaluation},
	}, p.answer, nil
}

// prediction is a row of a prediction file.
type prediction struct{ query, reference, answer, evaluation string }

func decodePrediction(line []byte) (prediction, error) {
	var p prediction
	seen := map[string]bool{}
	answerKey := ""
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		switch {
		case strings.Contains(key, "_pred"):
			if answerKey != "" && answerKey != key {
				return fmt.Errorf("a second answer beside %q: want one key with _pred", answerKey)
			}
			answerKey = key
			p.answer, err = datasets.String(raw)
		case key == "query":
			p.query, err = datasets.String(raw)
		case key == "gt":
			p.reference, err = datasets.String(raw)
		case key == "evaluation":
			p.evaluation, err = datasets.String(raw)
		}
		seen[key] = true
		return err
	})
	if err != nil {
		return p, err
	}
	for _, key := range []string{"query", "gt", "evaluation"} {
		if !seen[key] {
			return p, datasets.MissingField(key)
		}
	}
	if answerKey == "" {
		return p, &datasets.FieldError{Field: "<model>_pred", Err: errors.New("missing: want one key with _pred in its name")}
	}
	return p, nil
}
