package gpu

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Activation is the nonlinearity of a gated block.
type Activation int

// The activations: SiLU z/(1+e^-z), GELU in its tanh form,
// z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))), and the sigmoid 1/(1+e^-z).
const (
	SiLU Activation = iota
	GELU
	Sigmoid
)

// file names the activation's function in wgsl/act_<file>.wgsl.
func (a Activation) file() string { return [...]string{"silu", "gelu", "sigmoid"}[a] }

// wants checks that a buffer holds n values, since a kernel would read zeros
// or nothing beyond its end without a word.
func (s *Step) wants(op string, b *Buffer, n int) bool {
	if s.err == nil && b == nil {
		s.fail(fmt.Errorf("gpu: %s: a buffer is missing", op))
	}
	if s.err == nil && uint64(n)*4 > b.size {
		s.fail(fmt.Errorf("gpu: %s: a buffer of %d values, want %d", op, b.size/4, n))
	}
	return s.err == nil
}

// elementwise dispatches one invocation for each of n values.
func (s *Step) elementwise(v variant, p words, n int, buffers ...*Buffer) {
	x, z := spread((n + 63) / 64)
	s.dispatch(v, p, x, 1, z, buffers...)
}

// Add adds y to the first n values of x; y repeats after period values: n for
// a residual, the width for a bias.
func (s *Step) Add(x, y *Buffer, n, period int) {
	if period <= 0 || !s.wants("add", x, n) || !s.wants("add", y, min(n, period)) {
		return
	}
	s.elementwise(variant{file: "add", access: "wr"}, words{uint32(n), uint32(period)}, n, x, y)
}

// Scale multiplies the first n values of x by factor.
func (s *Step) Scale(x *Buffer, n int, factor float64) {
	if s.wants("scale", x, n) {
		s.elementwise(variant{file: "scale", access: "w"}, words{uint32(n), f(factor)}, n, x)
	}
}

// SoftCap bounds the first n values of x: limit * tanh(x / limit).
func (s *Step) SoftCap(x *Buffer, n int, limit float64) {
	if s.wants("softcap", x, n) {
		s.elementwise(variant{file: "softcap", access: "w"}, words{uint32(n), f(limit)}, n, x)
	}
}

// Gate replaces the first n values of g by act(g) * u.
func (s *Step) Gate(act Activation, g, u *Buffer, n int) {
	if !s.wants("gate", g, n) || !s.wants("gate", u, n) {
		return
	}
	v := variant{file: "gate", access: "wr", fill: fill{Act: act.file()}}
	s.elementwise(v, words{uint32(n)}, n, g, u)
}

// Embed writes row ids[t] of the table, times factor, to out [tokens, cols].
// An id outside the table leaves its row as it was.
func (s *Step) Embed(out *Buffer, table *Matrix, ids *Buffer, tokens int, factor float64) {
	if !s.wants("embed", out, tokens*table.Cols) || !s.wants("embed", ids, tokens) {
		return
	}
	v := variant{file: "embed", access: "rrw", fill: weightFill(table.Type)}
	for _, p := range table.pieces {
		s.dispatch(v, words{uint32(table.Cols), uint32(table.rowBytes), uint32(p.row0), uint32(p.rows), f(factor)},
			(table.Cols/4+63)/64, tokens, 1, p.buf, ids, out)
	}
}

// fewTokens is the number of tokens from which on it pays to dequantise a
// tile of weights into workgroup memory.
const fewTokens = 8

// MatMul computes y[t][r] = sum_i w[r][i] x[t][i] for x [tokens, cols] into
// y [tokens, rows].
func (s *Step) MatMul(y *Buffer, w *Matrix, x *Buffer, tokens int) {
	if !s.wants("matmul", y, tokens*w.Rows) || !s.wants("matmul", x, tokens*w.Cols) {
		return
	}
	v := variant{file: "matvec", access: "rrw", fill: weightFill(w.Type)}
	tile, gy := 8, tokens
	if tokens >= fewTokens {
		v.file, tile, gy = "matmul", 32, (tokens+31)/32
	}
	for _, p := range w.pieces {
		gx, gz := spread((p.rows + tile - 1) / tile)
		s.dispatch(v, words{uint32(w.Cols), uint32(w.rowBytes), uint32(p.row0), uint32(p.rows), uint32(w.Rows), uint32(tokens)},
			gx, gy, gz, p.buf, x, y)
	}
}

func weightFill(t quant.Type) fill { return fill{Decode: t.String(), Unit: unit(t)} }

// RMSNorm computes y[r] = x[row0+r] / sqrt(mean(x^2) + eps) * w for rows of
// cols values. y must not be x.
func (s *Step) RMSNorm(y, x, w *Buffer, row0, rows, cols int, eps float64) {
	if !s.wants("rmsnorm", y, rows*cols) || !s.wants("rmsnorm", x, (row0+rows)*cols) || !s.wants("rmsnorm", w, cols) {
		return
	}
	gx, gz := spread(rows)
	s.dispatch(variant{file: "rmsnorm", access: "rrw"}, words{uint32(cols), uint32(row0), f(eps), uint32(rows)}, gx, 1, gz, x, w, y)
}

// RoPE rotates x [tokens, heads, dim] in place by the angles in table
// [tokens, pairs, 2] (cosine, sine), which starts at offset pairs. Pair i is
// channels (2i, 2i+1) if interleaved, else (i, i+pairs); channels from
// 2*pairs on stay. Source: arXiv 2104.09864 §3.4.
func (s *Step) RoPE(x, table *Buffer, tokens, heads, dim, pairs int, interleaved bool, offset int) {
	if pairs == 0 || !s.wants("rope", x, tokens*heads*dim) || !s.wants("rope", table, 2*(offset+tokens*pairs)) {
		return
	}
	flag := uint32(0)
	if interleaved {
		flag = 1
	}
	n := tokens * heads * pairs
	s.elementwise(variant{file: "rope", access: "wr"},
		words{uint32(n), uint32(heads), uint32(dim), uint32(pairs), flag, uint32(offset)}, n, x, table)
}

// ArgMax writes the index of the largest of n values, the lowest of equals,
// to best[0] as an int32; it is -1 when all are NaN. scratch holds
// 2*ArgMaxGroups values.
func (s *Step) ArgMax(best, x, scratch *Buffer, n int) {
	if !s.wants("argmax", x, n) || !s.wants("argmax", best, 1) || !s.wants("argmax", scratch, 2*ArgMaxGroups) {
		return
	}
	v := variant{file: "argmax", access: "rww"}
	groups := min(ArgMaxGroups, (n+63)/64)
	s.dispatch(v, words{uint32(n), 0}, groups, 1, 1, x, scratch, best)
	s.dispatch(v, words{uint32(groups), 1}, 1, 1, 1, x, scratch, best)
}

// ArgMaxGroups is the number of candidates that ArgMax gathers first.
const ArgMaxGroups = 64
