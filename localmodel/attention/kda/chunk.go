package kda

import "github.com/lcbench/lcbench/localmodel/kernels/cpu"

// Sizes of the chunkwise form, as published: rows of a chunk, and rows of a
// block inside it, at whose first row decays are anchored.
const (
	chunkRows = 64
	blockRows = 16
)

// chunk is what the rows of one chunk and head come to without the state. With
// G the sum of g from the chunk's first row, inclusive, and
//
//	A_ij = beta_i sum_x k_ix k_jx exp(G_ix - G_jx), j < i
//
// the corrections of the rows are U = (I+A)^-1 (beta V - beta exp(G) K S).
type chunk struct {
	rows     int
	keys     []float32 // [rows, channels]: -beta exp(G) k
	queries  []float32 // [rows, channels]: scale exp(G) q
	update   []float32 // [channels, chunkRows]: exp(G_last - G) k, transposed
	inverse  []float32 // [rows, chunkRows]: (I+A)^-1; right of a row's block: unset
	products []float32 // [rows, chunkRows], see scores
	decay    []float32 // [channels]: exp(G_last)
	channels int       // key channels, rounded up to whole registers; zeros behind
}

// blockScratch is a thread's for the blocks of a chunk.
type blockScratch struct {
	log, key, query, decay, near, past []float32 // [rows, channels]
	run, beta                          []float32
	ownA, ownP                         []float32 // [blockRows, blockRows]; above the diagonal always 0
	own, earlier                       []float32 // [blockRows, cpu.Panel], [blockRows, chunkRows]
}

// Products of keys and of queries with keys lie side by side, so that they are
// computed at once: behind the 16 rows of a block of -A come those of
//
//	P_ij = scale sum_x q_ix k_jx exp(G_ix - G_jx), j <= i
//
// Right of the block's own columns both are unset.

// minusA is -A from row r0, the first of a block, on.
func (c *chunk) minusA(r0 int) cpu.Dense {
	return cpu.Dense{Data: c.products[2*r0*chunkRows:], Stride: chunkRows}
}

// scores is P from row r0, the first of a block, on.
func (c *chunk) scores(r0 int) cpu.Dense { return c.minusA(r0).From(blockRows) }

func (c *chunk) reset(b *blockScratch, rows, keyDim int) {
	c.rows, c.channels = rows, up(keyDim, 16)
	for _, x := range []*[]float32{&c.keys, &c.queries, &c.update} {
		grow(x, chunkRows*c.channels)
	}
	grow(&c.inverse, chunkRows*chunkRows)
	grow(&c.products, 2*chunkRows*chunkRows)
	for _, x := range []*[]float32{&b.decay, &b.past} {
		grow(x, blockRows*c.channels)
	}
	grow(&b.near, 2*blockRows*c.channels)
	grow(&b.ownA, blockRows*blockRows)
	grow(&b.ownP, blockRows*blockRows)
	grow(&b.own, blockRows*cpu.Panel)
	grow(&b.earlier, blockRows*chunkRows)
	grow(&b.run, c.channels)
	grow(&b.beta, blockRows)
	for i := range grow(&c.decay, c.channels) {
		c.decay[i] = 1
	}
}

// prepare computes a chunk's matrices from rows from.. of a work.
func (c *chunk) prepare(t cpu.Thread, b *blockScratch, s Shape, w *Work, head, from int) {
	n := c.channels
	update := cpu.Dense{Data: c.update, Stride: chunkRows}
	for r0 := 0; r0 < c.rows; r0 += blockRows {
		block := cpu.Block{
			Rows: min(blockRows, c.rows-r0), Channels: n, MinusBeta: b.beta, Scale: s.scale(), Before: c.decay, Decay: b.decay,
			NearKey: b.near, NearQuery: b.near[blockRows*n:], FarKey: c.keys[r0*n:], FarQuery: c.queries[r0*n:], Run: b.run,
			Past: b.past, A: cpu.Dense{Data: b.ownA, Stride: blockRows}, P: cpu.Dense{Data: b.ownP, Stride: blockRows},
		}
		b.load(&block, s, w, head, from+r0)
		t.Fade(&block)
		t.Among(&block)
		c.between(t, b, r0, block.Rows)
		if r0 > 0 { // the keys of earlier blocks fade to the end of this one
			t.Product(update, cpu.Dense{}, cpu.Dense{}, n, r0, 0, b.run)
		}
		t.Transpose(cpu.Dense{Data: c.update[r0:], Stride: chunkRows}, cpu.Dense{Data: b.past, Stride: n}, blockRows, n)
		t.Mul(c.decay, c.decay, b.run, 1)
		c.invert(t, b, r0, block.Rows)
	}
}

// load sets a block's rows: where they lie in the work, or copies if a row is
// not made of whole registers.
func (b *blockScratch) load(block *cpu.Block, s Shape, w *Work, head, from int) {
	at, stride := (from*s.Heads+head)*s.KeyDim, s.Heads*s.KeyDim
	for i := range block.Rows {
		b.beta[i] = -w.Beta[(from+i)*s.Heads+head]
	}
	if block.Channels == s.KeyDim {
		block.Log, block.Key, block.Query = cpu.Dense{Data: w.Decay[at:], Stride: stride}, cpu.Dense{Data: w.K[at:], Stride: stride}, cpu.Dense{Data: w.Q[at:], Stride: stride}
		return
	}
	for _, x := range []struct {
		to   *[]float32
		from []float32
		view *cpu.Dense
	}{{&b.log, w.Decay, &block.Log}, {&b.key, w.K, &block.Key}, {&b.query, w.Q, &block.Query}} {
		rows := grow(x.to, blockRows*block.Channels)
		clear(rows)
		for i := range block.Rows {
			copy(rows[i*block.Channels:][:s.KeyDim], x.from[at+i*stride:])
		}
		*x.view = cpu.Dense{Data: rows, Stride: block.Channels}
	}
}

// between computes a block's products with all earlier rows of the chunk,
// whose keys are in update as faded at the block's beginning, and puts those
// among the block's own beside them.
func (c *chunk) between(t cpu.Thread, b *blockScratch, r0, rows int) {
	near, update := cpu.Dense{Data: b.near, Stride: c.channels}, cpu.Dense{Data: c.update, Stride: chunkRows}
	a, scores := c.minusA(r0), c.scores(r0)
	t.Product(a, near, update, blockRows+rows, r0, c.channels, nil)
	for i := range rows {
		*(*[blockRows]float32)(a.From(i).Data[r0:]) = [blockRows]float32(b.ownA[i*blockRows:])
		*(*[blockRows]float32)(scores.From(i).Data[r0:]) = [blockRows]float32(b.ownP[i*blockRows:])
	}
}

// invert computes a block's rows of (I+A)^-1 by forward substitution: first
// the inverse of the block on the diagonal, row i of which is e_i plus row i of
// -A times the rows above; then this times what earlier blocks contribute.
func (c *chunk) invert(t cpu.Thread, b *blockScratch, r0, rows int) {
	a, inverse, own := c.minusA(r0), cpu.Dense{Data: c.inverse, Stride: chunkRows}, cpu.Dense{Data: b.own, Stride: cpu.Panel}
	clear(b.own)
	for i := range rows {
		b.own[i*cpu.Panel+i] = 1
		if i > 0 {
			t.Product(own.From(i), cpu.Dense{Data: a.From(i).Data[r0:], Stride: chunkRows}, own, 1, i, i, ones[:])
		}
	}
	if r0 > 0 {
		earlier := cpu.Dense{Data: b.earlier, Stride: chunkRows}
		t.Product(earlier, a, inverse, rows, r0, r0, nil)
		t.Product(inverse.From(r0), own, earlier, rows, r0, rows, nil)
	}
	for i := range rows {
		*(*[blockRows]float32)(inverse.From(r0 + i).Data[r0:]) = [blockRows]float32(b.own[i*cpu.Panel:])
	}
}
