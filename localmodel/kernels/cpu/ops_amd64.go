package cpu

import (
	"math"
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// opsFor returns the micro-kernels of a level.
func opsFor(l Level) *ops {
	switch l {
	case VNNI:
		o := opsAVX512()
		o.integer, o.round = integerVNNI(), quantiseVNNI
		return o
	case AVX512:
		return opsAVX512()
	case AVX2:
		return opsAVX2()
	}
	return plainOps()
}

func opsAVX2() *ops {
	return &ops{
		mr: 6, lanes: 8, nr: 16,
		gemm: [3]func(*gemmArgs){gemmF32AVX2, gemmF16AVX2, gemmQ8AVX2},
		dots: [3][3]func(*matvecArgs){
			{dotsF32x1AVX2, dotsF32x2AVX2, dotsF32x4AVX2}, {dotsF16x1AVX2, dotsF16x2AVX2, dotsF16x4AVX2}, {dotsQ8x1AVX2, dotsQ8x2AVX2, dotsQ8x4AVX2},
		},
		typed:   typedAVX2(),
		pack:    packAVX2,
		softmax: softmaxAVX2,
		scaled: func(dst, src *float32, s float32, n int) {
			split2(8, dst, src, n, func(d, x *float32, n int) { scaledAVX2(d, x, s, n) })
		},
		add: func(dst, src *float32, n int) { split2(8, dst, src, n, addAVX2) },
		mul: func(dst, src, w *float32, s float32, n int) {
			split3(8, dst, src, w, n, func(d, x, y *float32, n int) { mulAVX2(d, x, y, s, n) })
		},
		squares: func(x *float32, n int) float32 { a, b := reduceParts(8, x, n, 0, squaresAVX2); return a + b },
		largest: func(x *float32, n int) float32 {
			a, b := reduceParts(8, x, n, float32(math.Inf(-1)), largestAVX2)
			return max(a, b)
		},
		silu:     func(gate, up *float32, n int) { split2(8, gate, up, n, siluAVX2) },
		gelu:     func(gate, up *float32, n int) { split2(8, gate, up, n, geluAVX2) },
		exp:      func(dst, src *float32, n int) { split2(8, dst, src, n, expAVX2) },
		fade:     fadeAVX2,
		triangle: triangleAVX2,
	}
}

func opsAVX512() *ops {
	return &ops{
		mr: 12, lanes: 16, nr: 32,
		gemm: [3]func(*gemmArgs){gemmF32AVX512, gemmF16AVX512, gemmQ8AVX512},
		dots: [3][3]func(*matvecArgs){
			{dotsF32x1AVX512, dotsF32x2AVX512, dotsF32x4AVX512}, {dotsF16x1AVX512, dotsF16x2AVX512, dotsF16x4AVX512}, {dotsQ8x1AVX512, dotsQ8x2AVX512, dotsQ8x4AVX512},
		},
		typed:   typedAVX512(),
		pack:    packAVX512,
		softmax: softmaxAVX512,
		scaled: func(dst, src *float32, s float32, n int) {
			split2(16, dst, src, n, func(d, x *float32, n int) { scaledAVX512(d, x, s, n) })
		},
		add: func(dst, src *float32, n int) { split2(16, dst, src, n, addAVX512) },
		mul: func(dst, src, w *float32, s float32, n int) {
			split3(16, dst, src, w, n, func(d, x, y *float32, n int) { mulAVX512(d, x, y, s, n) })
		},
		squares: func(x *float32, n int) float32 { a, b := reduceParts(16, x, n, 0, squaresAVX512); return a + b },
		largest: func(x *float32, n int) float32 {
			a, b := reduceParts(16, x, n, float32(math.Inf(-1)), largestAVX512)
			return max(a, b)
		},
		silu:     func(gate, up *float32, n int) { split2(16, gate, up, n, siluAVX512) },
		gelu:     func(gate, up *float32, n int) { split2(16, gate, up, n, geluAVX512) },
		exp:      func(dst, src *float32, n int) { split2(16, dst, src, n, expAVX512) },
		fade:     fadeAVX512,
		triangle: triangleAVX512,
	}
}

// typedAVX2 lists the kernels of each type: by 1, 2 and 4 vectors.
func typedAVX2() [quant.BF16 + 1]typed {
	return [quant.BF16 + 1]typed{
		quant.F32:  {[3]func(*matvecArgs){matvecF32x1AVX2, matvecF32x2AVX2, matvecF32x4AVX2}, dequantF32AVX2},
		quant.F16:  {[3]func(*matvecArgs){matvecF16x1AVX2, matvecF16x2AVX2, matvecF16x4AVX2}, dequantF16AVX2},
		quant.BF16: {[3]func(*matvecArgs){matvecBF16x1AVX2, matvecBF16x2AVX2, matvecBF16x4AVX2}, dequantBF16AVX2},
		quant.Q4_0: {[3]func(*matvecArgs){matvecQ4_0x1AVX2, matvecQ4_0x2AVX2, matvecQ4_0x4AVX2}, dequantQ4_0AVX2},
		quant.Q4_1: {[3]func(*matvecArgs){matvecQ4_1x1AVX2, matvecQ4_1x2AVX2, matvecQ4_1x4AVX2}, dequantQ4_1AVX2},
		quant.Q5_0: {[3]func(*matvecArgs){matvecQ5_0x1AVX2, matvecQ5_0x2AVX2, matvecQ5_0x4AVX2}, dequantQ5_0AVX2},
		quant.Q5_1: {[3]func(*matvecArgs){matvecQ5_1x1AVX2, matvecQ5_1x2AVX2, matvecQ5_1x4AVX2}, dequantQ5_1AVX2},
		quant.Q8_0: {[3]func(*matvecArgs){matvecQ8_0x1AVX2, matvecQ8_0x2AVX2, matvecQ8_0x4AVX2}, dequantQ8_0AVX2},
		quant.Q4_K: {[3]func(*matvecArgs){matvecQ4_Kx1AVX2, matvecQ4_Kx2AVX2, matvecQ4_Kx4AVX2}, dequantQ4_KAVX2},
		quant.Q5_K: {[3]func(*matvecArgs){matvecQ5_Kx1AVX2, matvecQ5_Kx2AVX2, matvecQ5_Kx4AVX2}, dequantQ5_KAVX2},
		quant.Q6_K: {[3]func(*matvecArgs){matvecQ6_Kx1AVX2, matvecQ6_Kx2AVX2, matvecQ6_Kx4AVX2}, dequantQ6_KAVX2},
	}
}

// typedAVX512 lists the kernels of each type: by 1, 2 and 4 vectors.
func typedAVX512() [quant.BF16 + 1]typed {
	return [quant.BF16 + 1]typed{
		quant.F32:  {[3]func(*matvecArgs){matvecF32x1AVX512, matvecF32x2AVX512, matvecF32x4AVX512}, dequantF32AVX512},
		quant.F16:  {[3]func(*matvecArgs){matvecF16x1AVX512, matvecF16x2AVX512, matvecF16x4AVX512}, dequantF16AVX512},
		quant.BF16: {[3]func(*matvecArgs){matvecBF16x1AVX512, matvecBF16x2AVX512, matvecBF16x4AVX512}, dequantBF16AVX512},
		quant.Q4_0: {[3]func(*matvecArgs){matvecQ4_0x1AVX512, matvecQ4_0x2AVX512, matvecQ4_0x4AVX512}, dequantQ4_0AVX512},
		quant.Q4_1: {[3]func(*matvecArgs){matvecQ4_1x1AVX512, matvecQ4_1x2AVX512, matvecQ4_1x4AVX512}, dequantQ4_1AVX512},
		quant.Q5_0: {[3]func(*matvecArgs){matvecQ5_0x1AVX512, matvecQ5_0x2AVX512, matvecQ5_0x4AVX512}, dequantQ5_0AVX512},
		quant.Q5_1: {[3]func(*matvecArgs){matvecQ5_1x1AVX512, matvecQ5_1x2AVX512, matvecQ5_1x4AVX512}, dequantQ5_1AVX512},
		quant.Q8_0: {[3]func(*matvecArgs){matvecQ8_0x1AVX512, matvecQ8_0x2AVX512, matvecQ8_0x4AVX512}, dequantQ8_0AVX512},
		quant.Q4_K: {[3]func(*matvecArgs){matvecQ4_Kx1AVX512, matvecQ4_Kx2AVX512, matvecQ4_Kx4AVX512}, dequantQ4_KAVX512},
		quant.Q5_K: {[3]func(*matvecArgs){matvecQ5_Kx1AVX512, matvecQ5_Kx2AVX512, matvecQ5_Kx4AVX512}, dequantQ5_KAVX512},
		quant.Q6_K: {[3]func(*matvecArgs){matvecQ6_Kx1AVX512, matvecQ6_Kx2AVX512, matvecQ6_Kx4AVX512}, dequantQ6_KAVX512},
	}
}

// integerVNNI lists the integer kernels of each type: by 1, 4 and 8 vectors.
func integerVNNI() [quant.BF16 + 1]integer {
	return [quant.BF16 + 1]integer{
		quant.Q4_0: {integerQ4_0x1VNNI, integerQ4_0x4VNNI, integerQ4_0x8VNNI},
		quant.Q4_1: {integerQ4_1x1VNNI, integerQ4_1x4VNNI, integerQ4_1x8VNNI},
		quant.Q5_0: {integerQ5_0x1VNNI, integerQ5_0x4VNNI, integerQ5_0x8VNNI},
		quant.Q5_1: {integerQ5_1x1VNNI, integerQ5_1x4VNNI, integerQ5_1x8VNNI},
		quant.Q8_0: {integerQ8_0x1VNNI, integerQ8_0x4VNNI, integerQ8_0x8VNNI},
		quant.Q4_K: {integerQ4_Kx1VNNI, integerQ4_Kx4VNNI, integerQ4_Kx8VNNI},
		quant.Q5_K: {integerQ5_Kx1VNNI, integerQ5_Kx4VNNI, integerQ5_Kx8VNNI},
		quant.Q6_K: {integerQ6_Kx1VNNI, integerQ6_Kx4VNNI, integerQ6_Kx8VNNI},
	}
}

// The loops in assembly take whole registers only. The rest, fewer than 16
// numbers, goes through a small buffer.

func rest(p *float32, from, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(p), 4*from)), n-from)
}

// split2 calls f(dst, src) for the whole registers of n numbers and then for
// the rest.
func split2(lanes int, dst, src *float32, n int, f func(dst, src *float32, n int)) {
	split3(lanes, dst, src, src, n, func(d, s, _ *float32, n int) { f(d, s, n) })
}

// split3 is split2 with a second source.
func split3(lanes int, dst, src, w *float32, n int, f func(dst, src, w *float32, n int)) {
	whole := n / lanes * lanes
	if whole > 0 {
		f(dst, src, w, whole)
	}
	if whole == n {
		return
	}
	var d, s, y [16]float32
	tail := rest(dst, whole, n)
	copy(d[:], tail) // activations and add read it
	copy(s[:], rest(src, whole, n))
	copy(y[:], rest(w, whole, n))
	f(&d[0], &s[0], &y[0], lanes)
	copy(tail, d[:])
}

// reduceParts returns f of the whole registers and f of the rest, padded with
// neutral.
func reduceParts(lanes int, x *float32, n int, neutral float32, f func(x *float32, n int) float32) (whole, tail float32) {
	whole, tail = neutral, neutral
	if n >= lanes {
		whole = f(x, n/lanes*lanes)
	}
	if n%lanes != 0 {
		var t [16]float32
		for i := copy(t[:], rest(x, n/lanes*lanes, n)); i < len(t); i++ {
			t[i] = neutral
		}
		tail = f(&t[0], lanes)
	}
	return whole, tail
}

// spinPause keeps a waiting thread busy for some tens of cycles.
func spinPause() { pauseAMD64() }

// prefetch asks for the cache lines of n > 0 bytes.
func prefetch(p *byte, n int) { prefetchAMD64(p, n) }

// halves rounds src to IEEE halves, nearest even; every way has the same bits.
func halves(dst []uint16, src []float32) {
	whole := 0
	if cpu.X86.HasAVX2 {
		if whole = len(src) &^ 7; whole > 0 {
			halvesAVX2(&dst[0], &src[0], whole)
		}
	}
	plainHalves(dst[whole:], src[whole:])
}
