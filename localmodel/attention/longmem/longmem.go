// Package longmem splits a sequence into segments and lets each row attend to
// its own segment and to a memory of earlier ones. The memory holds keys and
// values in chunks; each head looks up the chunks whose mean key agrees best
// with its query, attends to their tokens apart, and mixes the two results by a
// gate.
//
// In LongMem one layer of a trained side network has the memory, and the gate is
// learned. Here the mechanism runs by itself on unchanged weights, as an
// experiment: on all layers or on one, with a fixed gate. Memory has no
// positions: keys and queries meet there as they are ahead of their rotation.
// Source: ../shared/spec/attention.md §10 (arXiv 2306.07174 and its code).
package longmem

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// LongMem is the mechanism with its parameters.
type LongMem struct {
	Segment int // tokens of a segment
	Memory  int // tokens that are kept in memory at the most
	Chunk   int // tokens of a chunk
	Tokens  int // tokens looked up, in whole chunks
	Gate    float64
	Layer   int // the layer with the memory; -1: all of them
}

var (
	_ attention.Chooser = LongMem{}
	_ attention.Reader  = (*cache)(nil)
)

// String implements attention.Mechanism.
func (m LongMem) String() string {
	layer := "all"
	if m.Layer >= 0 {
		layer = strconv.Itoa(m.Layer)
	}
	return fmt.Sprintf("longmem:segment=%d,memory=%d,chunk=%d,tokens=%d,gate=%g,layer=%s", m.Segment, m.Memory, m.Chunk, m.Tokens, m.Gate, layer)
}

// Fits implements attention.Chooser.
func (m LongMem) Fits(layers []attention.Layer, window int) error {
	free := false
	for i, l := range layers {
		free = free || l.Window == 0 && (m.Layer < 0 || m.Layer == i)
	}
	switch {
	case m.Layer >= len(layers):
		return fmt.Errorf("layer=%d of a model whose layers are 0 to %d", m.Layer, len(layers)-1)
	case !free:
		return errors.New("the layers that would have the memory have a window of their own")
	case m.Segment >= window:
		return fmt.Errorf("a segment of %d tokens is the whole window of %d: nothing would come into memory", m.Segment, window)
	}
	return nil
}

// remembers says whether a layer has the memory.
func (m LongMem) remembers(l attention.Layer) bool { return m.Layer < 0 || m.Layer == l.Index }

// New implements attention.Mechanism.
func (m LongMem) New(l attention.Layer) attention.Cache {
	if l.Window > 0 {
		return full.Full{}.New(l)
	}
	return newCache(m, l)
}

// Bytes implements attention.Mechanism: the open segment, rotated and not, the
// memory, and a mean key for each of its chunks.
func (m LongMem) Bytes(l attention.Layer, n int) int64 {
	if l.Window > 0 {
		return full.Full{}.Bytes(l, n)
	}
	bytes := attention.RunBytes(l.KV, min(n, m.Segment))
	if m.remembers(l) {
		kept := min(n, m.Memory+m.Segment+cpu.BlockTokens)
		row := l.KV.Heads * (l.KV.KeyDim + l.KV.ValueDim)
		bytes += attention.RunBytes(l.KV, kept) + int64(4*min(n, m.Segment)*row) + int64(4*(kept/m.Chunk+1)*l.KV.Heads*l.KV.KeyDim)
	}
	return bytes
}

// Attend implements attention.Mechanism. Layers with a window of their own keep
// it.
func (m LongMem) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	if l.Window > 0 {
		full.Full{}.Attend(k, l, works)
		return
	}
	for _, w := range works {
		c := w.Cache.(*cache)
		for done := 0; done < w.N; {
			n := min(w.N-done, m.Segment-c.local.Len())
			c.Count(w.N, m.attend(k, l, part(w, l, done, n), c))
			done += n
		}
	}
}

// part is n rows of a work.
func part(w attention.Work, l attention.Layer, from, n int) attention.Work {
	cut := func(x []float32, width int) []float32 { return x[from*width : (from+n)*width] }
	return attention.Work{
		Cache: w.Cache, N: n, Q: cut(w.Q, l.Heads*l.KV.KeyDim), K: cut(w.K, l.KV.Heads*l.KV.KeyDim),
		V: cut(w.V, l.KV.Heads*l.KV.ValueDim), Out: cut(w.Out, l.Heads*l.KV.ValueDim),
	}
}

func shape(l attention.Layer) cpu.AttendShape {
	return cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap}
}

// attend computes rows of one segment, and returns how many keys the last of them
// saw, over all heads.
func (m LongMem) attend(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) int {
	var raw []float32
	if c.mean != nil {
		raw = append(raw, w.Q...)
		c.keys, c.values = append(c.keys, w.K...), append(c.values, w.V...)
	}
	if l.Angles != nil {
		at := attention.Positions(c.Len(), w.N)
		k.RoPE(w.Q, w.N, l.Heads, l.KV.KeyDim, l.Angles, at)
		k.RoPE(w.K, w.N, l.KV.Heads, l.KV.KeyDim, l.Angles, at)
	}
	c.local.Append(w.N, w.K, w.V)
	k.Attend(shape(l), c.local.Job(w.N, w.Q, w.Out))
	keys := l.Heads * c.local.Len()
	if c.mean != nil {
		keys += m.recall(k, l, w, c, raw)
	}
	if c.local.Len() == m.Segment {
		c.endSegment(m, l)
	}
	return keys
}

// recall mixes what heads find in memory into a work's rows, and returns how many
// keys a row's heads find. With nothing in memory, or nothing to look up, the rows
// stay as they are.
func (m LongMem) recall(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache, raw []float32) int {
	d, dv, group := l.KV.KeyDim, l.KV.ValueDim, l.Heads/l.KV.Heads
	found := m.lookUp(k, l, w.N, c, raw)
	if len(found) == 0 {
		return 0
	}
	out, jobs := make([]float32, len(found)*dv), make([]cpu.ChosenJob, len(found))
	for i, chunks := range found {
		jobs[i] = cpu.ChosenJob{Head: i % l.Heads / group, N: 1, Q: [][]float32{raw[i*d:][:d]}, Out: out[i*dv:][:dv], Stride: dv}
		for _, chunk := range chunks {
			jobs[i].Blocks = c.bank.Choose(jobs[i].Blocks, chunk*m.Chunk, (chunk+1)*m.Chunk, 0)
		}
	}
	k.AttendChosen(shape(l), jobs...)
	for i, v := range out {
		w.Out[i] = float32((1-m.Gate)*float64(w.Out[i]) + m.Gate*float64(v))
	}
	return l.Heads * len(found[0]) * m.Chunk
}

// lookUp returns the chunks that each row and head recalls, ascending; none at
// all where there is nothing to recall.
func (m LongMem) lookUp(k *cpu.Kernels, l attention.Layer, n int, c *cache, raw []float32) [][]int {
	d, group, chunks := l.KV.KeyDim, l.Heads/l.KV.Heads, c.bank.Len()/m.Chunk-c.first
	take := min(m.Tokens/m.Chunk, chunks)
	if take <= 0 {
		return nil
	}
	out := make([][]int, n*l.Heads)
	scores := make([]float32, n*group*chunks)
	for kv := range l.KV.Heads {
		var q []float32 // [n, heads of the group, d]
		for t := range n {
			q = append(q, raw[(t*l.Heads+kv*group)*d:][:group*d]...)
		}
		k.MatMul(scores, q, n*group, cpu.Floats(c.mean[kv], chunks, d))
		k.Parallel(n*group, func(i int) {
			best := attention.TopK(scores[i*chunks:][:chunks], take)
			for j := range best {
				best[j] += c.first
			}
			out[i/group*l.Heads+kv*group+i%group] = best
		})
	}
	return out
}
