package rope

import (
	"fmt"
	"math"
)

// Llama3 is the scaling of Llama 3.1 and later: by wavelength λ = 2π/f, pairs
// keep t = clip((L0/λ - Low)/(High - Low)) of their frequency, the rest of it is
// divided by s: (1-t) f/s + t f. Source: transformers' rope type llama3; the
// form with three cases is the same.
type Llama3 struct {
	Factor    float64 // s: 8 for Llama 3.1, 32 for the small ones of 3.2
	Original  int     // L0: 8192
	Low, High float64 // 1 and 4
}

// String implements Scaling.
func (l Llama3) String() string {
	return fmt.Sprintf("llama3:factor=%s,low=%s,high=%s%s", number(l.Factor), number(l.Low), number(l.High), ifSet(l.Original))
}

// For implements Scaling.
func (l Llama3) For(trained int) Scaling {
	l.Original = original(l.Original, trained)
	return l
}

// Frequencies implements Scaling.
func (l Llama3) Frequencies(base float64, d, _ int) ([]float64, float64) {
	f, span := powers(base, d), l.High-l.Low
	if span == 0 {
		span = 0.001
	}
	for i, plain := range f {
		wavelength := 2 * math.Pi / plain
		t := clip((float64(l.Original)/wavelength - l.Low) / span)
		f[i] = (1-t)*plain/l.Factor + t*plain
	}
	return f, 1
}

// Step implements Scaling.
func (Llama3) Step(int) int { return 0 }

// Reach implements Scaling.
func (l Llama3) Reach(_ float64, _, trained int) float64 {
	return l.Factor * float64(original(l.Original, trained))
}
