package kda

import "github.com/lcbench/lcbench/localmodel/kernels/cpu"

// Sizes of the chunkwise form: the most rows of a chunk, and the rows of the
// blocks on the diagonal of its triangular system. Half the published 64 rows of
// a chunk: what a row costs among the others grows with their number, what it
// costs with the state does not, and 32 are one panel of the kernels.
const (
	chunkRows = cpu.Panel
	blockRows = cpu.TriangleRows
)

// mostDecay bounds how far a chunk decays in any channel, as a sum of log decays:
// with G the sum of g from the chunk's first row, inclusive, exp(G_i - G_j) is
// computed as exp(G_i) exp(-G_j), and e^60 leaves both far from the ends of
// float32.
const (
	mostDecay = 60
	mostBack  = 1.1420e26 // e^mostDecay
)

// chunk is what the rows of one chunk and head come to without the state. With
//
//	A_ij = beta_i sum_x k_ix k_jx exp(G_ix - G_jx), j < i
//	P_ij = scale sum_x q_ix k_jx exp(G_ix - G_jx), j <= i
//
// the corrections of the rows are U = (I+A)^-1 (beta V - beta exp(G) K S).
type chunk struct {
	from, rows int       // of the work
	jump       bool      // G starts behind the first row, whose decay is first's
	first      []float32 // [channels]
	near       []float32 // [2 rows, channels]: -beta exp(G) k of all rows, then scale exp(G) q
	update     []float32 // [channels, chunkRows]: exp(G_last - G) k, transposed
	products   []float32 // [2 rows, chunkRows]: -A of all rows, then P; right of a row's block: unset
	inverse    []float32 // [chunkRows, blockRows]: (I+A)^-1 of each block on the diagonal
	decay      []float32 // [channels]: exp(G_last)
	beta       []float32 // [rows]
	channels   int       // key channels, rounded up to whole registers; zeros behind
}

// blockScratch is a thread's for the rows of a chunk.
type blockScratch struct {
	log, key, query, past []float32 // [chunkRows, channels]
	back, sums            []float32 // [channels]
	minusBeta             []float32 // [chunkRows]
}

func (c *chunk) reset(b *blockScratch, from, rows, keyDim int) {
	c.from, c.rows, c.jump, c.channels = from, rows, false, up(keyDim, 16)
	grow(&c.near, 2*chunkRows*c.channels)
	grow(&c.update, chunkRows*c.channels)
	grow(&c.products, 2*chunkRows*chunkRows)
	grow(&c.inverse, chunkRows*blockRows)
	grow(&c.decay, c.channels)
	grow(&c.first, c.channels)
	grow(&c.beta, chunkRows)
	grow(&b.past, chunkRows*c.channels)
	grow(&b.back, c.channels)
	grow(&b.minusBeta, chunkRows)
}

// prepare computes a chunk's matrices. False: its rows decay by more than
// mostDecay, and the matrices are of no use.
func (c *chunk) prepare(t cpu.Thread, b *blockScratch, s Shape, w *Work, head int) bool {
	n := c.channels
	block := cpu.Faded{
		Rows: c.rows, Channels: n, MinusBeta: b.minusBeta, Scale: s.scale(), NearKey: c.near, NearQuery: c.near[c.rows*n:],
		Past: b.past, Run: c.decay, Back: b.back,
	}
	c.load(t, b, &block, s, w, head)
	t.Fade(&block)
	if t.Largest(b.back) > mostBack {
		return false
	}
	near, update, products := cpu.Dense{Data: c.near, Stride: n}, cpu.Dense{Data: c.update, Stride: chunkRows}, cpu.Dense{Data: c.products, Stride: chunkRows}
	for r := 0; r < c.rows; r += blockRows {
		t.Transpose(cpu.Dense{Data: c.update[r:], Stride: chunkRows}, cpu.Dense{Data: b.past[r*n:], Stride: n}, blockRows, n)
	}
	t.Product(products, near, update, 2*c.rows, c.rows, n, nil)
	t.Product(update, cpu.Dense{}, cpu.Dense{}, n, c.rows, 0, c.decay) // keys fade to the end of the chunk
	for r := 0; r < c.rows; r += blockRows {
		t.Triangle(c.inverse[r*blockRows:], products.From(r).Data[r:], products.From(c.rows + r).Data[r:])
	}
	return true
}

// load sets a chunk's rows: where they lie in the work, or copies if a row is
// not made of whole registers, or starts behind its decay.
func (c *chunk) load(t cpu.Thread, b *blockScratch, block *cpu.Faded, s Shape, w *Work, head int) {
	at, stride := (c.from*s.Heads+head)*s.KeyDim, s.Heads*s.KeyDim
	for i := range c.rows {
		c.beta[i] = w.Beta[(c.from+i)*s.Heads+head]
		b.minusBeta[i] = -c.beta[i]
	}
	if c.channels == s.KeyDim && !c.jump {
		block.Log, block.Key, block.Query = cpu.Dense{Data: w.Decay[at:], Stride: stride}, cpu.Dense{Data: w.K[at:], Stride: stride}, cpu.Dense{Data: w.Q[at:], Stride: stride}
		return
	}
	for _, x := range []struct {
		to   *[]float32
		from []float32
		view *cpu.Dense
	}{{&b.log, w.Decay, &block.Log}, {&b.key, w.K, &block.Key}, {&b.query, w.Q, &block.Query}} {
		rows := grow(x.to, chunkRows*c.channels)
		clear(rows)
		for i := range c.rows {
			copy(rows[i*c.channels:][:s.KeyDim], x.from[at+i*stride:])
		}
		*x.view = cpu.Dense{Data: rows, Stride: c.channels}
	}
	if c.jump {
		t.Exp(c.first, b.log[:c.channels])
		clear(b.log[:c.channels])
	}
}

// cell is chunkRows rows of a head, or those left of a work: one chunk, or
// several where decays are strong. Cells lie where they do whatever the decays
// are, so that a work cut at one has the bits of the whole.
type cell struct {
	chunks []chunk
	n      int // chunks in use
}

// next is one more chunk of the cell.
func (c *cell) next() *chunk {
	if c.n == len(c.chunks) {
		c.chunks = append(c.chunks, chunk{})
	}
	c.n++
	return &c.chunks[c.n-1]
}

// prepare computes the chunks of rows [from, to) of a work.
func (c *cell) prepare(t cpu.Thread, b *blockScratch, s Shape, w *Work, head, from, to int) {
	c.n = 0
	one := c.next()
	one.reset(b, from, to-from, s.KeyDim)
	if one.prepare(t, b, s, w, head) {
		return
	}
	for c.n = 0; from < to; {
		rows, jump := b.reach(s, w, head, from, to)
		part := c.next()
		part.reset(b, from, rows, s.KeyDim)
		part.jump = jump
		part.prepare(t, b, s, w, head)
		from += rows
	}
}

// reach is how many of the rows [from, to) one chunk can hold: at least one,
// since G may start behind a first row of any decay.
func (b *blockScratch) reach(s Shape, w *Work, head, from, to int) (rows int, jump bool) {
	sums := grow(&b.sums, s.KeyDim)
	for rows = range to - from {
		least := float32(0)
		for x, g := range w.Decay[((from+rows)*s.Heads+head)*s.KeyDim:][:s.KeyDim] {
			if g = max(g, -87); rows > 0 {
				g += sums[x]
			}
			sums[x], least = g, min(least, g)
		}
		switch {
		case rows == 0 && least < -mostDecay/2:
			jump = true
			clear(sums)
		case least < -mostDecay:
			return rows, jump
		}
	}
	return to - from, jump
}
