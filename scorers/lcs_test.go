package scorers

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Every bit of the table against the plain recurrence, with sentences around
// the bounds of 64-bit words, and with buffers that have been used.
func TestRowsAreTheTableOfLCSLengths(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{1}))
	l := &lcs{first: make([]int32, 50)}
	for _, n := range []int{1, 63, 64, 65, 127, 128, 129, 300} {
		for _, vocabulary := range []int{1, 2, 5, 50} {
			x, y := make([]int32, 1+random.IntN(200)), make([]int32, n)
			for i := range x {
				x[i] = random.Int32N(int32(vocabulary))
			}
			for j := range y {
				y[j] = random.Int32N(int32(vocabulary))
			}
			width := (n + 63) / 64
			l.index(y)
			l.fill(x, width)
			l.forget(y)
			above := make([]int, n+1)
			for i := range x {
				row := make([]int, n+1)
				for j := range y {
					if row[j+1] = max(above[j+1], row[j]); x[i] == y[j] {
						row[j+1] = above[j] + 1
					}
					got := l.rows[(i+1)*width+j/64]>>(j%64)&1 == 1
					if want := row[j+1] == row[j]; got != want {
						t.Fatalf("%d × %d words of %d: row %d, place %d: equal to the left: want %v, got %v", len(x), n, vocabulary, i, j, want, got)
					}
				}
				above = row
			}
			if slices.ContainsFunc(l.first, func(p int32) bool { return p != 0 }) {
				t.Fatal("forget left places behind")
			}
		}
	}
}
