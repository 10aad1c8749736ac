package longheads

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

func TestGolden(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "longheads" {
			continue
		}
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			g := attentiontest.Golden(t, c, kv)
			m := LongHeads{Chunk: int(c.Number("chunk", 0)), TopK: int(c.Number("n_chunks", 0))}
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) {
				for _, step := range []int{g.N, 1, 5, 48} {
					state := m.New(g.Layer).(*cache)
					out := g.Feed(k, m, state, step)
					if kv == cpu.F32 || c.Number("min_selection_gap", 1) > 1e-3 {
						g.Near(t, fmt.Sprintf("steps of %d", step), out, "o")
					}
					if kv == cpu.F32 && step == 5 {
						checkChoice(t, k, m, g, state)
					}
				}
			})
		}
	}
}

// checkChoice compares the vectors of chunks, and what each row has chosen by
// them.
func checkChoice(t *testing.T, k *cpu.Kernels, m LongHeads, g attentiontest.GoldenCase, c *cache) {
	t.Helper()
	rep, shape := g.Tensor(t, "rep")
	heads, d := g.Layer.Heads, g.Layer.KV.KeyDim
	for i, want := range goldentest.Swap(rep, shape[0], shape[1], d) {
		if got := float64(c.sums.of(i / (heads * d))[i%(heads*d)]); !(math.Abs(got-want) <= g.AbsTol) {
			t.Fatalf("number %d of the chunks' vectors: got %g, want %g", i, got, want)
		}
	}
	chosen, _ := g.Tensor(t, "chosen")
	for h := range heads {
		for row := m.Chunk * m.TopK; row < g.N; row++ {
			var got []int
			k.Share(1, func(th cpu.Thread, _ int) {
				got = m.choose(th, c, g.Q[(row*heads+h)*d:][:d], chooser{row: row, own: row / m.Chunk, head: h, heads: 1})
			})
			for i, want := range chosen[(h*g.N+row)*m.TopK:][:m.TopK] {
				if got[i] != int(want) {
					t.Fatalf("head %d, row %d chooses %v, want %v", h, row, got, chosen[(h*g.N+row)*m.TopK:][:m.TopK])
				}
			}
		}
	}
}

// square are the shapes whose keys are as wide as their values.
func square() []attentiontest.Shape {
	return slices.DeleteFunc(attentiontest.Shapes(), func(s attentiontest.Shape) bool { return s.KeyDim != s.ValueDim })
}

// With room for all chunks it is full attention, whatever is forked and
// however it is cut.
func TestWithAllChunksItIsFullAttention(t *testing.T) {
	attentiontest.Run(t, attentiontest.Suite{
		Mechanism: LongHeads{Chunk: 50, TopK: 40}, Shapes: square(),
		Sees: func(s attentiontest.Shape, t int) []attentiontest.Seen { return attentiontest.Causal(t, s.Window) },
		Back: 0, KeepsAll: func(attentiontest.Shape) bool { return false },
	})
}

// A sequence that was forked goes on as if it had been computed as a whole.
func TestForksGoOnAsOneSequence(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom(square()).Draw(t, "shape")
		l := shape.Layer(cpu.F32)
		m := LongHeads{Chunk: rapid.IntRange(1, 40).Draw(t, "chunk"), TopK: rapid.IntRange(3, 6).Draw(t, "topk"), Group: rapid.Bool().Draw(t, "group")}
		n, at, cut := rapid.IntRange(1, 300).Draw(t, "n"), 0, 0
		x := shape.Random(n, 1)
		whole := attentiontest.Feed(k, m, l, m.New(l), x)
		c := m.New(l)
		attentiontest.Feed(k, m, l, c, x)
		at = rapid.IntRange(0, n).Draw(t, "forked at")
		if stepped, ok := c.(attention.Stepped); ok {
			if point := stepped.ForkPoint(at); point > at || at-point >= m.Chunk {
				t.Fatalf("the point to fork at up to %d is %d, with chunks of %d", at, point, m.Chunk)
			}
			at = stepped.ForkPoint(at)
		}
		f, ok := c.Fork(at)
		if !ok || f.Len() != at {
			t.Fatalf("not forked at %d of %d", at, n)
		}
		cut = rapid.IntRange(at, n).Draw(t, "cut")
		got := attentiontest.Feed(k, m, l, f, shape.Cut(x, at, cut))
		got = append(got, attentiontest.Feed(k, m, l, f, shape.Cut(x, cut, n))...)
		width := l.Heads * l.KV.ValueDim
		for i, w := range whole[at*width:] {
			if math.Abs(float64(got[i]-w)) > 2e-5 {
				t.Fatalf("row %d: got %g, want %g", at+i/width, got[i], w)
			}
		}
		if said, held := m.Bytes(l, n), attentiontest.Held(c); held > said {
			t.Fatalf("%d bytes are held, said to be %d at the most", held, said)
		}
	})
}

func TestFits(t *testing.T) {
	free := attention.Layer{KV: cpu.KVShape{KeyDim: 64, ValueDim: 64}}
	own, uneven := free, free
	own.Window, uneven.KV.ValueDim = 100, 32
	for _, c := range []struct {
		m     LongHeads
		layer attention.Layer
		want  string
	}{
		{LongHeads{Chunk: 256, TopK: 16}, free, "<nil>"},
		{LongHeads{Chunk: 256, TopK: 32}, free, "<nil>"},
		{LongHeads{Chunk: 256, TopK: 33}, free, "topk=33, but a window of 8192 tokens has 32 chunks of 256: want topk=32 or less, chunk=255 or less or a window of 8193 or more"},
		{LongHeads{Chunk: 10000, TopK: 3}, free, "a chunk of 10000 tokens is larger than a window of 8192: want chunk=4095 or less or a window of 20001 or more"},
		{LongHeads{Chunk: 256, TopK: 16}, own, "every layer of this model has a window of its own"},
		{LongHeads{Chunk: 256, TopK: 16}, uneven, "chunks are summed up by values, which have 32 channels here; keys have 64"},
	} {
		if err := c.m.Fits([]attention.Layer{c.layer}, 8192); fmt.Sprint(err) != c.want {
			t.Errorf("%v: %v, want %s", c.m, err, c.want)
		}
	}
}

// Heads that choose together take the chunks with the largest sums, and read
// them as one head does that has chosen the same.
func TestAGroupChoosesByTheSumOfItsScores(t *testing.T) {
	shape := attentiontest.Shape{Heads: 6, KVHeads: 2, KeyDim: 16, ValueDim: 16, Base: 1e4}
	l := shape.Layer(cpu.F32)
	m := LongHeads{Chunk: 8, TopK: 5, Group: true}
	x := shape.Random(400, 1)
	attentiontest.EachLevel(t, "group", func(t *testing.T, k *cpu.Kernels) {
		c := m.New(l).(*cache)
		attentiontest.Feed(k, m, l, c, x)
		q := shape.Random(1, 2).Q
		for kv := range 2 {
			scores := make([]float64, 48)
			for i := range scores {
				for h := 3 * kv; h < 3*kv+3; h++ {
					for d, v := range c.sums.of(1 + i)[h*16:][:16] {
						scores[i] += float64(q[h*16+d]) * float64(v)
					}
				}
			}
			want := []int{0}
			for _, i := range attention.TopK(scores, 2) {
				want = append(want, 1+i)
			}
			want = append(want, 49, 50)
			var got []int
			k.Share(1, func(th cpu.Thread, _ int) {
				got = m.choose(th, c, q[kv*48:][:48], chooser{own: 50, head: 3 * kv, heads: 3})
			})
			if !slices.Equal(got, want) {
				t.Errorf("kv head %d: %v, want %v", kv, got, want)
			}
		}
	})
}
