package localmodel

import (
	"math"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/instruments"
)

// recalled is a text of the induction model in which a code is asked for, cut
// into parts of equal length; the value lies in the part'th.
func recalled(parts, part int) (text string, borders []int) {
	for i := range parts {
		borders = append(borders, len(text))
		if i == part {
			text += strings.Repeat("some words of no account ", 4) + "code amber seventeen " + strings.Repeat("and more of them here ", 3)
			continue
		}
		text += strings.Repeat("other words follow it here ", 7)
	}
	borders = append(borders, len(text))
	return text + "amber", borders
}

// Behind the question the second layer's heads look at the value alone, the
// first layer's at the token before, outside of the context: the mass on the
// value's part is 1/2 over all heads, elsewhere 0. The answer is likely given
// that part alone, so its importance is 1, and the cosine is √e over
// √(e + n − 1) for n parts; with the masses themselves it is 1.
func TestTheInductionModelLooksWhereItShould(t *testing.T) {
	o, w := NewWatching(Options{})
	m, err := Induction(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	const parts = 8
	for part := range parts {
		text, borders := recalled(parts, part)
		got, err := w.Paid(t.Context(), m, Prompt{Text: text}, "seventeen", borders)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.LogProbs) != 1 || got.LogProbs[0] < -1e-3 || len(got.Mass) != parts {
			t.Fatalf("value in part %d: log-probabilities %v, %d masses", part, got.LogProbs, len(got.Mass))
		}
		var nats []float64
		for i, mass := range got.Mass {
			want := 0.0
			if i == part {
				want = 0.5
			}
			if math.Abs(mass-want) > 1e-3 {
				t.Errorf("value in part %d: a mass of %g on part %d, want %g", part, mass, i, want)
			}
			alone := text[borders[i]:borders[i+1]] + "amber"
			s, err := m.Score(t.Context(), Prompt{Text: alone}, "seventeen")
			if err != nil {
				t.Fatal(err)
			}
			nats = append(nats, -s.LogProbs[0])
		}
		a := instruments.ContextualAwareness(nats, got.Mass)
		if want := math.Sqrt(math.E) / math.Sqrt(math.E+parts-1); math.Abs(a.Score-want) > 1e-3 || a.Sharp < 0.999 {
			t.Errorf("value in part %d: awareness %.4f, want %.4f; of the masses %.4f, want 1", part, a.Score, want, a.Sharp)
		}
	}
}

// A forced answer has the log-probabilities that scoring it has, and pays all
// of its attention to the whole prompt and itself.
func TestAForcedAnswerIsTheScoredOne(t *testing.T) {
	o, w := NewWatching(Options{KV: "f32"})
	m, err := Open(randomModel(smallConfig("llama", nil), "F32").write(t), o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p := Prompt{Text: "abc def ghi jkl"}
	got, err := w.Paid(t.Context(), m, p, "xyz", []int{0, 4, 15})
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Score(t.Context(), p, "xyz")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.LogProbs) != 3 || len(want.LogProbs) != 3 {
		t.Fatalf("%d forced, %d scored", len(got.LogProbs), len(want.LogProbs))
	}
	for i, v := range want.LogProbs {
		if math.Abs(got.LogProbs[i]-v) > 1e-4 {
			t.Errorf("token %d: forced %g, scored %g", i, got.LogProbs[i], v)
		}
	}
	// All 15 bytes of the prompt, and behind the first token the answer's own.
	if sum := got.Mass[0] + got.Mass[1]; got.PromptTokens != 15 || sum > 1 || sum < 0.8 {
		t.Errorf("%d prompt tokens, masses %v", got.PromptTokens, got.Mass)
	}
	if _, err := w.Paid(t.Context(), m, p, "", nil); err == nil || err.Error() != "the answer is empty" {
		t.Errorf("an empty answer: %v", err)
	}
	if n, err := m.Distance(p, 4); err != nil || n != 11 {
		t.Errorf("byte 4 of 15 is %d tokens from the end (%v), want 11", n, err)
	}
}
