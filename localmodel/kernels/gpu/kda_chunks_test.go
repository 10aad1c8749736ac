package gpu

import (
	"math"
	"testing"
)

func TestDeltaAttentionByChunksEqualsFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, c := range []struct{ dk, dv, tokens int }{{4, 4, 1}, {20, 36, 63}, {16, 20, 64}, {128, 8, 65}, {132, 12, 129}, {256, 40, 70}, {8, 8, 200}} {
		testDeltaChunks(t, d, c.dk, c.dv, c.tokens)
	}
}

// testDeltaChunks carries a state over a prompt, some of whose channels forget
// all at once at some tokens and little at others.
func testDeltaChunks(t *testing.T, d *Device, dk, dv, tokens int) {
	t.Helper()
	const heads = 2
	r := source("delta by chunks")
	q, k, v := normal(r, tokens*heads*dk), normal(r, tokens*heads*dk), normal(r, tokens*heads*dv)
	g, beta, state := normal(r, len(k)), normal(r, tokens*heads), normal(r, heads*dk*dv)
	for i := range k {
		k[i] /= float32(math.Sqrt(float64(dk)))
		if g[i] = -g[i] * g[i] / 20; r.IntN(50) == 0 {
			g[i] *= 5000 // far beyond what float32 has an exponential for
		}
	}
	for i, b := range beta {
		beta[i] = 1 / (1 + float32(math.Exp(float64(b))))
	}
	a := DeltaAttention{Heads: heads, KeyDim: dk, ValueDim: dv, Scale: 0.5}
	m, err := d.NewDeltaScratch(tokens, a)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	s := d.Begin()
	out, kept := output(t, d, len(v)), output(t, d, len(state))
	if err := kept.WriteFloats(0, state); err != nil {
		t.Fatal(err)
	}
	s.KDAChunks(out, kept, input(t, d, q), input(t, d, k), input(t, d, v), input(t, d, g), input(t, d, beta), m, a, tokens)
	want := wide(state)
	near(t, "out", run(t, s, out, len(v)), delta(want, wide(q), wide(k), wide(v), wide(g), wide(beta), heads, dk, dv, 0.5), float64(dk)/4+8)
	near(t, "state", run(t, d.Begin(), kept, len(state)), want, 8)
}
