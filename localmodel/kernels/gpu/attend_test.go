package gpu

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// attended is the definition of causal attention in float64: q [tokens,
// heads, kd] at positions pos.., k [pos+tokens, kvHeads, kd], v likewise.
func attended(q, k, v []float64, kvHeads, kd, vd int, a Attention) []float64 {
	tokens := len(q) / (a.Heads * kd)
	out := make([]float64, tokens*a.Heads*vd)
	for t := range tokens {
		for h := range a.Heads {
			kv := h / (a.Heads / kvHeads)
			first := 0
			if a.Window > 0 {
				first = max(0, a.Pos+t-a.Window+1)
			}
			weights, sum := make([]float64, a.Pos+t+1), 0.0
			for j := first; j <= a.Pos+t; j++ {
				s := 0.0
				for i := range kd {
					s += q[(t*a.Heads+h)*kd+i] * k[(j*kvHeads+kv)*kd+i]
				}
				if s *= a.Scale; a.Cap > 0 {
					s = a.Cap * math.Tanh(s/a.Cap)
				}
				weights[j] = math.Exp(s)
				sum += weights[j]
			}
			for j := first; j <= a.Pos+t; j++ {
				for i := range vd {
					out[(t*a.Heads+h)*vd+i] += weights[j] / sum * v[(j*kvHeads+kv)*vd+i]
				}
			}
		}
	}
	return out
}

type attendCase struct {
	name             string
	heads, kvHeads   int
	keyDim, valueDim int
	pos, tokens      int
	window, slots    int // slots 0: room for all
	cap, size        float64
	parts            int
}

func TestAttentionEqualsFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, c := range []attendCase{
		{name: "one token alone", heads: 1, kvHeads: 1, keyDim: 4, valueDim: 4, tokens: 1},
		{name: "prefill of one head", heads: 1, kvHeads: 1, keyDim: 64, valueDim: 64, tokens: 65},
		{name: "grouped heads", heads: 9, kvHeads: 3, keyDim: 64, valueDim: 64, tokens: 63},
		{name: "odd head sizes that differ", heads: 6, kvHeads: 2, keyDim: 20, valueDim: 36, tokens: 17},
		{name: "head size 256", heads: 4, kvHeads: 1, keyDim: 256, valueDim: 256, tokens: 33},
		{name: "a chunk behind others", heads: 4, kvHeads: 2, keyDim: 32, valueDim: 32, pos: 41, tokens: 23},
		{name: "decode with a group of three", heads: 9, kvHeads: 3, keyDim: 64, valueDim: 64, pos: 100, tokens: 1},
		{name: "decode with many heads in a group", heads: 16, kvHeads: 2, keyDim: 32, valueDim: 32, pos: 64, tokens: 1},
		{name: "decode without groups", heads: 2, kvHeads: 2, keyDim: 128, valueDim: 128, pos: 63, tokens: 1},
		{name: "decode in chosen parts", heads: 4, kvHeads: 2, keyDim: 64, valueDim: 64, pos: 1000, tokens: 1},
		{name: "more parts than keys", heads: 4, kvHeads: 2, keyDim: 64, valueDim: 32, pos: 2, tokens: 1, parts: 5},
		{name: "window of one", heads: 2, kvHeads: 1, keyDim: 8, valueDim: 8, tokens: 20, window: 1},
		{name: "window over chunks", heads: 2, kvHeads: 1, keyDim: 16, valueDim: 16, pos: 30, tokens: 13, window: 11},
		{name: "window in a ring", heads: 2, kvHeads: 1, keyDim: 16, valueDim: 16, pos: 30, tokens: 13, window: 11, slots: 23},
		{name: "decode in a ring, in parts", heads: 2, kvHeads: 1, keyDim: 16, valueDim: 16, pos: 500, tokens: 1, window: 300, slots: 301, parts: 3},
		{name: "soft cap", heads: 2, kvHeads: 2, keyDim: 32, valueDim: 32, tokens: 19, cap: 5, size: 4},
		{name: "scores of some hundreds", heads: 2, kvHeads: 2, keyDim: 32, valueDim: 32, tokens: 40, size: 25},
	} {
		t.Run(c.name, func(t *testing.T) { testAttend(t, d, c) })
	}
}

func testAttend(t *testing.T, d *Device, c attendCase) {
	r := source(c.name)
	all := c.pos + c.tokens
	if c.slots == 0 {
		c.slots = all
	}
	k, v := normal(r, all*c.kvHeads*c.keyDim), normal(r, all*c.kvHeads*c.valueDim)
	q := normal(r, c.tokens*c.heads*c.keyDim)
	size := max(c.size, 1)
	for i := range q {
		q[i] *= float32(size)
	}
	a := Attention{Heads: c.heads, Pos: c.pos, Window: c.window, Scale: invSqrt(c.keyDim), Cap: c.cap, Parts: c.parts}
	cache, err := d.NewCache(c.slots, c.kvHeads, c.keyDim, c.valueDim)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.NewScratch(c.tokens, c.heads, c.valueDim)
	if err != nil {
		t.Fatal(err)
	}
	out := output(t, d, c.tokens*c.heads*c.valueDim)
	s := d.Begin()
	storeAll(t, d, s, cache, k, v, all)
	s.Attend(out, input(t, d, q), cache, m, a, c.tokens)
	want := attended(wide(q), wide(k), wide(v), c.kvHeads, c.keyDim, c.valueDim, a)
	// An error of a score is a relative error of its weight.
	near(t, "attention", run(t, s, out, len(want)), want, size*4)
}

// One prefill, single tokens, a prefill and single tokens behind it, and chunks
// give the same, over a cache of all tokens, where single tokens split their keys
// from 256 on, and in a ring that a window needs.
func TestAttentionIsTheSameHoweverAPromptIsFed(t *testing.T) {
	d := openDevice(t, Options{})
	const n, heads, kvHeads, dim = 300, 4, 2, 16
	r := source("feeds")
	q, k, v := normal(r, n*heads*dim), normal(r, n*kvHeads*dim), normal(r, n*kvHeads*dim)
	for _, window := range []int{0, 40} {
		want := attended(wide(q), wide(k), wide(v), kvHeads, dim, dim, Attention{Heads: heads, Window: window, Scale: 0.3})
		for _, steps := range feeds(n) {
			slots := n
			if window > 0 {
				slots = min(n, window+slices.Max(steps)-1)
			}
			cache, err := d.NewCache(slots, kvHeads, dim, dim)
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.NewScratch(n, heads, dim)
			if err != nil {
				t.Fatal(err)
			}
			s, at, got := d.Begin(), 0, make([]float32, len(q))
			for _, tokens := range steps {
				part := func(x []float32, heads int) *Buffer { return input(t, d, x[at*heads*dim:(at+tokens)*heads*dim]) }
				out := output(t, d, tokens*heads*dim)
				s.Store(cache, part(k, kvHeads), part(v, kvHeads), at, tokens)
				s.Attend(out, part(q, heads), cache, m, Attention{Heads: heads, Pos: at, Window: window, Scale: 0.3}, tokens)
				s.ReadFloats(out, 0, got[at*heads*dim:(at+tokens)*heads*dim])
				at += tokens
			}
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprintf("window %d, by %d, …", window, steps[0]), got, want, 4)
			cache.Release()
			m.Release()
		}
	}
}

// storeAll stores tokens in runs that a ring takes.
func storeAll(t testing.TB, d *Device, s *Step, c *Cache, k, v []float32, tokens int) {
	t.Helper()
	kw, vw := c.KVHeads*c.KeyDim, c.KVHeads*c.ValDim
	for at := 0; at < tokens; at += c.Slots {
		n := min(c.Slots, tokens-at)
		s.Store(c, input(t, d, k[at*kw:(at+n)*kw]), input(t, d, v[at*vw:(at+n)*vw]), at, n)
	}
}

func TestAttentionRefusesWhatTheRingForgot(t *testing.T) {
	d := openDevice(t, Options{})
	cache, err := d.NewCache(16, 1, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.NewScratch(8, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Attention{
		{Heads: 1, Pos: 16, Scale: 1},             // full attention over 17 tokens
		{Heads: 1, Pos: 40, Scale: 1, Window: 17}, // a window larger than the ring
		{Heads: 1, Pos: 3, Scale: 1, Parts: maxParts + 1},
		{Heads: 0, Pos: 3, Scale: 1},
	} {
		s := d.Begin()
		s.Attend(output(t, d, 4), input(t, d, make([]float32, 4)), cache, m, a, 1)
		if err := s.Submit(); err == nil {
			t.Errorf("%+v: no error", a)
		}
	}
}
