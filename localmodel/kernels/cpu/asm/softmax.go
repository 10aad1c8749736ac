//go:build generator

package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exp2 replaces each x by 2^x, with n and p as spare registers: x = n + r with
// |r| <= 1/2 and a polynomial of degree 6 for 2^r, fitted by least squares on
// Chebyshev nodes (relative error 2e-9 before rounding). x may be -inf.
func (g *gen) exp2(x, n, p reg.VecPhysical) {
	if g.wide() {
		g.VMAXPS(g.float("expLeast", -200), x, x) // 0 below 2^-149
		g.VRNDSCALEPS(operand.U8(0), x, n)
		g.VSUBPS(n, x, x)
		g.polynomial(x, p)
		g.VSCALEFPS(n, p, x)
		return
	}
	g.VMINPS(g.float("expMost", 127.49), x, x)
	g.VMAXPS(g.float("expLeast", -127), x, x)
	g.VROUNDPS(operand.U8(0), x, n)
	g.VSUBPS(n, x, x)
	g.polynomial(x, p)
	g.VCVTPS2DQ(n, n)
	g.VPADDD(g.same("int127", 127), n, n) // 0 for 2^-127: flushes to zero
	g.VPSLLD(operand.U8(23), n, n)
	g.VMULPS(n, p, x)
}

// power is exp2 for the powers of a softmax. With AVX-512 x = n + r with 0 <= r < 1:
// what scales by 2^x rounds x down itself, and of -inf nothing is left to reduce.
func (g *gen) power(x, n, p reg.VecPhysical) {
	if !g.wide() {
		g.exp2(x, n, p)
		return
	}
	g.VREDUCEPS(operand.U8(9), x, n) // x less the whole number below it, silently
	g.evaluate("power", powerCoefficients(), n, p)
	g.VSCALEFPS(x, p, x)
}

func (g *gen) polynomial(r, p reg.VecPhysical) { g.evaluate("exp", expCoefficients(), r, p) }

// evaluate sets p to a polynomial of r; its coefficients are constants of that name.
func (g *gen) evaluate(name string, c [7]float64, r, p reg.VecPhysical) {
	g.VMOVUPS(g.float(fmt.Sprint(name, 6), c[6]), p)
	for i := 5; i >= 0; i-- {
		g.VFMADD213PS(g.float(fmt.Sprint(name, i), c[i]), r, p)
	}
}

// powerCoefficients are those of 2^r, 0 <= r <= 1, fitted to the least largest
// relative error (2e-9 before rounding); the constant is exactly 1.
func powerCoefficients() [7]float64 {
	return [7]float64{
		1, 0.6931470444425987, 0.24022930556022207, 0.05548528058798921,
		0.00967545162033902, 0.0012467846012441507, 0.00021612916288330316,
	}
}

// expCoefficients are those of 2^r, |r| <= 1/2; the constant is exactly 1.
func expCoefficients() [7]float64 {
	return [7]float64{
		1, 0.6931472055771004, 0.240226484622813, 0.055503290351536304,
		0.009618373251351774, 0.0013399848290696257, 0.00015370704816680935,
	}
}

// softmax passes over rows of 64 scores twice: for their largest one, which a
// chain of a few instructions finds, and for their powers, which many make. So
// the processor has several rows under way in each.
func (g *gen) softmax() {
	g.function("softmax", "softmaxArgs", "makes one step of a streaming softmax; see softmaxArgs.")
	s, rows, mask, m, sum, factor, kscale, vscale := reg.RSI, reg.RCX, reg.RDX, reg.R8, reg.R9, reg.R10, reg.R11, reg.R12
	capped, changed := reg.RAX, reg.RBX
	g.fields(s, rows, mask, m, sum, factor, kscale, vscale)
	g.MOVL(at(reg.RDI, 64), reg.EAX)
	g.MOVQ(kscale, changed)
	g.ORQ(mask, changed)
	g.ORQ(capped, changed)
	v := g.v[:64/g.lanes]
	t := g.v[len(v):]
	each := func(f func(i int, r reg.VecPhysical)) {
		for i, r := range v {
			f(i, r)
		}
	}
	load := func() { each(func(i int, r reg.VecPhysical) { g.VMOVUPS(at(s, i*g.bytes()), r) }) }
	store := func() { each(func(i int, r reg.VecPhysical) { g.VMOVUPS(r, at(s, i*g.bytes())) }) }
	row := func(label string, pointers []reg.GPPhysical, f func()) {
		g.Label(label)
		f()
		g.ADDQ(operand.U32(256), s)
		for _, p := range pointers {
			g.ADDQ(operand.U8(4), p)
		}
		g.DECQ(rows)
		g.JNE(operand.LabelRef(label))
	}
	row("top", []reg.GPPhysical{m, factor}, func() {
		load()
		g.unless(kscale, "unscaled", func() {
			each(func(i int, r reg.VecPhysical) { g.VMULPS(at(kscale, i*g.bytes()), r, r) })
		})
		g.unless(capped, "uncapped", func() { each(func(_ int, r reg.VecPhysical) { g.softCap(r, t) }) })
		g.unless(mask, "unmasked", func() {
			each(func(i int, r reg.VecPhysical) { g.hide(mask, i, r, t) })
			g.ADDQ(operand.U8(8), mask)
		})
		g.unless(changed, "asTheyWere", store)
		g.softmaxTop(v, t, m, factor)
	})
	g.fields(s, rows, nil, m, nil, factor)
	row("power", []reg.GPPhysical{m, sum, factor}, func() {
		load()
		g.softmaxSum(v, t, m, sum, factor)
		g.unless(vscale, "plain", func() {
			each(func(i int, r reg.VecPhysical) { g.VMULPS(at(vscale, i*g.bytes()), r, r) })
		})
		store()
	})
	g.finish()
}

// unless skips f when p is zero.
func (g *gen) unless(p reg.GPPhysical, label string, f func()) {
	g.TESTQ(p, p)
	g.JEQ(operand.LabelRef(label))
	f()
	g.Label(label)
}

// softCap replaces r by cap2 tanh(..) = cap2 - 2 cap2 / (1 + 2^(r invCap)).
func (g *gen) softCap(r reg.VecPhysical, t []reg.VecPhysical) {
	g.VBROADCASTSS(at(reg.RDI, 68), t[0])
	g.VMULPS(t[0], r, r)
	g.exp2(r, t[1], t[2])
	g.VMOVUPS(g.float("one", 1), t[1])
	g.VADDPS(t[1], r, r)
	g.VDIVPS(r, t[1], r)
	g.VADDPS(r, r, r)
	g.VSUBPS(r, t[1], r)
	g.VBROADCASTSS(at(reg.RDI, 64), t[0])
	g.VMULPS(t[0], r, r)
}

// hide puts -inf where the row's mask has no bit.
func (g *gen) hide(mask reg.GPPhysical, i int, r reg.VecPhysical, t []reg.VecPhysical) {
	g.VMOVUPS(g.float("minusInf", math.Inf(-1)), t[0])
	if g.wide() {
		g.KMOVW(at(mask, 2*i), reg.K1)
		g.VBLENDMPS(r, t[0], reg.K1, r)
		return
	}
	bits := g.constant("bitOfLane", 1, 2, 4, 8, 16, 32, 64, 128)
	g.VPBROADCASTB(at(mask, i), t[1])
	g.VPAND(bits, t[1], t[1])
	g.VPCMPEQD(bits, t[1], t[1])
	g.VBLENDVPS(t[1], r, t[0], r)
}

// softmaxTop updates the largest score and leaves the old one in factor.
func (g *gen) softmaxTop(v, t []reg.VecPhysical, m, factor reg.GPPhysical) {
	g.fold(v, t[0], func(a, b, to reg.VecPhysical) { g.VMAXPS(a, b, to) })
	g.reduce(t[0], t[1], func(a, b, to reg.VecPhysical) { g.VMAXPS(a, b, to) })
	g.VMOVSS(at(m, 0), t[1].AsX())
	g.VMOVSS(t[1].AsX(), at(factor, 0))
	g.VMAXSS(t[0].AsX(), t[1].AsX(), t[0].AsX())
	g.VMOVSS(t[0].AsX(), at(m, 0))
}

// softmaxSum turns scores into powers and updates sum and factor.
func (g *gen) softmaxSum(v, t []reg.VecPhysical, m, sum, factor reg.GPPhysical) {
	g.VBROADCASTSS(at(m, 0), t[0])
	// With nothing seen so far, -inf is replaced so that -inf - m is no NaN.
	g.VMAXPS(g.float("leastFloat", -math.MaxFloat32), t[0], t[0])
	g.VBROADCASTSS(at(factor, 0), t[1])
	g.VSUBPS(t[0], t[1], t[1])
	g.power(t[1], t[2], t[3])
	g.VMOVSS(t[1].AsX(), at(factor, 0))
	for _, r := range v {
		g.VSUBPS(t[0], r, r)
		g.power(r, t[2], t[3])
	}
	g.fold(v, t[0], func(a, b, to reg.VecPhysical) { g.VADDPS(a, b, to) })
	g.sumLanes(t[0], t[2])
	g.VFMADD231SS(at(sum, 0), t[1].AsX(), t[0].AsX())
	g.VMOVSS(t[0].AsX(), at(sum, 0))
}

// fold combines registers into one.
func (g *gen) fold(v []reg.VecPhysical, to reg.VecPhysical, combine func(a, b, to reg.VecPhysical)) {
	combine(v[0], v[1], to)
	for _, r := range v[2:] {
		combine(r, to, to)
	}
}
