package cpu

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Panel is the number of columns that Product takes at a time: the columns of
// its b and c are read and written in whole panels.
const Panel = 32

// Thread is one thread of Share: operations on small dense matrices of its
// own, all in float32, row after row with a stride in elements.
type Thread struct {
	// Number is below the Threads of its Kernels: for the caller's own scratch.
	Number int
	ops    *ops
	s      *scratch
}

// Share calls f(t, i) for i in 0..n-1, each once, on the threads of k, and
// returns when all are done. f may use t only until it returns, and none of
// k's methods.
func (k *Kernels) Share(n int, f func(t Thread, i int)) {
	k.pool.run(n, func(worker, i int) { f(Thread{worker, k.ops, k.scratch[worker]}, i) })
}

// Dense is a view of a matrix: element (r, c) is Data[r*Stride+c].
type Dense struct {
	Data   []float32
	Stride int
}

// From is the view from row r on.
func (d Dense) From(r int) Dense { return Dense{d.Data[r*d.Stride:], d.Stride} }

// Product computes c [m, n] = scale c + a [m, k] b [k, n]. scale has a factor a
// row; nil stands for zeros, and c is not read. n is rounded up to whole
// panels: c and b must have that many columns, of which those behind n are of
// no meaning. k = 0 leaves scale c.
func (t Thread) Product(c, a, b Dense, m, n, k int, scale []float32) {
	panels := (n + Panel - 1) / Panel
	if m <= 0 || panels == 0 {
		return
	}
	need("Product", "c", len(c.Data), (m-1)*c.Stride+panels*Panel)
	if k > 0 {
		need("Product", "a", len(a.Data), (m-1)*a.Stride+k)
		need("Product", "b", len(b.Data), (k-1)*b.Stride+panels*Panel)
	}
	if scale != nil {
		need("Product", "scale", len(scale), m)
	}
	g := &t.s.gemm
	*g = gemmArgs{lda: uintptr(4 * a.Stride), ldb: uintptr(4 * b.Stride), ldc: uintptr(4 * c.Stride), k: uintptr(k)}
	gemm, nr := t.ops.gemm[F32], t.ops.nr
	tiles := (m + t.ops.mr - 1) / t.ops.mr
	for i := range tiles {
		from, to := i*m/tiles, (i+1)*m/tiles
		g.mr = uintptr(to - from)
		if k > 0 {
			g.a = &a.Data[from*a.Stride]
		}
		if scale != nil {
			g.scale = &scale[from]
		}
		for col := 0; col < panels*Panel; col += nr {
			if g.c = &c.Data[from*c.Stride+col]; k > 0 {
				g.b = unsafe.Pointer(&b.Data[col])
			}
			gemm(g)
		}
	}
}

// Dots writes the products of vectors with rows: out [vectors, rows] is x
// [vectors, cols] times the transpose of w [rows, cols]. A number's bits depend
// on its vector and its row alone.
func (t Thread) Dots(out, x, w Dense, vectors, rows, cols int) {
	if vectors <= 0 || rows <= 0 || cols <= 0 {
		return
	}
	need("Dots", "out", len(out.Data), (vectors-1)*out.Stride+rows)
	need("Dots", "x", len(x.Data), (vectors-1)*x.Stride+cols)
	need("Dots", "w", len(w.Data), (rows-1)*w.Stride+cols)
	whole := cols / Panel * Panel
	for v := 0; v < vectors && whole > 0; {
		step := vectorsAtOnce(vectors - v)
		t.s.matvec = matvecArgs{
			w: (*byte)(unsafe.Pointer(&w.Data[0])), rowBytes: uintptr(4 * w.Stride), rows: uintptr(rows), units: uintptr(whole / Panel),
			x: &x.Data[v*x.Stride], xStride: uintptr(4 * x.Stride), out: &out.Data[v*out.Stride], outStride: uintptr(4 * out.Stride),
		}
		t.ops.typed[quant.F32].matvec[step/2](&t.s.matvec)
		v += step
	}
	if whole == cols {
		return
	}
	for v := range vectors {
		to, tail := out.Data[v*out.Stride:], x.Data[v*x.Stride:][whole:cols]
		for r := range rows {
			sum := dot(tail, w.Data[r*w.Stride+whole:])
			if whole > 0 {
				sum += to[r]
			}
			to[r] = sum
		}
	}
}

// Transpose writes b [cols, rows] = a [rows, cols]; both numbers must be
// multiples of 16.
func (t Thread) Transpose(b, a Dense, rows, cols int) {
	if rows%16 != 0 || cols%16 != 0 {
		panic(fmt.Sprintf("cpu: Transpose: %d rows of %d, want multiples of 16", rows, cols))
	}
	if rows == 0 || cols == 0 {
		return
	}
	need("Transpose", "a", len(a.Data), (rows-1)*a.Stride+cols)
	need("Transpose", "b", len(b.Data), (cols-1)*b.Stride+rows)
	for r := 0; r < rows; r += t.ops.lanes {
		t.s.pack = packArgs{
			dst: &b.Data[r], ldd: uintptr(4 * b.Stride), src: &a.Data[r*a.Stride], lds: uintptr(4 * a.Stride), cols: uintptr(cols),
		}
		t.ops.pack(&t.s.pack)
	}
}

// Scale writes s x to dst [len(x)], which may be x.
func (t Thread) Scale(dst, x []float32, s float32) {
	need("Scale", "dst", len(dst), len(x))
	if len(x) > 0 {
		t.ops.scaled(&dst[0], &x[0], s, len(x))
	}
}

// Mul writes s x w to dst [len(x)], which may be x.
func (t Thread) Mul(dst, x, w []float32, s float32) {
	need("Mul", "dst", len(dst), len(x))
	need("Mul", "w", len(w), len(x))
	if len(x) > 0 {
		t.ops.mul(&dst[0], &x[0], &w[0], s, len(x))
	}
}

// Add adds x to dst [len(x)].
func (t Thread) Add(dst, x []float32) {
	need("Add", "dst", len(dst), len(x))
	if len(x) > 0 {
		t.ops.add(&dst[0], &x[0], len(x))
	}
}

// SiLUMul replaces gate by gate / (1 + exp(-gate)) * up.
func (t Thread) SiLUMul(gate, up []float32) {
	need("SiLUMul", "up", len(up), len(gate))
	if len(gate) > 0 {
		t.ops.silu(&gate[0], &up[0], len(gate))
	}
}

// Exp writes e^x to dst [len(x)], which may be x. x counts as within ±87, so
// that no power is infinite, zero or too small for a normal number.
func (t Thread) Exp(dst, x []float32) {
	need("Exp", "dst", len(dst), len(x))
	if len(x) > 0 {
		t.ops.exp(&dst[0], &x[0], len(x))
	}
}

// Squares returns the sum of squares of x.
func (t Thread) Squares(x []float32) float32 {
	if len(x) == 0 {
		return 0
	}
	return t.ops.squares(&x[0], len(x))
}

// Largest returns the largest number of x, which NaN never is, or -inf.
func (t Thread) Largest(x []float32) float32 {
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	return t.ops.largest(&x[0], len(x))
}
