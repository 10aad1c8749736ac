package kda

import (
	"iter"

	"github.com/lcbench/lcbench/localmodel/attention"
)

// Cache is what a layer keeps of one sequence: the state, and of queries, keys
// and values the last samples ahead of the convolution. Its size does not grow
// with the sequence.
//
// A state can't be taken back to fewer tokens: a cache can be forked at its end
// only (and at 0). What is wanted of it later has to be forked, and kept, when
// the sequence is there; forks share the memory until one of them goes on.
type Cache struct {
	n      int
	layer  *Layer
	memory *memory
	shared bool // memory is another cache's too, and must not be written
}

var _ attention.Stepped = (*Cache)(nil)

// Step is the tokens from one place to the next at which a prompt can be cut,
// and a cache forked, without changing a bit of what follows: as many as a chunk
// has rows, since only the state goes from chunk to chunk.
const Step = chunkRows

// memory is float32 throughout.
type memory struct {
	state []float32    // [heads, keyDim, valueDim]
	tails [3][]float32 // of q, k and v: [taps-1, channels], the oldest first
}

// New returns the empty cache of one sequence.
func (l *Layer) New() *Cache { return &Cache{layer: l} }

// Bytes is the memory of a sequence's cache, whatever its length, and what a
// fork adds at the most.
func (l *Layer) Bytes() int64 {
	n := l.StateLen()
	for _, c := range l.channels() {
		n += (l.Taps - 1) * c
	}
	return 4 * int64(n)
}

// own returns memory that may be written.
func (c *Cache) own() *memory {
	if c.memory != nil && !c.shared {
		return c.memory
	}
	m := &memory{state: make([]float32, c.layer.StateLen())}
	for i, channels := range c.layer.channels() {
		m.tails[i] = make([]float32, (c.layer.Taps-1)*channels)
	}
	if c.memory != nil {
		copy(m.state, c.memory.state)
		for i, tail := range c.memory.tails {
			copy(m.tails[i], tail)
		}
	}
	c.memory, c.shared = m, false
	return m
}

// Len implements attention.Cache.
func (c *Cache) Len() int { return c.n }

// ForkPoint returns the largest length up to n at which Fork will do.
func (c *Cache) ForkPoint(n int) int {
	if n < c.n {
		return 0
	}
	return c.n
}

// Fork implements attention.Cache.
func (c *Cache) Fork(n int) (attention.Cache, bool) {
	switch n {
	case 0:
		return c.layer.New(), true
	case c.n:
		c.shared = true
		return &Cache{n: n, layer: c.layer, memory: c.memory, shared: true}, true
	}
	return nil, false
}

// Pieces implements attention.Cache.
func (c *Cache) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		if c.memory != nil {
			yield(c.memory, c.layer.Bytes())
		}
	}
}
