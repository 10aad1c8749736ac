package baseline

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/lcbench/lcbench/runners"
)

const chronicle = `Ardmoor is a town on a hill. The harbour of Ardmoor was dug by hand.
The Lantern Society has its seat in Ardmoor. The Lantern Society was founded in 1871 by Orla Finch, who kept bees.
Its library holds 4,210 volumes. The Brass Fair was held on 3 May 1902 and cost 900 crowns.
Orla Finch was trained as a clock maker. Nobody remembers the Tin Fair.`

const chronicleZh = `石桥镇建在山坡上。灯塔学社的总部在石桥镇，用的是旧海关的房子。灯塔学社成立于1871年。
学社的藏书共有4210册。柳云大半生都在灯塔学社供职。柳云生于1840年5月24日。铜器集市的手稿由海风图书馆保管。`

const passagesText = "Passage 1:\nThe founder of the Lantern Society was Orla Finch. The society is quiet.\n\n" +
	"Passage 2:\nThe birthplace of Ned Carr is Ardmoor. Ned Carr sings.\n\n" +
	"Passage 3:\nThe birthplace of Orla Finch is Westwick. The spring was wet."

const paragraphs = "Paragraph 1: Bees make honey in summer.\n\nParagraph 2: The ferry crosses twice a day.\n\nParagraph 3: Bees make honey in summer.\n\nParagraph 12: Salt is dried in pans."

func ask(t testing.TB, p runners.Parts, maxTokens int) string {
	t.Helper()
	got, err := New().Generate(context.Background(), runners.Request{Parts: p, Prompt: p.Context + "\n" + p.Query, MaxTokens: maxTokens})
	if err != nil {
		t.Fatal(err)
	}
	return got.Text
}

type form struct {
	name  string
	parts runners.Parts
	limit int
	want  string
}

func forms() []form {
	qa := func(query string) runners.Parts {
		return runners.Parts{Context: chronicle, Query: query, Category: "Single-Doc QA", Task: "qa", Language: "en"}
	}
	zh := func(query string) runners.Parts {
		return runners.Parts{Context: chronicleZh, Query: query, Category: "Single-Doc QA", Task: "qa_zh", Language: "zh"}
	}
	return []form{
		{"a place", qa("Which town is the seat of the Lantern Society in?"), 64, "Ardmoor"},
		{"a person", qa("Who founded the Lantern Society?"), 64, "Orla Finch"},
		{"a year, not another number", qa("When was the Lantern Society founded?"), 64, "1871"},
		{"a count, not a year", qa("How many volumes does the library hold?"), 64, "4,210"},
		{"a whole date", qa("On which date was the Brass Fair held?"), 64, "3 May 1902"},
		{"a sum, not the date beside it", qa("How much did the Brass Fair cost?"), 64, "900"},
		{"a phrase behind its linking word", qa("What was Orla Finch trained as?"), 64, "clock maker"},
		{"a sentence where the limit is wide", qa("Who founded the Lantern Society?"), 128, "The Lantern Society was founded in 1871 by Orla Finch, who kept bees."},
		{"a Chinese place", zh("灯塔学社的总部在哪个镇？"), 64, "石桥镇"},
		{"a Chinese employer", zh("柳云在哪个机构供职？"), 64, "灯塔学社"},
		{"a Chinese keeper", zh("铜器集市的手稿由哪个机构保管？"), 64, "海风图书馆"},
		{"a Chinese count with its unit", zh("学社的藏书有多少？"), 64, "4210册"},
		{"a Chinese date", zh("柳云的生日是什么时候？"), 64, "1840年5月24日"},
		{"two passages joined by a name", runners.Parts{
			Context: passagesText, Query: "What is the birthplace of the founder of the Lantern Society?", Category: "Multi-Doc QA", Task: "hops",
		}, 32, "Westwick"},
		{"the label of the nearest demonstration", runners.Parts{
			Context: "Question: Who won?\nType: Person\nQuestion: Where is the port?\nType: Place\nQuestion: How many came?\nType: Number\n",
			Query:   "Question: Where is the old port now?\nType:", Category: "Few-shot Learning", Task: "trec",
		}, 64, "Place"},
		{"a Chinese label", runners.Parts{
			Context: "新闻内容：今冬第一场雪提前到来。\n类别：天气\n新闻内容：列车晚点两小时。\n类别：铁路\n",
			Query:   "新闻内容：今夜有雪。\n类别：", Category: "Few-shot Learning", Task: "lsht", Language: "zh",
		}, 64, "天气"},
		{"the number of different paragraphs", runners.Parts{Context: paragraphs, Category: "Synthetic Tasks", Task: "passage_count"}, 32, "3"},
		{"the heading of the paragraph told again", runners.Parts{
			Context: paragraphs, Query: "In pans, salt dries.", Category: "Synthetic Tasks", Task: "passage_retrieval_en",
		}, 32, "Paragraph 12"},
		{"a Chinese heading", runners.Parts{
			Context: "段落1：蜜蜂在夏天酿蜜。\n\n段落2：渡船一天开两次。", Query: "渡船每天两班。", Category: "Synthetic Tasks", Task: "passage_retrieval_zh",
		}, 32, "段落2"},
		{"the lead of a text to be summed up", runners.Parts{Context: chronicle, Category: "Summarization", Task: "gov_report"}, 16,
			"Ardmoor is a town on a hill."},
		{"the line that came next last time", runners.Parts{
			Context: "class A:\n    def set(self, width):\n        self.width = width\n        self.area = 0\n\nclass B:\n",
			Query:   "    def set(self, width):\n        self.width = width\n", Category: "Code Completion", Task: "lcc",
		}, 64, "        self.area = 0"},
		{"a choice", runners.Parts{
			Context: chronicle, Query: "What did Orla Finch keep?\n(A) goats\n(B) bees\n(C) a diary\n(D) hens", Category: "Single-Document QA",
		}, 128, "The correct answer is (B)"},
	}
}

func TestEachKindOfQuestionIsAnsweredInItsForm(t *testing.T) {
	for _, f := range forms() {
		t.Run(f.name, func(t *testing.T) {
			if got := ask(t, f.parts, f.limit); got != f.want {
				t.Errorf("%q: got %q, want %q", f.parts.Query, got, f.want)
			}
		})
	}
}

// Whatever it answers stands in the prompt, but for counts and the fixed words
// of a choice.
func TestAnswersAreExtracted(t *testing.T) {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	for _, f := range forms() {
		got := ask(t, f.parts, f.limit)
		if strings.Contains(f.parts.Task, "count") || strings.HasPrefix(got, "The correct answer") {
			continue
		}
		if got == "" || !strings.Contains(squeeze(f.parts.Context+f.parts.Query), squeeze(got)) {
			t.Errorf("%s: %q is not in the prompt", f.name, got)
		}
	}
}

// A request has no place for a reference: if one is added, this model must
// not see it.
func TestARequestHoldsNoReference(t *testing.T) {
	allowed := []string{"Context", "Fixed", "Query", "Category", "Task", "Language", "Classes"}
	parts := reflect.TypeFor[runners.Parts]()
	for i := range parts.NumField() {
		if name := parts.Field(i).Name; !slices.Contains(allowed, name) {
			t.Errorf("Parts.%s: is it free of references? then allow it here", name)
		}
	}
	request := reflect.TypeFor[runners.Request]()
	for i := range request.NumField() {
		name := strings.ToLower(request.Field(i).Name)
		if strings.Contains(name, "reference") || strings.Contains(name, "answer") || strings.Contains(name, "evidence") {
			t.Errorf("Request.%s", request.Field(i).Name)
		}
	}
}

func TestTheSameRequestHasTheSameAnswer(t *testing.T) {
	for _, f := range forms() {
		want := ask(t, f.parts, f.limit)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				got, err := New().Generate(context.Background(), runners.Request{Parts: f.parts, MaxTokens: f.limit})
				if err != nil || got.Text != want {
					t.Errorf("%s: got %q, %v, before %q", f.name, got.Text, err, want)
				}
			})
		}
		wg.Wait()
	}
}

func TestNothingToSearchInIsNoPanic(t *testing.T) {
	for _, f := range forms() {
		for _, c := range []string{"", " ", "\n\n", "。", "...", "Paragraph 1:", "\xff\xfe"} {
			p := f.parts
			p.Context = c
			got := ask(t, p, f.limit)
			p.Query = c
			_ = ask(t, p, f.limit)
			if strings.Contains(f.parts.Query, "\n(A) ") && got != "The correct answer is (A)" {
				t.Errorf("%s over %q: got %q, want a choice all the same", f.name, c, got)
			}
		}
	}
}

func TestAPromptThatIsNotTakenApartIsSearchedToo(t *testing.T) {
	got, err := New().Generate(t.Context(), runners.Request{Prompt: chronicle + "\nWho founded the Lantern Society?", MaxTokens: 32})
	if err != nil || got.Text != "Orla Finch" || got.FinishReason != "stop" || got.Usage.Known {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnswersKeepToTheLimit(t *testing.T) {
	for _, f := range forms() {
		for _, n := range []int{1, 2, 5} {
			if got := ask(t, f.parts, n); len(got) > 4*n || !utf8.ValidString(got) {
				t.Errorf("%s: %q under a limit of %d tokens", f.name, got, n)
			}
		}
	}
}

func TestACancelledContextIsReturned(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New().Generate(ctx, runners.Request{Prompt: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// BM25 by hand: 2 documents, the word in one of them once.
func TestRankIsBM25(t *testing.T) {
	got := rank("ferry", []string{"the ferry sails", "the cart stands still now"})
	// idf = ln(1 + 1.5/1.5), norm = 1.2·(0.25 + 0.75·3/4)
	const want = 0.69314718056 * 2.2 / (1 + 1.2*(0.25+0.75*3.0/4))
	if d := got[0] - want; d > 1e-9 || d < -1e-9 || got[1] != 0 {
		t.Errorf("got %v, want [%v 0]", got, want)
	}
	if n := ranking(nil).best(); n != -1 {
		t.Errorf("the best of nothing is %d", n)
	}
}

// Sums of floats depend on their order, and maps have none.
func TestScoresAreTheSameToTheLastBit(t *testing.T) {
	documents := sentences(chronicle + "\n" + passagesText + "\n" + chronicleZh)
	want := rank(chronicle, documents)
	for range 50 {
		if got := rank(chronicle, documents); !slices.Equal(got, want) {
			t.Fatalf("got %v, before %v", got, want)
		}
	}
}

func TestWordsAreFoldedStemmedAndPaired(t *testing.T) {
	var got []string
	eachWord("Ships shipped, BUSES; the sea. 石桥镇 4,210", nil, func(w []byte) { got = append(got, string(w)) })
	want := []string{"ship", "shipp", "bus", "the", "sea", "石", "桥", "石桥", "镇", "桥镇", "4", "210"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzGenerate: no panic, no answer over its limit, valid text of valid text.
func FuzzGenerate(f *testing.F) {
	for _, c := range forms() {
		f.Add(c.parts.Context, c.parts.Query, c.parts.Category, c.parts.Task, c.limit)
	}
	f.Fuzz(func(t *testing.T, text, query, category, task string, limit int) {
		if len(text) > 1<<16 || len(query) > 1<<12 {
			return
		}
		got := ask(t, runners.Parts{Context: text, Query: query, Category: category, Task: task}, limit)
		if limit > 0 && limit < 1<<20 && len(got) > 4*limit {
			t.Errorf("%d bytes under a limit of %d tokens", len(got), limit)
		}
		if utf8.ValidString(text+query) && !utf8.ValidString(got) {
			t.Errorf("%q is no UTF-8", got)
		}
	})
}
