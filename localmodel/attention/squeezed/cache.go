package squeezed

import (
	"iter"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// cache is a prepared context and what stands behind its clustered tokens, or,
// ahead of that, all tokens so far.
type cache struct {
	attention.ReadCount
	fixed   *fixed
	tail    *attention.Blocks
	queries []float32 // rotated, of the last tokens: [≤ Observed, heads, KeyDim]
}

// EndContext implements attention.ContextEnder.
func (m Squeezed) EndContext(k *cpu.Kernels, layers []attention.Layer, caches []attention.Cache) {
	var free []*cache // of layers without a window of their own
	var list []document
	for i := range caches {
		c, ours := caches[i].(*cache)
		if !ours {
			continue
		}
		l := layers[i]
		free = append(free, c)
		list = append(list, document{l: l, tokens: c.tail.Len(), queries: c.queries, keys: func(head, n int) []float32 {
			keys, value := make([]float32, n*l.KV.KeyDim), make([]float32, l.KV.ValueDim)
			for t := range n {
				c.tail.Read(t, head, keys[t*l.KV.KeyDim:], value)
			}
			return keys
		}})
	}
	for i, f := range m.prepare(k, list) {
		free[i].fixed = f
		free[i].seal(k)
	}
}

// seal puts the clustered keys into the order of their clusters.
func (c *cache) seal(k *cpu.Kernels) {
	if c.fixed.n > 0 {
		c.fixed.store(k, c.tail)
	}
	c.tail = c.tail.From(c.fixed.n)
	c.queries = nil
}

// Len implements attention.Cache.
func (c *cache) Len() int {
	if c.fixed != nil {
		return c.fixed.n + c.tail.Len()
	}
	return c.tail.Len()
}

// Fork implements attention.Cache. Ahead of the end of a prepared context
// nothing of the preparation is left; the queries of a fork are those computed
// behind it.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	switch {
	case c.fixed == nil:
		return &cache{tail: c.tail.Fork(n)}, true
	case n >= c.fixed.tokens:
		return &cache{fixed: c.fixed, tail: c.tail.Fork(n - c.fixed.n)}, true
	}
	return &cache{tail: c.fixed.unsorted(n, c.tail)}, true
}

// unsorted returns the first n tokens of a context in their own order.
func (f *fixed) unsorted(n int, tail *attention.Blocks) *attention.Blocks {
	if f.n == 0 {
		return tail.Fork(n)
	}
	s := f.rows.Shape()
	rows := make([][]int32, s.Heads) // by token
	for h := range rows {
		rows[h] = make([]int32, f.n)
		for row, token := range f.heads[h].order {
			rows[h][token] = int32(row)
		}
	}
	out := attention.NewBlocks(s)
	k, v := make([]float32, s.Heads*s.KeyDim), make([]float32, s.Heads*s.ValueDim)
	for t := range n {
		for h := range s.Heads {
			if key, value := k[h*s.KeyDim:], v[h*s.ValueDim:]; t < f.n {
				f.rows.Read(int(rows[h][t]), h, key, value)
			} else {
				tail.Read(t-f.n, h, key, value)
			}
		}
		out.Append(1, k, v)
	}
	return out
}

// bytes is what a prepared context takes beside keys and values: a level's
// counts are there as integers and as float32 weights.
func (f *fixed) bytes() int64 {
	total := 0
	for _, h := range f.heads {
		total += len(h.table.Data) + len(h.coarseTable.Data) + 4*len(h.order) + 8*len(h.start) + 12*(len(h.fine.counts)+len(h.coarse.counts)) + 4*len(h.parent)
	}
	return int64(total)
}

// Pieces implements attention.Cache.
func (c *cache) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		if c.fixed != nil && c.fixed.n > 0 && !yield(c.fixed, c.fixed.bytes()+c.fixed.rows.Bytes()) {
			return
		}
		for id, bytes := range c.tail.Pieces() {
			if !yield(id, bytes) {
				return
			}
		}
		if n := len(c.queries); n > 0 {
			yield(c, int64(4*n))
		}
	}
}
