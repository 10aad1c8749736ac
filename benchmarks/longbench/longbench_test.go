package longbench

import (
	"context"
	"errors"
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
)

func TestAdaptersPassTheSuite(t *testing.T) {
	for _, a := range []benchmarks.Adapter{V1(), E(), V2()} {
		t.Run(a.Name, func(t *testing.T) { benchmarktest.Run(t, a) })
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

func small(rows string) texts {
	return texts{
		"config/dataset2prompt.json": `{"hotpotqa": "Read:\n{context}\nQ: {input}\nA:", "samsum": "{context}{input}"}`,
		"config/dataset2maxlen.json": `{"hotpotqa": 32, "samsum": 128}`,
		"hotpotqa.jsonl":             rows,
		"samsum.jsonl":               `{"input":"D: hi","context":"c","answers":["s"],"length":3,"dataset":"samsum","language":"en","all_classes":null,"_id":"z"}`,
	}
}

func TestARowBecomesTheReferencesSample(t *testing.T) {
	src := small(`{"input":"who {context}?","context":"Passage 1:\nA {input} x\n\nPassage 2:\nBob did","answers":["Bob"],"length":7,"dataset":"hotpotqa","language":"en","all_classes":null,"_id":"a"}` + "\n")
	var got []benchmarks.Sample
	for s, err := range V1().Open(src).Samples(t.Context(), benchmarks.Options{Tasks: []string{"hotpotqa", "samsum"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	if len(got) != 2 {
		t.Fatalf("%d samples, want 2", len(got))
	}
	want := benchmarks.Prompt{Before: "Read:\n", Context: "Passage 1:\nA {input} x\n\nPassage 2:\nBob did", After: "\nQ: who {context}?\nA:"}
	if diff := cmp.Diff(want, got[0].Prompt); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
	if !got[0].Chat || got[0].MaxTokens != 32 || got[0].Own != benchmarks.TruncatePrompt {
		t.Errorf("hotpotqa: chat %v, %d new tokens, own cut %q", got[0].Chat, got[0].MaxTokens, got[0].Own)
	}
	if got[1].Chat || got[1].Cleanup != "first_line" || cmp.Diff(got[1].Stop, []string{"\n"}) != "" {
		t.Errorf("samsum: chat %v, cleanup %q, stop %q", got[1].Chat, got[1].Cleanup, got[1].Stop)
	}
	e := got[0].Evidence
	if e.State != benchmarks.EvidencePartial || len(e.Spans) != 1 || !strings.HasPrefix(got[0].Prompt.Context[e.Spans[0].Start:], "Passage 2:") {
		t.Errorf("evidence %+v, want passage 2 as partial", e)
	}
}

func TestABadRowIsNamedAndTheOthersGoOn(t *testing.T) {
	good := `{"input":"q","context":"c","answers":["x"],"length":1,"_id":"%"}`
	src := small(strings.ReplaceAll(good, "%", "1") + "\n" + `{"input":"q","context":"c","answers":7,"length":1,"_id":"2"}` + "\nnot json\n" + strings.ReplaceAll(good, "%", "3") + "\n")
	var errs []string
	n := 0
	for _, err := range V1().Open(src).Samples(t.Context(), benchmarks.Options{Tasks: []string{"hotpotqa"}}) {
		var row *datasets.RowError
		switch {
		case errors.As(err, &row):
			errs = append(errs, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			n++
		}
	}
	// Rows 1 to 3 share a document, so they come behind the broken line.
	slices.Sort(errs)
	if n != 2 || len(errs) != 2 || !strings.Contains(errs[0], `hotpotqa.jsonl:2: field "answers"`) || !strings.HasPrefix(errs[1], "hotpotqa.jsonl:3:") {
		t.Errorf("%d samples and errors %q", n, errs)
	}
}

func TestEvidenceFollowsTheConstruction(t *testing.T) {
	for _, tc := range []struct {
		name, task, context string
		answers             []string
		state               benchmarks.EvidenceState
		want                []string
	}{
		{"the gold paragraph in English", "passage_retrieval_en", "Paragraph 1: a\n\nParagraph 12: b\n\nParagraph 2: c", []string{"Paragraph 12"}, "known", []string{"Paragraph 12: b"}},
		{"the gold paragraph in Chinese", "passage_retrieval_zh", "段落1：甲\n\n段落2：乙", []string{"段落2"}, "known", []string{"段落2：乙"}},
		{"repeated paragraphs", "passage_count", "Paragraph 1: a\n\nParagraph 2: b\n\nParagraph 3: a", []string{"2"}, "known", []string{"Paragraph 1: a", "Paragraph 3: a"}},
		{"passages that hold the answer as a word of its own", "hotpotqa", "Passage 1:\nBobby\n\nPassage 2:\nBob did\n\nPassage 3:\nsays Bob.", []string{"Bob"}, "partial", []string{"Passage 2:\nBob did", "Passage 3:\nsays Bob."}},
		{"yes stands anywhere", "2wikimqa", "Passage 1:\nOh yes\n\nPassage 2:\nyes", []string{"yes"}, "unknown", nil},
		{"no and a number of two digits do too", "musique", "Passage 1:\nno 12", []string{"no", "12"}, "unknown", nil},
		{"demonstrations of the answer's class", "trec", "Question: Who?\nType: Human\nQuestion: Where?\nType: Place\nQuestion: Whom?\nType: Human", []string{"Human"}, "known", []string{"Question: Who?\nType: Human", "Question: Whom?\nType: Human"}},
		{"of a class in Chinese", "lsht", "新闻内容：甲\n乙\n类别：体育\n新闻内容：丙\n类别：财经", []string{"体育"}, "known", []string{"新闻内容：甲\n乙\n类别：体育"}},
		{"a class without demonstrations", "trec", "Question: Who?\nType: Human", []string{"Place"}, "unknown", nil},
		{"a verbatim answer", "qasper", "the sky is blue", []string{"blue"}, "partial", []string{"blue"}},
		{"no verbatim answer", "qasper", "the sky is blue", []string{"azure"}, "unknown", nil},
		{"summaries stay unknown", "gov_report", "report", []string{"report"}, "unknown", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e benchmarks.Evidence
			for _, task := range tasks() {
				if task.Name == tc.task {
					e = evidence(task, tc.context, tc.answers)
				}
			}
			var got []string
			for _, s := range e.Spans {
				got = append(got, tc.context[s.Start:s.End])
			}
			if e.State != tc.state || cmp.Diff(tc.want, got) != "" {
				t.Errorf("got %s %q, want %s %q", e.State, got, tc.state, tc.want)
			}
		})
	}
}

func TestEveryTaskHasAMetric(t *testing.T) {
	for _, b := range []benchmarks.Adapter{V1(), E(), V2()} {
		for _, task := range b.Open(b.Builtin(0)).Tasks() {
			if _, ok := scorers.Lookup("longbench", task.Metric); !ok {
				t.Errorf("%s: task %s: no metric %q", b.Name, task.Name, task.Metric)
			}
		}
	}
}

func TestDistractorsCarryNoHeadings(t *testing.T) {
	got := passages(task{Task: benchmarks.Task{Category: synthetic}}, "Paragraph 1: a b\n\n段落2：丙\n\nPassage 3:\nd")
	if diff := cmp.Diff([]string{"a b", "丙", "d"}, got); diff != "" {
		t.Error(diff)
	}
}
