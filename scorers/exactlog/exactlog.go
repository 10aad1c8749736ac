// Package exactlog gives natural logarithms rounded to nearest, for scores that
// are sums of them: sums of the same numbers in another order differ in their
// last bit, so that which of two is greater hangs on the last bit of each
// logarithm. Python takes the C library's, which are correctly rounded but for
// rare cases (for every frequency of jieba's list they are); math.Log differs
// for 47 of those 5,088, and on machines with fused multiply-add it may differ
// for others. So they are worked out here to about 100 bits.
package exactlog

import "math"

// pair is the unevaluated sum hi + lo, |lo| at most half a unit in hi's last
// place. Conversions keep the compiler from fusing products into sums.
type pair struct{ hi, lo float64 }

func addExact(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

func mulExact(a, b float64) pair {
	p := float64(a * b)
	return pair{p, math.FMA(a, b, -p)}
}

func (a pair) add(b pair) pair {
	s := addExact(a.hi, b.hi)
	return addExact(s.hi, s.lo+(a.lo+b.lo))
}

func (a pair) mul(b pair) pair {
	p := mulExact(a.hi, b.hi)
	return addExact(p.hi, p.lo+(float64(a.hi*b.lo)+float64(a.lo*b.hi)))
}

func (a pair) div(b pair) pair {
	q := a.hi / b.hi
	p := b.mul(pair{hi: q})
	rest := a.add(pair{-p.hi, -p.lo})
	return addExact(q, rest.hi/b.hi)
}

// logTerms makes the terms left out of the series less than 2⁻¹¹⁰ of it.
const logTerms = 22

// Logarithm gives natural logarithms rounded to nearest.
type Logarithm struct {
	inverse [logTerms]pair // 1/(2k+1)
}

// New works out what every logarithm needs.
func New() *Logarithm {
	l := &Logarithm{}
	for k := range l.inverse {
		l.inverse[k] = pair{hi: 1}.div(pair{hi: float64(2*k + 1)})
	}
	return l
}

// Of returns ln x for an x of 1 to 2⁵³: with x = m·2ᵉ, m about 1, and
// z = (m−1)/(m+1), that is e·ln 2 + 2·z·Σ z²ᵏ/(2k+1).
func (l *Logarithm) Of(x float64) float64 {
	const ln2 = 0x1.62e42fefa39efp-1
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	z := addExact(m, -1).div(addExact(m, 1))
	square := z.mul(z)
	var sum pair
	for k := logTerms - 1; k >= 0; k-- {
		sum = sum.mul(square).add(l.inverse[k])
	}
	sum = sum.mul(pair{2 * z.hi, 2 * z.lo})
	whole := pair{ln2, math.Ln2 - ln2}.mul(pair{hi: float64(e)})
	return whole.add(sum).hi
}
