//go:build generator

package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// decays are the kernels of linear attention: powers of e, tokens as seen from
// the first of them, and the triangular system among them. They count numbers
// below the smallest normal one as zero, since many come to that and the
// processor is slow on them.
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
	g.triangle()
}

// exp leaves e^x in y; it uses g.v[4] besides t and p.
func (g *gen) exp(x operand.Mem, y, t, p reg.VecPhysical) {
	g.zero(y)
	g.VSUBPS(x, y, y)
	g.VMAXPS(g.float("expOverflow", -87), y, y)
	g.expMinus(y, t, p)
}

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

// Fields of fadeArgs that are not kept in registers.
const (
	fadeBack  = 8 * 7
	fadeRows  = 8 * 10
	fadeScale = 8 * 12
)

// fade takes each token's key and query as decayed from the run's beginning, and
// the key that undoes the decay.
func (g *gen) fade() {
	g.function("fade", "fadeArgs", "takes tokens as seen from the first of them; see fadeArgs.")
	log, key, query := reg.RAX, reg.RBX, reg.RCX
	nearK, nearQ, past, run := reg.RSI, reg.R8, reg.R9, reg.R10
	bytes, stride, beta, x, ahead := reg.R13, reg.R11, reg.R12, reg.R15, reg.RDX
	g.fields(log, key, query, nearK, nearQ, past, run, nil, bytes, stride, nil, beta)
	g.flush()
	y, p, t := g.v[1], g.v[2], g.v[3] // and g.v[4], see exp
	v, w, k, minusBeta, scale, one := g.v[5], g.v[6], g.v[7], g.v[8], g.v[9], g.v[10]
	g.VMOVUPS(g.float("one", 1), one)
	g.VBROADCASTSS(field(fadeScale), scale)
	g.channels("start", x, bytes, func() { g.VMOVUPS(one, indexed(run, x, 1, 0)) })
	g.Label("token")
	g.VBROADCASTSS(at(beta, 0), minusBeta)
	g.channels("channel", x, bytes, func() {
		// The next tokens' rows lie too far apart for the processor to foresee.
		g.LEAQ(indexed(x, stride, 8, 0), ahead)
		for _, r := range []reg.GPPhysical{log, key, query} {
			g.PREFETCHT0(indexed(r, ahead, 1, 0))
		}
		g.exp(indexed(log, x, 1, 0), y, t, p)
		g.VMULPS(indexed(run, x, 1, 0), y, v)
		g.VMOVUPS(v, indexed(run, x, 1, 0))
		g.VMOVUPS(indexed(key, x, 1, 0), k)
		g.inverse(v, w, t, one)
		g.VMULPS(k, t, t)
		g.VMOVUPS(t, indexed(past, x, 1, 0))
		g.VMULPS(k, v, k)
		g.VMULPS(minusBeta, k, k)
		g.VMOVUPS(k, indexed(nearK, x, 1, 0))
		g.VMULPS(indexed(query, x, 1, 0), v, v)
		g.VMULPS(scale, v, v)
		g.VMOVUPS(v, indexed(nearQ, x, 1, 0))
	})
	for _, r := range []reg.GPPhysical{log, key, query} {
		g.ADDQ(stride, r)
	}
	for _, r := range []reg.GPPhysical{past, nearK, nearQ} {
		g.ADDQ(bytes, r)
	}
	g.ADDQ(operand.U8(4), beta)
	g.DECQ(field(fadeRows))
	g.JNE(operand.LabelRef("token"))
	g.MOVQ(field(fadeBack), past)
	g.channels("back", x, bytes, func() {
		g.VMOVUPS(indexed(run, x, 1, 0), v)
		g.VMAXPS(g.float("leastRun", 1e-37), v, v)
		g.inverse(v, w, t, one)
		g.VMOVUPS(t, indexed(past, x, 1, 0))
	})
	g.LDMXCSR(g.local())
	g.finish()
}

// inverse leaves 1/v in t, from the processor's estimate by one step of Newton's
// method: to 2^-22 or better.
func (g *gen) inverse(v, w, t, one reg.VecPhysical) {
	if g.wide() {
		g.VRCP14PS(v, w)
	} else {
		g.VRCPPS(v, w)
	}
	g.move(one, t)
	g.VFNMADD231PS(v, w, t)
	g.VFMADD213PS(w, w, t)
}

// triangle solves 16 rows of a unit triangular system for unit vectors, and
// clears what is above a diagonal.
func (g *gen) triangle() {
	g.function("triangle", "triangleArgs", "inverts a triangle and clears above a diagonal; see triangleArgs.")
	a, p, inverse := reg.RAX, reg.RBX, reg.RCX
	g.fields(a, p, inverse)
	if g.wide() {
		g.triangle512(a, p, inverse)
	} else {
		g.triangle256(a, p, inverse)
	}
	g.finish()
}

// Sizes of triangleArgs in bytes.
const (
	triangleRows   = 16
	triangleStride = 128
	triangleOut    = 64
)

// triangle512 keeps the rows in registers: each that is done is added to all
// below.
func (g *gen) triangle512(a, p, inverse reg.GPPhysical) {
	var unit []uint32
	for i := range triangleRows * triangleRows {
		unit = append(unit, 0)
		if i/triangleRows == i%triangleRows {
			unit[i] = math.Float32bits(1)
		}
	}
	units := g.constant("units", unit...)
	for i := range triangleRows {
		g.VMOVUPS(units.Offset(triangleOut*i), g.v[i])
	}
	for j := range triangleRows {
		g.VMOVUPS(g.v[j], at(inverse, triangleOut*j))
		for i := j + 1; i < triangleRows; i++ {
			g.VFMADD231PS_BCST(at(a, triangleStride*i+4*j), g.v[j], g.v[i])
		}
	}
	for i := range triangleRows {
		g.MOVL(operand.U32(1<<(i+1)-1), reg.EDX)
		g.KMOVW(reg.EDX, reg.K1)
		g.VMOVUPS_Z(at(p, triangleStride*i), reg.K1, g.v[0])
		g.VMOVUPS(g.v[0], at(p, triangleStride*i))
	}
}

// triangle256 computes row on row, each from those above.
func (g *gen) triangle256(a, p, inverse reg.GPPhysical) {
	var steps []uint32 // 8 ones, 8 zeros: masks by where they begin
	for i := range 2 * g.lanes {
		steps = append(steps, uint32(0))
		if i < g.lanes {
			steps[i] = math.MaxUint32
		}
	}
	masks := g.constant("steps", steps...)
	unit := g.constant("unit", 0, 0, 0, 0, 0, 0, 0, math.Float32bits(1), 0, 0, 0, 0, 0, 0, 0, 0)
	factor := g.v[2]
	for i := range triangleRows {
		for half := range 2 {
			row, to := g.v[half], at(inverse, triangleOut*i+half*g.bytes())
			g.zero(row)
			if c := i - half*g.lanes; c >= 0 && c < g.lanes {
				g.VMOVUPS(unit.Offset(4*(g.lanes-1-c)), row)
			}
			for j := half * g.lanes; j < i; j++ {
				g.VBROADCASTSS(at(a, triangleStride*i+4*j), factor)
				g.VFMADD231PS(at(inverse, triangleOut*j+half*g.bytes()), factor, row)
			}
			g.VMOVUPS(row, to)
			keep := min(max(i+1-half*g.lanes, 0), g.lanes) // of p's columns
			g.VMOVUPS(masks.Offset(4*(g.lanes-keep)), row)
			g.VANDPS(at(p, triangleStride*i+half*g.bytes()), row, row)
			g.VMOVUPS(row, at(p, triangleStride*i+half*g.bytes()))
		}
	}
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
