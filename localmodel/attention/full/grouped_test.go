package full

import (
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// A prefix is computed once; its forks, each with a suffix behind it, attend in
// one call: Prefix Grouper's forward pass (../shared/spec/attention.md §8).
func TestGoldenSharedPrefix(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "prefix_grouper" {
			continue
		}
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			g := attentiontest.Golden(t, c, kv)
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) {
				g.Near(t, "packed", sharedPrefix(t, k, g), "o")
			})
		}
	}
}

// sharedPrefix returns the rows of prefix and suffixes, packed as the case has
// them.
func sharedPrefix(t *testing.T, k *cpu.Kernels, g attentiontest.GoldenCase) []float32 {
	t.Helper()
	l, at := g.Layer, int(g.Number("prefix", 0))
	s := attentiontest.Shape{Heads: l.Heads, KVHeads: l.KV.Heads, KeyDim: l.KV.KeyDim, ValueDim: l.KV.ValueDim}
	prefix := Full{}.New(l)
	out := attentiontest.Feed(k, Full{}, l, prefix, s.Cut(g.Tokens, 0, at))
	var works []attention.Work
	var caches []attention.Cache
	for _, n := range g.Params["suffixes"].([]any) {
		n := int(n.(float64))
		c, ok := prefix.Fork(prefix.Len())
		if !ok {
			t.Fatal("the prefix can't be forked at its end")
		}
		x := s.Cut(g.Tokens, at, at+n)
		works = append(works, attention.Work{Cache: c, N: n, Q: slices.Clone(x.Q), K: slices.Clone(x.K), V: x.V, Out: make([]float32, n*l.Heads*l.KV.ValueDim)})
		caches = append(caches, c)
		at += n
	}
	Full{}.Attend(k, l, works)
	for _, w := range works {
		out = append(out, w.Out...)
	}
	alone := int64(0)
	for _, c := range caches {
		alone += attentiontest.Held(c)
	}
	if together := attentiontest.Held(caches...); prefix.Len() > cpu.BlockTokens && len(caches) > 1 && together >= alone {
		t.Errorf("the prefix is held once for each suffix: %d bytes", together)
	}
	return out
}
