package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

// Every released system of L-Eval, scored through the command, against the
// reference's own figures: tasks, parts, and the averages of the paper's tables.
func TestGoldenLEvalReleasedSystems(t *testing.T) {
	predictions := goldentest.Path(t, "data/leval/predictions")
	for _, data := range []string{"", goldentest.Path(t, "data/leval")} {
		out := t.TempDir()
		args := []string{"lcbench", "score", "leval", "--predictions", predictions, "--out", out}
		if data != "" {
			args = append(args, "--data-dir", data)
		}
		var stdout, stderr bytes.Buffer
		if code := Run(context.Background(), args, nil, &stdout, &stderr); code != 0 {
			t.Fatalf("exit %d: %s", code, stderr.String())
		}
		summaries := map[string]results.Summary{}
		compareTasks(t, out, summaries)
		compareOverall(t, summaries)
	}
}

func close9(got *float64, want float64) bool { return got != nil && math.Abs(*got-want) <= 1e-9 }

func compareTasks(t *testing.T, out string, summaries map[string]results.Summary) {
	t.Helper()
	var golden []struct {
		System, Task           string
		N                      int
		Score                  float64
		Rouge1, Rouge2, RougeL *float64
		ByPosition             []float64 `json:"by_position"`
	}
	readGolden(t, "golden/leval/aggregates.json", &golden)
	for _, g := range golden {
		s, ok := summaries[g.System]
		if !ok {
			var err error
			if s, err = results.ReadSummary(filepath.Join(out, g.System)); err != nil {
				t.Fatal(err)
			}
			summaries[g.System] = s
		}
		task := taskOf(s, g.Task)
		if task.Rows != g.N || !close9(task.Reference, g.Score) {
			t.Errorf("%s %s: got %d rows, %v; want %d, %v", g.System, g.Task, task.Rows, shown(task.Reference), g.N, g.Score)
		}
		want := g.ByPosition
		if g.Rouge1 != nil {
			want = []float64{*g.Rouge1, *g.Rouge2, *g.RougeL}
		}
		if len(task.Strata) != len(want) {
			t.Errorf("%s %s: %d parts, want %d", g.System, g.Task, len(task.Strata), len(want))
			continue
		}
		for i, f := range task.Strata {
			if !close9(f.Reference, want[i]) {
				t.Errorf("%s %s, %s: got %v, want %v", g.System, g.Task, f.Name, shown(f.Reference), want[i])
			}
		}
	}
	if len(golden) == 0 {
		t.Error("no golden aggregates")
	}
}

func compareOverall(t *testing.T, summaries map[string]results.Summary) {
	t.Helper()
	var golden map[string]map[string]float64
	readGolden(t, "golden/leval/extra/overall.json", &golden)
	for system, figures := range golden {
		got := map[string]*float64{}
		for _, b := range summaries[system].Boards {
			switch b.Board {
			case "exam":
				got["exam_avg_of_released"] = b.Average.Reference
			case "f1":
				got["f1_avg"] = b.Average.Reference
			case "rouge":
				for _, f := range b.Strata {
					got[f.Name+"_avg"] = f.Reference
				}
			}
		}
		for name, want := range figures {
			if !close9(got[name], want) {
				t.Errorf("%s %s: got %v, want %v", system, name, shown(got[name]), want)
			}
		}
	}
	if len(golden) == 0 {
		t.Error("no golden averages")
	}
}

func taskOf(s results.Summary, name string) results.TaskScore {
	for _, task := range s.Tasks {
		if task.Task == name {
			return task
		}
	}
	return results.TaskScore{}
}

func shown(p *float64) any {
	if p == nil {
		return "nothing"
	}
	return *p
}

func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(goldentest.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}
