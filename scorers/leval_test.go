package scorers

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFloatsArePythons(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       float64
		ok         bool
	}{
		{"white space around it", "\u2003 1.5\n", 1.5, true},
		{"digits of another script", "١٢", 12, true},
		{"wide digits", "１.５", 1.5, true},
		{"mathematical bold digits", "𝟙𝟚", 12, true},
		{"underscores between digits", "1_000e1_0", 1e13, true},
		{"an underscore at the end", "1_", 0, false},
		{"an underscore before the point", "1_.0", 0, false},
		{"two underscores", "1__0", 0, false},
		{"no digit before the point", "-.5e-3", -0.0005, true},
		{"no digit behind it", "5.", 5, true},
		{"the point alone", ".", 0, false},
		{"infinity by name", "+Infinity", math.Inf(1), true},
		{"too large for 64 bits", "-1e999", math.Inf(-1), true},
		{"hexadecimal", "0x10", 0, false},
		{"a superscript", "2²", 0, false},
		{"a unit separator, which is no white space to float", "\x1c1", 0, false},
		{"a Unicode minus", "−1", 0, false},
		{"nothing", " ", 0, false},
		{"two signs before nan", "+-nan", 0, false},
	} {
		if got, ok := pyFloat(c.text); ok != c.ok || got != c.want {
			t.Errorf("%s: %q: want %v %v, got %v %v", c.name, c.text, c.want, c.ok, got, ok)
		}
	}
	if got, ok := pyFloat(" -NaN"); !ok || !math.IsNaN(got) {
		t.Errorf("-NaN: got %v %v", got, ok)
	}
}

func TestAnswersAreExtractedByTask(t *testing.T) {
	for _, c := range []struct {
		name, task, prediction, reference, want string
		score                                   float64
	}{
		{"letters as they stand", "coursera", "ABC", "ABC", "ABC", 1},
		{"some of the right letters", "coursera", "AC", "ABC", "AC", 0.25},
		{"a wrong letter among them", "coursera", "A. x B) y", "AC", "AB", 0},
		{"letters out of order with repeats", "coursera", "CAAB is it", "ABC", "ABC", 1},
		{"letters before the next question", "coursera", "The answers: B) and C. Question 2: A)", "BC", "BC", 1},
		{"an unmarked run of letters", "coursera", "xDDy", "DD", "DD", 1},
		{"no letter at all", "coursera", "none", "A", "A", 1},
		{"white space", "tpo", " \n", "A", "None", 0},
		{"the first letter, inside a word too", "tpo", "I CANNOT say: B", "C", "C", 1},
		{"a reference with its text", "quality", "B", "(B) Their cat", "B", 1},
		{"the word behind the phrase", "gsm100", "The answer is $1,200.50 now", "1200", "1200", 1},
		{"the phrase before a second space is passed over", "gsm100", "The answer is  7. The answer is 8", "8", "8", 1},
		{"the last word with a digit before a blank line", "gsm100", "3 cats, so 12\n\n99", "12", "12", 1},
		{"a sign is lost", "gsm100", "The answer is -5", "5", "5", 1},
		{"nothing against nothing", "gsm100", "none", "", "", 1},
		{"numbers compare as numbers", "gsm100", "The answer is 018", "18", "018", 1},
		{"the last words of code", "codeU", "so we get [1, 2]", "[1 2]", "so we get [1 2]", 1},
		{"behind the final output", "codeU", "the final output is [[ 1 2] [3 4] ] and so on and on", "[[1 2] [3 4]]", " [[ 1 2][3 4]] and so", 1},
		{"inside words too", "codeU", "list", "lt", "lt", 1},
		{"blanks and case don't count", "topic_retrieval_longchat", "It was THE ROLE  of art", "The role of art", "It was THE ROLE  of art", 1},
		{"an empty reference is in anything", "topic_retrieval_longchat", "x.", "", "x.", 0},
	} {
		m, ok := Lookup("leval", LEvalMetric(c.task, "exam"))
		if !ok {
			t.Fatalf("%s: no metric", c.task)
		}
		got := m.Score(Case{Prediction: c.prediction, References: []string{c.reference}})
		if got.Answer != c.want || got.Value != c.score {
			t.Errorf("%s (%s): %q against %q: want %q %v, got %q %v", c.name, c.task, c.prediction, c.reference, c.want, c.score, got.Answer, got.Value)
		}
	}
}

func TestTheBestReferenceCounts(t *testing.T) {
	for _, c := range []struct {
		metric, prediction string
		references         []string
		want               float64
	}{
		{"exam_choices", "A", []string{"AB", "D", "A"}, 1}, {"exam_choices", "A", []string{"D", "AB", "C"}, 0.25},
		{"exam_sci_fi", "True [fact: True]", []string{"False [fact: False]", "True [fact: False]"}, 0.5},
		{"f1", "a cat", []string{"dog", "cat"}, 1}, {"rouge", "x y", []string{"z", "x y"}, 1}, {"exam", "x", nil, 0},
	} {
		m, _ := Lookup("leval", c.metric)
		if got := m.Score(Case{Prediction: c.prediction, References: c.references}); got.Value != c.want {
			t.Errorf("%s: %q against %q: got %v, want %v", c.metric, c.prediction, c.references, got.Value, c.want)
		}
	}
}

func TestTrueFalseIsJudgedByPart(t *testing.T) {
	for _, c := range []struct {
		name, prediction, reference string
		want                        []float64
	}{
		{"both right", "True. [fact: no, it is False.]", "True [fact: False]", []float64{1, 1}},
		{"no answer by the world", "True", "True [fact: False]", []float64{1, 0}},
		{"a bracket that is missing takes the last letter", "False [fact: False", "False [fact: False]", []float64{1, 0}},
		{"a second mark ends the second part", "x [fact: False] [fact: True]", "False [fact: True]", []float64{0, 0}},
	} {
		got := trueFalse(Case{Prediction: c.prediction, References: []string{c.reference}})
		if diff := cmp.Diff(c.want, got.Parts); diff != "" || got.Value != (c.want[0]+c.want[1])/2 {
			t.Errorf("%s: value %v, parts (-want +got):\n%s", c.name, got.Value, diff)
		}
	}
}

func TestCasesOfLEvalAreRefusedByField(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`{"benchmark":"leval","metric":"exam","prediction":"A","references":["A"]}`, `field "task": L-Eval has no closed-ended task ""`},
		{`{"benchmark":"leval","metric":"f1","prediction":7}`, `field "prediction": want string, got number`},
		{`{"metric":"leval_judge","verdicts":[["[[A]]"]]}`, `field "verdicts": pair 1: want 2 replies, got 1`},
		{`{"metric":"rouge","prediction":"a","references":["a"]}`, `add the field "benchmark"`},
	} {
		if _, score, err := Evaluate([]byte(c.line)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want %q", c.line, score, err, c.want)
		}
	}
}

func TestAJudgeThatSaysNothingHasNoRate(t *testing.T) {
	_, score, err := Evaluate([]byte(`{"metric":"leval_judge","verdicts":[["?","??"]]}`))
	text, _ := json.Marshal(score)
	if want := `{"draws":0,"errors":2,"win_rate_1":null,"win_rate_2":null,"wins_1":0,"wins_2":0}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v; want %s", text, err, want)
	}
}

// slowRougeScore is rouge_score as it is defined: words as strings, whole
// tables.
func slowRougeScore(prediction, reference string) [3]float64 {
	x, y := slowTokens(reference), slowTokens(prediction)
	grams := func(words []string, n int) map[string]int {
		out := map[string]int{}
		for i := 0; i+n <= len(words); i++ {
			out[strings.Join(words[i:i+n], " ")]++
		}
		return out
	}
	var out [3]float64
	for n := 1; n <= 2; n++ {
		same := 0
		left := grams(x, n)
		for g, count := range grams(y, n) {
			same += min(count, left[g])
		}
		out[n-1] = slowF(same, len(y)-n+1, len(x)-n+1)
	}
	t := make([][]int, len(x)+1)
	for i := range t {
		t[i] = make([]int, len(y)+1)
		for j := 1; i > 0 && j <= len(y); j++ {
			if t[i][j] = max(t[i-1][j], t[i][j-1]); x[i-1] == y[j-1] {
				t[i][j] = t[i-1][j-1] + 1
			}
		}
	}
	out[2] = slowF(t[len(x)][len(y)], len(y), len(x))
	return out
}

func slowTokens(text string) []string {
	return strings.FieldsFunc(pyLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

func slowF(same, n, m int) float64 {
	p, r := float64(same)/math.Max(float64(n), 1), float64(same)/math.Max(float64(m), 1)
	if same == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}

func rougeOf(prediction, reference string) [3]float64 {
	return [3]float64(scoreRouge(Case{Prediction: prediction, References: []string{reference}}).Parts)
}

func TestRougeScoreIsTheSlowDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawProse(t, "prediction"), drawProse(t, "reference")
		if want, got := slowRougeScore(p, r), rougeOf(p, r); got != want {
			t.Fatalf("prediction %q, reference %q: want %v, got %v", p, r, want, got)
		}
	})
}

func FuzzRougeScore(f *testing.F) {
	f.Add("a b c", "a c")
	f.Add("The K\u212ain 3.14", "the kin\u2028 3 14 é")
	f.Add(strings.Repeat("ab ", 130), strings.Repeat("ba ab ", 120))
	f.Fuzz(func(t *testing.T, prediction, reference string) {
		if len(prediction) > maxFuzzed || len(reference) > maxFuzzed {
			t.Skip("capped input")
		}
		got := rougeOf(prediction, reference)
		for _, v := range got {
			checkUnit(t, v)
		}
		if want := slowRougeScore(prediction, reference); got != want {
			t.Fatalf("prediction %q, reference %q: want %v, got %v", prediction, reference, want, got)
		}
	})
}

// FuzzExam: any texts are extracted and scored by every kind.
func FuzzExam(f *testing.F) {
	f.Add("B) and C. Question", "BC")
	f.Add("The answer is $1,200.50", "1200")
	f.Add("the final output is [[1 2] [3 4]]", "[[1 2][3 4]]")
	f.Add("True [fact: False]", "true[FACT:")
	f.Add("\xff١_0", "\u2028")
	f.Fuzz(func(t *testing.T, prediction, reference string) {
		if len(prediction) > maxFuzzed || len(reference) > maxFuzzed {
			t.Skip("capped input")
		}
		for _, k := range examKinds() {
			s := k.score(Case{Prediction: prediction, References: []string{reference}})
			if s.Value != 0 && s.Value != 0.25 && s.Value != 1 {
				t.Errorf("%s: score %v", k.name, s.Value)
			}
		}
		checkUnit(t, trueFalse(Case{Prediction: prediction, References: []string{reference}}).Value)
	})
}
