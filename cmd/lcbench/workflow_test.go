package main

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what the test needs of results/compare/github-workflow.yml.
type workflow struct {
	Env  map[string]string
	Jobs map[string]struct {
		Steps []struct{ Name, Run string }
	}
}

// commands returns the shell commands of the example workflow by step.
func commands(t *testing.T) (env map[string]string, steps map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "results", "compare", "github-workflow.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(raw, &w); err != nil {
		t.Fatal(err)
	}
	steps = map[string]string{}
	for _, s := range w.Jobs["lcbench"].Steps {
		if s.Run != "" {
			steps[s.Name] = s.Run
		}
	}
	return w.Env, steps
}

// The example workflow, on runs that the program makes: it passes where nothing
// changed, and fails with exit code 1 on a model that became worse.
func TestExampleWorkflow(t *testing.T) {
	env, steps := commands(t)
	for _, name := range []string{"Run", "Compare"} {
		if steps[name] == "" {
			t.Fatalf("the workflow has no step %q", name)
		}
	}
	dir := t.TempDir()
	summary := filepath.Join(dir, "summary.md")
	shell := func(command string, more ...string) (int, string) {
		// As GitHub runs steps: bash -e, pipefail.
		c := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command)
		c.Dir = dir
		c.Env = append(os.Environ(), "LCBENCH_CACHE="+filepath.Join(dir, "cache"), "GITHUB_STEP_SUMMARY="+summary)
		for k, v := range env {
			c.Env = append(c.Env, k+"="+v)
		}
		c.Env = append(c.Env, more...)
		out, err := c.CombinedOutput()
		if err != nil && c.ProcessState == nil {
			t.Skipf("no bash: %v", err)
		}
		return c.ProcessState.ExitCode(), string(out)
	}
	if code, out := shell(steps["Run"] + "\nmkdir .lcbench\nlcbench baseline save results/candidate .lcbench/baseline.json"); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if code, out := shell(steps["Compare"]); code != 0 || !strings.Contains(out, "PASS: no regression") {
		t.Errorf("the same run: exit code %d, want 0:\n%s", code, out)
	}
	checkReports(t, dir, summary, "0")
	code, out := shell("rm -r results/candidate\n"+steps["Run"], "LCBENCH_MODEL=mock:fixed?text=Paris")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if code, out := shell(steps["Compare"]); code != 1 || !strings.Contains(out, "\n::error title=lcbench%3A overall::overall: 51.83 → 1.60") {
		t.Errorf("a model that became worse: exit code %d, want 1:\n%s", code, out)
	}
	checkReports(t, dir, summary, "5")
}

// checkReports looks at what the Compare step leaves behind.
func checkReports(t *testing.T, dir, summary, failures string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Failures string `xml:"failures,attr"`
	}
	if err := xml.Unmarshal(raw, &suites); err != nil || suites.Failures != failures {
		t.Errorf("junit.xml has %q failures, want %s (%v)", suites.Failures, failures, err)
	}
	for _, path := range []string{summary, filepath.Join(dir, "comment.md")} {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "lcbench compare: ") {
			t.Errorf("%s: %v, %q", path, err, text)
		}
	}
}
