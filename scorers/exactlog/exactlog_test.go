package exactlog

import (
	"math"
	"math/big"
	"testing"
)

// exp is eˣ to 200 bits, by its series.
func exp(x float64) *big.Float {
	const prec = 200
	sum := big.NewFloat(1).SetPrec(prec)
	term := big.NewFloat(1).SetPrec(prec)
	at := big.NewFloat(x).SetPrec(prec)
	for n := 1; n < 200; n++ {
		term.Mul(term, at)
		term.Quo(term, new(big.Float).SetPrec(prec).SetInt64(int64(n)))
		sum.Add(sum, term)
	}
	return sum
}

// A logarithm is rounded to nearest if x lies between e to the middles of the
// gaps above and below it.
func TestLogarithmsAreRoundedToNearest(t *testing.T) {
	ln := New()
	for _, f := range []float64{2, 3, 5, 7, 9, 10, 176, 220, 343, 661, 894, 9170, 11036, 136837, 318825, 883634, 60101967, 1 << 30, 1<<53 - 1, 1.0 + 1.0/3, 1.6, 1 + 0.5/63.5, 3.25, 1 + 12499.5/1.5} {
		got := ln.Of(f)
		x := new(big.Float).SetPrec(200).SetFloat64(f)
		up, down := math.Nextafter(got, math.Inf(1))-got, got-math.Nextafter(got, 0)
		// eˣ⁺ᵈ = eˣ·eᵈ: the middles are no float64.
		above := new(big.Float).Mul(exp(got), exp(up/2))
		below := new(big.Float).Mul(exp(got), exp(-down/2))
		if x.Cmp(above) >= 0 || x.Cmp(below) <= 0 {
			t.Errorf("ln %v: %v is not the nearest", f, got)
		}
	}
	if got := ln.Of(1); got != 0 {
		t.Errorf("ln 1: got %v", got)
	}
}

// Logarithms of frequencies in Python 3.11 on glibc 2.36, among them some for
// which math.Log is one bit off.
func TestLogarithmsArePythons(t *testing.T) {
	ln := New()
	for f, want := range map[float64]uint64{
		2:        0x3fe62e42fefa39ef,
		3:        0x3ff193ea7aad030b,
		176:      0x4014ae935b3cb89d,
		220:      0x4015931319798d6f,
		343:      0x401759d602a5c3c1,
		661:      0x4019f99a9b49bfe9,
		894:      0x401b2ecd7ea66f2d,
		1080:     0x401bf059799afb4f,
		9580:     0x402255b9c2e223ab,
		11036:    0x40229e2a7ddad78f,
		883634:   0x402b6233609fb790,
		60101967: 0x4031e95b8bb84672,
	} {
		if got := math.Float64bits(ln.Of(f)); got != want {
			t.Errorf("ln %v: want %#x, got %#x", f, want, got)
		}
	}
}
