package cpu

import (
	"math"
	"testing"
)

// strided returns a matrix of random numbers with NaN between its rows.
func strided(seed, rows, cols, stride int) Dense {
	d := Dense{poisoned((rows-1)*stride + cols), stride}
	r := seeded(seed)
	for i := range rows {
		copy(d.From(i).Data, random(r, cols))
	}
	return d
}

func TestProductEqualsLoops(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			for _, m := range []int{1, 2, 11, 12, 13, 64} {
				for _, n := range []int{1, 32, 64, 70} {
					for _, depth := range []int{0, 1, 3, 16, 64, 129} {
						for _, scaled := range []bool{false, true} {
							checkProduct(t, th, m, n, depth, scaled)
						}
					}
				}
			}
		})
	})
}

func checkProduct(t *testing.T, th Thread, m, n, depth int, scaled bool) {
	t.Helper()
	width := (n + Panel - 1) / Panel * Panel
	a, b := strided(m, m, max(1, depth), depth+3), strided(n, max(1, depth), width, width+5)
	c := strided(depth, m, width, width+7)
	var scale []float32
	if scaled {
		scale = random(seeded(m), m)
	} else {
		for i := range m {
			copy(c.From(i).Data[:width], poisoned(width))
		}
	}
	before := append([]float32(nil), c.Data...)
	th.Product(c, a, b, m, n, depth, scale)
	for i := range m {
		for j := range n {
			want, size := 0.0, 0.0
			if scaled {
				want = float64(scale[i]) * float64(before[i*c.Stride+j])
				size = math.Abs(want)
			}
			for x := range depth {
				p := float64(a.Data[i*a.Stride+x]) * float64(b.Data[x*b.Stride+j])
				want += p
				size += math.Abs(p)
			}
			if g := float64(c.Data[i*c.Stride+j]); !(math.Abs(g-want) <= tolSum*size) {
				t.Fatalf("%d x %d over %d, scaled %v: element %d, %d: got %g, want %g", m, n, depth, scaled, i, j, g, want)
			}
		}
	}
	intact(t, c.Data)
}

func TestTransposeMovesEveryElement(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			for _, s := range [][2]int{{16, 16}, {64, 16}, {16, 128}, {32, 48}} {
				rows, cols := s[0], s[1]
				a, b := strided(1, rows, cols, cols+16), Dense{poisoned((cols-1)*(rows+8) + rows), rows + 8}
				th.Transpose(b, a, rows, cols)
				for r := range rows {
					for c := range cols {
						if got, want := b.Data[c*b.Stride+r], a.Data[r*a.Stride+c]; got != want {
							t.Fatalf("%v: element %d, %d: got %g, want %g", s, r, c, got, want)
						}
					}
				}
				intact(t, b.Data)
			}
		})
	})
}

func TestExpEqualsItsFormula(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			for _, n := range vectorSizes {
				x, got := random(seeded(n), n), poisoned(n)
				for i := range x {
					x[i] *= []float32{1, 10, 50, 1e-3, 1e4}[i%5]
				}
				th.Exp(got, x)
				for i, v := range x {
					want := math.Exp(max(-87, min(87, float64(v))))
					if !(math.Abs(float64(got[i])-want) <= tolVector*want) {
						t.Fatalf("n=%d: exp(%g): got %g, want %g", n, v, got[i], want)
					}
				}
				intact(t, got)
			}
		})
	})
}
