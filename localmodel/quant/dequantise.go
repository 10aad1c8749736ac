package quant

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Dequantise writes the weights of src, whole blocks of type t, to dst. dst
// must hold exactly as many weights as the blocks do.
//
// Every operation is rounded to float32 in the order of the formulas beside
// each type, so that the result equals that of the Python package gguf 0.19.0
// bit for bit. (The conversions around products forbid the compiler to fuse them
// with a following addition, which it does on arm64, also across an assignment.)
func Dequantise(dst []float32, src []byte, t Type) error {
	s, ok := shapeOf(t)
	if !ok {
		return fmt.Errorf("quant: %s is not supported", t)
	}
	blocks := len(src) / s.bytes
	if blocks*s.bytes != len(src) {
		return fmt.Errorf("quant: %s: %d bytes are not a whole number of %d-byte blocks", t, len(src), s.bytes)
	}
	if len(dst) != blocks*s.weights {
		return fmt.Errorf("quant: %s: %d bytes hold %d weights, but there is room for %d", t, len(src), blocks*s.weights, len(dst))
	}
	switch t {
	case F32:
		floats32(dst, src)
	case F16:
		floats16(dst, src)
	case BF16:
		brainFloats16(dst, src)
	default:
		block := blockFunc(t)
		for i := range blocks {
			block(dst[i*s.weights:][:s.weights], src[i*s.bytes:][:s.bytes])
		}
	}
	return nil
}

// blockFunc returns the function that expands one block of a quantised type.
func blockFunc(t Type) func(w []float32, b []byte) {
	switch t {
	case Q4_0:
		return blockQ4_0
	case Q4_1:
		return blockQ4_1
	case Q5_0:
		return blockQ5_0
	case Q5_1:
		return blockQ5_1
	case Q8_0:
		return blockQ8_0
	case Q4_K:
		return blockQ4_K
	case Q5_K:
		return blockQ5_K
	case Q6_K:
		return blockQ6_K
	}
	panic("quant: no block function for " + t.String()) // shapeOf and this switch disagree
}

func floats32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func floats16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = F16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

func brainFloats16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = BF16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

// half reads the half at the start of b.
func half(b []byte) float32 { return F16ToF32(binary.LittleEndian.Uint16(b)) }

// blockQ4_0: half d, 16 bytes p; w[i] = d (low(p[i]) - 8), w[i+16] = d (high(p[i]) - 8).
func blockQ4_0(w []float32, b []byte) {
	d, p := half(b), b[2:18]
	for i, x := range p {
		w[i] = d * float32(int(x&15)-8)
		w[i+16] = d * float32(int(x>>4)-8)
	}
}

// blockQ4_1: half d, half m, 16 bytes p; w[i] = d low(p[i]) + m, w[i+16] = d high(p[i]) + m.
func blockQ4_1(w []float32, b []byte) {
	d, m, p := half(b), half(b[2:]), b[4:20]
	for i, x := range p {
		w[i] = float32(d*float32(x&15)) + m
		w[i+16] = float32(d*float32(x>>4)) + m
	}
}

// blockQ5_0: half d, uint32 h, 16 bytes p; bit i of h is the fifth bit of
// weight i, whose low four lie as in Q4_0; w = d (q - 16).
func blockQ5_0(w []float32, b []byte) {
	d, h, p := half(b), binary.LittleEndian.Uint32(b[2:]), b[6:22]
	for i, x := range p {
		w[i] = d * float32(int(x&15)|int(h>>i&1)<<4-16)
		w[i+16] = d * float32(int(x>>4)|int(h>>(i+16)&1)<<4-16)
	}
}

// blockQ5_1: half d, half m, then as in Q5_0; w = d q + m.
func blockQ5_1(w []float32, b []byte) {
	d, m, h, p := half(b), half(b[2:]), binary.LittleEndian.Uint32(b[4:]), b[8:24]
	for i, x := range p {
		w[i] = float32(d*float32(int(x&15)|int(h>>i&1)<<4)) + m
		w[i+16] = float32(d*float32(int(x>>4)|int(h>>(i+16)&1)<<4)) + m
	}
}

// blockQ8_0: half d, 32 signed bytes q; w = d q.
func blockQ8_0(w []float32, b []byte) {
	d, q := half(b), b[2:34]
	for i, x := range q {
		w[i] = d * float32(int8(x))
	}
}
