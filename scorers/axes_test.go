package scorers

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// asPrinted is as exactly as the spec's worked examples are printed.
var asPrinted = cmpopts.EquateApprox(0, 1e-6)

// numberedWords is a text of n words "w0 w1 …" in which some are others, with the
// byte ranges of its words.
func numberedWords(n int, others map[int]string) (string, []Span) {
	var b strings.Builder
	spans := make([]Span, n)
	for i := range n {
		word := fmt.Sprintf("w%d", i)
		if other, ok := others[i]; ok {
			word = other
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		spans[i] = Span{Start: b.Len(), End: b.Len() + len(word)}
		b.WriteString(word)
	}
	return b.String(), spans
}

// ofWords are the byte ranges of ranges of words.
func ofWords(words, ranges []Span) []Span {
	out := make([]Span, len(ranges))
	for i, r := range ranges {
		out[i] = Span{Start: words[r.Start].Start, End: words[r.End-1].End}
	}
	return out
}

// The sums of taxonomy.md's worked sample, written out.
func TestAxesOfTheWorkedSample(t *testing.T) {
	context, words := numberedWords(192, map[int]string{5: "mayor", 40: "mayor", 72: "Mayor", 75: "elected"})
	tokens := []Span{{70, 80}, {150, 155}}
	got, _, err := MeasureAxes(Located{
		Context: context, Question: "mayor elected?", Evidence: ofWords(words, tokens), EvidenceTokens: tokens, Tokens: 192, Hops: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	entropy := 0.0 // 6.8, 3.2, 3.6 and 1.4 of 15 tokens lie in four of the tenths
	for _, tokens := range []float64{6.8, 3.2, 3.6, 1.4} {
		entropy -= tokens / 15 * math.Log(tokens/15)
	}
	want := Axes{
		Scope:      math.Log(1+15./32) / math.Log(1+192./32),
		Dispersion: entropy / math.Log(10),
		Obscurity:  (0 + 1) / 2., // the second window is found at once, the third is behind the only other one
		Chain:      1 - 1/2.,
	}
	want.Diffusion = (want.Dispersion + want.Obscurity + want.Chain) / 3
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, tolerance)); diff != "" {
		t.Error(diff)
	}
	printed := Axes{Scope: 0.197549, Dispersion: 0.543771, Obscurity: 0.5, Chain: 0.5, Diffusion: 0.514590}
	if diff := cmp.Diff(printed, got, asPrinted); diff != "" {
		t.Error("the spec's figures:", diff)
	}
	if LevelOf(got.Scope) != LevelLow || LevelOf(got.Diffusion) != LevelMid {
		t.Errorf("levels: scope %s, diffusion %s", LevelOf(got.Scope), LevelOf(got.Diffusion))
	}
}

func TestScopeAndDispersion(t *testing.T) {
	spread := make([]Span, 20) // two of 30 tokens in each tenth
	for i := range spread {
		spread[i] = Span{Start: 1600*i + 100, End: 1600*i + 130}
	}
	for _, tt := range []struct {
		name       string
		n          int
		spans      []Span
		scope      float64
		dispersion float64
	}{
		{"a needle", 32000, []Span{{16000, 16030}}, 0.095733, 0},
		{"twenty needles, two in each tenth", 32000, spread, 0.431806, 1},
		{"all of it", 32000, []Span{{0, 32000}}, 1, 1},
		{"a thread through four tenths", 32000, []Span{{100, 140}, {9000, 9040}, {17000, 17040}, {30000, 30040}}, math.Log(6) / math.Log(1001), math.Log(4) / math.Log(10)},
		{"a needle on a border of tenths", 32000, []Span{{3190, 3210}}, 0.070274, 0.301030},
		{"overlapping spans are merged", 1000, []Span{{150, 260}, {100, 200}}, 0.515834, 0.287313},
		{"touching spans are merged", 1000, []Span{{0, 50}, {50, 100}}, 0.407963, 0},
		{"an empty span is ignored", 1000, []Span{{0, 50}, {700, 700}, {50, 100}, {2000, 2000}}, 0.407963, 0},
		{"nothing", 1000, nil, 0, 0},
		{"no context", 0, nil, 0, 0},
		{"30 of 4,000", 4000, []Span{{0, 30}}, 0.1368, 0}, {"30 of 128,000", 128000, []Span{{0, 30}}, 0.0797, 0},
		{"300 of 4,000", 4000, []Span{{0, 300}}, 0.4837, 0}, {"300 of 128,000", 128000, []Span{{0, 300}}, 0.2820, 0},
		{"3,000 of 32,000", 32000, []Span{{0, 3000}}, 0.6588, 0}, {"3,000 of 128,000", 128000, []Span{{0, 3000}}, 0.5487, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := MeasureAxes(Located{EvidenceTokens: tt.spans, Tokens: tt.n})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got.Scope-tt.scope) > 5e-5 || math.Abs(got.Dispersion-tt.dispersion) > 5e-7 {
				t.Errorf("got scope %.6f, dispersion %.6f; want %.6f, %.6f", got.Scope, got.Dispersion, tt.scope, tt.dispersion)
			}
			if want := got.Dispersion / 3; got.Diffusion != want || got.Chain != 0 || got.Obscurity != 0 {
				t.Errorf("got %+v, want diffusion %v", got, want)
			}
		})
	}
}

// A thread of four needles of 40 words in 500 windows: the question names the
// first, of the others no word.
func TestAxesOfAThread(t *testing.T) {
	others := map[int]string{3210: "key"}
	context, words := numberedWords(32000, others)
	tokens := []Span{{3200, 3240}, {9600, 9640}, {16000, 16040}, {28800, 28840}}
	got, _, err := MeasureAxes(Located{
		Context: context, Question: "Which value has the KEY?", Evidence: ofWords(words, tokens), EvidenceTokens: tokens, Tokens: 32000, Hops: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	// 496 windows hold no evidence and score 0 as the three do, so that each is
	// behind half of them: as good as chance.
	want := Axes{Scope: 0.259346, Dispersion: 0.602060, Obscurity: 0.75, Chain: 0.75, Diffusion: 0.700687}
	if diff := cmp.Diff(want, got, asPrinted); diff != "" {
		t.Error(diff)
	}
}

func TestObscurity(t *testing.T) {
	long := map[int]string{}
	for i := range 64 {
		long[64+i] = "harbour"
	}
	for _, tt := range []struct {
		name     string
		n        int
		others   map[int]string
		question string
		evidence []Span // in words
		want     float64
	}{
		{"found at once", 640, map[int]string{100: "mayor"}, "the Mayor?", []Span{{99, 102}}, 0},
		{"a lexical distractor is found ahead of it", 640, map[int]string{100: "mayor", 300: "mayor", 301: "mayor"}, "mayor", []Span{{100, 101}}, math.Log2(2) / math.Log2(1+9/2.)},
		{"no word of the question anywhere", 640, nil, "mayor", []Span{{0, 1}}, 1},
		{"as good a distractor counts half", 640, map[int]string{0: "mayor", 64: "mayor"}, "mayor", []Span{{0, 1}}, math.Log2(1.5) / math.Log2(1+9/2.)},
		{"nothing but evidence", 128, long, "harbour", []Span{{0, 128}}, 0},
		{"no evidence", 128, long, "harbour", nil, 0},
		{"an empty question finds nothing", 192, nil, "", []Span{{0, 1}}, math.Log2(1+1.) / math.Log2(1+1.)},
		{"found by everything but it: no worse than chance", 192, map[int]string{70: "mayor", 140: "mayor"}, "mayor", []Span{{0, 1}}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			context, words := numberedWords(tt.n, tt.others)
			got := search(context, tt.question, ofWords(words, tt.evidence)).obscurity()
			if math.Abs(got-tt.want) > tolerance {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// A span between two windows' words belongs to neither.
func TestSpansBetweenWordsHoldNoEvidence(t *testing.T) {
	context, words := numberedWords(128, nil)
	gap := Span{Start: words[63].End, End: words[64].Start}
	if got := search(context, "nothing", []Span{gap}).obscurity(); got != 0 {
		t.Errorf("got %v, want 0", got)
	}
	gap.End++
	if got := search(context, "nothing", []Span{gap}).obscurity(); got == 0 {
		t.Error("with a character of the second window: got 0")
	}
}

func TestSearchedWords(t *testing.T) {
	for text, want := range map[string][]string{
		"The mayor's 2nd_term, THE MAYOR": {"the", "mayor", "s", "2nd", "term"},
		"在卑尔根, abc東京x":                    {"在", "卑", "尔", "根", "abc", "東", "京", "x"},
		"ΟΔΟΣ ½² 𠀀𠀁 한국어 ٣":                {"οδος", "½²", "𠀀", "𠀁", "한국어", "٣"},
		"Zürich e\u0301 İ":                {"zürich", "e", "i\u0307"},
		"\xff—\x80 ":                      nil,
	} {
		terms := searchedWords(text)
		got := make([]string, len(terms))
		for word, i := range terms {
			got[i] = word
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestEvidenceOutsideTheContextIsAnError(t *testing.T) {
	for _, tt := range []struct {
		name string
		l    Located
		want string
	}{
		{"behind the last token", Located{Tokens: 10, EvidenceTokens: []Span{{0, 1}, {5, 11}}}, "evidence span 2, [5, 11), lies outside the context of 10 tokens"},
		{"ahead of the first", Located{Tokens: 10, EvidenceTokens: []Span{{-1, 3}}}, "evidence span 1, [-1, 3), lies outside the context of 10 tokens"},
		{"behind the last byte", Located{Context: "abc", Evidence: []Span{{0, 4}}}, "evidence span 1, [0, 4), lies outside the context of 3 bytes"},
		{"the wrong way round", Located{Tokens: 10, EvidenceTokens: []Span{{3, 1}}}, "evidence span 1, [3, 1) in tokens, ends before it starts"},
	} {
		if _, _, err := MeasureAxes(tt.l); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestTokensOfASpanShareAByteWithIt(t *testing.T) {
	ends := []int{3, 5, 6, 10}
	for _, tt := range []struct{ span, want Span }{
		{Span{0, 3}, Span{0, 1}}, {Span{0, 10}, Span{0, 4}}, {Span{2, 4}, Span{0, 2}}, {Span{3, 6}, Span{1, 3}},
		{Span{4, 5}, Span{1, 2}}, {Span{9, 10}, Span{3, 4}}, {Span{5, 7}, Span{2, 4}},
	} {
		if got := TokenSpans(ends, []Span{tt.span, {4, 4}}); !slices.Equal(got, []Span{tt.want}) {
			t.Errorf("bytes %v: got tokens %v, want %v", tt.span, got, tt.want)
		}
	}
	// A code point of three bytes in two tokens belongs to both.
	if got := TokenSpans([]int{1, 2, 4, 5}, []Span{{1, 4}}); !slices.Equal(got, []Span{{1, 3}}) {
		t.Errorf("a code point in two tokens: got %v", got)
	}
	// A token with the ends of two spans belongs to each; it counts once.
	got, _, err := MeasureAxes(Located{EvidenceTokens: TokenSpans(ends, []Span{{6, 7}, {8, 10}}), Tokens: 4})
	if want := math.Log(1+1./32) / math.Log(1+4./32); err != nil || math.Abs(got.Scope-want) > tolerance {
		t.Errorf("a token of two spans: got %+v, %v; want a scope of %v", got, err, want)
	}
}

func TestLevelsOfBordersAreTheHigherOnes(t *testing.T) {
	whole, _, err := MeasureAxes(Located{Context: "a", Evidence: []Span{{0, 1}}, EvidenceTokens: []Span{{0, 3}}, Tokens: 3})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[float64]Level{
		0: "low", 0.3333: "low", 1. / 3: "mid", whole.Diffusion: "mid", 0.6666: "mid", 2. / 3: "high", 1: "high",
		LevelLow.Value(): "low", LevelMid.Value(): "mid", LevelHigh.Value(): "high",
	} {
		if got := LevelOf(value); got != want {
			t.Errorf("%v: got %s, want %s", value, got, want)
		}
	}
}

func TestCasesOfAxesNameWhatIsWrong(t *testing.T) {
	for line, want := range map[string]string{
		`{"context":"ab","context_tokens":2,"evidence_tokens":[[0,3]]}`: `field "evidence_tokens": evidence span 1, [0, 3), lies outside the context of 2 tokens`,
		`{"context":"市ab","evidence_chars":[[0,4]]}`:                    `field "evidence_chars": evidence span 1, [0, 4), lies outside the context of 3 characters`,
		`{"context":"ab","evidence_chars":[[0]]}`:                       `field "evidence_chars": span 1: want [start, end], got 1 numbers`,
		`{"context":"ab","context_tokens":-1}`:                          `field "context_tokens": want 0 or more, got -1`,
		`{"context":1}`:                                                 `field "context": want string, got number`,
	} {
		full := strings.Replace(line, "{", `{"metric":"axes",`, 1)
		if _, _, err := Evaluate([]byte(full)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", line, err, want)
		}
	}
}

func TestAxesStayWithinZeroAndOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Located{Context: oddText(t, "context"), Question: oddText(t, "question"), Tokens: rapid.IntRange(0, 200).Draw(t, "tokens"), Hops: rapid.IntRange(-1, 9).Draw(t, "hops")}
		l.Context = strings.Repeat(l.Context+" ", rapid.IntRange(1, 40).Draw(t, "times"))
		l.Evidence = someSpans(t, "bytes", len(l.Context))
		l.EvidenceTokens = someSpans(t, "tokens", l.Tokens)
		a, beside, err := MeasureAxes(l)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range []Optional{beside.Extent, beside.Overlap, beside.Distractor} {
			if !(o.Value >= 0 && o.Value <= float64([]int{1, 1, 2}[i])) || !o.Known && o.Value != 0 {
				t.Fatalf("%+v", beside)
			}
		}
		for _, v := range []float64{a.Scope, a.Dispersion, a.Obscurity, a.Chain, a.Diffusion} {
			if !(v >= 0 && v <= 1+1e-12) {
				t.Fatalf("%+v", a)
			}
		}
	})
}

func someSpans(t *rapid.T, label string, n int) []Span {
	var out []Span
	for range rapid.IntRange(0, 5).Draw(t, label) {
		a, b := rapid.IntRange(0, n).Draw(t, "start"), rapid.IntRange(0, n).Draw(t, "end")
		out = append(out, Span{min(a, b), max(a, b)})
	}
	return out
}

func TestPriorsAreFoundByTaskOrCategory(t *testing.T) {
	for _, tt := range []struct {
		benchmark, task, category string
		want                      AxesPrior
	}{
		{"longbench", "multifieldqa_zh", "Single-Doc QA", AxesPrior{LevelLow, LevelLow, "", "ll"}},
		{"longbench-e", "passage_count", "", AxesPrior{LevelHigh, LevelHigh, AxesOfWhole, "lh"}},
		{"leval", "codeU", "Closed-ended", AxesPrior{LevelHigh, LevelMid, "", "hl"}},
		{"m4le", "mnds-news_explicit-single", "explicit-single", AxesPrior{LevelLow, LevelLow, "", ""}},
		{"m4le", "booksum", "global", AxesPrior{LevelMid, LevelHigh, AxesAssigned, ""}},
		{"needlebench", "reasoning_zh", "Multi-reasoning", AxesPrior{LevelMid, LevelMid, "", ""}},
		{"needle-threading", "single_thread", "Threads", AxesPrior{LevelHigh, LevelLow, "", ""}},
		{"liconbench", "Few-NERD", "", AxesPrior{LevelMid, LevelHigh, "", ""}},
	} {
		if got, ok := PriorOf(tt.benchmark, tt.task, tt.category); !ok || got != tt.want {
			t.Errorf("%s %s (%s): got %+v, %v; want %+v", tt.benchmark, tt.task, tt.category, got, ok, tt.want)
		}
	}
	for _, name := range []string{"", "qasper2", "booksum"} {
		if got, ok := PriorOf("longbench", name, ""); ok {
			t.Errorf("%q: got %+v", name, got)
		}
	}
	if got := (AxesPrior{Diffusion: LevelHigh, Scope: LevelMid}).Axes(); got != (Axes{Diffusion: 5. / 6, Scope: 1. / 2}) {
		t.Errorf("values: %+v", got)
	}
}
