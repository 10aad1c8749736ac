package kda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Under orthonormal keys, with beta 1 and no decay, the state holds a value for
// each channel and gives each back; one pair more replaces the value of the
// key that it takes up again, and only that.
func TestRecallIsExactUpToTheKeysDimensions(t *testing.T) {
	const dk, dv = 64, 64
	eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
		for name, form := range forms {
			for _, pairs := range []int{1, dk - 1, dk, dk + 1} {
				t.Run(fmt.Sprintf("%s, %d pairs", name, pairs), func(t *testing.T) { recall(t, k, form, dk, dv, pairs) })
			}
		}
	})
}

func recall(t *testing.T, k *cpu.Kernels, form func(*cpu.Kernels, *Scratch, Shape, ...Work), dk, dv, pairs int) {
	s := Shape{Heads: 1, KeyDim: dk, ValueDim: dv, Scale: 1}
	n := pairs + dk // each pair, then a question for each key that writes nothing
	w := Work{
		N: n, Q: make([]float32, n*dk), K: make([]float32, n*dk), V: make([]float32, n*dv), Decay: make([]float32, n*dk),
		Beta: make([]float32, n), State: make([]float32, s.StateLen()),
	}
	r := rand.New(rand.NewPCG(5, uint64(pairs)))
	held := make([][]float64, dk) // by key
	for i := range held {
		held[i] = make([]float64, dv)
	}
	for i := range n {
		code := hadamard(i%dk, dk)
		if i < pairs {
			copy(w.K[i*dk:], code)
			w.Beta[i] = 1
			for y := range dv {
				w.V[i*dv+y] = float32(r.NormFloat64())
			}
			held[i%dk] = wide(w.V[i*dv:][:dv])
			continue
		}
		copy(w.Q[i*dk:], hadamard(i-pairs, dk))
		copy(w.K[i*dk:], hadamard(i-pairs, dk))
	}
	w = w.fresh(s)
	form(k, &Scratch{}, s, w)
	for key := range dk {
		close32(t, fmt.Sprintf("key %d", key), w.Out[(pairs+key)*dv:][:dv], held[key], 1e-5)
	}
}

// hadamard is row i of an orthonormal matrix of size n, a power of four.
func hadamard(i, n int) []float32 {
	code := make([]float32, n)
	for j := range code {
		code[j] = 1
		for both := i & j; both > 0; both &= both - 1 {
			code[j] = -code[j]
		}
	}
	unit(code)
	return code
}
