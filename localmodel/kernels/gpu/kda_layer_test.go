package gpu

import (
	"fmt"
	"math"
	"testing"
)

// Convolutions go on from the samples before, however a prompt is cut, and more
// taps than tokens need samples of several calls ago.
func TestConvolutionsGoOnFromTheirTails(t *testing.T) {
	d := openDevice(t, Options{})
	const n, channels = 13, 70
	for _, taps := range []int{1, 2, 4, 7} {
		for _, step := range []int{1, 2, 3, 5, n} {
			r := source("convolution")
			x, w, before := normal(r, n*channels), normal(r, taps*channels), normal(r, (taps-1)*channels)
			tail := output(t, d, len(before))
			if err := tail.WriteFloats(0, before); err != nil {
				t.Fatal(err)
			}
			weights, s := input(t, d, w), d.Begin()
			got := make([]float32, len(x))
			for at := 0; at < n; at += step {
				part := x[at*channels : min(n, at+step)*channels]
				out := output(t, d, len(part))
				s.conv(out, input(t, d, part), weights, tail, len(part)/channels, channels, taps)
				s.ReadFloats(out, 0, got[at*channels:][:len(part)])
			}
			kept := run(t, s, tail, len(before))
			all := append(before, x...)
			want := make([]float64, len(x))
			for i := range want {
				sum := 0.0
				for tap := range taps {
					sum += float64(w[tap*channels+i%channels]) * float64(all[i+tap*channels])
				}
				want[i] = sum / (1 + math.Exp(-sum))
			}
			name := fmt.Sprintf("%d taps, %d at a time", taps, step)
			near(t, name, got, want, 4)
			near(t, name+": tail", kept, wide(all[n*channels:]), 0)
		}
	}
}

// A log decay near 0 keeps its digits, since a state sees it thousands of times.
func TestDecaysKeepTheirDigits(t *testing.T) {
	d := openDevice(t, Options{})
	const heads, dim = 2, 5
	z := []float32{-60, -20, -9, -3, -1, -0.1, 0, 0.1, 1, 3, 9, 20, 60, 300, -300, 2, -2, 5, -5, 7}
	rate, bias := []float32{0.3, 2.7}, normal(source("bias"), heads*dim)
	rows := len(z) / dim
	beta := normal(source("beta"), rows)
	l := &DeltaLayer{DeltaAttention: DeltaAttention{Heads: heads, KeyDim: dim}, ALog: input(t, d, rate), DecayBias: input(t, d, bias)}
	decay, factor := output(t, d, len(z)), output(t, d, rows)
	if decay.WriteFloats(0, z) != nil || factor.WriteFloats(0, beta) != nil {
		t.Fatal("not written")
	}
	s := d.Begin()
	s.deltaGates(decay, factor, l, rows)
	got := run(t, s, decay, len(z))
	for i, v := range got {
		x := float64(z[i] + bias[i%(heads*dim)])
		want := -math.Exp(float64(rate[i/dim%heads])) * (max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))))
		if diff := math.Abs(float64(v) - want); !(diff <= 1e-5*math.Abs(want)+1e-30) {
			t.Errorf("%v: got %v, want %v", x, v, want)
		}
	}
	want := make([]float64, rows)
	for i, b := range beta {
		want[i] = 1 / (1 + math.Exp(-float64(b)))
	}
	near(t, "beta", run(t, d.Begin(), factor, rows), want, 0)
}
