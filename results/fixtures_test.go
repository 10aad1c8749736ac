package results

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares got with testdata/name, or rewrites that file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), rewrite it with -update and read the diff:\n%s", path, diff)
	}
}

// answer is a whole answer to a sample.
func answer(id string) runners.Answer {
	return runners.Answer{
		SampleID: id, Status: runners.OK, Text: "the answer to " + id, FinishReason: "stop", Model: "served-1",
		Usage:        runners.Usage{Known: true, Prompt: 1000, Cached: 250, Completion: 20, Reasoning: 5},
		PromptSHA256: strings.Repeat("ab", 32), FirstToken: 200 * time.Millisecond, Total: 900 * time.Millisecond,
		Time: time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.UTC),
	}
}

// result is a scored sample of a task; its document has three questions.
func result(task string, i int, score float64) runners.Result {
	id := fmt.Sprintf("%s/%04d", task, i)
	document := fmt.Sprintf("%s-doc-%d", task, i/3)
	return runners.Result{
		Sample: benchmarks.Sample{
			ID: id, Task: task, Category: "single-doc QA", Language: "en", Index: i,
			Prompt:    benchmarks.Prompt{Before: "Read this:\n", Context: strings.Repeat("Context of "+document+". ", 50), After: "\nQuestion?"},
			MaxTokens: 64, Metric: "qa_f1", References: []string{"a", "b"}, Length: 900,
			ContextTokens: 1200, Tokenizer: "cl100k_base", Group: document,
			Evidence: benchmarks.Evidence{State: benchmarks.EvidencePartial, Spans: []scorers.Span{{Start: 3, End: 9}}},
		},
		Answer: answer(id),
		Score:  scorers.Score{Value: score},
		Axes:   axes(i),
	}
}

// axes are measured of every second sample.
func axes(i int) benchmarks.Axes {
	if i%2 == 0 {
		return benchmarks.Axes{State: benchmarks.AxesAssigned, Values: scorers.Axes{Diffusion: 1. / 6, Scope: 0.5}}
	}
	return benchmarks.Axes{
		State: benchmarks.AxesMeasured, Values: scorers.Axes{Diffusion: 0.25, Scope: 0.125, Obscurity: 0.75},
		Beside: scorers.Beside{Overlap: scorers.Optional{Value: 0.5, Known: true}, Distractor: scorers.Optional{Known: true}, Redundancy: 1},
	}
}

// realisticResults are like three tasks of LongBench: 200 rows of each, prompts
// of a few hundred bytes, contexts of about 17 KB shared by some rows.
func realisticResults(n int) []runners.Result {
	random := rand.New(rand.NewPCG(1, 2))
	contexts := map[int]string{}
	out := make([]runners.Result, n)
	for i := range out {
		r := result([]string{"multi_news", "multifieldqa_zh", "passage_retrieval_zh"}[i%3], i, random.Float64())
		document := i * 3 / 4
		if contexts[document] == "" {
			contexts[document] = prose(random, 17<<10)
		}
		r.Sample.Prompt.Context = contexts[document]
		r.Sample.Group = fmt.Sprintf("doc-%d", document)
		r.Sample.References = []string{prose(random, 800)}
		r.Answer.Text = prose(random, 400)
		out[i] = r
	}
	return out
}

// prose is text that compresses about as well as English.
func prose(random *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		// Words by rank: small numbers, which are frequent, give short words.
		rank := int(float64(5000) * random.Float64() * random.Float64() * random.Float64())
		for n := rank + 7; n > 0; n /= 9 {
			b.WriteString([]string{"e", "ta", "o", "in", "s", "hr", "al", "d", "un"}[n%9])
		}
		b.WriteByte(' ')
	}
	return b.String()[:size]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testManifest() Manifest {
	return Manifest{
		Benchmark: "longbench", Title: "LongBench", Model: ModelInfo{Spec: "openai:tiny@http://127.0.0.1:8000/v1", Name: "tiny", Endpoint: "http://127.0.0.1:8000/v1"},
		Config: []Setting{
			{"benchmark", "longbench", true}, {"model", "openai:tiny@http://127.0.0.1:8000/v1", true},
			{"temperature", "0", true}, {"concurrency", "32", false},
		},
		Data:      []Origin{{Kind: "folder", Place: "data", Files: []FileHash{{Name: "lcc.jsonl", SHA256: "aa", Bytes: 3}}}},
		Tokenizer: "cl100k_base", Truncate: "own", Version: "test",
	}
}
