package rope

import (
	"fmt"
	"math"
)

// YaRN leaves pairs that turn often within L0 as they are, interpolates those
// that turn less than once, and goes from one to the other by a ramp, which has
// two forms. Both multiply cosines and sines by 0.1 ln s + 1, the scores so by
// its square. Source: arXiv 2309.00071 §3.2 to 3.4.
//
// The shipped form (transformers, llama.cpp, the paper's own code) has its ramp
// linear in the pair's index, between the pairs that make BetaFast and BetaSlow
// turns: i(r) = d ln(L0/(2πr)) / (2 ln base), rounded outwards. Models are used
// with this one. The paper's form has it linear in the number of turns
// r_i = L0 f_i/(2π).
type YaRN struct {
	Factor             float64 // s
	Original           int     // L0
	BetaFast, BetaSlow float64 // turns; as a rule 32 and 1
	Paper              bool    // the paper's form; else the shipped one
	Amplitude          float64 // instead of 0.1 ln s + 1; 0: that
}

// String implements Scaling.
func (y YaRN) String() string {
	form := "shipped"
	if y.Paper {
		form = "paper"
	}
	return fmt.Sprintf("yarn:factor=%s%s,beta-fast=%s,beta-slow=%s,form=%s,amplitude=%s",
		number(y.Factor), ifSet(y.Original), number(y.BetaFast), number(y.BetaSlow), form, number(y.amplitude()))
}

// For implements Scaling.
func (y YaRN) For(trained int) Scaling {
	y.Original = original(y.Original, trained)
	return y
}

// Frequencies implements Scaling.
func (y YaRN) Frequencies(base float64, d, _ int) ([]float64, float64) {
	f := powers(base, d)
	keep := y.shipped(base, d)
	if y.Paper {
		keep = y.paper
	}
	for i, plain := range f {
		k := keep(i, plain)
		f[i] = plain*k + plain/y.Factor*(1-k)
	}
	return f, y.amplitude()
}

// shipped returns how much of its own frequency a pair keeps, 0 to 1.
func (y YaRN) shipped(base float64, d int) func(i int, f float64) float64 {
	pair := func(turns float64) float64 {
		return float64(d) * math.Log(float64(y.Original)/(turns*2*math.Pi)) / (2 * math.Log(base))
	}
	last := float64(d - 1)
	low := min(last, max(0, math.Floor(pair(y.BetaFast))))
	high := min(last, max(0, math.Ceil(pair(y.BetaSlow))))
	if high == low {
		high += 0.001
	}
	return func(i int, _ float64) float64 { return 1 - clip((float64(i)-low)/(high-low)) }
}

// paper is shipped in the paper's form.
func (y YaRN) paper(_ int, f float64) float64 {
	turns := float64(y.Original) * f / (2 * math.Pi)
	return clip((turns - y.BetaSlow) / (y.BetaFast - y.BetaSlow))
}

func (y YaRN) amplitude() float64 {
	if y.Amplitude != 0 {
		return y.Amplitude
	}
	return GrownAmplitude(y.Factor, 1)
}

// GrownAmplitude is 0.1 m ln s + 1, and 1 up to s = 1.
func GrownAmplitude(s, m float64) float64 {
	if s <= 1 {
		return 1
	}
	return 0.1*m*math.Log(s) + 1
}

// Step implements Scaling.
func (YaRN) Step(int) int { return 0 }

// Reach implements Scaling.
func (y YaRN) Reach(_ float64, _, trained int) float64 {
	return y.Factor * float64(original(y.Original, trained))
}
