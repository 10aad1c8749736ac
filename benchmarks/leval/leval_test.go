package leval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

func TestAdapterPassesTheSuite(t *testing.T) { benchmarktest.Run(t, Adapter()) }

func TestEveryTaskHasAMetricPromptsAndAPin(t *testing.T) {
	a := Adapter()
	if n := len(tasks()); n != 20 || len(a.Pins) != n {
		t.Errorf("%d tasks, %d pins, want 20", n, len(a.Pins))
	}
	rows := 0
	for _, task := range tasks() {
		rows += task.Rows
		if _, ok := scorers.Lookup("leval", task.Metric); !ok {
			t.Errorf("%s: no metric %q", task.Name, task.Metric)
		}
		if !slices.ContainsFunc(a.Pins, func(p datasets.Pin) bool {
			return p.Name == task.file() && p.Path == "LEval-data/"+task.file() && len(p.Revision) == 40
		}) {
			t.Errorf("%s: no pin", task.Name)
		}
	}
	if rows != 2197 {
		t.Errorf("%d queries, the paper has 2197", rows)
	}
	if _, err := parsePrompts(ownPrompts); err != nil {
		t.Error(err)
	}
	if err := selfCheck(); err != nil {
		t.Error(err)
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

func taskNamed(name string) (task, bool) { return (&lEval{tasks: tasks()}).find(name) }

// ask streams the samples of a source with one task's file in it.
func ask(t *testing.T, name, lines string, o benchmarks.Options) (samples []benchmarks.Sample, faults, notices []string) {
	t.Helper()
	task, ok := taskNamed(name)
	if !ok {
		t.Fatalf("no task %q", name)
	}
	o.Tasks = []string{name}
	for s, err := range Adapter().Open(texts{task.file(): lines}).Samples(t.Context(), o) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice):
			notices = append(notices, notice.Text)
		case err != nil:
			faults = append(faults, err.Error())
		default:
			samples = append(samples, s)
		}
	}
	return samples, faults, notices
}

func line(document, evaluation string, pairs ...string) string {
	r := map[string]any{"input": document, "evaluation": evaluation, "source": "x"}
	var queries, answers []string
	for i := 0; i < len(pairs); i += 2 {
		queries, answers = append(queries, pairs[i]), append(answers, pairs[i+1])
	}
	r["instructions"], r["outputs"] = queries, answers
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(r); err != nil {
		panic(err) // strings always encode
	}
	return b.String()
}

func TestPromptsAreFramedByTask(t *testing.T) {
	for _, c := range []struct {
		name, task, evaluation string
		o                      benchmarks.Options
		want                   benchmarks.Prompt
	}{
		{"a closed task", "tpo", "exam", benchmarks.Options{}, benchmarks.Prompt{
			System: "closed", Before: "Document:\n", Context: "the {query} doc",
			After: "\n\nQuestion: who {length}?\nGive the bare answer, without an explanation.\nAnswer:"}},
		{"worked examples stand alone", "gsm100", "exam", benchmarks.Options{}, benchmarks.Prompt{
			System: "gsm100", Context: "the {query} doc", After: "\n\nwho {length}?"}},
		{"an open task names the reference's words", "financial_qa", "f1", benchmarks.Options{}, benchmarks.Prompt{
			System: "open", Before: "Document:\n", Context: "the {query} doc",
			After: "\n\nInstruction: who {length}?\nAim for about 3 words.\nOutput:"}},
		{"exactly", "news_summ", "rouge", benchmarks.Options{LengthInstruction: "exact"}, benchmarks.Prompt{
			System: "open", Before: "Document:\n", Context: "the {query} doc",
			After: "\n\nInstruction: who {length}?\nUse exactly 3 words.\nOutput:"}},
		{"or not at all", "news_summ", "rouge", benchmarks.Options{LengthInstruction: "off"}, benchmarks.Prompt{
			System: "open", Before: "Document:\n", Context: "the {query} doc", After: "\n\nInstruction: who {length}?\nOutput:"}},
		{"a base model", "news_summ", "rouge", benchmarks.Options{Mode: "base"}, benchmarks.Prompt{
			Context: "the {query} doc", After: "\nQ: who {length}?\nA:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			samples, faults, _ := ask(t, c.task, line("the {query} doc", c.evaluation, "who {length}?", "B is right"), c.o)
			if len(samples) != 1 || faults != nil {
				t.Fatalf("%d samples, faults %q", len(samples), faults)
			}
			p, err := parsePrompts(ownPrompts)
			if err != nil {
				t.Fatal(err)
			}
			c.want.System = p.System[c.want.System]
			if diff := cmp.Diff(c.want, samples[0].Prompt); diff != "" {
				t.Errorf("prompt (-want +got):\n%s", diff)
			}
			if s := samples[0]; s.Chat != (c.o.Mode != "base") || s.MaxTokens != 512 || s.Evidence.State != benchmarks.EvidenceUnknown {
				t.Errorf("chat %v, %d new tokens, evidence %q", s.Chat, s.MaxTokens, s.Evidence.State)
			}
		})
	}
}

func TestSciFiIsAskedByTheDocumentAndByTheWorld(t *testing.T) {
	samples, _, _ := ask(t, "sci_fi", line("story", "exam",
		"Fish fly? Answer this question based on the world described in the document.", "True [fact: False]", "Stones sing?", "True [fact: False]"), benchmarks.Options{})
	if len(samples) != 2 || samples[0].FollowUp == nil || samples[1].FollowUp == nil {
		t.Fatalf("%+v", samples)
	}
	for i, want := range []string{"Question: Fish fly? Answer this question based on what is known of the real world.\n", "Question: Stones sing? (based on what is known of the real world)\n"} {
		if after := samples[i].FollowUp.After; !strings.Contains(after, want) || strings.Contains(samples[i].Prompt.After, "real world") {
			t.Errorf("second question %q, want %q in it; the first one is %q", after, want, samples[i].Prompt.After)
		}
	}
	if got := samples[0].FollowUp.Joined("True", "false"); got != "True [fact: false]" {
		t.Errorf("joined %q", got)
	}
}

func TestQueriesOfOneDocumentFollowEachOtherInFileOrder(t *testing.T) {
	lines := line("one", "f1", "a", "x", "b", "x") + line("two", "f1", "c", "x") + line("one", "LLM", "judged", "x") + line("one", "f1", "d", "x")
	samples, faults, notices := ask(t, "financial_qa", lines, benchmarks.Options{})
	var got []string
	for _, s := range samples {
		got = append(got, s.ID+" "+s.Query+" "+string(rune('0'+s.Index)))
	}
	// Document one closes with its last row, which comes behind document two.
	want := []string{"financial_qa/row2.q1 c 2", "financial_qa/row1.q1 a 0", "financial_qa/row1.q2 b 1", "financial_qa/row4.q1 d 3"}
	if diff := cmp.Diff(want, got); diff != "" || faults != nil {
		t.Errorf("faults %q, samples (-want +got):\n%s", faults, diff)
	}
	if samples[1].Group != samples[3].Group || samples[0].Group == samples[1].Group {
		t.Errorf("groups %q, %q, %q", samples[0].Group, samples[1].Group, samples[3].Group)
	}
	if !slices.Contains(notices, "queries tagged for judges are left out, as the reference does: financial_qa 1") {
		t.Errorf("notices %q", notices)
	}
	limited, _, _ := ask(t, "financial_qa", lines, benchmarks.Options{Limit: 2})
	if len(limited) != 2 || limited[0].Query != "a" || limited[1].Query != "b" {
		t.Errorf("the first two queries: got %d", len(limited))
	}
}

func TestQueriesForJudgesAreAskedWhereAJudgeIs(t *testing.T) {
	lines := line("one", "LLM", "for models", "x", "too", "x") + line("one", "f1", "a", "x", "b", "x") + line("two", "human", "for people", "x") + line("two", "f1", "c", "x")
	for _, c := range []struct {
		queries string
		limit   int
		want    []string // query, tag, place; in document order
		left    string
	}{
		{"", 0, []string{"a  0", "b  1", "c  2"}, "financial_qa 3"},
		{"llm", 0, []string{"for models LLM 3", "too LLM 4", "a  0", "b  1", "c  2"}, "financial_qa 1"},
		{"all", 0, []string{"for models LLM 3", "too LLM 4", "a  0", "b  1", "for people human 5", "c  2"}, ""},
		{"all", 1, []string{"for models LLM 1", "a  0"}, ""},
	} {
		samples, faults, notices := ask(t, "financial_qa", lines, benchmarks.Options{JudgeQueries: c.queries, Limit: c.limit})
		var got []string
		for _, s := range samples {
			got = append(got, fmt.Sprintf("%s %s %d", s.Query, strings.Join(s.Strata, ""), s.Index))
			if judged := len(s.Strata) > 0; judged != (s.Metric == "") || judged != (s.Judge == benchmarks.JudgePairwise) {
				t.Errorf("%s: metric %q, judge %q", s.ID, s.Metric, s.Judge)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || faults != nil {
			t.Errorf("%q, limit %d: faults %q, samples (-want +got):\n%s", c.queries, c.limit, faults, diff)
		}
		told := strings.Join(notices, "\n")
		if strings.Contains(told, "left out") != (c.left != "") || !strings.Contains(told, c.left) || strings.Contains(told, "were not asked") != (c.queries == "") {
			t.Errorf("%q: notices %q", c.queries, notices)
		}
	}
	if _, faults, _ := ask(t, "financial_qa", lines, benchmarks.Options{JudgeQueries: "lm"}); len(faults) != 1 || !strings.Contains(faults[0], `did you mean "llm"`) {
		t.Errorf("faults %q", faults)
	}
}

func TestTopicsAreToldApartByTheirPlace(t *testing.T) {
	samples, _, _ := ask(t, "topic_retrieval_longchat", line("talk", "exam", "1st?", "a", "2nd?", "b", "3rd?", "c")+line("talk 2", "exam", "1st?", "a"), benchmarks.Options{})
	var got []string
	for _, s := range samples {
		got = append(got, s.Strata...)
	}
	if diff := cmp.Diff([]string{"first", "second", "third", "first"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDistractorsMustNotHoldTheRightOption(t *testing.T) {
	query := "Which?\nA. the red fox\nB. a blue jay\n\n (C) the green toad\n(D) an owl"
	for _, c := range []struct {
		reference string
		want      []string
	}{
		{"B", []string{"a blue jay"}}, {"AC", []string{"the red fox", "the green toad"}}, {"(D) an owl, surely", []string{"an owl"}}, {"none", nil},
	} {
		if diff := cmp.Diff(c.want, optionTexts(query, c.reference)); diff != "" {
			t.Errorf("%s: %s", c.reference, diff)
		}
	}
}

func TestASampleAvoidsTheTextsOfItsRightOptions(t *testing.T) {
	samples, _, _ := ask(t, "coursera", line("d", "exam", "Which?\nA. the fox\nB. the jay\nC. the toad", "AC", "No options", "B"), benchmarks.Options{})
	if len(samples) != 2 || cmp.Diff([]string{"the fox", "the toad"}, samples[0].Avoid) != "" || samples[1].Avoid != nil {
		t.Errorf("%+v", samples)
	}
}

func TestBadRowsAreNamedAndTheOthersGoOn(t *testing.T) {
	samples, faults, _ := ask(t, "tpo", line("d", "exam", "q", "A")+
		`{"input":"d","instructions":["q"],"outputs":["A","B"],"evaluation":"exam"}`+"\n"+
		`{"input":"d","instructions":[],"outputs":[],"evaluation":"exam"}`+"\n"+
		`{"input":"d","instructions":["q"],"evaluation":"exam"}`+"\n"+
		line("d", "f1", "q", "A")+"broken\n"+line("d", "exam", "r", "B"), benchmarks.Options{})
	slices.Sort(faults)
	for i, want := range []string{
		`tpo.jsonl:2: field "outputs": want one for each of 1 instructions, got 2`, `tpo.jsonl:3: field "instructions": want at least one query`,
		`tpo.jsonl:4: field "outputs": missing`, `tpo.jsonl:5: field "evaluation": want exam in this task, got "f1"`, `tpo.jsonl:6: `,
	} {
		if i >= len(faults) || !strings.Contains(faults[i], want) {
			t.Errorf("fault %d: want %q in %q", i, want, faults)
		}
	}
	if len(samples) != 2 || samples[1].ID != "tpo/row7.q1" || samples[1].Index != 1 {
		t.Errorf("samples %+v", samples)
	}
}

func TestPromptsOfTheUsersOwnAreTaken(t *testing.T) {
	own := strings.Replace(string(ownPrompts), `"bare": "{document}`, `"bare": "Examples: {document}`, 1)
	task, _ := taskNamed("gsm100")
	src := texts{"prompts.json": own, task.file(): line("d", "exam", "q", "1")}
	for s, err := range Adapter().Open(src).Samples(t.Context(), benchmarks.Options{Tasks: []string{"gsm100"}}) {
		if err != nil || s.Prompt.Before != "Examples: " {
			t.Errorf("before %q, %v", s.Prompt.Before, err)
		}
		break
	}
	for _, c := range []struct{ change, to, want string }{
		{`"base"`, `"bases"`, "no frame.base"}, {`"closed": "Read`, `"closes": "Read`, "no system.closed"},
		{"about {words} words", "about some words", "no length.about"}, {`"clause"`, `"claus"`, `unknown field "claus"`},
	} {
		if _, err := parsePrompts([]byte(strings.Replace(string(ownPrompts), c.change, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.change, err, c.want)
		}
	}
}

// The real files: as many queries as the paper counts, every document found
// under its pin.
func TestGoldenDataHasThePublishedSizes(t *testing.T) {
	src := datasets.Folder(goldentest.Path(t, "data/leval"), Adapter().Pins)
	for _, task := range tasks() {
		if task.Name == "codeU" || task.Name == "narrative_qa" {
			continue // too large to be at hand
		}
		n := 0
		ids := map[string]bool{}
		for s, err := range Adapter().Open(src).Samples(t.Context(), benchmarks.Options{Tasks: []string{task.Name}}) {
			var notice *benchmarks.Notice
			if errors.As(err, &notice) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if ids[s.ID] {
				t.Errorf("%s: twice", s.ID)
			}
			ids[s.ID] = true
			n++
		}
		if n != task.Rows {
			t.Errorf("%s: %d queries, want %d", task.Name, n, task.Rows)
		}
	}
	for _, f := range src.Origin().Files {
		if !f.Pinned {
			t.Errorf("%s: sha256 %s is not the pinned one", f.Name, f.SHA256)
		}
	}
}

func FuzzDecodeRow(f *testing.F) {
	f.Add([]byte(line("d", "exam", "q", "A")))
	f.Add([]byte(`{"input":1}`))
	f.Add([]byte(`{"input":"d","instructions":["q"],"outputs":[],"evaluation":"LLM"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<14 {
			t.Skip("capped input")
		}
		if r, err := decodeRow(raw); err == nil && (len(r.queries) == 0 || len(r.queries) != len(r.answers)) {
			t.Errorf("%q: %d queries, %d answers", raw, len(r.queries), len(r.answers))
		}
	})
}

func FuzzDecodePrediction(f *testing.F) {
	f.Add([]byte(`{"query":"q","gt":"A","gpt4-x_pred":"B","evaluation":"exam"}`))
	f.Add([]byte(`{"query":"q","gt":"A","a_pred":"B","b_pred":"C"}`))
	f.Add([]byte(`{"query":"q","gt":null}`))
	b := &lEval{tasks: tasks()}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<14 {
			t.Skip("capped input")
		}
		for _, task := range b.Tasks() {
			s, _, err := b.Prediction(task, 4, raw)
			if err == nil && (len(s.References) != 1 || s.Metric == "") {
				t.Errorf("%q: %+v", raw, s)
			}
		}
	})
}

func FuzzParsePrompts(f *testing.F) {
	f.Add(ownPrompts)
	f.Add([]byte(`{"frame":{"base":"{document}{query}"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<14 {
			t.Skip("capped input")
		}
		p, err := parsePrompts(raw)
		if err != nil {
			return
		}
		for _, task := range tasks() {
			if got := p.render(task, "doc", "q", "r", benchmarks.Options{}); got.Context != "doc" || !strings.Contains(got.Before+got.After, "q") {
				t.Errorf("%s: %+v", task.Name, got)
			}
		}
	})
}
