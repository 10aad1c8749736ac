package scorers

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestM4LEAnswersAreCutByTask(t *testing.T) {
	for _, c := range []struct{ name, task, prediction, want string }{
		{"a leading newline loses the answer", "triviaqa", "\nParis", ""},
		{"end tokens in turn, stripped each time", "hotpotqa", " yes. No\n", "yes"},
		{"white space is Python's", "newsqa", "\u001c\u0085 yes\u3000", "yes"},
		{"which a zero-width space is not", "newsqa", "\u200b yes", "\u200b yes"},
		{"a comma, then a line", "wow", "Salt\nroads, old", "Salt"},
		{"nothing is cut", "mnds-news_explicit-single", "sport. \n", "sport."},
		{"between the first two quotation marks", "news2016", `是2。" 好 "和"坏"`, "好"},
		{"up to the end without a second one", "news2016", `是2。"好`, "好"},
		{"before the news goes on", "clts+", "好。新闻2", "好。"},
	} {
		r, ok := m4leRuleOf(c.task)
		if !ok {
			t.Fatalf("no task %q", c.task)
		}
		if got := r.answer(c.prediction); got != c.want {
			t.Errorf("%s: %s of %q: got %q, want %q", c.name, c.task, c.prediction, got, c.want)
		}
	}
}

func TestEveryConfigurationHasOneRule(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range m4leRules() {
		for _, task := range r.tasks {
			if seen[task] {
				t.Errorf("%s has two rules", task)
			}
			seen[task] = true
		}
	}
	if len(seen) != 39 {
		t.Errorf("%d configurations, want 39", len(seen))
	}
	for suffixed, want := range map[string]string{
		"drcd_semantic-single_qa": "acc_zh", "mnds-news_explicit-multiple_cls+ret": "cls_f1_en", "drcd_explicit-single_ret": "acc_topic_zh",
		"thucnews_semantic-multiple_cls+cnt": "exact_count_zh", "bigpatent_global_cls": "acc_index", "nothing": "",
	} {
		if got, _ := M4LEMetric(suffixed); got != want {
			t.Errorf("%s: metric %q, want %q", suffixed, got, want)
		}
	}
}

// Sums over rows give the BLEU of all of them together, in each stratum too, and
// a row without an answer lengthens the reference.
func TestCorpusBLEUIsOfSums(t *testing.T) {
	m, _ := Lookup("m4le", "bleu_en")
	row := func(prediction, reference, bucket string, valid bool) Row {
		s := m.Score(Case{Prediction: prediction, References: []string{reference}})
		return Row{Task: "x", Score: s.Value, Parts: s.Parts, Strata: []string{bucket}, Valid: valid}
	}
	rows := []Row{
		row("a b c d e", "a b c d e", "1k", true),
		row("a b c", "a b c", "1k", true), // alone it has no four words in a row
		row("p q r s t u", "p q r s t v", "2k", true),
		row("", "w x y z", "2k", false),
	}
	near(t, "a row alone", rows[1].Score, 0)
	a := Aggregate(rows, []TaskSpec{{Name: "x", Strata: []string{"1k", "2k", "4k"}, Headline: HeadlineBLEU}}, AggregateOptions{Resamples: 200})
	task := a.Tasks[0]
	near(t, "1k", task.Strata[0].All.Value, 1)
	// 5/6, 4/5, 3/4, 2/3 of the n-grams, 6 words for 10.
	short := math.Pow(5./6*4/5*3/4*2/3, 0.25)
	near(t, "2k", task.Strata[1].All.Value, short*math.Exp(1-10./6))
	near(t, "2k, valid rows", task.Strata[1].Valid.Value, short)
	near(t, "all", task.All.Value, math.Pow((13./14)*(10./11)*(7./8)*(4./5), 0.25)*math.Exp(1-18./14))
	if !task.Strata[2].All.Absent() {
		t.Errorf("a bucket without rows: %+v", task.Strata[2].All)
	}
	for _, sums := range [][]float64{nil, make([]float64, 10), {1, 1, 1, 1, 1, 1, 1, 1, 0, 0}} {
		near(t, "nothing", corpusBLEU(sums), 0)
	}
}

func TestWMTSetsApartWhatItsTwoCharacterRangesHold(t *testing.T) {
	for text, want := range map[string][]string{
		"好a吗": {"好", "a", "吗"}, "a\u2014b": {"a", "\u2014", "b"}, "①b": {"①", "b"},
		"\U00020BB7x": {"\U00020BB7x"}, // an ideograph of Extension B is none
		"\u2001x":     {"x"}, "\u2a6ex": {"\u2a6ex"},
	} {
		if got := wmtChineseTokens(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"It's 3.5, not 1,000-2.": "It's 3.5 , not 1,000 - 2 .", "a<skipped>b&lt;c-\nd": "ab < cd", "x&amp;quot;": "x & quot ;", "U.S.": "U . S .",
	} {
		if got := strings.Join(mtevalTokens(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// slowLength is the length of a longest common subsequence by its definition.
func slowLength(x, y []string) int {
	t := make([][]int, len(x)+1)
	for i := range t {
		t[i] = make([]int, len(y)+1)
		for j := 1; i > 0 && j <= len(y); j++ {
			if t[i][j] = max(t[i-1][j], t[i][j-1]); x[i-1] == y[j-1] {
				t[i][j] = t[i-1][j-1] + 1
			}
		}
	}
	return t[len(x)][len(y)]
}

func TestTheLengthOfAnLCSIsTheSlowOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "", "好"}), 1, rapid.SampledFrom([]int{3, 63, 64, 65, 200}).Draw(t, "most"))
		x, y := words.Draw(t, "x"), words.Draw(t, "y")
		l := &lcs{ids: map[string]int32{}}
		if want, got := slowLength(x, y), l.length(x, y); got != want {
			t.Fatalf("%q, %q: want %d, got %d", x, y, want, got)
		}
		if got := l.length(y, x); got != slowLength(x, y) {
			t.Fatalf("%q, %q: the other way round %d", x, y, got)
		}
	})
}

func TestBadSetsOfM4LEAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		`{"benchmark":"m4le","metric":"acc","task":"nothing","rows":[]}`:                                                            `field "task": M4LE has no task "nothing"`,
		`{"benchmark":"m4le","metric":"acc","task":"arxiv","rows":[]}`:                                                              `field "metric": arxiv is scored by rouge, got "acc"`,
		`{"benchmark":"m4le","metric":"qa_f1","lang":"fr","rows":[]}`:                                                               `field "lang": want en or zh, got "fr"`,
		`{"benchmark":"m4le","metric":"acc","task":"wow","rows":5}`:                                                                 `field "rows": want a list of objects, got number`,
		`{"benchmark":"m4le","metric":"acc","task":"wow","rows":[{"prediction":"a","references":["a"]}]}`:                           `field "rows": row 1: length_bucket: want a whole number`,
		`{"benchmark":"m4le","metric":"acc","task":"wow","rows":[{"prediction":"a","references":[],"length_bucket":1}]}`:            `field "rows": row 1: references: want at least one`,
		`{"benchmark":"m4le","metric":"bleu","task":"tedtalks-en2zh","rows":[{"prediction":"a","references":"a"}]}`:                 `field "rows": row 1: field "references": want a list of strings, got string`,
		`{"metric":"cls_f1","task":"marc","prediction":"a","references":["a"]}`:                                                     `no metric "cls_f1"`,
		`{"metric":"acc","task":"wow","rows":[{"prediction":"a","references":["a"],"length_bucket":"1k"}]}`:                         `row 1: length_bucket: want a whole number`,
		`{"benchmark":"m4le","metric":"rouge_fr","task":"wow","rows":[]}`:                                                           `no metric "rouge_fr"; known are`,
		`{"benchmark":"m4le","metric":"qa_f1","lang":"zh","rows":[{"prediction":7,"references":["a"],"length_bucket":1}]}`:          `field "prediction": want string, got number`,
		`{"benchmark":"m4le","metric":"exact_match","task":"wow","rows":[{"prediction":"a","references":["a"],"length_bucket":1}]}`: `wow is scored by acc`,
	} {
		if _, score, err := Evaluate([]byte(line)); err == nil || !strings.Contains(err.Error(), want) || score != nil {
			t.Errorf("%s:\ngot %v, score %v; want %q", line, err, score, want)
		}
	}
}

// A row without a prediction is left out of a set, as upstream leaves it.
func TestSetsOfM4LEAreScoredByBucket(t *testing.T) {
	_, score, err := Evaluate([]byte(`{"metric":"acc","task":"drcd_explicit-single_ret","rows":[{"prediction":"盐，","references":["盐"],"length_bucket":1000},` +
		`{"references":["盐"],"length_bucket":1000},{"prediction":"水","references":["盐"],"length_bucket":1000},{"prediction":null,"references":["盐"],"length_bucket":2000}]}`))
	got, ok := score.(map[string]float64)
	if err != nil || !ok || len(got) != 1 || got["1000"] != 0.5 {
		t.Errorf("%v, %v", score, err)
	}
}
