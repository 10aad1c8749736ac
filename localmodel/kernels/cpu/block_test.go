package cpu

import (
	"math"
	"testing"
)

func TestBlocksEqualLoops(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			for _, n := range []int{16, 48, 128} {
				for _, rows := range []int{1, 2, 15, 16} {
					checkBlock(t, th, randomBlock(n, rows), 1e-5)
				}
			}
			strong := randomBlock(32, 16)
			for i := range strong.Log.Data {
				strong.Log.Data[i] *= 20
			}
			checkBlock(t, th, strong, 1e-4)
			// Behind numbers that were taken as zero the processor counts with
			// them as before.
			half := []float32{1.5e-38}
			th.Scale(half, half, 0.5)
			if half[0] != 1.5e-38/2 {
				t.Errorf("half of 1.5e-38 is %g behind a block", half[0])
			}
		})
	})
}

func randomBlock(n, rows int) *Block {
	b := &Block{
		Rows: rows, Channels: n, Log: strided(1, rows, n, n+8), Key: strided(2, rows, n, n+8), Query: strided(3, rows, n, n+8),
		MinusBeta: random(seeded(4), rows), Scale: 0.3, Before: random(seeded(5), n), Run: poisoned(n),
		Decay: poisoned(rows * n), NearKey: poisoned(rows * n), NearQuery: poisoned(rows * n), FarKey: poisoned(rows * n),
		FarQuery: poisoned(rows * n), Past: poisoned(rows * n), A: Dense{poisoned(rows*rows + 3*(rows-1)), rows + 3}, P: Dense{poisoned(rows*rows + 3*(rows-1)), rows + 3},
	}
	for i, g := range b.Log.Data {
		b.Log.Data[i] = -float32(math.Abs(float64(g)))
	}
	return b
}

// checkBlock compares with the formulas; tol is relative, for some sixteen
// factors of exp, and absolute for sums of n products.
func checkBlock(t *testing.T, th Thread, b *Block, tol float64) {
	t.Helper()
	th.Fade(b)
	th.Among(b)
	n := b.Channels
	near := func(what string, got float32, want, size float64) {
		t.Helper()
		if !(math.Abs(float64(got)-want) <= tol*size+1e-37) {
			t.Fatalf("%d rows of %d: %s: got %g, want %g", b.Rows, n, what, got, want)
		}
	}
	total := make([][]float64, b.Rows) // G
	at := func(d Dense, i, x int) float64 { return float64(d.Data[i*d.Stride+x]) }
	for i := range total {
		total[i] = make([]float64, n)
		for x := range n {
			if i > 0 {
				total[i][x] = total[i-1][x]
			}
			total[i][x] += at(b.Log, i, x)
			k := math.Exp(total[i][x]) * at(b.Key, i, x) * float64(b.MinusBeta[i])
			q := math.Exp(total[i][x]) * at(b.Query, i, x) * float64(b.Scale)
			f := float64(b.Before[x])
			near("decay", b.Decay[i*n+x], math.Exp(at(b.Log, i, x)), math.Exp(at(b.Log, i, x)))
			near("near key", b.NearKey[i*n+x], k, math.Abs(k))
			near("near query", b.NearQuery[i*n+x], q, math.Abs(q))
			near("far key", b.FarKey[i*n+x], k*f, math.Abs(k*f))
			near("far query", b.FarQuery[i*n+x], q*f, math.Abs(q*f))
		}
	}
	for i := range b.Rows {
		for x := range n {
			last := math.Exp(total[b.Rows-1][x])
			near("run", b.Run[x], last, last)
			p := math.Exp(total[b.Rows-1][x]-total[i][x]) * at(b.Key, i, x)
			near("past", b.Past[i*n+x], p, math.Abs(p))
		}
		for j := range i + 1 {
			a, p := 0.0, 0.0
			for x := range n {
				past := math.Exp(total[i][x]-total[j][x]) * at(b.Key, j, x)
				a += float64(b.MinusBeta[i]) * at(b.Key, i, x) * past
				p += float64(b.Scale) * at(b.Query, i, x) * past
			}
			near("P", b.P.Data[i*b.P.Stride+j], p, 10)
			if j < i {
				near("A", b.A.Data[i*b.A.Stride+j], a, 10)
			} else if v := b.A.Data[i*b.A.Stride+j]; v == v {
				t.Fatalf("A was written at %d, %d: %g", i, j, v)
			}
		}
	}
	for _, x := range [][]float32{b.Decay, b.NearKey, b.NearQuery, b.FarKey, b.FarQuery, b.Past, b.Run, b.A.Data, b.P.Data} {
		intact(t, x)
	}
}
