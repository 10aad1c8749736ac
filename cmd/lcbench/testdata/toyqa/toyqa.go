// Package toyqa adapts ToyQA, one question a passage. Source: arXiv 0000.00000
// §3.
package toyqa

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/scorers"
)

// Adapter is the adapter of ToyQA.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "toyqa", Title: "ToyQA", Paper: "0000.00000", Metrics: "longbench",
		Open: func(src datasets.Source) benchmarks.Benchmark { return toyQA{src} },
		Builtin: func(seed uint64) datasets.Source {
			return builtin.Texts(seed, map[string]string{file: `{"passage": "Ann keeps bees. ", "question": "What does Ann keep?", "answer": "bees"}`})
		},
		SelfCheck: func() error {
			return scorers.CheckFixed("longbench", []scorers.Fixed{{Metric: "qa_f1", Prediction: "the bees", References: []string{"bees"}, Want: 1}})
		},
	}
}

const file = "test.jsonl"

type toyQA struct{ src datasets.Source }

// Tasks implements benchmarks.Benchmark.
func (b toyQA) Tasks() []benchmarks.Task {
	return []benchmarks.Task{{Name: "bees", Category: "qa", Language: "en", Metric: "qa_f1", Rows: 1, MaxTokens: 16}}
}

// Samples implements benchmarks.Benchmark.
func (b toyQA) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return benchmarks.FromRows(ctx, Adapter(), b.Tasks(), o, func(benchmarks.Task) iter.Seq2[benchmarks.Sample, error] {
		return datasets.Rows(ctx, b.src, file, func(line []byte) (benchmarks.Sample, error) {
			var r struct{ Passage, Question, Answer string }
			if err := json.Unmarshal(line, &r); err != nil {
				return benchmarks.Sample{}, err
			}
			return benchmarks.Sample{
				Prompt:     benchmarks.Prompt{Context: r.Passage, After: "\n\n" + r.Question},
				References: []string{r.Answer}, Query: r.Question,
			}, nil
		})
	})
}
