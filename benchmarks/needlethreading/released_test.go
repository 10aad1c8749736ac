package needlethreading

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
)

// texts is a source of files in memory.
type texts map[string]string

func (texts) Origin() datasets.Origin { return datasets.Origin{Kind: "folder"} }

func (x texts) Open(_ context.Context, name string) (io.ReadCloser, error) {
	text, ok := x[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

const hay = `{"k1": "v1", "t3": "end", "t1": "t2", "*2": "v2", "t2": "t3", "u1": "u2", "u2": "last"}`

// rowOf is a released row with some fields changed.
func rowOf(t *testing.T, fields map[string]any) string {
	t.Helper()
	row := map[string]any{
		"id": 7, "haystack": hay, "keys": "k1", "values": "v1", "question": `Ask "k1"`, "context_length": 2000, "num_kv_pairs": 7,
		"repeat_number": 0, "needle_depth": "0", "num_needles": 1, "needle_placement": "depthwise", "conditional_character": "N/A",
		"thread_length": 1, "thread_direction": "N/A", "num_threads": 0,
	}
	for k, v := range fields {
		if row[k] = v; v == nil {
			delete(row, k)
		}
	}
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// spans are the texts of a sample's evidence.
func spans(s benchmarks.Sample) (out []string) {
	for _, e := range s.Evidence.Spans {
		out = append(out, s.Prompt.Context[e.Start:e.End])
	}
	return out
}

func TestReleasedRowsOfEachTask(t *testing.T) {
	src := texts{
		"Single_Needle.jsonl":             rowOf(t, nil),
		"json_data/Multiple_Needles.json": "[" + rowOf(t, map[string]any{"keys": []string{"k1", "*2"}, "values": `['v1', "v2"]`, "num_needles": 2.0, "needle_placement": "random", "needle_depth": nil}) + "]",
		"Conditional_Needle.jsonl":        rowOf(t, map[string]any{"keys": "('*2',)", "values": `["v2"]`, "conditional_character": "*", "needle_placement": "clustered"}),
		"Single_Threads.jsonl":            rowOf(t, map[string]any{"keys": "['t1', 't2', 't3']", "values": "['t2', 't3', 'end']", "thread_length": 3, "thread_direction": "random"}),
		"multi_thread.jsonl":              rowOf(t, map[string]any{"keys": "['t1', 'u1']", "values": "[['end'], ['last']]", "num_threads": "2", "thread_length": 3, "thread_direction": "forward", "id": "x"}),
	}
	got, _, errs := collect(t, Adapter().Open(src), benchmarks.Options{Tokenizer: benchmarktest.Words{}})
	if len(got) != 5 || len(errs) > 0 {
		t.Fatalf("%d samples, errors %q", len(got), errs)
	}
	for i, want := range []struct {
		id, strata string
		references []string
		evidence   []string
	}{
		{"single_needle/7", "", []string{"v1"}, []string{`"k1": "v1"`}},
		{"multi_needle/7", "random,1-5", []string{"v1", "v2"}, []string{`"k1": "v1"`, `"*2": "v2"`}},
		{"conditional_needle/7", "clustered,1-5", []string{"v2"}, []string{`"*2": "v2"`}},
		{"single_thread/7", "random,1-5", []string{"end"}, []string{`"t3": "end"`, `"t1": "t2"`, `"t2": "t3"`}},
		{"multi_thread/x", "forward,1-5", []string{"end", "last"}, []string{`"t3": "end"`, `"t1": "t2"`, `"t2": "t3"`, `"u1": "u2"`, `"u2": "last"`}},
	} {
		s := got[i]
		if s.ID != want.id || strings.Join(s.Strata, ",") != want.strata || s.Index != i || s.Length != len(hay) || s.ContextTokens != 14 {
			t.Errorf("%s (want %s): strata %q, index %d, length %d, %d tokens", s.ID, want.id, s.Strata, s.Index, s.Length, s.ContextTokens)
		}
		if diff := cmp.Diff([][]string{want.references, want.evidence}, [][]string{s.References, spans(s)}); diff != "" {
			t.Errorf("%s: references and evidence (-want +got):\n%s", s.ID, diff)
		}
		if s.Prompt.Text() != hay+"\nAsk \"k1\"" || s.MaxTokens != 24+40*len(want.references) {
			t.Errorf("%s: %d tokens to answer in, prompt %q", s.ID, s.MaxTokens, s.Prompt.Text())
		}
	}
	if got[0].Depth == nil || *got[0].Depth != 0 || got[1].Depth != nil {
		t.Errorf("depths %v and %v", got[0].Depth, got[1].Depth)
	}
}

func TestReleasedRowsAreSelected(t *testing.T) {
	var rows []string
	for i, depth := range []any{"0", "50", 50, "100"} {
		rows = append(rows, rowOf(t, map[string]any{"id": i, "needle_depth": depth, "repeat_number": i % 2}))
	}
	src := texts{"Single_Needle.jsonl": strings.Join(rows, "\n")}
	var many []string
	for i, layout := range []string{"random", "clustered", "random"} {
		many = append(many, rowOf(t, map[string]any{"id": i, "needle_placement": layout, "num_needles": i + 1}))
	}
	src["Multi_Needle.jsonl"] = strings.Join(many, "\n")
	for name, c := range map[string]struct {
		o    benchmarks.Options
		want []string
	}{
		"all": {benchmarks.Options{}, []string{"0", "1", "2", "3"}},
		// a sample of each kind: the second one of 50 is a repeat
		"repeats":   {benchmarks.Options{Shape: benchmarks.Shape{Repeats: 1}}, []string{"0", "1", "3"}},
		"depths":    {benchmarks.Options{Depths: []float64{50}}, []string{"1", "2"}},
		"a limit":   {benchmarks.Options{Limit: 2}, []string{"0", "1"}},
		"placement": {benchmarks.Options{Tasks: []string{"multi_needle"}, Shape: benchmarks.Shape{Placement: "random"}}, []string{"0", "2"}},
		"needles":   {benchmarks.Options{Tasks: []string{"multi_needle"}, Shape: benchmarks.Shape{Needles: []int{2, 3}}}, []string{"1", "2"}},
	} {
		if c.o.Tasks == nil {
			c.o.Tasks = []string{"single_needle"}
		}
		got, _, errs := collect(t, Adapter().Open(src), c.o)
		var ids []string
		for _, s := range got {
			ids = append(ids, strings.TrimPrefix(s.ID, c.o.Tasks[0]+"/"))
		}
		if !slices.Equal(ids, c.want) || len(errs) > 0 {
			t.Errorf("%s: rows %q, errors %q, want %q", name, ids, errs, c.want)
		}
	}
	_, notices, _ := collect(t, Adapter().Open(src), benchmarks.Options{Tasks: []string{"single_needle"}, Depths: []float64{7}})
	if len(notices) != 1 || !strings.Contains(notices[0], "no released row is of the kind asked for") {
		t.Errorf("nothing selected: notices %q", notices)
	}
}

func TestABadRowIsNamedAndTheOthersGoOn(t *testing.T) {
	for _, c := range []struct {
		task   string
		fields map[string]any
		want   string
	}{
		{"single_needle", map[string]any{"haystack": nil}, `:1: field "haystack": missing`},
		{"single_needle", map[string]any{"question": 3}, `:1: field "question": want a string, got number`},
		{"single_needle", map[string]any{"keys": true}, `:1: field "keys": want a string or a list of strings: byte 0: want a literal`},
		{"single_needle", map[string]any{"keys": "['a', 3]"}, `:1: field "keys": want a string or a list of strings, got something else in it`},
		{"single_needle", map[string]any{"values": "[]"}, `:1: field "values": want a value or a list of them, got none`},
		{"single_needle", map[string]any{"values": "v2"}, `:1: field "values": want "v1" among them, which the haystack has for the key "k1"`},
		{"single_needle", map[string]any{"keys": "gone", "values": "['a', 'b']"}, `:1: field "values": want one value, got 2`},
		{"single_needle", map[string]any{"needle_depth": "deep"}, `:1: field "needle_depth": want a number, got "deep"`},
		{"single_needle", map[string]any{"num_needles": 1.5}, `:1: field "num_needles": want a whole number, got 1.5`},
		{"single_needle", map[string]any{"id": []int{}}, `:1: field "id": want a string or a number`},
		{"single_needle", map[string]any{"keys": slices.Repeat([]string{"k1"}, 1001)}, `:1: field "keys": want at most 1000, got 1001`},
		{"single_thread", map[string]any{"keys": "gone"}, `:1: field "keys": the haystack has no key "gone"`},
		{"single_thread", map[string]any{"keys": "t1", "values": "t3"}, `:1: field "values": want "end" among them, at which the thread from "t1" ends`},
		{"single_thread", map[string]any{"keys": "['t1', 'u1']", "values": "['end', 'last']"}, `:1: field "keys": want the first key of each thread, of a single thread one`},
		{"multi_thread", map[string]any{"keys": "['t2']", "values": "['end']"}, `:1: field "keys": want the first key of each thread`},
	} {
		good := rowOf(t, map[string]any{"keys": "u1", "values": "last", "id": 8})
		if c.task == "single_needle" {
			good = rowOf(t, map[string]any{"id": 8})
		}
		src := texts{c.task + ".jsonl": rowOf(t, c.fields) + "\n" + good}
		got, _, errs := collect(t, Adapter().Open(src), benchmarks.Options{Tasks: []string{c.task}})
		if len(got) != 1 || got[0].ID != c.task+"/8" || len(errs) != 1 || !strings.Contains(errs[0], c.task+".jsonl"+c.want) {
			t.Errorf("%v: %d samples, errors %q, want %q", c.fields, len(got), errs, c.want)
		}
	}
}

func TestTwoRowsOfOneIDAreToldApart(t *testing.T) {
	src := texts{"Single_Needle.jsonl": rowOf(t, nil) + "\n" + rowOf(t, nil)}
	got, _, errs := collect(t, Adapter().Open(src), benchmarks.Options{Tasks: []string{"single_needle"}})
	if len(got) != 1 || len(errs) != 1 || !strings.Contains(errs[0], `Single_Needle.jsonl:2: field "id": another row of the task is 7, too`) {
		t.Errorf("%d samples, errors %q", len(got), errs)
	}
}

func TestAThreadThatBitesItsTailEnds(t *testing.T) {
	end, spans := follow(`{"a": "b", "b": "c", "c": "b"}`, "a")
	if end != "b" || len(spans) != 3 {
		t.Errorf("ends at %q after %d pairs", end, len(spans))
	}
}

func TestFilesAreFoundUnderEitherName(t *testing.T) {
	for _, c := range []struct {
		there string
		want  []string
	}{
		{"Multi_Threads.parquet", []string{"Multi_Threads.parquet"}},
		{"Multi_Thread.jsonl", []string{"Multi_Thread.jsonl"}},
		{"json_data/Multi_Threads.json", []string{"json_data/Multi_Threads.json"}},
		{"multi_thread.json", []string{"multi_thread.json"}},
		{"Multi_Threads-00000-of-00002.parquet", []string{"Multi_Threads-00000-of-00002.parquet", "Multi_Threads-00001-of-00002.parquet"}},
		{"something.else", []string{"Multi_Threads.parquet"}},
	} {
		b := Adapter().Open(texts{c.there: ""}).(*needleThreading)
		if got := b.files("multi_thread"); !slices.Equal(got, c.want) {
			t.Errorf("with %s: %q", c.there, got)
		}
	}
}

// hub is a source whose files are the pinned ones.
type hub struct{ texts }

func (hub) Origin() datasets.Origin { return datasets.Origin{Kind: "hub"} }

func TestPinsHoldEveryTask(t *testing.T) {
	b := Adapter().Open(hub{}).(*needleThreading)
	n := 0
	for _, task := range tasks() {
		files := b.files(task.Name)
		if len(files) == 0 || b.File(task.Name) != files[0] {
			t.Errorf("%s: files %q", task.Name, files)
		}
		for i, f := range files {
			if want := fmt.Sprintf("%s-%05d-of-%05d.parquet", task.splits[0], i, len(files)); f != want {
				t.Errorf("%s: part %d is %s, want %s", task.Name, i, f, want)
			}
		}
		n += len(files)
	}
	if n != len(pins()) {
		t.Errorf("%d of %d pinned files are read", n, len(pins()))
	}
}

func TestLengthsAskForMadeHaystacksAndSaySo(t *testing.T) {
	o := benchmarks.Options{Tokenizer: runs{}, Lengths: []int{2000}, Limit: 1}
	got, notices, errs := collect(t, Adapter().Open(hub{}), o)
	if len(got) != 5 || len(errs) > 0 || len(notices) == 0 || !strings.Contains(notices[0], "they are not the released rows") {
		t.Errorf("%d samples, notices %q, errors %q", len(got), notices, errs)
	}
	o.Unmade = true
	bare, _, _ := collect(t, Adapter().Open(hub{}), o)
	for i, s := range bare {
		if s.ID != got[i].ID || s.Prompt.Context != "" || s.ContextTokens != 2000 || s.MaxTokens != got[i].MaxTokens {
			t.Errorf("unmade: %s, %d tokens, of %s", s.ID, s.ContextTokens, got[i].ID)
		}
	}
}

func FuzzDecodeRow(f *testing.F) {
	f.Add([]byte(`{"id": 5, "haystack": "{\"a\": \"b\", \"b\": \"a\"}", "keys": "['a']", "values": "b", "question": "q", "needle_depth": "50"}`))
	f.Add([]byte(`{"id": "x", "haystack": "{\"a\":\"b\",\n\"b\" : \"c\"}", "keys": ["a"], "values": ["c"], "question": "", "num_threads": 1.0}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) > 1<<12 {
			t.Skip("capped input")
		}
		r, err := decodeRow(line)
		if err != nil {
			return
		}
		for _, task := range tasks() {
			values, e, err := r.answer(task)
			if err != nil {
				continue
			}
			if len(values) == 0 {
				t.Errorf("%s: no values", task.Name)
			}
			last := 0
			for _, s := range e.Spans {
				if s.Start < last || s.End <= s.Start || s.End > len(r.haystack) {
					t.Errorf("%s: evidence %v in %d bytes", task.Name, e.Spans, len(r.haystack))
				}
				last = s.End
			}
		}
	})
}
