package report

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// golden compares got with testdata/name, or rewrites that file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(home, "testdata", name)
	if *update {
		must(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), rewrite it with -update and read the diff:\n%s", name, diff)
	}
}

// home is the package's folder: tests work in others.
var home, _ = filepath.Abs(".")

// fixture is a run to be written.
type fixture struct {
	dir, spec, attention string
	lengths              []int
	documents            int // a length
	// score of a sample at a length and depth; nil: 1.
	score func(length int, depth float64, document int) float64
	// answer of a sample; nil: its reference.
	answer func(i int) string
	state  results.State
	// noContext makes the run a control; its rows keep their ids.
	noContext bool
	// task names the samples' task; empty: single.
	task string
	// outcome is what the engine of a local model counted; nil: nothing.
	outcome *results.Outcome
}

var depths = []float64{0, 50, 100}

// needle is the evidence in every context of the fixtures.
const needle = "The harbour of Bergen opens at seven."

// write makes the run's folder as lcbench run would.
func (f fixture) write(t testing.TB) {
	t.Helper()
	m := results.Manifest{
		Benchmark: "needles", Title: "Needles", Model: results.ModelInfo{Spec: f.spec}, Tokenizer: "words", Truncate: "none", Version: "test",
		Config: []results.Setting{{Name: "model", Value: f.spec, Identity: true}, {Name: "attention", Value: f.attention, Identity: true}},
		Data:   []results.Origin{{Kind: "folder", Place: "data", Files: []results.FileHash{{Name: "a.jsonl", SHA256: "ab12", Bytes: 9, Pinned: true}}}},
	}
	if f.outcome != nil {
		m.Model.Outcome = f.outcome
		m.Model.Details = map[string]string{"attention": f.attention, "rope": "none", "kv-type": "f16", "device": "cpu avx2, 2 threads"}
	}
	if f.noContext {
		m.Config = append(m.Config, results.Setting{Name: "no-context", Value: "true", Identity: true})
	}
	run, err := results.Open(f.dir, m)
	must(t, err)
	rows, err := run.Rows()
	must(t, err)
	i := 0
	for _, length := range f.lengths {
		for document := range f.documents {
			for _, depth := range depths {
				must(t, rows.Add(f.result(i, length, document, depth)))
				i++
			}
		}
	}
	must(t, rows.Finish())
	in := results.SummaryInput{
		Manifest: run.Manifest(), Total: i, State: results.Complete, Resamples: 500,
		Tasks: []benchmarks.Task{{Name: f.taskName(), Category: "Needles", Language: "en", Metric: "qa_f1", Boards: []string{"en"}}},
	}
	must(t, run.WriteSummary(rows.Facts().Summarise(in)))
	must(t, run.Finish(orState(f.state)))
	must(t, run.Close())
	f.fixTimes(t)
}

func (f fixture) taskName() string { return orElse(f.task, "single") }

func orState(s results.State) results.State {
	if s == "" {
		return results.Complete
	}
	return s
}

// fixTimes makes the manifest the same whenever it is written.
func (f fixture) fixTimes(t testing.TB) {
	t.Helper()
	path := filepath.Join(f.dir, "manifest.json")
	var m map[string]any
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, json.Unmarshal(data, &m))
	m["started"], m["finished"], m["seconds"] = "2026-11-24T12:00:00Z", "2026-11-24T12:01:00Z", 60
	data, err = json.Marshal(m)
	must(t, err)
	must(t, os.WriteFile(path, data, 0o644))
}

func (f fixture) result(i, length, document int, depth float64) runners.Result {
	score, text := 1.0, "seven"
	if f.score != nil {
		score = f.score(length, depth, document)
	}
	if f.answer != nil {
		text = f.answer(i)
	}
	context := contextOfWords(length, depth)
	at := strings.Index(context, needle)
	status := runners.OK
	if text == "" {
		status = runners.NoAnswer
	}
	return runners.Result{
		Sample: benchmarks.Sample{
			ID: fmt.Sprintf("%s/%d@%d/%g", f.taskName(), document, length, depth), Task: f.taskName(), Category: "Needles", Language: "en", Index: i,
			Prompt: benchmarks.Prompt{Context: context, After: "\nWhen does the harbour open?"}, Metric: "qa_f1", References: []string{"seven", "at 7"},
			TargetLength: length, Depth: &depth, ContextTokens: length, Tokenizer: "words", Group: fmt.Sprintf("doc-%d-%d", length, document),
			Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: at, End: at + len(needle)}}},
		},
		Answer: runners.Answer{
			SampleID: "x", Status: status, Text: text, Usage: runners.Usage{Known: true, Prompt: length, Cached: length / 2, Completion: 3},
			FirstToken: 200 * time.Millisecond, Total: 900 * time.Millisecond,
		},
		Score: scorers.Score{Value: score},
		Axes:  benchmarks.Axes{State: benchmarks.AxesMeasured, Values: scorers.Axes{Diffusion: 0.1, Scope: 30 / float64(length)}},
	}
}

// contextOfWords is about length words with the needle at a depth.
func contextOfWords(length int, depth float64) string {
	before := int(depth / 100 * float64(length))
	return strings.Repeat("word ", before) + needle + strings.Repeat(" word", length-before)
}

// beyond fails behind a length, except at the ends.
func beyond(limit int) func(int, float64, int) float64 {
	return func(length int, depth float64, _ int) float64 {
		if length > limit && depth == 50 {
			return 0
		}
		return 1
	}
}

// twoRuns writes a run with full attention, one that fails in the middle of
// long contexts, and a floor, into the present folder.
func twoRuns(t testing.TB) []string {
	t.Helper()
	lengths := []int{1000, 2000, 4000}
	for _, f := range []fixture{
		{dir: "floor", spec: "baseline:lexical", lengths: lengths, documents: 10, score: func(_ int, _ float64, d int) float64 { return float64(d%2) / 4 }, answer: silentAtFirst},
		{dir: "full", spec: "local:tiny", attention: "full", lengths: lengths, documents: 10},
		{dir: "sliding", spec: "local:tiny", attention: "sliding", lengths: lengths, documents: 10, score: beyond(1000), answer: hostile},
	} {
		f.write(t)
	}
	return []string{"floor", "full", "sliding"}
}

// hostile answers try to become part of the page, the table or the terminal.
func hostile(i int) string {
	return []string{
		`<script>document.title="pwned"</script>`, `</script><script>document.title="pwned"</script>`, `<!--<script>`,
		`=HYPERLINK("http://example.invalid","x")`, "\x1b]0;pwned\x07\x1b[31m", `"><img src=x onerror="document.title='pwned'">`,
		"\u202eevil\u2028{{.Title}}", "| a | b |\n# heading",
	}[i%8]
}

// silentAtFirst gives no answer to the first sample.
func silentAtFirst(i int) string {
	if i == 0 {
		return ""
	}
	return "eight"
}
