// Package full is softmax attention over all tokens, or over the model's own
// sliding window where a layer has one. Keys are cached rotated.
// Source: ../shared/spec/attention.md §1.
package full

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Slack is how many tokens ahead of its window a windowed layer keeps, so that
// a sequence can still be forked that far back (a document that many questions
// share ends a question's length before the sequence does).
const Slack = 1024

// Full is the mechanism. It has no parameters.
type Full struct{}

var _ attention.Filler = Full{}

// String implements attention.Mechanism.
func (Full) String() string { return "full" }

// New implements attention.Mechanism.
func (Full) New(l attention.Layer) attention.Cache {
	return &cache{Blocks: attention.NewBlocks(l.KV), window: l.Window}
}

// Bytes implements attention.Mechanism.
func (Full) Bytes(l attention.Layer, n int) int64 {
	if l.Window > 0 {
		n = min(n, l.Window+Slack+cpu.BlockTokens)
	}
	return attention.RunBytes(l.KV, n)
}

// Attend implements attention.Mechanism.
func (Full) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	attend(k, l, works, make([][]float32, len(works)))
}

// AttendLSE is Attend that also returns the log-sum-exp of each work's scores,
// [n, heads]: mechanisms that add something to full attention merge by it.
// Queries are left rotated.
func AttendLSE(k *cpu.Kernels, l attention.Layer, works []attention.Work) [][]float32 {
	lse := make([][]float32, len(works))
	for i, w := range works {
		lse[i] = make([]float32, w.N*l.Heads)
	}
	attend(k, l, works, lse)
	return lse
}

func attend(k *cpu.Kernels, l attention.Layer, works []attention.Work, lse [][]float32) {
	jobs := make([]cpu.AttendJob, len(works))
	for i, w := range works {
		c := w.Cache.(*cache)
		fill(k, l, w)
		jobs[i] = c.Job(w.N, w.Q, w.Out)
		jobs[i].LSE = lse[i]
	}
	k.Attend(cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap, Window: l.Window}, jobs...)
	for _, w := range works {
		c := w.Cache.(*cache)
		c.Count(w.N, l.Heads*c.sees())
		if l.Window > 0 {
			c.Drop(l.Window + Slack)
		}
	}
}

func fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	c := w.Cache.(*cache)
	if l.Angles != nil {
		at := attention.Positions(c.Len(), w.N)
		k.RoPE(w.Q, w.N, l.Heads, l.KV.KeyDim, l.Angles, at)
		k.RoPE(w.K, w.N, l.KV.Heads, l.KV.KeyDim, l.Angles, at)
	}
	c.Append(w.N, w.K, w.V)
}

// Fill implements attention.Filler.
func (Full) Fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	fill(k, l, w)
	if l.Window > 0 {
		w.Cache.(*cache).Drop(l.Window + Slack)
	}
}

type cache struct {
	*attention.Blocks
	attention.ReadCount
	window int
}

var _ attention.Reader = (*cache)(nil)

// sees is how many keys the newest row sees.
func (c *cache) sees() int {
	if c.window > 0 {
		return min(c.Len(), c.window)
	}
	return c.Len()
}

// Fork implements attention.Cache.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	// The next token sees window-1 tokens back from n, or all of a shorter
	// beginning; the newest must be there too, for rows to be added behind it.
	if first := min(n-1, max(0, n-c.window+1)); c.window > 0 && n > 0 && !c.Has(first) {
		return nil, false
	}
	return &cache{Blocks: c.Blocks.Fork(n), window: c.window}, true
}
