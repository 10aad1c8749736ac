//go:build generator

package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// decays are the kernels of linear attention: powers of e, and a block of
// tokens, each of which lets the earlier ones fade. They count numbers below
// the smallest normal one as zero, since many come to that and the processor is
// slow on them.
func decays(g *gen) {
	dst, src, n := reg.RDI, reg.RSI, reg.RCX
	y, p, t := g.v[1], g.v[2], g.v[3]
	g.simple("exp", "(dst, src *float32, n int)", "writes e^src to dst, src within ±87")
	g.Load(g.Param("dst"), dst)
	g.Load(g.Param("src"), src)
	g.Load(g.Param("n"), n)
	g.loop(n, []reg.GPPhysical{dst, src}, func() {
		g.exp(at(src, 0), y, t, p)
		g.VMOVUPS(y, at(dst, 0))
	})
	g.finish()
	g.fade()
	g.among()
}

// exp leaves e^x in y; it uses g.v[4] besides t and p.
func (g *gen) exp(x operand.Mem, y, t, p reg.VecPhysical) {
	g.zero(y)
	g.VSUBPS(x, y, y)
	g.VMAXPS(g.float("expOverflow", -87), y, y)
	g.expMinus(y, t, p)
}

// Fields of blockArgs, in order.
const (
	blockLog = 8 * iota
	blockKey
	blockQuery
	blockDecay
	blockNearKey
	blockNearQuery
	blockFarKey
	blockFarQuery
	blockRun
	blockBefore
	blockBytes
	blockStride
	blockRows
	blockBeta
	blockScale
	blockPast
	blockA
	blockP
	blockStrideAP
	blockRow
)

// field is a field of the arguments, whose address stays in DI.
func field(offset int) operand.Mem { return at(reg.RDI, offset) }

// channels runs f for each register of a row, at byte x.
func (g *gen) channels(label string, x, bytes reg.GPPhysical, f func()) {
	g.XORQ(x, x)
	g.Label(label)
	f()
	g.ADDQ(operand.U8(g.bytes()), x)
	g.CMPQ(x, bytes)
	g.JNE(operand.LabelRef(label))
}

// factors broadcasts -beta of the token, and the scale.
func (g *gen) factors(spare reg.GPPhysical, beta, scale reg.VecPhysical) {
	g.MOVQ(field(blockRow), spare)
	g.SHLQ(operand.U8(2), spare)
	g.ADDQ(field(blockBeta), spare)
	g.VBROADCASTSS(at(spare, 0), beta)
	g.VBROADCASTSS(field(blockScale), scale)
}

// fade takes each token's own row: its decay, and its key and query as decayed
// from the block's and from the chunk's beginning.
func (g *gen) fade() {
	g.function("fade", "blockArgs", "takes a block's own rows; see blockArgs.")
	log, key, query, decay := reg.RAX, reg.RBX, reg.RCX, reg.RDX
	nearK, nearQ, farK, farQ := reg.RSI, reg.R8, reg.R9, reg.R10
	run, before, bytes, x := reg.R11, reg.R12, reg.R13, reg.R15
	g.fields(log, key, query, decay, nearK, nearQ, farK, farQ, run, before, bytes)
	g.flush()
	y, p, t := g.v[1], g.v[2], g.v[3] // and g.v[4], see exp
	v, w, beta, scale := g.v[5], g.v[6], g.v[7], g.v[8]
	g.Label("token")
	g.factors(x, beta, scale)
	g.channels("channel", x, bytes, func() {
		g.exp(indexed(log, x, 1, 0), y, t, p)
		g.VMOVUPS(y, indexed(decay, x, 1, 0))
		g.VMULPS(indexed(run, x, 1, 0), y, v)
		g.VMOVUPS(v, indexed(run, x, 1, 0))
		for _, out := range []struct {
			from, near, far reg.GPPhysical
			factor          reg.VecPhysical
		}{{key, nearK, farK, beta}, {query, nearQ, farQ, scale}} {
			g.VMULPS(indexed(out.from, x, 1, 0), v, w)
			g.VMULPS(out.factor, w, w)
			g.VMOVUPS(w, indexed(out.near, x, 1, 0))
			g.VMULPS(indexed(before, x, 1, 0), w, w)
			g.VMOVUPS(w, indexed(out.far, x, 1, 0))
		}
	})
	for _, r := range []reg.GPPhysical{log, key, query} {
		g.ADDQ(field(blockStride), r)
	}
	for _, r := range []reg.GPPhysical{decay, nearK, nearQ, farK, farQ} {
		g.ADDQ(bytes, r)
	}
	g.INCQ(field(blockRow))
	g.DECQ(field(blockRows))
	g.JNE(operand.LabelRef("token"))
	g.LDMXCSR(g.local())
	g.finish()
}

// among computes the products of a block's tokens with the earlier ones, whose
// keys fade from token to token.
func (g *gen) among() {
	g.function("among", "blockArgs", "computes a block's own products; see blockArgs.")
	key, query, decay, bytes := reg.RBX, reg.RCX, reg.RDX, reg.R13
	past, pastRow, a, p := reg.RSI, reg.R8, reg.R9, reg.R10
	r, x := reg.R11, reg.R15
	g.fields(nil, key, query, decay)
	g.MOVQ(field(blockBytes), bytes)
	g.MOVQ(field(blockPast), past)
	g.MOVQ(field(blockA), a)
	g.MOVQ(field(blockP), p)
	g.flush()
	v, w, sumA, sumP, beta, scale := g.v[0], g.v[1], g.v[2], g.v[3], g.v[4], g.v[5]
	g.Label("token")
	g.factors(x, beta, scale)
	g.MOVQ(past, pastRow)
	g.XORQ(r, r)
	g.Label("row")
	g.CMPQ(r, field(blockRow))
	g.JEQ(operand.LabelRef("itself"))
	g.zero(sumA)
	g.zero(sumP)
	g.channels("channel", x, bytes, func() {
		g.VMOVUPS(indexed(pastRow, x, 1, 0), v)
		g.VMULPS(indexed(decay, x, 1, 0), v, v)
		g.VMOVUPS(v, indexed(pastRow, x, 1, 0))
		g.VFMADD231PS(indexed(key, x, 1, 0), v, sumA)
		g.VFMADD231PS(indexed(query, x, 1, 0), v, sumP)
	})
	g.sumTimes(sumA, w, beta, indexed(a, r, 4, 0))
	g.sumTimes(sumP, w, scale, indexed(p, r, 4, 0))
	g.ADDQ(bytes, pastRow)
	g.INCQ(r)
	g.JMP(operand.LabelRef("row"))
	g.Label("itself")
	g.zero(sumP)
	g.channels("own", x, bytes, func() {
		g.VMOVUPS(indexed(key, x, 1, 0), v)
		g.VMOVUPS(v, indexed(pastRow, x, 1, 0))
		g.VFMADD231PS(indexed(query, x, 1, 0), v, sumP)
	})
	g.sumTimes(sumP, w, scale, indexed(p, r, 4, 0))
	g.ADDQ(bytes, decay)
	for _, pointer := range []reg.GPPhysical{key, query} {
		g.ADDQ(field(blockStride), pointer)
	}
	for _, pointer := range []reg.GPPhysical{a, p} {
		g.ADDQ(field(blockStrideAP), pointer)
	}
	g.INCQ(field(blockRow))
	g.DECQ(field(blockRows))
	g.JNE(operand.LabelRef("token"))
	g.LDMXCSR(g.local())
	g.finish()
}

// sumTimes writes the sum of r's lanes times a factor.
func (g *gen) sumTimes(r, spare, factor reg.VecPhysical, to operand.Mem) {
	g.sumLanes(r, spare)
	g.VMULSS(factor.AsX(), r.AsX(), r.AsX())
	g.VMOVSS(r.AsX(), to)
}

// flush makes the processor take tiny numbers as zero until the function
// restores its control word, which this leaves in the frame.
func (g *gen) flush() {
	const flushResults, zeroOperands = 1 << 15, 1 << 6
	word := g.local()
	g.STMXCSR(word)
	g.MOVL(word, reg.R15L)
	g.ORL(operand.U32(flushResults|zeroOperands), reg.R15L)
	g.MOVL(reg.R15L, word.Offset(4))
	g.LDMXCSR(word.Offset(4))
}
