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

// A token that wipes the state must not cost the decays behind it their digits,
// as adding them to a sum of -10000 would.
func TestSlowDecaysBehindAResetKeepTheirDigits(t *testing.T) {
	d := openDevice(t, Options{})
	const tokens, dim, slow = 64, 4, -0.001
	a := DeltaAttention{Heads: 1, KeyDim: dim, ValueDim: dim, Scale: 1}
	m, err := d.NewDeltaScratch(tokens, a)
	if err != nil {
		t.Fatal(err)
	}
	q, k, v := make([]float32, tokens*dim), make([]float32, tokens*dim), make([]float32, tokens*dim)
	g, beta, want := make([]float32, tokens*dim), make([]float32, tokens), make([]float64, tokens*dim)
	k[dim], v[dim+1], beta[1] = 1, 1, 1 // token 1 writes once, everyone reads
	for t := range tokens {
		q[t*dim] = 1
		for x := range dim {
			g[t*dim+x] = slow
		}
		if t > 0 {
			want[t*dim+1] = math.Exp(slow * float64(t-1))
		}
	}
	g[0] = -10000
	s, state, out := d.Begin(), output(t, d, dim*dim), output(t, d, tokens*dim)
	if err := state.WriteFloats(0, normal(source("wiped"), dim)); err != nil {
		t.Fatal(err)
	}
	if err := state.WriteFloats(dim, make([]float32, dim*dim-dim)); err != nil {
		t.Fatal(err)
	}
	s.KDAChunks(out, state, input(t, d, q), input(t, d, k), input(t, d, v), input(t, d, g), input(t, d, beta), m, a, tokens)
	near(t, "out", run(t, s, out, tokens*dim), want, 4)
}
