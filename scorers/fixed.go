package scorers

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Fixed is an answer whose score follows from a metric's definition by hand.
type Fixed struct {
	Metric, Prediction string
	References         []string
	Classes            []string
	// Measure names the measure that is checked; empty: the score itself.
	Measure string
	Want    float64
	// Within is how far the score may be off; 0: 1e-9.
	Within float64
}

// CheckFixed scores answers by the benchmark's metrics and returns an error
// that lists those whose score isn't what it should be.
func CheckFixed(benchmark string, answers []Fixed) error {
	var errs []error
	for _, f := range answers {
		m, ok := Lookup(benchmark, f.Metric)
		if !ok {
			errs = append(errs, fmt.Errorf("no metric %q", f.Metric))
			continue
		}
		got := f.pick(m.Score(Case{Prediction: f.Prediction, References: f.References, Classes: f.Classes}))
		within := f.Within
		if within == 0 {
			within = 1e-9
		}
		if !(math.Abs(got-f.Want) <= within) {
			errs = append(errs, fmt.Errorf("%s of %q against %q is %v, want %v", strings.TrimSpace(f.Metric+" "+f.Measure), f.Prediction, f.References, got, f.Want))
		}
	}
	return errors.Join(errs...)
}

func (f Fixed) pick(s Score) float64 {
	if f.Measure == "" {
		return s.Value
	}
	for _, m := range s.Measures {
		if m.Name == f.Measure {
			return m.Value
		}
	}
	return math.NaN()
}
