package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// choice is a call of which every row of a kv head's group sees keys of its own.
type choice struct {
	*call
	keys [][]bool // by query head
	turn []int    // by block: which query meets it
	alt  []float32
}

func newChoice(r *rand.Rand, shape AttendShape, n, keys int) *choice {
	shape.NonCausal = true
	c := &choice{call: newCall(r, shape, n, keys)}
	c.alt = random(r, len(c.q))
	for range shape.Heads {
		seen, share := make([]bool, keys), r.Float64()*r.Float64()
		for i := range seen {
			seen[i] = r.Float64() < share
		}
		c.keys = append(c.keys, seen)
	}
	for range c.blocks() {
		c.turn = append(c.turn, r.IntN(2))
	}
	return c
}

// jobs are one for each query head.
func (c *choice) jobs() []ChosenJob {
	var out []ChosenJob
	blocks := c.blocks()
	for h := range c.heads {
		j := ChosenJob{Head: h / (c.heads / c.kvHeads), N: c.n, Out: poisoned(c.n * c.dv), Stride: c.dv, LSE: poisoned(c.n)}
		for _, q := range [][]float32{c.q, c.alt} {
			var rows []float32
			for i := range c.n {
				rows = append(rows, q[(i*c.heads+h)*c.d:][:c.d]...)
			}
			j.Q = append(j.Q, rows)
		}
		for b, block := range blocks {
			x := ChosenBlock{Block: block, Turn: c.turn[b]}
			for i := range min(BlockTokens, c.len-b*BlockTokens) {
				if c.keys[h][b*BlockTokens+i] {
					x.Keys |= 1 << i
				}
			}
			j.Blocks = append(j.Blocks, x)
		}
		out = append(out, j)
	}
	return out
}

// row is the definition in float64.
func (c *choice) row(h, i int) (out []float64, lse float64) {
	out, sum, scores := make([]float64, c.dv), 0.0, make([]float64, c.len)
	kv := h / (c.heads / c.kvHeads)
	for j := range c.len {
		q := c.q
		if c.turn[j/BlockTokens] == 1 {
			q = c.alt
		}
		for x := range c.d {
			scores[j] += c.scale * float64(q[(i*c.heads+h)*c.d+x]) * float64(c.k[(j*c.kvHeads+kv)*c.d+x])
		}
		if c.softCap > 0 {
			scores[j] = c.softCap * math.Tanh(scores[j]/c.softCap)
		}
		if c.keys[h][j] {
			sum += math.Exp(scores[j])
		}
	}
	for j, s := range scores {
		for x := range out {
			if c.keys[h][j] {
				out[x] += math.Exp(s) / sum * float64(c.v[(j*c.kvHeads+kv)*c.dv+x])
			}
		}
	}
	return out, math.Log(sum)
}

func TestAttendChosenEqualsLoops(t *testing.T) {
	for _, shape := range []AttendShape{
		{Heads: 3, KV: KVShape{3, 64, 64, F32}},
		{Heads: 9, KV: KVShape{3, 64, 64, F16}},
		{Heads: 4, KV: KVShape{2, 128, 96, Q8}, SoftCap: 5},
		{Heads: 2, KV: KVShape{1, 16, 17, F32}, Scale: 0.5},
	} {
		for _, size := range [][2]int{{1, 1}, {1, 64}, {1, 700}, {3, 130}, {40, 200}} {
			c := newChoice(seeded(size[1]), shape, size[0], size[1])
			eachLevel(t, func(t *testing.T, k *Kernels) {
				jobs := c.jobs()
				k.AttendChosen(c.shape, jobs...)
				for h, j := range jobs {
					intact(t, j.Out)
					intact(t, j.LSE)
					for i := range c.n {
						out, lse := c.row(h, i)
						what := fmt.Sprintf("%+v n=%d keys=%d head %d row %d", shape, c.n, c.len, h, i)
						near(t, what+" out", j.Out[i*c.dv:], out)
						near(t, what+" lse", j.LSE[i:], []float64{lse})
					}
				}
			})
		}
	}
}

// A row that sees every key by one query gets what Attend gives it.
func TestAllChosenIsAttend(t *testing.T) {
	c := newChoice(seeded(5), AttendShape{Heads: 6, KV: KVShape{2, 64, 64, F16}}, 5, 333)
	for h := range c.keys {
		for i := range c.keys[h] {
			c.keys[h][i] = true
		}
	}
	clear(c.turn)
	eachLevel(t, func(t *testing.T, k *Kernels) {
		whole := c.job(0, c.n)
		k.Attend(c.shape, whole)
		jobs := c.jobs()
		k.AttendChosen(c.shape, jobs...)
		for h, j := range jobs {
			for i := range c.n {
				for x, v := range j.Out[i*c.dv:][:c.dv] {
					if w := whole.Out[(i*c.heads+h)*c.dv+x]; math.Abs(float64(v-w)) > 1e-6 {
						t.Fatalf("head %d, row %d: %g chosen, %g of all", h, i, v, w)
					}
				}
			}
		}
	})
}

func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i, w := range want {
		if g := float64(got[i]); g != w && !(math.Abs(g-w) <= tolAttend*math.Max(1, math.Abs(w))) {
			t.Fatalf("%s: element %d: got %g, want %g", what, i, g, w)
		}
	}
}
