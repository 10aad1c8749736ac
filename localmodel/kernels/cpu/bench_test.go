package cpu

import (
	"fmt"
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// benchLevels runs f at the machine's levels on all its threads.
func benchLevels(b *testing.B, name string, f func(b *testing.B, k *Kernels)) {
	for _, l := range Levels() {
		b.Run(fmt.Sprintf("%s/simd=%v", name, l), func(b *testing.B) {
			k := New(l, 0)
			defer k.Close()
			f(b, k)
		})
	}
}

// perSecond reports amount an iteration as unit, in 10^9 a second.
func perSecond(b *testing.B, amount float64, unit string) {
	b.ReportMetric(amount*float64(b.N)/b.Elapsed().Seconds()/1e9, unit)
	b.ReportMetric(0, "ns/op")
}

// modelMatrices are the shapes of SmolLM2-135M and Gemma-3-270M.
var modelMatrices = []struct {
	typ        quant.Type
	rows, cols int
}{
	{quant.Q4_1, 576, 576}, {quant.Q4_1, 1536, 576}, {quant.Q4_1, 576, 1536},
	{quant.Q5_0, 2048, 640}, {quant.Q4_K, 640, 2048}, {quant.Q6_K, 640, 2048},
}

func BenchmarkMatMul(b *testing.B) {
	for _, m := range modelMatrices {
		for _, n := range []int{4, 8, 16, 512} {
			benchLevels(b, fmt.Sprintf("type=%v/shape=%dx%d/n=%d", m.typ, m.rows, m.cols, n), func(b *testing.B, k *Kernels) {
				r := seeded(1)
				w := randomMatrix(r, m.typ, m.rows, m.cols)
				x, out := random(r, n*m.cols), make([]float32, n*m.rows)
				for b.Loop() {
					k.MatMul(out, x, n, w)
				}
				perSecond(b, 2*float64(n*m.rows*m.cols), "GFLOP/s")
			})
		}
	}
}

func BenchmarkMatVec(b *testing.B) {
	matrices := append(modelMatrices[:len(modelMatrices):len(modelMatrices)], struct {
		typ        quant.Type
		rows, cols int
	}{quant.Q8_0, 49152, 576}, struct {
		typ        quant.Type
		rows, cols int
	}{quant.Q8_0, 262144, 640})
	for _, m := range matrices {
		benchLevels(b, fmt.Sprintf("type=%v/shape=%dx%d", m.typ, m.rows, m.cols), func(b *testing.B, k *Kernels) {
			r := seeded(1)
			w := randomMatrix(r, m.typ, m.rows, m.cols)
			x, out := random(r, m.cols), make([]float32, m.rows)
			for b.Loop() {
				k.MatMul(out, x, 1, w)
			}
			perSecond(b, float64(len(w.Data)), "GB/s")
		})
	}
}

func BenchmarkAttend(b *testing.B) {
	models := []struct {
		name  string
		shape AttendShape
	}{
		{"smollm2", AttendShape{Heads: 9, KV: KVShape{3, 64, 64, F16}}},
		{"gemma3", AttendShape{Heads: 4, KV: KVShape{1, 256, 256, F16}}},
	}
	for _, m := range models {
		kv := m.shape.KV
		for _, ctx := range []int{512, 4096, 8192} {
			benchLevels(b, fmt.Sprintf("prefill/model=%s/ctx=%d", m.name, ctx), func(b *testing.B, k *Kernels) {
				const n = 512 // the last chunk of the prompt
				j := newCall(seeded(1), m.shape, n, ctx).job(0, n)
				for b.Loop() {
					k.Attend(m.shape, j)
				}
				perSecond(b, 2*float64(m.shape.Heads*(kv.KeyDim+kv.ValueDim))*(float64(n)*float64(ctx)-n*n/2), "GFLOP/s")
			})
			benchLevels(b, fmt.Sprintf("decode/model=%s/ctx=%d", m.name, ctx), func(b *testing.B, k *Kernels) {
				j := newCall(seeded(1), m.shape, 1, ctx).job(0, 1)
				for b.Loop() {
					k.Attend(m.shape, j)
				}
				perSecond(b, float64(ctx*kv.Heads*(kv.KeyDim+kv.ValueDim)*kv.Type.size()), "GB/s")
			})
		}
	}
}
