package longmem

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

// The reference's memory is what a first segment brings into it; its gate is by
// head, so that each head's figures are taken from a run with its gate.
func TestGolden(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "longmem" {
			continue
		}
		gates, _ := c.Tensor(t, "gate_logit")
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			g := attentiontest.Golden(t, c, kv)
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) {
				out := make([]float32, g.N*g.Layer.Heads*g.Layer.KV.ValueDim)
				for h, logit := range gates {
					m := LongMem{
						Segment: g.N + 1, Memory: 1 << 20, Chunk: int(c.Number("chunk", 0)), Tokens: int(c.Number("k_tokens", 0)),
						Gate: 1 / (1 + math.Exp(-logit)), Layer: -1,
					}
					state := remembering(t, k, m, g)
					if kv == cpu.F32 && h == 0 {
						checkChoice(t, k, m, g, state)
					}
					rows := g.Feed(k, m, state, 1+41*h)
					for row := range g.N {
						at := (row*g.Layer.Heads + h) * g.Layer.KV.ValueDim
						copy(out[at:at+g.Layer.KV.ValueDim], rows[at:])
					}
				}
				if kv == cpu.F32 || c.Number("min_selection_gap", 1) > 1e-3 {
					g.Near(t, "rows", out, "o")
				}
			})
		}
	}
}

// remembering returns a cache that has seen the case's memory.
func remembering(t *testing.T, k *cpu.Kernels, m LongMem, g attentiontest.GoldenCase) *cache {
	t.Helper()
	tokens := func(name string) []float32 {
		x, s := g.Tensor(t, name)
		return goldentest.Narrow(goldentest.Swap(x, s[0], s[1], s[2]))
	}
	_, shape := g.Tensor(t, "mem_k")
	n := shape[1]
	first := attentiontest.Tokens{N: n, Q: make([]float32, n*g.Layer.Heads*g.Layer.KV.KeyDim), K: tokens("mem_k"), V: tokens("mem_v")}
	state := m.New(g.Layer)
	if n > 0 {
		m.Segment = n
		attentiontest.Feed(k, m, g.Layer, state, first)
	}
	return state.(*cache)
}

func checkChoice(t *testing.T, k *cpu.Kernels, m LongMem, g attentiontest.GoldenCase, c *cache) {
	t.Helper()
	want, shape := g.Tensor(t, "chosen")
	got := m.lookUp(k, g.Layer, g.N, c, g.Q)
	if len(want) == 0 {
		if got != nil {
			t.Fatalf("%v was looked up in an empty memory", got)
		}
		return
	}
	for h := range g.Layer.Heads {
		for row := range g.N {
			for i, chunk := range want[(h*g.N+row)*shape[2]:][:shape[2]] {
				if own := got[row*g.Layer.Heads+h]; own[i] != int(chunk) {
					t.Fatalf("head %d, row %d recalls %v, want %v", h, row, own, want[(h*g.N+row)*shape[2]:][:shape[2]])
				}
			}
		}
	}
}

// Without a weight for the memory, and in one segment, it is full attention.
func TestAloneItIsFullAttention(t *testing.T) {
	for _, m := range []LongMem{{Segment: 2000, Memory: 64, Chunk: 4, Tokens: 16, Gate: 0.5, Layer: -1}, {Segment: 2000, Memory: 64, Chunk: 4, Tokens: 16, Gate: 0.5, Layer: 3}} {
		attentiontest.Run(t, attentiontest.Suite{
			Mechanism: m,
			Sees:      func(s attentiontest.Shape, t int) []attentiontest.Seen { return attentiontest.Causal(t, s.Window) },
			KeepsAll:  func(s attentiontest.Shape) bool { return s.Window == 0 }, Back: full.Slack,
		})
	}
}

// However a sequence is cut, and wherever it was forked, its rows are the same;
// memory holds no more than it may.
func TestSegmentsGoOnAsOneSequence(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom(attentiontest.Shapes()[:3]).Draw(t, "shape")
		l := shape.Layer(cpu.F32)
		m := LongMem{
			Segment: rapid.IntRange(1, 90).Draw(t, "segment"), Memory: rapid.IntRange(1, 200).Draw(t, "memory"), Chunk: rapid.IntRange(1, 8).Draw(t, "chunk"),
			Tokens: rapid.IntRange(1, 40).Draw(t, "tokens"), Gate: rapid.Float64Range(0, 1).Draw(t, "gate"), Layer: rapid.IntRange(-1, 1).Draw(t, "layer"),
		}
		n := rapid.IntRange(1, 400).Draw(t, "n")
		x := shape.Random(n, 1)
		c := m.New(l).(*cache)
		whole := attentiontest.Feed(k, m, l, c, x)
		if held, said := attentiontest.Held(c), m.Bytes(l, n); held > said {
			t.Fatalf("%d bytes are held, said to be %d at the most", held, said)
		}
		if c.mean != nil && (c.bank.Len()/m.Chunk-c.first)*m.Chunk > m.Memory {
			t.Fatalf("memory holds chunks %d to %d of %d tokens", c.first, c.bank.Len()/m.Chunk, m.Chunk)
		}
		at := rapid.IntRange(0, n).Draw(t, "at")
		point := c.ForkPoint(at)
		f, ok := c.Fork(point)
		if !ok || point > at || f.Len() != point {
			t.Fatalf("not forked at %d, the point up to %d", point, at)
		}
		if point == n {
			return
		}
		cut := rapid.IntRange(point+1, n).Draw(t, "cut")
		got := attentiontest.Feed(k, m, l, f, shape.Cut(x, point, cut))
		if cut < n {
			got = append(got, attentiontest.Feed(k, m, l, f, shape.Cut(x, cut, n))...)
		}
		width := l.Heads * l.KV.ValueDim
		for i, w := range whole[point*width:] {
			if math.Abs(float64(got[i]-w)) > 2e-5 {
				t.Fatalf("row %d: got %g, want %g", point+i/width, got[i], w)
			}
		}
	})
}

// The oldest go first, twice as many as came in.
func TestWhatOverflowsIsDropped(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shapes()[0]
	l := shape.Layer(cpu.F32)
	m := LongMem{Segment: 10, Memory: 28, Chunk: 4, Tokens: 8, Gate: 0.5, Layer: -1}
	c := m.New(l).(*cache)
	var got [][2]int
	for i := range 7 {
		attentiontest.Feed(k, m, l, c, shape.Random(10, uint64(i)))
		got = append(got, [2]int{c.first, c.bank.Len() / m.Chunk})
	}
	// 8 of each segment's 10 tokens are whole chunks; 32 are more than 28.
	want := [][2]int{{0, 2}, {0, 4}, {0, 6}, {4, 8}, {4, 10}, {8, 12}, {8, 14}}
	if !slices.Equal(got, want) {
		t.Errorf("memory holds chunks %v, want %v", got, want)
	}
}

func TestFits(t *testing.T) {
	layers := []attention.Layer{{Window: 10}, {}}
	for _, c := range []struct {
		m    LongMem
		want string
	}{
		{LongMem{Segment: 10, Layer: -1}, "<nil>"},
		{LongMem{Segment: 10, Layer: 1}, "<nil>"},
		{LongMem{Segment: 10, Layer: 0}, "the layers that would have the memory have a window of their own"},
		{LongMem{Segment: 10, Layer: 2}, "layer=2 of a model whose layers are 0 to 1"},
		{LongMem{Segment: 100, Layer: -1}, "a segment of 100 tokens is the whole window of 100: nothing would come into memory"},
	} {
		if err := c.m.Fits(layers, 100); fmt.Sprint(err) != c.want {
			t.Errorf("%v: %v, want %s", c.m, err, c.want)
		}
	}
}
