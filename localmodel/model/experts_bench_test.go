package model

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// BenchmarkExperts runs the experts of one layer of Kimi Linear's sizes, a
// quarter of its 256, for a token and for a chunk of a prompt.
func BenchmarkExperts(b *testing.B) {
	const width, hidden, count, take = 2304, 1024, 64, 8
	r := rand.New(rand.NewPCG(1, 2))
	matrix := func(rows, cols int) cpu.Matrix {
		w := cpu.Matrix{Type: quant.BF16, Rows: rows, Cols: cols, Data: make([]byte, 2*rows*cols)}
		for i := 0; i < len(w.Data); i += 2 {
			binary.LittleEndian.PutUint16(w.Data[i:], quant.F32ToBF16(r.Float32()-0.5))
		}
		return w
	}
	e := &experts{routing: routing{take: take, groups: 1, ofGroups: 1, renormalise: true, scale: 2.446}, router: matrix(count, width), bias: make([]float32, count)}
	for range count {
		e.each = append(e.each, network{matrix(hidden, width), matrix(hidden, width), matrix(width, hidden)})
	}
	k := cpu.New(cpu.Best(), 2)
	b.Cleanup(k.Close)
	for _, n := range []int{1, 16, 512} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			x, o, s := make([]float32, n*width), make([]float32, n*width), &expertScratch{}
			for i := range x {
				x[i] = r.Float32() - 0.5
			}
			for b.Loop() {
				e.add(k, s, o, x, n)
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(n*b.N)*take*6*width*hidden/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
