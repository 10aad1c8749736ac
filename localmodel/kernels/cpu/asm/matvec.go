//go:build generator

package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// expander is a type of weights: how a unit of them becomes float32 registers.
type expander struct {
	name  string
	unit  int // weights
	bytes int // of a unit
	setup func(g *gen)
	// expand calls emit(i, w) for each register w of weights i*lanes.. of the
	// unit at src; w is free again afterwards.
	expand func(g *gen, src reg.GPPhysical, disp int, emit func(i int, w reg.VecPhysical))
}

// Registers of a matvec.
var (
	mvW, mvRowBytes, mvRows, mvUnits = reg.RAX, reg.RBX, reg.RCX, reg.RDX
	mvX, mvStride, mvStride3         = reg.RSI, reg.R8, reg.R12
	mvOut, mvOutStride               = reg.R10, reg.R11
	mvSrc, mvVec, mvLeft             = reg.R13, reg.R15, reg.R9
)

func matvecs(g *gen) {
	for _, e := range expanders(g) {
		for _, vectors := range []int{1, 2, 4} {
			g.function(fmt.Sprintf("matvec%sx%d", e.name, vectors), "matvecArgs",
				fmt.Sprintf("multiplies rows of %s by %d vectors; see matvecArgs.", e.name, vectors))
			g.matvec(e, vectors)
		}
		g.function("dequant"+e.name, "dequantArgs", "expands units of "+e.name+"; see dequantArgs.")
		g.dequant(e)
	}
}

func (g *gen) matvec(e expander, vectors int) {
	g.fields(mvW, mvRowBytes, mvRows, mvUnits, mvX, mvStride, mvOut, mvOutStride)
	g.LEAQ(indexed(mvStride, mvStride, 2, 0), mvStride3)
	e.setup(g)
	row, loop, rest, done := "row", "loop", "rest", "done"
	g.Label(row)
	g.MOVQ(mvW, mvSrc)
	g.MOVQ(mvX, mvVec)
	g.MOVQ(mvUnits, mvLeft)
	for i := range vectors * g.chains {
		g.zero(g.v[i])
	}
	units := max(1, g.chains*g.lanes/e.unit) // so that every chain gets its share
	g.SUBQ(operand.U8(units), mvLeft)
	g.JLT(operand.LabelRef(rest))
	g.Label(loop)
	g.matvecUnits(e, vectors, units)
	g.SUBQ(operand.U8(units), mvLeft)
	g.JGE(operand.LabelRef(loop))
	g.Label(rest)
	if units > 1 {
		g.ADDQ(operand.U8(units), mvLeft)
		g.JEQ(operand.LabelRef(done))
		g.matvecUnits(e, vectors, 1) // units is 2 at most
		g.Label(done)
	}
	g.matvecStore(vectors)
	g.ADDQ(operand.U8(4), mvOut)
	g.ADDQ(mvRowBytes, mvW)
	g.DECQ(mvRows)
	g.JNE(operand.LabelRef(row))
	g.finish()
}

// matvecUnits adds the products of units units and moves on. Register i of the
// weights goes to chain i mod chains, whatever the number of vectors, so that
// a vector's bits don't depend on it.
func (g *gen) matvecUnits(e expander, vectors, units int) {
	for u := range units {
		e.expand(g, mvSrc, u*e.bytes, func(i int, w reg.VecPhysical) {
			i += u * e.unit / g.lanes
			for v := range vectors {
				g.VFMADD231PS(g.vectorAt(v, i*g.bytes()), w, g.v[v*g.chains+i%g.chains])
			}
		})
	}
	for line := 0; line < units*e.bytes && !g.still; line += cacheLine {
		g.PREFETCHT0(at(mvSrc, prefetchAhead+line))
	}
	g.ADDQ(operand.U32(units*e.bytes), mvSrc)
	g.ADDQ(operand.U32(units*e.unit*4), mvVec)
}

// The hardware's own prefetching ends at each page of 4 KiB: it misses what
// decoding reads once and in order.
const (
	cacheLine     = 64
	prefetchAhead = 4096 // bytes
)

func (g *gen) vectorAt(v, disp int) operand.Mem {
	switch v {
	case 1:
		return indexed(mvVec, mvStride, 1, disp)
	case 2:
		return indexed(mvVec, mvStride, 2, disp)
	case 3:
		return indexed(mvVec, mvStride3, 1, disp)
	}
	return at(mvVec, disp)
}

// matvecStore sums the chains of each vector and writes one number each.
func (g *gen) matvecStore(vectors int) {
	g.MOVQ(mvOut, reg.RDI)
	for v := range vectors {
		s := g.v[v*g.chains:]
		if g.chains == 4 {
			g.VADDPS(s[2], s[0], s[0])
			g.VADDPS(s[3], s[1], s[1])
		}
		g.VADDPS(s[1], s[0], s[0])
		g.sumLanes(s[0], s[1])
		g.VMOVSS(s[0].AsX(), at(reg.RDI, 0))
		g.ADDQ(mvOutStride, reg.RDI)
	}
}

// sumLanes leaves the sum of r's lanes in its first lane.
func (g *gen) sumLanes(r, spare reg.VecPhysical) {
	g.reduce(r, spare, func(a, b, to reg.VecPhysical) { g.VADDPS(a, b, to) })
}

// reduce combines the halves of r until one lane is left.
func (g *gen) reduce(r, spare reg.VecPhysical, combine func(a, b, to reg.VecPhysical)) {
	if g.wide() {
		g.VEXTRACTF64X4(operand.U8(1), r.AsZ(), spare.AsY())
		combine(asVec(spare.AsY()), asVec(r.AsY()), asVec(r.AsY()))
		g.VEXTRACTF32X4(operand.U8(1), r.AsY(), spare.AsX())
	} else {
		g.VEXTRACTF128(operand.U8(1), r.AsY(), spare.AsX())
	}
	x, t := asVec(r.AsX()), asVec(spare.AsX())
	combine(t, x, x)
	g.VPERMILPS(operand.U8(0x0e), x, t)
	combine(t, x, x)
	g.VPERMILPS(operand.U8(0x01), x, t)
	combine(t, x, x)
}

func asVec(r reg.Register) reg.VecPhysical { return r.(reg.VecPhysical) }

func (g *gen) dequant(e expander) {
	g.fields(mvOut, mvSrc, mvUnits)
	e.setup(g)
	g.Label("loop")
	e.expand(g, mvSrc, 0, func(i int, w reg.VecPhysical) { g.VMOVUPS(w, at(mvOut, i*g.bytes())) })
	g.ADDQ(operand.U32(e.bytes), mvSrc)
	g.ADDQ(operand.U32(4*e.unit), mvOut)
	g.DECQ(mvUnits)
	g.JNE(operand.LabelRef("loop"))
	g.finish()
}
