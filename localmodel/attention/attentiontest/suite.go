// Package attentiontest is the suite that every attention mechanism passes: its
// rows equal its definition in float64, however the sequence came to be (whole,
// in chunks, token by token, from a fork, beside others in a batch), and its
// caches hold what they say.
package attentiontest

import (
	"fmt"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Suite is a mechanism under test.
type Suite struct {
	Mechanism attention.Mechanism
	// Shapes are the layers it is tried on; nil: Shapes().
	Shapes []Shape
	// Sees is the definition: what row t sees.
	Sees func(s Shape, t int) []Seen
	// Back is how many tokens behind its end a sequence can be forked at least;
	// a layer that keeps all can be forked anywhere.
	Back int
	// KeepsAll says which layers do.
	KeepsAll func(s Shape) bool
}

// Tolerances by the cache's type: rounding of scores and sums in float32; the
// 11 bits of a float16, in keys of some units by queries of the same.
func tolerance(t cpu.KVType) float64 {
	if t == cpu.F32 {
		return 2e-5
	}
	return 8e-3
}

// lengths lie on both sides of a cache's block of 64 tokens.
func lengths() []int { return []int{1, 63, 64, 65, 130} }

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	k := cpu.New(cpu.Best(), 2)
	t.Cleanup(k.Close)
	if s.Shapes == nil {
		s.Shapes = Shapes()
	}
	for _, shape := range s.Shapes {
		t.Run(shape.String(), func(t *testing.T) {
			for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
				b := &bench{Suite: s, k: k, shape: shape, layer: shape.Layer(kv)}
				t.Run(kv.String()+"/however it is cut", b.cuts)
				t.Run(kv.String()+"/beside others", b.together)
				t.Run(kv.String()+"/memory", b.memory)
			}
			b := &bench{Suite: s, k: k, shape: shape, layer: shape.Layer(cpu.F32)}
			t.Run("forks", b.forks)
		})
	}
}

// bench is the suite on one layer.
type bench struct {
	Suite
	k     *cpu.Kernels
	shape Shape
	layer attention.Layer
}

// feed appends tokens to a cache and returns their rows.
func (b *bench) feed(c attention.Cache, x Tokens) []float32 {
	w := b.work(c, x)
	b.Mechanism.Attend(b.k, b.layer, []attention.Work{w})
	return w.Out
}

// Feed appends tokens to a cache and returns their rows.
func Feed(k *cpu.Kernels, m attention.Mechanism, l attention.Layer, c attention.Cache, x Tokens) []float32 {
	b := &bench{Suite: Suite{Mechanism: m}, k: k, layer: l, shape: Shape{Heads: l.Heads, ValueDim: l.KV.ValueDim}}
	return b.feed(c, x)
}

// Held is the memory of caches; pieces that they share count once.
func Held(caches ...attention.Cache) int64 { return held(caches...) }

// work copies what may be overwritten; its result starts as NaN.
func (b *bench) work(c attention.Cache, x Tokens) attention.Work {
	clone := func(x []float32) []float32 { return append([]float32(nil), x...) }
	out := make([]float32, x.N*b.shape.Heads*b.shape.ValueDim)
	for i := range out {
		out[i] = float32(math.NaN())
	}
	return attention.Work{Cache: c, N: x.N, Q: clone(x.Q), K: clone(x.K), V: clone(x.V), Out: out}
}

// check compares each step-th of the rows from.. of a sequence with the
// definition, and the first and the last.
func (b *bench) check(t *testing.T, what string, d *definition, from, step int, got []float32) {
	t.Helper()
	width, n := b.shape.Heads*b.shape.ValueDim, d.x.N
	if rows := len(got) / width; from+rows > n || rows == 0 {
		t.Fatalf("%s: %d rows from %d on, of %d", what, rows, from, n)
	}
	for at := range len(got) / width {
		if at%step != 0 && at != len(got)/width-1 {
			continue
		}
		for i, w := range d.row(from + at) {
			if g := float64(got[at*width+i]); !(math.Abs(g-w) <= tolerance(b.layer.KV.Type)) {
				t.Fatalf("%s: row %d of %d, number %d: got %g, want %g", what, from+at, n, i, g, w)
			}
		}
	}
}

func (b *bench) cuts(t *testing.T) {
	for _, n := range lengths() {
		x := b.shape.Random(n, 1)
		want := b.shape.define(x, b.Sees)
		for _, chunk := range []int{n, 1, 3, 64, 67} {
			if chunk > n {
				continue
			}
			c := b.Mechanism.New(b.layer)
			var got []float32
			for from := 0; from < n; from += chunk {
				if c.Len() != from {
					t.Fatalf("Len is %d, want %d", c.Len(), from)
				}
				got = append(got, b.feed(c, b.shape.Cut(x, from, min(n, from+chunk)))...)
				if chunk == 1 {
					b.reads(t, c, from)
				}
			}
			b.check(t, fmt.Sprintf("pieces of %d", chunk), want, 0, 1, got)
		}
	}
}

// reads compares what the last step says that it read with what its row sees.
func (b *bench) reads(t *testing.T, c attention.Cache, row int) {
	t.Helper()
	r, ok := c.(attention.Reader)
	if !ok {
		return
	}
	if got, want := r.KeysRead(), b.shape.Heads*len(b.Sees(b.shape, row)); got != want {
		t.Fatalf("row %d reads %d keys, want %d", row, got, want)
	}
}

// together attends three sequences of different lengths in one call, twice.
func (b *bench) together(t *testing.T) {
	var all []Tokens
	var caches []attention.Cache
	for i, n := range []int{130, 1, 65} {
		all = append(all, b.shape.Random(n+5, uint64(i)))
		caches = append(caches, b.Mechanism.New(b.layer))
	}
	for round := range 2 {
		var works []attention.Work
		for i, x := range all {
			from, to := 0, x.N-5
			if round == 1 {
				from, to = to, x.N
			}
			works = append(works, b.work(caches[i], b.shape.Cut(x, from, to)))
		}
		b.Mechanism.Attend(b.k, b.layer, works)
		for i, x := range all {
			to := caches[i].Len()
			b.check(t, fmt.Sprintf("sequence %d, call %d", i, round), b.shape.define(x, b.Sees), to-works[i].N, 1, works[i].Out)
		}
	}
}

func (b *bench) memory(t *testing.T) {
	x := b.shape.Random(400, 2)
	c := b.Mechanism.New(b.layer)
	for at := 0; at < x.N; at += 16 {
		b.feed(c, b.shape.Cut(x, at, at+16))
		if said, held := b.Mechanism.Bytes(b.layer, at+16), held(c); held > said || held == 0 {
			t.Fatalf("%d tokens hold %d bytes, Bytes says %d at the most", at+16, held, said)
		}
	}
}

// held is the memory of caches; pieces that they share count once.
func held(caches ...attention.Cache) int64 {
	total, seen := int64(0), map[any]bool{}
	for _, c := range caches {
		for id, bytes := range c.Pieces() {
			if !seen[id] {
				total += bytes
			}
			seen[id] = true
		}
	}
	return total
}

// forks goes back from a long sequence to many places, grows from there with
// other tokens, and sees that neither disturbed the other.
func (b *bench) forks(t *testing.T) {
	const n, more = 1200, 66
	x, other := b.shape.Random(n, 3), b.shape.Random(more, 4)
	c := b.Mechanism.New(b.layer)
	b.feed(c, x)
	for _, at := range []int{0, 1, 64, 65, 80, 99, 101, 128, 165, 1000, n - 64, n - 1, n} {
		f, ok := c.Fork(at)
		if !ok {
			if b.KeepsAll(b.shape) || at >= n-b.Back || at == 0 {
				t.Errorf("a sequence of %d can't be forked at %d", n, at)
			}
			continue
		}
		if f.Len() != at {
			t.Fatalf("a fork at %d has length %d", at, f.Len())
		}
		if both, apart := held(c, f), held(c)+held(f); at > 4*cpu.BlockTokens && both >= apart {
			t.Errorf("a fork at %d shares nothing: %d bytes together, %d apart", at, both, apart)
		}
		if r, ok := f.(attention.Reader); ok && r.KeysRead() != 0 {
			t.Errorf("a fork at %d read %d keys without a step", at, r.KeysRead())
		}
		whole := join(b.shape.Cut(x, 0, at), other)
		got := b.feed(f, b.shape.Cut(other, 0, 1))
		got = append(got, b.feed(f, b.shape.Cut(other, 1, more))...)
		b.reads(t, f, at)
		b.check(t, fmt.Sprintf("forked at %d", at), b.shape.define(whole, b.Sees), at, 33, got)
	}
	got := b.feed(c, b.shape.Cut(other, 0, 3))
	b.check(t, "after its forks", b.shape.define(join(x, other), b.Sees), n, 1, got)
}
