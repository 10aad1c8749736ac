package longins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

func TestAdapterPassesTheSuite(t *testing.T) { benchmarktest.Run(t, Adapter()) }

func TestSelfCheckPasses(t *testing.T) {
	if err := selfCheck(); err != nil {
		t.Error(err)
	}
}

func TestEveryPinNamesACommit(t *testing.T) {
	for _, p := range pins() {
		if len(p.Revision) != 40 || len(p.SHA256) != 64 && len(p.SHA256) != 0 || p.Host != "github" {
			t.Errorf("pin of %s: %+v", p.Name, p)
		}
	}
}

// texts is a source of files kept in memory.
type texts map[string]string

func (t texts) Open(_ context.Context, name string) (io.ReadCloser, error) {
	text, ok := t[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (texts) Origin() datasets.Origin { return datasets.Origin{Kind: "folder"} }

const gistYAML = "Instruction_0: open\nInstruction_1: middle\nInstruction_2: close\n"

func small(rows string) texts {
	return texts{"config/GIST.yaml": gistYAML, "config/LIST.yaml": "Instruction_0: open\nInstruction_1: close\n", "GIST/256.json": rows}
}

// entryJSON is a task of a file.
func entryJSON(data, wrong, right string) string {
	return fmt.Sprintf(`{"Categories":["c"],"Domains":["d"],"Lenth":9,"task_prompt":"Do so.","Data":%q,"error":%s,"true_list":%s}`, data, wrong, right)
}

func samples(t *testing.T, src datasets.Source, o benchmarks.Options) (out []benchmarks.Sample, errs, notices []string) {
	t.Helper()
	for s, err := range Adapter().Open(src).Samples(t.Context(), o) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice):
			notices = append(notices, notice.Text)
		case err != nil:
			errs = append(errs, err.Error())
		default:
			out = append(out, s)
		}
	}
	return out, errs, notices
}

const threeItems = "[0:a? Answer: x]\n\n[1:b [brackets]\n\n? Answer: y]\n\n[2:c? Answer: z]\n\n"

func TestARowBecomesTheReferencesExam(t *testing.T) {
	got, errs, _ := samples(t, small(`{"t1":`+entryJSON(threeItems, "[1]", "[0,2]")+`}`), benchmarks.Options{})
	if len(got) != 1 || len(errs) > 0 {
		t.Fatalf("%d samples, errors %q", len(got), errs)
	}
	s := got[0]
	blanks := "\n" + strings.Repeat(" ", 36)
	want := benchmarks.Prompt{Before: "open" + blanks + "Do so." + blanks + "middle" + blanks, Context: threeItems, After: blanks + "close"}
	if diff := cmp.Diff(want, s.Prompt); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
	if s.ID != "exam/256/t1" || s.References[0] != "[1]" || s.Strata[0] != "256" || s.Group != "t1" || s.Length != 9 {
		t.Errorf("%+v", s)
	}
	if diff := cmp.Diff([]string{"[1:b [brackets]\n\n? Answer: y]"}, spanTexts(s)); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

func spanTexts(s benchmarks.Sample) []string {
	var out []string
	for _, e := range s.Evidence.Spans {
		out = append(out, s.Prompt.Context[e.Start:e.End])
	}
	return out
}

func TestBadRowsAreNamedAndTheOthersGoOn(t *testing.T) {
	rows := []struct{ name, row, want string }{
		{"no number", entryJSON("[x:a? Answer: b]", "[0]", "[]"), `field "Data": item at byte 0: want [number:question Answer: answer], got no number`},
		{"no bracket", entryJSON("0:a? Answer: b]", "[0]", "[]"), `field "Data": item at byte 0: want [number:question Answer: answer]`},
		{"no end", entryJSON("[0:a? Answer: b", "[0]", "[]"), `field "Data": item at byte 0: want [number:question Answer: answer], got no ] at its end`},
		{"no answer", entryJSON("[0:a? b]", "[0]", "[]"), `field "Data": item at byte 0: want [number:question Answer: answer], got no" Answer: "`},
		{"a strange number", entryJSON(threeItems, "[9]", "[0,1,2]"), `field "error": number 9 is no item of Data, whose numbers are 0 to 2`},
		{"a number twice", entryJSON(threeItems, "[1]", "[0,1,2]"), `field "true_list": number 1 is listed twice; want each item once in error or true_list`},
		{"an item without a verdict", entryJSON(threeItems, "[1]", "[0]"), `field "true_list": item 2 is neither here nor in error; put it into one of them`},
		{"a number where there are no items", entryJSON("", "[1]", "[]"), `field "error": number 1, but Data has no items`},
		{"a text for a number", entryJSON(threeItems, `["1"]`, "[0,2]"), `field "error": element 0: want a whole number, got string`},
		{"a field missing", `{"Data":"","error":[],"true_list":[]}`, `field "task_prompt": missing`},
		{"no object", `7`, `want an object, got number`},
	}
	file := "{"
	for i, r := range rows {
		file += fmt.Sprintf("%q:%s,", fmt.Sprint("t", i), r.row)
	}
	file += `"good":` + entryJSON(threeItems, "[0]", "[1,2]") + `,"good":` + entryJSON(threeItems, "[0]", "[1,2]") + "}"
	got, errs, _ := samples(t, small(file), benchmarks.Options{})
	if len(got) != 1 || got[0].ID != "exam/256/good" {
		t.Errorf("samples %+v", got)
	}
	for i, r := range rows {
		if want := fmt.Sprintf("GIST/256.json:%d: %s", i+1, r.want); i >= len(errs) || errs[i] != want {
			t.Errorf("%s: want %s, got %q", r.name, want, errs[min(i, len(errs)-1)])
		}
	}
	if want := "GIST/256.json:13: a task of that name stands above; keep one"; errs[len(errs)-1] != want {
		t.Errorf("a name twice: got %s", errs[len(errs)-1])
	}
}

func TestPromptFilesOfAnotherKindAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"Instruction_0: a\nInstruction_1: b\n": "longins: config/GIST.yaml: no Instruction_2: want the official file, unchanged",
		"- a\n":                                "longins: config/GIST.yaml: yaml: ",
	} {
		src := small("{}")
		src["config/GIST.yaml"] = text
		if _, errs, _ := samples(t, src, benchmarks.Options{}); len(errs) != 1 || !strings.HasPrefix(errs[0], want) || strings.Contains(errs[0], "\n") {
			t.Errorf("%q: got %q, want %s", text, errs, want)
		}
	}
}

// listedWrong is what an exam says of itself: the wrong items' numbers.
func listedWrong(t *testing.T, s benchmarks.Sample) []int {
	t.Helper()
	wrong, err := numbers([]byte(s.References[0]))
	if err != nil {
		t.Fatal(err)
	}
	return wrong
}

// checkExam fails unless the wrong items' spans are the items that the
// reference lists, and each item is one of the data's, rightly marked.
func checkExam(t *testing.T, s benchmarks.Sample, verdicts map[string]bool) {
	t.Helper()
	items, err := parseItems(s.Prompt.Context)
	if err != nil {
		t.Fatalf("%s: %v", s.ID, err)
	}
	wrong := listedWrong(t, s)
	k := 0
	for _, it := range items {
		bad, known := verdicts[it.body]
		if !known {
			t.Errorf("%s: item %d is none of the data", s.ID, it.number)
		}
		if bad != slices.Contains(wrong, it.number) {
			t.Errorf("%s: item %d is wrong: %v, listed %v", s.ID, it.number, bad, wrong)
		}
		if bad {
			if k >= len(s.Evidence.Spans) || s.Evidence.Spans[k] != it.span {
				t.Fatalf("%s: wrong item %d stands at %v, evidence %v", s.ID, it.number, it.span, s.Evidence.Spans)
			}
			k++
		}
	}
	if k == 0 || k != len(s.Evidence.Spans) {
		t.Errorf("%s: %d wrong items, %d spans", s.ID, k, len(s.Evidence.Spans))
	}
}

// verdicts are the items of the built-in files: whether they are wrong, with
// their instructions in LIST and LIMT.
func verdicts(t *testing.T, src datasets.Source, mode string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, name := range builtin.LongInsFiles() {
		if !strings.HasPrefix(name, "GIST/") {
			continue
		}
		for r, err := range rows(t.Context(), src, name) {
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range r.items {
				if mode != modeGIST {
					it.body = r.instruction + "\n" + it.body
				}
				out[it.body] = it.wrong
			}
		}
	}
	return out
}

func TestComposedExamsAreOfTheDatasItems(t *testing.T) {
	for _, mode := range Adapter().Modes {
		src := builtin.LongIns(3)
		o := benchmarks.Options{Mode: mode, Tokenizer: benchmarktest.Words{}, Seed: 5, Lengths: []int{300, 5000}, Depths: []float64{0, 30, 100}, Limit: 4}
		got, errs, _ := samples(t, src, o)
		known := verdicts(t, src, mode)
		if len(got) < 12 || len(errs) > 0 {
			t.Fatalf("%s: %d samples, errors %q", mode, len(got), errs)
		}
		for _, s := range got {
			checkExam(t, s, known)
			if n := len(benchmarktest.Words{}.Ends(s.Prompt.Context)); n > s.TargetLength || 100*n < 98*s.TargetLength || n != s.ContextTokens {
				t.Errorf("%s: %d tokens, says %d", s.ID, n, s.ContextTokens)
			}
			checkPlace(t, s)
		}
		again, _, _ := samples(t, builtin.LongIns(3), o)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("%s: the same seed gives other bytes:\n%s", mode, diff)
		}
	}
}

// checkPlace fails if the wrong items stand further than one item from where
// they should, or not together.
func checkPlace(t *testing.T, s benchmarks.Sample) {
	t.Helper()
	spans := s.Evidence.Spans
	first, last := spans[0].Start, spans[len(spans)-1].End
	items, err := parseItems(s.Prompt.Context)
	if err != nil {
		t.Fatal(err)
	}
	largest, total := 0, 0
	for _, it := range items {
		n := it.span.End - it.span.Start + len(itemGap)
		largest, total = max(largest, n), total+n
	}
	block := last + len(itemGap) - first
	if sum := len(spans) * len(itemGap); block != sum+spanBytes(s) {
		t.Errorf("%s: the wrong items don't stand together", s.ID)
	}
	if off := math.Abs(float64(first) - *s.Depth/100*float64(total-block)); off > float64(largest) {
		t.Errorf("%s: off by %.0f bytes, the largest item has %d", s.ID, off, largest)
	}
}

func spanBytes(s benchmarks.Sample) (n int) {
	for _, e := range s.Evidence.Spans {
		n += e.End - e.Start
	}
	return n
}

// Without depths, a composed exam has wrong items at the row's rate and in its
// places.
func TestRateAndPlacesAreKept(t *testing.T) {
	var data strings.Builder
	for i := range 10 {
		fmt.Fprintf(&data, "[%d:what is %d plus one? Answer: %d]\n\n", i, i, i)
	}
	src := small(`{"t":` + entryJSON(data.String(), "[8,9]", "[0,1,2,3,4,5,6,7]") + `}`)
	got, errs, notices := samples(t, src, benchmarks.Options{Tokenizer: benchmarktest.Words{}, Lengths: []int{600}})
	if len(got) != 1 || len(errs) > 0 || len(notices) != 1 || !strings.Contains(notices[0], "1 composed exams hold items more than once") {
		t.Fatalf("%d samples, errors %q, notices %q", len(got), errs, notices)
	}
	items, err := parseItems(got[0].Prompt.Context)
	if err != nil {
		t.Fatal(err)
	}
	wrong := listedWrong(t, got[0])
	if rate := float64(len(wrong)) / float64(len(items)); math.Abs(rate-0.2) > 1.5/float64(len(items)) {
		t.Errorf("%d of %d are wrong, want a fifth", len(wrong), len(items))
	}
	if wrong[0] < len(items)*7/10 {
		t.Errorf("item %d of %d is wrong, want those at the end alone", wrong[0], len(items))
	}
	if *got[0].Depth != 90 || got[0].TargetLength != 600 {
		t.Errorf("depth %v, want 90", *got[0].Depth)
	}
}

func TestLIMTMixesTasksAndLISTDoesNot(t *testing.T) {
	for mode, want := range map[string]bool{modeLIST: false, modeLIMT: true} {
		got, _, notices := samples(t, builtin.LongIns(1), benchmarks.Options{Mode: mode, Limit: 1})
		items, err := parseItems(got[0].Prompt.Context)
		if err != nil {
			t.Fatal(err)
		}
		instructions := map[string]bool{}
		for _, it := range items {
			instruction, _, _ := strings.Cut(it.body, "\n")
			instructions[instruction] = true
		}
		if (len(instructions) > 1) != want || strings.Contains(got[0].Prompt.Before, items[0].body[:20]) {
			t.Errorf("%s: %d instructions", mode, len(instructions))
		}
		if len(notices) != 1 || !strings.Contains(notices[0], "no official files of this mode") {
			t.Errorf("%s: notices %q", mode, notices)
		}
	}
}

func FuzzParseItems(f *testing.F) {
	for _, s := range []string{threeItems, "", "[0:", "[0:a Answer: b]", "[-1:a Answer: b]", "[0: Answer: ]\n\n[1: Answer: ]", "[00:a Answer: b]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if len(data) > 1<<12 {
			return
		}
		items, err := parseItems(data)
		if err != nil {
			return
		}
		// What was read can be written down again, item by item.
		var parts []string
		for _, it := range items {
			if data[it.span.Start:it.span.End] != it.text(it.number) {
				t.Fatalf("%q: item %d is %q", data, it.number, it.text(it.number))
			}
			parts = append(parts, it.text(it.number))
		}
		if got := strings.TrimRight(data, " \t\r\n"); strings.Join(parts, itemGap) != got {
			t.Fatalf("%q: items leave something out", data)
		}
	})
}

func TestGoldenFilesAreReadWithoutLoss(t *testing.T) {
	src := goldenFolder(t)
	got, errs, _ := samples(t, src, benchmarks.Options{})
	if len(got) != 2*1419 || len(errs) > 0 {
		t.Fatalf("%d samples, errors %q", len(got), errs)
	}
	wrong := 0
	for _, s := range got {
		wrong += len(s.Evidence.Spans)
		for i, e := range s.Evidence.Spans {
			if !strings.HasPrefix(s.Prompt.Context[e.Start:], fmt.Sprintf("[%d:", listedWrong(t, s)[i])) {
				t.Errorf("%s: span %v doesn't begin the item", s.ID, e)
			}
		}
	}
	if wrong == 0 {
		t.Error("no wrong items at all")
	}
}

// goldenFolder is the folder of real files.
func goldenFolder(t *testing.T) datasets.Source {
	t.Helper()
	return datasets.Folder(filepath.Dir(goldentest.Path(t, "data/longins/SOURCES.md")), pins())
}
