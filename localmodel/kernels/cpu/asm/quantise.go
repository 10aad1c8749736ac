//go:build generator

package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// quantise writes the records of blocks of 32 activations: see quantiseArgs.
func (g *gen) quantise() {
	g.function("quantise", "quantiseArgs", "rounds blocks of 32 activations to 16 bits; see quantiseArgs.")
	x, step, out, left := reg.RSI, reg.RBX, reg.RDX, reg.RCX
	g.fields(x, step, out, left)
	g.VPBROADCASTD(g.constant("magnitude", 0x7fffffff), reg.Z31)
	g.VBROADCASTSS(g.constant("largest", math.Float32bits(127*256)), reg.X30)
	g.VBROADCASTSS(g.constant("tiny", math.Float32bits(0x1p-100)), reg.X29)
	g.VPBROADCASTD(g.constant("ones", 0x01010101), reg.X28)
	g.VPXORD(reg.X27, reg.X27, reg.X27)
	g.VPBROADCASTD(g.constant("least", 0xffff8100), reg.Z26) // -127 * 256
	g.VPBROADCASTD(g.constant("half", 128), reg.Z25)
	g.MOVL(operand.U32(2), reg.RAX.As32())
	g.KMOVW(reg.RAX.As32(), reg.K2)
	g.Label("loop")
	g.VMOVUPS(at(x, 0), reg.Z0)
	g.VMOVUPS(at(x, 64), reg.Z1)
	g.blockScale()
	for i, r := range []reg.VecPhysical{reg.Z0, reg.Z1} {
		g.VMULPS(reg.Z3, r, r)
		g.VCVTPS2DQ(r, r)
		g.VPMAXSD(reg.Z26, r, r) // what came of NaN
		g.VPADDD(reg.Z25, r, reg.Z2)
		g.VPSRAD(operand.U8(8), reg.Z2, reg.Z2)
		g.bytesAndSums(reg.Z2, out, recordCoarse+64*i, recordLess32+64*i, reg.X5)
		g.VPSLLD(operand.U8(8), reg.Z2, reg.Z2)
		g.VPSUBD(reg.Z2, r, r)
		g.bytesAndSums(r, out, recordFine+64*i, recordLess32+128+64*i, reg.X6)
		g.VPSLLD(operand.U8(8), reg.X5, reg.X5)
		g.VPADDD(reg.X5, reg.X6, []reg.VecPhysical{reg.X7, reg.X8}[i])
	}
	g.VMOVUPS(reg.X4, at(out, recordScale))
	g.VPADDD(reg.X7, reg.X8, reg.X7)
	g.VPSLLD(operand.U8(3), reg.X7, reg.X9)
	g.VPSUBD(reg.X9, reg.X27, reg.X9)
	g.VMOVDQU32(reg.X9, at(out, recordLess8))
	for _, order := range []int{0x4e, 0xb1} {
		g.VPSHUFD(operand.U8(order), reg.X7, reg.X8)
		g.VPADDD(reg.X8, reg.X7, reg.X7)
	}
	g.VCVTDQ2PS(reg.X7, reg.X7)
	g.VMULPS_Z(reg.X4, reg.X7, reg.K2, reg.X7)
	g.VMOVUPS(reg.X7, at(out, recordSum))
	g.ADDQ(step, x)
	g.ADDQ(operand.U32(recordBytes), out)
	g.DECQ(left)
	g.JNE(operand.LabelRef("loop"))
	g.finish()
}

// bytesAndSums writes 16 words of r as bytes, and -32 times the sums of four,
// which it leaves in sums.
func (g *gen) bytesAndSums(r reg.VecPhysical, out reg.GPPhysical, bytes, less32 int, sums reg.VecPhysical) {
	g.VPMOVSDB(r, reg.X9)
	g.VMOVDQU32(reg.X9, at(out, bytes))
	g.VPXORD(sums, sums, sums)
	g.dpbusd(reg.X9, reg.X28, sums)
	g.VPSLLD(operand.U8(5), sums, reg.X9)
	g.VPSUBD(reg.X9, reg.X27, reg.X9)
	g.VMOVDQU32(reg.X9, at(out, less32))
}

// blockScale leaves the scale of the block in Z0 and Z1 in X4 and its inverse
// in Z3. The largest magnitude is found among the numbers' bits, where NaN is
// above all others and stays.
func (g *gen) blockScale() {
	g.VPANDD(reg.Z31, reg.Z0, reg.Z2)
	g.VPANDD(reg.Z31, reg.Z1, reg.Z3)
	g.VPMAXUD(reg.Z3, reg.Z2, reg.Z2)
	g.VEXTRACTI64X4(operand.U8(1), reg.Z2, reg.Y3)
	g.VPMAXUD(reg.Y3, reg.Y2, reg.Y2)
	g.VEXTRACTI32X4(operand.U8(1), reg.Y2, reg.X3)
	g.VPMAXUD(reg.X3, reg.X2, reg.X2)
	for _, order := range []int{0x4e, 0xb1} {
		g.VPSHUFD(operand.U8(order), reg.X2, reg.X3)
		g.VPMAXUD(reg.X3, reg.X2, reg.X2)
	}
	g.VCMPPS(operand.U8(5), reg.X29, reg.X2, reg.K1) // not less than, NaN included
	g.VDIVPS_Z(reg.X2, reg.X30, reg.K1, reg.X3)
	g.VDIVPS_Z(reg.X30, reg.X2, reg.K1, reg.X4)
	g.VBROADCASTSS(reg.X3, reg.Z3)
}
