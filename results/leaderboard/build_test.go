package leaderboard

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/report"
)

// noteWith returns the note that has all of these texts in it.
func noteWith(t *testing.T, b *Board, texts ...string) string {
	t.Helper()
next:
	for _, n := range b.Notes {
		for _, text := range texts {
			if !strings.Contains(n, text) {
				continue next
			}
		}
		return n
	}
	t.Errorf("no note with %q among %q", texts, b.Notes)
	return ""
}

func TestFiguresAreThoseOfTheReport(t *testing.T) {
	b := board(t, runs(t))
	r, err := report.Build([]string{"r/floor", "r/local-sliding"}, report.Options{Samples: -1, Resamples: 200})
	must(t, err)
	run := r.Benchmarks[0].Runs[0]
	e := b.Entries[2]
	if e.Attention != "sliding:window=512" || run.Floor != "" {
		t.Fatalf("entry %+v, run %s", e.Identity, run.Label)
	}
	want := map[Part]*float64{
		PartEffective: run.Context.OwnShare.Tokens, PartRuler: run.Context.Ruler.Tokens, PartIncreasing: run.Context.Increasing,
		PartDecreasing: run.Context.Decreasing, PartMiddle: run.Middle.Points, PartAverage: run.Averages[0].Score,
	}
	for part, v := range want {
		if diff := cmp.Diff(v, e.value(Key{Benchmark: "needles", Part: part})); diff != "" || v == nil {
			t.Errorf("%s (-report +leaderboard): %v %s", part, v, diff)
		}
	}
	if got := e.value(Key{Benchmark: "needles", Part: PartPlane, Name: "low", Sub: "low"}); got == nil || *got != *run.Plane.Cells[0][0].Score {
		t.Errorf("plane low/low: %v, the report has %v", got, run.Plane.Cells[0][0].Score)
	}
}

func TestOfTwoRunsTheNewestFinishedOneIsTaken(t *testing.T) {
	t.Chdir(t.TempDir())
	low := func(string, int) float64 { return 0.25 }
	at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
	fixture{dir: "d/old", benchmark: "needles", spec: "openai:x", started: at(0)}.write(t)
	fixture{dir: "d/new", benchmark: "needles", spec: "openai:x", started: at(2), score: low, settings: []results.Setting{{Name: "seed", Value: "7", Identity: true}}}.write(t)
	fixture{dir: "d/newest-unfinished", benchmark: "needles", spec: "openai:x", started: at(3), state: results.Partial}.write(t)
	b := board(t, "d")
	if len(b.Entries) != 1 {
		t.Fatalf("%d rows, want 1", len(b.Entries))
	}
	if got := *b.Entries[0].value(Key{Benchmark: "needles", Part: PartAverage}); got != 25 {
		t.Errorf("average %v, want that of d/new, 25", got)
	}
	noteWith(t, b, "two runs of needles by openai:x: d/new is taken, d/old is older and of other settings: seed (not set), taken 7")
	noteWith(t, b, "d/new is taken, d/newest-unfinished is not finished and of other settings")
}

func TestAnotherSettingOfTheModelIsAnotherRow(t *testing.T) {
	t.Chdir(t.TempDir())
	set := func(name, value string) []results.Setting {
		return []results.Setting{{Name: name, Value: value, Identity: true}}
	}
	fixture{dir: "d/a", benchmark: "needles", spec: "openai:x"}.write(t)
	fixture{dir: "d/b", benchmark: "needles", spec: "openai:x", settings: set("gen-kwargs", "temperature=1")}.write(t)
	fixture{dir: "d/c", benchmark: "needles", spec: "openai:x", settings: set("rope", "yarn:4")}.write(t)
	fixture{dir: "d/d", benchmark: "longbench-v2", spec: "openai:x", settings: set("mode", "cot")}.write(t)
	fixture{dir: "d/e", benchmark: "longbench-v2", spec: "openai:x", settings: set("mode", "plain")}.write(t)
	fixture{dir: "d/f", benchmark: "longbench-v2", spec: "openai:x", settings: set("mode", "no-context")}.write(t)
	fixture{dir: "d/g", benchmark: "liconbench", spec: "openai:x", settings: set("rounds", "3")}.write(t) // a knob of the benchmark
	b := board(t, "d")
	var got []string
	for _, e := range b.Entries {
		got = append(got, strings.Join([]string{e.Settings, e.Rope, e.Mode, e.Floor}, "|"))
	}
	want := []string{"|||", "gen-kwargs=temperature=1|||", "|yarn:4||", "||cot|", "|||no-context"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if n := len(b.Entries[0].Runs); n != 3 {
		t.Errorf("the plain model has %d runs, want needles, longbench-v2 and liconbench", n)
	}
}

func TestHalfWrittenRunsAreShownAndMarked(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "d/half", benchmark: "longbench", spec: "openai:x", state: results.Partial, killed: true}.write(t)
	must(t, os.Rename("d/half/samples.jsonl", "d/half/samples.unsorted.jsonl.part"))
	b := board(t, "d")
	e := b.Entries[0]
	if f := e.Runs["longbench"]; f.State != "partial" || !*f.Unsummarised {
		t.Errorf("state %q, unsummarised %v", f.State, *f.Unsummarised)
	}
	if v := e.value(Key{Benchmark: "longbench", Part: PartTask, Name: "qasper"}); v == nil || *v != 65 {
		t.Errorf("qasper: %v, want 65", v)
	}
	noteWith(t, b, "d/half: the run was stopped before its end")
	if text := exported(t, b, "opencompass")[""]; !strings.Contains(text, "openai:x (unfinished)") {
		t.Errorf("not marked in\n%s", text)
	}
	if text := printed(t, b, View{}); !strings.Contains(text, "openai:x¹") || !strings.Contains(text, "¹ Unfinished: figures are of the samples so far.") {
		t.Errorf("not marked in\n%s", text)
	}
	// A folder with a manifest and no rows yet has no figure, and no zero.
	must(t, os.RemoveAll("d/half/samples.unsorted.jsonl.part"))
	b = board(t, "d")
	if n := len(b.Entries[0].Figures); n != 2 || b.Entries[0].value(Key{Benchmark: "longbench", Part: PartEffective}) != nil {
		t.Errorf("%d figures of a run without rows: %+v", n, b.Entries[0].Figures)
	}
}

func TestWhatIsNoRunIsLeftOutAndSaid(t *testing.T) {
	runs(t)
	must(t, os.MkdirAll("r2/empty", 0o755))
	must(t, os.MkdirAll("r2/broken", 0o755))
	must(t, os.WriteFile("r2/broken/manifest.json", []byte(`{"format":`), 0o644))
	must(t, os.MkdirAll("r2/torn", 0o755))
	manifest, err := os.ReadFile("r/local-full/manifest.json")
	must(t, err)
	must(t, os.WriteFile("r2/torn/manifest.json", manifest, 0o644))
	must(t, os.WriteFile("r2/torn/summary.json", []byte(`{"format":`), 0o644))
	must(t, os.WriteFile("r2/notes.txt", []byte("x"), 0o644))
	b := board(t, "r/api-needles", "r2/empty", "r2/notes.txt", "r2/broken", "r2/torn", "nowhere", "r/api-needles/")
	if len(b.Entries) != 1 {
		t.Errorf("%d rows, want 1", len(b.Entries))
	}
	noteWith(t, b, "r2/empty is left out: not a run: there is no manifest.json in it or one folder below")
	noteWith(t, b, "r2/notes.txt is left out: not a folder that can be read")
	noteWith(t, b, "nowhere is left out: there is no such folder")
	noteWith(t, b, filepath.Join("r2", "broken")+" is left out: results: ")
	noteWith(t, b, filepath.Join("r2", "torn")+" is left out: results: ", "summary.json")
	var none *NoRunsError
	if err := New(options()).AddRuns([]string{"r2/empty"}); !errors.As(err, &none) {
		t.Errorf("no run at all: got %v", err)
	}
	o := options()
	o.Only = []string{"loogle"}
	if err := New(o).AddRuns([]string{"r"}); err == nil || !strings.Contains(err.Error(), "no run of loogle in r") {
		t.Errorf("no run of the benchmark: got %v", err)
	}
}

func TestScoresThatCannotBeAreRefused(t *testing.T) {
	runs(t)
	path := "r/api-needles/summary.json"
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte(strings.Replace(string(data), `"score": 65`, `"score": 650`, 1)), 0o644))
	b := board(t, "r/api-needles", "r/local-full")
	noteWith(t, b, "r/api-needles is left out: needles/task/single is 650; score the run again")
	if len(b.Entries) != 1 || b.Entries[0].Model != "local:tiny" {
		t.Errorf("rows: %v", len(b.Entries))
	}
	// NaN can't be in JSON: its row is left out and named.
	rows, err := os.ReadFile("r/local-full/samples.jsonl")
	must(t, err)
	must(t, os.WriteFile("r/local-full/samples.jsonl", []byte(strings.Replace(string(rows), `"score":1,`, `"score":NaN,`, 1)), 0o644))
	b = board(t, "r/local-full")
	noteWith(t, b, "r/local-full: left out: results: r/local-full/samples.jsonl:1: ")
}

func TestUnknownIsEmptyAndNotZero(t *testing.T) {
	runs(t)
	b := board(t, "r/local-full", "r/api-leval")
	for _, e := range b.Entries {
		for _, c := range b.wide() {
			benchmark, _, below := strings.Cut(c.name, "/")
			if _, ran := e.Runs[benchmark]; below && !ran && c.get(e) != nil {
				t.Errorf("%s of %s, which didn't run it: %v", c.name, e.Model, c.get(e))
			}
		}
	}
	if got := cost(b.Entries[0]); got != nil {
		t.Errorf("cost of a model without a price: %v", got)
	}
}

// A row says how positions are stretched whether that was asked for or is the
// model file's own.
func TestARowSaysTheModelsOwnRope(t *testing.T) {
	asked := results.Setting{Name: "rope", Value: "pi:factor=2", Identity: true}
	for name, c := range map[string]struct {
		config  []results.Setting
		details string
		want    string
	}{
		"none": {nil, "none", ""}, "unknown": {nil, "", ""}, "the file's own": {nil, "yarn:factor=4", "yarn:factor=4"},
		"asked for": {[]results.Setting{asked}, "pi:factor=2", "pi:factor=2"},
	} {
		m := results.Manifest{Benchmark: "b", Model: results.ModelInfo{Spec: "local:m", Details: map[string]string{"rope": c.details}}, Config: c.config}
		if got := New(Options{}).identify(m).Rope; got != c.want {
			t.Errorf("%s: rope %q, want %q", name, got, c.want)
		}
	}
}
