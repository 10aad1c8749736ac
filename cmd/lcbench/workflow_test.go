package main

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what the test needs of results/compare/github-workflow.yml.
type workflow struct {
	Env  map[string]string
	Jobs map[string]struct {
		Steps []step
	}
	// baseline are the commands of its head, by which a baseline is made.
	baseline []string
}

type step struct{ Name, Run, Uses, If string }

// readWorkflow reads the example.
func readWorkflow(t *testing.T) workflow {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "results", "compare", "github-workflow.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(raw, &w); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "#   "); ok && !strings.HasPrefix(command, "git ") {
			w.baseline = append(w.baseline, command)
		}
	}
	return w
}

// runs are the job's steps that have commands, in order.
func (w workflow) runs() []step {
	return slices.DeleteFunc(slices.Clone(w.Jobs["lcbench"].Steps), func(s step) bool { return s.Run == "" })
}

// machine is a runner: a checked-out repository, a go that installs this
// program, and nothing else that is called lcbench.
type machine struct {
	t            *testing.T
	dir, summary string
	env          []string
}

func newMachine(t *testing.T, w workflow) *machine {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no bash: %v", err)
	}
	lcbench, err := exec.LookPath("lcbench") // testscript.Main's
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, dir: t.TempDir()}
	m.summary = filepath.Join(m.dir, "summary.md")
	tools, bin := t.TempDir(), t.TempDir()
	install := "#!/bin/sh\n[ \"$*\" = 'install github.com/lcbench/lcbench/cmd/lcbench@latest' ] || exit 9\nln -s '" + lcbench + "' '" + bin + "/lcbench'\n"
	if err := os.WriteFile(filepath.Join(tools, "go"), []byte(install), 0o755); err != nil {
		t.Fatal(err)
	}
	path := []string{tools, bin}
	for _, p := range filepath.SplitList(os.Getenv("PATH")) {
		if p != filepath.Dir(lcbench) {
			path = append(path, p)
		}
	}
	m.env = append(os.Environ(), "PATH="+strings.Join(path, string(filepath.ListSeparator)), "LCBENCH_CACHE="+filepath.Join(m.dir, "cache"), "GITHUB_STEP_SUMMARY="+m.summary)
	for k, v := range w.Env {
		m.env = append(m.env, k+"="+v)
	}
	return m
}

// shell runs a step's commands as GitHub does: bash -e, pipefail.
func (m *machine) shell(commands string) (int, string) {
	m.t.Helper()
	c := exec.CommandContext(m.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands)
	c.Dir, c.Env = m.dir, m.env
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil {
		m.t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// job runs every step that has commands, until one fails.
func (m *machine) job(w workflow) (code int, out string) {
	for _, s := range w.runs() {
		var text string
		code, text = m.shell(s.Run)
		if out += text; code != 0 {
			break
		}
	}
	return code, out
}

// makeBaseline does by hand what the example's head says; the next job is on a
// fresh checkout.
func (m *machine) makeBaseline(w workflow, install string) {
	m.t.Helper()
	if len(w.baseline) < 2 {
		m.t.Fatalf("the head of the workflow says %q, want the commands that make a baseline", w.baseline)
	}
	code, out := m.shell(install + "\n" + strings.Join(w.baseline, "\n") + "\nrm -r results \"$(command -v lcbench)\"")
	if code != 0 {
		m.t.Fatalf("the baseline: exit code %d\n%s", code, out)
	}
}

// passesRightly and failsRightly say whether a workflow does what it is there
// for: pass where nothing changed, fail with exit code 1 on a model that became
// worse.
func passesRightly(code int, out string) bool {
	return code == 0 && strings.Contains(out, "PASS: no regression")
}

func failsRightly(code int, out string) bool {
	return code == 1 && strings.Contains(out, "\n::error title=lcbench%3A overall::overall: 51.83 → 1.60")
}

// worse is the model that became worse.
const worse = "LCBENCH_MODEL=mock:fixed?text=Paris"

// The example workflow, every step of it, on runs that the program makes.
func TestExampleWorkflow(t *testing.T) {
	w := readWorkflow(t)
	install := w.runs()[0].Run
	m := newMachine(t, w)
	m.makeBaseline(w, install)
	if code, out := m.job(w); !passesRightly(code, out) {
		t.Errorf("the same model: exit code %d, want 0:\n%s", code, out)
	}
	checkReports(t, m, 0)
	m = newMachine(t, w)
	m.makeBaseline(w, install)
	m.env = append(m.env, worse)
	if code, out := m.job(w); !failsRightly(code, out) {
		t.Errorf("a model that became worse: exit code %d, want 1:\n%s", code, out)
	}
	checkReports(t, m, 1)
}

// A workflow that lacks a step, or whose gate always passes, doesn't do what the
// example is tested for.
func TestAWorkflowThatLacksSomethingIsNoticed(t *testing.T) {
	whole := readWorkflow(t)
	if n := len(whole.runs()); n != 3 {
		t.Fatalf("%d steps have commands, want Install, Run and Compare", n)
	}
	without := map[string]func(step) (step, bool){}
	for _, gone := range whole.runs() {
		without["no "+gone.Name] = func(s step) (step, bool) { return s, s.Name != gone.Name }
	}
	without["a gate that never fails"] = func(s step) (step, bool) {
		s.Run = strings.ReplaceAll(s.Run, "--fail-on regression,lost", "--fail-on never")
		return s, true
	}
	without["a gate whose code is lost"] = func(s step) (step, bool) {
		if s.Name == "Compare" {
			s.Run = strings.TrimSpace(s.Run) + " || true"
		}
		return s, true
	}
	for name, change := range without {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, whole)
			m.makeBaseline(whole, whole.runs()[0].Run)
			m.env = append(m.env, worse)
			job := whole.Jobs["lcbench"]
			job.Steps = nil
			for _, s := range whole.Jobs["lcbench"].Steps {
				if s, keep := change(s); keep {
					job.Steps = append(job.Steps, s)
				}
			}
			broken := whole
			broken.Jobs = map[string]struct{ Steps []step }{"lcbench": job}
			if code, out := m.job(broken); failsRightly(code, out) {
				t.Errorf("it does what the whole one does: exit code %d\n%s", code, out)
			}
		})
	}
}

// checkReports looks at what the Compare step leaves behind.
func checkReports(t *testing.T, m *machine, failures int) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(m.dir, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal(raw, &suites); err != nil || (suites.Failures > 0) != (failures > 0) || suites.Failures < failures {
		t.Errorf("junit.xml has %d failures, want %d at least (%v)", suites.Failures, failures, err)
	}
	for _, path := range []string{m.summary, filepath.Join(m.dir, "comment.md")} {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "lcbench compare: ") {
			t.Errorf("%s: %v, %q", path, err, text)
		}
	}
}
