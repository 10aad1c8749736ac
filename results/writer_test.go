package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// readBoth reads samples.jsonl and samples.parquet.
func readBoth(t testing.TB, dir string) (lines, columns []Row) {
	t.Helper()
	for row, err := range ReadRows(filepath.Join(dir, "samples.jsonl")) {
		must(t, err)
		lines = append(lines, row)
	}
	columns, err := parquet.ReadFile[Row](filepath.Join(dir, "samples.parquet"))
	must(t, err)
	return lines, columns
}

func TestRowsComeOutInFileOrderInBothFormats(t *testing.T) {
	dir := t.TempDir()
	c := openContexts(t, dir)
	w, err := NewWriter(dir, c)
	must(t, err)
	rows := realisticResults(300)
	depth := 50.0
	rows[7].Sample.TargetLength, rows[7].Sample.Depth = 8192, &depth
	rows[7].Sample.Strata = []string{"hard", "long"}
	rows[8].Answer = runners.Answer{SampleID: rows[8].Sample.ID, Status: runners.Failed, Error: "HTTP 500"}
	rows[9].Sample.Prompt.Context = ""
	shuffled := slices.Clone(rows)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for _, r := range shuffled {
		must(t, w.Add(r))
	}
	must(t, w.Finish())
	lines, columns := readBoth(t, dir)
	var want []Row
	for _, r := range rows {
		ref := ""
		if text := r.Sample.Prompt.Context; text != "" {
			ref = hexSum([]byte(text))
		}
		want = append(want, newRow(r, ref))
	}
	if diff := cmp.Diff(want, lines, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("samples.jsonl: %.2000s", diff)
	}
	if diff := cmp.Diff(want, columns, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("samples.parquet: %.2000s", diff)
	}
	if text, err := c.Get(lines[3].ContextSHA256); err != nil || text != rows[3].Sample.Prompt.Context {
		t.Errorf("the row's context: %d bytes, %v", len(text), err)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if strings.Contains(e.Name(), "part") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// TestRowFieldNames pins the names that users' scripts read.
func TestRowFieldNames(t *testing.T) {
	var b strings.Builder
	fields := reflect.TypeFor[Row]()
	for i := range fields.NumField() {
		f := fields.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		column, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		if name != column {
			t.Errorf("%s: %q in jsonl, %q in parquet", f.Name, name, column)
		}
		_, _ = fmt.Fprintf(&b, "%s %s\n", name, f.Type)
	}
	golden(t, "row-fields.txt", b.String())
	depth := 12.5
	r := result("hotpotqa", 3, 0.5)
	r.Sample.TargetLength, r.Sample.Depth = 4096, &depth
	line, err := json.MarshalIndent(newRow(r, strings.Repeat("c", 64)), "", " ")
	must(t, err)
	golden(t, "row.json", string(line)+"\n")
}

func TestAbsentFieldsAreLeftOutNotZero(t *testing.T) {
	r := runners.Result{
		Sample: benchmarks.Sample{ID: "a/1", Task: "a", Metric: "qa_f1"},
		Answer: runners.Answer{SampleID: "a/1", Status: runners.ContextOverflow},
	}
	line, err := marshalLine(newRow(r, ""))
	must(t, err)
	for _, name := range []string{"prompt_tokens", "cached_tokens", "depth", "target_length", "context_tokens", "first_token_s", "length", "evidence_lost", "context_sha256", "axes", "diffusion", "scope", "chain", "extent", "overlap", "distractor", "redundancy"} {
		if strings.Contains(string(line), `"`+name+`"`) {
			t.Errorf("%s is there: %s", name, line)
		}
	}
	if !strings.Contains(string(line), `"score":null`) {
		t.Errorf("score: %s", line)
	}
}

// A measured 0 is a value; what isn't measured has none.
func TestAxesOfRows(t *testing.T) {
	measured := benchmarks.Axes{State: benchmarks.AxesMeasured, Values: scorers.Axes{Scope: 0.5}, Lost: 2}
	beside := scorers.Beside{Extent: scorers.Optional{Value: 0.5, Known: true}, Distractor: scorers.Optional{Known: true}, Redundancy: 3}
	for _, tt := range []struct {
		name string
		axes benchmarks.Axes
		want string
	}{
		{"measured", measured, `"evidence_lost":2,"axes":"measured","diffusion":0,"scope":0.5,"dispersion":0,"obscurity":0,"chain":0,`},
		{"measured in part", benchmarks.Axes{State: benchmarks.AxesPartial, Values: scorers.Axes{Scope: 0.5, Diffusion: 0.25, Obscurity: 0.75}}, `"axes":"partial","diffusion":0.25,"scope":0.5,"dispersion":0,"obscurity":0.75,"chain":0,"usage_known"`},
		{"with what stands beside", benchmarks.Axes{State: benchmarks.AxesMeasured, Beside: beside}, `"chain":0,"extent":0.5,"distractor":0,"redundancy":3,"usage_known"`},
		{"assigned", benchmarks.Axes{State: benchmarks.AxesAssigned, Values: scorers.Axes{Scope: 0.5}}, `"evidence_lost":0,"axes":"assigned","diffusion":0,"scope":0.5,"usage_known"`},
		{"unanswerable", benchmarks.Axes{State: benchmarks.AxesUnanswerable, Lost: 1}, `"evidence_lost":1,"axes":"unanswerable_after_truncation","usage_known"`},
		{"no context", benchmarks.Axes{State: benchmarks.AxesNoContext}, `"evidence_lost":0,"axes":"no_context","usage_known"`},
		{"unknown", benchmarks.Axes{}, `"evidence_lost":0,"usage_known"`},
	} {
		r := result("a", 0, 0.5)
		r.Axes = tt.axes
		line, err := marshalLine(newRow(r, ""))
		must(t, err)
		if !strings.Contains(string(line), tt.want) {
			t.Errorf("%s: want %s in\n%s", tt.name, tt.want, line)
		}
	}
}

func TestScoresOfRowsWithoutAnAnswer(t *testing.T) {
	tests := []struct {
		status runners.Status
		value  float64
		score  string
	}{
		{runners.OK, 0.5, "0.5"}, {runners.TruncatedInput, 0.5, "0.5"}, {runners.TruncatedOutput, 0.5, "0.5"},
		{runners.NoAnswer, 1, "0"}, {runners.ContextOverflow, 1, "none"}, {runners.Failed, 1, "none"}, {runners.OK, math.NaN(), "none"},
	}
	for _, tt := range tests {
		r := result("a", 0, tt.value)
		r.Answer.Status = tt.status
		got := "none"
		if s := newRow(r, "").Score; s != nil {
			got = fmt.Sprint(*s)
		}
		if got != tt.score {
			t.Errorf("%s with %v: score %s, want %s", tt.status, tt.value, got, tt.score)
		}
	}
}

func TestAStoppedRunKeepsWhatThereIs(t *testing.T) {
	for _, n := range []int{0, 1, 5} {
		dir := t.TempDir()
		w, err := NewWriter(dir, nil)
		must(t, err)
		for i := range n {
			must(t, w.Add(result("a", 10*i, 1)))
		}
		must(t, w.Finish())
		lines, columns := readBoth(t, dir)
		if len(lines) != n || len(columns) != n {
			t.Errorf("%d rows: %d lines, %d in parquet", n, len(lines), len(columns))
		}
		if err := w.Add(result("a", 1, 1)); !errors.Is(err, errClosed) {
			t.Errorf("a row after the end: %v", err)
		}
		if err := w.Finish(); !errors.Is(err, errClosed) {
			t.Errorf("a second end: %v", err)
		}
	}
}

func TestRowsThatCannotBeWrittenLeaveTheOldOnes(t *testing.T) {
	dir := t.TempDir()
	w, err := NewWriter(dir, nil)
	must(t, err)
	must(t, w.Add(result("a", 0, 1)))
	must(t, w.Finish())
	w, err = NewWriter(dir, nil)
	must(t, err)
	must(t, w.Add(result("a", 0, 1)))
	must(t, w.Add(result("a", 1, 1)))
	must(t, w.buffered.Flush())
	full := errors.New("no space left")
	if err := w.copyRows(&fullWriter{room: 100, err: full}, io.Discard); !errors.Is(err, full) {
		t.Errorf("lines: got %v", err)
	}
	if err := w.copyRows(io.Discard, &fullWriter{room: 100, err: full}); !errors.Is(err, full) {
		t.Errorf("parquet: got %v", err)
	}
	err = replaceFiles([]string{filepath.Join(dir, "samples.jsonl"), filepath.Join(dir, "samples.parquet")}, func(out []io.Writer) error {
		return w.copyRows(out[0], &fullWriter{room: 100, err: full})
	})
	if !errors.Is(err, full) {
		t.Errorf("replaced: %v", err)
	}
	if lines, columns := readBoth(t, dir); len(lines) != 1 || len(columns) != 1 {
		t.Errorf("%d lines and %d rows, want the old one", len(lines), len(columns))
	}
	must(t, w.Close())
	must(t, w.Close())
}

// fullWriter takes room bytes.
type fullWriter struct {
	room int
	err  error
}

func (f *fullWriter) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, f.err
	}
	return len(p), nil
}

func TestAFullDiskStopsTheRows(t *testing.T) {
	dev, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	w, err := NewWriter(t.TempDir(), nil)
	must(t, err)
	part := w.part
	w.part = dev
	w.buffered.Reset(dev)
	err = nil
	for i := 0; i < 2000 && err == nil; i++ {
		err = w.Add(result("a", i, 1))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want ENOSPC", err)
	}
	if err := w.Finish(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("end: got %v, want ENOSPC", err)
	}
	must(t, w.Close())
	must(t, part.Close())
}

func TestABadRowIsNamedAndTheOthersAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "samples.jsonl")
	must(t, os.WriteFile(path, []byte(`{"id":"a","task":"t","index":0}`+"\n{\n"+`{"id":"b","task":"t","index":1}`+"\n{}\n"), 0o644))
	var ids, bad []string
	for row, err := range ReadRows(path) {
		if err != nil {
			bad = append(bad, strings.TrimPrefix(err.Error(), "results: "+path))
			continue
		}
		ids = append(ids, row.ID)
	}
	if diff := cmp.Diff([]string{"a", "b"}, ids); diff != "" {
		t.Error(diff)
	}
	want := []string{":2: unexpected end of JSON input", `:4: not a row: want "id" and "task"`}
	if diff := cmp.Diff(want, bad); diff != "" {
		t.Error(diff)
	}
	for range ReadRows(path) {
		break // closes the file
	}
}

func TestMemoryDoesntGrowWithTheTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 30 MB")
	}
	dir := t.TempDir()
	w, err := NewWriter(dir, nil)
	must(t, err)
	text := strings.Repeat("a long answer, ", 2000) // 30 KB
	for i := range 1000 {
		r := result("a", i, 0.5)
		r.Answer.Text = fmt.Sprint(i, text)
		must(t, w.Add(r))
	}
	var before, peak runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	must(t, w.Finish())
	runtime.ReadMemStats(&peak)
	// HeapSys is what the heap ever took: the rows are 30 MB.
	if grown := int64(peak.HeapSys) - int64(before.HeapSys); grown > 40<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	f, err := os.Open(filepath.Join(dir, "samples.parquet"))
	must(t, err)
	defer func() { must(t, f.Close()) }()
	info, err := f.Stat()
	must(t, err)
	pf, err := parquet.OpenFile(f, info.Size())
	must(t, err)
	if n := len(pf.RowGroups()); n < 3 || n > 8 {
		t.Errorf("%d row groups of 30 MB of rows", n)
	}
}

func TestFactsAreSmall(t *testing.T) {
	if size := reflect.TypeFor[fact]().Size(); size > 128 {
		t.Errorf("%d bytes a row", size)
	}
}
