package scorers

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lcbench/lcbench/scorers/goldentest"
)

// tolerance is what the issue asks for: the reference's numbers to 1e-9.
const tolerance = 1e-9

func TestGoldenLongBench(t *testing.T) {
	goldenFiles(t, "longbench", "metrics", "more", "v2", "jieba", "extra/tasks", "extra/v2_table")
}

func TestGoldenLEval(t *testing.T) {
	goldenFiles(t, "leval", "cases", "more", "extra/sci_fi", "extra/judge")
}

func TestGoldenLooGLE(t *testing.T) { goldenFiles(t, "loogle", "metrics", "more") }

func TestGoldenNeedleThreading(t *testing.T) { goldenFiles(t, "needlethreading", "metrics") }

func TestGoldenTaxonomy(t *testing.T) { goldenFiles(t, "taxonomy", "cases") }

// goldenFiles evaluates every case of a benchmark's reference vectors.
func goldenFiles(t *testing.T, benchmark string, files ...string) {
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			n := 0
			for line, raw := range goldentest.Lines(t, "golden/"+benchmark+"/"+file+".jsonl") {
				var c struct {
					ID       string
					Expected any
				}
				if err := json.Unmarshal(raw, &c); err != nil {
					t.Fatal(err)
				}
				id, score, err := Evaluate(raw)
				if err != nil {
					t.Errorf("line %d: %v", line, err)
					continue
				}
				n++
				got := throughJSON(t, score)
				if diff := cmp.Diff(c.Expected, got, cmpopts.EquateApprox(0, tolerance)); diff != "" || id != c.ID {
					t.Errorf("line %d, %s (-want +got):\n%s", line, id, diff)
				}
			}
			if n == 0 {
				t.Error("no cases")
			}
		})
	}
}

// realRow is a row of a real LongBench file.
type realRow struct {
	Input, Context string
	Answers        []string
	Length         float64
}

// systems are the simple predictors that the reference table was made with.
func systems() map[string]func(realRow) string {
	return map[string]func(realRow) string{
		"first-500": func(r realRow) string { return string([]rune(r.Context)[:min(500, len([]rune(r.Context)))]) },
		"gold":      func(r realRow) string { return r.Answers[0] },
		"input":     func(r realRow) string { return r.Input },
		"empty":     func(realRow) string { return "" },
	}
}

// Whole real tasks with simple systems: the reference's own table, v1 and E.
func TestGoldenLongBenchAggregates(t *testing.T) {
	var cases []struct {
		Task, System string
		V1           any
		E            any
	}
	raw, err := os.ReadFile(goldentest.Path(t, "golden/longbench/aggregates.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		predict := systems()[c.System]
		if predict == nil {
			t.Errorf("%s: no system %q in this test", c.Task, c.System)
			continue
		}
		type row struct {
			Prediction string   `json:"prediction"`
			References []string `json:"references"`
			Length     float64  `json:"length"`
		}
		var rows []row
		for _, line := range goldentest.Lines(t, "data/longbench/"+c.Task+".jsonl") {
			var r realRow
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row{predict(r), r.Answers, r.Length})
		}
		set, err := json.Marshal(map[string]any{"id": "x", "metric": "longbench_task", "task": c.Task, "rows": rows})
		if err != nil {
			t.Fatal(err)
		}
		_, score, err := Evaluate(set)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"v1": c.V1, "e": c.E}
		if diff := cmp.Diff(want, throughJSON(t, score), cmpopts.EquateApprox(0, tolerance)); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", c.Task, c.System, diff)
		}
	}
}

// throughJSON is a score as the command prints it.
func throughJSON(t *testing.T, score any) any {
	t.Helper()
	text, err := json.Marshal(score)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
