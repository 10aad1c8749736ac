package goldentest

import (
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/rope"
)

// Scaling is the kind of rope that a case names, with the reference's defaults
// for what it leaves open.
func (c Case) Scaling(t testing.TB) rope.Scaling {
	t.Helper()
	s, original := c.Number("factor", 1), int(c.Number("orig", 4096))
	switch kind := c.Params["kind"]; kind {
	case "none", nil:
		return rope.None{}
	case "abf":
		return rope.ABF{Base: c.Number("base", 1e4)}
	case "pi":
		return rope.PI{Factor: s}
	case "ntk":
		return rope.NTK{Factor: s}
	case "dynamic_ntk":
		return rope.DynamicNTK{Factor: s, Original: original}
	case "yarn", "yarn_paper":
		return rope.YaRN{
			Factor: s, Original: original, Paper: kind == "yarn_paper",
			BetaFast: c.Number("beta_fast", 32), BetaSlow: c.Number("beta_slow", 1),
		}
	case "llama3":
		return rope.Llama3{Factor: s, Original: original, Low: c.Number("low_freq", 1), High: c.Number("high_freq", 4)}
	default:
		t.Fatalf("%s: no kind %v", c.ID, kind)
		return nil
	}
}

// Frequencies are the inverse frequencies of a case's d channels, and the
// amplitude.
func (c Case) Frequencies(t testing.TB) ([]float64, float64) {
	t.Helper()
	return c.Scaling(t).Frequencies(c.Number("base", 1e4), int(c.Number("d", 0)), int(c.Number("n", 0)))
}

// Whole returns frequencies and the whole position at which they turn by the
// angles of a fractional one: kernels take whole positions.
func Whole(freqs []float64, position float64) ([]float64, int) {
	if position == math.Trunc(position) {
		return freqs, int(position)
	}
	turned := make([]float64, len(freqs))
	for i, f := range freqs {
		turned[i] = f * position
	}
	return turned, 1
}
