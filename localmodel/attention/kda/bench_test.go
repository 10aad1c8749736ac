package kda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// BenchmarkPrefill is a prompt by both forms, in time for each token and head
// and in speed by the formula's operations: 2 (c dk + c dv + c²/3 + 3 dk dv)
// for each token and head of the chunkwise form, 8 dk dv of the recurrence.
func BenchmarkPrefill(b *testing.B) {
	k := cpu.New(cpu.Best(), 0)
	defer k.Close()
	for _, d := range []int{64, 128} {
		for _, n := range []int{1 << 10, 1 << 12, 1 << 14, 1 << 16} {
			for _, form := range []string{"chunked", "recurrent"} {
				if form == "recurrent" && n > 1<<14 {
					continue
				}
				b.Run(fmt.Sprintf("form=%s/d=%d/ctx=%dk/simd=%v", form, d, n>>10, cpu.Best()), func(b *testing.B) {
					s := Shape{Heads: 4, KeyDim: d, ValueDim: d}
					w := draw(rand.New(rand.NewPCG(1, 2)), s, n, 0.1).fresh(s)
					scratch := &Scratch{}
					for b.Loop() {
						clear(w.State)
						forms[form](k, scratch, s, w)
					}
					tokens := float64(n) * float64(b.N)
					flop := float64(8 * d * d)
					if form == "chunked" {
						flop = 2 * float64(chunkRows*2*d+chunkRows*chunkRows/3+3*d*d)
					}
					b.ReportMetric(tokens/b.Elapsed().Seconds(), "tok/s")
					b.ReportMetric(flop*float64(s.Heads)*tokens/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}
