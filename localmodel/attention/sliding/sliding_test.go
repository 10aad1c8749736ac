package sliding

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// sees is the rule as StreamingLLM's code has it: once the cache is full, keys
// take their slot in it as position and the query the last one.
func (s Sliding) sees(shape attentiontest.Shape, t int) []attentiontest.Seen {
	if shape.Window > 0 && shape.Window <= s.Window {
		return attentiontest.Causal(t, shape.Window)
	}
	if t+1 <= s.Window+s.Sinks {
		return attentiontest.Causal(t, 0)
	}
	var out []attentiontest.Seen
	for slot := range s.Window + s.Sinks {
		j := slot
		if slot >= s.Sinks {
			j = t + 1 - s.Window + slot - s.Sinks
		}
		e := attentiontest.Seen{Token: j, QueryAt: s.Window + s.Sinks - 1, KeyAt: slot}
		if s.TruePositions {
			e.QueryAt, e.KeyAt = t, j
		}
		out = append(out, e)
	}
	return out
}

func TestSliding(t *testing.T) {
	for _, s := range []Sliding{
		{Window: 20, Sinks: 4}, {Window: 20, Sinks: 4, TruePositions: true}, {Window: 1},
		{Window: 2, Sinks: 70},
	} {
		t.Run(s.String(), func(t *testing.T) {
			attentiontest.Run(t, attentiontest.Suite{
				Mechanism: s, Sees: s.sees, Back: slack, KeepsAll: func(attentiontest.Shape) bool { return false },
			})
		})
	}
}

func TestGoldenStreaming(t *testing.T) {
	remapped := map[bool]int{}
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "streaming" {
			continue
		}
		s := Sliding{Window: int(c.Number("recent", 0)), Sinks: int(c.Number("n_sink", 0)), TruePositions: c.Params["remap"] == false}
		remapped[!s.TruePositions]++
		for _, level := range cpu.Levels() {
			for _, chunk := range []int{1 << 20, 1, 50} {
				t.Run(fmt.Sprintf("%s/%s/%d at once", c.ID, level, chunk), func(t *testing.T) { golden(t, c, s, level, chunk) })
			}
		}
	}
	if remapped[true]+remapped[false] == 0 {
		t.Error("no case of streaming")
	}
}

func golden(t *testing.T, c goldentest.Case, s Sliding, level cpu.Level, chunk int) {
	q, qs := c.Tensor(t, "q_raw")
	key, ks := c.Tensor(t, "k_raw")
	v, vs := c.Tensor(t, "v")
	want, _ := c.Tensor(t, "o")
	heads, n, d, kvHeads, dv := qs[0], qs[1], qs[2], ks[0], vs[2]
	l := attentiontest.Shape{
		Heads: heads, KVHeads: kvHeads, KeyDim: d, ValueDim: dv,
		Base: c.Number("base", 0), Interleaved: c.Params["layout"] == "interleaved",
	}.Layer(cpu.F32)
	q, key, v = goldentest.Swap(q, heads, n, d), goldentest.Swap(key, kvHeads, n, d), goldentest.Swap(v, kvHeads, n, dv)
	want = goldentest.Swap(want, heads, n, dv)
	k := cpu.New(level, 2)
	defer k.Close()
	out := make([]float32, n*heads*dv)
	for i := range out {
		out[i] = float32(math.NaN())
	}
	cache := s.New(l)
	for from := 0; from < n; from += chunk {
		to := min(n, from+chunk)
		part := func(x []float64, w int) []float32 { return goldentest.Narrow(x[from*w : to*w]) }
		s.Attend(k, l, []attention.Work{{
			Cache: cache, N: to - from, Out: out[from*heads*dv : to*heads*dv],
			Q: part(q, heads*d), K: part(key, kvHeads*d), V: part(v, kvHeads*dv),
		}})
	}
	for i, w := range want {
		if !(math.Abs(float64(out[i])-w) <= c.AbsTol) {
			t.Fatalf("number %d: got %g, want %g", i, out[i], w)
		}
	}
}

// A cache that never fills loses nothing: not a bit differs from full attention.
func TestSlidingThatKeepsAllIsFull(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	for _, n := range []int{1, 63, 64, 65, 129} {
		for _, s := range []Sliding{{Window: n}, {Window: 1, Sinks: n}, {Window: n, Sinks: 4}, {Window: max(1, n-4), Sinks: 4}, {Window: n, TruePositions: true}} {
			shape := attentiontest.Shapes()[1]
			x, l := shape.Random(n, 9), shape.Layer(cpu.F16)
			rows := func(m attention.Mechanism) []float32 {
				out := make([]float32, n*shape.Heads*shape.ValueDim)
				clone := func(x []float32) []float32 { return append([]float32(nil), x...) }
				m.Attend(k, l, []attention.Work{{Cache: m.New(l), N: n, Q: clone(x.Q), K: clone(x.K), V: clone(x.V), Out: out}})
				return out
			}
			want := rows(full.Full{})
			for i, g := range rows(s) {
				if g != want[i] {
					t.Fatalf("%s on %d tokens: number %d is %g, full attention has %g", s, n, i, g, want[i])
				}
			}
		}
	}
}

// A window with its sinks that just holds all, or a token less, is the definition
// in any shape, however a prompt is cut; behind its end an answer goes on over a
// ring. A token less is full attention but for the last row.
func TestJustWideEnoughIsFullAndATokenLessIsNot(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := attentiontest.Shape{
			KVHeads: rapid.IntRange(1, 3).Draw(t, "kv heads"), KeyDim: 2 * rapid.IntRange(1, 20).Draw(t, "half a key"),
			ValueDim: rapid.IntRange(1, 40).Draw(t, "value dim"), Base: rapid.SampledFrom([]float64{0, 1e4}).Draw(t, "base"),
		}
		shape.Heads = shape.KVHeads * rapid.IntRange(1, 4).Draw(t, "group")
		l, n := shape.Layer(cpu.F32), rapid.IntRange(2, 300).Draw(t, "n")
		sinks := rapid.IntRange(0, n-2).Draw(t, "sinks")
		x := shape.Random(n, rapid.Uint64().Draw(t, "seed"))
		prompt, cut := rapid.IntRange(1, n).Draw(t, "prompt"), 0
		cut = rapid.IntRange(1, prompt).Draw(t, "cut")
		rows := func(m attention.Mechanism) []float32 {
			c := m.New(l)
			out := attentiontest.Feed(k, m, l, c, shape.Cut(x, 0, cut))
			out = append(out, attentiontest.Feed(k, m, l, c, shape.Cut(x, cut, prompt))...)
			if m, ok := m.(attention.PromptEnder); ok {
				m.EndPrompt(k, []attention.Layer{l}, []attention.Cache{c})
			}
			for at := prompt; at < n; at++ {
				out = append(out, attentiontest.Feed(k, m, l, c, shape.Cut(x, at, at+1))...)
			}
			return out
		}
		want, last := rows(full.Full{}), (n-1)*shape.Heads*shape.ValueDim
		for _, plain := range []bool{false, true} {
			same := func(less int, got []float32) {
				for i, g := range got {
					if !(math.Abs(float64(g-want[i])) <= 5e-5) {
						t.Fatalf("%d tokens and %d sinks of %d, true positions %t: number %d is %g, full attention has %g", n-less-sinks, sinks, n, plain, i, g, want[i])
					}
				}
			}
			same(0, rows(Sliding{Window: n - sinks, Sinks: sinks, TruePositions: plain}))
			less := rows(Sliding{Window: n - 1 - sinks, Sinks: sinks, TruePositions: plain})
			same(1, less[:last])
			if slices.Equal(less[last:], want[last:]) {
				t.Fatalf("the last of %d rows sees what is neither among %d sinks nor in a window of %d", n, sinks, n-1-sinks)
			}
		}
	})
}

// Behind the end of a prompt a cache holds no more blocks than the window fills,
// and not a bit of an answer changes: whatever the window and the prompt's
// length, token by token, several tokens at once, and behind forks.
func TestAnswersHoldTheWindowAlone(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	for _, shape := range attentiontest.Shapes() {
		for _, s := range []Sliding{{Window: 128, Sinks: 4}, {Window: 100, Sinks: 4}, {Window: 150}, {Window: 64, Sinks: 40}, {Window: 1, Sinks: 1}, {Window: 257, Sinks: 4, TruePositions: true}} {
			for _, prompt := range []int{1, 130, 255, 256, 257, 440} {
				for _, kv := range []cpu.KVType{cpu.F32, cpu.F16, cpu.Q8} {
					answers(t, k, s, shape, kv, prompt)
				}
			}
		}
	}
}

func answers(t *testing.T, k *cpu.Kernels, s Sliding, shape attentiontest.Shape, kv cpu.KVType, prompt int) {
	t.Helper()
	l := shape.Layer(kv)
	what := fmt.Sprintf("%s on a layer of %s in %s behind %d tokens", s, shape, kv, prompt)
	x := shape.Random(prompt+150, 5)
	slack, ring := s.New(l), s.New(l)
	for _, c := range []attention.Cache{slack, ring} {
		attentiontest.Feed(k, s, l, c, shape.Cut(x, 0, prompt))
	}
	s.EndPrompt(k, []attention.Layer{l}, []attention.Cache{ring})
	most := s.Window
	if s.ownWindow(l) {
		most = l.Window
	}
	for n := prompt; n < x.N; {
		step := 1
		if n%50 == 49 {
			step = 3
		}
		if n%40 == 0 {
			fork, ok := ring.Fork(n)
			if !ok {
				t.Fatalf("%s: no fork at the end, %d tokens", what, n)
			}
			attentiontest.Feed(k, s, l, ring, shape.Cut(shape.Random(n+1, 8), n, n+1)) // the fork sees nothing of it
			ring = fork
		}
		step = min(step, x.N-n)
		next := shape.Cut(x, n, n+step)
		want, got := attentiontest.Feed(k, s, l, slack, next), attentiontest.Feed(k, s, l, ring, next)
		if n += step; !slices.Equal(want, got) {
			t.Fatalf("%s: row %d differs from that of a cache that holds more", what, n-1)
		}
		held := attentiontest.Held(ring)
		if bound := attention.RunBytes(l.KV, most) + attention.FewBytes(l.KV, min(n, s.Sinks), s.Sinks); n > s.Window+s.Sinks && held > bound {
			t.Fatalf("%s: %d tokens hold %d bytes, want at most %d", what, n, held, bound)
		}
	}
}

// A prompt that is kept can be forked where others part from it, also while an
// answer goes on behind it.
func TestKeptPromptsForkAheadOfTheirEnd(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	s := Sliding{Window: 100, Sinks: 4}
	shape := attentiontest.Shapes()[0]
	l, x := shape.Layer(cpu.F16), shape.Random(700, 6)
	c := s.New(l)
	attentiontest.Feed(k, s, l, c, shape.Cut(x, 0, 600))
	kept, ok := c.Fork(600)
	if !ok {
		t.Fatal("a prompt can't be forked at its end")
	}
	s.EndPrompt(k, []attention.Layer{l}, []attention.Cache{c})
	for n := 600; n < 700; n++ {
		attentiontest.Feed(k, s, l, c, shape.Cut(x, n, n+1))
	}
	fork, ok := kept.Fork(400)
	if !ok {
		t.Fatal("a kept prompt can't be forked 200 tokens ahead of its end")
	}
	whole := s.New(l)
	attentiontest.Feed(k, s, l, whole, shape.Cut(x, 0, 400))
	want, got := attentiontest.Feed(k, s, l, whole, shape.Cut(x, 400, 450)), attentiontest.Feed(k, s, l, fork, shape.Cut(x, 400, 450))
	if !slices.Equal(want, got) {
		t.Error("rows behind a fork of a kept prompt differ from those of a prompt computed whole")
	}
	if _, ok := c.Fork(650); ok {
		t.Error("an answer says that it can be forked where it has forgotten what it takes")
	}
}
