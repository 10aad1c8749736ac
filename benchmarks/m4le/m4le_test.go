package m4le

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

func TestEveryConfigurationHasAPinAMetricAndAnAbility(t *testing.T) {
	all, a := tasks(), Adapter()
	byAbility := map[string]int{}
	for _, x := range all {
		byAbility[x.Category]++
		if _, ok := scorers.Lookup("m4le", x.Metric); !ok {
			t.Errorf("%s: no metric %q", x.Name, x.Metric)
		}
		if (x.Headline == scorers.HeadlineBLEU) != strings.HasPrefix(x.Metric, "bleu") || len(x.Strata) != 11 || x.Strata[10] != "128k" {
			t.Errorf("%s: headline %q, strata %q", x.Name, x.Headline, x.Strata)
		}
		if !slices.ContainsFunc(a.Pins, func(p datasets.Pin) bool {
			return p.Name == x.Name+".jsonl" && p.Repo == "wckwan/M4LE" && len(p.Revision) == 40 && strings.HasSuffix(p.Path, "/"+strings.TrimSuffix(x.Name, "+")+".jsonl")
		}) {
			t.Errorf("%s: no pin", x.Name)
		}
	}
	want := map[string]int{explicitSingle: 10, explicitMultiple: 4, semanticSingle: 10, semanticMultiple: 3, global: 12}
	if diff := cmp.Diff(want, byAbility); diff != "" || len(a.Pins) != 39 {
		t.Errorf("%d pins, abilities (-want +got):\n%s", len(a.Pins), diff)
	}
	for _, r := range recipes() {
		if !slices.ContainsFunc(all, func(x task) bool { return x.Name == r.task && x.Language == r.language }) {
			t.Errorf("a recipe for %s in %s, which is no task", r.task, r.language)
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

// ask streams the samples of a source.
func ask(t *testing.T, src datasets.Source, o benchmarks.Options) (samples []benchmarks.Sample, faults, notices []string) {
	t.Helper()
	for s, err := range Adapter().Open(src).Samples(t.Context(), o) {
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

func line(instruction, input, answer string, more map[string]any) string {
	r := map[string]any{"instruction": instruction, "input": input, "answers": []string{answer}, "input_length": 900, "total_length": 901, "length_bucket": 1000}
	for k, v := range more {
		r[k] = v
	}
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return string(raw) + "\n"
}

// Rows in the layout of each script, with an example ahead (or behind).
func TestRowsTellWhatTheirAnswerRestsOn(t *testing.T) {
	gold := func(i int) map[string]any { return map[string]any{"gold_index": i} }
	for _, c := range []struct {
		task, input, answer string
		more                map[string]any
		state               benchmarks.EvidenceState
		want                []string // the spans' texts
	}{
		{"mnds-news_explicit-single", "Article AAAAA1: ex\nQuestion: What of article AAAAA1?\nAnswer: sport\n\nArticle B00001: one\nand more\nArticle B00002: two\nQuestion: What is the category of article B00001?\nAnswer:", "sport", gold(1),
			benchmarks.EvidenceKnown, []string{"Article B00001: one\nand more"}},
		{"thucnews_explicit-single", "新闻B00001：一\n新闻B00002：二\n问题：请返回新闻B00002的类别。\n回答：", "体育", nil, benchmarks.EvidenceKnown, []string{"新闻B00002：二"}},
		{"newsqa", "Article 1: ex\nQuestion: Based on article 1, who?\nAnswer: x\n\nArticle 1: one\nArticle 2: two\nQuestion: Based on article 2, who of article 1?\nAnswer:", "x", nil, benchmarks.EvidenceKnown, []string{"Article 2: two"}},
		{"c3", "段落1: 一\n段落2: 二\n问题：根據段落1，谁？ A. 甲\n答案：", "A. 甲", gold(0), benchmarks.EvidenceKnown, []string{"段落1: 一"}},
		{"wow", "Below are the wikipedia articles of two phrases.\n\nPhrase B00001 is Salt, the article is as follow:\nA\n\nPhrase B00002 is Tea, the article is as follow:\nB\n\nAmong the two phrases mentioned previously, phrase B00002 is Tea, phrase B00001 is", "Salt", nil,
			benchmarks.EvidenceKnown, []string{"Phrase B00001 is Salt, the article is as follow:\nA"}},
		{"drcd_explicit-single", "以下是二个主题对应的维基百科文章。\n\nB00001主题是盐， 文章如下:\n一\n\nB00002主题是茶， 文章如下:\n二\n\n在以上提及到的二个主题当中，B00002主题是茶，B00001主题是", "盐", nil,
			benchmarks.EvidenceKnown, []string{"B00001主题是盐， 文章如下:\n一"}},
		{"cnnnews", "Article AAAAA1: ex\nHighlight AAAAA1: h\n\nArticle B00001: one\nArticle B00002: two\nHighlight B00002:", "h", nil, benchmarks.EvidenceKnown, []string{"Article B00002: two"}},
		{"cepsum", "产品B00001描述: 一\n产品B00002描述: 二\n产品B00001摘要:", "摘", nil, benchmarks.EvidenceKnown, []string{"产品B00001描述: 一"}},
		// The named item isn't there: gold_index counts.
		{"lcsts", "段落B00001: 一\n段落B00002: 二\n问题: 请为段落B00009写一篇摘要。\n摘要:", "摘", gold(1), benchmarks.EvidenceKnown, []string{"段落B00002: 二"}},
		{"ncls", "Article B00001: one\nArticle B00002: two\nChinese Summary of Article B00002:", "摘", nil, benchmarks.EvidenceKnown, []string{"Article B00002: two"}},
		{"mnds-news_explicit-multiple", "The article id AAAAA1. ex\n\nThe article id AAAAA2. ex\nQuestion: ids?\nAnswer: AAAAA1.\n\nThe article id B00001. one\n\nThe article id B00002. two\n\nThe article id B00003. three\nQuestion: ids?\nAnswer:", "B00001, B00003", nil,
			benchmarks.EvidenceKnown, []string{"The article id B00001. one", "The article id B00003. three"}},
		{"thucnews_explicit-multiple", "新闻 B00001：一\n新闻 B00002：二\n问题：请返回所有体育新闻的编号。\n回答：", "B00001，B0000F", nil, benchmarks.EvidencePartial, []string{"新闻 B00001：一"}},
		{"marc", "Review AAAAA1: ex\nPositive Reviews: AAAAA1.\n\nReview B00001: 好\nReview B00002: bad\nPositive Reviews:", "B00001.", nil, benchmarks.EvidenceKnown, []string{"Review B00001: 好"}},
		{"wikitext-103", "Query Paragraph: q\nCandidate Paragraph AAAAA1: ex\nAnswer: AAAAA1.\n\nQuery Paragraph: r\nCandidate Paragraph B00001: one\nCandidate Paragraph B00002: two\nAnswer:", "B00002", nil, benchmarks.EvidenceKnown, []string{"Candidate Paragraph B00002: two"}},
		{"duorc", "Plot (A): ex\nQuestion: q\nAnswer: a.\n\nPlot (B): one\nPlot (C): two three\nQuestion: q\nAnswer:", "three", gold(0), benchmarks.EvidenceKnown, []string{"Plot (B): one"}},
		{"duorc", "Plot (B): one\nPlot (C): two three\nQuestion: q\nAnswer:", "three", nil, benchmarks.EvidencePartial, []string{"Plot (C): two three"}},
		{"nq-open", "Document [1](Title: A) one\nDocument [2](Title: B) two three\nDocument [3](Title: LLaMA) ex three\n\nQuestion: when\nAnswer: 2023.\nQuestion: who\nAnswer:", "three", nil,
			benchmarks.EvidenceKnown, []string{"Document [2](Title: B) two three"}},
		{"dureader", "文章 [1](标题：甲) 一二三四\n文章 [2](标题：乙) 五\n问题：谁\n答案：", "二三四", nil, benchmarks.EvidencePartial, []string{"文章 [1](标题：甲) 一二三四"}},
		{"drcd_semantic-single", "文章 [1](標題: 甲) 一\n文章 [2](標題: 乙) 二\n文章 [3](標題: 文心一言) 例\n\n問題: 例？\n答案: 例。\n問題: 誰\n答案:", "二", gold(1), benchmarks.EvidenceKnown, []string{"文章 [2](標題: 乙) 二"}},
		{"news2016", "新闻1: 一\n新闻2: 二\n关键词: 词\n答案: ", "最相关的新闻是2。\"题\"", nil, benchmarks.EvidenceKnown, []string{"新闻2: 二"}},
		{"tedtalks-en2zh", "Talk 1: one\nTalk 2: two\nQuestion: Translate the talk related to 'x' into Chinese.\nTranslation:", "演讲1: 一", nil, benchmarks.EvidenceKnown, []string{"Talk 1: one"}},
		{"news-commentary-zh2en", "段落1: 一\n段落2: 二\n问题: 请\n答案:", "Paragraph 2: two", nil, benchmarks.EvidenceKnown, []string{"段落2: 二"}},
		{"thucnews_semantic-multiple", "新闻：一\n新闻：二\n新闻：三\n问题：以上有多少篇新闻是关于体育的？\n回答：", "2。", map[string]any{"labels": map[string][]int{"体育": {0, 2}, "财经": {1}}},
			benchmarks.EvidenceKnown, []string{"新闻：一", "新闻：三"}},
		{"mnds-news_semantic-multiple", "Article: one\nArticle: two\nQuestion: Provide me the number of articles related to 'sport'.\nAnswer:", "1.", map[string]any{"labels": map[string]int{"sport": 1}, "gold_index": 0}, benchmarks.EvidenceUnknown, nil},
		{"hotpotqa", "Paragraph 1: ex no\nQuestion: q\nAnswer: no.\n\nParagraph 1: in Bergen\nParagraph 2: no\nQuestion: q\nAnswer:", "Bergen", nil, benchmarks.EvidencePartial, []string{"Paragraph 1: in Bergen"}},
		{"hotpotqa", "Paragraph 1: no\nParagraph 2: no\nQuestion: q\nAnswer:", "no", nil, benchmarks.EvidenceUnknown, nil},
		{"triviaqa", "Context: ex\nQuestion: q\nAnswer: a.\n\nContext: a long one\nQuestion: q\nAnswer:", "a", nil, benchmarks.EvidenceKnown, []string{"Context: a long one"}},
		{"clts+", "新闻: 一\n摘要: 一\n\n新闻: 二\n摘要:", "二", nil, benchmarks.EvidenceKnown, []string{"新闻: 二"}},
		{"arxiv", "A prompt of another shape", "x", nil, benchmarks.EvidenceKnown, []string{"A prompt of another shape"}},
	} {
		samples, faults, _ := ask(t, texts{c.task + ".jsonl": line("Do {it}.", c.input, c.answer, c.more)}, benchmarks.Options{Tasks: []string{c.task}})
		if len(samples) != 1 || faults != nil {
			t.Fatalf("%s: %d samples, faults %q", c.task, len(samples), faults)
		}
		s := samples[0]
		var got []string
		for _, e := range s.Evidence.Spans {
			got = append(got, s.Prompt.Context[e.Start:e.End])
		}
		if diff := cmp.Diff(c.want, got); diff != "" || s.Evidence.State != c.state {
			t.Errorf("%s: state %q, want %q; spans (-want +got):\n%s", c.task, s.Evidence.State, c.state, diff)
		}
		if s.Prompt.Text() != "Do {it}.\n"+c.input {
			t.Errorf("%s: the prompt isn't instruction, newline, input:\n%q", c.task, s.Prompt.Text())
		}
		if s.ID != c.task+"/row1" || s.Strata[0] != "1k" || s.References[0] != c.answer || s.Length != 901 || !s.Chat {
			t.Errorf("%s: %s, strata %q, references %q, length %d", c.task, s.ID, s.Strata, s.References, s.Length)
		}
	}
}

func TestBadRowsAreNamedAndTheOthersGoOn(t *testing.T) {
	rows := line("i", "x\nQuestion: q", "a", map[string]any{"answers": "a"}) + line("i", "x\nQuestion: q", "a", map[string]any{"length_bucket": "1k"}) +
		`{"input": "x"}` + "\n" + line("i", "x", "a", map[string]any{"answers": []string{}}) + line("i", "x", "a", map[string]any{"length_bucket": 0}) + "broken\n" + line("i", "x", "a", nil)
	samples, faults, _ := ask(t, texts{"hotpotqa.jsonl": rows}, benchmarks.Options{Tasks: []string{"hotpotqa"}})
	for i, want := range []string{
		`hotpotqa.jsonl:1: field "answers": want a list of strings, got string`, `hotpotqa.jsonl:2: field "length_bucket": want a whole number, got string`,
		`hotpotqa.jsonl:3: field "instruction": missing`, `hotpotqa.jsonl:4: field "answers": want at least one answer`,
		`hotpotqa.jsonl:5: field "length_bucket": want a number of words above 0, got 0`, `hotpotqa.jsonl:6: `,
	} {
		if i >= len(faults) || !strings.HasPrefix(faults[i], want) {
			t.Errorf("fault %d: want %q in %q", i, want, faults)
		}
	}
	if len(samples) != 1 || samples[0].ID != "hotpotqa/row7" {
		t.Errorf("samples %+v", samples)
	}
}

func TestOfficialRowsAreCutToALengthOrLeftOut(t *testing.T) {
	src := texts{"hotpotqa.jsonl": line("i", "Paragraph 1: "+strings.Repeat("w ", 300)+"\nQuestion: q\nAnswer:", "a", nil)}
	samples, _, notices := ask(t, src, benchmarks.Options{Tasks: []string{"hotpotqa"}, Lengths: []int{100, 1000}, Depths: []float64{0, 50}, Tokenizer: benchmarktest.Words{}})
	if len(samples) != 1 || samples[0].ContextTokens != 100 || samples[0].ID != "hotpotqa/row1@100" {
		t.Errorf("%d samples: %+v", len(samples), samples)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "--haystack composes") {
		t.Errorf("notices %q", notices)
	}
}

// Where no length is asked for, prompt and answer fit the bucket and nearly fill
// it.
func TestOwnContextsFitTheirBuckets(t *testing.T) {
	samples, faults, _ := ask(t, Adapter().Builtin(2), benchmarks.Options{Tasks: composedTasks()})
	if len(samples) != 9*len(recipes()) || faults != nil {
		t.Errorf("%d samples, faults %q", len(samples), faults)
	}
	for _, s := range samples {
		answer := s.References[0]
		n := benchmarks.Count(units(s.Language), s.Prompt.Text()) + benchmarks.Count(units(languageOf(answer)), answer)
		bucket := map[string]int{"1k": 1000, "2k": 2000, "4k": 4000}[s.Strata[0]]
		if n > bucket || n < bucket*3/4 {
			t.Errorf("%s: %d words or characters in bucket %s", s.ID, n, s.Strata[0])
		}
	}
}

func composedTasks() []string {
	var names []string
	for _, r := range recipes() {
		names = append(names, r.task)
	}
	return names
}

// haystack writes a folder of short texts.
func haystack(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAFolderOfShortTextsMakesContexts(t *testing.T) {
	var rows strings.Builder
	for i := range 60 {
		words := strings.Repeat("Some "+string(rune('a'+i%26))+" words here. ", 3+i%5)
		rows.WriteString(`{"text": "` + words + `", "label": "` + []string{"red", "blue"}[i%2] + `"}` + "\n")
	}
	dir := haystack(t, map[string]string{"a.jsonl": rows.String() + `{"text": 5}` + "\n" + `{"text": "t", "title": "T", "question": "q"}` + "\n", "notes.txt": "no"})
	o := benchmarks.Options{Tokenizer: benchmarktest.Words{}, Lengths: []int{300}, Depths: []float64{0, 100}, Shape: benchmarks.Shape{Haystack: dir, Repeats: 2}}
	samples, faults, notices := ask(t, Adapter().Builtin(0), o)
	n := map[string]int{}
	for _, s := range samples {
		n[s.Task]++
		if s.Depth != nil && (*s.Depth == 0) != (s.Evidence.Spans[0].Start == 0) {
			t.Errorf("%s: evidence %v at depth %g", s.ID, s.Evidence.Spans, *s.Depth)
		}
	}
	if diff := cmp.Diff(map[string]int{"mnds-news_explicit-single": 4, "mnds-news_explicit-multiple": 2, "mnds-news_semantic-multiple": 2}, n); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	for i, want := range []string{`a.jsonl:61: field "text": want a string, got number`, `a.jsonl:62: field "answers": want an answer to the question`} {
		if i >= len(faults) || !strings.Contains(faults[i], want) {
			t.Errorf("want %q in %q", want, faults)
		}
	}
	all := strings.Join(notices, "\n")
	for _, want := range []string{"not M4LE's own rows", "make no context for them: c3,", "no short texts in language zh with text, label: left out are thucnews_explicit-single, thucnews_explicit-multiple, thucnews_semantic-multiple", "in language en with text, title, question and answers: left out are duorc", "in language en with text, question and answers: left out are newsqa", "in language en with text, summary: left out are cnnnews"} {
		if !strings.Contains(all, want) {
			t.Errorf("want %q in\n%s", want, all)
		}
	}
	_, faults, _ = ask(t, texts{}, benchmarks.Options{Shape: benchmarks.Shape{Haystack: t.TempDir()}})
	if len(faults) != 1 || !strings.Contains(faults[0], "no .jsonl file; want rows with text and label, title,") {
		t.Errorf("an empty folder: %q", faults)
	}
}

func TestPredictionsAreReadUnderBothNames(t *testing.T) {
	b := Adapter().Open(Adapter().Builtin(0)).(*m4LE)
	if got := b.TaskName("thucnews_semantic-multiple_cls+cnt"); got != "thucnews_semantic-multiple" {
		t.Errorf("got %q", got)
	}
	own := b.Tasks()[0]
	s, answer, err := b.Prediction(own, 4, []byte(`{"instruction":"i","gen_resp":"Sport","answers":["sport"],"length_bucket":12000,"prompt_len":3}`))
	if err != nil || answer != "Sport" || s.ID != own.Name+"/row5" || s.Strata[0] != "12k" || s.References[0] != "sport" {
		t.Errorf("%+v, %q, %v", s, answer, err)
	}
	if _, answer, err := b.Prediction(own, 0, []byte(`{"answers":["a"],"length_bucket":1000,"error":true}`)); err != nil || answer != "" {
		t.Errorf("a failed row: %q, %v", answer, err)
	}
	for text, want := range map[string]string{
		`{"gen_resp":"a","length_bucket":1000}`: `field "answers": missing`, `{"gen_resp":"a","answers":["a"]}`: `field "length_bucket": missing`,
		`{"gen_resp":7,"answers":["a"],"length_bucket":1000}`: `field "gen_resp": want a string, got number`,
	} {
		if _, _, err := b.Prediction(own, 0, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func FuzzDecodeRow(f *testing.F) {
	f.Add([]byte(line("i", "Article B00001: x\nQuestion: q", "a", map[string]any{"gold_index": 3, "labels": map[string][]int{"x": {1}}})))
	f.Add([]byte(`{"instruction":1}`))
	f.Add([]byte(`{"instruction":"","input":"","answers":["a"],"length_bucket":1000,"gold_index":-5,"labels":{"a":[9]}}`))
	all := tasks()
	readers := make([]reader, len(all))
	for i, t := range all {
		readers[i] = t.layout.reader()
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<13 {
			t.Skip("capped input")
		}
		r, err := decodeRow(raw)
		if err != nil {
			return
		}
		for i, own := range all {
			s := own.sample(r, readers[i], 0)
			if s.Prompt.Text() != r.instruction+"\n"+r.input {
				t.Fatalf("%s: prompt %q", own.Name, s.Prompt.Text())
			}
			for _, e := range s.Evidence.Spans {
				if e.Start < 0 || e.End <= e.Start || e.End > len(s.Prompt.Context) {
					t.Fatalf("%s: span %v in %d bytes", own.Name, e, len(s.Prompt.Context))
				}
			}
		}
	})
}

func FuzzDecodeShort(f *testing.F) {
	f.Add([]byte(`{"text":"a","label":"b","title":"c","question":"d","answer":"e","translation":"f"}`))
	f.Add([]byte(`{"text":" ","answers":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<13 {
			t.Skip("capped input")
		}
		if s, err := decodeShort(raw); err == nil && (s.text == "" || s.question != "" && len(s.answers) == 0) {
			t.Errorf("%q: %+v", raw, s)
		}
	})
}
