package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// build reads the folders with few resamples.
func build(t testing.TB, dirs ...string) *Report {
	t.Helper()
	r, err := Build(dirs, Options{Resamples: 500, Version: "test"})
	must(t, err)
	return r
}

func TestGoldenReport(t *testing.T) {
	t.Chdir(t.TempDir())
	r := build(t, twoRuns(t)...)
	var asJSON, asMarkdown bytes.Buffer
	must(t, r.WriteJSON(&asJSON))
	must(t, r.WriteMarkdown(&asMarkdown))
	golden(t, "report.json", asJSON.String())
	golden(t, "report.md", asMarkdown.String())
}

func TestRunsStandBesideEachOtherAndTheFloorLast(t *testing.T) {
	t.Chdir(t.TempDir())
	r := build(t, twoRuns(t)...)
	if len(r.Benchmarks) != 1 || len(r.Benchmarks[0].Runs) != 3 {
		t.Fatalf("want one benchmark of three runs, got %+v", r.Benchmarks)
	}
	runs := r.Benchmarks[0].Runs
	var labels []string
	for _, run := range runs {
		labels = append(labels, run.Label)
	}
	if want := "local:tiny, attention full|local:tiny, attention sliding|baseline:lexical"; strings.Join(labels, "|") != want {
		t.Errorf("labels %q, want %q", labels, want)
	}
	full, sliding, floor := runs[0], runs[1], runs[2]
	if floor.Floor != "baseline" || full.Tasks[0].Floor == nil || *full.Tasks[0].Floor.Score != *floor.Tasks[0].Score {
		t.Errorf("the floor's score isn't beside the task's: %+v", full.Tasks[0].Floor)
	}
	if full.Context.OwnShare.State != stats.LengthAbove || sliding.Context.OwnShare.State != stats.LengthAt {
		t.Errorf("real context: %v and %v, want above_longest and at", full.Context.OwnShare.State, sliding.Context.OwnShare.State)
	}
	// 100 % at 1k, 2/3 at 2k: 85 % is crossed at 0.15/0.3333 of the way in log2.
	if got, want := sliding.Context.OwnShare.Text(), "1.37k"; got != want {
		t.Errorf("sliding keeps 85 %% up to %s, want %s", got, want)
	}
	if sliding.Difficulty.Weakness != stats.WeaknessMiddle {
		t.Errorf("weakness %q, want middle", sliding.Difficulty.Weakness)
	}
	if !strings.Contains(strings.Join(sliding.Findings, "\n"), "Lost in the middle: evidence at 40–60 % scores 66.7 points less") {
		t.Errorf("findings don't name the middle: %q", sliding.Findings)
	}
}

func TestAFloorWithNothingAboveIsSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	low := func(_ int, _ float64, d int) float64 { return float64(d%2) / 4 }
	fixture{dir: "floor", spec: "baseline:lexical", lengths: []int{1000, 2000}, documents: 6, score: low}.write(t)
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000, 2000}, documents: 6, score: low}.write(t)
	run := build(t, "run", "floor").Benchmarks[0].Runs[0]
	if !run.Tasks[0].AtFloor || run.Context.OwnShare.State != stats.LengthNoBaseline {
		t.Errorf("at floor %v, own share %v; want true, no_baseline", run.Tasks[0].AtFloor, run.Context.OwnShare.State)
	}
}

func TestWhatIsNotARunIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.Mkdir("empty", 0o755))
	must(t, os.WriteFile("file", nil, 0o644))
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000}, documents: 2}.write(t)
	for name, c := range map[string]struct{ dirs, want string }{
		"a folder of something else": {"run empty", "empty is not a run: there is no manifest.json in it"},
		"a file":                     {"file", "file is not a run: it is a file"},
		"nothing":                    {"none", "none is not a run: there is no such folder"},
	} {
		_, err := Build(strings.Fields(c.dirs), Options{})
		var notRun *NotRunError
		if !errors.As(err, &notRun) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", name, err, c.want)
		}
	}
	_, err := Build([]string{"run", "./run"}, Options{})
	var repeated *RepeatedError
	if !errors.As(err, &repeated) {
		t.Errorf("one folder twice: error %v", err)
	}
}

func TestAHalfWrittenRunIsReportedAsFarAsItGoes(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000, 2000}, documents: 4, state: results.Running}.write(t)
	// As a killed run leaves it: rows as they came, the last one torn, no summary.
	rows, err := os.ReadFile(filepath.Join("run", "samples.jsonl"))
	must(t, err)
	lines := bytes.SplitAfter(rows, []byte("\n"))
	part := append(bytes.Join(lines[:10], nil), lines[10][:40]...)
	must(t, os.WriteFile(filepath.Join("run", "samples.unsorted.jsonl.part"), part, 0o644))
	for _, name := range []string{"samples.jsonl", "samples.parquet", "summary.json"} {
		must(t, os.Remove(filepath.Join("run", name)))
	}
	run := build(t, "run").Benchmarks[0].Runs[0]
	if run.Samples.Rows != 10 || run.Summarised || run.Tasks[0].Rows != 10 || *run.Tasks[0].Score != 100 {
		t.Errorf("%d rows, summarised %v, task %+v; want 10 rows of the rows alone", run.Samples.Rows, run.Summarised, run.Tasks[0].Figure)
	}
	said := strings.Join(append(run.Findings, run.Warnings...), "\n")
	for _, want := range []string{"Unfinished run (running): figures are of 10 samples", "stopped before its end", "no summary.json"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q isn't said in:\n%s", want, said)
		}
	}
	must(t, os.Remove(filepath.Join("run", "samples.unsorted.jsonl.part")))
	run = build(t, "run").Benchmarks[0].Runs[0]
	if run.Samples.Rows != 0 || !strings.Contains(strings.Join(run.Warnings, "\n"), "no rows were written yet") {
		t.Errorf("a run without rows: %d rows, warnings %q", run.Samples.Rows, run.Warnings)
	}
}

func TestBrokenRowsAreNamedAndLeftOut(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000, 2000}, documents: 4}.write(t)
	path := filepath.Join("run", "samples.jsonl")
	rows, err := os.ReadFile(path)
	must(t, err)
	lines := bytes.SplitAfter(rows, []byte("\n"))
	lines[1] = bytes.Replace(lines[1], []byte(`"score":1`), []byte(`"score":NaN`), 1)
	lines[2] = bytes.Replace(lines[2], []byte(`"score":1`), []byte(`"score":3`), 1)
	lines[3] = lines[4]
	must(t, os.WriteFile(path, bytes.Join(lines, nil), 0o644))
	warnings := strings.Join(build(t, "run").Benchmarks[0].Runs[0].Warnings, "\n")
	for _, want := range []string{
		"left out: results: run/samples.jsonl:2: invalid character 'N' looking for beginning of value: field \"score\" is NaN: want a number, or null where there is none", "samples.jsonl:3: sample \"single/0@1000/100\": score 3, want 0 to 1",
		"samples.jsonl:5: sample \"single/1@1000/50\" is there twice", "summary.json is of 24 rows, samples.jsonl has 21",
	} {
		if !strings.Contains(warnings, want) {
			t.Errorf("%q isn't said in:\n%s", want, warnings)
		}
	}
}

func TestTheSampleOfThePlaneIsChosenByWhereItsAxesComeFrom(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000, 2000}, documents: 6}.write(t)
	path := filepath.Join("run", "samples.jsonl")
	rows, err := os.ReadFile(path)
	must(t, err)
	rows = bytes.Replace(rows, []byte(`"axes":"measured"`), []byte(`"axes":"assigned"`), 9)
	rows = bytes.Replace(rows, []byte(`"axes":"measured"`), []byte(`"axes":"partial"`), 4)
	must(t, os.WriteFile(path, rows, 0o644))
	for _, c := range []struct {
		axes                                 AxesFrom
		samples, measured, partial, assigned int
		share                                float64
	}{
		{"", 36, 23, 4, 9, 100 * 23. / 36}, {AxesAll, 36, 23, 4, 9, 100 * 23. / 36},
		{AxesMeasured, 23, 23, 0, 0, 100}, {AxesPartial, 27, 23, 4, 0, 100},
	} {
		r, err := Build([]string{"run"}, Options{Axes: c.axes, Resamples: 100})
		must(t, err)
		run := r.Benchmarks[0].Runs[0]
		for name, cell := range map[string]PlaneCell{"cell": run.Plane.Cells[0][0], "margin": run.Plane.Diffusion[0]} {
			if cell.Samples != c.samples || cell.Measured != c.measured || cell.Partial != c.partial || cell.Assigned != c.assigned || math.Abs(*cell.MeasuredShare-c.share) > 1e-9 {
				t.Errorf("axes %q, %s: %+v, share %v; want %+v", c.axes, name, cell, *cell.MeasuredShare, c)
			}
		}
		if n := run.Tasks[0].Context.Curve[0].Samples; n != 18 {
			t.Errorf("axes %q: the curve is of %d samples, want all 18", c.axes, n)
		}
	}
}

func TestNothingInTheFolderIsChanged(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000}, documents: 2}.write(t)
	before := listing(t, "run")
	var page bytes.Buffer
	must(t, build(t, "run").WriteHTML(&page))
	if after := listing(t, "run"); before != after {
		t.Errorf("the folder changed:\n%s\nto\n%s", before, after)
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var out strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		out.WriteString(e.Name() + " " + info.ModTime().String() + " " + info.Mode().String() + "\n")
	}
	return out.String()
}

func TestJSONSaysAbsentAsNull(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000}, documents: 1}.write(t)
	var out bytes.Buffer
	must(t, build(t, "run").WriteJSON(&out))
	var got struct {
		Format     int
		Benchmarks []struct {
			Runs []struct {
				Tasks []struct {
					CI  string   `json:"ci"`
					Low *float64 `json:"ci_low"`
				}
				Middle struct {
					State  string
					Points *float64
				} `json:"lost_in_the_middle"`
			}
		}
	}
	must(t, json.Unmarshal(out.Bytes(), &got))
	run := got.Benchmarks[0].Runs[0]
	if got.Format != Format || run.Tasks[0].Low != nil || run.Tasks[0].CI != "one_document" || run.Middle.Points != nil || run.Middle.State != "too_few_samples" {
		t.Errorf("got %+v", got)
	}
}

// TestAnswersForJudgesAreInNoFigure: they have no score of their own, which is
// not 0.
func TestAnswersForJudgesAreInNoFigure(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000}, documents: 4}.write(t)
	path := filepath.Join("run", "samples.jsonl")
	rows, err := os.ReadFile(path)
	must(t, err)
	rows = bytes.Replace(rows, []byte(`"score":1,"metric":"qa_f1"`), []byte(`"score":null,"metric":"","judge":"rubric"`), 3)
	must(t, os.WriteFile(path, rows, 0o644))
	must(t, os.Remove(filepath.Join("run", "summary.json")))
	b := build(t, "run").Benchmarks[0]
	run := b.Runs[0]
	if run.Samples.Rows != 9 || *run.Tasks[0].Score != 100 || run.Context.Curve[0].Samples != 9 || len(b.entries) != 12 {
		t.Errorf("%d rows, score %v, %d in the curve, %d shown; want 9, 100, 9, 12", run.Samples.Rows, *run.Tasks[0].Score, run.Context.Curve[0].Samples, len(b.entries))
	}
}
