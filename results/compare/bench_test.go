package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// writeRun writes a run's folder of n samples with prompts and answers of a
// usual size, two questions a document, 20 tasks, 4 lengths, all bins of the axes.
func writeRun(b *testing.B, dir string, n int, seed uint64) {
	b.Helper()
	r := chance(seed)
	must(b, os.MkdirAll(dir, 0o755))
	must(b, os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(`{"format":1,"benchmark":"b","state":"complete","config":[]}`), 0o644))
	w, err := results.NewWriter(dir, nil)
	must(b, err)
	for i := range n {
		task := i * 20 / n
		must(b, w.Add(runners.Result{
			Sample: benchmarks.Sample{
				ID: fmt.Sprintf("task%d/%d", task, i), Task: fmt.Sprintf("task%d", task), Category: fmt.Sprintf("category %d", task/4), Index: i,
				Prompt: benchmarks.Prompt{Before: strings.Repeat("Instruction. ", 20), After: strings.Repeat("Question? ", 10)},
				Metric: "qa_f1", References: []string{"a reference", "another one"}, Group: fmt.Sprintf("document %d", i/2), TargetLength: 4096 << (i / 2 % 4),
				Strata: []string{[]string{"easy", "hard"}[i%2]},
			},
			Answer: runners.Answer{SampleID: "x", Status: runners.OK, Text: strings.Repeat("An answer. ", 20), PromptSHA256: strings.Repeat("ab", 32)},
			Score:  scorers.Score{Value: r.Float64()},
			Axes:   benchmarks.Axes{State: benchmarks.AxesMeasured, Values: scorers.Axes{Diffusion: float64(i%7) / 7, Scope: float64(i%5) / 5}},
		}))
	}
	must(b, w.Finish())
}

// Two runs of 100,000 samples from their folders to all reports, both tests on
// every unit: at most 10 s.
func BenchmarkCompare100k(b *testing.B) {
	dirs := []string{filepath.Join(b.TempDir(), "base"), filepath.Join(b.TempDir(), "now")}
	for i, dir := range dirs {
		writeRun(b, dir, 100_000, uint64(i))
	}
	for b.Loop() {
		sides := make([]Source, 2)
		done := make(chan error)
		for i, dir := range dirs {
			go func() {
				var err error
				sides[i], err = Open(dir)
				done <- err
			}()
		}
		must(b, <-done)
		must(b, <-done)
		c := compared(b, sides[0], sides[1], Options{})
		var out strings.Builder
		must(b, c.WriteTable(&out, nil, results.TableOptions{}))
		must(b, c.WriteMarkdown(&out, nil, SummaryBytes))
		must(b, c.WriteJUnit(&out, nil))
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/compare")
}

func BenchmarkJudge100k(b *testing.B) {
	make := func(seed uint64) Run {
		r, run := chance(seed), runOf("b", "m")
		for task := range 20 {
			run = scored(run, strings.Repeat("t", task+1), 5000, func(int) float64 { return r.Float64() })
		}
		return run
	}
	base, now := make(1), make(2)
	for b.Loop() {
		compared(b, source(base), source(now), Options{})
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/compare")
}
