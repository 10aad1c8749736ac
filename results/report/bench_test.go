package report

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// BenchmarkReport100k is the whole report, page and JSON, of a run of 100,000
// samples over five tasks, seven lengths and documents of two questions. With
// LCBENCH_BENCH_RUN the folder is made there and kept, for lcbench report.
func BenchmarkReport100k(b *testing.B) {
	dir := os.Getenv("LCBENCH_BENCH_RUN")
	if dir == "" {
		dir = b.TempDir() + "/run"
	}
	if _, err := os.Stat(dir + "/summary.json"); err != nil {
		largeRun(b, dir, 100_000)
	}
	for b.Loop() {
		r, err := Build([]string{dir}, Options{})
		must(b, err)
		must(b, r.WriteHTML(io.Discard))
		must(b, r.WriteJSON(io.Discard))
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/report")
}

func largeRun(b *testing.B, dir string, n int) {
	b.Helper()
	run, err := results.Open(dir, results.Manifest{Benchmark: "large", Title: "Large", Model: results.ModelInfo{Spec: "local:tiny"}, Tokenizer: "words"})
	must(b, err)
	rows, err := run.Rows()
	must(b, err)
	random := rand.New(rand.NewPCG(1, 2))
	var tasks []benchmarks.Task
	for i := range 5 {
		tasks = append(tasks, benchmarks.Task{Name: fmt.Sprintf("task%d", i), Category: "Needles", Metric: "qa_f1"})
	}
	for i := range n {
		must(b, rows.Add(largeResult(i, random)))
	}
	must(b, rows.Finish())
	must(b, run.WriteSummary(rows.Facts().Summarise(results.SummaryInput{Manifest: run.Manifest(), Tasks: tasks, State: results.Complete, Resamples: 1000})))
	must(b, run.Finish(results.Complete))
	must(b, run.Close())
}

func largeResult(i int, random *rand.Rand) runners.Result {
	length, depth := 1000<<(i%7), float64(10*(i/7%11))
	score := 0.0
	if random.Float64() < 1-float64(i%7)/8 {
		score = 1
	}
	document := i / 154
	context := strings.Repeat(fmt.Sprintf("Line of document %d. ", document), 40) + needle
	return runners.Result{
		Sample: benchmarks.Sample{
			ID: fmt.Sprintf("task%d/%d@%d/%g", i%5, i/77, length, depth), Task: fmt.Sprintf("task%d", i%5), Index: i,
			Prompt: benchmarks.Prompt{Context: context, After: "\nWhen does the harbour open?"}, Metric: "qa_f1", References: []string{"seven"},
			TargetLength: length, Depth: &depth, ContextTokens: length, Tokenizer: "words", Group: fmt.Sprintf("doc-%d-%d", document, i/2),
			Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: len(context) - len(needle), End: len(context)}}},
		},
		Answer: runners.Answer{Status: runners.OK, Text: strings.Repeat("an answer of some length ", 8), Usage: runners.Usage{Known: true, Prompt: length}},
		Score:  scorers.Score{Value: score},
		Axes:   benchmarks.Axes{State: benchmarks.AxesMeasured, Values: scorers.Axes{Diffusion: random.Float64(), Scope: random.Float64()}},
	}
}
