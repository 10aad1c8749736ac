package scorers

import (
	"math"
	"strings"
	"testing"
)

// Wanted values follow by hand from the definitions.
func TestBoxedAnswers(t *testing.T) {
	for text, want := range map[string]string{
		`\boxed{Dan Newton}`:                 "Dan Newton",
		`\boxed{A} then \boxed{B}`:           "B",
		`\boxed{A} then \boxed B`:            "None", // the last box has no brace of its own
		`\boxed{A} then \fbox{B}`:            "A",
		`\fbox{A}`:                           "None",
		`\boxed{{A}}`:                        "A",
		`\boxed{{A}{B}}`:                     "A}{B",  // one pair goes, the first and the last
		"\\boxed{{A\nB}}":                    "{A B}", // a dot matches no line end
		"\\boxed{{A}\n}":                     "A",
		`\boxed{}`:                           "None",
		`\boxed{{}}`:                         "None",
		`\boxed{\text{Dan} \text{Newton}}`:   "Dan Newton",
		`\boxed{\text{}}`:                    "text{}", // an empty command is none
		`\boxed{\[Dan\]}`:                    "Dan",
		`\boxed{Dan\\Newton}`:                "DanNewton",
		"\\boxed{ Dan\u3000 \n Newton }":     "Dan Newton",
		`\boxed{"Dan's"}`:                    "Dans",
		`\boxed{Dan~Newton}`:                 "Dan Newton",
		`\boxed{Dan \{Newton\}}`:             `Dan {Newton}`,
		`\boxed{Dan`:                         "None",
		strings.Repeat(`\boxed{`, 3) + "x}}": "x",
	} {
		if got := boxedAnswer(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestAnAbsentBoxIsNoAnswer(t *testing.T) {
	if s := scoreATC(Case{Prediction: "Dan", References: []string{"Dan"}}); !s.NoAnswer || s.Value != 0 {
		t.Errorf("got %+v", s)
	}
	if s := scoreATC(Case{Prediction: `\boxed{ ~Dan}`, References: []string{"Eve", " Dan\n"}}); s.NoAnswer || s.Value != 1 {
		t.Errorf("both are stripped: got %+v", s)
	}
}

func TestNeedleV1(t *testing.T) {
	for _, c := range []struct {
		name, prediction, needle, keyword string
		trim                              bool
		want                              float64
	}{
		{"the keyword is enough", "x key y", "other", "key", false, 1},
		{"and has to stand there as it is", "k e y", "key", "key", false, 0.2},
		{"two empty texts are alike", " ", "\u3000", "k", false, 0.2},
		{"half of the characters", "abcd", "abxx", "k", false, 0.1},
		{"characters, not bytes", "北极熊", "北极星", "k", false, 0.2 * 2 / 3},
		{"cut at 1.2 times the needle", "abcdefghijXXXX", "abcdefghi.", "k", true, 0.2 * (1 - 3.0/12)},
		{"cut behind the last character from 0.8 times on", "abcdefghjXX", "abcdefghij", "k", true, 0.2 * 0.9},
		{"an empty needle leaves nothing", "abc", "", "k", true, 0.2},
	} {
		if got := needleV1(c.prediction, c.needle, c.keyword, c.trim); math.Abs(got-c.want) > tolerance {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if s := scoreNeedleV1(Case{Prediction: "ab", References: []string{"zz", "ab"}, Classes: []string{"q", "ab"}}); s.Value != 1 {
		t.Errorf("the best needle counts: got %v", s.Value)
	}
}

func TestParallelNeedlesAreCountedByDepth(t *testing.T) {
	s := scoreParallel(Case{Prediction: "one, three", References: []string{"one", "two", "three"}, Classes: []string{"0", "50", "100"}})
	if math.Abs(s.Value-2.0/3) > tolerance {
		t.Errorf("score %v, want 2/3", s.Value)
	}
	for name, want := range map[string]float64{"depth_0": 1, "depth_50": 0, "depth_100": 1} {
		if got := measure(t, s, name).Value; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestSetsOfAnswersWithoutAnswersOrDepthsAreRefused(t *testing.T) {
	for line, want := range map[string]string{
		`{"metric":"needle_parallel","predictions":[],"keywords":["a"],"depths":[0]}`:     `field "predictions"`,
		`{"metric":"needle_parallel","predictions":["a"],"keywords":["a"],"depths":[]}`:   `field "depths": want one for each of 1 keywords, got 0`,
		`{"metric":"needle_parallel","predictions":"a"}`:                                  `field "predictions": want a list of strings`,
		`{"metric":"needle_v1","prediction":"a","references":["a"]}`:                      `field "keyword": missing`,
		`{"metric":"needle_v1","prediction":"a","references":"a","keyword":"k"}`:          `references`,
		`{"metric":"needle_keyword","prediction":1,"references":["a"]}`:                   `field "prediction": want string`,
		`{"metric":"needle_parallel","predictions":["a"],"keywords":["a"],"depths":{}}`:   `field "depths": want a list of numbers`,
		`{"metric":"needle_parallel","predictions":["a"],"keywords":["a"],"depths":[[]]}`: `depths`,
	} {
		if _, _, err := Evaluate([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %s", line, err, want)
		}
	}
}
