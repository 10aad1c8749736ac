package kda

import "github.com/lcbench/lcbench/localmodel/kernels/cpu"

// tileColumns is how many of a head's value channels one thread takes at a
// time: their part of the state stays in the first-level cache.
const tileColumns = 2 * cpu.Panel

// chunksAtOnce bounds the chunks of a head whose matrices wait for the state.
const chunksAtOnce = 8

// Chunked appends the works' tokens chunk by chunk: the chunks of all heads
// side by side as far as they don't need the state, then, head by head and
// tile of value channels by tile, one chunk after the other.
func Chunked(k *cpu.Kernels, b *Scratch, s Shape, works ...Work) {
	threads := b.threadsFor(k)
	for i := range works {
		w := &works[i]
		w.check(s)
		// As many chunks at once as keep the threads busy.
		atOnce := min(chunksAtOnce, max(1, (4*k.Threads()+s.Heads-1)/s.Heads), (w.N+chunkRows-1)/chunkRows)
		for len(b.chunks) < atOnce*s.Heads {
			b.chunks = append(b.chunks, chunk{})
		}
		for from := 0; from < w.N; from += atOnce * chunkRows {
			count := min(atOnce, (w.N-from+chunkRows-1)/chunkRows)
			k.Share(count*s.Heads, func(t cpu.Thread, i int) {
				c, head, at := &b.chunks[i], i/count, from+i%count*chunkRows
				c.reset(min(chunkRows, w.N-at), s.KeyDim)
				c.prepare(t, &threads[t.Number], s, w, head, at)
			})
			tiles := (s.ValueDim + tileColumns - 1) / tileColumns
			k.Share(s.Heads*tiles, func(t cpu.Thread, i int) {
				head := i / tiles
				threads[t.Number].scan(t, b.chunks[head*count:][:count], s, w, head, from, i%tiles*tileColumns)
			})
		}
	}
}

// scan takes the state through chunks, from row from of the work on, in the
// value channels from column col on.
func (b *thread) scan(t cpu.Thread, chunks []chunk, s Shape, w *Work, head, from, col int) {
	width := min(tileColumns, s.ValueDim-col)
	stride := up(width, cpu.Panel)
	state := cpu.Dense{Data: grow(&b.state, up(s.KeyDim, 16)*stride), Stride: stride}
	first := w.State[head*s.KeyDim*s.ValueDim+col:]
	for x := range s.KeyDim {
		copy(state.From(x).Data[:width], first[x*s.ValueDim:])
	}
	for _, rows := range []*[]float32{&b.v, &b.u, &b.o} {
		clear(grow(rows, chunkRows*stride))
	}
	for i := range chunks {
		at := from + i*chunkRows
		b.chunk(t, &chunks[i], s, w, head, at, col, width, state)
		for r := range chunks[i].rows {
			copy(w.Out[((at+r)*s.Heads+head)*s.ValueDim+col:][:width], b.o[r*stride:])
		}
	}
	for x := range s.KeyDim {
		copy(first[x*s.ValueDim:][:width], state.From(x).Data)
	}
}

// chunk takes the state through one chunk and leaves its rows in o:
//
//	U = (I+A)^-1 (beta V - beta exp(G) K S)
//	O = scale exp(G) Q S + P U
//	S <- diag(exp G_last) S + (exp(G_last - G) K)^T U
func (b *thread) chunk(t cpu.Thread, c *chunk, s Shape, w *Work, head, from, col, width int, state cpu.Dense) {
	dense := func(x []float32) cpu.Dense { return cpu.Dense{Data: x, Stride: state.Stride} }
	v, u, o := dense(b.v), dense(b.u), dense(b.o)
	for r := range c.rows {
		at := (from+r)*s.Heads + head
		t.Scale(v.From(r).Data, w.V[at*s.ValueDim+col:][:width], w.Beta[at])
	}
	t.Product(v, cpu.Dense{Data: c.keys, Stride: c.channels}, state, c.rows, width, s.KeyDim, ones[:])
	t.Product(o, cpu.Dense{Data: c.queries, Stride: c.channels}, state, c.rows, width, s.KeyDim, nil)
	for r0 := 0; r0 < c.rows; r0 += blockRows { // what lies right of a block is 0
		rows := min(blockRows, c.rows-r0)
		t.Product(u.From(r0), cpu.Dense{Data: c.inverse[r0*chunkRows:], Stride: chunkRows}, v, rows, width, r0+rows, nil)
		t.Product(o.From(r0), cpu.Dense{Data: c.scores[r0*chunkRows:], Stride: chunkRows}, u, rows, width, r0+rows, ones[:])
	}
	t.Product(state, cpu.Dense{Data: c.update, Stride: chunkRows}, u, s.KeyDim, width, c.rows, c.decay)
}
