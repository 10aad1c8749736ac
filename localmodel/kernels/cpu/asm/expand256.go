//go:build generator

package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// expanders256 makes w = q D + M, with D and M broadcast in Y8 and Y9. Free
// registers: 8 to 15; 0 to 7 are the sums.
func expanders256() []expander {
	type emitter = func(int, reg.VecPhysical)
	return []expander{
		{"F32", 32, 128, none, expand256F32},
		{"F16", 32, 64, none, expand256F16},
		{"BF16", 32, 64, none, expand256BF16},
		{"Q4_0", 32, 18, setup256, func(g *gen, src reg.GPPhysical, disp int, emit emitter) {
			g.half256(at(src, disp), reg.Y8)
			g.VMULPS(g.same("minus8", math.Float32bits(-8)), reg.Y8, reg.Y9)
			g.nibbles256(src, disp+2, nil, emit)
		}},
		{"Q4_1", 32, 20, setup256, func(g *gen, src reg.GPPhysical, disp int, emit emitter) {
			g.halves256(at(src, disp))
			g.nibbles256(src, disp+4, nil, emit)
		}},
		{"Q5_0", 32, 22, setup256, func(g *gen, src reg.GPPhysical, disp int, emit emitter) {
			g.half256(at(src, disp), reg.Y8)
			g.VMULPS(g.same("minus16", math.Float32bits(-16)), reg.Y8, reg.Y9)
			g.VPBROADCASTD(at(src, disp+2), reg.Y13)
			g.nibbles256(src, disp+6, g.fifthBits256, emit)
		}},
		{"Q5_1", 32, 24, setup256, func(g *gen, src reg.GPPhysical, disp int, emit emitter) {
			g.halves256(at(src, disp))
			g.VPBROADCASTD(at(src, disp+4), reg.Y13)
			g.nibbles256(src, disp+8, g.fifthBits256, emit)
		}},
		{"Q8_0", 32, 34, none, func(g *gen, src reg.GPPhysical, disp int, emit emitter) {
			g.half256(at(src, disp), reg.Y8)
			for i := range 4 {
				g.VPMOVSXBD(at(src, disp+2+8*i), reg.Y10)
				g.VCVTDQ2PS(reg.Y10, reg.Y10)
				g.VMULPS(reg.Y8, reg.Y10, reg.Y10)
				emit(i, reg.Y10)
			}
		}},
		{"Q4_K", 256, 144, setup256, expand256Q4K},
		{"Q5_K", 256, 176, setup256, expand256Q5K},
		{"Q6_K", 256, 210, setup256, expand256Q6K},
	}
}

// setup256 keeps the mask of the low four bits in Y15.
func setup256(g *gen) { g.VPBROADCASTD(g.constant("low4", 15), reg.Y15) }

func (g *gen) half256(m operand.Mem, to reg.VecPhysical) {
	g.VPBROADCASTW(m, to.AsX())
	g.VCVTPH2PS(to.AsX(), to)
}

// halves256 broadcasts two neighbouring halves to Y8 and Y9.
func (g *gen) halves256(m operand.Mem) {
	g.VPBROADCASTD(m, reg.X8)
	g.VCVTPH2PS(reg.X8, reg.Y8)
	g.VMOVSHDUP(reg.Y8, reg.Y9)
	g.VMOVSLDUP(reg.Y8, reg.Y8)
}

// fifthBits256 leaves 16 in the lanes of Y14 whose bit, 8i.. of Y13, is set.
func (g *gen) fifthBits256(i int) {
	words := make([]uint32, 8)
	for l := range words {
		words[l] = 1 << (8*i + l)
	}
	m := g.constant([]string{"bits0", "bits8", "bits16", "bits24"}[i], words...)
	g.VPAND(m, reg.Y13, reg.Y14)
	g.VPCMPEQD(m, reg.Y14, reg.Y14)
	g.VPAND(g.same("int16", 16), reg.Y14, reg.Y14)
}

// nibbles256 emits the low and high halves of 16 bytes: registers 0 and 1, 2
// and 3. fifth(i), if there is one, puts what to add to register i in Y14.
func (g *gen) nibbles256(src reg.GPPhysical, disp int, fifth func(i int), emit func(int, reg.VecPhysical)) {
	for part := range 2 {
		g.VPMOVZXBD(at(src, disp+8*part), reg.Y10)
		g.VPAND(reg.Y15, reg.Y10, reg.Y11)
		g.VPSRLD(operand.U8(4), reg.Y10, reg.Y12)
		for high, q := range []reg.VecPhysical{reg.Y11, reg.Y12} {
			if fifth != nil {
				fifth(part + 2*high)
				g.VPOR(reg.Y14, q, q)
			}
			g.VCVTDQ2PS(q, q)
			g.VFMADD213PS(reg.Y9, reg.Y8, q)
			emit(part+2*high, q)
		}
	}
}

func expand256F32(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	for i := range 4 {
		g.VMOVUPS(at(src, disp+32*i), reg.Y8)
		emit(i, reg.Y8)
	}
}

func expand256F16(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	for i := range 4 {
		g.VCVTPH2PS(at(src, disp+16*i), reg.Y8)
		emit(i, reg.Y8)
	}
}

func expand256BF16(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	for i := range 4 {
		g.VPMOVZXWD(at(src, disp+16*i), reg.Y8)
		g.VPSLLD(operand.U8(16), reg.Y8, reg.Y8)
		emit(i, reg.Y8)
	}
}

// scales256 writes scales times d and minima times -e to the frame.
func (g *gen) scales256(src reg.GPPhysical, disp int) operand.Mem {
	frame := g.AllocLocal(64)
	g.sixBits(src, disp, reg.X10, reg.X11)
	g.halves256(at(src, disp))
	g.VXORPS(g.same("sign", 1<<31), reg.Y9, reg.Y9)
	for i, f := range []reg.VecPhysical{reg.Y8, reg.Y9} {
		g.VPMOVZXBD(reg.X10, reg.Y11)
		g.VPSRLDQ(operand.U8(8), reg.X10, reg.X10)
		g.VCVTDQ2PS(reg.Y11, reg.Y11)
		g.VMULPS(f, reg.Y11, reg.Y11)
		g.VMOVUPS(reg.Y11, frame.Offset(32*i))
	}
	return frame
}

func expand256Q4K(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	frame := g.scales256(src, disp)
	for j := range 8 {
		g.VBROADCASTSS(frame.Offset(4*j), reg.Y8)
		g.VBROADCASTSS(frame.Offset(32+4*j), reg.Y9)
		for i := range 4 {
			g.nibble256(src, disp+16+32*(j/2)+8*i, j%2)
			g.VCVTDQ2PS(reg.Y10, reg.Y10)
			g.VFMADD213PS(reg.Y9, reg.Y8, reg.Y10)
			emit(4*j+i, reg.Y10)
		}
	}
}

// nibble256 loads the low or high halves of eight bytes to Y10.
func (g *gen) nibble256(src reg.GPPhysical, disp, high int) {
	g.VPMOVZXBD(at(src, disp), reg.Y10)
	if high == 1 {
		g.VPSRLD(operand.U8(4), reg.Y10, reg.Y10)
	} else {
		g.VPAND(reg.Y15, reg.Y10, reg.Y10)
	}
}

func expand256Q5K(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	frame := g.scales256(src, disp)
	for j := range 8 {
		g.VBROADCASTSS(frame.Offset(4*j), reg.Y8)
		g.VBROADCASTSS(frame.Offset(32+4*j), reg.Y9)
		for i := range 4 {
			g.nibble256(src, disp+48+32*(j/2)+8*i, j%2)
			g.VPMOVZXBD(at(src, disp+16+8*i), reg.Y11)
			g.highBits256(4-j, "int16", 16)
			g.VCVTDQ2PS(reg.Y10, reg.Y10)
			g.VFMADD213PS(reg.Y9, reg.Y8, reg.Y10)
			emit(4*j+i, reg.Y10)
		}
	}
}

// highBits256 adds the bits of mask of Y11, shifted left, to Y10.
func (g *gen) highBits256(shift int, name string, mask uint32) {
	if shift > 0 {
		g.VPSLLD(operand.U8(shift), reg.Y11, reg.Y11)
	} else if shift < 0 {
		g.VPSRLD(operand.U8(-shift), reg.Y11, reg.Y11)
	}
	g.VPAND(g.same(name, mask), reg.Y11, reg.Y11)
	g.VPOR(reg.Y11, reg.Y10, reg.Y10)
}

func expand256Q6K(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	frame := g.AllocLocal(64)
	g.half256(at(src, disp+208), reg.Y8)
	for i := range 2 {
		g.VPMOVSXBD(at(src, disp+192+8*i), reg.Y9)
		g.VCVTDQ2PS(reg.Y9, reg.Y9)
		g.VMULPS(reg.Y8, reg.Y9, reg.Y9)
		g.VMOVUPS(reg.Y9, frame.Offset(32*i))
	}
	for u := range 2 {
		for c := range 4 {
			for i := range 4 {
				g.nibble256(src, disp+64*u+32*(c%2)+8*i, c/2)
				g.VPMOVZXBD(at(src, disp+128+32*u+8*i), reg.Y11)
				g.highBits256(4-2*c, "int48", 48)
				g.VCVTDQ2PS(reg.Y10, reg.Y10)
				g.VSUBPS(g.same("thirtytwo", math.Float32bits(32)), reg.Y10, reg.Y10)
				g.VBROADCASTSS(frame.Offset(4*(8*u+2*c+i/2)), reg.Y9)
				g.VMULPS(reg.Y9, reg.Y10, reg.Y10)
				emit(16*u+4*c+i, reg.Y10)
			}
		}
	}
}
