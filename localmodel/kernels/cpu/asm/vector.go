//go:build generator

package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func vectors(g *gen) {
	g.pack()
	g.softmax()
	g.loops()
	g.activation("silu", "replaces gate by gate / (1 + exp(-gate)) up", func(z, y, t reg.VecPhysical) { g.move(z, y) })
	g.activation("gelu", "replaces gate by gelu(gate) up, the form with the tanh", func(z, y, t reg.VecPhysical) {
		// y = 2 sqrt(2/pi) (z + 0.044715 z^3)
		g.VMULPS(z, z, t)
		g.VMULPS(z, t, y)
		g.VMULPS(g.float("geluCube", 2*math.Sqrt(2/math.Pi)*0.044715), y, y)
		g.VFMADD231PS(g.float("geluLinear", 2*math.Sqrt(2/math.Pi)), z, y)
	})
	if !g.wide() {
		g.halves()
		g.pause()
		g.prefetch()
	}
}

// float returns a register's worth of a number.
func (g *gen) float(name string, v float64) operand.Mem {
	return g.same(name, math.Float32bits(float32(v)))
}

func (g *gen) move(from, to reg.VecPhysical) { g.VMOVAPS(from, to) }

// pack transposes lanes rows: squares of lanes by lanes.
func (g *gen) pack() {
	g.function("pack", "packArgs", "transposes; see packArgs.")
	dst, ldd, src, lds, cols := reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.R9
	lds3, out := reg.R15, reg.R8
	rows := []reg.GPPhysical{src, reg.R10, reg.R11, reg.R12}[:g.lanes/4]
	g.fields(dst, ldd, src, lds, cols)
	g.LEAQ(indexed(lds, lds, 2, 0), lds3)
	for i := 1; i < len(rows); i++ {
		g.LEAQ(indexed(rows[i-1], lds, 4, 0), rows[i])
	}
	g.Label("loop")
	for r := range g.lanes {
		base := rows[r/4]
		m := []operand.Mem{at(base, 0), indexed(base, lds, 1, 0), indexed(base, lds, 2, 0), indexed(base, lds3, 1, 0)}[r%4]
		g.VMOVUPS(m, g.v[r])
	}
	order := g.transpose256
	if g.wide() {
		order = g.transpose512
	}
	g.MOVQ(dst, out)
	for c, r := range order() {
		g.VMOVUPS(r, at(out, 0))
		if c < g.lanes-1 {
			g.ADDQ(ldd, out)
		}
	}
	g.LEAQ(indexed(out, ldd, 1, 0), dst)
	for _, r := range rows {
		g.ADDQ(operand.U8(g.bytes()), r)
	}
	g.SUBQ(operand.U8(g.lanes), cols)
	g.JNE(operand.LabelRef("loop"))
	g.finish()
}

// quads transposes squares of 4 by 4: afterwards u[4i+c] holds, in its 128-bit
// part p, column 4p+c of rows 4i to 4i+3. It uses registers t and leaves u.
func (g *gen) quads(rows, t []reg.VecPhysical) (u []reg.VecPhysical) {
	for i := 0; i < len(rows); i += 2 {
		g.VUNPCKLPS(rows[i+1], rows[i], t[i])
		g.VUNPCKHPS(rows[i+1], rows[i], t[i+1])
	}
	for i := 0; i < len(rows); i += 4 {
		for h := range 2 {
			g.VUNPCKLPD(t[i+2+h], t[i+h], rows[i+2*h])
			g.VUNPCKHPD(t[i+2+h], t[i+h], rows[i+2*h+1])
		}
	}
	return rows
}

// transpose512 transposes Z0 to Z15 and returns the columns in order.
func (g *gen) transpose512() []reg.VecPhysical {
	u, t := g.quads(g.v[:16], g.v[16:]), g.v[16:]
	columns := make([]reg.VecPhysical, 16)
	for c := range 4 {
		// Even parts, then odd parts, of the upper and of the lower eight rows.
		g.VSHUFF32X4(operand.U8(0x88), u[4+c], u[c], t[4*c])
		g.VSHUFF32X4(operand.U8(0xdd), u[4+c], u[c], t[4*c+1])
		g.VSHUFF32X4(operand.U8(0x88), u[12+c], u[8+c], t[4*c+2])
		g.VSHUFF32X4(operand.U8(0xdd), u[12+c], u[8+c], t[4*c+3])
	}
	for c := range 4 {
		for p := range 4 {
			select4 := operand.U8([]int{0x88, 0xdd}[p/2])
			g.VSHUFF32X4(select4, t[4*c+2+p%2], t[4*c+p%2], u[4*p+c])
			columns[4*p+c] = u[4*p+c]
		}
	}
	return columns
}

// transpose256 transposes Y0 to Y7 and returns the columns in order.
func (g *gen) transpose256() []reg.VecPhysical {
	u, t := g.quads(g.v[:8], g.v[8:]), g.v[8:]
	for c := range 4 {
		g.VPERM2F128(operand.U8(0x20), u[4+c], u[c], t[c])
		g.VPERM2F128(operand.U8(0x31), u[4+c], u[c], t[4+c])
	}
	return t[:8]
}

// loop runs f for n/lanes registers; pointers move on by a register.
func (g *gen) loop(n reg.GPPhysical, pointers []reg.GPPhysical, f func()) {
	loop := g.label("loop")
	g.Label(loop)
	f()
	for _, p := range pointers {
		g.ADDQ(operand.U8(g.bytes()), p)
	}
	g.SUBQ(operand.U8(g.lanes), n)
	g.JNE(operand.LabelRef(loop))
}

// loops are the operations that are one pass over memory.
func (g *gen) loops() {
	dst, src, w, n := reg.RDI, reg.RSI, reg.RDX, reg.RCX
	s, a, b := g.v[0], g.v[1], g.v[2]

	g.simple("scaled", "(dst, src *float32, s float32, n int)", "writes s src to dst")
	g.Load(g.Param("dst"), dst)
	g.Load(g.Param("src"), src)
	g.Load(g.Param("s"), s.AsX())
	g.Load(g.Param("n"), n)
	g.VBROADCASTSS(s.AsX(), s)
	g.loop(n, []reg.GPPhysical{dst, src}, func() {
		g.VMULPS(at(src, 0), s, a)
		g.VMOVUPS(a, at(dst, 0))
	})
	g.finish()

	g.simple("mul", "(dst, src, w *float32, s float32, n int)", "writes s src w to dst")
	g.Load(g.Param("dst"), dst)
	g.Load(g.Param("src"), src)
	g.Load(g.Param("w"), w)
	g.Load(g.Param("s"), s.AsX())
	g.Load(g.Param("n"), n)
	g.VBROADCASTSS(s.AsX(), s)
	g.loop(n, []reg.GPPhysical{dst, src, w}, func() {
		g.VMULPS(at(src, 0), s, a)
		g.VMULPS(at(w, 0), a, a)
		g.VMOVUPS(a, at(dst, 0))
	})
	g.finish()

	g.simple("add", "(dst, src *float32, n int)", "adds src to dst")
	g.Load(g.Param("dst"), dst)
	g.Load(g.Param("src"), src)
	g.Load(g.Param("n"), n)
	g.loop(n, []reg.GPPhysical{dst, src}, func() {
		g.VMOVUPS(at(dst, 0), a)
		g.VADDPS(at(src, 0), a, a)
		g.VMOVUPS(a, at(dst, 0))
	})
	g.finish()

	g.simple("squares", "(x *float32, n int) float32", "returns the sum of squares")
	g.Load(g.Param("x"), src)
	g.Load(g.Param("n"), n)
	g.zero(s)
	g.loop(n, []reg.GPPhysical{src}, func() {
		g.VMOVUPS(at(src, 0), a)
		g.VFMADD231PS(a, a, s)
	})
	g.sumLanes(s, b)
	g.result(s)

	g.simple("largest", "(x *float32, n int) float32", "returns the largest number; NaN is passed over")
	g.Load(g.Param("x"), src)
	g.Load(g.Param("n"), n)
	g.VMOVUPS(g.float("minusInf", math.Inf(-1)), s)
	g.loop(n, []reg.GPPhysical{src}, func() {
		g.VMOVUPS(at(src, 0), a)
		g.VMAXPS(s, a, s) // of a NaN and s this keeps s
	})
	g.reduce(s, b, func(a, b, to reg.VecPhysical) { g.VMAXPS(a, b, to) })
	g.result(s)
}

// result returns the first lane of r.
func (g *gen) result(r reg.VecPhysical) {
	g.Store(r.AsX(), g.ReturnIndex(0))
	g.finish()
}

// activation writes gate / (1 + exp(-y)) up, where argument makes y of gate.
func (g *gen) activation(name, doc string, argument func(z, y, t reg.VecPhysical)) {
	gate, up, n := reg.RDI, reg.RSI, reg.RCX
	g.simple(name, "(gate, up *float32, n int)", doc)
	g.Load(g.Param("gate"), gate)
	g.Load(g.Param("up"), up)
	g.Load(g.Param("n"), n)
	z, y, p, t := g.v[0], g.v[1], g.v[2], g.v[3]
	g.loop(n, []reg.GPPhysical{gate, up}, func() {
		g.VMOVUPS(at(gate, 0), z)
		argument(z, y, t)
		// Beyond 2^125 the quotient is below any number that matters; a larger
		// power would overflow to infinity on the way.
		g.VMAXPS(g.float("expOverflow", -87), y, y)
		g.expMinus(y, t, p)
		g.VADDPS(g.float("one", 1), y, y)
		g.VDIVPS(y, z, z)
		g.VMULPS(at(up, 0), z, z)
		g.VMOVUPS(z, at(gate, 0))
	})
	g.finish()
}

// expMinus replaces y by exp(-y): 2^(n + r), where r keeps what the product
// with log2(e) rounds off.
func (g *gen) expMinus(y, n, p reg.VecPhysical) {
	high := float32(-math.Log2E)
	g.VMINPS(g.float("expUnderflow", 87), y, y)
	g.VMULPS(g.float("log2eHigh", float64(high)), y, n)
	if g.wide() {
		g.VRNDSCALEPS(operand.U8(0), n, n)
	} else {
		g.VROUNDPS(operand.U8(0), n, n)
	}
	r := g.v[4]
	g.move(y, r)
	g.VFMSUB132PS(g.float("log2eHigh", float64(high)), n, r)
	g.VFMADD231PS(g.float("log2eLow", -math.Log2E-float64(high)), y, r)
	g.polynomial(r, p)
	if g.wide() {
		g.VSCALEFPS(n, p, y)
		return
	}
	g.VCVTPS2DQ(n, n)
	g.VPADDD(g.same("int127", 127), n, n)
	g.VPSLLD(operand.U8(23), n, n)
	g.VMULPS(n, p, y)
}

// halves rounds float32 to IEEE halves, nearest even.
func (g *gen) halves() {
	dst, src, n := reg.RDI, reg.RSI, reg.RCX
	g.simple("halves", "(dst *uint16, src *float32, n int)", "rounds src to halves")
	g.Load(g.Param("dst"), dst)
	g.Load(g.Param("src"), src)
	g.Load(g.Param("n"), n)
	g.loop(n, []reg.GPPhysical{src}, func() {
		g.VMOVUPS(at(src, 0), reg.Y0)
		g.VCVTPS2PH(operand.U8(0), reg.Y0, at(dst, 0))
		g.ADDQ(operand.U8(16), dst)
	})
	g.finish()
}

// pause is what a waiting thread does between two looks.
func (g *gen) pause() {
	const name, doc = "pauseAMD64", "waits for some tens of cycles."
	g.start(name, "()", doc)
	g.stub(name, "()", doc)
	g.PAUSE()
	g.RET()
}

// prefetch asks for the lines of n > 0 bytes.
func (g *gen) prefetch() {
	const name, signature, doc = "prefetchAMD64", "(p *byte, n int)", "asks for the cache lines of n > 0 bytes."
	g.start(name, signature, doc)
	g.stub(name, signature, doc)
	g.Load(g.Param("p"), reg.RDI)
	g.Load(g.Param("n"), reg.RCX)
	g.Label("loop")
	g.PREFETCHT0(at(reg.RDI, 0))
	g.ADDQ(operand.U8(64), reg.RDI)
	g.SUBQ(operand.U8(64), reg.RCX)
	g.JGT(operand.LabelRef("loop"))
	g.RET()
}
