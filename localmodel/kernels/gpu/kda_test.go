package gpu

import (
	"math"
	"testing"
)

func TestDeltaAttentionEqualsFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, dims := range [][2]int{{4, 1}, {20, 37}, {128, 6}, {256, 9}} {
		testDelta(t, d, dims[0], dims[1])
	}
}

// testDelta carries a state over some tokens; keys have length one, as the
// layer has them.
func testDelta(t *testing.T, d *Device, dk, dv int) {
	t.Helper()
	const tokens, heads = 11, 2
	r := source("delta")
	q, k, v := normal(r, tokens*heads*dk), normal(r, tokens*heads*dk), normal(r, tokens*heads*dv)
	g, beta, state := normal(r, len(k)), normal(r, tokens*heads), normal(r, heads*dk*dv)
	for i := range k {
		k[i] /= float32(math.Sqrt(float64(dk)))
		g[i] = -g[i] * g[i] / 4
	}
	for i, b := range beta {
		beta[i] = 1 / (1 + float32(math.Exp(float64(b))))
	}
	s := d.Begin()
	out, kept := output(t, d, len(v)), output(t, d, len(state))
	if err := kept.WriteFloats(0, state); err != nil {
		t.Fatal(err)
	}
	s.KDA(out, kept, input(t, d, q), input(t, d, k), input(t, d, v), input(t, d, g), input(t, d, beta),
		DeltaAttention{Heads: heads, KeyDim: dk, ValueDim: dv, Scale: 0.5}, tokens)
	want := wide(state)
	near(t, "out", run(t, s, out, len(v)), delta(want, wide(q), wide(k), wide(v), wide(g), wide(beta), heads, dk, dv, 0.5), float64(dk)/4+4)
	near(t, "state", run(t, d.Begin(), kept, len(state)), want, 4)
}

// delta is the recurrence in float64; state is carried on.
func delta(state, q, k, v, g, beta []float64, heads, dk, dv int, scale float64) []float64 {
	out := make([]float64, len(v))
	for row := range beta {
		s := state[row%heads*dk*dv:][:dk*dv]
		for c := range dv {
			e := v[row*dv+c]
			for x := range dk {
				s[x*dv+c] *= math.Exp(g[row*dk+x])
				e -= k[row*dk+x] * s[x*dv+c]
			}
			for x := range dk {
				s[x*dv+c] += beta[row] * k[row*dk+x] * e
				out[row*dv+c] += scale * q[row*dk+x] * s[x*dv+c]
			}
		}
	}
	return out
}
