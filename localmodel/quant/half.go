package quant

import "math"

// F16ToF32 converts an IEEE 754 half (binary16) to float32. The conversion is
// exact; a NaN keeps its sign and the top of its payload and becomes quiet, as
// with the F16C instructions.
func F16ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h & 0x3ff)
	switch {
	case exponent == 0x1f && fraction != 0:
		return math.Float32frombits(sign | 0x7fc00000 | fraction<<13)
	case exponent == 0x1f:
		return math.Float32frombits(sign | 0x7f800000)
	case exponent == 0:
		// Zero and subnormals are fraction * 2^-24, which float32 holds exactly.
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// F32ToF16 converts to IEEE 754 half (binary16), rounding to nearest, ties to
// even: from 65520 on the result is infinite, up to 2^-25 it is zero, below
// 2^-14 it is subnormal. A NaN stays a NaN and becomes quiet.
func F32ToF16(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits >> 16 & 0x8000)
	bits &= 0x7fffffff
	switch {
	case bits > 0x7f800000:
		return sign | 0x7e00 | uint16(bits>>13&0x3ff)
	case bits >= 0x477ff000: // 65520, half way between 65504 and 2^16
		return sign | 0x7c00
	case bits < 0x38800000: // 2^-14
		// The step of float32 between 1/2 and 1 is 2^-24, that of a subnormal
		// half: the addition rounds as wanted.
		return sign | uint16(math.Float32bits(math.Float32frombits(bits)+0.5)-0x3f000000)
	}
	bits += 0xfff + bits>>13&1 // a carry into the exponent is right
	return sign | uint16(bits>>13-(127-15)<<10)
}

// BF16ToF32 converts a bfloat16, the upper half of a float32, exactly.
func BF16ToF32(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// F32ToBF16 converts to bfloat16, rounding to nearest, ties to even; what
// rounds beyond the largest finite value is infinite. A NaN stays a NaN and
// becomes quiet.
func F32ToBF16(f float32) uint16 {
	bits := math.Float32bits(f)
	if bits&0x7fffffff > 0x7f800000 {
		return uint16(bits>>16) | 0x40
	}
	bits += 0x7fff + bits>>16&1
	return uint16(bits >> 16)
}
