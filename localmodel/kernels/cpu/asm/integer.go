//go:build generator

package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels of this file multiply quantised weights by activations of 16 bits,
// which quantise.go lays out in records. A record has four parts, one for each
// 128-bit lane of a register: four blocks of one vector, or one block of four
// vectors. The same sums come about in the same order in both cases, so that a
// vector's bits don't depend on how many are multiplied at once:
//
//	chain[b mod 4][0..3] += float(dot of activations 4i.. of both halves) * (d dx)
//	chain[b mod 4][1]    += m * (dx sum)
//
// The chains are lanes of one register for one vector, registers for more.
const (
	recordCoarse = 0   // upper bytes, 2 x 4 x 16: activations 0..15 of a block, then 16..31
	recordFine   = 128 // lower bytes, signed, in the same order
	recordScale  = 256 // dx four times
	recordSum    = 320 // dx times the sum of the 32, in element 1 of each part; else 0
	recordLess8  = 384 // -8 times the sums of activations 4i.. of both halves
	recordLess32 = 448 // -32 times the sums of bytes 4i..: coarse low, coarse high, fine low, fine high
	recordBytes  = 704
)

// integerType is a type of weights in integer kernels: what a record's worth of
// them needs. Registers 0 to 7 hold chains, 8 and 9 the unsigned weights, 16
// the factors of the minima (where there are any), 17 the scales.
type integerType struct {
	name    string
	records int // of one vector of four, in a block of weights: 1 for blocks of 32, 8 for 256
	bytes   int // of a block of weights
	setup   func(g *gen)
	block   func(g *gen, w lanes) // ahead of the records of a block of 256
	expand  func(g *gen, w lanes)
	less    int // log2 of the offset that dots start from, in units of 8; -1: none
	minimum func(g *gen, x operand.Mem, sum reg.VecPhysical)
	dot     func(g *gen, t integerType, record func(disp int) operand.Mem, to reg.VecPhysical)
}

// lanes says which weights go to the four lanes of a register.
type lanes struct {
	blocks int // of one vector, a lane each; 0: one block or group in all lanes
	stride int // of the blocks, in bytes
	disp   int // of the first block from mvSrc
	group  int // of a block of 256: the first of four, or the one
}

func integers(g *gen) {
	g.quantise()
	for _, t := range integerTypes() {
		for _, vectors := range []int{1, 4, 8} {
			g.function(fmt.Sprintf("integer%sx%d", t.name, vectors), "integerArgs",
				fmt.Sprintf("multiplies rows of %s by %d vectors of 16 bits; see integerArgs.", t.name, vectors))
			g.integer(t, vectors)
		}
	}
}

// integer writes the loop over rows.
func (g *gen) integer(t integerType, vectors int) {
	g.fields(mvW, mvRowBytes, mvRows, mvUnits, mvX, mvStride, mvOut, mvOutStride)
	g.laneMasks()
	t.setup(g)
	g.Label("row")
	g.MOVQ(mvW, mvSrc)
	g.MOVQ(mvX, mvVec)
	g.MOVQ(mvUnits, mvLeft)
	for i := range max(1, vectors/4*4) {
		g.VPXORD(g.v[i], g.v[i], g.v[i])
	}
	switch {
	case t.records == 8:
		g.integerLarge(t, vectors)
	case vectors == 1:
		g.integerOne(t)
	default:
		g.integerSome(t, vectors/4)
	}
	g.integerStore(vectors)
	g.ADDQ(operand.U8(4), mvOut)
	g.ADDQ(mvRowBytes, mvW)
	g.DECQ(mvRows)
	g.JNE(operand.LabelRef("row"))
	g.finish()
}

// laneMasks sets K1 to K3 to pairs of 32-bit lanes 1 to 3, K4 to K6 to fours.
func (g *gen) laneMasks() {
	for i, k := range []reg.OpmaskPhysical{reg.K1, reg.K2, reg.K3} {
		g.MOVL(operand.U32(3<<(2*i+2)), reg.R14.As32())
		g.KMOVW(reg.R14.As32(), k)
	}
	for i, k := range []reg.OpmaskPhysical{reg.K4, reg.K5, reg.K6} {
		g.MOVL(operand.U32(15<<(4*i+4)), reg.R14.As32())
		g.KMOVW(reg.R14.As32(), k)
	}
}

// integerOne goes over a row of blocks of 32 for one vector, four at a time.
func (g *gen) integerOne(t integerType) {
	some := func(blocks int) {
		g.record(t, lanes{blocks: blocks, stride: t.bytes}, 1, 0, 0)
	}
	g.SUBQ(operand.U8(4), mvLeft)
	g.JLT(operand.LabelRef("rest"))
	g.Label("loop")
	some(4)
	g.advance(4*t.bytes, 1)
	g.SUBQ(operand.U8(4), mvLeft)
	g.JGE(operand.LabelRef("loop"))
	g.Label("rest")
	g.ADDQ(operand.U8(4), mvLeft)
	g.JEQ(operand.LabelRef("done"))
	g.CMPQ(mvLeft, operand.U8(2))
	g.JEQ(operand.LabelRef("two"))
	g.JGT(operand.LabelRef("three"))
	some(1)
	g.JMP(operand.LabelRef("done"))
	g.Label("two")
	some(2)
	g.JMP(operand.LabelRef("done"))
	g.Label("three")
	some(3)
	g.Label("done")
}

// integerSome goes over a row of blocks of 32 for groups of four vectors.
func (g *gen) integerSome(t integerType, groups int) {
	one := func(i int) {
		g.record(t, lanes{disp: i * t.bytes}, groups, i, i*recordBytes)
	}
	g.SUBQ(operand.U8(4), mvLeft)
	g.JLT(operand.LabelRef("rest"))
	g.Label("loop")
	for i := range 4 {
		one(i)
	}
	g.advance(4*t.bytes, 4)
	g.SUBQ(operand.U8(4), mvLeft)
	g.JGE(operand.LabelRef("loop"))
	g.Label("rest")
	g.ADDQ(operand.U8(4), mvLeft)
	g.JEQ(operand.LabelRef("done"))
	for i := range 3 {
		one(i)
		if i < 2 {
			g.DECQ(mvLeft)
			g.JEQ(operand.LabelRef("done"))
		}
	}
	g.Label("done")
}

// integerLarge goes over a row of blocks of 256.
func (g *gen) integerLarge(t integerType, vectors int) {
	g.Label("loop")
	w := lanes{blocks: 4}
	if vectors > 1 {
		w.blocks = 0
	}
	t.block(g, w)
	if vectors == 1 {
		for half := range 2 {
			w.group = 4 * half
			g.record(t, w, 1, 0, half*recordBytes)
		}
		g.advance(t.bytes, 2)
	} else {
		for w.group = range 8 {
			g.record(t, w, vectors/4, w.group%4, w.group*recordBytes)
		}
		g.advance(t.bytes, 8)
	}
	g.DECQ(mvLeft)
	g.JNE(operand.LabelRef("loop"))
}

// advance prefetches and moves on by so many bytes of weights and records.
func (g *gen) advance(bytes, records int) {
	for line := 0; line < bytes; line += cacheLine {
		g.PREFETCHT0(at(mvSrc, prefetchAhead+line))
	}
	g.ADDQ(operand.U32(bytes), mvSrc)
	g.ADDQ(operand.U32(records*recordBytes), mvVec)
}

// record adds the products of one record of each group of vectors to the chain.
func (g *gen) record(t integerType, w lanes, groups, chain, disp int) {
	t.expand(g, w)
	for i := range groups {
		record := func(field int) operand.Mem { return g.vectorAt(i, disp+field) }
		sum := g.v[4*i+chain]
		t.dot(g, t, record, reg.Z18)
		g.VCVTDQ2PS(reg.Z18, reg.Z18)
		g.VMULPS(record(recordScale), reg.Z17, reg.Z19)
		g.VFMADD231PS(reg.Z18, reg.Z19, sum)
		if t.minimum != nil {
			t.minimum(g, record(recordSum), sum)
		}
	}
}

// plainDot leaves the dots of both halves in to.
func plainDot(g *gen, t integerType, record func(int) operand.Mem, to reg.VecPhysical) {
	switch {
	case t.less < 0:
		g.VPXORD(to, to, to)
	case t.less == 0:
		g.VMOVDQU32(record(recordLess8), to)
	default:
		g.VPSLLD(operand.U8(t.less), record(recordLess8), to)
	}
	for i, w := range []reg.VecPhysical{reg.Z8, reg.Z9} {
		g.dpbusd(record(recordFine+64*i), w, to)
	}
	g.VPXORD(reg.Z19, reg.Z19, reg.Z19)
	for i, w := range []reg.VecPhysical{reg.Z8, reg.Z9} {
		g.dpbusd(record(recordCoarse+64*i), w, reg.Z19)
	}
	g.VPSLLD(operand.U8(8), reg.Z19, reg.Z19)
	g.VPADDD(reg.Z19, to, to)
}

// dpbusd adds the products of four signed and unsigned bytes to each lane. The
// generator's library lacks the instruction, the assembler has it.
func (g *gen) dpbusd(signed operand.Op, unsigned, sum reg.VecPhysical) {
	g.vnni("VPDPBUSD", signed, unsigned, sum)
}

// dpwssd adds the products of two pairs of 16-bit numbers to each lane.
func (g *gen) dpwssd(a operand.Op, b, sum reg.VecPhysical) { g.vnni("VPDPWSSD", a, b, sum) }

func (g *gen) vnni(opcode string, a operand.Op, b, sum reg.VecPhysical) {
	g.Instruction(&ir.Instruction{
		Opcode: opcode, Operands: []operand.Op{a, b, sum},
		Inputs: []operand.Op{a, b, sum}, Outputs: []operand.Op{sum}, ISA: []string{"AVX512F", "AVX512VNNI"},
	})
}

// integerStore sums the chains of each vector, as (0+1)+(2+3), and the four
// elements of the sum, and writes one number a vector.
func (g *gen) integerStore(vectors int) {
	if vectors == 1 {
		g.VSHUFF32X4(operand.U8(0xb1), reg.Z0, reg.Z0, reg.Z1)
		g.VADDPS(reg.Z1, reg.Z0, reg.Z0)
		g.VEXTRACTF64X4(operand.U8(1), reg.Z0, reg.Y1)
		g.VADDPS(reg.X1, reg.X0, reg.X0)
		g.sumElements(reg.X0, reg.X1)
		g.VMOVSS(reg.X0, at(mvOut, 0))
		return
	}
	g.MOVQ(mvOut, reg.RDI)
	for group := range vectors / 4 {
		s, t := g.v[4*group:], g.v[4*group+1]
		g.VADDPS(s[1], s[0], s[0])
		g.VADDPS(s[3], s[2], s[2])
		g.VADDPS(s[2], s[0], s[0])
		g.sumElements(s[0], t)
		for i := range 4 {
			if i > 0 {
				g.VEXTRACTF32X4(operand.U8(i), s[0], t.AsX())
			} else {
				t = s[0]
			}
			g.VMOVSS(t.AsX(), at(reg.RDI, 0))
			g.ADDQ(mvOutStride, reg.RDI)
			t = g.v[4*group+1]
		}
	}
}

// sumElements leaves the sum of each 128-bit lane of r in its first element.
func (g *gen) sumElements(r, spare reg.VecPhysical) {
	for _, order := range []int{0x0e, 0x01} {
		g.VPERMILPS(operand.U8(order), r, spare)
		g.VADDPS(spare, r, r)
	}
}
