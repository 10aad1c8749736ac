package induction

import "math"

// hadamardCodes returns b codes of length b, exactly orthogonal.
func hadamardCodes() [][]float64 {
	codes := make([][]float64, b)
	for i := range codes {
		codes[i] = make([]float64, b)
		for j := range codes[i] {
			codes[i][j] = sign(parity(i & j))
		}
	}
	return codes
}

// goldCodes returns b² codes of length b: entry x of code (a, c) is
// (-1)^Tr(a x + c x³) over GF(2^codeBits), modulus x⁷ + x + 1. For an odd
// number of bits two codes correlate by at most 2^((1-codeBits)/2).
func goldCodes() [][]float64 {
	var trace [b]int
	for x := range trace {
		for y, i := x, 0; i < codeBits; i++ {
			trace[x] ^= y
			y = multiply(y, y)
		}
	}
	var linear, cubic [b][b]int // of a x and c x³
	for a := range b {
		for x := range b {
			linear[a][x] = trace[multiply(a, x)]
			cubic[a][x] = trace[multiply(a, multiply(x, multiply(x, x)))]
		}
	}
	codes := make([][]float64, 0, b*b)
	for a := range b {
		for c := range b {
			code := make([]float64, b)
			for x := range code {
				code[x] = sign(linear[a][x] ^ cubic[c][x])
			}
			codes = append(codes, code)
		}
	}
	return codes
}

// multiply is the product in GF(2^codeBits).
func multiply(x, y int) int {
	const modulus = 1<<codeBits | 0b11
	product := 0
	for ; y > 0; y >>= 1 {
		if y&1 == 1 {
			product ^= x
		}
		if x <<= 1; x&(1<<codeBits) != 0 {
			x ^= modulus
		}
	}
	return product
}

func parity(n int) int {
	p := 0
	for ; n > 0; n &= n - 1 {
		p ^= 1
	}
	return p
}

// sign turns a bit into an entry of a code of length 1.
func sign(bit int) float64 { return (1 - 2*float64(bit)) / math.Sqrt(b) }
