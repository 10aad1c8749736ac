//go:build generator

package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// decays are the kernels of linear attention: powers of e, and a token's step
// through the tokens ahead of it in a block.
func decays(g *gen) {
	dst, src, n := reg.RDI, reg.RSI, reg.RCX
	y, p, t := g.v[1], g.v[2], g.v[3]
	g.simple("exp", "(dst, src *float32, n int)", "writes e^src to dst, src within ±87")
	g.Load(g.Param("dst"), dst)
	g.Load(g.Param("src"), src)
	g.Load(g.Param("n"), n)
	g.loop(n, []reg.GPPhysical{dst, src}, func() {
		g.zero(y)
		g.VSUBPS(at(src, 0), y, y)
		g.VMAXPS(g.float("expOverflow", -87), y, y)
		g.expMinus(y, t, p)
		g.VMOVUPS(y, at(dst, 0))
	})
	g.finish()
	g.decay()
}

// decay takes one token's row; numbers below the smallest normal one become
// zero, since many are and the processor is slow on them.
func (g *gen) decay() {
	g.function("decay", "decayArgs", "takes a token through a block; see decayArgs.")
	past, stride, rows := reg.RAX, reg.RBX, reg.RCX
	decay, key, query, bytes := reg.RDX, reg.RSI, reg.R8, reg.R9
	a, p := reg.R10, reg.R11
	run, keyOut, queryOut, x := reg.R12, reg.R13, reg.R15, reg.R14
	g.fields(past, stride, rows, decay, key, query, bytes, a, p, run, keyOut, queryOut)
	g.flush()
	v, w, sumA, sumP := g.v[0], g.v[1], g.v[2], g.v[3]
	step := func(label string, f func()) {
		g.XORQ(x, x)
		g.Label(label)
		f()
		g.ADDQ(operand.U8(g.bytes()), x)
		g.CMPQ(x, bytes)
		g.JNE(operand.LabelRef(label))
	}
	step("own", func() {
		g.VMOVUPS(indexed(run, x, 1, 0), v)
		g.VMULPS(indexed(decay, x, 1, 0), v, v)
		g.VMOVUPS(v, indexed(run, x, 1, 0))
		g.VMULPS(indexed(key, x, 1, 0), v, w)
		g.VMOVUPS(w, indexed(keyOut, x, 1, 0))
		g.VMULPS(indexed(query, x, 1, 0), v, w)
		g.VMOVUPS(w, indexed(queryOut, x, 1, 0))
	})
	g.TESTQ(rows, rows)
	g.JEQ(operand.LabelRef("done"))
	g.Label("row")
	g.zero(sumA)
	g.zero(sumP)
	step("past", func() {
		g.VMOVUPS(indexed(past, x, 1, 0), v)
		g.VMULPS(indexed(decay, x, 1, 0), v, v)
		g.VMOVUPS(v, indexed(past, x, 1, 0))
		g.VFMADD231PS(indexed(key, x, 1, 0), v, sumA)
		g.VFMADD231PS(indexed(query, x, 1, 0), v, sumP)
	})
	g.sumLanes(sumA, w)
	g.sumLanes(sumP, w)
	g.VMOVSS(sumA.AsX(), at(a, 0))
	g.VMOVSS(sumP.AsX(), at(p, 0))
	g.ADDQ(operand.U8(4), a)
	g.ADDQ(operand.U8(4), p)
	g.ADDQ(stride, past)
	g.DECQ(rows)
	g.JNE(operand.LabelRef("row"))
	g.Label("done")
	g.LDMXCSR(g.local())
	g.finish()
}

// flush makes the processor take tiny numbers as zero until the function
// restores its control word, which this leaves in the frame.
func (g *gen) flush() {
	const flushResults, zeroOperands = 1 << 15, 1 << 6
	word := g.local()
	g.STMXCSR(word)
	g.MOVL(word, reg.EDI)
	g.ORL(operand.U32(flushResults|zeroOperands), reg.EDI)
	g.MOVL(reg.EDI, word.Offset(4))
	g.LDMXCSR(word.Offset(4))
}
