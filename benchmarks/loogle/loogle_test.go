package loogle

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

func TestAdapterPassesTheSuite(t *testing.T) { benchmarktest.Run(t, Adapter()) }

func TestSelfCheckPasses(t *testing.T) {
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

// small has one file beside the configuration.
func small(name, rows string) texts {
	return texts{
		promptFile: `{"shortdep_qa": "Read: {input} Q: {Q} A:", "longdep_qa": "{input}{Q}", "longdep_summarization": "{input} Sum:", "shortdep_cloze": "Like {{'<mask-0>': 'Bob'}}: {input} Q: {Q}"}`,
		limitFile:  `{"shortdep_qa": 300, "longdep_qa": 500, "longdep_summarization": 500, "shortdep_cloze": 50}`,
		name:       rows,
	}
}

func samples(t *testing.T, src datasets.Source, o benchmarks.Options) (out []benchmarks.Sample, rowErrs []string) {
	t.Helper()
	for s, err := range Adapter().Open(src).Samples(t.Context(), o) {
		var row *datasets.RowError
		switch {
		case errors.As(err, &row):
			rowErrs = append(rowErrs, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			out = append(out, s)
		}
	}
	return out, rowErrs
}

func TestEveryPairBecomesTheReferencesSample(t *testing.T) {
	rows := `{"input": "Ada {Q} was born in Bergen.", "title": "Ada", "qa_pairs": "[{'S': 'Ada {Q} was born in Bergen.', 'Q': 'where {input}?', 'A': 'Bergen'}, {'S': 'nowhere', 'Q': \"who's it?\", 'A': 'Ada'}]", "output": "none"}` + "\n"
	got, errs := samples(t, small("shortdep_qa.jsonl", rows), benchmarks.Options{Tasks: []string{"shortdep_qa"}})
	if len(got) != 2 || len(errs) > 0 {
		t.Fatalf("%d samples, errors %q", len(got), errs)
	}
	s := got[0]
	want := benchmarks.Prompt{Before: "Read: ", Context: "Ada {Q} was born in Bergen.", After: " Q: where {input}? A:"}
	if diff := cmp.Diff(want, s.Prompt); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
	if s.ID != "shortdep_qa/1.1" || s.MaxTokens != 300 || s.Own != benchmarks.TruncatePrompt || s.Length != 6 || s.Query != "where {input}?" {
		t.Errorf("%s: %d new tokens, own cut %q, length %d, query %q", s.ID, s.MaxTokens, s.Own, s.Length, s.Query)
	}
	if got[1].Group != s.Group || got[1].Prompt.Before+got[1].Prompt.Context != s.Prompt.Before+s.Prompt.Context {
		t.Error("two questions of one document don't share its prefix")
	}
	if got[1].Index != 1 || got[1].Evidence.State != benchmarks.EvidenceUnknown {
		t.Errorf("second question: index %d, evidence %+v", got[1].Index, got[1].Evidence)
	}
}

func TestAClozeKeepsMasksAndBraces(t *testing.T) {
	rows := `{"input": "Bob met Esther. Esther left Lubeck.", "qa_pairs": "[{'Q': '<mask-1> met <mask-0>.', 'A': {'<mask-1>': 'Bob', '<mask-0>': 'Esther'}, 'S': 'x'}, {'Q': 'q', 'A': {'<mask-0>': 'Lu'}}]"}`
	got, errs := samples(t, small("shortdep_cloze.jsonl", rows), benchmarks.Options{Tasks: []string{"shortdep_cloze"}})
	if len(got) != 2 || len(errs) > 0 {
		t.Fatalf("%d samples, errors %q", len(got), errs)
	}
	s := got[0]
	if s.Prompt.Before != "Like {'<mask-0>': 'Bob'}: " {
		t.Errorf("before the document: %q", s.Prompt.Before)
	}
	if diff := cmp.Diff([][]string{{"<mask-1>", "<mask-0>"}, {"Bob", "Esther"}}, [][]string{s.Classes, s.References}); diff != "" || s.Weight != 2 {
		t.Errorf("weight %v, masks and entities (-want +got):\n%s", s.Weight, diff)
	}
	if diff := cmp.Diff([]string{"Bob", "Esther", "Esther"}, spanTexts(s)); diff != "" || s.Evidence.State != benchmarks.EvidencePartial || !s.Evidence.Approximate {
		t.Errorf("evidence %+v (-want +got):\n%s", s.Evidence, diff)
	}
	if len(got[1].Evidence.Spans) > 0 {
		t.Error("Lu is found inside of Lubeck")
	}
}

func spanTexts(s benchmarks.Sample) []string {
	var out []string
	for _, e := range s.Evidence.Spans {
		out = append(out, s.Prompt.Context[e.Start:e.End])
	}
	return out
}

func TestTimelinesAndSummaries(t *testing.T) {
	rows := `{"input": "text", "qa_pairs": "[{'Q': 'order', 'A': '2,1', 'type': 'timeline_reorder', 'S': []}, {'Q': 'sum', 'A': '3', 'type': 'computation', 'S': ['text']}]"}`
	got, _ := samples(t, small("longdep_qa.jsonl", rows), benchmarks.Options{Tasks: []string{"longdep_qa"}})
	if len(got) != 2 || got[0].Metric != "loogle_timeline" || got[0].Strata[0] != "timeline" || got[1].Metric != "loogle_text" || got[1].Strata[0] != "computation" {
		t.Errorf("%+v", got)
	}
	// The hub calls the file by another name.
	got, errs := samples(t, small("summarization.jsonl", `{"input": "a paper", "output": "its abstract", "question": "none", "qa_pairs": "none"}`), benchmarks.Options{Tasks: []string{"longdep_summarization"}})
	if len(got) != 1 || got[0].References[0] != "its abstract" || got[0].Prompt.After != " Sum:" || got[0].Evidence.State != benchmarks.EvidenceKnown {
		t.Errorf("%+v, errors %q", got, errs)
	}
}

func TestABadPairIsNamedAndTheOthersGoOn(t *testing.T) {
	rows := strings.Join([]string{
		`{"input": "t", "qa_pairs": "[{'Q': 'q', 'A': 7}, {'Q': 'q', 'A': 'a'}]"}`,
		`{"input": "t", "qa_pairs": "[{'Q': 'q', 'A': null}]"}`,
		`{"input": "t", "qa_pairs": "none"}`,
		`{"qa_pairs": "[]"}`,
		`{"input": "t", "qa_pairs": "[{'Q': 'q', 'A': 'a'}]"}`,
	}, "\n")
	got, errs := samples(t, small("shortdep_qa.jsonl", rows), benchmarks.Options{Tasks: []string{"shortdep_qa"}})
	if len(got) != 2 || got[1].ID != "shortdep_qa/5.1" || got[1].Index != 1 {
		t.Errorf("samples %+v", got)
	}
	for i, want := range []string{
		`shortdep_qa.jsonl:1: field "qa_pairs": pair 1: want A, a string`,
		`shortdep_qa.jsonl:2: field "qa_pairs": want a Python literal: byte 17: want a literal, got "n"`,
		`shortdep_qa.jsonl:3: field "qa_pairs": want a Python literal`,
		`shortdep_qa.jsonl:4: field "input": missing`,
	} {
		if i >= len(errs) || !strings.HasPrefix(errs[i], want) {
			t.Errorf("want error %d to begin %q, got %q", i, want, errs)
		}
	}
}

func TestATemplateOfAnotherKindIsRefused(t *testing.T) {
	for template, want := range map[string]string{
		"no document {Q}":      "without {input}",
		"{input} {input} {Q}":  "want {input} once",
		"{input} {question}":   "want {input} once",
		"{input} a lone } {Q}": "want {input} once",
	} {
		if _, err := fill(template, "d", "q"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", template, err, want)
		}
	}
}

func TestEveryTaskHasItsMetric(t *testing.T) {
	for _, task := range Adapter().Open(Adapter().Builtin(0)).Tasks() {
		if _, ok := scorers.Lookup("loogle", task.Metric); !ok {
			t.Errorf("%s: no metric %q", task.Name, task.Metric)
		}
	}
}

func TestPassagesCoverADocumentInPiecesOfAFewSentences(t *testing.T) {
	line := strings.Repeat("A sentence of words stands here. ", 100)
	script := strings.Repeat("INT. A ROOM\n", 200)
	for _, text := range []string{line, script, strings.Repeat("é", 2000), ""} {
		var n int
		for _, p := range passages(text) {
			if len(p) > 2*passageBytes+4 {
				t.Errorf("a passage of %d bytes: %.40q", len(p), p)
			}
			n += len(strings.ReplaceAll(p, " ", ""))
		}
		if want := len(strings.ReplaceAll(text, " ", "")); n < want-len(text)/passageBytes-1 || n > want {
			t.Errorf("%.20q: %d bytes in passages, want about %d", text, n, want)
		}
	}
}

// pinnedTexts are files as the hub's source has them: the sample alone.
type pinnedTexts struct{ texts }

func (pinnedTexts) Origin() datasets.Origin { return datasets.Origin{Kind: "hub"} }

func TestThePinnedSampleIsNotTakenForTheFullSet(t *testing.T) {
	src := pinnedTexts{small("testdata/shortdep_qa.jsonl", `{"input": "t", "qa_pairs": "[{'Q': 'q', 'A': 'a'}]"}`)}
	b := Adapter().Open(src)
	if rows := b.Tasks()[0].Rows; rows != 80 {
		t.Errorf("%d rows in the pinned sample, want 80", rows)
	}
	if rows := Adapter().Open(texts{}).Tasks()[0].Rows; rows != 1951 {
		t.Errorf("%d rows in the full set, want 1951", rows)
	}
	var notices []string
	n := 0
	for _, err := range b.Samples(t.Context(), benchmarks.Options{Tasks: []string{"shortdep_qa"}}) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice):
			notices = append(notices, notice.Text)
		case err != nil:
			t.Fatal(err)
		default:
			n++
		}
	}
	if n != 1 || len(notices) != 1 || !strings.Contains(notices[0], "five documents a task") {
		t.Errorf("%d samples, notices %q", n, notices)
	}
	for _, p := range pins() {
		if len(p.Revision) != 40 || len(p.SHA256) != 64 || p.Size == 0 {
			t.Errorf("pin of %s: %+v", p.Name, p)
		}
	}
}

func TestFilesOfAnswersNameTaskAndSystem(t *testing.T) {
	b := &looGLE{}
	for name, want := range map[string][2]string{
		"shortdep_qa_gpt-3.5-turbo-16k.jsonl":     {"shortdep_qa", "gpt-3.5-turbo-16k"},
		"longdep_qa_reorder_gpt4-32k.jsonl":       {"longdep_qa", "gpt4-32k"},
		"longdep_summarization_llama-index.jsonl": {"longdep_summarization", "llama-index"},
		"shortdep_cloze.jsonl":                    {"shortdep_cloze", ""},
		"shortdep_qanda.jsonl":                    {},
	} {
		task, system, ok := b.PredictionFile(name)
		if task != want[0] || system != want[1] || ok != (want[0] != "") {
			t.Errorf("%s: task %q, system %q, %v", name, task, system, ok)
		}
	}
}

func TestClozeAnswersAreReadWithTheirMasks(t *testing.T) {
	b := Adapter().Open(Adapter().Builtin(0)).(*looGLE)
	own := b.Tasks()[1]
	for _, output := range []string{`{"<mask-0>": "A"}`, `"{'<mask-0>': 'A'}"`} {
		got, missing, err := b.Predictions(own, 3, []byte(`{"qa_pairs": [{"Q": "q", "A": {"<mask-0>": "A"}, "S": "s"}], "llm_output": ["{}"], "output": [`+output+`]}`))
		if err != nil || len(missing) > 0 || len(got) != 1 || got[0].Sample.Classes[0] != "<mask-0>" || got[0].Sample.References[0] != "A" || got[0].Sample.ID != "shortdep_cloze/3.1" {
			t.Errorf("%s: %+v, missing %q, %v", output, got, missing, err)
		}
	}
	_, _, err := b.Predictions(own, 1, []byte(`{"qa_pairs": [{"Q": "q"}], "llm_output": ["{}"], "output": ["A"]}`))
	if err == nil || !strings.Contains(err.Error(), `field "output": want an object of masks and entities`) {
		t.Errorf("a reference of another kind: %v", err)
	}
}
