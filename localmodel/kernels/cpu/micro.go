package cpu

//go:generate go run -tags generator ./asm

import (
	"unsafe"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// ops are the micro-kernels of one level. The drivers above them (matmul.go,
// attend.go) are the same for all levels. Arguments travel in structs that
// live in a thread's scratch: the assembly reads the fields by their offsets,
// so their order and types are part of asm/main.go as well.
type ops struct {
	mr    int // rows of a that gemm takes at most
	lanes int // float32 numbers in a register; gemm's columns are a multiple of nr
	nr    int // columns of a packed panel

	gemm    [3]func(*gemmArgs)      // by KVType of b
	dots    [3][3]func(*matvecArgs) // by KVType of the rows, by 1, 2 and 4 vectors; scales of Q8 don't count
	typed   [quant.BF16 + 1]typed
	integer [quant.BF16 + 1]integer // of the types that have such kernels
	round   func(*quantiseArgs)     // activations for integer
	pack    func(*packArgs)         // transposes lanes rows
	softmax func(*softmaxArgs)

	scaled  func(dst, src *float32, s float32, n int) // dst = s src
	add     func(dst, src *float32, n int)
	mul     func(dst, src, w *float32, s float32, n int) // dst = s src w
	squares func(x *float32, n int) float32              // sum of x*x
	largest func(x *float32, n int) float32
	silu    func(gate, up *float32, n int)
	gelu    func(gate, up *float32, n int)
	exp     func(dst, src *float32, n int)
	fade    func(*fadeArgs)

	triangle func(*triangleArgs)
}

// typed are the kernels of one type of weights.
type typed struct {
	matvec  [3]func(*matvecArgs) // by 1, 2 and 4 vectors
	dequant func(*dequantArgs)
}

// integer are the kernels of one type of weights for activations of 16 bits, by
// 1, 4 and 8 vectors; nil where there are none.
type integer [3]func(*integerArgs)

// gemmArgs asks for c [mr, nr] = scale c + a [mr, k] b [k, nr]; scale holds a
// factor a row, nil stands for zeros (c is not read). nr is the level's.
// Strides are in bytes. a and c are float32, b is of the kernel's type.
type gemmArgs struct {
	a     *float32
	lda   uintptr
	b     unsafe.Pointer
	ldb   uintptr
	c     *float32
	ldc   uintptr
	k     uintptr
	scale *float32
	mr    uintptr // 1 .. ops.mr
}

// matvecArgs asks for out[v*outStride + r] = w[r] . x[v*xStride:] for every row
// r and every vector v of the kernel's number. Strides are in bytes, a row has
// units whole units of weights.
type matvecArgs struct {
	w         *byte
	rowBytes  uintptr
	rows      uintptr
	units     uintptr
	x         *float32
	xStride   uintptr
	out       *float32
	outStride uintptr
}

// integerArgs is matvecArgs for activations in records (see records.go): of one
// vector, or of each group of four, groups xStride bytes apart.
type integerArgs struct {
	w         *byte
	rowBytes  uintptr
	rows      uintptr
	blocks    uintptr // of weights, in a row
	x         *record
	xStride   uintptr
	out       *float32
	outStride uintptr
}

// quantiseArgs asks for blocks of 32 activations as one part each of as many
// records, one after the other. dst points to the part within the first.
type quantiseArgs struct {
	x      *float32
	xStep  uintptr // from a block to the next, in bytes
	dst    *int8
	blocks uintptr
}

// dequantArgs asks for units whole units of weights as float32.
type dequantArgs struct {
	dst   *float32
	src   *byte
	units uintptr
}

// packArgs asks for dst[c, r] = src[r, c] for lanes rows r and cols columns, a
// multiple of lanes. Strides are in bytes.
type packArgs struct {
	dst  *float32
	ldd  uintptr
	src  *float32
	lds  uintptr
	cols uintptr
}

// softmaxArgs asks for one step of a streaming softmax in base 2 over rows of
// 64 scores. Row r: t = s * kscale; with cap > 0, t = cap2 tanh(t * invCap);
// columns whose bit in mask is not set are hidden. m' = max(m, t);
// factor = 2^(m-m'); s = 2^(t-m'); sum = sum factor + the sum of s;
// s = s * vscale. Nil for mask, kscale, vscale: everything visible, ones.
type softmaxArgs struct {
	s      *float32 // [rows, 64]
	rows   uintptr
	mask   *uint64  // [rows] or nil
	m      *float32 // [rows]
	sum    *float32 // [rows]
	factor *float32 // [rows]
	kscale *float32 // [64] or nil
	vscale *float32 // [64] or nil
	cap2   float32  // cap * log2(e), 0 for none
	invCap float32  // factor from t to 2 log2(e) t / cap, the exponent of the tanh
}

// fadeArgs asks for rows tokens of linear attention as seen from the first; see
// Faded. The sources log, key and query have rows stride bytes apart, the others
// follow row on row. bytes is a row's length, a positive multiple of 64. Numbers
// too small for a normal float32 may become 0. beta holds -beta of each token.
// rows counts down.
type fadeArgs struct {
	log, key, query          *float32
	nearKey, nearQuery, past *float32
	run, back                *float32
	bytes, stride, rows      uintptr
	beta                     *float32
	scale                    float32
}

// triangleArgs asks for the inverse [16, 16] of I - a and for zeros above the
// diagonal of p; rows of a and p are 128 bytes apart, those of inverse 64.
type triangleArgs struct{ a, p, inverse *float32 }
