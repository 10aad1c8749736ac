package view

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hostile is what models and data sets write in these tests, in every field:
// markup, ends of scripts, marks that turn text around, a NUL, an escape
// sequence, broken UTF-8, a template and quotes.
const hostile = `<script>document.title="pwned"</script></script><img src=x onerror="document.title='pwned'">` +
	"\u2028\u202eevil\x00\x1b[31m\xff{{.Title}}'\"&amp;<!--"

// needle is the evidence in every context.
const needle = "The harbour of Bergen opens at <b>seven</b>."

// folder is a run that is being written.
type folder struct {
	*results.Run
	rows *results.Writer
	n    int
}

// begin starts a run as lcbench run does; it is closed when the test ends.
func begin(t testing.TB, dir, spec string) *folder {
	t.Helper()
	run, err := results.Open(dir, results.Manifest{
		Benchmark: "needles", Title: "Needles", Model: results.ModelInfo{Spec: spec, Details: map[string]string{"attention": "full"}},
		Config: []results.Setting{{Name: "model", Value: spec, Identity: true}}, Tokenizer: "words",
		Data: []results.Origin{{Kind: "folder", Place: "data"}}, Version: "test",
	})
	must(t, err)
	rows, err := run.Rows()
	must(t, err)
	t.Cleanup(func() { _ = run.Close() }) // closed already, or the folder is gone
	return &folder{Run: run, rows: rows}
}

// add writes n more rows, whose ids count on; change may change each.
func (f *folder) add(t testing.TB, n int, change func(*runners.Result)) {
	t.Helper()
	for range n {
		r := result(f.n)
		if change != nil {
			change(&r)
		}
		must(t, f.rows.Add(r))
		f.n++
	}
}

// end finishes the run as lcbench run does.
func (f *folder) end(t testing.TB, state results.State) {
	t.Helper()
	must(t, f.rows.Finish())
	tasks := []benchmarks.Task{{Name: "single", Category: "QA", Metric: "qa_f1", Boards: []string{"en"}}, {Name: "multi", Category: "QA", Metric: "qa_f1", Boards: []string{"en"}}}
	must(t, f.WriteSummary(f.rows.Facts().Summarise(results.SummaryInput{Manifest: f.Manifest(), Tasks: tasks, State: state, Resamples: 200})))
	must(t, f.Finish(state))
	must(t, f.Close())
}

// result is a sample: every third of another task, every fifth wrong, every
// seventh lost.
func result(i int) runners.Result {
	task, score, status := "single", 1.0, runners.OK
	if i%3 == 2 {
		task = "multi"
	}
	if i%5 == 4 {
		score = 0.25
	}
	if i%7 == 6 {
		status = runners.Failed
	}
	context := strings.Repeat("word ", 300) + needle + strings.Repeat(" word", 300)
	at := strings.Index(context, needle)
	return runners.Result{
		Sample: benchmarks.Sample{
			ID: fmt.Sprintf("%s/%d", task, i), Task: task, Index: i, Metric: "qa_f1", References: []string{"seven"},
			Prompt:        benchmarks.Prompt{Before: "Read. ", Context: context, After: "\nWhen does the harbour open?"},
			ContextTokens: 610, Tokenizer: "words", Group: fmt.Sprint(i),
			Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: at, End: at + len(needle)}}},
		},
		Answer: runners.Answer{Status: status, Text: fmt.Sprintf("answer %d", i), Usage: runners.Usage{Known: true, Prompt: 620, Completion: 3}},
		Score:  scorers.Score{Value: score},
		Axes:   benchmarks.Axes{State: benchmarks.AxesMeasured, Values: scorers.Axes{Diffusion: 0.1, Scope: 0.2}},
	}
}

// finishedRun writes a run of n samples.
func finishedRun(t testing.TB, dir string, n int) {
	t.Helper()
	f := begin(t, dir, "local:tiny")
	f.add(t, n, nil)
	f.end(t, results.Complete)
}

// hostileRun writes a run of 8 samples with something hostile in every field
// that a model, a data set or an endpoint fills, and in the folder's name.
func hostileRun(t testing.TB, root string) (name string) {
	t.Helper()
	name = `<script>document.title="pwned"<`
	if os.PathSeparator == '\\' {
		name = "hostile"
	}
	f := begin(t, filepath.Join(root, name), "openai:"+hostile)
	must(t, f.Update(func(m *results.Manifest) {
		m.Title, m.Model.Details, m.Model.Served = "T"+hostile, map[string]string{"attention": hostile}, hostile
	}))
	f.add(t, 8, func(r *runners.Result) {
		s, a := &r.Sample, &r.Answer
		s.ID, s.Task, s.Category, s.Language, s.Metric = hostile+s.ID, hostile, hostile, hostile, hostile
		s.Prompt = benchmarks.Prompt{System: hostile, Before: hostile, Context: hostile + s.Prompt.Context + hostile, After: hostile}
		s.References, s.Classes, s.Query, s.Tokenizer = []string{hostile, hostile}, []string{hostile}, hostile, hostile
		s.Evidence.Spans = []scorers.Span{{Start: 0, End: len(hostile)}, {Start: len(hostile) + 1500, End: len(hostile) + 1540}}
		a.Text, a.First, a.Reasoning, a.Error, a.FinishReason, a.Model = hostile, hostile, hostile, hostile, hostile, hostile
		r.Score.Answer, r.Score.Measures = "taken "+hostile, []scorers.Measure{{Name: hostile, Value: 0.5}}
	})
	f.end(t, results.Complete)
	return name
}

// viewer of a folder.
func viewer(t testing.TB, root string) *Viewer {
	t.Helper()
	v, err := New(root, Options{Version: "test"})
	must(t, err)
	return v
}

// ask sends a request as a browser on this machine would.
func ask(v http.Handler, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "127.0.0.1:8765"
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	return w
}

// page is the text of a page that must be there.
func page(t testing.TB, v http.Handler, target string) string {
	t.Helper()
	w := ask(v, target)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: status %d\n%s", target, w.Code, w.Body)
	}
	return w.Body.String()
}

// lookAgain makes the next request see what is there now.
func lookAgain(v *Viewer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.scanned.at = time.Time{}
}

// wants fails where a text lacks something.
func wants(t testing.TB, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in\n%s", want, body(text))
		}
	}
}

// refuses fails where a text has something.
func refuses(t testing.TB, text string, all ...string) {
	t.Helper()
	for _, bad := range all {
		if strings.Contains(text, bad) {
			t.Errorf("%q stands in\n%s", bad, body(text))
		}
	}
}

// growing is a run that another process works on, whose rows the test writes.
type growing struct {
	*results.Run
	lines []string
	file  *os.File
}

// grow starts a run with the rows of a finished one at hand.
func grow(t testing.TB, dir string, n int) *growing {
	t.Helper()
	from := filepath.Join(t.TempDir(), "finished")
	finishedRun(t, from, n)
	data, err := os.ReadFile(filepath.Join(from, "samples.jsonl"))
	must(t, err)
	g := &growing{Run: begin(t, dir, "local:tiny").Run, lines: strings.SplitAfter(string(data), "\n")}
	g.file, err = os.OpenFile(results.UnsortedRowsFile(dir), os.O_WRONLY|os.O_APPEND, 0o644)
	must(t, err)
	t.Cleanup(func() { _ = g.file.Close() }) // nothing depends on it any more
	return g
}

// write adds a text to the file of rows.
func (g *growing) write(t testing.TB, text string) {
	t.Helper()
	_, err := g.file.WriteString(text)
	must(t, err)
}

// body is a page without its style, and not too much of it.
func body(text string) string {
	_, after, found := strings.Cut(text, "<body")
	if !found {
		after = text
	}
	return after[:min(len(after), 2500)]
}
