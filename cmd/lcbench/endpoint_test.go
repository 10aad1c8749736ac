package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

// endpoint is an OpenAI-compatible server that keeps what it was asked.
type endpoint struct {
	*httptest.Server
	latency time.Duration
	// fault, if not nil, may answer the n-th request for a prompt (from 0) in
	// its own way and return true.
	fault func(w http.ResponseWriter, r *http.Request, prompt string, n int) bool

	mu    sync.Mutex
	asked map[string]int // by prompt hash
}

// newEndpoint starts one; shape sets its behaviour ahead of that.
func newEndpoint(t *testing.T, shape func(*endpoint)) *endpoint {
	e := &endpoint{asked: map[string]int{}}
	if shape != nil {
		shape(e)
	}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, `{"data":[{"id":"m","max_model_len":131072}]}`)
		return
	}
	var q struct {
		Prompt   string
		Stream   bool
		Messages []struct{ Content string }
	}
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(raw, &q)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, m := range q.Messages {
		q.Prompt += m.Content
	}
	hash := promptHash(q.Prompt)
	e.mu.Lock()
	n := e.asked[hash]
	e.asked[hash]++
	e.mu.Unlock()
	time.Sleep(e.latency)
	if e.fault != nil && e.fault(w, r, q.Prompt, n) {
		return
	}
	chunk := map[string]any{"index": 0, "finish_reason": "stop"}
	if chunk["text"] = "Paris 3"; strings.Contains(r.URL.Path, "chat") {
		delete(chunk, "text")
		chunk["delta"] = map[string]string{"content": "Paris 3"}
	}
	body, _ := json.Marshal(map[string]any{"model": "m", "choices": []any{chunk}})
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "data: %s\n\ndata: [DONE]\n\n", body)
}

// promptHash is Answer.PromptSHA256 of a prompt without a system turn.
func promptHash(prompt string) string {
	sum := sha256.Sum256([]byte("\x00" + prompt))
	return hex.EncodeToString(sum[:])
}

// requests is how many prompts were asked since the last reset.
func (e *endpoint) requests() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked)
}

func (e *endpoint) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = map[string]int{}
}

// command is lcbench as a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), asProgram+"=1", "OPENAI_API_KEY=sk-secret", "LCBENCH_CACHE="+filepath.Join(cmd.Dir, "cache"))
	return cmd
}

// answers reads a journal's whole lines.
func answers(t *testing.T, path string) []runners.Answer {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var out []runners.Answer
	for line := range bytes.SplitAfterSeq(raw, []byte("\n")) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			continue // torn by the kill
		}
		var a runners.Answer
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%s: %v in %q", path, err, line)
		}
		out = append(out, a)
	}
	return out
}

// Twenty kills at random moments: every sample ends with exactly one final
// answer, and none is asked again once its answer is in the journal.
func TestAKilledRunLosesNothingAndAsksNothingTwice(t *testing.T) {
	e := newEndpoint(t, func(e *endpoint) { e.latency = 20 * time.Millisecond })
	random := rand.New(rand.NewPCG(1, 2))
	dir, round := filepath.Join(t.TempDir(), "run"), 0
	args := func() []string {
		return []string{"run", "longbench", "--data", "builtin", "--model", "openai:m@" + e.URL + "/v1", "--no-cache",
			"--concurrency", "8", "--out", fmt.Sprint(dir, round)}
	}
	journal := func() string { return filepath.Join(fmt.Sprint(dir, round), "journal.jsonl") }
	midway := 0
	for kill := 0; kill < 20; kill++ {
		known := answers(t, journal())
		if len(known) >= builtinSamples { // killed behind its last answer
			checkOneAnswerEach(t, journal())
			round++
			known = nil
		}
		e.reset()
		cmd := command(t, args()...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Most kills fall while answers arrive, however slow the machine is;
		// every fifth falls anywhere from the start on.
		for until := time.Now().Add(20 * time.Second); kill%5 > 0 && len(answers(t, journal())) == len(known) && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(random.IntN(250)) * time.Millisecond)
		_ = cmd.Process.Kill()
		finished := cmd.Wait() == nil
		checkNotAskedAgain(t, e, known)
		if n := len(answers(t, journal())); n > 0 && n < builtinSamples {
			midway++
		}
		if finished {
			checkOneAnswerEach(t, journal())
			round++
		}
	}
	known := answers(t, journal())
	e.reset()
	if out, err := command(t, args()...).CombinedOutput(); err != nil {
		t.Fatalf("resumed run: %v\n%s", err, out)
	}
	checkNotAskedAgain(t, e, known)
	checkOneAnswerEach(t, journal())
	if midway < 5 {
		t.Errorf("only %d kills hit a run midway: the test says little", midway)
	}
}

// builtinSamples is the size of the built-in LongBench.
const builtinSamples = 122

func checkNotAskedAgain(t *testing.T, e *endpoint, known []runners.Answer) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range known {
		if a.Status != runners.Failed && e.asked[a.PromptSHA256] > 0 {
			t.Errorf("%s was asked again after its answer was in the journal", a.SampleID)
		}
	}
}

func checkOneAnswerEach(t *testing.T, journal string) {
	t.Helper()
	n := map[string]int{}
	for _, a := range answers(t, journal) {
		if a.Status == runners.OK {
			n[a.SampleID]++
		}
	}
	if len(n) != builtinSamples {
		t.Errorf("%d samples answered, want %d", len(n), builtinSamples)
	}
	for id, times := range n {
		if times != 1 {
			t.Errorf("%s has %d final answers", id, times)
		}
	}
}

// Each prompt's first requests meet a fault; every sample is answered all the
// same.
func TestARunSurvivesAMisbehavingEndpoint(t *testing.T) {
	stalled := make(chan struct{})
	fault := func(w http.ResponseWriter, r *http.Request, prompt string, n int) bool {
		kind := int(promptHash(prompt)[0]) % 6
		if n > 0 {
			return false
		}
		switch kind {
		case 0:
			w.Header().Set("Retry-After", "0.05")
			http.Error(w, `{"error":{"message":"slow down"}}`, http.StatusTooManyRequests)
		case 1:
			http.Error(w, `{"error":{"message":"oops"}}`, http.StatusInternalServerError)
		case 2: // reset
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		case 3: // silence ahead of the first token
			select {
			case <-stalled:
			case <-r.Context().Done():
			}
		case 4: // silence between tokens
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"text":"Pa","delta":{"content":"Pa"}}]}`+"\n\n")
			w.(http.Flusher).Flush()
			select {
			case <-stalled:
			case <-r.Context().Done():
			}
		case 5: // half a stream
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"text":"Pa","delta":{"content":"Pa"}}]}`+"\n\n")
		}
		return true
	}
	e := newEndpoint(t, func(e *endpoint) { e.fault = fault })
	t.Cleanup(func() { close(stalled) }) // ahead of the server's own
	dir := filepath.Join(t.TempDir(), "run")
	out, err := command(t, "run", "longbench", "--data", "builtin", "--model", "openai:m@"+e.URL+"/v1", "--out", dir,
		"--timeout-first-token", "300ms", "--timeout-idle", "300ms", "--limit", "4").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, a := range answers(t, filepath.Join(dir, "journal.jsonl")) {
		if a.Status != runners.OK || a.Text != "Paris 3" {
			t.Errorf("%s: %s %q %s", a.SampleID, a.Status, a.Text, a.Error)
		}
	}
	checkNoSecret(t, dir, out)
}

// An endpoint that can't work ends the run at once with a line that says why.
func TestAHopelessEndpointStopsTheRun(t *testing.T) {
	for _, tc := range []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"a wrong key", "application/json", `{"error":{"message":"bad key sk-secret"}}`, 401, "401"},
		{"a web page", "text/html", "<html><body>Welcome</body></html>", 200, "text/html"},
		{"no such path", "application/json", `{"error":{"message":"not found"}}`, 404, "404"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEndpoint(t, func(e *endpoint) {
				e.fault = func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
					w.Header().Set("Content-Type", tc.contentType)
					w.WriteHeader(tc.status)
					_, _ = io.WriteString(w, tc.body)
					return true
				}
			})
			dir := filepath.Join(t.TempDir(), "run")
			cmd := command(t, "run", "longbench", "--data", "builtin", "--model", "openai:m@"+e.URL+"/v1", "--out", dir)
			var errOut bytes.Buffer
			cmd.Stderr = &errOut
			err := cmd.Run()
			if err == nil || cmd.ProcessState.ExitCode() != exitFailure || !strings.Contains(errOut.String(), tc.want) {
				t.Errorf("exit %d, want %d and %q in:\n%s", cmd.ProcessState.ExitCode(), exitFailure, tc.want, errOut.String())
			}
			checkNoSecret(t, dir, errOut.Bytes())
		})
	}
}

// checkNoSecret looks for the key in everything that a run left behind.
func checkNoSecret(t *testing.T, dir string, output []byte) {
	t.Helper()
	if bytes.Contains(output, []byte("sk-secret")) {
		t.Errorf("the key is in the output:\n%s", output)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err == nil && bytes.Contains(raw, []byte("sk-secret")) {
			t.Errorf("the key is in %s", f.Name())
		}
	}
}

// The budget stops a run cleanly, with its own exit code, and it goes on with
// a larger one.
func TestABudgetStopsTheRunAndItGoesOn(t *testing.T) {
	e := newEndpoint(t, nil)
	dir := filepath.Join(t.TempDir(), "run")
	run := func(budget string) *exec.Cmd {
		return command(t, "run", "longbench", "--data", "builtin", "--tasks", "hotpotqa", "--model", "openai:m@"+e.URL+"/v1",
			"--no-cache", "--concurrency", "2", "--out", dir, "--budget", budget)
	}
	cmd := run("6000tok")
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != exitBudget {
		t.Fatalf("exit %d, want %d\n%s", cmd.ProcessState.ExitCode(), exitBudget, out)
	}
	first := len(answers(t, filepath.Join(dir, "journal.jsonl")))
	if first == 0 || first >= 12 {
		t.Errorf("%d answers under the budget, want some of 12", first)
	}
	if out, err := run("1Mtok").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := len(answers(t, filepath.Join(dir, "journal.jsonl"))); n != 12 {
		t.Errorf("%d answers in the end, want 12", n)
	}
}

// The 600 real samples of the three tasks at hand, over HTTP.
func TestRealSamplesOverHTTP(t *testing.T) {
	data := goldentest.Path(t, "data/longbench")
	e := newEndpoint(t, nil)
	dir := filepath.Join(t.TempDir(), "run")
	out, err := command(t, "run", "longbench", "--data-dir", data, "--model", "openai:m@"+e.URL+"/v1", "--out", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := len(answers(t, filepath.Join(dir, "journal.jsonl"))); n != 600 {
		t.Errorf("%d answers, want 600", n)
	}
	for _, want := range []string{"multifieldqa_zh", "passage_retrieval_zh", "multi_news", "600 samples"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("no %q in the table:\n%s", want, out)
		}
	}
	f, err := os.Open(filepath.Join(dir, "samples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	rows := 0
	for lines.Scan() {
		rows++
	}
	if rows != 600 {
		t.Errorf("%d rows in samples.jsonl, want 600", rows)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil || bytes.Count(raw, []byte(`"pinned": true`))+bytes.Count(raw, []byte(`"pinned":true`)) != 5 {
		t.Errorf("the manifest should name three data files and two configurations as pinned (%v):\n%s", err, raw)
	}
}

// Every reference case through the command, as a user would score it.
func TestGoldenThroughTheMetricCommand(t *testing.T) {
	for _, file := range []string{
		"longbench/metrics", "longbench/more", "longbench/v2", "longbench/jieba", "longbench/extra/tasks", "longbench/extra/v2_table",
		"leval/cases", "leval/more", "leval/extra/sci_fi", "leval/extra/judge",
		"loogle/metrics", "loogle/more",
	} {
		t.Run(file, func(t *testing.T) {
			name := "golden/" + file + ".jsonl"
			in, err := os.Open(goldentest.Path(t, name))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }()
			var out, errOut bytes.Buffer
			if code := Run(context.Background(), []string{"lcbench", "metric"}, in, &out, &errOut); code != 0 {
				t.Fatalf("exit %d: %s", code, errOut.String())
			}
			got := bytes.Split(bytes.TrimRight(out.Bytes(), "\n"), []byte("\n"))
			i := 0
			for line, raw := range goldentest.Lines(t, name) {
				if i == len(got) {
					t.Fatalf("%d scores, more cases", i)
				}
				compareScore(t, line, raw, got[i])
				i++
			}
			if i == 0 || i != len(got) {
				t.Errorf("%d scores for %d cases", len(got), i)
			}
		})
	}
}
