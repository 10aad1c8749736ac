//go:build generator

package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Registers of a gemm: three pointers reach twelve rows of a by the addressing
// modes base, base+lda, base+2lda, base+3lda.
var (
	gemmA    = []reg.GPPhysical{reg.RAX, reg.R12, reg.R13}
	gemmLDA  = reg.RBX
	gemmLDA3 = reg.R15
	gemmB    = reg.RCX
	gemmLDB  = reg.RDX
	gemmC    = reg.RSI
	gemmLDC  = reg.R8
	gemmK    = reg.R9
	gemmS    = reg.R10
	gemmMR   = reg.R11
)

func gemms(g *gen) {
	for _, b := range []string{"F32", "F16", "Q8"} {
		g.function("gemm"+b, "gemmArgs", fmt.Sprintf("multiplies up to %d rows by %d columns of %s; see gemmArgs.", g.mr, 2*g.lanes, b))
		g.fields(gemmA[0], gemmLDA, gemmB, gemmLDB, gemmC, gemmLDC, gemmK, gemmS, gemmMR)
		g.LEAQ(indexed(gemmLDA, gemmLDA, 2, 0), gemmLDA3)
		g.LEAQ(indexed(gemmA[0], gemmLDA, 4, 0), gemmA[1])
		g.LEAQ(indexed(gemmA[0], gemmLDA, 8, 0), gemmA[2])
		for mr := g.mr; mr > 1; mr-- {
			g.CMPQ(gemmMR, operand.U8(mr))
			g.JEQ(operand.LabelRef(fmt.Sprintf("rows%d", mr)))
		}
		for mr := 1; mr <= g.mr; mr++ {
			g.Label(fmt.Sprintf("rows%d", mr))
			g.gemmTile(b, mr)
		}
	}
}

// gemmTile is a tile of mr rows by two registers: sums in the first 2 mr
// registers, the row of b in the next two, broadcasts of a in the rest.
func (g *gen) gemmTile(b string, mr int) {
	sum := func(r, c int) reg.VecPhysical { return g.v[2*r+c] }
	g.gemmStart(mr, sum)
	const unroll = 4
	loop, rest, last, done := g.label("loop"), g.label("rest"), g.label("last"), g.label("done")
	g.SUBQ(operand.U8(unroll), gemmK)
	g.JLT(operand.LabelRef(rest))
	g.Label(loop)
	for u := range unroll {
		g.gemmStep(b, mr, u, sum)
	}
	for i := 0; 4*i < mr; i++ {
		g.ADDQ(operand.U8(4*unroll), gemmA[i])
	}
	g.SUBQ(operand.U8(unroll), gemmK)
	g.JGE(operand.LabelRef(loop))
	g.Label(rest)
	g.ADDQ(operand.U8(unroll), gemmK)
	g.JEQ(operand.LabelRef(done))
	g.Label(last)
	g.gemmStep(b, mr, 0, sum)
	for i := 0; 4*i < mr; i++ {
		g.ADDQ(operand.U8(4), gemmA[i])
	}
	g.DECQ(gemmK)
	g.JNE(operand.LabelRef(last))
	g.Label(done)
	for r := range mr {
		for c := range 2 {
			g.VMOVUPS(sum(r, c), at(gemmC, c*g.bytes()))
		}
		if r < mr-1 {
			g.ADDQ(gemmLDC, gemmC)
		}
	}
	g.finish()
}

// gemmStart sets the sums to zero or to scale c.
func (g *gen) gemmStart(mr int, sum func(r, c int) reg.VecPhysical) {
	zero, ready := g.label("zero"), g.label("ready")
	g.TESTQ(gemmS, gemmS)
	g.JEQ(operand.LabelRef(zero))
	g.MOVQ(gemmC, reg.RDI)
	factor := g.v[len(g.v)-1]
	for r := range mr {
		g.VBROADCASTSS(at(gemmS, 4*r), factor)
		for c := range 2 {
			g.VMULPS(at(reg.RDI, c*g.bytes()), factor, sum(r, c))
		}
		g.ADDQ(gemmLDC, reg.RDI)
	}
	g.JMP(operand.LabelRef(ready))
	g.Label(zero)
	for r := range mr {
		for c := range 2 {
			g.zero(sum(r, c))
		}
	}
	g.Label(ready)
}

// gemmStep adds one row of b times column u of a.
func (g *gen) gemmStep(b string, mr, u int, sum func(r, c int) reg.VecPhysical) {
	rows := []reg.VecPhysical{g.v[2*g.mr], g.v[2*g.mr+1]}
	for c, r := range rows {
		switch b {
		case "F32":
			g.VMOVUPS(at(gemmB, c*g.bytes()), r)
		case "F16":
			g.VCVTPH2PS(at(gemmB, c*g.bytes()/2), r)
		case "Q8":
			g.VPMOVSXBD(at(gemmB, c*g.bytes()/4), r)
			g.VCVTDQ2PS(r, r)
		}
	}
	g.ADDQ(gemmLDB, gemmB)
	free := g.v[2*g.mr+2:]
	for r := range mr {
		a := free[r%len(free)]
		g.VBROADCASTSS(g.gemmRow(r, 4*u), a)
		for c := range 2 {
			g.VFMADD231PS(rows[c], a, sum(r, c))
		}
	}
}

// gemmRow is the address in row r of a.
func (g *gen) gemmRow(r, disp int) operand.Mem {
	base := gemmA[r/4]
	switch r % 4 {
	case 1:
		return indexed(base, gemmLDA, 1, disp)
	case 2:
		return indexed(base, gemmLDA, 2, disp)
	case 3:
		return indexed(base, gemmLDA3, 1, disp)
	}
	return at(base, disp)
}

// zero sets a register to zero.
func (g *gen) zero(r reg.VecPhysical) {
	if g.wide() {
		g.VPXORD(r, r, r)
	} else {
		g.VXORPS(r, r, r)
	}
}
