package results

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lcbench/lcbench/runners"
)

func openRun(t testing.TB, dir string, m Manifest) *Run {
	t.Helper()
	r, err := Open(dir, m)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

func TestTheSameConfigurationResumes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "one")
	r := openRun(t, dir, testManifest())
	if r.Resumed() {
		t.Error("a new run says it is resumed")
	}
	must(t, r.Journal().Append(answer("a")))
	ref := put(t, r.Contexts(), "context")
	must(t, r.Close()) // as if killed: never finished
	m, err := ReadManifest(dir)
	must(t, err)
	if m.State != Running || m.Starts != 1 || m.Started.IsZero() || m.Identity == "" || m.Go == "" {
		t.Errorf("after a start that didn't finish: %+v", m)
	}

	again := testManifest()
	again.Config[3].Value = "4" // concurrency makes no other run
	again.Data = nil            // nothing needed to be read again
	r = openRun(t, dir, again)
	if !r.Resumed() || r.Journal().Len() != 1 {
		t.Errorf("resumed %v with %d answers", r.Resumed(), r.Journal().Len())
	}
	if text, err := r.Contexts().Get(ref); err != nil || text != "context" {
		t.Errorf("context: %q, %v", text, err)
	}
	must(t, r.Finish(Complete))
	must(t, r.Close())
	got, err := ReadManifest(dir)
	must(t, err)
	want := again.clean()
	want.Data = testManifest().Data
	want.Started, want.Starts, want.State = m.Started, 2, Complete
	want.Usage = runners.Usage{Known: true, Prompt: 1000, Cached: 250, Completion: 20, Reasoning: 5}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Manifest{}, "Finished", "Seconds", "Go")); diff != "" {
		t.Error(diff)
	}
	if got.Finished.IsZero() || got.Seconds <= 0 {
		t.Errorf("finished %v after %v s", got.Finished, got.Seconds)
	}
}

func TestAnotherConfigurationIsRefusedWithTheDifferences(t *testing.T) {
	dir := t.TempDir()
	must(t, openRun(t, dir, testManifest()).Close())
	tests := []struct {
		name   string
		change func(*Manifest)
		want   []string
	}{
		{"another value", func(m *Manifest) { m.Config[2].Value = "0.7" }, []string{"temperature: was 0, now 0.7"}},
		{"two settings, one of them gone", func(m *Manifest) {
			m.Config = append(m.Config[:2], Setting{"limit", "50", true})
		}, []string{"limit: was (not set), now 50", "temperature: was 0, now (not set)"}},
		{"another benchmark", func(m *Manifest) { m.Benchmark, m.Config[0].Value = "loogle", "loogle" },
			[]string{"benchmark: was longbench, now loogle"}},
		{"another data file", func(m *Manifest) { m.Data[0].Files[0].SHA256 = "bb" }, []string{"data file lcc.jsonl sha256: was aa, now bb"}},
	}
	for _, tt := range tests {
		m := testManifest()
		tt.change(&m)
		_, err := Open(dir, m)
		var config *ConfigError
		if !errors.As(err, &config) {
			t.Errorf("%s: got %v, want a ConfigError", tt.name, err)
			continue
		}
		var got []string
		for _, d := range config.Differences {
			got = append(got, d.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), tt.want[0]) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	openRun(t, dir, testManifest()) // the lock was given up each time
}

func TestDataThatChangesUnderARunIsRefused(t *testing.T) {
	r := openRun(t, t.TempDir(), testManifest())
	file := func(name, sum string) func(*Manifest) {
		return func(m *Manifest) {
			m.Data = []Origin{{Kind: "folder", Place: "data", Files: []FileHash{{Name: name, SHA256: sum, Bytes: 1}}}}
		}
	}
	must(t, r.Update(file("trec.jsonl", "cc")))
	var config *ConfigError
	if err := r.Update(file("lcc.jsonl", "other")); !errors.As(err, &config) {
		t.Errorf("got %v, want a ConfigError", err)
	}
	m, err := ReadManifest(r.Dir())
	must(t, err)
	if len(m.Data) != 1 || len(m.Data[0].Files) != 2 {
		t.Errorf("files: %+v, want lcc and trec", m.Data)
	}
}

func TestAFolderWithOtherThingsIsRefused(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o644))
	var foreign *NotRunError
	if _, err := Open(dir, testManifest()); !errors.As(err, &foreign) || foreign.Entry != "thesis.tex" {
		t.Errorf("got %v, want a NotRunError that names thesis.tex", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("something was left in it: %v, %v", entries, err)
	}
	// What a start leaves that was killed before its manifest is no obstacle.
	dir = t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, ".lock"), nil, 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "manifest.json.part"), []byte("{"), 0o644))
	openRun(t, dir, testManifest())
}

func TestABrokenManifestIsNamed(t *testing.T) {
	for _, broken := range []string{"", "{", `{"format":1}`, `{"format":99,"benchmark":"x","lcbench_version":"v9"}`, "[]"} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(broken), 0o644))
		if _, err := Open(dir, testManifest()); err == nil || !strings.Contains(err.Error(), "manifest.json") {
			t.Errorf("%q: got %v", broken, err)
		}
	}
}

// TestHelperHoldsARun is no test: it is the second process of the next one.
func TestHelperHoldsARun(t *testing.T) {
	dir := os.Getenv("LCBENCH_TEST_HOLD")
	if dir == "" {
		t.Skip("only as a second process")
	}
	r, err := Open(dir, testManifest())
	must(t, err)
	must(t, r.Journal().Append(answer("from the other process")))
	fmt.Println("holding")
	time.Sleep(time.Minute) // until killed
}

func TestTwoProcessesCannotWorkInOneFolder(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	other := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHelperHoldsARun$")
	other.Env = append(os.Environ(), "LCBENCH_TEST_HOLD="+dir)
	out, err := other.StdoutPipe()
	must(t, err)
	must(t, other.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "holding" {
	}
	var locked *LockedError
	if _, err := Open(dir, testManifest()); !errors.As(err, &locked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want a LockedError", err)
	}
	must(t, other.Process.Kill())
	_ = other.Wait() // killed, as it should be
	r := openRun(t, dir, testManifest())
	if _, ok, err := r.Journal().Find("from the other process"); !ok || err != nil {
		t.Errorf("the killed process's answer: %v, %v", ok, err)
	}
	if !r.Resumed() || r.Manifest().Starts != 2 {
		t.Errorf("resumed %v, start %d", r.Resumed(), r.Manifest().Starts)
	}
}

func TestNoSecretIsWrittenDown(t *testing.T) {
	dir := t.TempDir()
	m := testManifest()
	m.Model = ModelInfo{Spec: "openai:x@https://me:hunter2@host/v1?api-version=3&api_key=hunter2", Endpoint: "https://hunter2@host/v1"}
	m.Config = append(m.Config, Setting{"model", m.Model.Spec, true}, Setting{"api-key", "hunter2", false},
		Setting{"hf_token", "hunter2", false}, Setting{"max-tokens", "64", true}, Setting{"proxy", "http://hunter2:hunter2@p:1/%zz", false})
	m.Data = []Origin{{Kind: "hub", Place: "https://u:hunter2@hub"}}
	r := openRun(t, dir, m)
	must(t, r.WriteSummary(NewFacts().Summarise(SummaryInput{Manifest: m})))
	for _, name := range []string{"manifest.json", "summary.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if strings.Contains(string(data), "hunter2") {
			t.Errorf("%s holds the secret:\n%s", name, data)
		}
		if !strings.Contains(string(data), "host/v1") || !strings.Contains(string(data), "api-version=3") {
			t.Errorf("%s lost the endpoint:\n%s", name, data)
		}
	}
	if !strings.Contains(fmt.Sprint(r.Manifest().Config), "{max-tokens 64 true}") {
		t.Errorf("max-tokens was hidden: %v", r.Manifest().Config)
	}
}

func TestDefaultDirIsTheSameForTheSameCommand(t *testing.T) {
	m := testManifest()
	got := DefaultDir("results", "longbench", m.Model.Spec, IdentityHash(m.Config))
	want := filepath.Join("results", "longbench-openai_tiny_http_127.0.0.1_8000_v1-"+IdentityHash(m.Config)[:8])
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	reordered := []Setting{m.Config[3], m.Config[2], m.Config[1], m.Config[0]}
	reordered[0].Value = "1"
	if IdentityHash(reordered) != IdentityHash(m.Config) {
		t.Error("order or concurrency makes another run")
	}
	m.Config[2].Value = "1"
	if IdentityHash(reordered) == IdentityHash(m.Config) {
		t.Error("another temperature makes the same run")
	}
	for in, want := range map[string]string{
		"../../etc/passwd": "etc_passwd", "": "model", "日本": "model", "a b\x1b[0m": "a_b_0m", "..": "model",
		strings.Repeat("x", 300): strings.Repeat("x", 80), "x@http://me:pw@h/v1": "x_http_h_v1",
	} {
		if got := fileName(in); got != want {
			t.Errorf("fileName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAFileIsReplacedWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "manifest.json")
	must(t, writeJSON(path, "old"))
	if err := writeJSON(path, func() {}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names the file", err)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "\"old\"\n" {
		t.Errorf("got %q, %v", data, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"benchmark":"x","config":[{"name":"a","value":"http://u:p@h","identity":true}],"started":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		once := m.clean()
		if diff := cmp.Diff(once, once.clean()); diff != "" {
			t.Errorf("cleaning twice differs: %s", diff)
		}
		if d := differences(m.clean(), once); len(d) > 0 {
			t.Errorf("differs from itself: %v", d)
		}
	})
}
