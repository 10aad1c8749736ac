package longheads

import (
	"iter"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// cache is all keys and values, and a vector for each head and complete chunk.
type cache struct {
	*attention.Blocks
	attention.ReadCount
	chunk int
	sums  vectors
	// The open chunk's rows so far, rotated by their places in the chunk.
	q, k, v []float32
}

// sumUp adds a work's rows, which are not rotated yet, to the open chunk, and
// makes the vectors of chunks that they complete.
func (m LongHeads) sumUp(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	qw, kw, vw := l.Heads*l.KV.KeyDim, l.KV.Heads*l.KV.KeyDim, l.KV.Heads*l.KV.ValueDim
	for done := 0; done < w.N; {
		place := (c.Len() + done) % m.Chunk
		take := min(w.N-done, m.Chunk-place)
		c.q = append(c.q, w.Q[done*qw:][:take*qw]...)
		c.k = append(c.k, w.K[done*kw:][:take*kw]...)
		c.v = append(c.v, w.V[done*vw:][:take*vw]...)
		at := attention.Positions(place, take)
		rotate(k, l, c.q[place*qw:], take, l.Heads, at)
		rotate(k, l, c.k[place*kw:], take, l.KV.Heads, at)
		if done += take; place+take == m.Chunk {
			c.sums.append(sum(k, l, m.Chunk, c.q, c.k, c.v))
			c.q, c.k, c.v = nil, nil, nil
		}
	}
}

// sum is a chunk's vector for each head, [heads, KeyDim]: what its rows attend
// to among themselves, averaged, is matched against its keys, and the vector is
// their mean by how well they match.
func sum(k *cpu.Kernels, l attention.Layer, n int, q, keys, values []float32) []float32 {
	s := cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap, NonCausal: true}
	s.KV.Type = cpu.F32
	width := l.Heads * l.KV.KeyDim
	rows := make([]float32, n*width)
	k.Attend(s, run(s.KV, n, keys, values).Job(n, q, rows))
	mean, out := make([]float32, width), make([]float32, width)
	for i, v := range rows {
		mean[i%width] += v / float32(n)
	}
	job := run(s.KV, n, keys, keys).Job(1, mean, out)
	k.Attend(s, job)
	return out
}

func run(s cpu.KVShape, n int, keys, values []float32) *attention.Blocks {
	b := attention.NewBlocks(s)
	b.Append(n, keys, values)
	return b
}

// ForkPoint implements attention.Stepped: a chunk that is complete can't be
// opened again.
func (c *cache) ForkPoint(n int) int {
	if n >= c.Len()/c.chunk*c.chunk {
		return n
	}
	return n / c.chunk * c.chunk
}

// Fork implements attention.Cache.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	if c.ForkPoint(n) != n {
		return nil, false
	}
	f := &cache{Blocks: c.Blocks.Fork(n), chunk: c.chunk, sums: c.sums.fork(n / c.chunk)}
	if open := n % c.chunk; open > 0 {
		part := func(x []float32) []float32 { return slices.Clone(x[:open*(len(x)/(c.Len()%c.chunk))]) }
		f.q, f.k, f.v = part(c.q), part(c.k), part(c.v)
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
		for _, s := range c.sums.list {
			if !yield(&s[0], int64(4*len(s))) {
				return
			}
		}
		if open := len(c.q) + len(c.k) + len(c.v); open > 0 {
			yield(c, int64(4*open))
		}
	}
}
