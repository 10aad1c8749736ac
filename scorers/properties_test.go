package scorers

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// oddText draws from what the metrics look at: white space, digits and marks
// of several scripts, headings, class names, code.
func oddText(t *rapid.T, label string) string {
	pieces := []string{
		"", " ", "\n", "\r\n", "\u0085", "\u2028", "\u00a0", "\u3000", "\u200b", "\u001c", ".", "。", "，", "·", "-", "_", "*", "`", "#", "//",
		"a", "the", "An", "cat", "Paragraph ", "段落", "5", "12", "５", "٣", "²", "İ", "ΟΔΟΣ", "ß", "e\u0301", "𐐀", "🙂",
		"他来到了网易杭研大厦", "错读错八枝", "龘龘", "3.14%", "The correct answer is (A)", "The correct answer is B", "Person", "Other entity",
	}
	return strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.String()), 0, 12).Draw(t, label), "")
}

func oddCase(t *rapid.T) Case {
	c := Case{Prediction: oddText(t, "prediction")}
	for range rapid.IntRange(0, 3).Draw(t, "references") {
		c.References = append(c.References, rapid.OneOf(rapid.Just(c.Prediction), rapid.Custom(func(t *rapid.T) string { return oddText(t, "reference") })).Draw(t, "reference"))
	}
	c.Classes = rapid.SliceOfN(rapid.SampledFrom([]string{"", "cat", "Person", "Other entity", "a", "the"}), 0, 6).Draw(t, "classes")
	return c
}

func TestEveryMetricStaysWithinZeroAndOne(t *testing.T) {
	for _, m := range Metrics() {
		t.Run(m.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := oddCase(t)
				s := m.Score(c)
				checkUnit(t, s.Value)
				for _, part := range s.Measures {
					if part.Unit != UnitNumber && part.Absent == "" {
						checkUnit(t, part.Value)
					}
				}
				if diff := cmp.Diff(s, m.Score(c)); diff != "" {
					t.Fatalf("%+v: scored again (-first +then):\n%s", c, diff)
				}
			})
		})
	}
}

// checkUnit fails for what is no number of 0..1.
func checkUnit(t interface {
	Helper()
	Fatalf(string, ...any)
}, score float64) {
	t.Helper()
	if math.IsNaN(score) || score < 0 || score > 1 {
		t.Fatalf("score %v is not in 0..1", score)
	}
}

// Where one reference without a sentence costs the row (M4LE's ROUGE), or the
// shortest one sets the length (its BLEU), more of them can score less.
func TestMoreReferencesNeverScoreLess(t *testing.T) {
	for benchmark, m := range Metrics() {
		if benchmark == "m4le" && (strings.HasPrefix(m.Name, "rouge") || strings.HasPrefix(m.Name, "bleu")) || m.Name == "needle_parallel" {
			continue // needle_parallel's references are all wanted, not any
		}
		t.Run(m.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := oddCase(t)
				before := m.Score(c).Value
				c.References = append(slices.Clone(c.References), oddText(t, "one more"))
				if after := m.Score(c).Value; after < before {
					t.Fatalf("%+v: %v, without the last reference %v", c, after, before)
				}
			})
		})
	}
}

// Where a text has anything that the metric looks at, it is its own best
// answer: rouge's 1e-8 keeps it a little below 1.
func TestATextAgainstItselfScoresOne(t *testing.T) {
	type rule struct {
		metric string
		looks  func(string) bool
		want   float64
	}
	const rouge = 2 / (2 + 1e-8)
	hasSentence := func(s string) bool { return strings.Trim(s, ".") != "" }
	for _, r := range []rule{
		{"qa_f1", func(s string) bool { return len(englishTokens(s)) > 0 }, 1},
		{"qa_f1_zh", func(s string) bool { return len(chineseTokens(s)) > 0 }, 1},
		{"rouge", hasSentence, rouge},
		{"rouge_zh", hasSentence, rouge},
		{"code_sim", func(s string) bool { return codeLine(s) == s }, 1},
		{"count", func(s string) bool { runs := digitRuns(s); return len(runs) == 1 && runs[0] == s }, 1},
	} {
		m, _ := Lookup("longbench", r.metric)
		t.Run(r.metric, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				text := rapid.OneOf(rapid.Custom(func(t *rapid.T) string { return oddText(t, "text") }), rapid.StringMatching(`[0-9]{1,4}`)).Draw(t, "text")
				want := r.want
				if !r.looks(text) {
					if r.metric == "code_sim" || r.metric == "count" {
						return // only a part of the text is compared
					}
					want = 0
				}
				if got := m.Score(Case{Prediction: text, References: []string{text}}).Value; math.Abs(got-want) > 1e-12 {
					t.Fatalf("%q: want %v, got %v", text, want, got)
				}
			})
		})
	}
}

// maxFuzzed caps inputs, in bytes: the metrics are quadratic in them.
const maxFuzzed = 1 << 12

// fuzzPair fuzzes a metric of two texts.
func fuzzPair(f *testing.F, score func(t *testing.T, prediction, reference string) float64) {
	f.Add("", "")
	f.Add("...", " . ")
	f.Add("The cat. U.S. 3.14", "the\u2028cat")
	f.Add("İstanbul ΟΔΟΣ\u0301 e\u0301", "他来到了，网易")
	f.Add(strings.Repeat("ab", 120), strings.Repeat("ba ", 120))
	f.Add("\xff\xfe", "\x80")
	f.Fuzz(func(t *testing.T, prediction, reference string) {
		if len(prediction) > maxFuzzed || len(reference) > maxFuzzed {
			t.Skip("capped input")
		}
		checkUnit(t, score(t, prediction, reference))
	})
}

func FuzzQAF1(f *testing.F) {
	fuzzPair(f, func(_ *testing.T, p, r string) float64 { return max(qaF1(p, r), qaF1zh(p, r)) })
}

func FuzzRouge(f *testing.F) {
	fuzzPair(f, func(t *testing.T, p, r string) float64 {
		fast := rougeL(p, r)
		if slow := slowRouge(p, r); fast != slow {
			t.Fatalf("prediction %q, reference %q: want %v, got %v", p, r, slow, fast)
		}
		return max(fast, rougeLzh(p, r))
	})
}

func FuzzCodeSim(f *testing.F) {
	fuzzPair(f, func(t *testing.T, p, r string) float64 {
		if utf8.ValidString(p) && utf8.ValidString(r) && p+r != "" && len(p)+len(r) < 2000 {
			if want, got := oracleRatio(p, r), sequenceRatio(p, r); got != want {
				t.Fatalf("%q, %q: want %v, got %v", p, r, want, got)
			}
		}
		return codeSim(p, r)
	})
}

// FuzzEvaluate is the line decoder of lcbench metric: any bytes give a score
// that can be printed or an error, never both.
func FuzzEvaluate(f *testing.F) {
	for _, line := range []string{
		`{"id":"a","benchmark":"longbench","metric":"qa_f1","prediction":"cat","references":["a cat"]}`,
		`{"id":"a","metric":"classification","prediction":"x","references":["x"],"all_classes":["x",""]}`,
		`{"id":"j","metric":"jieba","prediction":"错读错八枝"}`,
		`{"id":"t","metric":"longbench_task","task":"trec","all_classes":["a"],"rows":[{"prediction":"\na","references":["a"],"length":4000}]}`,
		`{"id":"v","metric":"longbench_v2_table","rows":[{"prediction":"The correct answer is (A)","references":["A"],"difficulty":"easy","length":"short"}]}`,
		`{"metric":"bleu","task":"tedtalks-en2zh","rows":[{"prediction":"好 a","references":["好"],"length_bucket":1000}]}`,
		`{"benchmark":"m4le","metric":"cls_f1","task":"marc","rows":[{"prediction":",","references":["a,b."],"length_bucket":1000}]}`,
		`{"metric":"rouge","prediction":null,"references":null}`, `{"metric":"longbench_task","task":"lcc","rows":[{}]}`,
		`[]`, `null`, `5`, `{"metric":5}`, "{\"metric\":\"count\",\"prediction\":\"\\ud800\"}", ``,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) > maxFuzzed {
			t.Skip("capped input")
		}
		_, score, err := Evaluate(line)
		if err != nil {
			if score != nil {
				t.Fatalf("%q: score %v beside error %v", line, score, err)
			}
			return
		}
		if number, ok := score.(float64); ok {
			checkUnit(t, number)
		}
		if _, err := json.Marshal(score); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	})
}
