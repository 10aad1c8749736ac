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

// tileScratch is a thread's for a tile of a chunk, [rows, columns].
type tileScratch struct{ v, u, o []float32 }

// tasksPerThread is how many cells a round has for each thread: enough to share
// out evenly, few enough for their matrices to stay in the cache.
const tasksPerThread = 8

// Chunked appends the works' tokens chunk by chunk. A group of heads goes
// through the whole prompt at a time, in rounds: first the round's cells of all
// heads side by side, as far as they don't need the state, then, tile of value
// channels beside tile, one chunk after the other.
func Chunked(k *cpu.Kernels, b *Scratch, s Shape, works ...Work) {
	tasks := tasksPerThread * k.Threads()
	heads := min(s.Heads, tasks)
	count := max(1, min(cellsAtOnce, tasks/heads))
	for i := range works {
		w := &works[i]
		w.check(s)
		for head := 0; head < s.Heads; head += heads {
			b.group(k, s, w, head, min(head+heads, s.Heads), count)
		}
	}
}

// group takes heads [h0, h1) through a work, count cells a round.
func (b *Scratch) group(k *cpu.Kernels, s Shape, w *Work, h0, h1, count int) {
	threads := b.threadsFor(k)
	for len(b.cells) < count*(h1-h0) {
		b.cells = append(b.cells, cell{})
	}
	b.tilesOf(s, w, h0, h1)
	for from := 0; from < w.N; from += count * chunkRows {
		count := min(count, (w.N-from+chunkRows-1)/chunkRows)
		k.Share(count*(h1-h0), func(t cpu.Thread, i int) {
			at := from + i%count*chunkRows
			b.cells[i].prepare(t, &threads[t.Number].block, s, w, h0+i/count, at, min(w.N, at+chunkRows))
		})
		k.Share(len(b.tiles), func(t cpu.Thread, i int) {
			tile := &b.tiles[i]
			for j := range count {
				cell := &b.cells[(tile.head-h0)*count+j]
				for c := range cell.n {
					threads[t.Number].tile.chunk(t, &cell.chunks[c], s, w, tile)
				}
			}
		})
	}
	b.store(s, w)
}

// tilesOf cuts the state of heads [h0, h1) into tiles.
func (b *Scratch) tilesOf(s Shape, w *Work, h0, h1 int) {
	b.tiles = b.tiles[:0]
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
			b.tiles = append(b.tiles, tile{head, col, width, state})
		}
	}
}

// store puts the tiles back.
func (b *Scratch) store(s Shape, w *Work) {
	for _, t := range b.tiles {
		for x := range s.KeyDim {
			copy(w.State[(t.head*s.KeyDim+x)*s.ValueDim+t.col:][:t.width], t.state.From(x).Data)
		}
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
