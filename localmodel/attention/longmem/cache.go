package longmem

import (
	"iter"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// cache is the open segment and, where the layer has one, the memory.
type cache struct {
	attention.ReadCount
	shape   cpu.KVShape
	segment int
	before  int               // tokens of closed segments
	local   *attention.Blocks // of the open segment, keys rotated

	// The memory: keys as they are ahead of rotation; the chunks ahead of the
	// first one were dropped.
	bank  *attention.Blocks
	first int
	mean  [][]float32 // by kv head: [chunks from first on, KeyDim]; nil: no memory
	// What the open segment will bring into it.
	keys, values []float32
}

func newCache(m LongMem, l attention.Layer) *cache {
	c := &cache{shape: l.KV, segment: m.Segment, local: attention.NewBlocks(l.KV)}
	if m.remembers(l) {
		c.bank, c.mean = attention.NewBlocks(l.KV), make([][]float32, l.KV.Heads)
	}
	return c
}

// endSegment moves the open segment into memory, as far as whole chunks go. If
// it overflows, twice as much as came in is dropped, the oldest first.
func (c *cache) endSegment(m LongMem, l attention.Layer) {
	c.before += c.local.Len()
	c.local = attention.NewBlocks(c.shape)
	if c.mean == nil {
		return
	}
	chunks := m.Segment / m.Chunk
	c.bank.Append(chunks*m.Chunk, c.keys, c.values)
	row := l.KV.Heads * l.KV.KeyDim
	for kv := range c.mean {
		c.mean[kv] = slices.Clip(c.mean[kv]) // forks share what is there
		for chunk := range chunks {
			for x := range l.KV.KeyDim {
				sum := float32(0)
				for t := range m.Chunk {
					sum += c.keys[(chunk*m.Chunk+t)*row+kv*l.KV.KeyDim+x]
				}
				c.mean[kv] = append(c.mean[kv], sum/float32(m.Chunk))
			}
		}
	}
	c.keys, c.values = nil, nil
	if drop := m.drops(c.bank.Len()/m.Chunk - c.first); drop > 0 {
		c.first += drop
		for kv := range c.mean {
			c.mean[kv] = slices.Clone(c.mean[kv][drop*l.KV.KeyDim:])
		}
		c.bank.Drop(c.bank.Len() - c.first*m.Chunk)
	}
}

// drops is how many chunks go when a segment has come in and there are so many.
func (m LongMem) drops(chunks int) int {
	if chunks*m.Chunk <= m.Memory {
		return 0
	}
	return min(chunks, 2*(m.Segment/m.Chunk))
}

// Len implements attention.Cache.
func (c *cache) Len() int { return c.before + c.local.Len() }

// ForkPoint implements attention.Stepped: a segment that is closed can't be
// opened again, nor what memory has dropped be brought back.
func (c *cache) ForkPoint(n int) int {
	switch {
	case n >= c.before:
		return n
	case c.mean == nil:
		return n / c.segment * c.segment
	}
	return 0
}

// Fork implements attention.Cache.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	f := &cache{shape: c.shape, segment: c.segment}
	switch {
	case n >= c.before:
		*f = *c
		f.local, f.ReadCount = c.local.Fork(n-c.before), attention.ReadCount{}
		if c.mean != nil {
			open, row := n-c.before, c.shape.Heads
			f.keys = slices.Clone(c.keys[:open*row*c.shape.KeyDim])
			f.values = slices.Clone(c.values[:open*row*c.shape.ValueDim])
			f.mean = slices.Clone(c.mean)
			f.bank = c.bank.Fork(c.bank.Len())
		}
		return f, true
	case n == 0 && c.mean != nil:
		f.local, f.bank, f.mean = attention.NewBlocks(c.shape), attention.NewBlocks(c.shape), make([][]float32, c.shape.Heads)
		return f, true
	case c.mean == nil && n%c.segment == 0:
		f.local, f.before = attention.NewBlocks(c.shape), n
		return f, true
	}
	return nil, false
}

// Pieces implements attention.Cache.
func (c *cache) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		runs := []*attention.Blocks{c.local}
		own := len(c.keys) + len(c.values)
		if c.mean != nil {
			runs = append(runs, c.bank)
		}
		for _, m := range c.mean {
			own += len(m)
		}
		for _, run := range runs {
			for id, bytes := range run.Pieces() {
				if !yield(id, bytes) {
					return
				}
			}
		}
		if own > 0 {
			yield(c, int64(4*own))
		}
	}
}
