package report

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
)

// byDocument scores documents alternately.
func byDocument(even, odd float64) func(int, float64, int) float64 {
	return func(_ int, _ float64, document int) float64 {
		if document%2 == 0 {
			return even
		}
		return odd
	}
}

// withFloors writes a run, a baseline and two controls, one of another model.
func withFloors(t *testing.T, control func(int, float64, int) float64) []string {
	t.Helper()
	lengths := []int{1000, 2000}
	for _, f := range []fixture{
		{dir: "run", spec: "local:tiny", lengths: lengths, documents: 8, score: byDocument(1, 0.5)},
		{dir: "control", spec: "local:tiny", lengths: lengths, documents: 8, score: control, noContext: true},
		{dir: "other", spec: "local:huge", lengths: lengths, documents: 8, score: byDocument(1, 1), noContext: true},
		{dir: "lexical", spec: "baseline:lexical", lengths: lengths, documents: 8, score: byDocument(0.25, 0)},
	} {
		f.write(t)
	}
	return []string{"control", "other", "run", "lexical"}
}

func TestEveryFloorStandsBesideTheScore(t *testing.T) {
	t.Chdir(t.TempDir())
	r := build(t, withFloors(t, byDocument(0.5, 0.25))...)
	runs := r.Benchmarks[0].Runs
	var order []string
	for _, run := range runs {
		order = append(order, run.Floor+" "+run.Model.Spec)
	}
	if got := strings.Join(order, "|"); got != " local:tiny|baseline baseline:lexical|no-context local:tiny|no-context local:huge" {
		t.Errorf("order %q", got)
	}
	task, group := runs[0].Tasks[0], runs[0].Groups[0]
	var floors []string
	for _, f := range task.Floors {
		floors = append(floors, f.Floor+" "+percentText(f.Score))
	}
	// A model's memory says nothing of another model.
	if got := strings.Join(floors, "|"); got != "baseline 12.5|no-context 37.5" || *task.Floor.Score != 12.5 || task.AtFloor {
		t.Errorf("floors %q, first %v, at it %v", got, *task.Floor.Score, task.AtFloor)
	}
	if len(group.Floors) != 2 || *group.Floors[1].Macro.Score != 37.5 || *group.Floors[1].Micro.Score != 37.5 || len(runs[0].Averages[0].Floors) != 2 {
		t.Errorf("beside the group %+v, beside the average %+v", group.Floors, runs[0].Averages[0].Floors)
	}
	page := pageOf(t, r)
	for _, want := range []string{"<small>baseline 12.5</small>", "<small>no-context 37.5</small>", "context adds &#43;37.5"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q isn't on the page", want)
		}
	}
	var md bytes.Buffer
	must(t, r.WriteMarkdown(&md))
	if want := "| single |   A | 75.0 |    37.5 | +37.5 (+31.2 to +43.8) | 48 pairs |"; !strings.Contains(md.String(), want) {
		t.Errorf("%q isn't in\n%s", want, md.String())
	}
}

func TestScoresThatNeedNoContextAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		control func(int, float64, int) float64
		state   ContaminationState
		finding string
	}{
		"clearly better with it":  {byDocument(0.5, 0.25), ContaminationClear, "No sign of contamination: with the context the model is clearly better than without in 1 of 1 task."},
		"as good without":         {byDocument(0.5, 1), ContaminationNotClear, "Check for contamination: without the context the model does about as well, so that the score doesn't show that it was read: single (75.0 without, 75.0 with)."},
		"nothing known, nor read": {byDocument(0, 0), ContaminationClear, "No sign of contamination"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			run := build(t, withFloors(t, c.control)...).Benchmarks[0].Runs[0]
			got := run.Tasks[0].Contamination
			if got.State != c.state || !got.Paired || got.Pairs != 48 {
				t.Errorf("got %+v, want %s of 48 pairs", got, c.state)
			}
			if said := strings.Join(run.Findings, "\n"); !strings.Contains(said, c.finding) {
				t.Errorf("%q isn't said in\n%s", c.finding, said)
			}
		})
	}
}

// A control that was run at one length is paired by question; one of other
// questions isn't paired at all.
func TestControlsOfOtherLengthsArePairedByQuestion(t *testing.T) {
	t.Chdir(t.TempDir())
	dirs := withFloors(t, byDocument(0.5, 0.25))
	path := filepath.Join("control", "samples.jsonl")
	rows, err := os.ReadFile(path)
	must(t, err)
	lines := bytes.SplitAfter(rows, []byte("\n"))[:24] // 1,000 tokens alone
	must(t, os.WriteFile(path, bytes.ReplaceAll(bytes.Join(lines, nil), []byte("@1000/"), []byte("@500/")), 0o644))
	got := build(t, dirs...).Benchmarks[0].Runs[0].Tasks[0].Contamination
	if !got.Paired || got.Pairs != 48 || math.Abs(*got.Points-37.5) > 1e-9 || got.State != ContaminationClear {
		t.Errorf("by question: %+v, want 48 pairs, +37.5", got)
	}
	must(t, os.WriteFile(path, bytes.ReplaceAll(bytes.Join(lines, nil), []byte("single/"), []byte("single/other-")), 0o644))
	got = build(t, dirs...).Benchmarks[0].Runs[0].Tasks[0].Contamination
	if got.Paired || got.Pairs != 0 || math.Abs(*got.Points-37.5) > 1e-9 || got.Low == nil || *got.Low > 37.5-6 {
		t.Errorf("of means: %+v, want +37.5 with a wider interval", got)
	}
}

func TestAFloorCountsAtItsLengthAlone(t *testing.T) {
	at := func(length int, high float64) *Context {
		low := 0.0
		return &Context{Curve: []Point{{Length: length, Low: &low, High: &high}}}
	}
	floors := []*Context{at(1000, 20), nil, at(1000, 30), at(2000, 90), {}}
	if got := below(floors, 1000); got.State != scorers.IntervalOK || math.Abs(got.High-0.3) > 1e-12 {
		t.Errorf("the higher floor at 1,000 is %+v, want up to 0.3", got)
	}
	if got := below(floors, 500); got != (scorers.Interval{}) {
		t.Errorf("a floor that wasn't tested at 500: %+v", got)
	}
}

func TestGroupsHaveBothMeans(t *testing.T) {
	t.Chdir(t.TempDir())
	dirs := withFloors(t, byDocument(0.5, 0.25))
	// Half of the rows become those of a task in another category and language.
	for _, dir := range dirs {
		splitTask(t, dir)
	}
	run := build(t, dirs...).Benchmarks[0].Runs[0]
	got := map[string]Group{}
	for _, g := range run.Groups {
		got[g.By+" "+g.Name] = g
	}
	for name, want := range map[string][2]float64{
		"category Needles": {75, 75}, "category Chains": {75, 75}, "language en": {75, 75}, "language zh": {75, 75},
		"benchmark ": {75, 75},
	} {
		g, ok := got[name]
		if !ok || math.Abs(*g.Macro.Score-want[0]) > 1e-9 || math.Abs(*g.Micro.Score-want[1]) > 1e-9 || g.Micro.Low == nil || len(g.Floors) != 2 {
			t.Errorf("%s: %+v, want %v and two floors", name, g, want)
		}
	}
	if c := got["category Chains"].Context; c == nil || len(c.Curve) != 1 {
		t.Errorf("reach of a category: %+v", c)
	}
	if got["language zh"].Context != nil {
		t.Error("a language has a reach")
	}
}

// splitTask moves the rows at 2,000 tokens to a task of their own; the folder
// loses its summary, so that averages are made anew.
func splitTask(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "samples.jsonl")
	rows, err := os.ReadFile(path)
	must(t, err)
	var out [][]byte
	for _, line := range bytes.SplitAfter(rows, []byte("\n")) {
		if bytes.Contains(line, []byte(`"target_length":2000`)) {
			line = bytes.Replace(line, []byte(`"task":"single","category":"Needles","language":"en"`), []byte(`"task":"chain","category":"Chains","language":"zh"`), 1)
		}
		out = append(out, line)
	}
	must(t, os.WriteFile(path, bytes.Join(out, nil), 0o644))
	must(t, os.Remove(filepath.Join(dir, "summary.json")))
	_, err = results.ReadManifest(dir)
	must(t, err)
}
