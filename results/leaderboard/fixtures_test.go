package leaderboard

import (
	"bytes"
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
	"github.com/lcbench/lcbench/results/report"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// home is the package's folder: tests work in others.
var home, _ = filepath.Abs(".")

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

// known are the benchmarks of the fixtures, cut down to what layouts need.
func known() []Known {
	task := func(name, category, board, metric string, strata ...string) benchmarks.Task {
		return benchmarks.Task{Name: name, Category: category, Language: "en", Metric: metric, Boards: []string{board}, Strata: strata}
	}
	lengths := longBenchLengths()
	rouge := task("gov_report_summ", "Summaries", "rouge", "leval_rouge")
	rouge.Parts, rouge.Headline = rougeParts(), scorers.HeadlineGeometric
	var rounds []string
	for r := 1; r <= 5; r++ {
		rounds = append(rounds, roundsKey("banking77")(fmt.Sprintf("%dR", r)).Sub)
	}
	return []Known{
		{Name: "longbench", Title: "LongBench", Tasks: []benchmarks.Task{
			task("qasper", "Single-Doc QA", "en", "qa_f1"), task("hotpotqa", "Multi-Doc QA", "en", "qa_f1"), task("dureader", "Multi-Doc QA", "zh", "rouge_zh"),
		}},
		{Name: "longbench-e", Title: "LongBench-E", Tasks: []benchmarks.Task{task("qasper", "Single-Doc QA", "en", "qa_f1", lengths...)}},
		{Name: "longbench-v2", Title: "LongBench v2", Tasks: []benchmarks.Task{task("code", "Code", "all", "v2_choice", "easy", "hard", "short", "medium", "long")}, Modes: []string{"plain", "cot"}},
		{Name: "leval", Title: "L-Eval", Tasks: []benchmarks.Task{
			task("coursera", "Closed", "exam", "leval_exam"), task("financial_qa", "Open QA", "f1", "leval_f1"), rouge,
		}},
		{Name: "liconbench", Title: "LIConBench", Tasks: []benchmarks.Task{task("banking77", "Few-shot classification", "", "banking77_acc", rounds...)}, Knobs: []string{"rounds"}},
		{Name: "needles", Title: "Needles", Tasks: []benchmarks.Task{task("single", "Needles", "", "needle")}},
	}
}

// fixture is a run to be written.
type fixture struct {
	dir, benchmark, spec string
	settings             []results.Setting
	details              map[string]string
	builtin              bool
	state                results.State
	started              time.Time
	version, currency    string
	// bad leaves the summary out and stops the rows where a run was killed.
	killed bool
	// score of the i-th sample of a task; nil: by the sample.
	score func(task string, i int) float64
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// write makes the run's folder as lcbench run would.
func (f fixture) write(t testing.TB) {
	t.Helper()
	var about Known
	for _, k := range known() {
		if k.Name == f.benchmark {
			about = k
		}
	}
	kind := map[bool]string{true: "builtin", false: "hub"}[f.builtin]
	config := append([]results.Setting{
		{Name: "benchmark", Value: f.benchmark, Identity: true}, {Name: "model", Value: f.spec, Identity: true}, {Name: "data", Value: kind, Identity: true},
		{Name: "concurrency", Value: "8"},
	}, f.settings...)
	if f.benchmark == "needles" {
		config = append(config, results.Setting{Name: "lengths", Value: "4096,8192,16384", Identity: true})
	}
	m := results.Manifest{
		Benchmark: f.benchmark, Title: about.Title, Model: results.ModelInfo{Spec: f.spec, Details: f.details}, Tokenizer: "words", Truncate: "own",
		Version: orElse(f.version, "test"), Config: config,
		Data: []results.Origin{{Kind: kind, Place: "org/" + f.benchmark, Files: []results.FileHash{{Name: "a.jsonl", SHA256: "ab12", Bytes: 9, Pinned: true}}}},
	}
	run, err := results.Open(f.dir, m)
	must(t, err)
	rows, err := run.Rows()
	must(t, err)
	n := 0
	for _, task := range about.Tasks {
		for i := range 30 {
			must(t, rows.Add(f.result(task, i, n)))
			n++
		}
	}
	must(t, rows.Finish())
	if !f.killed {
		in := results.SummaryInput{Manifest: run.Manifest(), Total: n, State: f.state, Resamples: 200, Tasks: about.Tasks}
		if f.currency != "" {
			in.Cost = &results.Cost{Amount: 0.25, Currency: f.currency}
		}
		must(t, run.WriteSummary(rows.Facts().Summarise(in)))
	}
	must(t, run.Finish(results.State(orElse(string(f.state), string(results.Complete)))))
	must(t, run.Close())
	f.fixTimes(t)
}

// fixTimes makes the manifest the same whenever it is written.
func (f fixture) fixTimes(t testing.TB) {
	t.Helper()
	path := filepath.Join(f.dir, "manifest.json")
	var m map[string]any
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, json.Unmarshal(data, &m))
	started := f.started
	if started.IsZero() {
		started = noon
	}
	m["started"], m["finished"], m["seconds"] = started, started.Add(time.Minute), 60
	data, err = json.Marshal(m)
	must(t, err)
	must(t, os.WriteFile(path, data, 0o644))
}

var depths = []float64{0, 50, 100}

func (f fixture) result(task benchmarks.Task, i, n int) runners.Result {
	length, depth := []int{4096, 8192, 16384}[i/3%3], depths[i%3]
	score := []float64{1, 0.5, 1, 0.75, 0}[i%5]
	if f.score != nil {
		score = f.score(task.Name, i)
	}
	s := benchmarks.Sample{
		ID: fmt.Sprintf("%s/%d", task.Name, i), Task: task.Name, Category: task.Category, Language: "en", Index: n,
		Prompt: benchmarks.Prompt{Context: fmt.Sprintf("context %s %d", task.Name, i), After: "?"}, Metric: task.Metric, References: []string{"x"},
		ContextTokens: length, Tokenizer: "words", Group: fmt.Sprintf("%s-doc-%d", task.Name, i/3),
	}
	value := scorers.Score{Value: score}
	switch f.benchmark {
	case "needles":
		s.ID, s.TargetLength, s.Depth = fmt.Sprintf("single/%d@%d/%g", i/9, length, depth), length, &depth
	case "longbench-e":
		s.Strata = []string{longBenchLengths()[i%2]} // none in the last
	case "longbench-v2":
		s.Strata = []string{[]string{"easy", "hard"}[i%2], []string{"short", "medium", "long"}[i%3]}
	case "liconbench":
		s.Strata = []string{task.Strata[i%4]} // none of five rounds
	}
	if len(task.Parts) > 0 {
		value.Parts = []float64{score * 0.9, score * 0.5, score * 0.7}
	}
	return runners.Result{
		Sample: s, Score: value,
		Answer: runners.Answer{
			SampleID: s.ID, Status: runners.OK, Text: "x", Usage: runners.Usage{Known: true, Prompt: length, Completion: 3},
			FirstToken: 200 * time.Millisecond, Total: 900 * time.Millisecond,
		},
		Axes: benchmarks.Axes{State: benchmarks.AxesMeasured, Values: scorers.Axes{Diffusion: 0.1 + float64(i%2)/2, Scope: 0.2}},
	}
}

func attention(name string) []results.Setting {
	return []results.Setting{{Name: "attention", Value: name, Identity: true}, {Name: "kv-type", Value: "f16", Identity: true}}
}

// runs writes runs of three models and a floor below the present folder, in the
// folder that is returned.
func runs(t testing.TB) string {
	t.Helper()
	t.Chdir(t.TempDir())
	weak := func(_ string, i int) float64 {
		if i/3%3 == 2 { // the longest
			return 0.25
		}
		return 1
	}
	var all []fixture
	for _, k := range known() {
		all = append(all, fixture{dir: "r/api-" + k.Name, benchmark: k.Name, spec: "openai:big", currency: "USD"})
	}
	all = append(all,
		fixture{dir: "r/local-full", benchmark: "needles", spec: "local:tiny", settings: attention("full"), details: map[string]string{"window": "32768"}, builtin: true},
		fixture{dir: "r/local-sliding", benchmark: "needles", spec: "local:tiny", settings: attention("sliding:window=512"), details: map[string]string{"window": "32768"}, score: weak, builtin: true},
		fixture{dir: "r/floor", benchmark: "needles", spec: "baseline:lexical", score: func(string, int) float64 { return 0.125 }, builtin: true},
	)
	for _, f := range all {
		f.write(t)
	}
	return "r"
}

func options() Options {
	return Options{Known: known(), Report: report.Options{Resamples: 200, Version: "test"}}
}

// board is of the runs at places.
func board(t testing.TB, places ...string) *Board {
	t.Helper()
	b := New(options())
	must(t, b.AddRuns(places))
	return b
}

// exported is a layout's tables as text by name.
func exported(t testing.TB, b *Board, layout string) map[string]string {
	t.Helper()
	tables, err := b.Export(layout)
	must(t, err)
	out := map[string]string{}
	for _, table := range tables {
		var text bytes.Buffer
		must(t, table.Write(&text))
		out[table.Name] = text.String()
	}
	return out
}

// imported is a board of one table alone.
func imported(t testing.TB, text, as string) (*Board, error) {
	t.Helper()
	b := New(options())
	return b, b.Import(strings.NewReader(text), "board.csv", as)
}
