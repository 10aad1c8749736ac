package scorers

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The examples (A) to (D) of taxonomy.md on contexts of 32,000 words, one token
// each, in 500 windows of 64. Beside each stands its sum, behind it what the spec
// prints.
func TestWorkedExamplesOfTheSpec(t *testing.T) {
	const n = 32000
	full := math.Log(1 + n/32.) // ln(1001)
	inEachTenth := make([]Span, 20)
	words := map[int]string{}
	for i := range inEachTenth { // two needles in each tenth; each reaches into a second window
		inEachTenth[i] = Span{Start: 1600*i + 100, End: 1600*i + 130}
		words[1600*i+100], words[1600*i+129] = "harbour", "harbour"
	}
	for _, tt := range []struct {
		name             string
		others           map[int]string
		evidence         []Span
		hops             int
		want             Axes
		printed          [2]float64 // scope and diffusion, to four digits
		diffusion, scope Level
	}{
		{
			"(A) one needle of 30 tokens, found at once", map[int]string{16010: "harbour"}, []Span{{16000, 16030}}, 1,
			Axes{Scope: math.Log(1+30/32.) / full}, [2]float64{0.0957, 0}, LevelLow, LevelLow,
		},
		{
			"(B) twenty needles of 30 tokens, two in each tenth, found at once", words, inEachTenth, 1,
			Axes{Scope: math.Log(1+600/32.) / full, Dispersion: 1, Diffusion: (1 + 0 + 0) / 3.}, [2]float64{0.4318, 0.3333}, LevelMid, LevelMid,
		},
		{
			"(C) the whole document", nil, []Span{{0, n}}, 1,
			Axes{Scope: 1, Dispersion: 1, Diffusion: (1 + 0 + 0) / 3.}, [2]float64{1, 0.3333}, LevelMid, LevelHigh,
		},
		{
			// Of 500 windows the first needle's is found at once (0); the other three have
			// no word of the question, as the 496 without a needle (1 each).
			"(D) a thread of four needles of 40 tokens in four tenths", map[int]string{3210: "harbour"},
			[]Span{{3200, 3240}, {9600, 9640}, {16000, 16040}, {28800, 28840}}, 4,
			Axes{
				Scope: math.Log(1+160/32.) / full, Dispersion: math.Log(4) / math.Log(10), Obscurity: (0 + 1 + 1 + 1) / 4., Chain: 1 - 1/4.,
				Diffusion: (math.Log(4)/math.Log(10) + 0.75 + 0.75) / 3,
			}, [2]float64{0.2593, 0.7007}, LevelHigh, LevelLow,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			context, words := numberedWords(n, tt.others)
			got, _, err := MeasureAxes(Located{
				Context: context, Question: "the Harbour?", Evidence: ofWords(words, tt.evidence), EvidenceTokens: tt.evidence, Tokens: n, Hops: tt.hops,
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, tolerance)); diff != "" {
				t.Error(diff)
			}
			if math.Abs(got.Scope-tt.printed[0]) > 5e-5 || math.Abs(got.Diffusion-tt.printed[1]) > 5e-5 {
				t.Errorf("scope %.4f, diffusion %.4f; the spec prints %v", got.Scope, got.Diffusion, tt.printed)
			}
			if LevelOf(got.Diffusion) != tt.diffusion || LevelOf(got.Scope) != tt.scope {
				t.Errorf("levels: diffusion %s, scope %s", LevelOf(got.Diffusion), LevelOf(got.Scope))
			}
		})
	}
}

// The spec's table of scopes, line by line.
func TestScopesOfTheSpec(t *testing.T) {
	for evidence, printed := range map[int][3]float64{
		30: {0.1368, 0.0957, 0.0797}, 300: {0.4837, 0.3386, 0.2820}, 3000: {0.9411, 0.6588, 0.5487},
	} {
		for i, n := range []int{4000, 32000, 128000} {
			got, _, err := MeasureAxes(Located{EvidenceTokens: []Span{{0, evidence}}, Tokens: n})
			want := math.Log(1+float64(evidence)/32) / math.Log(1+float64(n)/32)
			if err != nil || math.Abs(got.Scope-want) > tolerance || math.Abs(got.Scope-printed[i]) > 5e-5 {
				t.Errorf("%d of %d: got %v, %v; want %v, which the spec prints as %v", evidence, n, got.Scope, err, want, printed[i])
			}
		}
	}
}

// One short span reaches a diffusion of 1/3 + 0.1003 at the most: nobody finds it,
// and a border of tenths goes through its middle.
func TestTheMostOfOneShortSpan(t *testing.T) {
	context, words := numberedWords(3200, map[int]string{100: "harbour"})
	span := []Span{{310, 330}}
	got, _, err := MeasureAxes(Located{Context: context, Question: "harbour", Evidence: ofWords(words, span), EvidenceTokens: span, Tokens: 3200})
	if want := 1/3. + math.Log(2)/math.Log(10)/3; err != nil || math.Abs(got.Diffusion-want) > tolerance || math.Abs(want-(1/3.+0.1003)) > 5e-5 {
		t.Errorf("got %+v, %v; want a diffusion of %v", got, err, want)
	}
}

// Values without tokens are 0, and no evidence is none of all.
func TestAnEmptyContextHasNoPlace(t *testing.T) {
	got, beside, err := MeasureAxes(Located{Question: "harbour"})
	if err != nil || got != (Axes{}) || beside != (Beside{}) {
		t.Errorf("got %+v, %+v, %v", got, beside, err)
	}
}

func TestBesideTheAxes(t *testing.T) {
	known := func(v float64) Optional { return Optional{Value: v, Known: true} }
	// Of the worked sample: window 1 scores 0.646255, window 2 1.450833, window 3 0.
	worked := map[int]string{5: "mayor", 40: "mayor", 72: "Mayor", 75: "elected"}
	idf := func(df float64) float64 { return math.Log(1 + (3-df+0.5)/(df+0.5)) }
	first, second := idf(2)*2*2.2/(2+1.2), (idf(2)+idf(1))*2.2/(1+1.2)
	for _, tt := range []struct {
		name, question string
		others         map[int]string
		evidence       []Span // in words, of 192
		alternatives   int
		want           Beside
	}{
		{"both words stand in evidence", "mayor elected?", worked, []Span{{70, 80}, {150, 155}}, 1, Beside{known((154 - 70) / 192.), known(2 / 2.), known(first / second), 1}},
		{"a word that stands elsewhere isn't in it", "the Mayor elected?", worked, []Span{{74, 76}}, 0, Beside{known((75 - 74) / 192.), known(1 / 3.), known(first / second), 1}},
		{"a distractor outranks the evidence", "elected mayor", worked, []Span{{0, 6}}, 3, Beside{known((5 - 0) / 192.), known(1 / 2.), known(min(2, second/first)), 3}},
		{"and is cut at two", "a b c", map[int]string{0: "a", 70: "a", 71: "b", 72: "c"}, []Span{{0, 1}}, 1, Beside{known(0), known(1 / 3.), known(2), 1}},
		{"evidence that nobody finds beside a distractor", "mayor", worked, []Span{{150, 155}}, 1, Beside{known(4 / 192.), known(0), known(2), 1}},
		{"nothing is found anywhere", "harbour", worked, []Span{{150, 155}}, 1, Beside{known(4 / 192.), known(0), Optional{}, 1}},
		{"a question without words", "?!", worked, []Span{{150, 155}}, 1, Beside{known(4 / 192.), Optional{}, Optional{}, 1}},
		{"all of it, every word of the question", "elected mayor", worked, []Span{{0, 192}}, 1, Beside{known(191 / 192.), known(1), Optional{}, 1}},
		{"all of it, a word that isn't there", "elected harbour", worked, []Span{{0, 192}}, 1, Beside{known(191 / 192.), known(1 / 2.), Optional{}, 1}},
		{"no evidence", "mayor", worked, nil, 1, Beside{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			context, words := numberedWords(192, tt.others)
			_, got, err := MeasureAxes(Located{
				Context: context, Question: tt.question, Evidence: ofWords(words, tt.evidence), EvidenceTokens: tt.evidence, Tokens: 192, Alternatives: tt.alternatives,
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, tolerance)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A word whose middle an evidence span begins in is in the evidence: it shares a
// character with it.
func TestOverlapIsOfWordsThatShareACharacterWithEvidence(t *testing.T) {
	context, words := numberedWords(192, map[int]string{70: "harbour", 71: "mayor"})
	cut := []Span{{Start: words[70].Start + 4, End: words[70].End}}
	_, got, err := MeasureAxes(Located{Context: context, Question: "harbour mayor", Evidence: cut, EvidenceTokens: []Span{{70, 71}}, Tokens: 192})
	if err != nil || got.Overlap != (Optional{Value: 1 / 2., Known: true}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTheSmallestSetIsMeasured(t *testing.T) {
	for _, tt := range []struct {
		name string
		sets [][]Span
		want int
	}{
		{"the fewest tokens in all", [][]Span{{{0, 10}}, {{20, 23}, {30, 33}}, {{40, 49}}}, 1},
		{"ties go to the first", [][]Span{{{0, 10}}, {{20, 25}, {30, 35}}}, 0},
		{"what overlaps counts once", [][]Span{{{0, 10}}, {{20, 28}, {22, 29}}}, 1},
		{"one set", [][]Span{{{5, 6}}}, 0},
		{"none", nil, -1},
	} {
		if got := SmallestSet(tt.sets); got != tt.want {
			t.Errorf("%s: got set %d, want %d", tt.name, got, tt.want)
		}
	}
}
