package cpu

import (
	"math"
	"unsafe"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// plainOps are the micro-kernels in Go: the reference for the assembly, which
// reference_test.go tests against float64 loops, and what other processors run.
func plainOps() *ops {
	o := &ops{
		mr: 4, lanes: 16, nr: 32,
		gemm:     [3]func(*gemmArgs){plainGemmF32, plainGemmF16, plainGemmQ8},
		pack:     plainPack,
		softmax:  plainSoftmax,
		scaled:   plainScaled,
		add:      plainAdd,
		mul:      plainMul,
		squares:  plainSquares,
		largest:  plainLargest,
		silu:     plainSiLU,
		gelu:     plainGELU,
		exp:      plainExp,
		fade:     plainFade,
		triangle: plainTriangle,
	}
	for i, vectors := range []int{1, 2, 4} {
		o.dots[F32][i], o.dots[F16][i], o.dots[Q8][i] = plainMatVec(quant.F32, vectors), plainMatVec(quant.F16, vectors), plainDotsQ8(vectors)
	}
	for _, t := range quant.Types() {
		o.typed[t] = typed{[3]func(*matvecArgs){plainMatVec(t, 1), plainMatVec(t, 2), plainMatVec(t, 4)}, plainDequant(t)}
	}
	return o
}

func floatsAt(p *float32, bytes uintptr, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(p), bytes)), n)
}

func plainGemmF32(g *gemmArgs) {
	plainGemm(g, func(row unsafe.Pointer, to *[32]float32) { *to = *(*[32]float32)(row) })
}

func plainGemmF16(g *gemmArgs) {
	plainGemm(g, func(row unsafe.Pointer, to *[32]float32) {
		for i, h := range (*[32]uint16)(row) {
			to[i] = quant.F16ToF32(h)
		}
	})
}

func plainGemmQ8(g *gemmArgs) {
	plainGemm(g, func(row unsafe.Pointer, to *[32]float32) {
		for i, q := range (*[32]int8)(row) {
			to[i] = float32(q)
		}
	})
}

// plainGemm adds one row of b at a time to the sums of all rows of a.
func plainGemm(g *gemmArgs, load func(row unsafe.Pointer, to *[32]float32)) {
	var sum [4][32]float32
	mr := int(g.mr)
	if g.scale != nil {
		scale := unsafe.Slice(g.scale, mr)
		for r := range mr {
			for i, c := range floatsAt(g.c, uintptr(r)*g.ldc, 32) {
				sum[r][i] = c * scale[r]
			}
		}
	}
	var row [32]float32
	for k := range g.k {
		load(unsafe.Add(g.b, k*g.ldb), &row)
		for r := range mr {
			a, to := floatsAt(g.a, uintptr(r)*g.lda+4*k, 1)[0], &sum[r]
			for i := range row {
				to[i] += a * row[i]
			}
		}
	}
	for r := range mr {
		copy(floatsAt(g.c, uintptr(r)*g.ldc, 32), sum[r][:])
	}
}

func plainMatVec(t quant.Type, vectors int) func(*matvecArgs) {
	unit, piece := unitOf(t), 256
	bytes := t.RowBytes(unit)
	return func(m *matvecArgs) {
		var buf [256]float32
		cols := unit * int(m.units)
		for r := range m.rows {
			src := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(m.w), r*m.rowBytes)), bytes*int(m.units))
			var sum [4]float32
			for c := 0; c < cols; c += piece {
				w := buf[:min(piece, cols-c)]
				expand(w, src[c/unit*bytes:], t)
				for v := range vectors {
					sum[v] += dot(w, floatsAt(m.x, uintptr(v)*m.xStride+uintptr(4*c), len(w)))
				}
			}
			for v := range vectors {
				floatsAt(m.out, uintptr(v)*m.outStride+4*r, 1)[0] = sum[v]
			}
		}
	}
}

// plainDotsQ8 is plainMatVec of int8 numbers without a scale.
func plainDotsQ8(vectors int) func(*matvecArgs) {
	return func(m *matvecArgs) {
		var w [32]float32
		for r := range m.rows {
			var sum [4]float32
			for u := range m.units {
				for i, q := range (*[32]int8)(unsafe.Add(unsafe.Pointer(m.w), r*m.rowBytes+32*u)) {
					w[i] = float32(q)
				}
				for v := range vectors {
					sum[v] += dot(w[:], floatsAt(m.x, uintptr(v)*m.xStride+128*u, 32))
				}
			}
			for v := range vectors {
				floatsAt(m.out, uintptr(v)*m.outStride+4*r, 1)[0] = sum[v]
			}
		}
	}
}

// dot returns the product of w and as much of x, in four sums.
func dot(w, x []float32) float32 {
	var a, b, c, d float32
	x = x[:len(w)]
	for len(w) >= 4 && len(x) >= 4 {
		a += w[0] * x[0]
		b += w[1] * x[1]
		c += w[2] * x[2]
		d += w[3] * x[3]
		w, x = w[4:], x[4:]
	}
	for i, v := range w {
		a += v * x[i]
	}
	return a + b + (c + d)
}

func plainDequant(t quant.Type) func(*dequantArgs) {
	unit := unitOf(t)
	return func(d *dequantArgs) {
		n := unit * int(d.units)
		expand(unsafe.Slice(d.dst, n), unsafe.Slice(d.src, t.RowBytes(n)), t)
	}
}

func plainPack(p *packArgs) {
	for r := range uintptr(16) {
		for c, v := range floatsAt(p.src, r*p.lds, int(p.cols)) {
			floatsAt(p.dst, uintptr(c)*p.ldd+4*r, 1)[0] = v
		}
	}
}

func plainSoftmax(a *softmaxArgs) {
	rows := int(a.rows)
	m, sum, factor := unsafe.Slice(a.m, rows), unsafe.Slice(a.sum, rows), unsafe.Slice(a.factor, rows)
	for r := range rows {
		s := (*[64]float32)(unsafe.Pointer(&floatsAt(a.s, uintptr(r)*256, 64)[0]))
		plainScores(a, r, s)
		top := m[r]
		for _, t := range s {
			top = max(top, t)
		}
		ref := top
		if math.IsInf(float64(top), -1) {
			ref = 0 // nothing visible so far: 2^(-inf-0) is 0, not NaN
		}
		var z float32
		for i, t := range s {
			s[i] = exp2(t - ref)
			z += s[i]
		}
		factor[r] = exp2(m[r] - ref)
		sum[r] = sum[r]*factor[r] + z
		m[r] = top
		if a.vscale != nil {
			for i, v := range unsafe.Slice(a.vscale, 64) {
				s[i] *= v
			}
		}
	}
}

// plainScores applies key scales, soft-cap and mask, in this order.
func plainScores(a *softmaxArgs, r int, s *[64]float32) {
	visible := ^uint64(0)
	if a.mask != nil {
		visible = unsafe.Slice(a.mask, r+1)[r]
	}
	for i := range s {
		if a.kscale != nil {
			s[i] *= unsafe.Slice(a.kscale, 64)[i]
		}
		if a.cap2 > 0 {
			s[i] = a.cap2 * (1 - 2/(1+exp2(s[i]*a.invCap)))
		}
		if visible>>i&1 == 0 {
			s[i] = float32(math.Inf(-1))
		}
	}
}

func exp2(x float32) float32 { return float32(math.Exp2(float64(x))) }

func plainScaled(dst, src *float32, s float32, n int) {
	to := unsafe.Slice(dst, n)
	for i, v := range unsafe.Slice(src, n) {
		to[i] = v * s
	}
}

func plainAdd(dst, src *float32, n int) {
	to := unsafe.Slice(dst, n)
	for i, v := range unsafe.Slice(src, n) {
		to[i] += v
	}
}

func plainMul(dst, src, w *float32, s float32, n int) {
	to, by := unsafe.Slice(dst, n), unsafe.Slice(w, n)
	for i, v := range unsafe.Slice(src, n) {
		to[i] = v * s * by[i]
	}
}

func plainSquares(x *float32, n int) float32 {
	v := unsafe.Slice(x, n)
	return dot(v, v)
}

func plainLargest(x *float32, n int) float32 {
	top := float32(math.Inf(-1))
	for _, v := range unsafe.Slice(x, n) {
		if v > top {
			top = v
		}
	}
	return top
}

func plainSiLU(gate, up *float32, n int) {
	g, u := unsafe.Slice(gate, n), unsafe.Slice(up, n)
	for i, z := range g {
		g[i] = z / (1 + float32(math.Exp(float64(-z)))) * u[i]
	}
}

// plainGELU uses (1 + tanh(y)) / 2 = 1 / (1 + exp(-2y)): nothing cancels.
func plainGELU(gate, up *float32, n int) {
	g, u := unsafe.Slice(gate, n), unsafe.Slice(up, n)
	for i, v := range g {
		z := float64(v)
		y := math.Sqrt(2/math.Pi) * (z + 0.044715*z*z*z)
		g[i] = float32(z/(1+math.Exp(-2*y))) * u[i]
	}
}

// plainExp keeps within ±87, where no power is infinite or below the smallest
// normal number.
func plainExp(dst, src *float32, n int) {
	to := unsafe.Slice(dst, n)
	for i, v := range unsafe.Slice(src, n) {
		to[i] = float32(math.Exp(float64(max(-87, min(87, v)))))
	}
}

func plainHalves(dst []uint16, src []float32) {
	for i, v := range src {
		dst[i] = quant.F32ToF16(v)
	}
}
