package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lmEvalRun writes a small run and its lm-eval files; whole prompts if asked.
func lmEvalRun(t *testing.T, whole bool) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	c := openContexts(t, dir)
	w, err := NewWriter(dir, c)
	must(t, err)
	for at, task := range []string{"hotpotqa", "lcc"} {
		for i := range 4 {
			r := result(task, 4*at+i, float64(i)/4)
			if task == "lcc" {
				r.Sample.References = []string{"one\u2028only"}
				r.Sample.Stop = []string{"\n"}
			}
			must(t, w.Add(r))
		}
	}
	must(t, w.Finish())
	in := someInput()
	in.Manifest.Started = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	in.Manifest.Model.Name = "org/tiny:latest"
	in.Manifest.Config = append(in.Manifest.Config, Setting{"limit", "4", true})
	lm := LMEvalInput{
		Manifest: in.Manifest, Summary: w.Facts().Summarise(in), Rows: ReadRows(filepath.Join(dir, "samples.jsonl")),
		Original: map[string]int{"hotpotqa": 200}, Date: time.Date(2026, 11, 24, 12, 30, 5, 250e6, time.UTC), GitHash: "abc1234",
	}
	if whole {
		lm.Contexts = c
	}
	files, err = WriteLMEval(dir, lm)
	must(t, err)
	return dir, files
}

func readJSON(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var v map[string]any
	must(t, json.Unmarshal(data, &v))
	return v
}

func TestLMEvalFilesAreNamedAsThere(t *testing.T) {
	dir, files := lmEvalRun(t, false)
	folder := filepath.Join(dir, "org__tiny__latest")
	want := []string{
		filepath.Join(folder, "results_2026-11-24T12-30-05.250000.json"),
		filepath.Join(folder, "samples_hotpotqa_2026-11-24T12-30-05.250000.jsonl"),
		filepath.Join(folder, "samples_lcc_2026-11-24T12-30-05.250000.jsonl"),
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	for in, want := range map[string]string{"a/b": "a__b", `x:"<|>y`: "x__y", "..": "model", "": "model", "gpt-4o-mini": "gpt-4o-mini"} {
		if got := lmEvalName(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestLMEvalResults(t *testing.T) {
	_, files := lmEvalRun(t, false)
	data, err := os.ReadFile(files[0])
	must(t, err)
	golden(t, "lm-eval-results.json", string(data))
	v := readJSON(t, data)
	hotpot := v["results"].(map[string]any)["hotpotqa"].(map[string]any)
	if mean := hotpot["qa_f1,none"].(float64); mean != 0.375 {
		t.Errorf("mean %v, want 0.375 of 1", mean)
	}
	// Python: statistics.stdev([0, .25, .5, .75]) / 2
	if stderr := hotpot["qa_f1_stderr,none"].(float64); math.Abs(stderr-0.16137430609197573) > 1e-12 {
		t.Errorf("stderr %v", stderr)
	}
}

func TestLMEvalSamples(t *testing.T) {
	for _, whole := range []bool{false, true} {
		_, files := lmEvalRun(t, whole)
		data, err := os.ReadFile(files[2])
		must(t, err)
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		if len(lines) != 4 {
			t.Fatalf("%d lines", len(lines))
		}
		if !whole {
			var b strings.Builder
			must(t, indent(&b, lines[1]))
			golden(t, "lm-eval-sample.json", b.String())
		}
		for i, line := range lines {
			v := readJSON(t, []byte(line))
			prompt := v["arguments"].(map[string]any)["gen_args_0"].(map[string]any)["arg_0"].(string)
			want := "Read this:\n<context sha256:"
			if whole {
				want = "Read this:\nContext of lcc-doc-"
			}
			if !strings.HasPrefix(prompt, want) || !strings.HasSuffix(prompt, "\nQuestion?") {
				t.Errorf("whole %v: prompt %q", whole, prompt)
			}
			if v["prompt_hash"] != hexSum([]byte(prompt)) || v["target"] != "one\u2028only" || v["doc_id"] != float64(i) || v["code_sim"] != float64(i)/4 {
				t.Errorf("line %d: %v", i, v)
			}
		}
	}
}

func indent(b *strings.Builder, line string) error {
	var v any
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		return err
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(v)
}

func TestLMEvalOfBadRowsLeavesNothing(t *testing.T) {
	bad := errors.New("bad row")
	tests := []struct {
		name string
		row  Row
		err  error
		want string
	}{
		{"a row that can't be read", Row{}, bad, "bad row"},
		{"a task that isn't in the summary", Row{ID: "x", Task: "stranger"}, nil, `task "stranger"`},
		{"a context that isn't stored", Row{ID: "x", Task: "hotpotqa", ContextSHA256: hexSum(nil)}, nil, "no such context"},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		in := someInput()
		_, err := WriteLMEval(dir, LMEvalInput{
			Manifest: in.Manifest, Summary: someFacts().Summarise(in), Contexts: openContexts(t, t.TempDir()),
			Rows: func(yield func(Row, error) bool) { yield(tt.row, tt.err) },
		})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", tt.name, err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		must(t, err)
		if len(left) > 0 {
			t.Errorf("%s: left %v", tt.name, left)
		}
	}
}

func TestLMEvalOfAnEmptyRun(t *testing.T) {
	in := someInput()
	files, err := WriteLMEval(t.TempDir(), LMEvalInput{Manifest: in.Manifest, Summary: NewFacts().Summarise(in), Rows: func(func(Row, error) bool) {}})
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	must(t, err)
	if got := fmt.Sprint(readJSON(t, data)["results"]); got != "map[]" {
		t.Errorf("got %s", got)
	}
}
