package view

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// largeRun writes a run of 100,000 samples over 500 documents, once a process;
// with LCBENCH_BENCH_VIEW it is made there and kept, for lcbench view.
func largeRun(b *testing.B) (root string) {
	b.Helper()
	root = os.Getenv("LCBENCH_BENCH_VIEW")
	if root == "" {
		root = filepath.Join(os.TempDir(), fmt.Sprintf("lcbench-view-%d", os.Getpid()))
	}
	dir := filepath.Join(root, "large")
	if _, err := os.Stat(filepath.Join(dir, "summary.json")); err == nil {
		return root
	}
	f := begin(b, dir, "local:tiny")
	answer := strings.Repeat("an answer of some length ", 8)
	f.add(b, 100_000, func(r *runners.Result) {
		r.Answer.Text = answer
		r.Sample.Prompt.Context = fmt.Sprintf("Document %d. ", r.Sample.Index/200) + r.Sample.Prompt.Context
		for i := range r.Sample.Evidence.Spans {
			s := &r.Sample.Evidence.Spans[i]
			s.Start, s.End = s.Start+14, s.End+14
		}
	})
	f.end(b, results.Complete)
	return root
}

func removeLarge() {
	_ = os.RemoveAll(filepath.Join(os.TempDir(), fmt.Sprintf("lcbench-view-%d", os.Getpid()))) // a folder of this test's
}

func TestMain(m *testing.M) {
	code := m.Run()
	removeLarge()
	os.Exit(code)
}

// BenchmarkIndex100k reads the places of 100,000 rows.
func BenchmarkIndex100k(b *testing.B) {
	path := filepath.Join(largeRun(b), "large", "samples.jsonl")
	info, err := os.Stat(path)
	must(b, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var x *rowIndex
	b.SetBytes(info.Size())
	for b.Loop() {
		x = &rowIndex{}
		must(b, x.refresh(path, true))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(x.rows), "B/row")
	b.ReportMetric(float64(info.Size())/float64(x.rows), "file-B/row")
	runtime.KeepAlive(x)
}

// BenchmarkPage100k answers requests about a run of 100,000 samples.
func BenchmarkPage100k(b *testing.B) {
	v := viewer(b, largeRun(b))
	for _, c := range []struct{ name, path string }{
		{"list", "/live/runs"}, {"samples", "/samples?run=large"}, {"samples=worst", "/samples?run=large&sort=low"},
		{"samples=found", "/samples?run=large&text=999"}, {"samples=last", "/samples?run=large&page=2000"},
		{"sample", "/sample?run=large&id=single/99999"}, {"more", "/live/context?run=large&id=single/99999&start=0&end=900"},
		{"report=kept", "/report?run=large"},
	} {
		b.Run("page="+c.name, func(b *testing.B) {
			size := len(page(b, v, c.path))
			for b.Loop() {
				if w := ask(v, c.path); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
			b.ReportMetric(float64(size), "B/page")
		})
	}
}
