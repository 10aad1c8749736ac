package evict

import (
	"fmt"
	"iter"
	"math"

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

var _ attention.Mechanism = Online{}

// String implements attention.Mechanism.
func (o Online) String() string {
	return fmt.Sprintf("h2o-online:heavy=%d,recent=%d", o.Heavy, o.Recent)
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
func rowBytes(s cpu.KVShape) int64 { return int64(4*(s.KeyDim+s.ValueDim) + 16) }

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
		k.Parallel(l.Heads, func(h int) {
			for t := range w.N {
				o.row(&c.heads[h], l, w, h, t, c.n+t)
			}
		})
		c.n += w.N
	}
	if len(whole) > 0 {
		full.Full{}.Attend(k, l, whole)
	}
}

// hoard is what one head keeps, in the order of the tokens.
type hoard struct {
	at           []int // positions
	total        []float64
	keys, values []float32 // [len(at), dim]
	weights      []float64 // of the row under way
}

// row lets a head attend with the query of token t of a work, at position p.
func (o Online) row(h *hoard, l attention.Layer, w attention.Work, head, t, p int) {
	kd, vd, kv := l.KV.KeyDim, l.KV.ValueDim, head/(l.Heads/l.KV.Heads)
	h.at, h.total = append(h.at, p), append(h.total, 0)
	h.keys = append(h.keys, w.K[(t*l.KV.Heads+kv)*kd:][:kd]...)
	h.values = append(h.values, w.V[(t*l.KV.Heads+kv)*vd:][:vd]...)
	q := w.Q[(t*l.Heads+head)*kd:][:kd]
	h.weigh(l.Scale, l.SoftCap, func(i int) (s float32) {
		for x, v := range h.keys[i*kd:][:kd] {
			s += q[x] * v
		}
		return s
	})
	out := w.Out[(t*l.Heads+head)*vd:][:vd]
	clear(out)
	for i, p := range h.weights {
		for x, v := range h.values[i*vd:][:vd] {
			out[x] += float32(p) * v
		}
	}
	if i, over := o.surplus(h, p); over {
		h.drop(i, kd, vd)
	}
}

// weigh adds the softmax weights of a query to the totals, and leaves them in
// h.weights; product is that of the query with the key of a token.
func (h *hoard) weigh(scale, softCap float32, product func(i int) float32) {
	h.weights = h.weights[:0]
	top := math.Inf(-1)
	for i := range h.at {
		score := float64(product(i) * scale)
		if softCap > 0 {
			score = float64(softCap) * math.Tanh(score/float64(softCap))
		}
		h.weights = append(h.weights, score)
		top = max(top, score)
	}
	sum := 0.0
	for i, s := range h.weights {
		h.weights[i] = math.Exp(s - top)
		sum += h.weights[i]
	}
	for i := range h.weights {
		h.weights[i] /= sum
		h.total[i] += h.weights[i]
	}
}

// surplus is the token that a head drops behind the row at position p; false: it
// has room for all.
func (o Online) surplus(h *hoard, p int) (i int, over bool) {
	if len(h.at) <= o.Heavy+o.Recent {
		return 0, false
	}
	return h.least(p - o.Recent), true
}

// least returns the token, at position last or before it, that has received the
// least; of equals the earliest.
func (h *hoard) least(last int) int {
	low := 0
	for i, p := range h.at {
		if p <= last && h.total[i] < h.total[low] {
			low = i
		}
	}
	return low
}

func (h *hoard) drop(i, kd, vd int) {
	h.at = append(h.at[:i], h.at[i+1:]...)
	h.total = append(h.total[:i], h.total[i+1:]...)
	h.keys = append(h.keys[:i*kd], h.keys[(i+1)*kd:]...)
	h.values = append(h.values[:i*vd], h.values[(i+1)*vd:]...)
}

// online is the cache.
type online struct {
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
			at: append([]int(nil), h.at...), total: append([]float64(nil), h.total...),
			keys: append([]float32(nil), h.keys...), values: append([]float32(nil), h.values...),
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
