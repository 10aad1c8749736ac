package rope

import (
	"fmt"
	"math"
)

// Bounds of what a user or a file may say.
const (
	maxFactor   = 1e6
	minBase     = 2
	maxBase     = 1e18
	maxOriginal = 1 << 26 // tokens
)

// Check says what is wrong with a scaling's numbers, a file's or a user's.
func Check(s Scaling) error {
	switch s := s.(type) {
	case PI:
		return checkStretch(s.Factor, 0)
	case E2LLM:
		return checkStretch(s.G, 0)
	case NTK:
		return checkStretch(s.Factor, 0)
	case DynamicNTK:
		return checkStretch(s.Factor, s.Original)
	case YaRN:
		return s.check()
	case Llama3:
		return s.check()
	}
	return nil
}

func (y YaRN) check() error {
	if !(y.BetaSlow > 0 && y.BetaFast > y.BetaSlow && y.BetaFast < math.Inf(1)) {
		return fmt.Errorf("beta-fast=%g, beta-slow=%g: want numbers of turns above 0, the fast one above the slow one", y.BetaFast, y.BetaSlow)
	}
	if !(y.Amplitude >= 0 && y.Amplitude < math.Inf(1)) {
		return fmt.Errorf("amplitude=%g: want a number above 0", y.Amplitude)
	}
	return checkStretch(y.Factor, y.Original)
}

func (l Llama3) check() error {
	if !(l.Low >= 0 && l.High >= l.Low && l.High < math.Inf(1)) {
		return fmt.Errorf("low=%g, high=%g: want numbers from 0 on, high no smaller than low", l.Low, l.High)
	}
	return checkStretch(l.Factor, l.Original)
}

func checkStretch(factor float64, original int) error {
	if !(factor >= 1 && factor <= maxFactor) {
		return fmt.Errorf("factor=%g: want a number from 1 to %g", factor, maxFactor)
	}
	if original < 0 || original > maxOriginal {
		return fmt.Errorf("original=%d: want 1 to %d tokens", original, maxOriginal)
	}
	return nil
}
