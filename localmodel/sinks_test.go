package localmodel

import (
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/induction"
)

func sinking(t *testing.T, spec string) *Model {
	t.Helper()
	m, err := InductionSinks(Options{Device: "cpu", Attention: mechanism(t, spec), KV: "f32", Window: 8192, KeepNone: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// With its sinks the model answers what its window shows and nothing else; with
// zeros in their place, or none, it answers what isn't there by the word that the
// mixture of all words there is nearest to.
func TestSinkMaps(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	for _, c := range []struct {
		attention string
		nothing   bool // is answered where nothing is found
	}{{"", true}, {"sinkkv:mode=kv", true}, {"sinkkv:mode=k0v0", false}, {"full", false}} {
		t.Run(c.attention, func(t *testing.T) {
			m, cells := sinking(t, c.attention), map[bool]int{}
			for _, n := range []int{512, 1400, 2000} {
				for depth := 0; depth < 11; depth += 2 {
					x := hide(n, float64(depth)/10, uint64(depth))
					got, seen := firstOf(t, m, x.ids), n-1-x.p < induction.SinkWindow
					cells[seen]++
					switch {
					case seen && got != x.value:
						t.Errorf("%d tokens, value at %d: %d, want %d", n, x.p, got, x.value)
					case !seen && c.nothing && got != induction.BOS:
						t.Errorf("%d tokens, value at %d, out of sight: %d, want nothing", n, x.p, got)
					case !seen && !c.nothing && (got == x.value || got < induction.FirstWord):
						t.Errorf("%d tokens, value at %d, out of sight: %d, want some other word", n, x.p, got)
					}
				}
			}
			if cells[true] < 5 || cells[false] < 5 {
				t.Errorf("cells in and out of sight: %v", cells)
			}
		})
	}
}

// Layer 1's sink stands for the token ahead of the first. Without it the first
// token has itself for that: asked for as a key it shares the weight with the
// value behind it.
func TestTheFirstTokenHasNoneAhead(t *testing.T) {
	x := hide(300, 0, 3)
	ids := x.ids[1:] // begins with the key
	for _, c := range []struct {
		attention string
		alike     bool
	}{{"", false}, {"sinkkv:mode=k0v0", true}} {
		m := sinking(t, c.attention)
		var logProbs []float64
		for _, id := range []int32{x.value, ids[0]} {
			r, err := m.engine.Generate(t.Context(), generate.Request{Prompt: ids, Score: []int32{id}})
			if err != nil {
				t.Fatal(err)
			}
			logProbs = append(logProbs, r.LogProbs[0])
		}
		// What codes have in common with BOS's, which values are stripped of, is a
		// tenth of a nat.
		if lead := logProbs[0] - logProbs[1]; math.Abs(lead) < 0.2 != c.alike || lead < -0.2 {
			t.Errorf("%q: the value leads the key by %.3f nats, want them alike: %t", c.attention, lead, c.alike)
		}
	}
}

// A sink without a value draws the weight to nothing at all.
func TestASinkWithoutAValueSaysNothingInParticular(t *testing.T) {
	x := hide(2000, 0, 1)
	r, err := sinking(t, "sinkkv:mode=kv0").engine.Generate(t.Context(), generate.Request{Prompt: x.ids, Score: []int32{induction.BOS}})
	if err != nil {
		t.Fatal(err)
	}
	if want := -math.Log(16384); math.Abs(r.LogProbs[0]-want) > 0.01 {
		t.Errorf("BOS has a log-probability of %.3f, want %.3f as any other token", r.LogProbs[0], want)
	}
}

func TestSinkModelAnswersText(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	m, err := InductionSinks(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Info.Name != "induction-sinkkv" || m.Info.Attention != (sinkkv.SinkKV{Mode: sinkkv.KV, Sinks: 1}).String() {
		t.Errorf("info %+v", m.Info)
	}
	for _, pairs := range []int{1, 20, 400} {
		for _, asked := range []int{0, pairs / 2, pairs - 1} {
			prompt, value := keyValue(pairs, asked)
			want := value
			got, d := ask(t, m, prompt, value)
			if d >= induction.SinkWindow {
				want = ""
			}
			if got != want {
				t.Errorf("%d pairs, %d tokens away: got %q, want %q", pairs, d, got, want)
			}
		}
	}
	for _, prompt := range []string{"amber 12. birch 31. cedar 44. What of oak", "x"} {
		if a, err := m.Answer(t.Context(), Prompt{Text: prompt}, Params{MaxTokens: 5}); err != nil || a.Text != "" {
			t.Errorf("%q: got %q (%v), want nothing", prompt, a.Text, err)
		}
	}
}
