package cpu

import (
	"fmt"
	"math"
	"testing"
)

var vectorSizes = []int{1, 7, 8, 15, 16, 17, 63, 64, 65, 1000, 20000}

func TestActivationsEqualTheirFormulas(t *testing.T) {
	gelu := func(z float64) float64 { return z / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z))) }
	silu := func(z float64) float64 { return z / (1 + math.Exp(-z)) }
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, n := range vectorSizes {
			gate, up := random(seeded(n), n), random(seeded(n+1), n)
			for i := range gate {
				gate[i] *= []float32{1, 4, 30, 1e4, 1e-6}[i%5]
			}
			for name, f := range map[string]func(float64) float64{"silu": silu, "gelu": gelu} {
				got := append(poisoned(n)[:0], gate...)
				if name == "silu" {
					k.SiLUMul(got, up)
				} else {
					k.GELUMul(got, up)
				}
				for i, z := range gate {
					want := f(float64(z)) * float64(up[i])
					// Relative to the larger of the result and the input's millionth:
					// far out on the negative side the results themselves vanish.
					size := max(math.Abs(want), math.Abs(float64(z*up[i]))*1e-2)
					if d := math.Abs(float64(got[i]) - want); !(d <= tolVector*size) {
						t.Fatalf("%s(%g) * %g: got %g, want %g", name, z, up[i], got[i], want)
					}
				}
				intact(t, got)
			}
		}
	})
}

func TestActivationsAtTheEdges(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, f := range []func(g, u []float32){k.SiLUMul, k.GELUMul} {
			gate, up := []float32{-1e30, -200, 0, 200, 1e30}, []float32{1, 1, 1, 1, 1}
			f(gate, up)
			for i, want := range []float64{0, 0, 0, 200, 1e30} {
				if d := math.Abs(float64(gate[i]) - want); !(d <= max(want, 1)*1e-6) {
					t.Errorf("element %d: got %g, want %g", i, gate[i], want)
				}
			}
		}
	})
}

func TestRMSNormEqualsItsFormula(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, d := range vectorSizes {
			n := 3
			x, w := random(seeded(d), n*d), random(seeded(d+1), d)
			for _, weights := range [][]float32{w, nil} {
				out := poisoned(n * d)
				k.RMSNorm(out, x, weights, n, d, 1e-5)
				same := append(poisoned(n * d)[:0], x...)
				k.RMSNorm(same, same, weights, n, d, 1e-5)
				sameBits(t, fmt.Sprint("in place, d=", d), same, out)
				for i := range n {
					var sum float64
					for _, v := range x[i*d : (i+1)*d] {
						sum += float64(v) * float64(v)
					}
					for j := range d {
						want := float64(x[i*d+j]) / math.Sqrt(sum/float64(d)+1e-5)
						if weights != nil {
							want *= float64(weights[j])
						}
						if g := float64(out[i*d+j]); !(math.Abs(g-want) <= tolVector*math.Max(1e-3, math.Abs(want))) {
							t.Fatalf("d=%d row %d: element %d: got %g, want %g", d, i, j, g, want)
						}
					}
				}
			}
		}
	})
}

func TestAddAndScaleRoundOnce(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, n := range vectorSizes {
			a, b := random(seeded(n), n), random(seeded(n+1), n)
			sum, scaled := append(poisoned(n)[:0], a...), append(poisoned(n)[:0], a...)
			k.Add(sum, b)
			k.Scale(scaled, 0.3)
			for i := range a {
				if sum[i] != a[i]+b[i] || scaled[i] != a[i]*0.3 {
					t.Fatalf("n=%d element %d: sum %g, want %g; scaled %g, want %g", n, i, sum[i], a[i]+b[i], scaled[i], a[i]*0.3)
				}
			}
			intact(t, sum)
			intact(t, scaled)
		}
	})
}

func TestArgMaxTakesTheLowestOfEquals(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, n := range vectorSizes {
			x := random(seeded(n), n)
			for _, at := range []int{0, n / 2, n - 1} {
				y := append([]float32(nil), x...)
				y[at], y[n-1] = 100, 100
				if got := k.ArgMax(y); got != at {
					t.Errorf("n=%d: got %d, want %d", n, got, at)
				}
			}
		}
		for i, c := range []struct {
			x    []float32
			want int
		}{
			{nil, -1}, {[]float32{nan, 1, nan, 2, nan}, 3}, {[]float32{-inf, -inf}, 0}, {[]float32{nan, nan}, 0}, {[]float32{-1, inf, inf}, 1},
		} {
			if got := k.ArgMax(c.x); got != c.want {
				t.Errorf("case %d: ArgMax(%v) = %d, want %d", i, c.x, got, c.want)
			}
		}
	})
}

func TestRoPERotatesOnlyTheFirstChannels(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		freqs := []float64{1, 0.1, 0.01}
		positions := []int{0, 5, 100000, 64, 63}
		for _, interleaved := range []bool{false, true} {
			x := random(seeded(1), 5*2*9)
			got := append(poisoned(len(x))[:0], x...)
			k.RoPE(got, 5, 2, 9, NewAngles(6, freqs, 1.5, interleaved), positions)
			want := wide(x)
			for i, p := range positions {
				for h := range 2 {
					for f, freq := range freqs {
						a, b := f, f+3
						if interleaved {
							a, b = 2*f, 2*f+1
						}
						a, b = a+(i*2+h)*9, b+(i*2+h)*9
						sin, cos := math.Sincos(float64(p) * freq)
						want[a] = 1.5 * (float64(x[a])*cos - float64(x[b])*sin)
						want[b] = 1.5 * (float64(x[b])*cos + float64(x[a])*sin)
					}
				}
			}
			closeTo(t, fmt.Sprint("interleaved ", interleaved), got, want, tolVector)
		}
	})
}
