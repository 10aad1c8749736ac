package induction

import "math/bits"

// Kerdock codes are twice as long as those of a Gold set that correlates as
// little: 2^kerdockBits bases of kerdock codes each, orthonormal within a basis,
// and every two of different bases correlate by 1/16 or -1/16.
const (
	kerdockBits = 7
	kerdock     = 2 << kerdockBits // length of a code
)

// kerdockCodes returns the first n codes. Entry (x, e) of code (a, l) is (-1) to
// the Q_a(x, e) + <l, (x, e)>, with x in GF(2^7), a bit e, and
// Q_a = Tr((a x)^3 + (a x)^5 + (a x)^9) + e Tr(a x). The difference of two such
// forms has full rank, which is what bounds the correlation. Source: A. M.
// Kerdock, Information and Control 20 (1972), in the language of traces.
func kerdockCodes(n int) [][]float64 {
	var trace [1 << kerdockBits]int
	for x := range trace {
		for y, i := x, 0; i < kerdockBits; i++ {
			trace[x] ^= y
			y = multiply(y, y)
		}
	}
	codes := make([][]float64, 0, n)
	for a := 0; len(codes) < n; a++ {
		var form [kerdock]int
		for x := range 1 << kerdockBits {
			y := multiply(a, x)
			q, square := 0, y
			for range kerdockBits / 2 {
				square = multiply(square, square)
				q ^= trace[multiply(y, square)]
			}
			form[x], form[x|1<<kerdockBits] = q, q^trace[y]
		}
		for l := 0; l < kerdock && len(codes) < n; l++ {
			code := make([]float64, kerdock)
			for i, q := range form {
				code[i] = (1 - 2*float64(q^bits.OnesCount(uint(l&i))&1)) / 16 // sqrt(kerdock)
			}
			codes = append(codes, code)
		}
	}
	return codes
}
