package report

import (
	"math"
	"strconv"
)

// scale places values between two ends of a drawing, in equal steps or (log) in
// equal ratios.
type scale struct {
	low, high float64
	from, to  float64
	log       bool
}

// at is where a value stands.
func (s scale) at(v float64) float64 {
	share := (v - s.low) / (s.high - s.low)
	if s.log {
		share = math.Log(v/s.low) / math.Log(s.high/s.low)
	}
	return round1(s.from + share*(s.to-s.from))
}

// newLinear is a scale over values, with a margin, no narrower than least.
func newLinear(low, high, least, from, to float64) scale {
	if missing := least - (high - low); missing > 0 {
		low, high = low-missing/2, high+missing/2
	}
	margin := 0.06 * (high - low)
	return scale{low: low - margin, high: high + margin, from: from, to: to}
}

// logFrom is the ratio of the largest value to the least from which a scale goes
// by ratios.
const logFrom = 4

// newPositive is a scale over values above 0.
func newPositive(low, high, from, to float64) scale {
	if high/low >= logFrom {
		margin := math.Pow(high/low, 0.1)
		return scale{low: low / margin, high: high * margin, from: from, to: to, log: true}
	}
	s := newLinear(low, high, 0.1*high, from, to)
	s.low = max(s.low, 0)
	return s
}

// ticks are round values on the scale: three to six, as a rule.
func (s scale) ticks() []float64 {
	if s.log {
		if out := s.powers(); len(out) >= 3 {
			return out
		}
	}
	step := math.Pow(10, math.Floor(math.Log10((s.high-s.low)/3)))
	for _, times := range []float64{1, 2, 2.5, 5, 10} {
		if (s.high-s.low)/(times*step) <= 6 {
			step *= times
			break
		}
	}
	var out []float64
	for i := math.Ceil(s.low / step); i*step <= s.high; i++ {
		out = append(out, i*step+0) // never −0
	}
	return out
}

// powers are 1, 2 and 5 times powers of ten; of many decades the powers alone.
func (s scale) powers() []float64 {
	times := []float64{1, 2, 5}
	if s.high/s.low > 100 {
		times = times[:1]
	}
	var out []float64
	for p := math.Floor(math.Log10(s.low)); p <= math.Log10(s.high); p++ {
		for _, n := range times {
			if v := n * math.Pow(10, p); v >= s.low && v <= s.high {
				out = append(out, v)
			}
		}
	}
	return out
}

// numberText prints a tick or a cost: three figures, thousands grouped.
func numberText(v float64) string {
	if math.Abs(v) >= 1000 {
		return grouped(int(math.Round(roundTo(v, 3))))
	}
	return strconv.FormatFloat(roundTo(v, 3), 'f', -1, 64)
}

// sizeUnit is the unit in which numbers of bytes up to the largest are printed.
func sizeUnit(largest float64) (unit float64, name string) {
	switch {
	case largest >= 1<<30:
		return 1 << 30, "GiB"
	case largest >= 1<<20:
		return 1 << 20, "MiB"
	}
	return 1 << 10, "KiB"
}
