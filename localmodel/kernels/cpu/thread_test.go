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

func TestStepEqualsLoops(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			for _, n := range []int{16, 48, 128} {
				for _, rows := range []int{0, 1, 2, 15} {
					checkStep(t, th, n, rows)
				}
			}
		})
	})
}

func checkStep(t *testing.T, th Thread, n, rows int) {
	t.Helper()
	r := seeded(n + rows)
	s := &Step{
		Decay: random(r, n), Key: random(r, n), Query: random(r, n), Run: append(poisoned(n)[:0], random(r, n)...),
		KeyOut: poisoned(n), QueryOut: poisoned(n), Past: strided(n, max(1, rows), n, n+4), Rows: rows, A: poisoned(rows), P: poisoned(rows),
	}
	for i := range s.Decay {
		s.Decay[i] = float32(math.Abs(math.Tanh(float64(s.Decay[i]))))
	}
	run, past := append([]float32(nil), s.Run...), append([]float32(nil), s.Past.Data...)
	th.Step(s)
	for i, e := range s.Decay {
		now := run[i] * e
		if s.Run[i] != now || s.KeyOut[i] != now*s.Key[i] || s.QueryOut[i] != now*s.Query[i] {
			t.Fatalf("n=%d: channel %d of the token's own row is off", n, i)
		}
	}
	for row := range rows {
		var a, p, size float64
		for i, e := range s.Decay {
			v := past[row*s.Past.Stride+i] * e
			if got := s.Past.Data[row*s.Past.Stride+i]; got != v {
				t.Fatalf("n=%d: past %d, %d: got %g, want %g", n, row, i, got, v)
			}
			a += float64(v) * float64(s.Key[i])
			p += float64(v) * float64(s.Query[i])
			size += math.Abs(float64(v)) * (math.Abs(float64(s.Key[i])) + math.Abs(float64(s.Query[i])))
		}
		if !(math.Abs(float64(s.A[row])-a) <= tolSum*size) || !(math.Abs(float64(s.P[row])-p) <= tolSum*size) {
			t.Fatalf("n=%d: row %d: got %g and %g, want %g and %g", n, row, s.A[row], s.P[row], a, p)
		}
	}
	for _, x := range [][]float32{s.Run, s.KeyOut, s.QueryOut, s.Past.Data, s.A, s.P} {
		intact(t, x)
	}
}

// What the step makes of tiny numbers is zero or right, and behind it the
// processor counts with them as before.
func TestStepLeavesTheControlWord(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			tiny := make([]float32, 16)
			for i := range tiny {
				tiny[i] = 1e-20
			}
			past := append([]float32(nil), tiny...)
			s := &Step{Decay: append([]float32(nil), tiny...), Key: tiny, Query: tiny, Run: make([]float32, 16), KeyOut: make([]float32, 16), QueryOut: make([]float32, 16),
				Past: Dense{past, 16}, Rows: 1, A: make([]float32, 1), P: make([]float32, 1)}
			th.Step(s)
			if past[0] != 0 && !(past[0] > 0.9e-40 && past[0] < 1.1e-40) {
				t.Errorf("1e-20 squared is %g", past[0])
			}
			half := []float32{1.5e-38}
			th.Scale(half, half, 0.5)
			if half[0] != 1.5e-38/2 {
				t.Errorf("half of 1.5e-38 is %g behind the step", half[0])
			}
		})
	})
}
