package kda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// BenchmarkPrefill is a prompt by the chunkwise form, by the recurrence as
// decoding takes it, and by the recurrence as it is written, in speed by the
// formulas' operations for each token and head: 2 (c dk + c dv + c²/3 +
// 3 dk dv) of the chunkwise form, 8 dk dv of the recurrence.
func BenchmarkPrefill(b *testing.B) {
	k := cpu.New(cpu.Best(), 0)
	defer k.Close()
	for _, d := range []int{64, 128} {
		for _, n := range []int{1 << 10, 1 << 12, 1 << 14, 1 << 16} {
			for _, form := range []struct {
				name string
				take func(k *cpu.Kernels, b *Scratch, s Shape, works ...Work)
				flop int
				most int // tokens
			}{
				{"chunked", Chunked, 2 * (chunkRows*2*d + chunkRows*chunkRows/3 + 3*d*d), 1 << 16},
				{"recurrent", Recurrent, 8 * d * d, 1 << 14},
				{"as-written", asWritten, 8 * d * d, 1 << 14},
			} {
				if n > form.most {
					continue
				}
				b.Run(fmt.Sprintf("form=%s/d=%d/ctx=%dk/simd=%v", form.name, d, n>>10, cpu.Best()), func(b *testing.B) {
					s := Shape{Heads: 4, KeyDim: d, ValueDim: d}
					w := draw(rand.New(rand.NewPCG(1, 2)), s, n, 0.1).fresh(s)
					scratch := &Scratch{}
					for b.Loop() {
						clear(w.State)
						form.take(k, scratch, s, w)
					}
					perSecond := float64(n) * float64(b.N) / b.Elapsed().Seconds()
					b.ReportMetric(perSecond, "tok/s")
					b.ReportMetric(float64(form.flop*s.Heads)*perSecond/1e9, "GFLOP/s")
				})
			}
		}
	}
}

// asWritten takes tokens by the recurrence line by line, one pass over the
// state for each, on the kernels' operations; channels in whole panels.
func asWritten(k *cpu.Kernels, _ *Scratch, s Shape, works ...Work) {
	k.Share(len(works)*s.Heads, func(t cpu.Thread, i int) {
		w, head, d, dv := &works[i/s.Heads], i%s.Heads, s.KeyDim, s.ValueDim
		state := cpu.Dense{Data: w.State[head*d*dv:][:d*dv], Stride: dv}
		decay, key, query, missing := make([]float32, d), make([]float32, d), make([]float32, d), make([]float32, dv)
		keep := make([]float32, d)
		for x := range keep {
			keep[x] = 1
		}
		for n := range w.N {
			row := n*s.Heads + head
			t.Exp(decay, w.Decay[row*d:][:d])
			t.Scale(query, w.Q[row*d:][:d], s.scale())
			t.Scale(key, w.K[row*d:][:d], -1)
			copy(missing, w.V[row*dv:][:dv])
			t.Product(state, cpu.Dense{}, cpu.Dense{}, d, dv, 0, decay)
			t.Product(cpu.Dense{Data: missing, Stride: dv}, cpu.Dense{Data: key, Stride: d}, state, 1, dv, d, keep)
			t.Scale(missing, missing, -w.Beta[row])
			t.Product(state, cpu.Dense{Data: key, Stride: 1}, cpu.Dense{Data: missing, Stride: dv}, d, dv, 1, keep)
			t.Product(cpu.Dense{Data: w.Out[row*dv:], Stride: dv}, cpu.Dense{Data: query, Stride: d}, state, 1, dv, d, nil)
		}
	})
}

func TestAsWrittenIsTheRecurrence(t *testing.T) {
	s := Shape{Heads: 2, KeyDim: 32, ValueDim: 64}
	w := draw(rand.New(rand.NewPCG(7, 8)), s, 40, 0.3)
	out, state := reference(Recurrent64).run(s, w)
	eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
		w := w.fresh(s)
		asWritten(k, nil, s, w)
		close32(t, "o", w.Out, out, tolerance)
		close32(t, "state", w.State, state, tolerance)
	})
}
