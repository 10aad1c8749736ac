package gpu

import (
	"fmt"
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// BenchmarkMatMul runs a matrix of 1536 rows of 768 weights over tokens.
func BenchmarkMatMul(b *testing.B) {
	d := openDevice(b, Options{})
	for _, typ := range quant.Types() {
		for _, tokens := range []int{1, 64} {
			b.Run(fmt.Sprintf("type=%s/tokens=%d", typ, tokens), func(b *testing.B) {
				const rows, cols = 1536, 768
				m, err := d.NewMatrix(randomTensor(source("bench"), typ, rows, cols))
				if err != nil {
					b.Fatal(err)
				}
				defer m.Release()
				x, y := input(b, d, make([]float32, tokens*cols)), output(b, d, tokens*rows)
				repeat(b, d, func(s *Step) { s.MatMul(y, m, x, tokens) })
				b.ReportMetric(float64(b.N)*batch*rows*cols*float64(tokens)/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
		}
	}
}

// batch is the number of operations in a benchmark's step, so that submitting
// weighs little.
const batch = 8

func repeat(b *testing.B, d *Device, record func(s *Step)) {
	b.Helper()
	for b.Loop() {
		s := d.Begin()
		for range batch {
			record(s)
		}
		if err := s.Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAttend runs one layer of nine heads of 64 in groups of three.
func BenchmarkAttend(b *testing.B) {
	d := openDevice(b, Options{})
	for _, tokens := range []int{1, 64} {
		for _, ctx := range []int{128, 1024} {
			b.Run(fmt.Sprintf("tokens=%d/ctx=%d", tokens, ctx), func(b *testing.B) {
				cache, err := d.NewCache(ctx, 3, 64, 64)
				if err != nil {
					b.Fatal(err)
				}
				defer cache.Release()
				m, err := d.NewScratch(tokens, 9, 64)
				if err != nil {
					b.Fatal(err)
				}
				defer m.Release()
				q, out := input(b, d, make([]float32, tokens*9*64)), output(b, d, tokens*9*64)
				a := Attention{Heads: 9, Pos: ctx - tokens, Scale: 0.125}
				repeat(b, d, func(s *Step) { s.Attend(out, q, cache, m, a, tokens) })
				b.ReportMetric(float64(b.N*batch*tokens)/b.Elapsed().Seconds(), "tok/s")
			})
		}
	}
}

// BenchmarkKDA runs four heads of 128 in both forms.
func BenchmarkKDA(b *testing.B) {
	d := openDevice(b, Options{})
	a := DeltaAttention{Heads: 4, KeyDim: 128, ValueDim: 128, Scale: 0.1}
	for _, tokens := range []int{1, 4, 16, 64, 256} {
		m, err := d.NewDeltaScratch(tokens, a)
		if err != nil {
			b.Fatal(err)
		}
		defer m.Release()
		x := func(width int) *Buffer { return input(b, d, make([]float32, tokens*a.Heads*width)) }
		q, k, v, g, beta, state, out := x(128), x(128), x(128), x(128), x(1), input(b, d, make([]float32, 4*128*128)), x(128)
		for form, op := range map[string]func(*Step){
			"recurrence": func(s *Step) { s.KDA(out, state, q, k, v, g, beta, a, tokens) },
			"chunks":     func(s *Step) { s.KDAChunks(out, state, q, k, v, g, beta, m, a, tokens) },
		} {
			b.Run(fmt.Sprintf("form=%s/tokens=%d", form, tokens), func(b *testing.B) {
				repeat(b, d, op)
				b.ReportMetric(float64(b.N*batch*tokens)/b.Elapsed().Seconds(), "tok/s")
			})
		}
	}
}

// BenchmarkModel runs SmolLM2-135M: a prompt of 64 tokens, and single tokens
// behind it.
func BenchmarkModel(b *testing.B) {
	d := openDevice(b, Options{})
	c := smolLM2()
	c.Context = 512
	m, err := NewModel(d, c, openGGUF(b, "smollm2-135m.gguf").Tensor)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	prompt := tokens(64)
	b.Run("prefill=64", func(b *testing.B) {
		for b.Loop() {
			if err := m.Prefill(prompt, 0); err != nil {
				b.Fatal(err)
			}
			if _, err := m.Next(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(64*b.N)/b.Elapsed().Seconds(), "tok/s")
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if m.Len() == c.Context {
				if err := m.Prefill(prompt, 0); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := m.Decode(7); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tok/s")
	})
}
