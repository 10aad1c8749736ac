package cpu

import (
	"math"
	"testing"
)

func TestFadedTokensEqualTheirFormulas(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			for _, n := range []int{16, 48, 128} {
				for _, rows := range []int{1, 2, 15, 32} {
					checkFaded(t, th, randomFaded(n, rows, 0.5))
				}
			}
			checkFaded(t, th, randomFaded(32, 32, 2))
			// Of what is too small for float32 Back tells; the others are of no use.
			lost := randomFaded(32, 32, 40)
			th.Fade(lost)
			if back := th.Largest(lost.Back); !(back > 1e30) {
				t.Errorf("decays of 40 a token leave %g behind", back)
			}
			// Behind numbers that were taken as zero the processor counts with
			// them as before.
			half := []float32{1.5e-38}
			th.Scale(half, half, 0.5)
			if half[0] != 1.5e-38/2 {
				t.Errorf("half of 1.5e-38 is %g behind a run of tokens", half[0])
			}
		})
	})
}

// randomFaded draws log decays of about strength in absolute value.
func randomFaded(n, rows int, strength float64) *Faded {
	b := &Faded{
		Rows: rows, Channels: n, Log: strided(1, rows, n, n+8), Key: strided(2, rows, n, n+8), Query: strided(3, rows, n, n+8),
		MinusBeta: random(seeded(4), rows), Scale: 0.3, Run: poisoned(n), Back: poisoned(n),
		NearKey: poisoned(rows * n), NearQuery: poisoned(rows * n), Past: poisoned(rows * n),
	}
	for i, g := range b.Log.Data {
		b.Log.Data[i] = -float32(strength * math.Abs(float64(g)))
	}
	return b
}

// checkFaded compares with the formulas, within the rounding of a factor for
// each token and of an inverse.
func checkFaded(t *testing.T, th Thread, b *Faded) {
	t.Helper()
	th.Fade(b)
	n := b.Channels
	near := func(what string, got float32, want float64) {
		t.Helper()
		if !(math.Abs(float64(got)-want) <= 1e-5*math.Abs(want)+1e-37) {
			t.Fatalf("%d rows of %d: %s: got %g, want %g", b.Rows, n, what, got, want)
		}
	}
	at := func(d Dense, i, x int) float64 { return float64(d.Data[i*d.Stride+x]) }
	total := make([]float64, n) // G
	for i := range b.Rows {
		for x := range n {
			total[x] += at(b.Log, i, x)
			near("key", b.NearKey[i*n+x], math.Exp(total[x])*at(b.Key, i, x)*float64(b.MinusBeta[i]))
			near("query", b.NearQuery[i*n+x], math.Exp(total[x])*at(b.Query, i, x)*float64(b.Scale))
			near("past", b.Past[i*n+x], math.Exp(-total[x])*at(b.Key, i, x))
		}
	}
	for x := range n {
		near("run", b.Run[x], math.Exp(total[x]))
		near("back", b.Back[x], math.Exp(-total[x]))
	}
	for _, x := range [][]float32{b.NearKey, b.NearQuery, b.Past, b.Run, b.Back} {
		intact(t, x)
	}
}

// The inverse times I - a is I; what is above a's diagonal may be anything, and
// so may what is above p's, which goes.
func TestTrianglesAreInverted(t *testing.T) {
	const n = TriangleRows
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			a, p, inverse := strided(1, n, n, Panel), strided(2, n, n, Panel), poisoned(n*n)
			for i := range n {
				for j := range n {
					if j >= i {
						a.Data[i*Panel+j] = float32(math.NaN())
					} else {
						a.Data[i*Panel+j] *= 0.3
					}
					if j > i {
						p.Data[i*Panel+j] = float32(math.Inf(1))
					}
				}
			}
			before := append([]float32(nil), p.Data...)
			th.Triangle(inverse, a.Data, p.Data)
			for i := range n {
				for j := range n {
					sum, want := float64(inverse[i*n+j]), 0.0
					for m := range i {
						sum -= float64(a.Data[i*Panel+m]) * float64(inverse[m*n+j])
					}
					if i == j {
						want = 1
					}
					if !(math.Abs(sum-want) <= 1e-5) {
						t.Fatalf("row %d, column %d of the product is %g, want %g", i, j, sum, want)
					}
					kept := before[i*Panel+j]
					if j > i {
						kept = 0
					}
					if p.Data[i*Panel+j] != kept {
						t.Fatalf("p at %d, %d is %g, want %g", i, j, p.Data[i*Panel+j], kept)
					}
				}
			}
			intact(t, inverse)
		})
	})
}
