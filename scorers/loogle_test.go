package scorers

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// measure returns a measure of a score by name.
func measure(t *testing.T, s Score, name string) Measure {
	t.Helper()
	at := slices.IndexFunc(s.Measures, func(m Measure) bool { return m.Name == name })
	if at < 0 {
		t.Fatalf("no measure %q", name)
	}
	return s.Measures[at]
}

// synonyms is a thesaurus of a few words.
type synonyms map[string][]string

func (s synonyms) Synonyms(word string) []string { return s[word] }

func (synonyms) Origin() string { return "the test" }

// Values of NLTK 3.10.4 and rouge 1.0.1 on the same words.
func TestTextMeasures(t *testing.T) {
	for _, tc := range []struct {
		name, prediction, reference string
		want                        map[string]float64
	}{
		{"equal texts", "a b c d e", "a b c d e", map[string]float64{"bleu1": 1, "bleu4": 1, "rouge-1_recall": 1, "rouge-2_recall": 1, "rouge-l_recall": 1, "meteor_exact_stem": 0.996}},
		{"bleu4 is the 4-gram precision alone", "a b c d x", "a b c d e", map[string]float64{"bleu1": 0.8, "bleu4": 0.5}},
		{"a short answer is penalised, a long one isn't", "a b", "a b c d", map[string]float64{"bleu1": math.Exp(-1), "rouge-1_recall": 0.5}},
		{"no common 4-gram leaves the smallest double", "a b c d", "d c b a", map[string]float64{"bleu1": 1, "bleu4": smallestNormal}},
		{"no common word is nothing at all", "x y", "a b", map[string]float64{"bleu1": 0, "bleu4": 0, "meteor_exact_stem": 0}},
		{"an empty answer becomes the word None", "", "None", map[string]float64{"bleu1": 1, "rouge-1_recall": 1, "meteor_exact_stem": 0.5}},
		{"white space does not", " ", "None", map[string]float64{"bleu1": 0, "rouge-1_recall": 0}},
		{"n-grams go across full stops", "a. b", "a. b", map[string]float64{"rouge-2_recall": 1}},
		{"bleu minds case, meteor does not", "A", "a", map[string]float64{"bleu1": 0, "meteor_exact_stem": 0.5}},
		{"meteor matches stems", "running dogs", "run dog", map[string]float64{"bleu1": 0, "meteor_exact_stem": 0.9375}},
		{"each word is matched once, the last one first", "a a", "a", map[string]float64{"meteor_exact_stem": 0.5 * 0.5 / (0.9*0.5 + 0.1)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := scoreText(Case{Prediction: tc.prediction, References: []string{tc.reference}})
			for name, want := range tc.want {
				if got := measure(t, s, name).Value; math.Abs(got-want) > tolerance || (got == 0) != (want == 0) {
					t.Errorf("%s of %q against %q: got %v, want %v", name, tc.prediction, tc.reference, got, want)
				}
			}
		})
	}
}

func TestMETEORSaysWhatItRestsOn(t *testing.T) {
	c := Case{Prediction: "cars", References: []string{"autos"}}
	if m := measure(t, scoreText(c), "meteor"); !strings.Contains(m.Absent, "WordNet") {
		t.Errorf("without WordNet: %+v", m)
	}
	// The stems car and auto reach the thesaurus.
	c.Thesaurus = synonyms{"car": {"car", "auto"}}
	s := scoreText(c)
	if m := measure(t, s, "meteor"); m.Value != 0.5 || m.Absent != "" || !strings.Contains(m.Note, "the test") {
		t.Errorf("with synonyms: %+v", m)
	}
	if m := measure(t, s, "meteor_exact_stem"); m.Value != 0 {
		t.Errorf("stems alone: %+v", m)
	}
}

func TestWhatIsNotComputedIsNamed(t *testing.T) {
	s := scoreText(Case{Prediction: "...", References: []string{"No."}})
	for _, name := range []string{"bert_score", "judge", "meteor"} {
		if measure(t, s, name).Absent == "" {
			t.Errorf("%s has a value", name)
		}
	}
	if m := measure(t, s, "rouge_error"); m.Unit != UnitFlag || m.Value != 1 {
		t.Errorf("a text of full stops: %+v", m)
	}
}

func TestTimelines(t *testing.T) {
	for _, tc := range []struct {
		name, prediction, reference string
		valid                       bool
		want                        deviations
	}{
		{"the right order, in prose", "(II) then I, then III.", "II,I,III", true, deviations{}},
		{"reversed", "III > I > II", "II,I,III", true, deviations{8.0 / 3, 4.0 / 3, 1, 2}},
		{"Arabic numbers", "Order: 3, 1 and 02", "2,1,3", true, deviations{8.0 / 3, 4.0 / 3, 1, 2}},
		{"a numeral too many", "II, I, III, I", "II,I,III", false, deviations{}},
		{"a pronoun is a numeral", "I think II, I, III", "II,I,III", false, deviations{}},
		{"a numeral inside a word is none", "IIa II éI I III_ III", "II,I,III", true, deviations{}},
		{"nothing", "", "II,I,III", false, deviations{}},
		{"no reference", "I", "", false, deviations{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, _, ok := reorder(tc.prediction, tc.reference)
			if ok != tc.valid || d != tc.want {
				t.Errorf("%q against %q: got %+v, valid %v; want %+v, valid %v", tc.prediction, tc.reference, d, ok, tc.want, tc.valid)
			}
		})
	}
}

func TestAnInvalidTimelineCountsAsTheMaximum(t *testing.T) {
	s := scoreTimeline(Case{Prediction: "no idea", References: []string{"II,I,III,IV"}})
	for name, want := range map[string]float64{
		"valid_order": 0, "right_order": 0, "location_square_deviation_or_maximum": 5, "location_mean_deviation_or_maximum": 2,
		"swap_deviation_or_maximum": 3, "swap_distance_deviation_or_maximum": 4, "swap_deviation_or_maximum_share": 1,
	} {
		if got := measure(t, s, name).Value; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if slices.ContainsFunc(s.Measures, func(m Measure) bool { return m.Name == "swap_deviation" }) {
		t.Error("an invalid order has a deviation of its own")
	}
	for _, p := range []struct {
		text string
		want float64
	}{{"1", 0}, {"2", 1}} {
		s := scoreTimeline(Case{Prediction: p.text, References: []string{"1"}})
		if got := measure(t, s, "swap_deviation_or_maximum_share").Value; got != p.want {
			t.Errorf("one item, answer %s: share %v, want %v", p.text, got, p.want)
		}
	}
}

// All permutations of up to six items: the maxima are reached and never
// passed, only the right order is 0, and a permutation's inverse measures the
// same.
func TestDeviationsOfAllPermutations(t *testing.T) {
	for n := 2; n <= 6; n++ {
		var reached deviations
		permute(n, func(p []int) {
			d := deviate(p)
			inverse := make([]int, n)
			for i, place := range p {
				inverse[place] = i
			}
			if other := deviate(inverse); math.Abs(other.LocationSquare-d.LocationSquare) > tolerance || other.Swap != d.Swap || other.SwapDistance != d.SwapDistance {
				t.Errorf("%v: %+v, its inverse %+v", p, d, other)
			}
			if (d == deviations{}) != slices.IsSorted(p) {
				t.Errorf("%v: %+v", p, d)
			}
			reached = deviations{max(reached.LocationSquare, d.LocationSquare), max(reached.LocationMean, d.LocationMean), max(reached.Swap, d.Swap), max(reached.SwapDistance, d.SwapDistance)}
		})
		want := maxima(n)
		if math.Abs(reached.LocationSquare-want.LocationSquare) > tolerance || math.Abs(reached.LocationMean-want.LocationMean) > tolerance || reached.Swap != want.Swap || reached.SwapDistance != want.SwapDistance {
			t.Errorf("n = %d: at most %+v, want %+v", n, reached, want)
		}
	}
}

// permute calls visit with every permutation of 0..n-1.
func permute(n int, visit func([]int)) {
	p := make([]int, 0, n)
	var next func()
	next = func() {
		if len(p) == n {
			visit(p)
			return
		}
		for v := range n {
			if !slices.Contains(p, v) {
				p = append(p, v)
				next()
				p = p[:len(p)-1]
			}
		}
	}
	next()
}

func TestClozeCountsMasks(t *testing.T) {
	masks, entities := []string{"<mask-0>", "<mask-1>"}, []string{"Los Angeles", "Esther"}
	for _, tc := range []struct {
		prediction     string
		exact, partial int
	}{
		{"{'<mask-0>': 'Los Angeles', '<mask-1>': 'Esther'}", 2, 2},
		{"{'<mask-0>': 'in Los', '<mask-1>': 'esther'}", 0, 1},
		{"{'<mask-1>': 'Esther ', '<mask-2>': 'Los Angeles'}", 0, 1},
		{"{'<mask-0>': ['Los Angeles'], '<mask-1>': 'Esther'}", 1, 1}, // a list is no match
		{"{'<mask-0>': null, '<mask-1>': 'Esther'}", 0, 0},            // no literal at all
		{"[('<mask-0>', 'Los Angeles')]", 0, 0},
	} {
		if got := cloze(tc.prediction, masks, entities); got != (clozeCount{tc.exact, tc.partial, 2}) {
			t.Errorf("%s: got %+v, want %d exact, %d partial of 2", tc.prediction, got, tc.exact, tc.partial)
		}
	}
}

func TestUpstreamsEvaluationShapes(t *testing.T) {
	for line, want := range map[string]string{
		`{"metric":"cloze","prediction":"{}","references":["x"]}`:                              `field "references": want`,
		`{"metric":"cloze","prediction":"{}","references":[]}`:                                 `want one object of masks and entities, got 0`,
		`{"metric":"reorder","prediction":"I","references":["I","II"]}`:                        `want one order, got 2`,
		`{"metric":"loogle_text","benchmark":"loogle","prediction":7,"references":["I","II"]}`: `field "prediction": want string, got number`,
	} {
		if _, _, err := Evaluate([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

// A match is never lost by more text in the reference's order, and METEOR of
// any two texts lies in 0..1.
func TestMETEORIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "cats", "cat", "running", "ran"}), 0, 12)
		h, r := words.Draw(t, "hypothesis"), words.Draw(t, "reference")
		plain, more := meteor(h, r, nil), meteor(h, r, synonyms{"ran": {"run"}})
		for _, v := range []float64{plain, more} {
			if v < 0 || v > 1 {
				t.Fatalf("%q against %q: %v", h, r, v)
			}
		}
		if slices.Equal(h, r) && len(h) > 0 && plain < 0.5 {
			t.Fatalf("%q against itself: %v", h, plain)
		}
	})
}

func FuzzLooGLEText(f *testing.F) {
	fuzzPair(f, func(_ *testing.T, p, r string) float64 {
		return scoreTimeline(Case{Prediction: p, References: []string{r}}).Value
	})
}
