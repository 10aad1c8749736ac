package s2

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

func TestGolden(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "s2attn" {
			continue
		}
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			g := attentiontest.Golden(t, c, kv)
			m := S2{Group: int(c.Number("group", 0))}
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) {
				if c.Params["wrap"] == true {
					g.Near(t, "wrapped", m.Wrapped(k, g.Layer, g.N, slices.Clone(g.Q), slices.Clone(g.K), slices.Clone(g.V)), "o")
					return
				}
				for _, step := range []int{g.N, 1, 7, 48} {
					g.Near(t, fmt.Sprintf("steps of %d", step), prompt(k, m, g.Layer, g.Tokens, step), "o")
				}
			})
		}
	}
}

// prompt attends to the tokens as one prompt, step at a time.
func prompt(k *cpu.Kernels, m attention.Mechanism, l attention.Layer, x attentiontest.Tokens, step int) []float32 {
	s := attentiontest.Shape{Heads: l.Heads, KVHeads: l.KV.Heads, KeyDim: l.KV.KeyDim, ValueDim: l.KV.ValueDim}
	c := m.New(l)
	var out []float32
	for from := 0; from < x.N; from += step {
		p := s.Cut(x, from, min(x.N, from+step))
		w := attention.Work{
			Cache: c, N: p.N, Prompt: x.N, Q: slices.Clone(p.Q), K: slices.Clone(p.K), V: slices.Clone(p.V),
			Out: make([]float32, p.N*l.Heads*l.KV.ValueDim),
		}
		m.Attend(k, l, []attention.Work{w})
		out = append(out, w.Out...)
	}
	return out
}

// A group as long as the prompt is full attention; in shorter ones each half of
// the heads is full attention within its groups.
func TestGroupsAreFullAttentionWithin(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom(attentiontest.Shapes()[:3]).Draw(t, "shape")
		shape.Base = 0 // positions are the prompt's, not the group's
		l := shape.Layer(cpu.F32)
		n, group := rapid.IntRange(1, 200).Draw(t, "n"), rapid.IntRange(2, 220).Draw(t, "group")
		x := shape.Random(n, 1)
		got := prompt(k, S2{Group: group}, l, x, rapid.IntRange(1, n).Draw(t, "step"))
		cuts := func(first int) []int {
			out := []int{0}
			for at := first; at < n; at += group {
				out = append(out, at)
			}
			return append(out, n)
		}
		unshifted, shifted := cuts(group), cuts(group/2)
		if group >= n {
			unshifted, shifted = []int{0, n}, []int{0, n}
		}
		width, d := l.Heads*l.KV.ValueDim, l.KV.ValueDim
		for i, at := range [][]int{unshifted, shifted} {
			for c := range len(at) - 1 {
				want := attentiontest.Feed(k, full.Full{}, l, full.Full{}.New(l), shape.Cut(x, at[c], at[c+1]))
				for j, w := range want {
					head := j % width / d
					if shifted := head >= l.Heads/2; shifted != (i == 1) {
						continue
					}
					if v := got[at[c]*width+j]; math.Abs(float64(v-w)) > 2e-5 {
						t.Fatalf("row %d of head %d: got %g, want %g", at[c]+j/width, head, v, w)
					}
				}
			}
		}
	})
}

// Behind the prompt everything is seen.
func TestDecodingIsFullAttention(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shapes()[0]
	l := shape.Layer(cpu.F32)
	x := shape.Random(100, 1)
	m, whole := S2{Group: 16, DecodeFull: true}, full.Full{}
	c, f := m.New(l), whole.New(l)
	p := shape.Cut(x, 0, 90)
	m.Attend(k, l, []attention.Work{{Cache: c, N: 90, Prompt: 90, Q: slices.Clone(p.Q), K: slices.Clone(p.K), V: p.V, Out: make([]float32, 90*l.Heads*l.KV.ValueDim)}})
	attentiontest.Feed(k, whole, l, f, p)
	got := attentiontest.Feed(k, m, l, c, shape.Cut(x, 90, 100))
	for i, w := range attentiontest.Feed(k, whole, l, f, shape.Cut(x, 90, 100)) {
		if math.Abs(float64(got[i]-w)) > 2e-5 {
			t.Fatalf("number %d: got %g, want %g", i, got[i], w)
		}
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		m     S2
		heads int
		want  string
	}{
		{S2{Group: 8, DecodeFull: true}, 9, "<nil>"},
		{S2{Group: 8, DecodeFull: true}, 1, "layer 0 has one head: there is no half of them to be shifted"},
		{S2{Group: 8}, 9, "it is a way to train, and a step of decoding has no group; decode=full answers with full attention behind a prompt in shifted groups"},
	} {
		if err := c.m.Fits([]attention.Layer{{Heads: c.heads}}, 100); fmt.Sprint(err) != c.want {
			t.Errorf("%v: %v", c.m, err)
		}
	}
}
