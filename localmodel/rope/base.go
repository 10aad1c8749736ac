package rope

import (
	"fmt"
	"math"
)

// ABF is a change of the base alone: a larger one slows the slow pairs most.
// Source: arXiv 2309.16039 §2 (10 000 to 500 000 for Llama 2 Long).
type ABF struct{ Base float64 }

// String implements Scaling.
func (a ABF) String() string { return "abf:base=" + number(a.Base) }

// For implements Scaling.
func (a ABF) For(int) Scaling { return a }

// Frequencies implements Scaling.
func (a ABF) Frequencies(_ float64, d, _ int) ([]float64, float64) { return powers(a.Base, d), 1 }

// Step implements Scaling.
func (ABF) Step(int) int { return 0 }

// Reach implements Scaling: that of the NTK-aware stretch which comes to this
// base, s = (base'/base)^((d-2)/d), by which the slowest pair slows down.
func (a ABF) Reach(base float64, d, trained int) float64 {
	return float64(trained) * max(1, math.Pow(a.Base/base, float64(d-2)/float64(d)))
}

// NTK changes the base to base s^(d/(d-2)): the fastest pair turns as before,
// the slowest as under position interpolation by s. It runs without tuning, to
// somewhat less than s times the length. Source: the NTK-aware scaling that
// arXiv 2309.00071 §3.1 writes down.
type NTK struct{ Factor float64 } // s

// String implements Scaling.
func (t NTK) String() string { return "ntk:factor=" + number(t.Factor) }

// For implements Scaling.
func (t NTK) For(int) Scaling { return t }

// Frequencies implements Scaling.
func (t NTK) Frequencies(base float64, d, _ int) ([]float64, float64) {
	return powers(raised(base, t.Factor, d), d), 1
}

// Step implements Scaling.
func (NTK) Step(int) int { return 0 }

// Reach implements Scaling.
func (t NTK) Reach(_ float64, _, trained int) float64 { return t.Factor * float64(trained) }

// raised is base s^(d/(d-2)). With one pair alone, whose frequency is 1 at any
// base, it is the base as it was.
func raised(base, s float64, d int) float64 {
	if d <= 2 {
		return base
	}
	return base * math.Pow(s, float64(d)/float64(d-2))
}

// DynamicNTK is plain up to L0 tokens and NTK-aware behind, by a stretch that
// grows with the length: base (s n/L0 - (s-1))^(d/(d-2)) for n > L0. Source:
// arXiv 2309.00071 §3.3 and transformers' rope type dynamic.
//
// There n is the length so far, which leaves the keys in the cache rotated by a
// base that no longer holds. Here n is fixed for each sequence at the length it
// may come to, prompt and answer limit together, rounded up to quarters of L0,
// so that prompts of about one length share what they begin with.
type DynamicNTK struct {
	Factor   float64 // s
	Original int     // L0
}

// String implements Scaling.
func (t DynamicNTK) String() string {
	return "dynamic-ntk:factor=" + number(t.Factor) + ifSet(t.Original)
}

func ifSet(original int) string {
	if original == 0 {
		return ""
	}
	return fmt.Sprintf(",original=%d", original)
}

// For implements Scaling.
func (t DynamicNTK) For(trained int) Scaling {
	t.Original = original(t.Original, trained)
	return t
}

// Frequencies implements Scaling.
func (t DynamicNTK) Frequencies(base float64, d, n int) ([]float64, float64) {
	if n <= t.Original {
		return powers(base, d), 1
	}
	return powers(raised(base, t.Factor*float64(n)/float64(t.Original)-(t.Factor-1), d), d), 1
}

// Step implements Scaling: 0 up to L0, behind it n rounded up to quarters of L0.
func (t DynamicNTK) Step(n int) int {
	if n <= t.Original {
		return 0
	}
	quarter := max(1, t.Original/4)
	return (n + quarter - 1) / quarter * quarter
}

// Reach implements Scaling.
func (t DynamicNTK) Reach(_ float64, _, trained int) float64 {
	return t.Factor * float64(original(t.Original, trained))
}
