package induction

import (
	"math"
	"math/rand/v2"
	"testing"
)

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

// The constructions stand on what their codes correlate by.
func TestCodesCorrelateAsLittleAsTheySay(t *testing.T) {
	for _, c := range []struct {
		name  string
		codes [][]float64
		basis int     // so many in a row are orthogonal
		most  float64 // of others
		exact bool    // others correlate by just that much
	}{
		{"Hadamard", hadamardCodes(), b, 0, true},
		{"Gold", goldCodes(), 1, 1 / 8.0, false},
		{"Kerdock", kerdockCodes(128 * kerdock), kerdock, 1 / 16.0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			for range 200000 {
				i, j := r.IntN(len(c.codes)), r.IntN(len(c.codes))
				got, want := math.Abs(dot(c.codes[i], c.codes[j])), c.most
				switch {
				case i == j:
					want = 1
				case i/c.basis == j/c.basis:
					want = 0
				case !c.exact && got <= c.most+1e-12:
					continue
				}
				if math.Abs(got-want) > 1e-12 {
					t.Fatalf("codes %d and %d of %d correlate by %g, want %g", i, j, len(c.codes), got, want)
				}
			}
		})
	}
}
