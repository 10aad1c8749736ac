package results

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
)

func TestPickRowsDecodesOnlyWhatIsWantedAndLeavesATornLineOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	must(t, os.WriteFile(path, []byte("{\"id\":\"a\",\"task\":\"t\"}\nnot a row\n{\"id\":\"b\",\"task\":\"t\"}\n{\"id\":\"c\",\"ta"), 0o644))
	read := func(pick func(int) bool) (ids []string, errs []error) {
		for row, err := range PickRows(path, pick) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			ids = append(ids, row.ID)
		}
		return ids, errs
	}
	ids, errs := read(nil)
	if strings.Join(ids, " ") != "a b" || len(errs) != 1 || !strings.Contains(errs[0].Error(), "rows.jsonl:2: ") {
		t.Errorf("all rows: %v, errors %v; want a and b, and line 2 named", ids, errs)
	}
	ids, errs = read(func(line int) bool { return line == 3 })
	if strings.Join(ids, " ") != "b" || len(errs) != 0 {
		t.Errorf("line 3: %v, errors %v; want b alone", ids, errs)
	}
}

func TestContextsKnowTheirCharacters(t *testing.T) {
	dir := t.TempDir()
	c, err := OpenContexts(dir)
	must(t, err)
	ref, err := c.Put("fünf 字")
	must(t, err)
	must(t, c.Close())
	r, err := ReadContexts(dir)
	must(t, err)
	if n, ok := r.Characters(ref); !ok || n != 6 {
		t.Errorf("%d characters, known %v; want 6", n, ok)
	}
	must(t, r.CloseReading())
	// An earlier lcbench didn't count them.
	index := filepath.Join(dir, contextIndexFile)
	line, err := os.ReadFile(index)
	must(t, err)
	must(t, os.WriteFile(index, []byte(strings.Replace(string(line), `,"characters":6`, "", 1)), 0o644))
	r, err = ReadContexts(dir)
	must(t, err)
	if n, ok := r.Characters(ref); ok || n != 0 {
		t.Errorf("%d characters, known %v; want none known", n, ok)
	}
	if text, err := r.Get(ref); err != nil || text != "fünf 字" {
		t.Errorf("got %q, %v", text, err)
	}
	must(t, r.CloseReading())
}

func TestReadContextsChangesNothing(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadContexts(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without contexts: %v, want fs.ErrNotExist", err)
	}
	c, err := OpenContexts(dir)
	must(t, err)
	ref, err := c.Put("some text")
	must(t, err)
	must(t, c.Close())
	// What a run that still writes has of its next index line stays as it is.
	index := filepath.Join(dir, contextIndexFile)
	f, err := os.OpenFile(index, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(`{"sha256":"ab`)
	must(t, errors.Join(err, f.Close()))
	before, err := os.ReadFile(index)
	must(t, err)
	r, err := ReadContexts(dir)
	must(t, err)
	if text, err := r.Get(ref); err != nil || text != "some text" {
		t.Errorf("got %q, %v", text, err)
	}
	if n, ok := r.Bytes(ref); n != 9 || !ok {
		t.Errorf("%d bytes, %v; want 9", n, ok)
	}
	if _, ok := r.Bytes(strings.Repeat("0", 64)); ok {
		t.Error("a context that isn't stored has a size")
	}
	if _, err := r.Put("other"); !errors.Is(err, errClosed) {
		t.Errorf("writing to it: %v, want %v", err, errClosed)
	}
	must(t, r.CloseReading())
	after, err := os.ReadFile(index)
	must(t, err)
	if string(before) != string(after) {
		t.Errorf("the index was %q and is %q", before, after)
	}
}

func TestRowsAverageLikeTheResultsTheyAreOf(t *testing.T) {
	tasks := []benchmarks.Task{{Name: "qa", Category: "single-doc QA", Metric: "qa_f1"}}
	in := SummaryInput{Manifest: testManifest(), Tasks: tasks, Resamples: 200}
	results, rows := NewFacts(), NewFacts()
	for i := range 30 {
		r := result("qa", i, float64(i%4)/3)
		r.Sample.TargetLength = 1000 << (i % 3)
		switch i {
		case 7:
			r.Answer.Status, r.Answer.Retries, r.Answer.Usage = runners.Failed, 2, runners.Usage{}
		case 9:
			r.Answer.Status, r.Answer.CutTokens, r.Answer.FromCache = runners.TruncatedInput, 12, true
		case 11:
			r.Answer.FirstToken, r.Answer.Total = 3*time.Second, 4*time.Second
		}
		results.Add(r)
		rows.AddRow(newRow(r, ""))
	}
	if diff := cmp.Diff(results.Summarise(in), rows.Summarise(in)); diff != "" {
		t.Errorf("the summary of the rows differs (-results +rows):\n%s", diff)
	}
}
