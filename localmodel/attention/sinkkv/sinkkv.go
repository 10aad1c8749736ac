// Package sinkkv adds keys and values that belong to no token to what every row
// sees. They have no position and are never masked: a row can put its weight
// there when nothing in the context deserves it. With zeros for both (mode
// K0V0) and one of them it is the softmax whose sum has a one added to it.
// Where keys or values are learned they come with the weights (model.Sinks, with
// the names of the tensors, and why there is no public checkpoint).
// Source: ../shared/spec/attention.md §2b (Sink-KV of ReLIC).
package sinkkv

import (
	"errors"
	"fmt"
	"iter"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Mode says which of keys and values are learned.
type Mode string

// The modes, as the code of ReLIC names them.
const (
	KV   Mode = "kv"
	KV0  Mode = "kv0"  // values 0
	K0V  Mode = "k0v"  // keys 0
	K0V0 Mode = "k0v0" // both 0
)

// Layer is what is learned of one layer: Keys [kvHeads, Sinks, keyDim], Values
// [kvHeads, Sinks, valueDim]; what the mode has as 0 may be nil.
type Layer struct{ Keys, Values []float32 }

// SinkKV is the mechanism with its parameters.
type SinkKV struct {
	Mode  Mode
	Sinks int
	// Learned is by layer; nil in mode K0V0. A pointer, so that mechanisms can be
	// compared.
	Learned *[]Layer
}

var (
	_ attention.Chooser = SinkKV{}
	_ attention.Filler  = SinkKV{}
	_ attention.Reader  = (*cache)(nil)
)

// String implements attention.Mechanism.
func (m SinkKV) String() string { return fmt.Sprintf("sinkkv:mode=%s,sinks=%d", m.Mode, m.Sinks) }

// Fits implements attention.Chooser.
func (m SinkKV) Fits(layers []attention.Layer, _ int) error {
	switch {
	case m.Mode == K0V0:
		return nil
	case m.Learned == nil:
		return errors.New("its sinks are learned, and these weights have none; mode=k0v0 runs without")
	case len(*m.Learned) != len(layers):
		return fmt.Errorf("sinks of %d layers for a model of %d", len(*m.Learned), len(layers))
	}
	for i, l := range layers {
		own := (*m.Learned)[i]
		if n := l.KV.Heads * m.Sinks * l.KV.KeyDim; m.Mode != K0V && len(own.Keys) != n {
			return fmt.Errorf("layer %d: %d numbers of sink keys, want %d kv heads × %d sinks × %d", i, len(own.Keys), l.KV.Heads, m.Sinks, l.KV.KeyDim)
		}
		if n := l.KV.Heads * m.Sinks * l.KV.ValueDim; m.Mode != KV0 && len(own.Values) != n {
			return fmt.Errorf("layer %d: %d numbers of sink values, want %d kv heads × %d sinks × %d", i, len(own.Values), l.KV.Heads, m.Sinks, l.KV.ValueDim)
		}
	}
	return nil
}

// New implements attention.Mechanism.
func (m SinkKV) New(l attention.Layer) attention.Cache {
	c := &cache{Cache: full.Full{}.New(l), sinks: attention.NewFew(l.KV, m.Sinks)}
	keys, values := m.learned(l.Index, l.KV.Heads, l.KV.KeyDim, l.KV.ValueDim)
	c.sinks.Append(m.Sinks, keys, values)
	return c
}

// learned returns a layer's sinks: keys [sinks, heads, keyDim], values [sinks,
// heads, valueDim].
func (m SinkKV) learned(layer, heads, keyDim, valueDim int) (keys, values []float32) {
	keys, values = make([]float32, m.Sinks*heads*keyDim), make([]float32, m.Sinks*heads*valueDim)
	if m.Learned != nil {
		own := (*m.Learned)[layer]
		byToken(keys, own.Keys, m.Sinks, heads, keyDim, m.Mode == K0V || m.Mode == K0V0)
		byToken(values, own.Values, m.Sinks, heads, valueDim, m.Mode == KV0 || m.Mode == K0V0)
	}
	return keys, values
}

// byToken turns [heads, n, d] into [n, heads, d]; zero leaves zeros.
func byToken(dst, src []float32, n, heads, d int, zero bool) {
	if zero {
		return
	}
	for i := range n {
		for h := range heads {
			copy(dst[(i*heads+h)*d:][:d], src[(h*n+i)*d:])
		}
	}
}

// Bytes implements attention.Mechanism.
func (m SinkKV) Bytes(l attention.Layer, n int) int64 {
	return full.Full{}.Bytes(l, n) + attention.FewBytes(l.KV, m.Sinks, m.Sinks)
}

// Attend implements attention.Mechanism: full attention with its log-sum-exp,
// merged with attention over the sinks.
func (m SinkKV) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	inner := make([]attention.Work, len(works))
	for i, w := range works {
		inner[i] = w
		inner[i].Cache = w.Cache.(*cache).Cache
	}
	lse := full.AttendLSE(k, l, inner)
	s := cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap, NonCausal: true}
	for i, w := range works {
		out, own := make([]float32, w.N*l.Heads*l.KV.ValueDim), make([]float32, w.N*l.Heads)
		c := w.Cache.(*cache)
		job := c.sinks.Job(w.N, w.Q, out)
		job.LSE = own
		k.Attend(s, job)
		cpu.MergePartials(w.Out, lse[i], out, own, w.N*l.Heads, l.KV.ValueDim)
		c.Count(w.N, c.Cache.(attention.Reader).KeysRead()+l.Heads*m.Sinks)
	}
}

// Fill implements attention.Filler.
func (m SinkKV) Fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	w.Cache = w.Cache.(*cache).Cache
	full.Full{}.Fill(k, l, w)
}

// cache is that of full attention and the sinks, which forks share.
type cache struct {
	attention.Cache
	attention.ReadCount
	sinks *attention.Blocks
}

// Fork implements attention.Cache.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	f, ok := c.Cache.Fork(n)
	if !ok {
		return nil, false
	}
	return &cache{Cache: f, sinks: c.sinks}, true
}

// Pieces implements attention.Cache.
func (c *cache) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		for id, bytes := range c.sinks.Pieces() {
			if !yield(id, bytes) {
				return
			}
		}
		for id, bytes := range c.Cache.Pieces() {
			if !yield(id, bytes) {
				return
			}
		}
	}
}
