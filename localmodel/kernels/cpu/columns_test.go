package cpu

import (
	"math"
	"testing"
)

// columns is the definition in float64: exp(score - lse) of what a row sees.
func (c *call) columns(lse []float64) [][]float64 {
	sums := make([][]float64, c.heads)
	for h := range sums {
		sums[h] = make([]float64, c.len)
		kv := h / (c.heads / c.kvHeads)
		for i := range c.n {
			for j := range c.len {
				s := 0.0
				for x := range c.d {
					s += c.scale * float64(c.q[(i*c.heads+h)*c.d+x]) * float64(c.k[(j*c.kvHeads+kv)*c.d+x])
				}
				if c.softCap > 0 {
					s = c.softCap * math.Tanh(s/c.softCap)
				}
				if c.visible(i, j) {
					sums[h][j] += math.Exp(s - lse[i*c.heads+h])
				}
			}
		}
	}
	return sums
}

func TestColumnSumsEqualLoops(t *testing.T) {
	for _, shape := range []AttendShape{
		{Heads: 3, KV: KVShape{3, 64, 64, F32}},
		{Heads: 9, KV: KVShape{3, 64, 64, F16}},
		{Heads: 4, KV: KVShape{2, 16, 17, F32}, Window: 70},
		{Heads: 4, KV: KVShape{1, 128, 96, Q8}, SoftCap: 5},
		{Heads: 6, KV: KVShape{2, 96, 128, F16}, NonCausal: true},
	} {
		for _, size := range [][2]int{{1, 1}, {1, 64}, {3, 200}, {32, 130}, {150, 150}} {
			c := newCall(seeded(size[1]), shape, size[0], size[1])
			_, lse := c.reference()
			want := c.columns(lse)
			eachLevel(t, func(t *testing.T, k *Kernels) {
				job := c.job(0, c.n)
				k.Attend(shape, job)
				sums := make([][]float64, c.heads)
				for h := range sums {
					sums[h] = make([]float64, c.len)
				}
				k.ColumnSums(shape, job, sums)
				total := 0.0
				for h := range want {
					for j, w := range want[h] {
						total += w
						if g := sums[h][j]; !(math.Abs(g-w) <= 1e-5*math.Max(1, w)) {
							t.Fatalf("%+v n=%d keys=%d: head %d, key %d: got %g, want %g", shape, c.n, c.len, h, j, g, w)
						}
					}
				}
				if w := float64(c.n * c.heads); math.Abs(total-w) > 1e-6*w {
					t.Fatalf("the weights of %g rows sum to %g", w, total)
				}
			})
		}
	}
}
