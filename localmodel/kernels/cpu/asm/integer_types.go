//go:build generator

package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func integerTypes() []integerType {
	low4 := func(g *gen) { g.VPBROADCASTD(g.constant("nibbles", 0x0f0f0f0f), reg.Z31) }
	fifth := func(g *gen) {
		low4(g)
		g.VPBROADCASTD(g.constant("sixteens", 0x10101010), reg.Z30)
		g.VBROADCASTI32X4(g.constant("lowBits", 0, 0, 0x01010101, 0x01010101), reg.Z29)
		g.VBROADCASTI32X4(g.constant("highBits", 0x02020202, 0x02020202, 0x03030303, 0x03030303), reg.Z28)
		g.VBROADCASTI32X4(g.constant("bitOfByte", 0x08040201, 0x80402010, 0x08040201, 0x80402010), reg.Z27)
	}
	small := func(name string, bytes, less int, setup func(*gen), minimum func(*gen, operand.Mem, reg.VecPhysical), expand func(*gen, lanes)) integerType {
		return integerType{name: name, records: 1, bytes: bytes, less: less, setup: setup, minimum: minimum, dot: plainDot,
			expand: func(g *gen, w lanes) {
				expand(g, w)
				g.leadingHalves(w)
			}}
	}
	return []integerType{
		small("Q4_0", 18, 0, low4, nil, func(g *gen, w lanes) { g.nibbles(w, 2) }),
		small("Q4_1", 20, -1, low4, addMinimum, func(g *gen, w lanes) { g.nibbles(w, 4) }),
		small("Q5_0", 22, 1, fifth, nil, func(g *gen, w lanes) { g.nibbles(w, 6); g.fifths(w, 2) }),
		small("Q5_1", 24, -1, fifth, addMinimum, func(g *gen, w lanes) { g.nibbles(w, 8); g.fifths(w, 4) }),
		small("Q8_0", 34, 4, func(g *gen) {
			g.VPBROADCASTD(g.constant("signs", 0x80808080), reg.Z31)
		}, nil, func(g *gen, w lanes) {
			g.sixteen(w, 2, reg.Z8)
			g.sixteen(w, 18, reg.Z9)
			g.VPXORD(reg.Z31, reg.Z8, reg.Z8) // + 128
			g.VPXORD(reg.Z31, reg.Z9, reg.Z9)
		}),
		{name: "Q4_K", records: 8, bytes: 144, less: -1, setup: setupIntegerK, block: blockK, minimum: subtractMinimum, dot: plainDot,
			expand: func(g *gen, w lanes) { g.groupNibbles(w, 16); g.groupScales(w) }},
		{name: "Q5_K", records: 8, bytes: 176, less: -1, setup: setupIntegerK, block: blockK, minimum: subtractMinimum, dot: plainDot,
			expand: func(g *gen, w lanes) {
				g.groupNibbles(w, 48)
				g.groupHigh(16, reg.Z30, func(r reg.VecPhysical) { g.rotate(w, 4-w.group, r) })
				g.groupScales(w)
			}},
		{name: "Q6_K", records: 8, bytes: 210, setup: setupIntegerQ6K, block: blockQ6K, dot: dotQ6K, expand: expandQ6K},
	}
}

// addMinimum adds m times the sum of a block to element 1 of each part; 16
// holds d, m, d, m there.
func addMinimum(g *gen, x operand.Mem, sum reg.VecPhysical) { g.VFMADD231PS(x, reg.Z16, sum) }

func subtractMinimum(g *gen, x operand.Mem, sum reg.VecPhysical) {
	g.VFNMADD231PS(x, reg.Z16, sum)
}

// sixteen loads the 16 bytes at offset off of each block.
func (g *gen) sixteen(w lanes, off int, to reg.VecPhysical) {
	m := at(mvSrc, w.disp+off)
	if w.blocks == 0 {
		g.VBROADCASTI32X4(m, to)
		return
	}
	g.VMOVDQU32(m, to.AsX())
	for i := 1; i < w.blocks; i++ {
		r := to
		if i == 1 {
			r = asVec(to.AsY())
		}
		g.VINSERTI32X4(operand.U8(i), m.Offset(i*w.stride), r, r)
	}
}

// word loads the 4 bytes at offset off of each block to all of its lane, or
// where the registers are half as wide, of half a lane.
func (g *gen) word(w lanes, off int, to reg.Register, masks [3]reg.OpmaskPhysical) {
	m := at(mvSrc, w.disp+off)
	g.VPBROADCASTD(m, to)
	for i := 1; i < w.blocks; i++ {
		g.VPBROADCASTD(m.Offset(i*w.stride), masks[i-1], to)
	}
}

// leadingHalves leaves the two halves that each block starts with in 16, as
// first, second, first, second, and the first alone in 17. Where the second is
// no number nobody looks at it.
func (g *gen) leadingHalves(w lanes) {
	g.word(w, 0, reg.Y16, [3]reg.OpmaskPhysical{reg.K1, reg.K2, reg.K3})
	g.VCVTPH2PS(reg.Y16, reg.Z16)
	g.VMOVSLDUP(reg.Z16, reg.Z17)
}

// nibbles leaves the low halves of the 16 bytes at off in 8, the high ones in 9.
func (g *gen) nibbles(w lanes, off int) {
	g.sixteen(w, off, reg.Z10)
	g.VPANDD(reg.Z31, reg.Z10, reg.Z8)
	g.VPSRLD(operand.U8(4), reg.Z10, reg.Z9)
	g.VPANDD(reg.Z31, reg.Z9, reg.Z9)
}

// fifths adds 16 to the bytes of 8 and 9 whose bit is set in the word at off.
func (g *gen) fifths(w lanes, off int) {
	g.word(w, off, reg.Z10, [3]reg.OpmaskPhysical{reg.K4, reg.K5, reg.K6})
	for i, r := range []reg.VecPhysical{reg.Z8, reg.Z9} {
		g.VPSHUFB([]reg.VecPhysical{reg.Z29, reg.Z28}[i], reg.Z10, reg.Z11)
		g.VPTESTMB(reg.Z27, reg.Z11, reg.K7)
		g.VPADDB(reg.Z30, r, reg.K7, r)
	}
}

// perLane returns a register's worth of four numbers, one for each lane.
func (g *gen) perLane(name string, a, b, c, d int) operand.Mem {
	var words []uint32
	for _, v := range []int{a, b, c, d} {
		for range 4 {
			words = append(words, uint32(v))
		}
	}
	return g.constant(name, words...)
}

// setupIntegerK loads what Q4_K and Q5_K need: masks, shifts of the lanes, and
// where the scales and minima of four groups are in a register.
func setupIntegerK(g *gen) {
	g.VPBROADCASTD(g.constant("nibbles", 0x0f0f0f0f), reg.Z31)
	g.VPBROADCASTD(g.constant("sixteens", 0x10101010), reg.Z30)
	g.VMOVDQU32(g.constant("eightEach", 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), reg.Z29)
	g.VMOVDQU32(g.perLane("highOfOdd", 0, 4, 0, 4), reg.Z28)
	for i, r := range []reg.VecPhysical{reg.Z27, reg.Z26, reg.Z25, reg.Z24} {
		g.VMOVDQU32(g.perLane(fmt.Sprint("four", 4*i), 4*i, 4*i+1, 4*i+2, 4*i+3), r)
	}
	g.VMOVDQU32(g.perLane("bits0123", 4, 3, 2, 1), reg.Z23)
	g.VMOVDQU32(g.perLane("bits4567", 0, 31, 30, 29), reg.Z22)
}

// blockK leaves eight scales and eight minima in 20, and in the frame for more
// vectors.
func blockK(g *gen, w lanes) {
	g.scales(mvSrc, 0)
	if w.blocks == 0 {
		g.VMOVUPS(reg.Z16, g.local())
		return
	}
	g.VMOVAPS(reg.Z16, reg.Z20)
}

// groupScales leaves scales in 17 and minima in 16.
func (g *gen) groupScales(w lanes) {
	if w.blocks == 0 {
		g.VBROADCASTSS(g.local().Offset(4*w.group), reg.Z17)
		g.VBROADCASTSS(g.local().Offset(32+4*w.group), reg.Z16)
		return
	}
	half := w.group / 4
	g.VPERMPS(reg.Z20, []reg.VecPhysical{reg.Z27, reg.Z26}[half], reg.Z17)
	g.VPERMPS(reg.Z20, []reg.VecPhysical{reg.Z25, reg.Z24}[half], reg.Z16)
}

// groupNibbles leaves the four low bits of groups in 8 and 9: groups 2i and
// 2i+1 are the low and high halves of 32 bytes.
func (g *gen) groupNibbles(w lanes, off int) {
	m := at(mvSrc, w.disp+off+16*(w.group&^1))
	if w.blocks > 0 {
		g.VMOVDQU32(m, reg.Z10)
	}
	for i, r := range []reg.VecPhysical{reg.Z8, reg.Z9} {
		if w.blocks > 0 {
			g.VSHUFI32X4(operand.U8(0xa0+0x55*i), reg.Z10, reg.Z10, r) // i, i, 2+i, 2+i
			g.VPSRLVD(reg.Z28, r, r)
		} else {
			g.VBROADCASTI32X4(m.Offset(16*i), r)
			if w.group%2 == 1 {
				g.VPSRLD(operand.U8(4), r, r)
			}
		}
		g.VPANDD(reg.Z31, r, r)
	}
}

// groupHigh joins bits of mask, of the 32 bytes at off that all groups share,
// to the bytes of 8 and 9, turned into place by rotate.
func (g *gen) groupHigh(off int, mask reg.VecPhysical, rotate func(reg.VecPhysical)) {
	for i, r := range []reg.VecPhysical{reg.Z8, reg.Z9} {
		g.VBROADCASTI32X4(at(mvSrc, off+16*i), reg.Z10)
		rotate(reg.Z10)
		g.VPTERNLOGD(operand.U8(0xf8), mask, reg.Z10, r) // r | 10 & mask
	}
}

// rotate turns words left, which moves a bit within its byte as long as nobody
// looks at what came from the next one: by 4-group in each lane, or by left.
func (g *gen) rotate(w lanes, left int, r reg.VecPhysical) {
	if w.blocks > 0 {
		g.VPROLVD([]reg.VecPhysical{reg.Z23, reg.Z22}[w.group/4], r, r)
	} else if left&31 != 0 {
		g.VPROLD(operand.U8(left&31), r, r)
	}
}

func setupIntegerQ6K(g *gen) {
	g.VPBROADCASTD(g.constant("nibbles", 0x0f0f0f0f), reg.Z31)
	g.VPBROADCASTD(g.constant("bits45OfBytes", 0x30303030), reg.Z30)
	g.VPBROADCASTD(g.constant("lowWord", 0xffff), reg.Z29)
	g.VMOVDQU32(g.perLane("highOfLast", 0, 0, 4, 4), reg.Z28)
	g.VMOVDQU32(g.perLane("four0", 0, 1, 2, 3), reg.Z27)
	g.VMOVDQU32(g.perLane("four4", 4, 5, 6, 7), reg.Z26)
	g.VMOVDQU32(g.perLane("pairs", 4, 2, 0, 30), reg.Z23)
	g.VMOVDQA64(reg.Z23, reg.Z22)
}

// blockQ6K leaves d in 17 and the 16 scales as words in 20, or in the frame.
func blockQ6K(g *gen, w lanes) {
	g.half512(at(mvSrc, 208), reg.Z17)
	g.VPMOVSXBW(at(mvSrc, 192), reg.Y20)
	if w.blocks == 0 {
		g.VMOVDQU32(reg.Y20, g.local())
	}
}

// expandQ6K: for quarter c of half u see expand512Q6K. The scales of its two
// sixteens go to 16 as a pair of words.
func expandQ6K(g *gen, w lanes) {
	u, c := w.group/4, w.group%4
	if w.blocks > 0 {
		g.VMOVDQU32(at(mvSrc, 64*u), reg.Z10)
	}
	for i, r := range []reg.VecPhysical{reg.Z8, reg.Z9} {
		if w.blocks > 0 {
			g.VSHUFI32X4(operand.U8(0x88+0x55*i), reg.Z10, reg.Z10, r) // i, 2+i, i, 2+i
			g.VPSRLVD(reg.Z28, r, r)
		} else {
			g.VBROADCASTI32X4(at(mvSrc, 64*u+32*(c%2)+16*i), r)
			if c >= 2 {
				g.VPSRLD(operand.U8(4), r, r)
			}
		}
		g.VPANDD(reg.Z31, r, r)
	}
	g.groupHigh(128+32*u, reg.Z30, func(r reg.VecPhysical) { g.rotate(w, 4-2*c, r) })
	if w.blocks > 0 {
		g.VPERMD(reg.Z20, []reg.VecPhysical{reg.Z27, reg.Z26}[u], reg.Z16)
	} else {
		g.VPBROADCASTD(g.local().Offset(4*w.group), reg.Z16)
	}
}

// dotQ6K multiplies the dots of the two sixteens by their scales, coarse and
// fine bytes apart: the dots of four bytes are of 15 bits and a sign each.
func dotQ6K(g *gen, _ integerType, record func(int) operand.Mem, to reg.VecPhysical) {
	g.VPXORD(to, to, to)
	for i, field := range []int{recordCoarse, recordFine} {
		low, high := reg.Z19, reg.Z10
		g.VMOVDQU32(record(recordLess32+128*i), low)
		g.VMOVDQU32(record(recordLess32+128*i+64), high)
		g.dpbusd(record(field), reg.Z8, low)
		g.dpbusd(record(field+64), reg.Z9, high)
		g.VPSLLD(operand.U8(16), high, high)
		g.VPTERNLOGD(operand.U8(0xf8), reg.Z29, low, high) // high << 16 | low & 0xffff
		g.dpwssd(reg.Z16, high, to)
		if field == recordCoarse {
			g.VPSLLD(operand.U8(8), to, to)
		}
	}
}
