package cpu

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// The definitions in float64, loops and no tricks.

// matMulReference returns x [n, cols], as k sees it, times the transpose of w,
// and beside it the sums of |x w|, the measure of what float32 sums may lose.
func matMulReference(k *Kernels, activations []float32, n int, w Matrix) (out, size []float64) {
	x, weights := seen(k, activations, n, w), make([]float32, w.Rows*w.Cols)
	if err := quant.Dequantise(weights, w.Data, w.Type); err != nil {
		panic(err)
	}
	for i := range n {
		for r := range w.Rows {
			var sum, abs float64
			for c := range w.Cols {
				p := x[i*w.Cols+c] * float64(weights[r*w.Cols+c])
				sum += p
				abs += math.Abs(p)
			}
			out, size = append(out, sum), append(size, abs)
		}
	}
	return out, size
}

// attention is one call of the reference: q [n, heads, d], k [len, kvHeads, d],
// v [len, kvHeads, dv]; visible says whether row i sees key j (indices).
type attention struct {
	n, len, heads, kvHeads, d, dv int
	scale, softCap                float64
	q, k, v                       []float32
	visible                       func(i, j int) bool
}

// reference returns out [n, heads, dv] and lse [n, heads].
func (a attention) reference() (out, lse []float64) {
	for i := range a.n {
		for h := range a.heads {
			o, l := a.row(i, h)
			out, lse = append(out, o...), append(lse, l)
		}
	}
	return out, lse
}

func (a attention) row(i, h int) (out []float64, lse float64) {
	kvHead := h / (a.heads / a.kvHeads)
	scores, top := make([]float64, a.len), math.Inf(-1)
	for j := range scores {
		var s float64
		for c := range a.d {
			s += float64(a.q[(i*a.heads+h)*a.d+c]) * float64(a.k[(j*a.kvHeads+kvHead)*a.d+c])
		}
		s *= a.scale
		if a.softCap > 0 {
			s = a.softCap * math.Tanh(s/a.softCap)
		}
		if !a.visible(i, j) {
			s = math.Inf(-1)
		}
		scores[j] = s
		top = max(top, s)
	}
	out = make([]float64, a.dv)
	if math.IsInf(top, -1) {
		return out, top
	}
	var sum float64
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	for j, s := range scores {
		for c := range out {
			out[c] += math.Exp(s-top) / sum * float64(a.v[(j*a.kvHeads+kvHead)*a.dv+c])
		}
	}
	return out, top + math.Log(sum)
}
