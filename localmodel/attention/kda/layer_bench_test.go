package kda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// randomLayer is a layer of random weights.
func randomLayer(r *rand.Rand, width, heads, dim int) *Layer {
	draw := func(n int, spread float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(spread * r.NormFloat64())
		}
		return x
	}
	matrix := func(rows, cols int) cpu.Matrix { return f32(draw(rows*cols, 0.05), rows, cols) }
	all := heads * dim
	conv := func() []float32 { return draw(4*all, 0.5) }
	return &Layer{
		Shape: Shape{Heads: heads, KeyDim: dim, ValueDim: dim}, Taps: 4,
		Query: matrix(all, width), Key: matrix(all, width), Value: matrix(all, width), Conv: [3][]float32{conv(), conv(), conv()},
		DecayDown: matrix(dim, width), DecayUp: matrix(all, dim), ALog: draw(heads, 1), DecayBias: draw(all, 1), Beta: matrix(heads, width),
		GateDown: matrix(dim, width), GateUp: matrix(all, dim), Norm: draw(dim, 1), NormEps: 1e-5,
	}
}

// BenchmarkLayer is the whole mixer over a prompt at once, where tokens share
// the passes over weights and state, and token by token, as in decoding.
func BenchmarkLayer(b *testing.B) {
	const n = 1024
	for _, c := range []struct{ width, heads, dim int }{{576, 9, 64}, {1024, 8, 128}} {
		l := randomLayer(rand.New(rand.NewPCG(1, 2)), c.width, c.heads, c.dim)
		x := make([]float32, n*c.width)
		for i := range x {
			x[i] = float32(rand.New(rand.NewPCG(3, uint64(i))).NormFloat64())
		}
		for name, step := range map[string]int{"at-once": n, "by-token": 1} {
			b.Run(fmt.Sprintf("prompt=%s/width=%d/d=%d/ctx=1k/simd=%v", name, c.width, c.dim, cpu.Best()), func(b *testing.B) {
				k := cpu.New(cpu.Best(), 0)
				defer k.Close()
				for b.Loop() {
					mix(k, l, l.New(), x, step)
				}
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "tok/s")
			})
		}
	}
}
