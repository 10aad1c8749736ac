package kda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// drawn is a shape with tokens, decays from none to far beyond what one chunk
// could hold in float32, and betas of 0 and 1 among the others.
func drawn(t *rapid.T) (Shape, Work) {
	s := Shape{
		Heads: rapid.IntRange(1, 3).Draw(t, "heads"), KeyDim: rapid.IntRange(1, 70).Draw(t, "key dim"),
		ValueDim: rapid.IntRange(1, 70).Draw(t, "value dim"), Scale: rapid.SampledFrom([]float32{0, 1}).Draw(t, "scale"),
	}
	n := rapid.SampledFrom([]int{1, 2, 15, 16, 17, 31, 63, 64, 65, 127, 150, 200}).Draw(t, "tokens")
	strength := rapid.SampledFrom([]float64{0, 0.01, 0.3, 1, 6, 30, 200}).Draw(t, "decay")
	x := draw(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), s, n, strength)
	switch rapid.SampledFrom([]string{"any", "none", "all", "some"}).Draw(t, "beta") {
	case "none":
		clear(x.Beta)
	case "all":
		for i := range x.Beta {
			x.Beta[i] = 1
		}
	case "some":
		for i := range x.Beta {
			x.Beta[i] = float32(i / 3 % 2)
		}
	}
	if rapid.Bool().Draw(t, "uneven decay") { // strong for a while, then none
		for i := n / 2 * s.Heads * s.KeyDim; i < len(x.Decay); i++ {
			x.Decay[i] = 0
		}
	}
	return s, x
}

// size is the largest magnitude, at least 1: errors grow with it where unit
// keys of one or two channels and no decay let rows add up.
func size(x []float64) float64 {
	top := 1.0
	for _, v := range x {
		top = max(top, v, -v)
	}
	return top
}

func TestAnyFormAndCutEqualsTheDefinition(t *testing.T) {
	for _, l := range cpu.Levels() {
		k := cpu.New(l, 2)
		t.Cleanup(k.Close)
		b := &Scratch{} // of all shapes in turn
		t.Run(l.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s, x := drawn(t)
				out, state := reference(Recurrent64).run(s, x)
				tolOut, tolState := tolerance*size(out), tolerance*size(state)
				for name, form := range forms {
					w := x.fresh(s)
					for from := 0; from < x.N; {
						to := rapid.IntRange(from+1, x.N).Draw(t, "cut")
						form(k, b, s, w.cut(s, from, to))
						from = to
					}
					close32(t, fmt.Sprint(name, " o"), w.Out, out, tolOut)
					close32(t, fmt.Sprint(name, " state"), w.State, state, tolState)
				}
			})
		})
	}
}

func TestReferencesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, x := drawn(t)
		out, state := reference(Recurrent64).run(s, x)
		rows := rapid.IntRange(1, x.N+1).Draw(t, "chunk")
		gotOut, gotState := chunked64(rows).run(s, x)
		close64(t, "o", gotOut, out, 1e-10*size(out))
		close64(t, "state", gotState, state, 1e-10*size(state))
	})
}
