package watch

import (
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

func TestItIsFullAttention(t *testing.T) {
	attentiontest.Run(t, attentiontest.Suite{
		Mechanism: &Watch{},
		Sees:      func(s attentiontest.Shape, t int) []attentiontest.Seen { return attentiontest.Causal(t, s.Window) },
		KeepsAll:  func(attentiontest.Shape) bool { return true },
	})
}

// The weights of the newest row are those that its result is made of.
func TestWeightsMakeTheResult(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	for _, shape := range attentiontest.Shapes() {
		l, w := shape.Layer(cpu.F32), &Watch{}
		x := shape.Random(200, 1)
		c := w.New(l)
		for _, to := range []int{150, 199, 200} {
			from := c.Len()
			out := attentiontest.Feed(k, w, l, c, shape.Cut(x, from, to))
			out = out[len(out)-l.Heads*l.KV.ValueDim:]
			for h, weights := range w.Rows()[0].Weights {
				want, sum := make([]float64, l.KV.ValueDim), 0.0
				for j, p := range weights {
					sum += p
					for i := range want {
						want[i] += p * float64(x.V[(j*l.KV.Heads+h/(l.Heads/l.KV.Heads))*l.KV.ValueDim+i])
					}
				}
				if len(weights) != to || math.Abs(sum-1) > 1e-5 {
					t.Fatalf("%v: head %d: %d weights of %g in all", shape, h, len(weights), sum)
				}
				for i, v := range want {
					if got := float64(out[h*l.KV.ValueDim+i]); math.Abs(got-v) > 1e-5 {
						t.Fatalf("%v: head %d, number %d: got %g, the weights make %g", shape, h, i, got, v)
					}
				}
			}
		}
	}
}
