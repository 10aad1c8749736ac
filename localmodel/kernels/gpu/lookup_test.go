package gpu

import (
	"math"
	"testing"
)

// What keys receive from two chunks of a prompt adds up.
func TestColumnSumsEqualFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, window := range []int{0, 7} {
		for _, limit := range []float64{0, 2} {
			testColumnSums(t, d, window, limit)
		}
	}
}

func testColumnSums(t *testing.T, d *Device, window int, limit float64) {
	t.Helper()
	const n, cut, heads, kvHeads, dim = 45, 19, 6, 2, 20
	r := source("columns")
	q, k := normal(r, n*heads*dim), normal(r, n*kvHeads*dim)
	cache, err := d.NewCache(n, kvHeads, dim, dim)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.NewScratch(n, heads, dim)
	if err != nil {
		t.Fatal(err)
	}
	s := d.Begin()
	storeAll(t, d, s, cache, k, k, n)
	sums := output(t, d, heads*n)
	if err := sums.WriteFloats(0, make([]float32, heads*n)); err != nil {
		t.Fatal(err)
	}
	for _, at := range [][2]int{{0, cut}, {cut, n}} {
		rows := at[1] - at[0]
		a := Attention{Heads: heads, Pos: at[0], Window: window, Scale: 0.3, Cap: limit, LSE: output(t, d, rows*heads)}
		part := input(t, d, q[at[0]*heads*dim:at[1]*heads*dim])
		s.Attend(output(t, d, rows*heads*dim), part, cache, m, a, rows)
		s.ColumnSums(sums, part, a.LSE, cache, a, rows, n)
	}
	want := received(q, k, heads, kvHeads, dim, Attention{Window: window, Scale: 0.3, Cap: limit})
	near(t, "sums", run(t, s, sums, heads*n), want, 4)
}

// received is the definition in float64: [heads, keys].
func received(q, k []float32, heads, kvHeads, dim int, a Attention) []float64 {
	keys := len(q) / (heads * dim)
	out := make([]float64, heads*keys)
	for row := range len(q) / dim {
		h, at := row%heads, row/heads
		weights, sum := make([]float64, at+1), 0.0
		for j := range weights {
			if a.Window > 0 && at-j >= a.Window {
				continue
			}
			s := 0.0
			for x := range dim {
				s += float64(q[row*dim+x]) * float64(k[(j*kvHeads+h/(heads/kvHeads))*dim+x])
			}
			if s *= a.Scale; a.Cap > 0 {
				s = a.Cap * math.Tanh(s/a.Cap)
			}
			weights[j] = math.Exp(s)
			sum += weights[j]
		}
		for j, w := range weights {
			out[h*keys+j] += w / sum
		}
	}
	return out
}

// A query that is turned to several places is what RoPE makes of it at each.
func TestTurnIsRoPEAtEachPlace(t *testing.T) {
	d := openDevice(t, Options{})
	const turns, tokens, heads, dim = 3, 5, 2, 12
	for _, interleaved := range []bool{false, true} {
		for _, pairs := range []int{6, 4} {
			r := source("turn")
			x, table := normal(r, tokens*heads*dim), normal(r, 2*turns*tokens*pairs)
			s := d.Begin()
			out := output(t, d, turns*len(x))
			s.Turn(out, input(t, d, x), input(t, d, table), turns, tokens, heads, dim, pairs, interleaved)
			got := run(t, s, out, turns*len(x))
			for u := range turns {
				s, b := d.Begin(), output(t, d, len(x))
				if err := b.WriteFloats(0, x); err != nil {
					t.Fatal(err)
				}
				s.RoPE(b, input(t, d, table[2*u*tokens*pairs:]), tokens, heads, dim, pairs, interleaved, 0)
				near(t, "turn", got[u*len(x):][:len(x)], wide(run(t, s, b, len(x))), 1)
			}
		}
	}
}
