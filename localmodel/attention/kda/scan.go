package kda

import "github.com/lcbench/lcbench/localmodel/kernels/cpu"

// tileColumns is how many of a head's value channels one thread takes at a
// time: their part of the state stays in the first-level cache.
const tileColumns = 2 * cpu.Panel

// cellsAtOnce bounds the cells of a head whose matrices wait for the state.
const cellsAtOnce = 16

// tile is some value channels of one head: its state [keyDim, columns], the
// columns rounded up to whole panels.
type tile struct {
	head, col, width int
	state            cpu.Dense
}

// tiles are the states of some heads while they go through a work.
type tiles struct {
	list   []tile
	states []float32
}

// tileScratch is a thread's for a tile of a chunk, [rows, columns].
type tileScratch struct{ v, u, o []float32 }

// tasksPerThread is how many cells a round has for each thread: enough to share
// out evenly, few enough for their matrices to stay in the cache.
const tasksPerThread = 8

// Chunked appends the works' tokens chunk by chunk. Where the heads share out
// among the threads, each thread takes some through the whole prompt, and a
// chunk's matrices never leave the caches that they were made in (lane). Else a
// group of heads goes through it in rounds: first the round's cells of all heads
// side by side, as far as they don't need the state, then, tile of value
// channels beside tile, one chunk after the other. The bits are the same.
func Chunked(k *cpu.Kernels, b *Scratch, s Shape, works ...Work) {
	tasks := tasksPerThread * k.Threads()
	heads := min(s.Heads, tasks)
	count := max(1, min(cellsAtOnce, tasks/heads))
	for i := range works {
		w := &works[i]
		w.check(s)
		if lanes, ok := lanesOf(s.Heads, k.Threads()); ok {
			threads := b.threadsFor(k)
			k.Share(lanes, func(t cpu.Thread, i int) {
				threads[t.Number].lane(t, s, w, i*s.Heads/lanes, (i+1)*s.Heads/lanes)
			})
			continue
		}
		for head := 0; head < s.Heads; head += heads {
			b.group(k, s, w, head, min(head+heads, s.Heads), count)
		}
	}
}

// laneHeads is the most heads that a thread takes side by side: what they read
// of a token lies together.
const laneHeads = 4

// lanesOf cuts heads into lanes, as many for each thread. Not ok: some threads
// would have so many more heads than others that an eighth of the time of all, or
// more, would be waiting.
func lanesOf(heads, threads int) (lanes int, ok bool) {
	lanes = up((heads+laneHeads-1)/laneHeads, threads)
	longest := up(heads, threads) // were all threads to take as many heads as the one with the most
	return lanes, 8*(longest-heads) < longest
}

// lane takes heads [h0, h1) through a work on one thread.
func (b *thread) lane(t cpu.Thread, s Shape, w *Work, h0, h1 int) {
	b.tiles.load(s, w, h0, h1)
	for from := 0; from < w.N; from += chunkRows {
		left := b.tiles.list
		for head := h0; head < h1; head++ {
			b.cell.prepare(t, &b.block, s, w, head, from, min(w.N, from+chunkRows))
			for ; len(left) > 0 && left[0].head == head; left = left[1:] {
				b.tile.cell(t, &b.cell, s, w, &left[0])
			}
		}
	}
	b.tiles.store(s, w)
}

// group takes heads [h0, h1) through a work, count cells a round.
func (b *Scratch) group(k *cpu.Kernels, s Shape, w *Work, h0, h1, count int) {
	threads := b.threadsFor(k)
	for len(b.cells) < count*(h1-h0) {
		b.cells = append(b.cells, cell{})
	}
	b.tiles.load(s, w, h0, h1)
	for from := 0; from < w.N; from += count * chunkRows {
		count := min(count, (w.N-from+chunkRows-1)/chunkRows)
		k.Share(count*(h1-h0), func(t cpu.Thread, i int) {
			at := from + i%count*chunkRows
			b.cells[i].prepare(t, &threads[t.Number].block, s, w, h0+i/count, at, min(w.N, at+chunkRows))
		})
		k.Share(len(b.tiles.list), func(t cpu.Thread, i int) {
			tile := &b.tiles.list[i]
			for j := range count {
				threads[t.Number].tile.cell(t, &b.cells[(tile.head-h0)*count+j], s, w, tile)
			}
		})
	}
	b.tiles.store(s, w)
}

// load cuts the state of heads [h0, h1) into tiles.
func (b *tiles) load(s Shape, w *Work, h0, h1 int) {
	b.list = b.list[:0]
	padded := up(s.ValueDim, cpu.Panel)
	all := grow(&b.states, (h1-h0)*s.KeyDim*padded)
	for head := h0; head < h1; head++ {
		for col := 0; col < s.ValueDim; col += tileColumns {
			columns := min(tileColumns, padded-col)
			state := cpu.Dense{Data: all[:s.KeyDim*columns], Stride: columns}
			all = all[s.KeyDim*columns:]
			width := min(tileColumns, s.ValueDim-col)
			for x := range s.KeyDim {
				row := state.From(x).Data[:columns]
				clear(row[copy(row[:width], w.State[(head*s.KeyDim+x)*s.ValueDim+col:]):])
			}
			b.list = append(b.list, tile{head, col, width, state})
		}
	}
}

// store puts the tiles back.
func (b *tiles) store(s Shape, w *Work) {
	for _, t := range b.list {
		for x := range s.KeyDim {
			copy(w.State[(t.head*s.KeyDim+x)*s.ValueDim+t.col:][:t.width], t.state.From(x).Data)
		}
	}
}

// cell takes a tile's state through the chunks of a cell.
func (b *tileScratch) cell(t cpu.Thread, c *cell, s Shape, w *Work, tile *tile) {
	for i := range c.n {
		b.chunk(t, &c.chunks[i], s, w, tile)
	}
}

// chunk takes a tile's state through one chunk:
//
//	U = (I+A)^-1 (beta V - beta exp(G) K S)
//	O = scale exp(G) Q S + P U
//	S <- diag(exp G_last) S + (exp(G_last - G) K)^T U
func (b *tileScratch) chunk(t cpu.Thread, c *chunk, s Shape, w *Work, tile *tile) {
	columns, width := tile.state.Stride, tile.width
	dense := func(x *[]float32) cpu.Dense { return cpu.Dense{Data: grow(x, chunkRows*columns), Stride: columns} }
	v, u, o := dense(&b.v), dense(&b.u), dense(&b.o)
	first, stride := (c.from*s.Heads+tile.head)*s.ValueDim+tile.col, s.Heads*s.ValueDim
	direct := width == columns // whole panels: the result goes where it belongs
	if direct {
		o = cpu.Dense{Data: w.Out[first:], Stride: stride}
	} else {
		clear(v.Data)
	}
	for r := range c.rows {
		copy(v.From(r).Data[:width], w.V[first+r*stride:])
	}
	if c.jump {
		t.Product(tile.state, cpu.Dense{}, cpu.Dense{}, s.KeyDim, columns, 0, c.first)
	}
	near, products := cpu.Dense{Data: c.near, Stride: c.channels}, cpu.Dense{Data: c.products, Stride: chunkRows}
	t.Product(v, near, tile.state, c.rows, columns, s.KeyDim, c.beta)
	t.Product(o, near.From(c.rows), tile.state, c.rows, columns, s.KeyDim, nil)
	for r := 0; r < c.rows; r += blockRows { // right of a block nothing counts
		rows := min(blockRows, c.rows-r)
		if r > 0 {
			t.Product(v.From(r), products.From(r), u, rows, columns, r, ones[:])
		}
		t.Product(u.From(r), cpu.Dense{Data: c.inverse[r*blockRows:], Stride: blockRows}, v.From(r), rows, columns, rows, nil)
		t.Product(o.From(r), products.From(c.rows+r), u, rows, columns, r+rows, ones[:])
	}
	t.Product(tile.state, cpu.Dense{Data: c.update, Stride: chunkRows}, u, s.KeyDim, columns, c.rows, c.decay)
	for r := 0; r < c.rows && !direct; r++ {
		copy(w.Out[first+r*stride:][:width], o.From(r).Data)
	}
}
