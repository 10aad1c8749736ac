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
	inverse  []float32 // [rows, chunkRows]: (I+A)^-1, zeros above the diagonal
	scores   []float32 // [rows, chunkRows]: scale sum_x q_ix k_jx exp(G_ix - G_jx), j <= i, else 0
	decay    []float32 // [channels]: exp(G_last)
	channels int       // key channels, rounded up to whole registers; zeros behind
}

func (c *chunk) reset(rows, keyDim int) {
	c.rows, c.channels = rows, up(keyDim, 16)
	grow(&c.keys, chunkRows*c.channels)
	grow(&c.queries, chunkRows*c.channels)
	grow(&c.update, c.channels*chunkRows)
	grow(&c.inverse, chunkRows*chunkRows)
	grow(&c.scores, chunkRows*chunkRows)
	grow(&c.decay, c.channels)
}

// prepare computes a chunk's matrices from rows from.. of a work.
func (c *chunk) prepare(t cpu.Thread, b *thread, s Shape, w *Work, head, from int) {
	n := c.channels
	for _, rows := range []*[]float32{&b.decay, &b.key, &b.query, &b.past} {
		clear(grow(rows, blockRows*n)) // channels that only fill registers stay 0
	}
	grow(&b.decayed, 2*blockRows*n)
	grow(&b.ownA, blockRows*blockRows)
	grow(&b.ownP, blockRows*blockRows)
	grow(&b.ap, 2*blockRows*chunkRows)
	grow(&b.a, chunkRows*chunkRows)
	grow(&b.run, n)
	for i := range grow(&b.before, n) {
		b.before[i] = 1
	}
	for r0 := 0; r0 < c.rows; r0 += blockRows {
		rows := min(blockRows, c.rows-r0)
		b.load(t, s, w, head, from+r0, rows, n)
		b.own(t, rows, n)
		beta := w.Beta[(from+r0)*s.Heads+head:]
		c.between(t, b, r0, rows, beta, s.Heads)
		c.append(t, b, r0)
	}
	copy(c.decay, b.before)
	c.invert(t, b)
}

// load takes a block's rows: decays as factors, queries scaled.
func (b *thread) load(t cpu.Thread, s Shape, w *Work, head, from, rows, n int) {
	d := s.KeyDim
	for i := range rows {
		at := ((from+i)*s.Heads + head) * d
		t.Exp(b.decay[i*n:][:d], w.Decay[at:at+d])
		t.Scale(b.query[i*n:][:d], w.Q[at:at+d], s.scale())
		copy(b.key[i*n:][:d], w.K[at:at+d])
	}
}

// own computes a block's products among its own rows, exactly as decays come:
// past rows are multiplied on from row to row. Afterwards past holds the keys
// decayed to the block's end, run the block's whole decay, and decayed the
// keys and, behind blockRows, the queries as decayed from its beginning.
func (b *thread) own(t cpu.Thread, rows, n int) {
	for i := range b.run {
		b.run[i] = 1
	}
	for i := range rows {
		step := cpu.Step{
			Decay: b.decay[i*n:][:n], Key: b.key[i*n:], Query: b.query[i*n:], Run: b.run,
			KeyOut: b.decayed[i*n:], QueryOut: b.decayed[(blockRows+i)*n:],
			Past: cpu.Dense{Data: b.past, Stride: n}, Rows: i, A: b.ownA[i*blockRows:], P: b.ownP[i*blockRows:],
		}
		t.Step(&step)
		copy(b.past[i*n:][:n], b.key[i*n:])
	}
}

// between computes a block's products with all earlier rows of the chunk,
// whose keys are in update, decayed to the block's beginning, and writes the
// block's rows of a, scores, keys and queries.
func (c *chunk) between(t cpu.Thread, b *thread, r0, rows int, beta []float32, heads int) {
	n := c.channels
	ap := cpu.Dense{Data: b.ap, Stride: chunkRows}
	t.Product(ap, cpu.Dense{Data: b.decayed, Stride: n}, cpu.Dense{Data: c.update, Stride: chunkRows}, blockRows+rows, r0, n, nil)
	for i := range rows {
		minus := -beta[i*heads]
		a, p := b.a[(r0+i)*chunkRows:][:chunkRows], c.scores[(r0+i)*chunkRows:][:chunkRows]
		t.Scale(a[:r0], ap.From(i).Data[:r0], minus)
		t.Scale(a[r0:], b.ownA[i*blockRows:][:i], minus)
		copy(p[:r0], ap.From(blockRows + i).Data)
		clear(p[r0+copy(p[r0:], b.ownP[i*blockRows:][:i+1]):])
		t.Mul(c.keys[(r0+i)*n:], b.decayed[i*n:][:n], b.before, minus)
		t.Mul(c.queries[(r0+i)*n:], b.decayed[(blockRows+i)*n:][:n], b.before, 1)
	}
}

// append brings the keys in update to the end of the block and adds its own.
func (c *chunk) append(t cpu.Thread, b *thread, r0 int) {
	update := cpu.Dense{Data: c.update, Stride: chunkRows}
	if r0 > 0 {
		for x, f := range b.run {
			row := update.From(x).Data[:r0]
			t.Scale(row, row, f)
		}
	}
	t.Transpose(cpu.Dense{Data: c.update[r0:], Stride: chunkRows}, cpu.Dense{Data: b.past, Stride: c.channels}, blockRows, c.channels)
	t.Mul(b.before, b.before, b.run, 1)
}

// invert computes (I+A)^-1 by forward substitution; b.a holds -A. Row i is
// e_i plus row i of -A times the rows above, those of earlier blocks at once.
func (c *chunk) invert(t cpu.Thread, b *thread) {
	a, inverse := cpu.Dense{Data: b.a, Stride: chunkRows}, cpu.Dense{Data: c.inverse, Stride: chunkRows}
	clear(c.inverse[:c.rows*chunkRows])
	for r0 := 0; r0 < c.rows; r0 += blockRows {
		rows := min(blockRows, c.rows-r0)
		t.Product(inverse.From(r0), a.From(r0), inverse, rows, r0, r0, nil)
		for i := r0; i < r0+rows; i++ {
			c.inverse[i*chunkRows+i] = 1
			if i > r0 {
				t.Product(inverse.From(i), cpu.Dense{Data: b.a[i*chunkRows+r0:], Stride: chunkRows}, inverse.From(r0), 1, i, i-r0, ones[:])
			}
		}
	}
}
