// Package watch is full attention that tells which tokens each head of the
// newest row looks at: an instrument, for one sequence at a time.
//
// The matrix of weights is never formed. A second pass over the keys, for the
// newest row alone, gives its weights from its log-sum-exp.
package watch

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Watch is the mechanism. Its zero value is ready.
type Watch struct{ layers []Row }

// Row is what the newest row's heads look at in a layer.
type Row struct {
	Weights [][]float64 // by query head, then token; each head's sum to 1
}

var _ attention.Mechanism = (*Watch)(nil)

// String implements attention.Mechanism.
func (*Watch) String() string { return "full" }

// Rows returns what the newest row's heads look at, by layer. It is valid until
// the next pass of the model.
func (w *Watch) Rows() []Row { return w.layers }

// New implements attention.Mechanism.
func (*Watch) New(l attention.Layer) attention.Cache { return &cache{attention.NewBlocks(l.KV)} }

// Bytes implements attention.Mechanism.
func (*Watch) Bytes(l attention.Layer, n int) int64 { return attention.RunBytes(l.KV, n) }

// Attend implements attention.Mechanism.
func (w *Watch) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	for _, x := range works {
		w.attend(k, l, x, x.Cache.(*cache))
	}
}

func (w *Watch) attend(k *cpu.Kernels, l attention.Layer, x attention.Work, c *cache) {
	if l.Angles != nil {
		at := attention.Positions(c.Len(), x.N)
		k.RoPE(x.Q, x.N, l.Heads, l.KV.KeyDim, l.Angles, at)
		k.RoPE(x.K, x.N, l.KV.Heads, l.KV.KeyDim, l.Angles, at)
	}
	c.Append(x.N, x.K, x.V)
	job := c.Job(x.N, x.Q, x.Out)
	job.LSE = make([]float32, x.N*l.Heads)
	shape := cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap, Window: l.Window}
	k.Attend(shape, job)
	last := c.Job(1, x.Q[(x.N-1)*l.Heads*l.KV.KeyDim:], nil)
	last.LSE = job.LSE[(x.N-1)*l.Heads:]
	row := Row{Weights: make([][]float64, l.Heads)}
	for h := range row.Weights {
		row.Weights[h] = make([]float64, c.Len())
	}
	k.ColumnSums(shape, last, row.Weights)
	for len(w.layers) <= l.Index {
		w.layers = append(w.layers, Row{})
	}
	w.layers[l.Index] = row
}

type cache struct{ *attention.Blocks }

// Fork implements attention.Cache.
func (c *cache) Fork(n int) (attention.Cache, bool) { return &cache{c.Blocks.Fork(n)}, true }
