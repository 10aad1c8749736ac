package evict

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Online is H2O as first published: from the first token on each head keeps at
// most Heavy + Recent tokens. After each row the one that has received the
// least attention so far, of those that are not among the last Recent, is
// dropped. Prompts are computed row by row, since what a row sees depends on the
// rows before it.
// Source: ../shared/spec/attention.md §12 (arXiv 2306.14048).
type Online struct{ Heavy, Recent int }

var (
	_ attention.Chooser = Online{}
	_ attention.Reader  = (*online)(nil)
)

// String implements attention.Mechanism.
func (o Online) String() string {
	return fmt.Sprintf("h2o-online:heavy=%d,recent=%d", o.Heavy, o.Recent)
}

// Fits implements attention.Chooser.
func (o Online) Fits(layers []attention.Layer, window int) error {
	return evicts(layers, window, min(window, o.Heavy)+min(window, o.Recent), fmt.Sprintf("heavy %d with recent %d", o.Heavy, o.Recent))
}

// New implements attention.Mechanism.
func (o Online) New(l attention.Layer) attention.Cache {
	if l.Window > 0 {
		return full.Full{}.New(l)
	}
	return &online{heads: make([]hoard, l.Heads), shape: l.KV}
}

// Bytes implements attention.Mechanism: keys and values in float32, and a total.
func (o Online) Bytes(l attention.Layer, n int) int64 {
	if l.Window > 0 {
		return full.Full{}.Bytes(l, n)
	}
	return int64(l.Heads) * int64(min(n, o.Heavy+o.Recent)) * rowBytes(l.KV)
}

// rowBytes is the memory of a token that a head keeps.
func rowBytes(s cpu.KVShape) int64 { return int64(4*(s.KeyDim+valueStride(s)) + 16) }

// valueStride is how far apart a head's values stand: whole panels.
func valueStride(s cpu.KVShape) int { return (s.ValueDim + cpu.Panel - 1) / cpu.Panel * cpu.Panel }

// Attend implements attention.Mechanism.
func (o Online) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	var whole []attention.Work
	for _, w := range works {
		c, ours := w.Cache.(*online)
		if !ours {
			whole = append(whole, w)
			continue
		}
		rotate(k, l, w, c.n)
		k.Share(l.Heads, func(t cpu.Thread, h int) {
			for row := range w.N {
				o.row(t, &c.heads[h], l, w, h, row, c.n+row)
			}
		})
		c.n += w.N
		c.Count(w.N, c.attended())
	}
	if len(whole) > 0 {
		full.Full{}.Attend(k, l, whole)
	}
}

// attended is how many keys the heads saw in the last row.
func (c *online) attended() int {
	seen := 0
	for i := range c.heads {
		seen += len(c.heads[i].weights)
	}
	return seen
}

// hoard is what one head keeps: a token's key and value stand where its position
// does. The place of a dropped token is the last one's from then on.
type hoard struct {
	tally
	keys   []float32 // [len(at), KeyDim]
	values []float32 // [len(at), valueStride]
	sums   []float32 // of the row under way [valueStride]
}

// row lets a head attend with the query of a row of a work, at position p.
func (o Online) row(t cpu.Thread, h *hoard, l attention.Layer, w attention.Work, head, row, p int) {
	kd, vd, kv, stride := l.KV.KeyDim, l.KV.ValueDim, head/(l.Heads/l.KV.Heads), valueStride(l.KV)
	h.join(p)
	h.keys = append(h.keys, w.K[(row*l.KV.Heads+kv)*kd:][:kd]...)
	h.values = append(h.values, w.V[(row*l.KV.Heads+kv)*vd:][:vd]...)
	h.values = append(h.values, make([]float32, stride-vd)...)
	q := cpu.Dense{Data: w.Q[(row*l.Heads+head)*kd:], Stride: kd}
	t.Dots(cpu.Dense{Data: h.weights, Stride: len(h.at)}, q, cpu.Dense{Data: h.keys, Stride: kd}, 1, len(h.at), kd)
	h.weigh(t, l.Scale, l.SoftCap)
	if h.sums == nil {
		h.sums = make([]float32, stride)
	}
	t.Product(cpu.Dense{Data: h.sums, Stride: stride}, cpu.Dense{Data: h.weights, Stride: len(h.at)}, cpu.Dense{Data: h.values, Stride: stride}, 1, stride, len(h.at), nil)
	copy(w.Out[(row*l.Heads+head)*vd:][:vd], h.sums)
	if i, over := o.surplus(&h.tally, p); over {
		h.drop(i, kd, stride)
	}
}

// drop gives the place of token i to the last one.
func (h *hoard) drop(i, kd, stride int) {
	last := len(h.at) - 1
	h.at[i], h.total[i] = h.at[last], h.total[last]
	copy(h.keys[i*kd:][:kd], h.keys[last*kd:])
	copy(h.values[i*stride:][:stride], h.values[last*stride:])
	h.at, h.total, h.keys, h.values = h.at[:last], h.total[:last], h.keys[:last*kd], h.values[:last*stride]
}

// tally is which tokens a head keeps, and what they have received.
type tally struct {
	at      []int     // positions, in any order
	total   []float64 // the weights received so far
	weights []float32 // of the row under way
}

// join appends a token that has received nothing.
func (y *tally) join(p int) {
	y.at, y.total = append(y.at, p), append(y.total, 0)
	y.weights = slices.Grow(y.weights[:0], len(y.at))[:len(y.at)]
}

// weigh makes softmax weights of a query's products with the keys, both in
// y.weights, and adds them to the totals.
func (y *tally) weigh(t cpu.Thread, scale, softCap float32) {
	w := y.weights
	t.Scale(w, w, scale)
	if softCap > 0 {
		for i, s := range w {
			w[i] = softCap * float32(math.Tanh(float64(s/softCap)))
		}
	}
	top := t.Largest(w)
	for i, s := range w {
		w[i] = s - top
	}
	t.Exp(w, w)
	sum := 0.0
	for _, e := range w {
		sum += float64(e)
	}
	for i, e := range w {
		share := float64(e) / sum
		w[i] = float32(share)
		y.total[i] += share
	}
}

// surplus is the token that a head drops behind the row at position p; false: it
// has room for all.
func (o Online) surplus(y *tally, p int) (i int, over bool) {
	if len(y.at) <= o.Heavy+o.Recent {
		return 0, false
	}
	return y.least(p - o.Recent), true
}

// least returns the token, at position last or before it, that has received the
// least; of equals the earliest.
func (y *tally) least(last int) int {
	low := -1
	for i, p := range y.at {
		if p > last {
			continue
		}
		if low < 0 || y.total[i] < y.total[low] || y.total[i] == y.total[low] && p < y.at[low] {
			low = i
		}
	}
	return low
}

// online is the cache.
type online struct {
	attention.ReadCount
	heads []hoard // by query head
	shape cpu.KVShape
	n     int
}

// Len implements attention.Cache.
func (c *online) Len() int { return c.n }

// Fork implements attention.Cache: only where it stands, since totals change
// with every row.
func (c *online) Fork(n int) (attention.Cache, bool) {
	f := &online{heads: make([]hoard, len(c.heads)), shape: c.shape, n: n}
	if n == 0 {
		return f, true
	}
	for i, h := range c.heads {
		f.heads[i] = hoard{
			tally: tally{at: slices.Clone(h.at), total: slices.Clone(h.total)},
			keys:  slices.Clone(h.keys), values: slices.Clone(h.values),
		}
	}
	return f, n == c.n
}

// Pieces implements attention.Cache.
func (c *online) Pieces() iter.Seq2[any, int64] {
	bytes := int64(0)
	for _, h := range c.heads {
		bytes += int64(len(h.at)) * rowBytes(c.shape)
	}
	return func(yield func(any, int64) bool) {
		if bytes > 0 {
			yield(c, bytes)
		}
	}
}
