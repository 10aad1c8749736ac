package landmark

import (
	"iter"
	"math"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// cache is all tokens, and the landmarks' keys by themselves.
type cache struct {
	*attention.Blocks
	attention.ReadCount
	every int // a landmark is the last of so many tokens
	// at, if not nil, are the positions of landmarks that stand irregularly.
	at    []int
	marks []marks // by kv head
}

// marks are a kv head's landmark keys, [landmarks, KeyDim], rotated and not.
type marks struct{ rotated, raw []float32 }

// append adds a work's tokens; its queries are left as they are.
func (c *cache) append(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	from, d := c.Len(), l.KV.KeyDim
	c.note(from, w.N, w.K, d, func(m *marks) *[]float32 { return &m.raw })
	rotate(k, l, w.K, w.N, l.KV.Heads, attention.Positions(from, w.N))
	c.note(from, w.N, w.K, d, func(m *marks) *[]float32 { return &m.rotated })
	c.Append(w.N, w.K, w.V)
}

// note keeps the keys of the landmarks among n tokens.
func (c *cache) note(from, n int, keys []float32, d int, to func(*marks) *[]float32) {
	for t := range n {
		if !c.isMark(from + t) {
			continue
		}
		for kv := range c.marks {
			list := to(&c.marks[kv])
			*list = append(slices.Clip(*list), keys[(t*len(c.marks)+kv)*d:][:d]...) // forks share it
		}
	}
}

func (c *cache) isMark(p int) bool {
	if c.at != nil {
		_, found := slices.BinarySearch(c.at, p)
		return found
	}
	return p%c.every == c.every-1
}

// blocksBefore is the number of the block that a position belongs to; a
// landmark belongs to the one it closes.
func (c *cache) blocksBefore(p int) int {
	if c.at != nil {
		n, _ := slices.BinarySearch(c.at, p)
		return n
	}
	return p / c.every
}

// span is where a block's tokens lie, its landmark left out.
func (c *cache) span(block int) (start, end int) {
	if c.at == nil {
		return block * c.every, block*c.every + c.every - 1
	}
	if block > 0 {
		start = c.at[block-1] + 1
	}
	if block < len(c.at) {
		return start, c.at[block]
	}
	return start, math.MaxInt
}

// score is that of a block's landmark for a row's query, turned as the block
// meets it.
func (c *cache) score(l attention.Layer, r *row, block int, q []float32) float32 {
	s := dot(q, c.marks[r.head/(l.Heads/l.KV.Heads)].rotated[block*l.KV.KeyDim:]) * l.Scale
	if l.SoftCap > 0 {
		return l.SoftCap * float32(math.Tanh(float64(s/l.SoftCap)))
	}
	return s
}

// Fork implements attention.Cache.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	f := &cache{Blocks: c.Blocks.Fork(n), every: c.every, at: c.at, marks: make([]marks, len(c.marks))}
	blocks := c.blocksBefore(n)
	for kv, m := range c.marks {
		if len(m.raw) > 0 {
			d := len(m.raw) / c.blocksBefore(c.Len())
			f.marks[kv] = marks{m.rotated[:blocks*d], m.raw[:blocks*d]}
		}
	}
	return f, true
}

// Pieces implements attention.Cache.
func (c *cache) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		for id, bytes := range c.Blocks.Pieces() {
			if !yield(id, bytes) {
				return
			}
		}
		own := 0
		for _, m := range c.marks {
			own += len(m.raw) + len(m.rotated)
		}
		if own > 0 {
			yield(c, int64(4*own))
		}
	}
}
