package liconbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

func TestAdapterPassesTheSuite(t *testing.T) { benchmarktest.Run(t, Adapter()) }

func TestSelfCheckPasses(t *testing.T) {
	if err := selfCheck(); err != nil {
		t.Error(err)
	}
}

func TestEveryTaskHasItsMetricAndLabels(t *testing.T) {
	want := map[string]int{"goemotion": 28, "banking77": 77, "tacred": 41, "fewnerd": 0, "dialogre": 34, "discovery": 174}
	for _, task := range tasks() {
		if _, ok := scorers.Lookup("liconbench", task.Metric); !ok {
			t.Errorf("%s: no metric %q", task.Name, task.Metric)
		}
		if len(task.labels) != want[task.Name] {
			t.Errorf("%s: %d labels, want %d", task.Name, len(task.labels), want[task.Name])
		}
	}
}

func TestFewNERDAndDialogREHaveTheReferencesDemonstrations(t *testing.T) {
	for name, want := range map[string][]int{"fewnerd": {57, 114, 170, 224, 281, 337}, "dialogre": {34, 67, 99, 131, 163, 195}} {
		for _, task := range tasks() {
			for r := 1; task.Name == name && r <= 6; r++ {
				if got := task.demonstrations(r); got != want[r-1] {
					t.Errorf("%s, round %d: %d, want %d", name, r, got, want[r-1])
				}
			}
		}
	}
}

// rowsOf are examples "a1", "b1" … of labels a, b.
func rowsOf(names string) (out []example) {
	n := map[string]int{}
	for _, l := range strings.Split(names, "") {
		n[l]++
		out = append(out, single(fmt.Sprint(l, n[l]), l))
	}
	return out
}

func names(rows []example) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.text)
	}
	return strings.Join(out, " ")
}

func TestRoundsWalkTheLabelsInFirstSeenOrder(t *testing.T) {
	for _, c := range []struct {
		name, rows    string
		rounds, limit int
		want          string
		ends          []int
	}{
		{"one round", "bbacba", 1, 0, "b1 a1 c1", []int{0, 3}},
		{"the next unused row in each", "bbacbac", 2, 0, "b1 a1 c1 b2 a2 c2", []int{0, 3, 6}},
		{"for a label that has run out, the next that has one", "abbbcc", 2, 0, "a1 b1 c1 b2 b3 c2", []int{0, 3, 6}},
		{"the last label has no next one", "aabbc", 2, 0, "a1 b1 c1 a2 b2", []int{0, 3, 5}},
		{"nothing left ends the rounds", "ab", 9, 0, "a1 b1", []int{0, 2}},
		{"a limit ends them, too", "aabb", 9, 3, "a1 b1 a2", []int{0, 2, 3}},
	} {
		got, ends := walk(rowsOf(c.rows), c.rounds, c.limit)
		if names(got) != c.want || !slices.Equal(ends, c.ends) {
			t.Errorf("%s: %s, ends %v, want %s, %v", c.name, names(got), ends, c.want, c.ends)
		}
	}
}

func TestWalkedRowsAreBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rowsOf(rapid.StringMatching(`[a-f]{1,80}`).Draw(t, "rows"))
		rounds := rapid.IntRange(1, 12).Draw(t, "rounds")
		chosen, ends := walk(rows, rounds, 0)
		have, got := map[string]int{}, map[string]int{}
		for _, r := range rows {
			have[r.labels[0]]++
		}
		seen := map[string]bool{}
		for _, r := range chosen {
			if seen[r.text] {
				t.Fatalf("%s twice", r.text)
			}
			seen[r.text] = true
			got[r.labels[0]]++
		}
		// Each label has its rows of all rounds, or all that there are.
		for l, n := range have {
			if got[l] < min(n, len(ends)-1) {
				t.Fatalf("label %s: %d of %d rows in %d rounds", l, got[l], n, len(ends)-1)
			}
		}
		if len(slices.Collect(maps.Keys(got))) != len(have) {
			t.Fatalf("labels %v, want all of %v", got, have)
		}
		// A prefix of more rounds is what fewer rounds choose.
		fewer, _ := walk(rows, max(1, rounds-1), 0)
		if names(fewer) != names(chosen[:len(fewer)]) {
			t.Fatalf("%s is no prefix of %s", names(fewer), names(chosen))
		}
	})
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

func TestBadRowsAreNamedAndTheOthersGoOn(t *testing.T) {
	src := texts{
		"banking77/train.jsonl": `{"text":"a","label":0}` + "\n" + `{"text":"b","label":1}`,
		"banking77/test.jsonl": strings.Join([]string{
			`{"text":"q","label":99}`, `{"text":"q","label":"card_arrivel"}`, `{"text":"q","label":true}`, `{"text":7,"label":0}`, `{"text":"q"}`, `{"text":"q","label":"AGE_LIMIT"}`,
		}, "\n"),
	}
	got, errs, _ := samples(t, src, benchmarks.Options{Tasks: []string{"banking77"}, Shape: benchmarks.Shape{Rounds: []int{1}}})
	if len(got) != 1 || got[0].References[0] != "age_limit" || got[0].Prompt.Context != "service query: a\nintent: activate_my_card\nservice query: b\nintent: age_limit\n" {
		t.Errorf("samples %+v", got)
	}
	for i, want := range []string{
		`banking77/test.jsonl:1: field "label": unknown label 99: want 0 to 76`,
		`banking77/test.jsonl:2: field "label": unknown label "card_arrivel" (did you mean "card_arrival"?): want one of the 77 of banking77`,
		`banking77/test.jsonl:3: field "label": want a label's name or number: want a whole number, got boolean`,
		`banking77/test.jsonl:4: field "text": want a string, got number`,
		`banking77/test.jsonl:5: field "label": missing`,
	} {
		if i >= len(errs) || errs[i] != want {
			t.Errorf("want %s, got %q", want, errs)
		}
	}
}

func TestRowsOfEachDataSet(t *testing.T) {
	byName := map[string]task{}
	for _, t := range tasks() {
		byName[t.Name] = t
	}
	tags := byName["fewnerd"]
	tags.labels = []string{"person-other", "location-GPE"}
	byName["fewnerd"] = tags
	for _, c := range []struct {
		task, row string
		want      example
		keep      bool
		err       string
	}{
		{task: "goemotion", row: `{"text":"x","labels":[17],"id":"a"}`, want: single("x", "joy"), keep: true},
		{task: "goemotion", row: `{"text":"x","labels":[17,0]}`},
		{task: "banking77", row: `{"text":"x","label":3,"label_text":"refund_not_showing_up"}`, want: single("x", "Refund_not_showing_up"), keep: true},
		{task: "discovery", row: `{"sentence1":"a","sentence2":"b","label":60}`, want: single("a ( ) b", "however"), keep: true},
		{task: "tacred", row: `{"sentence":"s","relation":"per:title","subject_entity":"A","object_entity":"b"}`,
			want: example{text: "s", pairs: []string{"A / b"}, labels: []string{"per:title"}, answer: "per:title"}, keep: true},
		{task: "tacred", row: `{"sentence":"s","relation":"no_relation","subject_entity":"A","object_entity":"b"}`},
		{task: "tacred", row: `{"sentence":"s","relation":"per:tilte","subject_entity":"A","object_entity":"b"}`,
			err: `field "relation": unknown label "per:tilte" (did you mean "per:title"?): want one of the 41 of tacred`},
		{task: "tacred", row: `{"sentence":"s","relation":"per:title","subject_entity":"A"}`, err: `field "object_entity": missing`},
		{task: "dialogre", row: `{"dialogue":"d","relations":[{"relation":"per:age","subject_entity":"A","object_entity":"5"},{"relation":"per:boss","subject_entity":"A","object_entity":"B"}]}`,
			want: example{text: "d", pairs: []string{"A / 5", "A / B"}, labels: []string{"per:age", "per:boss"}, answer: "per:age, per:boss"}, keep: true},
		{task: "dialogre", row: `{"dialogue":"d","relation":"per:age","subject_entity":"A","object_entity":"5"}`,
			want: example{text: "d", pairs: []string{"A / 5"}, labels: []string{"per:age"}, answer: "per:age"}, keep: true},
		{task: "dialogre", row: `{"dialogue":"d","relations":[{"relation":"per:age"}]}`, err: `field "relations": element 0: field "subject_entity": missing`},
		{task: "dialogre", row: `{"dialogue":"d"}`, err: `field "relations": missing`},
		{task: "fewnerd", row: `{"sentence":"s","entities":{"B":"location-GPE","A":"person-other"}}`,
			want: example{text: "s", labels: []string{"location-GPE", "person-other"}, answer: "B: location-GPE\nA: person-other"}, keep: true},
		{task: "fewnerd", row: `{"sentence":"s","entities":{"B":"city"}}`, err: `field "entities": field "B": unknown label "city": want one of the 2 of fewnerd`},
	} {
		got, keep, err := byName[c.task].decode([]byte(c.row), byName[c.task])
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: %s: error %v, want %s", c.task, c.row, err, c.err)
			}
		case err != nil || keep != c.keep || keep && !cmp.Equal(got, c.want, cmp.AllowUnexported(example{})):
			t.Errorf("%s: %s: %+v, %v, %v, want %+v, %v", c.task, c.row, got, keep, err, c.want, c.keep)
		}
	}
}

func FuzzRows(f *testing.F) {
	for _, s := range []string{
		`{"text":"x","labels":[17]}`, `{"text":"x","label":3}`, `{"sentence1":"a","sentence2":"b","label":60}`, `{"sentence":"s","entities":{"A":"person-other"}}`,
		`{"sentence":"s","relation":"per:title","subject_entity":"A","object_entity":"b"}`, `{"dialogue":"d","relations":[]}`, `{"labels":[-1]}`, `[`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, row string) {
		if len(row) > 1<<12 {
			return
		}
		for _, task := range tasks() {
			if task.labels == nil {
				task.labels = []string{"person-other"}
			}
			e, keep, err := task.decode([]byte(row), task)
			if err != nil || !keep {
				continue
			}
			if len(e.labels) == 0 || e.answer == "" {
				t.Fatalf("%s: %s: kept without a label: %+v", task.Name, row, e)
			}
			for _, l := range e.labels {
				if !slices.Contains(task.labels, l) {
					t.Fatalf("%s: %s: label %q is unknown", task.Name, row, l)
				}
			}
		}
	})
}

// demonstrations splits a context of single lines and labels.
func demonstrations(s benchmarks.Sample) []string {
	mark, _, _ := strings.Cut(s.Prompt.After, ":")
	var out []string
	for _, part := range strings.Split("\n"+s.Prompt.Context, "\n"+mark+": ")[1:] {
		out = append(out, mark+": "+strings.TrimSuffix(part, "\n"))
	}
	return out
}

func TestEachRoundShowsEachLabelAndEvidenceIsExact(t *testing.T) {
	o := benchmarks.Options{Tasks: []string{"banking77"}, Shape: benchmarks.Shape{Rounds: []int{1, 3}}}
	for _, placement := range []string{scattered, grouped} {
		o.Shape.Placement = placement
		got, errs, _ := samples(t, builtin.LIConBench(2), o)
		if len(got) != 8 || len(errs) > 0 {
			t.Fatalf("%d samples, errors %q", len(got), errs)
		}
		for _, s := range got {
			rounds := 1
			if s.Strata[0] == "3 rounds" {
				rounds = 3
			}
			count, runs, before := map[string]int{}, 0, ""
			for _, d := range demonstrations(s) {
				label := d[strings.LastIndex(d, " ")+1:]
				count[label]++
				if label != before {
					runs++
				}
				before = label
			}
			if len(count) != 10 || slices.Min(slices.Collect(maps.Values(count))) != rounds || slices.Max(slices.Collect(maps.Values(count))) != rounds {
				t.Errorf("%s: labels %v, want %d of each of 10", s.ID, count, rounds)
			}
			if want := map[string]int{scattered: 10 * rounds, grouped: 10}[placement]; runs != want {
				t.Errorf("%s, %s: labels change %d times, want %d", s.ID, placement, runs, want)
			}
			checkShown(t, s, rounds)
		}
	}
}

// checkShown fails unless the evidence is the demonstrations of the sample's
// label, each whole, and the depth that of the last.
func checkShown(t *testing.T, s benchmarks.Sample, want int) {
	t.Helper()
	if len(s.Evidence.Spans) != want {
		t.Errorf("%s: %d spans, want %d", s.ID, len(s.Evidence.Spans), want)
	}
	all := demonstrations(s)
	for _, e := range s.Evidence.Spans {
		text := s.Prompt.Context[e.Start:e.End]
		if !strings.HasSuffix(text, " "+s.References[0]) || !slices.Contains(all, text) {
			t.Errorf("%s: evidence %q is no demonstration of %s", s.ID, text, s.References[0])
		}
	}
	last := s.Evidence.Spans[len(s.Evidence.Spans)-1]
	if at := 100 * float64(last.Start) / float64(len(s.Prompt.Context)-1-(last.End-last.Start)); math.Abs(at-*s.Depth) > 0.051 {
		t.Errorf("%s: depth %v, the last demonstration stands at %v", s.ID, *s.Depth, at)
	}
}

func TestTheLabelsDemonstrationsStandAtTheDepth(t *testing.T) {
	for _, o := range []benchmarks.Options{
		{Shape: benchmarks.Shape{Rounds: []int{3}}},
		{Lengths: []int{400, 1000}},
	} {
		o.Tasks, o.Depths, o.Tokenizer = []string{"banking77", "tacred"}, []float64{0, 40, 100}, benchmarktest.Words{}
		got, errs, _ := samples(t, builtin.LIConBench(2), o)
		if len(got) != 4*2*3*max(1, len(o.Lengths)) || len(errs) > 0 {
			t.Fatalf("%d samples, errors %q", len(got), errs)
		}
		for _, s := range got {
			spans := s.Evidence.Spans
			if len(spans) == 0 {
				t.Errorf("%s: no demonstration of its label", s.ID)
				continue
			}
			largest := 0
			for _, d := range demonstrations(s) {
				largest = max(largest, len(d)+1)
			}
			block := spans[len(spans)-1].End + 1 - spans[0].Start
			if off := math.Abs(float64(spans[0].Start) - *s.Depth/100*float64(len(s.Prompt.Context)-block)); off > float64(largest) {
				t.Errorf("%s: off by %.0f bytes, the largest demonstration has %d", s.ID, off, largest)
			}
			if s.TargetLength > 0 && (s.ContextTokens > s.TargetLength || 100*s.ContextTokens < 98*s.TargetLength) {
				t.Errorf("%s: %d tokens", s.ID, s.ContextTokens)
			}
		}
		again, _, _ := samples(t, builtin.LIConBench(2), o)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("the same seed gives other bytes:\n%s", diff)
		}
	}
}

func TestInstructListsAllLabels(t *testing.T) {
	got, _, _ := samples(t, builtin.LIConBench(1), benchmarks.Options{Mode: modeInstruct, Limit: 1})
	for _, s := range got {
		for _, task := range tasks() {
			for _, l := range task.labels {
				if task.Name == s.Task && !strings.Contains(s.Prompt.Before, l) {
					t.Errorf("%s: no %q among the labels", s.ID, l)
				}
			}
		}
	}
	if len(got) != 6*5 {
		t.Errorf("%d samples", len(got))
	}
}

func TestWhatCannotBeComposedSaysWhy(t *testing.T) {
	for _, c := range []struct {
		o    benchmarks.Options
		want string
	}{
		{benchmarks.Options{Tasks: []string{"tacred"}, Limit: 1, Lengths: []int{9000}, Tokenizer: benchmarktest.Words{}}, "too little data for a context of 9k: all 72 items or demonstrations hold about"},
		{benchmarks.Options{Tasks: []string{"tacred"}, Limit: 1, Shape: benchmarks.Shape{Rounds: []int{9}}}, "the data has 72 demonstrations, too few for 9 rounds"},
		{benchmarks.Options{Shape: benchmarks.Shape{Rounds: []int{1}}, Lengths: []int{9}, Tokenizer: benchmarktest.Words{}}, "give one of them"},
		{benchmarks.Options{Shape: benchmarks.Shape{Rounds: []int{0}}}, "rounds 0: want 1 or more"},
		{benchmarks.Options{Shape: benchmarks.Shape{Placement: "heaped"}}, `--placement "heaped": liconbench knows scattered, grouped`},
	} {
		got, errs, _ := samples(t, builtin.LIConBench(1), c.o)
		if len(got) != 0 || len(errs) != 1 || !strings.Contains(errs[0], c.want) {
			t.Errorf("%d samples, %q, want %s", len(got), errs, c.want)
		}
	}
}

// Without training files the real test files serve for both, and no row does.
func TestGoldenFilesWithoutTrainingFiles(t *testing.T) {
	src := datasets.Folder(filepath.Dir(goldentest.Path(t, "data/liconbench/SOURCES.md")), pins())
	got, errs, notices := samples(t, src, benchmarks.Options{Tasks: []string{"tacred", "fewnerd", "dialogre"}, Shape: benchmarks.Shape{Rounds: []int{1, 5}}})
	if len(errs) > 0 || len(notices) != 2 {
		t.Fatalf("errors %q, notices %q", errs, notices)
	}
	rows, labels, shown := map[string]int{}, 0, map[string]int{}
	for _, s := range got {
		rows[s.Task]++
		if s.Task == "dialogre" && s.Strata[0] == "1 round" {
			labels += strings.Count(s.References[0], ",") + 1
		}
		if s.Task != "fewnerd" && strings.Contains(s.Prompt.Context, strings.TrimSuffix(s.Prompt.After, ":")) {
			t.Errorf("%s: the asked row is among the demonstrations", s.ID)
		}
		shown[s.Task+" "+s.Strata[0]] = max(strings.Count(s.Prompt.Context, "sentence: "), strings.Count(s.Prompt.Context, "Dialogue:\n"))
	}
	if rows["tacred"] != 1000 || rows["fewnerd"] != 1000 || labels != 500 {
		t.Errorf("rows %v, %d labels of dialogre, want 500", rows, labels)
	}
	if shown["tacred 1 round"] != 41 || shown["fewnerd 1 round"] != 57 || shown["fewnerd 5 rounds"] != 281 {
		t.Errorf("demonstrations %v", shown)
	}
}

func TestFilesOfAnswersNameTaskSystemAndRounds(t *testing.T) {
	b := &liconBench{}
	for name, want := range map[string]benchmarks.AnswerFile{
		"goemotion_round_result/gpt4_3.json":                    {System: "gpt4", Task: "goemotion", Stratum: "3 rounds"},
		"x/bank77_round_instruct_result/a_b_1.json":             {System: "a_b instruct", Task: "banking77", Stratum: "1 round"},
		"tacred_round_group_result/m_5.json":                    {System: "m group", Task: "tacred", Stratum: "5 rounds"},
		"dialogueRE_round_result/m_2.json":                      {System: "m", Task: "dialogre", Stratum: "2 rounds"},
		"goemotion_result/gpt4_2k.json":                         {},
		"goemotion_round_result/gpt4.json":                      {},
		"other_round_result/gpt4_1.json":                        {},
		"goemotion_round_result/gpt4_0.json":                    {},
		"goemotion_round_result/gpt4_99999999999999999999.json": {},
	} {
		got, ok := b.AnswerFile(name)
		if want.Task != "" {
			want.Path = name
		}
		if got != want || ok != (want.Task != "") {
			t.Errorf("%s: %+v, %v, want %+v", name, got, ok, want)
		}
	}
}

func TestAnswersOfEntitiesAreFoundByTheirPlace(t *testing.T) {
	b := &liconBench{}
	f := benchmarks.AnswerFile{Task: "fewnerd", Stratum: "1 round"}
	s, answer, err := b.Answered(f, 6, []byte(`{"Ada":"person-other","Bergen":"location-GPE"}`))
	if err != nil || s.Group != "fewnerd/7" || s.References != nil || answer != "Ada: person-other\nBergen: location-GPE" {
		t.Errorf("%+v, %q, %v", s, answer, err)
	}
	if _, _, err := b.Answered(f, 0, []byte(`["Ada"]`)); err == nil {
		t.Error("a list is no row of entities")
	}
	f.Task = "tacred"
	if _, _, err := b.Answered(f, 0, []byte(`{"pred":"per:title"}`)); err == nil || err.Error() != `field "label": missing` {
		t.Errorf("no label: %v", err)
	}
}

// Few-NERD's test rows are the file's first, with a training file or without.
func TestEntitiesWithoutTrainingFileAreOfTheRowsBehind(t *testing.T) {
	var s set
	for i := range testRows + 60 {
		s.test = append(s.test, single(fmt.Sprint(i), "x"))
	}
	s.shots, s.more, s.dealt = []int{57}, 56, true
	s.choose()
	if len(s.test) != testRows || s.test[0].text != "0" || len(s.train) != 60 || s.train[0].text != "500" {
		t.Errorf("%d test rows, %d demonstrations", len(s.test), len(s.train))
	}
}
