//go:build generator

package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func expanders(g *gen) []expander {
	if g.wide() {
		return expanders512()
	}
	return expanders256()
}

// expanders512 turns four-bit weights into floats by a table of 16 floats,
// scaled once a block: VPERMPS looks only at the low four bits of an index, so
// a byte's low half needs no mask. Registers: 16 to 27 are free for use, 28 to
// 31 hold constants.
func expanders512() []expander {
	return []expander{
		{"F32", 32, 128, none, expand512F32},
		{"F16", 32, 64, none, expand512F16},
		{"BF16", 32, 64, none, expand512BF16},
		{"Q4_0", 32, 18, table512(-8), func(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
			g.leading512(at(src, disp), reg.Z16)
			g.VMULPS(reg.Z31, reg.Z16, reg.Z16)
			g.nibbles512(at(src, disp+2), reg.Z16, reg.Z16, nil, nil, emit)
		}},
		{"Q4_1", 32, 20, table512(0), func(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
			g.halves512(at(src, disp))
			g.VFMADD213PS(reg.Z17, reg.Z31, reg.Z16)
			g.nibbles512(at(src, disp+4), reg.Z16, reg.Z16, nil, nil, emit)
		}},
		{"Q5_0", 32, 22, table512(-16), func(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
			g.leading512(at(src, disp), reg.Z16)
			g.VMULPS(reg.Z30, reg.Z16, reg.Z20)
			g.VMULPS(reg.Z31, reg.Z16, reg.Z16)
			g.fifthBits512(src, disp+2)
			g.nibbles512(at(src, disp+6), reg.Z16, reg.Z16, reg.Z20, reg.Z20, emit)
		}},
		{"Q5_1", 32, 24, table512(0), func(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
			g.halves512(at(src, disp))
			g.VMULPS(reg.Z30, reg.Z16, reg.Z20)
			g.VFMADD213PS(reg.Z17, reg.Z31, reg.Z16)
			g.fifthBits512(src, disp+4)
			g.nibbles512(at(src, disp+8), reg.Z16, reg.Z16, reg.Z20, reg.Z20, emit)
		}},
		{"Q8_0", 32, 34, none, func(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
			g.leading512(at(src, disp), reg.Z16)
			for i := range 2 {
				w := []reg.VecPhysical{reg.Z17, reg.Z18}[i]
				g.VPMOVSXBD(at(src, disp+2+16*i), w)
				g.VCVTDQ2PS(w, w)
				g.VMULPS(reg.Z16, w, w)
				emit(i, w)
			}
		}},
		{"Q4_K", 256, 144, setupK512, expand512Q4K},
		{"Q5_K", 256, 176, setupK512, expand512Q5K},
		{"Q6_K", 256, 210, setup512Q6K, expand512Q6K},
	}
}

func none(*gen) {}

// table512 loads lane + offset to Z31 and 16 to Z30.
func table512(offset int) func(*gen) {
	return func(g *gen) {
		words := make([]uint32, 16)
		for i := range words {
			words[i] = math.Float32bits(float32(i + offset))
		}
		name := map[int]string{0: "lanes", -8: "lanesLess8", -16: "lanesLess16"}[offset]
		g.VMOVUPS(g.constant(name, words...), reg.Z31)
		g.VBROADCASTSS(g.constant("sixteen", math.Float32bits(16)), reg.Z30)
		g.VPBROADCASTD(g.constant("secondLane", 1), reg.Z29)
	}
}

// half512 broadcasts a half as float32.
func (g *gen) half512(m operand.Mem, to reg.VecPhysical) {
	g.VPBROADCASTW(m, to.AsY())
	g.VCVTPH2PS(to.AsY(), to)
}

// leading512 broadcasts the half that a block of 8 bytes or more starts with.
// The conversion of four halves, three of them nonsense, takes fewer steps than
// that of a broadcast half.
func (g *gen) leading512(m operand.Mem, to reg.VecPhysical) {
	g.VCVTPH2PS(m, to.AsX())
	g.VBROADCASTSS(to.AsX(), to)
}

// halves512 broadcasts the two halves that a block starts with to Z16 and Z17.
func (g *gen) halves512(m operand.Mem) {
	g.VCVTPH2PS(m, reg.X16)
	g.VPERMPS(reg.Z16, reg.Z29, reg.Z17)
	g.VBROADCASTSS(reg.X16, reg.Z16)
}

// fifthBits512 loads the masks of 32 weights to K1 and K2.
func (g *gen) fifthBits512(src reg.GPPhysical, disp int) {
	g.KMOVW(at(src, disp), reg.K1)
	g.KMOVW(at(src, disp+2), reg.K2)
}

// nibbles512 emits 16 weights of low halves and 16 of high halves, looked up in
// a table each; with a fifth, lanes of K1 and K2 get that much more.
func (g *gen) nibbles512(m operand.Mem, low, high, fifthLow, fifthHigh reg.VecPhysical, emit func(int, reg.VecPhysical)) {
	g.VPMOVZXBD(m, reg.Z18)
	g.VPERMPS(low, reg.Z18, reg.Z19)
	if fifthLow != nil {
		g.VADDPS(fifthLow, reg.Z19, reg.K1, reg.Z19)
	}
	emit(0, reg.Z19)
	g.VPSRLD(operand.U8(4), reg.Z18, reg.Z18)
	g.VPERMPS(high, reg.Z18, reg.Z19)
	if fifthHigh != nil {
		g.VADDPS(fifthHigh, reg.Z19, reg.K2, reg.Z19)
	}
	emit(1, reg.Z19)
}

func expand512F32(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	for i := range 2 {
		g.VMOVUPS(at(src, disp+64*i), reg.Z16)
		emit(i, reg.Z16)
	}
}

func expand512F16(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	for i := range 2 {
		g.VCVTPH2PS(at(src, disp+32*i), reg.Z16)
		emit(i, reg.Z16)
	}
}

func expand512BF16(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	for i := range 2 {
		g.VPMOVZXWD(at(src, disp+32*i), reg.Z16)
		g.VPSLLD(operand.U8(16), reg.Z16, reg.Z16)
		emit(i, reg.Z16)
	}
}

// scales512 writes the eight scales of a Q4_K or Q5_K block, times d, and its
// eight minima, times e, to the frame.
func (g *gen) scales512(src reg.GPPhysical, disp int) operand.Mem {
	frame := g.AllocLocal(64)
	g.scales(src, disp)
	g.VMOVUPS(reg.Z16, frame)
	return frame
}

// scales leaves the eight scales and then the eight minima in 16.
func (g *gen) scales(src reg.GPPhysical, disp int) {
	g.sixBits(src, disp, reg.X16, reg.X17)
	g.VPMOVZXBD(reg.X16, reg.Z16)
	g.VCVTDQ2PS(reg.Z16, reg.Z16)
	g.VPBROADCASTD(at(src, disp), reg.Y17)
	g.VCVTPH2PS(reg.Y17, reg.Z17)
	g.VPERMPS(reg.Z17, reg.Z29, reg.Z17) // d eight times, e eight times
	g.VMULPS(reg.Z17, reg.Z16, reg.Z16)
}

// sixBits unpacks the 16 six-bit numbers behind the two halves at disp to the
// bytes of x: eight scales, eight minima. With the packed words A, B, C:
// scales A & 63 and C & 15 | A >> 2 & 48, minima B & 63 and C >> 4 & 15 | B >> 2 & 48.
func (g *gen) sixBits(src reg.GPPhysical, disp int, x, t reg.VecPhysical) {
	and, or, load := func(m operand.Mem, r reg.VecPhysical) { g.VPAND(m, r, r) }, g.VPOR, g.VMOVDQU
	if g.wide() {
		and, load = func(m operand.Mem, r reg.VecPhysical) { g.VPANDD(m, r, r) }, func(m, r operand.Op) { g.VMOVDQU32(m, r) }
		or = func(a, b, r operand.Op) { g.VPORD(a, b, r) }
	}
	load(at(src, disp+4), x)
	g.VPSHUFD(operand.U8(0x50), x, t)                // A A B B
	g.VPSHUFD(operand.U8(0<<0|2<<2|1<<4|2<<6), x, x) // A C B C
	g.VPSRLVD(g.constant("sixShift", 0, 0, 0, 4), x, x)
	and(g.constant("sixLow", 0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f), x)
	g.VPSRLD(operand.U8(2), t, t)
	and(g.constant("sixHigh", 0, 0x30303030, 0, 0x30303030), t)
	or(t, x, x)
}

// setupK512 adds to the table an index that spreads two floats over a register.
func setupK512(g *gen) {
	table512(0)(g)
	g.VMOVDQU32(g.constant("eightEach", 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), reg.Z29)
}

// groupTable512 makes the table of group j: scale * lane - minimum.
func (g *gen) groupTable512(frame operand.Mem, j int, to, spare reg.VecPhysical) {
	g.VBROADCASTSS(frame.Offset(4*j), to)
	g.VBROADCASTSS(frame.Offset(32+4*j), spare)
	g.VFMSUB213PS(spare, reg.Z31, to)
}

func expand512Q4K(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	frame := g.scales512(src, disp)
	for j := 0; j < 8; j += 2 { // groups j and j+1 share 32 bytes
		g.groupTable512(frame, j, reg.Z16, reg.Z17)
		g.groupTable512(frame, j+1, reg.Z20, reg.Z17)
		for half := range 2 {
			g.nibbles512(at(src, disp+16+16*j+16*half), reg.Z16, reg.Z20, nil, nil, func(i int, w reg.VecPhysical) {
				emit(2*j+2*i+half, w)
			})
		}
	}
}

func expand512Q5K(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	frame := g.scales512(src, disp)
	high := []reg.VecPhysical{reg.Z26, reg.Z27} // fifth bits: bit j of a byte belongs to group j
	for half, h := range high {
		g.VPMOVZXBD(at(src, disp+16+16*half), h)
	}
	for j := 0; j < 8; j += 2 {
		g.groupTable512(frame, j, reg.Z16, reg.Z17)
		g.groupTable512(frame, j+1, reg.Z20, reg.Z17)
		g.VBROADCASTSS(frame.Offset(4*j), reg.Z21)
		g.VBROADCASTSS(frame.Offset(4*j+4), reg.Z22)
		g.VMULPS(reg.Z30, reg.Z21, reg.Z21)
		g.VMULPS(reg.Z30, reg.Z22, reg.Z22)
		for half, h := range high {
			for i, k := range []reg.OpmaskPhysical{reg.K1, reg.K2} {
				g.VPTESTMD(g.same(fmt.Sprint("bit", j+i), 1<<(j+i)), h, k)
			}
			g.nibbles512(at(src, disp+48+16*j+16*half), reg.Z16, reg.Z20, reg.Z21, reg.Z22, func(i int, w reg.VecPhysical) {
				emit(2*j+2*i+half, w)
			})
		}
	}
}

func setup512Q6K(g *gen) {
	g.VPBROADCASTD(g.constant("low4", 15), reg.Z31)
	g.VPBROADCASTD(g.constant("bits45", 48), reg.Z30)
	g.VBROADCASTSS(g.constant("thirtytwo", math.Float32bits(32)), reg.Z29)
}

// expand512Q6K: quarter c of half u takes its low bits from a[64u + 32(c&1)..],
// the low halves for c < 2, and bits 2c, 2c+1 of b[32u..].
func expand512Q6K(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
	frame := g.AllocLocal(64)
	g.VPMOVSXBD(at(src, disp+192), reg.Z16)
	g.VCVTDQ2PS(reg.Z16, reg.Z16)
	g.half512(at(src, disp+208), reg.Z17)
	g.VMULPS(reg.Z17, reg.Z16, reg.Z16)
	g.VMOVUPS(reg.Z16, frame)
	for u := range 2 {
		for half := range 2 {
			g.VPMOVZXBD(at(src, disp+64*u+16*half), reg.Z16)
			g.VPMOVZXBD(at(src, disp+64*u+32+16*half), reg.Z17)
			g.VPMOVZXBD(at(src, disp+128+32*u+16*half), reg.Z18)
			for c := range 4 {
				low := []reg.VecPhysical{reg.Z16, reg.Z17}[c%2]
				if c >= 2 {
					g.VPSRLD(operand.U8(4), low, low)
				}
				high := g.shift512(reg.Z18, 4-2*c, reg.Z19)
				g.VPANDD(reg.Z30, high, reg.Z19)
				g.VPTERNLOGD(operand.U8(0xf8), reg.Z31, low, reg.Z19) // high | low & 15
				g.VCVTDQ2PS(reg.Z19, reg.Z19)
				g.VSUBPS(reg.Z29, reg.Z19, reg.Z19)
				g.VBROADCASTSS(frame.Offset(4*(8*u+2*c+half)), reg.Z20)
				g.VMULPS(reg.Z20, reg.Z19, reg.Z19)
				emit(8*u+2*c+half, reg.Z19)
			}
		}
	}
}

// shift512 shifts from left by bits (right where negative) and returns where
// the result is.
func (g *gen) shift512(from reg.VecPhysical, bits int, to reg.VecPhysical) reg.VecPhysical {
	switch {
	case bits > 0:
		g.VPSLLD(operand.U8(bits), from, to)
	case bits < 0:
		g.VPSRLD(operand.U8(-bits), from, to)
	default:
		return from
	}
	return to
}
