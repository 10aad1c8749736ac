package squeezed

import (
	"iter"
	"math/rand/v2"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// cache is a prepared context and what stands behind its clustered tokens, or,
// ahead of that, all tokens so far.
type cache struct {
	fixed   *fixed
	tail    *attention.Blocks
	queries []float32 // rotated, of the last tokens: [≤ Observed, heads, KeyDim]
}

// EndContext implements attention.ContextEnder.
func (m Squeezed) EndContext(k *cpu.Kernels, layers []attention.Layer, caches []attention.Cache) {
	var free []int // layers without a window of their own
	for i := range caches {
		if _, ours := caches[i].(*cache); ours {
			free = append(free, i)
		}
	}
	for _, i := range free {
		caches[i].(*cache).cluster(k, m, layers[i])
	}
	if m.Levels == 2 {
		m.calibrate(k, layers, caches, free, coarseQuantile, func(h *lookup) (cpu.Matrix, *level) { return h.coarseTable, &h.coarse })
	}
	m.calibrate(k, layers, caches, free, 1-m.Keep, func(h *lookup) (cpu.Matrix, *level) { return h.table, &h.fine })
	for _, i := range free {
		caches[i].(*cache).seal(k)
	}
}

// cluster makes the lookups of a layer's heads.
func (c *cache) cluster(k *cpu.Kernels, m Squeezed, l attention.Layer) {
	f := &fixed{tokens: c.tail.Len(), n: max(0, c.tail.Len()-Observed), heads: make([]lookup, l.KV.Heads)}
	c.fixed = f
	if f.n == 0 {
		return
	}
	for h := range f.heads {
		keys, value := make([]float32, f.n*l.KV.KeyDim), make([]float32, l.KV.ValueDim)
		for t := range f.n {
			c.tail.Read(t, h, keys[t*l.KV.KeyDim:], value)
		}
		r := rand.New(rand.NewPCG(uint64(l.Index), uint64(h)))
		dim := l.KV.KeyDim
		fine := kmeans(k, keys, dim, seeds(k, keys, dim, m.clusters(f.n), r), m.Rounds)
		var coarse clustering
		if m.Levels == 2 {
			n := min(m.coarse(f.n), len(fine.counts))
			coarse = kmeans(k, fine.centroids, dim, seeds(k, fine.centroids, dim, n, r), m.Rounds)
		}
		f.heads[h] = lookupOf(fine, dim, coarse)
	}
}

// alone is how many of the observed queries stand for those of steps.
const alone = 4

// calibrate sets the thresholds of a level: the quantile of the shares that the
// context's last queries give its keys, over all layers, heads and keys.
func (m Squeezed) calibrate(k *cpu.Kernels, layers []attention.Layer, caches []attention.Cache, free []int, q float64, of func(*lookup) (cpu.Matrix, *level)) {
	var values, singles []weighted
	var levels []*level
	for _, i := range free {
		c, l := caches[i].(*cache), layers[i]
		for h := range c.fixed.heads {
			_, level := of(&c.fixed.heads[h])
			levels = append(levels, level)
		}
		if c.fixed.n == 0 {
			continue
		}
		rows := len(c.queries) / (l.Heads * l.KV.KeyDim)
		for _, x := range m.choosers(l) {
			table, level := of(&c.fixed.heads[x.kv])
			values = level.shared(values, scores(k, l, x.queries(c.queries, rows, l), table))
			for a := 0; a < alone && m.Each; a++ {
				row := c.queries[a*rows/alone*l.Heads*l.KV.KeyDim:]
				singles = level.shared(singles, scores(k, l, x.queries(row, 1, l), table))
			}
		}
	}
	t := quantile(values, q)
	step := t
	if m.Each {
		step = quantile(singles, q)
	}
	for _, l := range levels {
		l.threshold, l.step = t, step
	}
}

// shared appends the shares that queries give a level's keys by their scores.
func (l *level) shared(to []weighted, scores []float64) []weighted {
	for j, s := range shares(scores, l.counts) {
		to = append(to, weighted{s, l.counts[j]})
	}
	return to
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
