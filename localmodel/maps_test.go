package localmodel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/induction"
)

// hidden is a prompt of the induction model: n tokens that end in the key whose
// value stands at position p.
type hidden struct {
	n, p  int
	ids   []int32
	value int32
}

// hide puts a value behind its key at a depth in 0..1, among fillers that recur.
func hide(n int, depth float64, seed uint64) hidden { return hideIn(16384, n, depth, seed) }

// hideIn is hide for a model of so many tokens.
func hideIn(vocab, n int, depth float64, seed uint64) hidden {
	words := (vocab - int(induction.FirstWord)) / 3 // keys, values, fillers
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	key, value := induction.FirstWord+r.Int32N(int32(words)), induction.FirstWord+int32(words)+r.Int32N(int32(words))
	x := hidden{n: n, value: value, ids: make([]int32, n)}
	for i := range x.ids {
		x.ids[i] = induction.FirstWord + int32(2*words) + r.Int32N(int32(words))
	}
	at := 1 + int(depth*float64(n-6)) // of the key
	x.p = at + 1
	x.ids[0], x.ids[at], x.ids[at+1], x.ids[at+2] = induction.BOS, key, value, induction.EndOfValue
	x.ids[n-2], x.ids[n-1] = induction.Question, key
	return x
}

// What a mechanism shows the question decides what the induction model answers:
// for each one a rule says which cells of length and depth are right.
// Source: ../shared/spec/induction-model.md, "Theory and what was measured".
func TestInductionMaps(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	always := func(hidden) bool { return true }
	for _, c := range []struct {
		attention string
		right     func(x hidden) bool
	}{
		{"full", always},
		{"sliding:window=2,sinks=0", func(x hidden) bool { return x.n-1-x.p < 2 }},
		{"sliding:window=64,sinks=0", func(x hidden) bool { return x.n-1-x.p < 64 }},
		{"sliding:window=256,sinks=0", func(x hidden) bool { return x.n-1-x.p < 256 }},
		{"sliding:window=1024,sinks=0", func(x hidden) bool { return x.n-1-x.p < 1024 }},
		{"sliding:window=252,sinks=4", func(x hidden) bool { return x.p < 4 || x.n-1-x.p < 252 }},
		// The question is among the tokens observed, and the answer is one token,
		// which still sees the whole prompt.
		{"snapkv:capacity=256,recent=32", always},
		{"pyramidkv:capacity=256,recent=32", always},
		{"h2o:capacity=256,recent=32", always},
		{"streaming:capacity=256,recent=32", always},
		{"longheads:chunk=256,topk=16", always}, // as many chunks as there are
		{"sinkkv:mode=k0v0", always},            // a one in a sum of e^32
		// As long as the prompt, or longer, is one group; see below.
		{"s2:group=2048,decode=full", always},
		// The memory is the second layer's. A value that opens a segment has not seen
		// its key.
		{"longmem:segment=200,chunk=4,tokens=64,layer=1", func(x hidden) bool { return x.p%200 != 0 }},
		{"longmem:segment=128,chunk=8,tokens=64,layer=1", func(x hidden) bool { return x.p%128 != 0 }},
	} {
		t.Run(c.attention, func(t *testing.T) {
			m := inductionUnder(t, c.attention)
			cells, right := 0, 0
			lengths := []int{512, 1024}
			if c.attention == "full" || c.attention == "sliding:window=1024,sinks=0" {
				lengths = append(lengths, 2048)
			}
			for _, n := range lengths {
				for depth := range 11 {
					x := hide(n, float64(depth)/10, uint64(depth))
					a, err := m.Answer(t.Context(), Prompt{IDs: x.ids}, Params{MaxTokens: 1, IgnoreEnd: true})
					if err != nil {
						t.Fatal(err)
					}
					got := a.IDs[0] == x.value
					if want := c.right(x); got != want {
						t.Errorf("%d tokens, value at %d: right: %t, want %t", n, x.p, got, want)
					}
					cells++
					if got {
						right++
					}
				}
			}
			t.Logf("%d of %d cells right", right, cells)
		})
	}
}

// What is evicted ahead of the question is lost to it.
func TestInductionMapsOfAQuestionBehindEviction(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	m := inductionUnder(t, "streaming:capacity=256,recent=32")
	for _, n := range []int{512, 1024} {
		for depth := range 11 {
			x := hide(n, float64(depth)/10, uint64(depth))
			r, err := m.engine.Generate(t.Context(), generate.Request{Prompt: x.ids[:n-1], Score: []int32{x.ids[n-1], x.value}})
			if err != nil {
				t.Fatal(err)
			}
			want := x.p < 224 || x.n-1-x.p <= 32
			if got := r.LogProbs[1] > -0.5; got != want {
				t.Errorf("%d tokens, value at %d: right: %t (%.2f nats), want %t", n, x.p, got, r.LogProbs[1], want)
			}
		}
	}
}

func inductionUnder(t *testing.T, spec string) *Model {
	t.Helper()
	how, err := all.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return inductionWith(t, how)
}

func inductionWith(t *testing.T, how attention.Mechanism) *Model {
	t.Helper()
	m, err := Induction(Options{Device: "cpu", Attention: how, KV: "f32", Window: 8192, KeepNone: true})
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", how, err))
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// One of the two heads is unshifted and the other shifted, and either is enough:
// a value is found from where the question's group begins in the half where it
// begins first. Both halves are that one for some group and length. (The other
// spreads its weight over its own group: if that is the question alone it says
// the key as loudly as the first says the value.)
func TestInductionMapsOfGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	wider := map[string]int{} // cells that one half alone decides
	for _, c := range []struct{ group, n int }{
		{2, 300}, {64, 300}, {64, 352}, {255, 400}, {256, 512}, {256, 600}, {512, 1024}, {512, 800}, {300, 300}, {260, 300},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.group, c.n), func(t *testing.T) {
			m := inductionUnder(t, fmt.Sprintf("s2:group=%d,decode=full", c.group))
			last := c.n - 1
			unshifted, shifted := last/c.group*c.group, 0
			if half := c.group / 2; last >= half {
				shifted = half + (last-half)/c.group*c.group
			}
			if c.group >= c.n {
				unshifted, shifted = 0, 0
			}
			var depths []float64
			for depth := range 11 {
				depths = append(depths, float64(depth)/10)
			}
			for _, start := range []int{unshifted, shifted} { // a token ahead, at it, and behind
				for p := start - 1; p <= start+1; p++ {
					if depth := (float64(p-2) + 0.5) / float64(c.n-6); depth >= 0 && depth <= 1 {
						depths = append(depths, depth)
					}
				}
			}
			for i, depth := range depths {
				x := hide(c.n, depth, uint64(i))
				want := x.p >= min(unshifted, shifted)
				if got := firstOf(t, m, x.ids) == x.value; got != want {
					t.Errorf("value at %d: right: %t, want %t (groups begin at %d and %d)", x.p, got, want, unshifted, shifted)
				}
				switch {
				case x.p >= unshifted && x.p < shifted:
					wider["unshifted"]++
				case x.p >= shifted && x.p < unshifted:
					wider["shifted"]++
				}
			}
		})
	}
	if wider["unshifted"] == 0 || wider["shifted"] == 0 {
		t.Errorf("cells that one half alone decides: %v, want some of each", wider)
	}
}
