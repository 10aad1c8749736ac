// Package longheads lets each head choose which chunks of a long context it
// attends to. The context is cut into chunks, and each head sums each chunk up
// in one vector; a row sees the first chunk, the one before its own, its own up
// to itself, and those whose vectors agree best with its query. What is seen is
// packed side by side, so that no distance exceeds what the model was trained
// on. It runs on unchanged weights. As long as a row has no more chunks than it
// may see it is full attention.
//
// Keys are cached at their true positions. A chunk that is packed elsewhere is
// met by a query that is rotated by as much more as the chunk stands nearer.
// Source: ../shared/spec/attention.md §4 (arXiv 2402.10685 and its code); that
// a row sees itself in prefill as in decoding is the spec's choice.
package longheads

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// LongHeads is the mechanism with its parameters.
type LongHeads struct {
	Chunk int // tokens of a chunk
	TopK  int // chunks that a row sees in all, at least LeastTopK
	// Group lets the query heads of a kv head choose together, by the sum of their
	// scores, and read their chunks once. The paper lets each choose for itself.
	Group bool
}

var (
	_ attention.Chooser = LongHeads{}
	_ attention.Filler  = LongHeads{}
	_ attention.Reader  = (*cache)(nil)
)

// String implements attention.Mechanism.
func (m LongHeads) String() string {
	share := "head"
	if m.Group {
		share = "group"
	}
	return fmt.Sprintf("longheads:chunk=%d,topk=%d,share=%s", m.Chunk, m.TopK, share)
}

// Fits implements attention.Chooser.
func (m LongHeads) Fits(layers []attention.Layer, window int) error {
	free := false
	for _, l := range layers {
		free = free || l.Window == 0
		if l.Window == 0 && l.KV.KeyDim != l.KV.ValueDim {
			return fmt.Errorf("chunks are summed up by values, which have %d channels here; keys have %d", l.KV.ValueDim, l.KV.KeyDim)
		}
	}
	if !free {
		return errors.New("every layer of this model has a window of its own")
	}
	return m.pieces().Divide("window", window)
}

func (m LongHeads) pieces() attention.Pieces {
	return attention.Pieces{Name: "chunk", Length: m.Chunk, TopK: m.TopK, Least: LeastTopK}
}

// LeastTopK are the first chunk, a row's own and the one before that.
const LeastTopK = 3

// Divides implements attention.Divider.
func (m LongHeads) Divides(tokens int) error { return m.pieces().Divide("context", tokens) }

// New implements attention.Mechanism.
func (m LongHeads) New(l attention.Layer) attention.Cache {
	if l.Window > 0 {
		return full.Full{}.New(l)
	}
	return &cache{Blocks: attention.NewBlocks(l.KV), chunk: m.Chunk}
}

// Bytes implements attention.Mechanism: keys and values of all tokens, a vector
// a head and chunk, and what the open chunk's vectors will be made of.
func (m LongHeads) Bytes(l attention.Layer, n int) int64 {
	if l.Window > 0 {
		return full.Full{}.Bytes(l, n)
	}
	open := min(n, m.Chunk) * (l.Heads*l.KV.KeyDim + l.KV.Heads*(l.KV.KeyDim+l.KV.ValueDim))
	return attention.RunBytes(l.KV, n) + vectorsBytes(n/m.Chunk, l.Heads*l.KV.KeyDim) + int64(4*open)
}

// Attend implements attention.Mechanism. Layers with a window of their own keep
// it.
func (m LongHeads) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	if l.Window > 0 {
		full.Full{}.Attend(k, l, works)
		return
	}
	for _, w := range works {
		m.attend(k, l, w, w.Cache.(*cache))
	}
}

func (m LongHeads) attend(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	from := c.Len()
	raw := slices.Clone(w.Q[:w.N*l.Heads*l.KV.KeyDim])
	m.fill(k, l, w, c)
	early := min(w.N, max(0, m.Chunk*m.TopK-from))
	if early > 0 {
		c.Count(w.N, l.Heads*c.Len())
		job := c.Job(w.N, w.Q, w.Out)
		job.N = early
		k.Attend(shape(l), job)
	}
	if early < w.N {
		m.attendChosen(k, l, w, c, raw, from, early)
	}
}

// fill appends a work's tokens; queries are left rotated.
func (m LongHeads) fill(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	m.sumUp(k, l, w, c)
	at := attention.Positions(c.Len(), w.N)
	rotate(k, l, w.Q, w.N, l.Heads, at)
	rotate(k, l, w.K, w.N, l.KV.Heads, at)
	c.Append(w.N, w.K, w.V)
}

// Fill implements attention.Filler.
func (m LongHeads) Fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	if l.Window > 0 {
		full.Full{}.Fill(k, l, w)
		return
	}
	m.fill(k, l, w, w.Cache.(*cache))
}

func shape(l attention.Layer) cpu.AttendShape {
	return cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap}
}

func rotate(k *cpu.Kernels, l attention.Layer, x []float32, n, heads int, at []int) {
	if l.Angles != nil && n > 0 {
		k.RoPE(x, n, heads, l.KV.KeyDim, l.Angles, at)
	}
}
