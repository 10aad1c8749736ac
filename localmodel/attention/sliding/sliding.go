// Package sliding is a window of recent tokens with attention sinks
// (StreamingLLM): a row sees the first S tokens and the last R, itself
// included. With remapped positions the distance to a sink never grows beyond
// the cache, as if positions were cache slots.
//
// A row at t < S+R is plain causal attention. Behind that, the recent part
// keeps its true distances and only the sinks are seen from a query that is
// rotated by S+R-1: two partial softmaxes, merged by their log-sum-exp.
//
// A prompt holds more than it sees, so that it can be forked where others part
// from it; at its end the answer's cache becomes a ring of R tokens beside the
// sinks, while what is kept for other prompts stays as it was.
// Source: ../shared/spec/attention.md §2a (arXiv 2309.17453 and its code).
package sliding

import (
	"fmt"
	"iter"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Sliding is the mechanism with its parameters.
type Sliding struct {
	Window int // R, recent tokens, the row's own included; at least 1
	Sinks  int // S, first tokens kept for good
	// TruePositions keeps the sinks' distances as they are, for models that
	// were trained at the length.
	TruePositions bool
}

var (
	_ attention.PromptEnder = Sliding{}
	_ attention.Reader      = (*cache)(nil)
)

// slack is how far behind its end a prompt can be forked. Answers have none.
const slack = 1024

// String implements attention.Mechanism.
func (s Sliding) String() string {
	return fmt.Sprintf("sliding:window=%d,sinks=%d,remap=%t", s.Window, s.Sinks, !s.TruePositions)
}

// New implements attention.Mechanism.
func (s Sliding) New(l attention.Layer) attention.Cache {
	c := &cache{recent: attention.NewBlocks(l.KV), sinks: attention.NewFew(l.KV, s.Sinks), window: s.Window, all: s.Window + s.Sinks}
	if s.ownWindow(l) {
		c.window, c.all = l.Window, l.Window
	}
	return c
}

// ownWindow says whether a layer keeps its own window.
func (s Sliding) ownWindow(l attention.Layer) bool { return l.Window > 0 && l.Window <= s.Window }

// Bytes implements attention.Mechanism.
func (s Sliding) Bytes(l attention.Layer, n int) int64 {
	recent := min(n+cpu.BlockTokens, s.Window+s.Sinks+slack+cpu.BlockTokens) // a block more where Keep folded one
	return attention.RunBytes(l.KV, recent) + attention.FewBytes(l.KV, min(n, s.Sinks), s.Sinks)
}

// Attend implements attention.Mechanism. A layer whose own window is no wider
// than R keeps it, without sinks, as it was trained.
func (s Sliding) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	for _, w := range works {
		c := w.Cache.(*cache)
		if s.ownWindow(l) {
			s.own(k, l, w, c)
		} else {
			s.attend(k, l, w, c)
		}
		c.drop()
	}
}

// EndPrompt implements attention.PromptEnder: what stands in for shorter prompts
// is kept with the prompt; an answer needs no more than it sees.
func (s Sliding) EndPrompt(_ *cpu.Kernels, _ []attention.Layer, caches []attention.Cache) {
	for _, c := range caches {
		if c, ours := c.(*cache); ours {
			c.answers = true
			c.drop()
		}
	}
}

// Observed implements attention.PromptEnder.
func (s Sliding) Observed() int { return 0 }

// own is the model's own window.
func (s Sliding) own(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	rotate(k, l, w.Q, l.Heads, attention.Positions(c.Len(), w.N))
	rotate(k, l, w.K, l.KV.Heads, attention.Positions(c.Len(), w.N))
	c.append(s.Sinks, w)
	k.Attend(s.shape(l, l.Window), c.recent.Job(w.N, w.Q, w.Out))
	c.Count(w.N, l.Heads*min(c.Len(), l.Window))
}

func (s Sliding) attend(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	from := c.Len()
	rotate(k, l, w.K, l.KV.Heads, attention.Positions(from, w.N))
	c.append(s.Sinks, w)
	early := min(w.N, max(0, s.Window+s.Sinks-from)) // rows that lose nothing
	late := w.N - early
	c.Count(w.N, l.Heads*min(c.Len(), s.Window+s.Sinks))
	qd, od := l.Heads*l.KV.KeyDim, l.Heads*l.KV.ValueDim
	lateQ := w.Q[early*qd : w.N*qd]
	sinkQ := append([]float32(nil), lateQ...)
	rotate(k, l, w.Q, l.Heads, attention.Positions(from, w.N))
	if early > 0 {
		job := c.recent.Job(w.N, w.Q, w.Out)
		job.N = early
		k.Attend(s.shape(l, 0), job)
	}
	if late == 0 {
		return
	}
	lse := make([]float32, late*l.Heads)
	job := c.recent.Job(late, lateQ, w.Out[early*od:])
	job.LSE = lse
	k.Attend(s.shape(l, s.Window), job)
	if s.Sinks == 0 {
		return
	}
	at := attention.Positions(from+early, late)
	if !s.TruePositions {
		for i := range at {
			at[i] = s.Window + s.Sinks - 1
		}
	}
	rotate(k, l, sinkQ, l.Heads, at)
	out2, lse2 := make([]float32, late*od), make([]float32, late*l.Heads)
	sinks := c.sinks.Job(late, sinkQ, out2)
	sinks.LSE = lse2
	shape := s.shape(l, 0)
	shape.NonCausal = true
	k.Attend(shape, sinks)
	cpu.MergePartials(w.Out[early*od:], lse, out2, lse2, late*l.Heads, l.KV.ValueDim)
}

func (s Sliding) shape(l attention.Layer, window int) cpu.AttendShape {
	return cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap, Window: window}
}

func rotate(k *cpu.Kernels, l attention.Layer, x []float32, heads int, at []int) {
	if l.Angles != nil && len(at) > 0 {
		k.RoPE(x, len(at), heads, l.KV.KeyDim, l.Angles, at)
	}
}

type cache struct {
	attention.ReadCount
	recent, sinks *attention.Blocks
	// A row sees all tokens while there are no more than all, and then the last
	// window of them, itself included, besides the sinks.
	window, all int
	answers     bool // the prompt is done
}

// needs is the first position that a sequence of n tokens must have kept.
func (c *cache) needs(n int) int {
	if n < c.all {
		return 0
	}
	return n - c.window
}

// drop forgets what is not needed, nor, in a prompt, could be in a fork.
func (c *cache) drop() {
	switch n := c.Len(); {
	case !c.answers:
		c.recent.Drop(c.all + slack)
	case c.needs(n) > 0:
		c.recent.Keep(c.window)
	}
}

// append adds a work's rotated keys; the first of all go to the sinks too.
func (c *cache) append(sinks int, w attention.Work) {
	if n := min(w.N, sinks-c.sinks.Len()); n > 0 {
		c.sinks.Append(n, w.K, w.V)
	}
	c.recent.Append(w.N, w.K, w.V)
}

// Len implements attention.Cache.
func (c *cache) Len() int { return c.recent.Len() }

// Pieces implements attention.Cache.
func (c *cache) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		for _, run := range []*attention.Blocks{c.recent, c.sinks} {
			for id, bytes := range run.Pieces() {
				if !yield(id, bytes) {
					return
				}
			}
		}
	}
}

// Fork implements attention.Cache.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	if first := c.needs(n); first < n && !c.recent.Has(first) || c.answers && n < c.Len() && n > 0 {
		return nil, false
	}
	return &cache{recent: c.recent.Fork(n), sinks: c.sinks.Fork(min(n, c.sinks.Len())), window: c.window, all: c.all, answers: c.answers && n > 0}, true
}
