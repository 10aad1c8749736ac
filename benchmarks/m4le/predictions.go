package m4le

import (
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// Prediction reads a row of inference.py's output: the data's own row with the
// answer as gen_resp. A row without one has no answer.
func (b *m4LE) Prediction(t benchmarks.Task, index int, line []byte) (benchmarks.Sample, string, error) {
	s := benchmarks.Sample{
		ID: fmt.Sprintf("%s/row%d", t.Name, index+1), Task: t.Name, Category: t.Category, Language: t.Language,
		Index: index, Metric: t.Metric,
	}
	answer := ""
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		switch key {
		case "gen_resp":
			if !datasets.IsNull(raw) {
				answer, err = datasets.String(raw)
			}
		case "answers":
			s.References, err = datasets.Strings(raw)
		case "length_bucket":
			s.Length, err = datasets.Int(raw)
		}
		return err
	})
	switch {
	case err != nil:
		return s, "", err
	case len(s.References) == 0:
		return s, "", datasets.MissingField("answers")
	case s.Length <= 0:
		return s, "", datasets.MissingField("length_bucket")
	}
	s.Strata = []string{benchmarks.FormatTokens(s.Length)}
	return s, answer, nil
}
