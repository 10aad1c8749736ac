package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// writeAdaptive makes the folder of an adaptive run: right at 1k, of which few
// documents were asked, and wrong at 2k in the middle.
func writeAdaptive(t testing.TB, dir string, summarised bool) {
	t.Helper()
	m := results.Manifest{
		Benchmark: "needles", Title: "Needles", Model: results.ModelInfo{Spec: "local:tiny"}, Version: "test",
		Config: []results.Setting{{Name: "model", Value: "local:tiny", Identity: true}, {Name: results.SettingAdaptive, Value: "true", Identity: true}},
	}
	run, err := results.Open(dir, m)
	must(t, err)
	rows, err := run.Rows()
	must(t, err)
	i := 0
	var cells []runners.CellOutcome
	for _, length := range []int{1000, 2000} {
		for _, depth := range depths {
			score, documents := beyond(1000)(length, depth, 0), map[int]int{1000: 5, 2000: 20}[length]
			for document := range documents {
				r := fixture{score: beyond(1000)}.result(i, length, document, depth)
				r.Draw = document + 1
				must(t, rows.Add(r))
				i++
			}
			cells = append(cells, runners.CellOutcome{
				Task: "single", Length: length, Depth: &depth, State: runners.CellJudged, Verdict: stats.VerdictOf(score, 0.8), Documents: documents, Pool: 20,
				Rows: documents, Valid: documents, Score: score, ValidScore: score,
				Interval: scorers.Interval{State: scorers.IntervalOK, Low: score / 2, High: (1 + score) / 2},
				Joint:    scorers.Interval{State: scorers.IntervalOK, Low: score / 4, High: (1 + score) / 2},
			})
		}
	}
	must(t, rows.Finish())
	if summarised {
		in := results.SummaryInput{
			Manifest: run.Manifest(), State: results.Complete, Tasks: []benchmarks.Task{{Name: "single", Category: "Needles", Language: "en", Metric: "qa_f1"}},
			Adaptive: &results.AdaptiveRun{Rule: runners.Adaptive{Threshold: 0.8}, Cells: cells, Samples: 120},
		}
		must(t, run.WriteSummary(rows.Facts().Summarise(in)))
		must(t, run.Finish(results.Complete))
	}
	must(t, run.Close())
}

func TestAnAdaptiveRunIsReportedByItsCells(t *testing.T) {
	t.Chdir(t.TempDir())
	writeAdaptive(t, "run", true)
	r, err := Build([]string{"run"}, Options{Resamples: 200})
	must(t, err)
	run := r.Benchmarks[0].Runs[0]
	curve := run.Tasks[0].Context.Curve
	// Over rows it would be 5·3+20·2 of 75 right.
	if len(curve) != 2 || curve[0].Score != 100 || curve[1].Score < 66 || curve[1].Score > 67 || *curve[1].Low > 25 || curve[1].Documents != 20 {
		t.Errorf("curve %+v", curve)
	}
	if score := run.Averages[0].Score; score == nil || *score < 83 || *score > 84 {
		t.Errorf("average %v, want that of six cells", score)
	}
	if run.Context.OwnShare.State != stats.LengthAt || run.Context.OwnShare.Low != nil || run.Context.Ruler.State != stats.LengthAt {
		t.Errorf("effective lengths %+v", run.Context)
	}
	if run.Middle.State != stats.StateAdaptive || run.Difficulty.State != stats.StateAdaptive || run.Plane.State != "adaptive" || run.Middle.Points != nil {
		t.Errorf("worked out from rows: %+v, %+v, %s", run.Middle, run.Difficulty, run.Plane.State)
	}
	if !slices.ContainsFunc(run.Findings, func(f string) bool { return strings.HasPrefix(f, "Adaptive run: 75 of 120 samples were asked") }) {
		t.Errorf("findings %q", run.Findings)
	}
	var page, md strings.Builder
	must(t, r.WriteHTML(&page))
	must(t, r.WriteMarkdown(&md))
	for name, text := range map[string]string{"page": page.String(), "markdown": md.String()} {
		if !strings.Contains(text, "does not reach it") {
			t.Errorf("%s: no verdict on a cell", name)
		}
	}
}

func TestAnAdaptiveRunWithoutItsSummaryHasNoScores(t *testing.T) {
	t.Chdir(t.TempDir())
	writeAdaptive(t, "run", false)
	r, err := Build([]string{"run"}, Options{Resamples: 200})
	must(t, err)
	run := r.Benchmarks[0].Runs[0]
	if len(run.Averages) != 0 || len(run.Tasks) != 0 || len(run.Warnings) != 1 || !strings.Contains(run.Warnings[0], "the run was adaptive and was stopped before its summary") {
		t.Errorf("averages %+v, tasks %+v, warnings %q", run.Averages, run.Tasks, run.Warnings)
	}
	if _, err := os.Stat(filepath.Join("run", "summary.json")); err == nil {
		t.Error("the report wrote a summary")
	}
}
