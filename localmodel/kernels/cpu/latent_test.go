package cpu

import (
	"fmt"
	"math"
	"testing"
)

func TestAttendLatentEqualsLoops(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, kv := range []KVType{F32, F16, Q8} {
			for _, s := range []LatentShape{
				{Heads: 2, KeyDim: 28, ValueDim: 20, Type: kv, Scale: 0.2},
				{Heads: 5, KeyDim: 80, ValueDim: 64, Type: kv, Scale: 0.1},
			} {
				for _, c := range [][2]int{{1, 1}, {64, 64}, {130, 130}, {700, 1}, {700, 40}, {65, 3}} {
					t.Run(fmt.Sprintf("%v/%d heads of %d/%d of %d", kv, s.Heads, s.KeyDim, c[1], c[0]), func(t *testing.T) { checkLatent(t, k, s, c[0], c[1]) })
				}
			}
		}
	})
}

// checkLatent attends the last n of tokens, on what the cache holds of them.
func checkLatent(t *testing.T, k *Kernels, s LatentShape, tokens, n int) {
	r := seeded(tokens + n)
	x := random(r, tokens*s.KeyDim)
	var blocks []*KVBlock
	for i := 0; i < tokens; i++ {
		if i%BlockTokens == 0 {
			blocks = append(blocks, NewKVBlock(s.KV()))
		}
		blocks[len(blocks)-1].Store(i%BlockTokens, x[i*s.KeyDim:][:s.KeyDim], nil)
	}
	if got, want := blocks[0].Bytes(), BlockTokens*s.KeyDim*s.Type.size(); s.Type != Q8 && got != want {
		t.Errorf("a block has %d bytes, want %d: the keys alone", got, want)
	}
	rows := make([][]float32, tokens)
	for i := range rows {
		rows[i] = make([]float32, s.KeyDim)
		blocks[i/BlockTokens].Key(i%BlockTokens, 0, rows[i])
	}
	q, out := random(r, n*s.Heads*s.KeyDim), poisoned(n*s.Heads*s.ValueDim)
	k.AttendLatent(s, AttendJob{Out: out, Q: q, N: n, Pos: tokens - n, Blocks: blocks, Len: tokens})
	var want []float64
	for i := range n {
		for h := range s.Heads {
			want = append(want, latentRow(s, q[(i*s.Heads+h)*s.KeyDim:][:s.KeyDim], rows[:tokens-n+i+1])...)
		}
	}
	closeTo(t, "out", out, want, tolAttend)
}

func latentRow(s LatentShape, q []float32, rows [][]float32) []float64 {
	out, sum := make([]float64, s.ValueDim), 0.0
	for _, row := range rows {
		score := 0.0
		for x, v := range q {
			score += float64(v) * float64(row[x])
		}
		p := math.Exp(score * float64(s.Scale))
		sum += p
		for y := range out {
			out[y] += p * float64(row[y])
		}
	}
	for y := range out {
		out[y] /= sum
	}
	return out
}
