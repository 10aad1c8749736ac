package cpu

import "math"

// parallelFloats is the size from which a vector operation is shared out.
const parallelFloats = 16 << 10

// each calls f for the rows [0, n) of d numbers, in parallel when that pays.
func (k *Kernels) each(n, d int, f func(row int)) {
	if n*d < parallelFloats || n == 1 || k.Threads() == 1 {
		for i := range n {
			f(i)
		}
		return
	}
	parts := min(n, 4*k.Threads())
	k.pool.run(parts, func(_, p int) {
		for i := p * n / parts; i < (p+1)*n/parts; i++ {
			f(i)
		}
	})
}

// pieces calls f for the parts [from, to) of n numbers, in parallel when that
// pays.
func (k *Kernels) pieces(n int, f func(from, to int)) {
	const piece = 4096
	k.each((n+piece-1)/piece, min(n, piece), func(i int) { f(i*piece, min(n, (i+1)*piece)) })
}

// RMSNorm writes x / sqrt(mean(x^2) + eps) * w for each of n rows of d numbers
// of x into out; w [d] may be nil for ones. out may be x.
func (k *Kernels) RMSNorm(out, x, w []float32, n, d int, eps float32) {
	if n <= 0 || d <= 0 {
		return
	}
	need("RMSNorm", "x", len(x), n*d)
	need("RMSNorm", "out", len(out), n*d)
	if w != nil {
		need("RMSNorm", "w", len(w), d)
	}
	k.each(n, d, func(i int) {
		from, to := &x[i*d], &out[i*d]
		mean := float64(k.ops.squares(from, d))/float64(d) + float64(eps)
		s := float32(1 / math.Sqrt(mean))
		if w == nil {
			k.ops.scaled(to, from, s, d)
		} else {
			k.ops.mul(to, from, &w[0], s, d)
		}
	})
}

// Add adds src to dst; src must be at least as long.
func (k *Kernels) Add(dst, src []float32) {
	need("Add", "src", len(src), len(dst))
	k.pieces(len(dst), func(from, to int) { k.ops.add(&dst[from], &src[from], to-from) })
}

// Scale multiplies x by s.
func (k *Kernels) Scale(x []float32, s float32) {
	k.pieces(len(x), func(from, to int) { k.ops.scaled(&x[from], &x[from], s, to-from) })
}

// SiLUMul replaces gate by gate / (1 + exp(-gate)) * up.
func (k *Kernels) SiLUMul(gate, up []float32) {
	need("SiLUMul", "up", len(up), len(gate))
	k.pieces(len(gate), func(from, to int) { k.ops.silu(&gate[from], &up[from], to-from) })
}

// GELUMul replaces gate by gelu(gate) * up in the form with the tanh:
// gelu(z) = z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2.
func (k *Kernels) GELUMul(gate, up []float32) {
	need("GELUMul", "up", len(up), len(gate))
	k.pieces(len(gate), func(from, to int) { k.ops.gelu(&gate[from], &up[from], to-from) })
}

// ArgMax returns the index of the largest number, the lowest one on ties, and
// -1 for an empty slice. NaN is never the largest; of nothing but NaN and
// -inf the first index wins.
func (k *Kernels) ArgMax(x []float32) int {
	const piece = 1024
	best, from := float32(math.Inf(-1)), 0
	for i := 0; i < len(x); i += piece {
		if top := k.ops.largest(&x[i], min(piece, len(x)-i)); top > best {
			best, from = top, i
		}
	}
	for i := from; i < len(x); i++ {
		if x[i] == best {
			return i
		}
	}
	return min(0, len(x)-1)
}
