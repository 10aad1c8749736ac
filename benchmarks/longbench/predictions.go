package longbench

import (
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

// Prediction reads a line of pred.py's output: pred, answers, all_classes,
// length.
func (b *v1) Prediction(t benchmarks.Task, index int, line []byte) (benchmarks.Sample, string, error) {
	var pred string
	found := false
	s := benchmarks.Sample{
		ID: fmt.Sprintf("%s/row%d", t.Name, index+1), Task: t.Name, Category: t.Category, Language: t.Language,
		Index: index, Metric: t.Metric,
	}
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		switch key {
		case "pred":
			found = true
			pred, err = datasets.String(raw)
		case "answers":
			s.References, err = datasets.Strings(raw)
		case "all_classes":
			if !datasets.IsNull(raw) {
				s.Classes, err = datasets.Strings(raw)
			}
		case "length":
			s.Length, err = datasets.Int(raw)
		}
		return err
	})
	switch {
	case err != nil:
		return s, "", err
	case !found:
		return s, "", datasets.MissingField("pred")
	case s.References == nil:
		return s, "", datasets.MissingField("answers")
	}
	for _, own := range b.tasks() {
		if own.Name == t.Name && own.firstLine {
			s.Cleanup = "first_line"
		}
	}
	if b.e {
		s.Strata = []string{scorers.LongBenchBucket(s.Length)}
	}
	return s, pred, nil
}

// Prediction reads a row of v2's results: response (as pred.py writes it;
// "pred" holds the extracted letter alone), answer, domain, difficulty, length.
func (b *v2) Prediction(t benchmarks.Task, index int, line []byte) (benchmarks.Sample, string, error) {
	fields := map[string]string{}
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		switch key {
		case "response", "pred", "answer", "domain", "difficulty", "length", "_id":
			if !datasets.IsNull(raw) {
				fields[key], err = datasets.String(raw)
			}
		}
		return err
	})
	if err != nil {
		return benchmarks.Sample{}, "", err
	}
	text, ok := fields["response"]
	if letter := fields["pred"]; !ok && letter != "" {
		text = "The correct answer is (" + letter + ")"
	}
	if fields["answer"] == "" {
		return benchmarks.Sample{}, "", &datasets.FieldError{Field: "answer", Err: errors.New("want A, B, C or D")}
	}
	if fields["domain"] != "" {
		t.Name, t.Category = taskName(fields["domain"]), fields["domain"]
	}
	return benchmarks.Sample{
		ID: fmt.Sprintf("%s/%s#%d", t.Name, fields["_id"], index+1), Task: t.Name, Category: t.Category, Language: "en",
		Index: index, Metric: "v2_choice", References: []string{fields["answer"]},
		Strata: scorers.V2Strata(fields["difficulty"], fields["length"]),
	}, text, nil
}
