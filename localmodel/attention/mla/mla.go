// Package mla is multi-head latent attention without rotation (MLA NoPE): keys
// and values of all heads come from one short latent row a token, which is all
// that is cached.
//
//	c, s = rms norm of the first rank numbers of W_a x; the rest of them
//	queries = W_q x, or W_qb (rms norm of W_qa x)
//	key of head h = [W_kh c | s], value = W_vh c, softmax over all earlier tokens
//
// Neither is ever made for a cached token: with the query (W_kh^T q | q_s) the
// heads attend to the rows (c | s) themselves, all to the same ones, and W_vh is
// applied to the average of c. This is the same sum in another order; at Kimi
// Linear's sizes it takes 3.4 times the operations of the plain form for each
// pair of tokens, and 1/18 of its cache.
// Source: ../shared/spec/attention.md §7 (arXiv 2405.04434 §2.1).
package mla

import (
	"fmt"
	"iter"
	"math"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Layer is the attention from normalised rows of the residual stream to the
// heads' results, ahead of the last matrix. Matrices are [out, in].
type Layer struct {
	Heads, KeyDim, SharedDim, ValueDim int        // KeyDim: of a head's own part of a key
	Query                              cpu.Matrix // [heads (keyDim + sharedDim), width], or [.., query rank]
	QueryDown                          cpu.Matrix // [query rank, width]; zero: queries are of x itself
	QueryNorm                          []float32  // [query rank]
	Down                               cpu.Matrix // [rank + sharedDim, width]
	Norm                               []float32  // [rank]
	NormEps                            float32
	Type                               cpu.KVType

	up []head
}

// head holds a head's part of the second matrix as Product wants it.
type head struct {
	keys   cpu.Dense // [keyDim, rank]
	values cpu.Dense // [rank, valueDim]
}

// Rank is the length of a latent.
func (l *Layer) Rank() int { return len(l.Norm) }

// SetUp takes the second matrix [heads (keyDim + valueDim), rank], each head's
// keys ahead of its values.
func (l *Layer) SetUp(w []float32) error {
	rank := l.Rank()
	if want := l.Heads * (l.KeyDim + l.ValueDim) * rank; len(w) != want {
		return fmt.Errorf("mla: the second matrix has %d weights, want %d", len(w), want)
	}
	l.up = make([]head, l.Heads)
	for h := range l.up {
		keys, values := padded(l.KeyDim, rank), padded(rank, l.ValueDim)
		part := w[h*(l.KeyDim+l.ValueDim)*rank:]
		for x := range l.KeyDim {
			copy(keys.From(x).Data[:rank], part[x*rank:])
		}
		for y := range l.ValueDim {
			for x := range rank {
				values.Data[x*values.Stride+y] = part[(l.KeyDim+y)*rank+x]
			}
		}
		l.up[h] = head{keys, values}
	}
	return nil
}

// padded returns zeros, columns rounded up to whole panels.
func padded(rows, cols int) cpu.Dense {
	stride := (cols + cpu.Panel - 1) / cpu.Panel * cpu.Panel
	return cpu.Dense{Data: make([]float32, rows*stride), Stride: stride}
}

func (l *Layer) shape() cpu.LatentShape {
	return cpu.LatentShape{
		Heads: l.Heads, KeyDim: l.Rank() + l.SharedDim, ValueDim: l.Rank(), Type: l.Type,
		Scale: float32(1 / math.Sqrt(float64(l.KeyDim+l.SharedDim))),
	}
}

// Cache holds the latent rows of one sequence.
type Cache struct{ rows *attention.Blocks }

var _ attention.Cache = (*Cache)(nil)

// New returns the empty cache of one sequence.
func (l *Layer) New() *Cache { return &Cache{attention.NewBlocks(l.shape().KV())} }

// Bytes is the memory of a sequence of n tokens.
func (l *Layer) Bytes(n int) int64 { return attention.RunBytes(l.shape().KV(), n) }

// Len implements attention.Cache.
func (c *Cache) Len() int { return c.rows.Len() }

// Fork implements attention.Cache: anywhere.
func (c *Cache) Fork(n int) (attention.Cache, bool) { return &Cache{c.rows.Fork(n)}, true }

// Pieces implements attention.Cache.
func (c *Cache) Pieces() iter.Seq2[any, int64] { return c.rows.Pieces() }

// Tokens are N new tokens of one sequence.
type Tokens struct {
	Cache *Cache
	N     int
}

// Scratch is memory that calls reuse; the zero value is ready. One call at a
// time may use it.
type Scratch struct {
	query, latent []float32 // [n, heads (keyDim + sharedDim)], [n, rank + sharedDim]
	short         []float32 // [n, query rank]
	long, mean    []float32 // [n, heads, rank + sharedDim], [n, heads, rank]
	threads       [][]float32
}

// tileRows is how many rows of a head one thread takes at a time.
const tileRows = 64

// Mix appends the works' tokens to their caches: x [n, width] holds their rows,
// work behind work, and out [n, heads valueDim] gets the results. Works are of
// different sequences; a work's result does not depend on the others.
func (l *Layer) Mix(k *cpu.Kernels, b *Scratch, x []float32, works []Tokens, out []float32) {
	n := 0
	for _, w := range works {
		n += w.N
	}
	if n == 0 {
		return
	}
	s := l.shape()
	for len(b.threads) < k.Threads() {
		b.threads = append(b.threads, nil)
	}
	l.project(k, b, x, n)
	l.normalise(k, b, n)
	grow(&b.long, n*l.Heads*s.KeyDim)
	grow(&b.mean, n*l.Heads*s.ValueDim)
	l.eachTile(k, n, func(t cpu.Thread, h, from, rows int) { l.absorb(t, b, h, from, rows) })
	jobs, at := make([]cpu.AttendJob, len(works)), 0
	for i, w := range works {
		to := at + w.N
		w.Cache.rows.Append(w.N, b.latent[at*s.KeyDim:], nil)
		jobs[i] = w.Cache.rows.Job(w.N, b.long[at*l.Heads*s.KeyDim:to*l.Heads*s.KeyDim], b.mean[at*l.Heads*s.ValueDim:to*l.Heads*s.ValueDim])
		at = to
	}
	k.AttendLatent(s, jobs...)
	l.eachTile(k, n, func(t cpu.Thread, h, from, rows int) { l.values(t, b, h, from, rows, out) })
}

// project computes queries and latents.
func (l *Layer) project(k *cpu.Kernels, b *Scratch, x []float32, n int) {
	query := grow(&b.query, n*l.Query.Rows)
	latent := cpu.MatMulJob{Out: grow(&b.latent, n*l.Down.Rows), W: l.Down}
	rank := l.QueryDown.Rows
	if rank == 0 {
		k.MatMuls(x, n, cpu.MatMulJob{Out: query, W: l.Query}, latent)
		return
	}
	short := grow(&b.short, n*rank)
	k.MatMuls(x, n, cpu.MatMulJob{Out: short, W: l.QueryDown}, latent)
	k.RMSNorm(short, short, l.QueryNorm, n, rank, l.NormEps)
	k.MatMul(query, short, n, l.Query)
}

func (l *Layer) normalise(k *cpu.Kernels, b *Scratch, n int) {
	rank, width := l.Rank(), l.Rank()+l.SharedDim
	k.Share(n, func(t cpu.Thread, i int) {
		c := b.latent[i*width:][:rank]
		mean := float64(t.Squares(c))/float64(rank) + float64(l.NormEps)
		t.Mul(c, c, l.Norm, float32(1/math.Sqrt(mean)))
	})
}

// eachTile calls f for tiles of n rows of each head.
func (l *Layer) eachTile(k *cpu.Kernels, n int, f func(t cpu.Thread, h, from, rows int)) {
	tiles := (n + tileRows - 1) / tileRows
	k.Share(tiles*l.Heads, func(t cpu.Thread, i int) {
		from := i % tiles * tileRows
		f(t, i/tiles, from, min(tileRows, n-from))
	})
}

// absorb makes a head's queries of long ones: (W_k^T q | q_s).
func (l *Layer) absorb(t cpu.Thread, b *Scratch, h, from, rows int) {
	rank, short, long := l.Rank(), l.KeyDim+l.SharedDim, l.Rank()+l.SharedDim
	query := cpu.Dense{Data: b.query[(from*l.Heads+h)*short:], Stride: l.Heads * short}
	tile := b.tile(t, rows, l.up[h].keys.Stride)
	t.Product(tile, query, l.up[h].keys, rows, rank, l.KeyDim, nil)
	for i := range rows {
		to := b.long[((from+i)*l.Heads+h)*long:][:long]
		copy(to[copy(to[:rank], tile.From(i).Data):], query.From(i).Data[l.KeyDim:])
	}
}

// values makes a head's results of its average latents.
func (l *Layer) values(t cpu.Thread, b *Scratch, h, from, rows int, out []float32) {
	mean := cpu.Dense{Data: b.mean[(from*l.Heads+h)*l.Rank():], Stride: l.Heads * l.Rank()}
	tile := b.tile(t, rows, l.up[h].values.Stride)
	t.Product(tile, mean, l.up[h].values, rows, l.ValueDim, l.Rank(), nil)
	for i := range rows {
		copy(out[((from+i)*l.Heads+h)*l.ValueDim:][:l.ValueDim], tile.From(i).Data)
	}
}

func (b *Scratch) tile(t cpu.Thread, rows, stride int) cpu.Dense {
	return cpu.Dense{Data: grow(&b.threads[t.Number], rows*stride), Stride: stride}
}

// grow returns a slice of n elements, reusing s where it is long enough.
func grow(s *[]float32, n int) []float32 {
	if cap(*s) < n {
		*s = make([]float32, n)
	}
	*s = (*s)[:n]
	return *s
}
