package landmark

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// rotated is a head's query or key at a position, in float64.
func rotated(s attentiontest.Shape, x []float32, at int) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	for i := 0; s.Base > 0 && i < len(x)/2; i++ {
		sin, cos := math.Sincos(float64(at) * math.Pow(s.Base, -2*float64(i)/float64(len(x))))
		a, b := out[i], out[i+len(x)/2]
		out[i], out[i+len(x)/2] = a*cos-b*sin, a*sin+b*cos
	}
	return out
}

// grouped is the grouped softmax of one row and head: blocks of every tokens,
// the last of each its landmark (../shared/spec/attention.md §3).
func grouped(s attentiontest.Shape, x attentiontest.Tokens, row, head, every int) []float64 {
	kv := head / (s.Heads / s.KVHeads)
	q := rotated(s, x.Q[(row*s.Heads+head)*s.KeyDim:][:s.KeyDim], row)
	weight := func(j int) float64 {
		score := 0.0
		for c, v := range rotated(s, x.K[(j*s.KVHeads+kv)*s.KeyDim:][:s.KeyDim], j) {
			score += q[c] * v
		}
		return math.Exp(score / math.Sqrt(float64(s.KeyDim)))
	}
	// mix is Σ e_j v_j over from … to-1 and Σ e_j.
	mix := func(from, to int) ([]float64, float64) {
		out, sum := make([]float64, s.ValueDim), 0.0
		for j := from; j < to; j++ {
			e := weight(j)
			sum += e
			for c := range out {
				out[c] += e * float64(x.V[(j*s.KVHeads+kv)*s.ValueDim+c])
			}
		}
		return out, sum
	}
	own := row / every * every
	out, sum := mix(own, min(row+1, own+every-1))
	for block := 0; block < own; block += every {
		inner, total := mix(block, block+every-1)
		e := weight(block + every - 1)
		sum += e
		for c := range out {
			out[c] += e * inner[c] / total
		}
	}
	for c := range out {
		out[c] /= sum
	}
	return out
}

// With as many blocks retrieved as there are, or more, it is the grouped softmax
// of the whole sequence, of any grouping, however it is cut.
func TestWithAllBlocksItIsTheGroupedSoftmax(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		s := attentiontest.Shape{
			KVHeads: rapid.IntRange(1, 3).Draw(t, "kv heads"), KeyDim: 2 * rapid.IntRange(1, 12).Draw(t, "half a key"),
			ValueDim: rapid.IntRange(1, 40).Draw(t, "value dim"), Base: rapid.SampledFrom([]float64{0, 1e4}).Draw(t, "base"),
		}
		s.Heads = s.KVHeads * rapid.IntRange(1, 3).Draw(t, "group")
		l := s.Layer(cpu.F32)
		n, block := rapid.IntRange(1, 60).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "block")
		m := Landmark{Block: block, TopK: (n-1)/(block+1) + rapid.IntRange(0, 2).Draw(t, "more")}
		x := s.Random(n, rapid.Uint64().Draw(t, "seed"))
		c, cut := m.New(l), rapid.IntRange(1, n).Draw(t, "cut")
		got := attentiontest.Feed(k, m, l, c, s.Cut(x, 0, cut))
		for at := cut; at < n; at++ { // as decoding does
			got = append(got, attentiontest.Feed(k, m, l, c, s.Cut(x, at, at+1))...)
		}
		for row := range n {
			for head := range s.Heads {
				for i, w := range grouped(s, x, row, head, block+1) {
					if g := float64(got[(row*s.Heads+head)*s.ValueDim+i]); !(math.Abs(g-w) <= 5e-5) {
						t.Fatalf("row %d, head %d, number %d: got %g, want %g", row, head, i, g, w)
					}
				}
			}
		}
	})
}
