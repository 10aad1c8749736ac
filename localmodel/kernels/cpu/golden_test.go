package cpu

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

func TestGoldenFullAttention(t *testing.T) {
	cases := goldentest.Cases(t)
	eachLevel(t, func(t *testing.T, k *Kernels) {
		ran := 0
		for _, c := range cases {
			if c.Mechanism != "full" {
				continue
			}
			ran++
			t.Run(c.ID, func(t *testing.T) { runGolden(t, k, c) })
		}
		if ran == 0 {
			t.Error("no case of full attention")
		}
	})
}

func runGolden(t *testing.T, k *Kernels, c goldentest.Case) {
	q, qs := c.Tensor(t, "q")
	keys, ks := c.Tensor(t, "k")
	values, vs := c.Tensor(t, "v")
	want, _ := c.Tensor(t, "o")
	lse, _ := c.Tensor(t, "lse")
	heads, n, d, kvHeads, rows, dv := qs[0], qs[1], qs[2], ks[0], ks[1], vs[2]
	shape := AttendShape{
		Heads: heads, KV: KVShape{kvHeads, d, dv, F32}, Scale: float32(c.Number("scale", 0)),
		SoftCap: float32(c.Number("softcap", 0)), Window: int(c.Number("window", 0)),
		NonCausal: reflect.DeepEqual(c.Params["causal"], false),
	}
	call := &call{shape: shape, attention: attention{
		len: rows, k: goldentest.Narrow(goldentest.Swap(keys, kvHeads, rows, d)), v: goldentest.Narrow(goldentest.Swap(values, kvHeads, rows, dv)),
	}}
	j := AttendJob{
		Out: poisoned(n * heads * dv), LSE: poisoned(n * heads), Q: goldentest.Narrow(goldentest.Swap(q, heads, n, d)), N: n,
		Pos: int(c.Number("q_pos0", float64(rows-n))), Blocks: call.blocks(), Len: rows,
	}
	if _, ok := c.In["key_mask"]; ok {
		hidden, _ := c.Tensor(t, "key_mask")
		attendMasked(k, shape, j, hidden)
	} else {
		k.Attend(shape, j)
	}
	within(t, "o", j.Out, goldentest.Swap(want, heads, n, dv), c.AbsTol)
	within(t, "lse", j.LSE, goldentest.Swap(lse, heads, n, 1), c.AbsTol)
	intact(t, j.Out)
	intact(t, j.LSE)
}

// attendMasked computes a job whose keys have a mask, 0 for the hidden ones: what
// each row sees is a choice, and the heads of a group share it.
func attendMasked(k *Kernels, shape AttendShape, j AttendJob, mask []float64) {
	group, d, dv := shape.Heads/shape.KV.Heads, shape.KV.KeyDim, shape.KV.ValueDim
	var jobs []ChosenJob
	for i := range j.N {
		var chosen []ChosenBlock
		for b, block := range j.Blocks {
			tile := attendTile{job: &j, q0: i, q1: i + 1}
			seen := make([]uint64, group)
			masks(seen, shape, &tile, b)
			for key, shown := range mask[b*BlockTokens : min(len(mask), (b+1)*BlockTokens)] {
				if shown == 0 {
					seen[0] &^= 1 << key
				}
			}
			chosen = append(chosen, ChosenBlock{Block: block, Keys: seen[0]})
		}
		for kv := range shape.KV.Heads {
			row := i*shape.Heads + kv*group
			jobs = append(jobs, ChosenJob{
				Head: kv, N: group, Q: [][]float32{j.Q[row*d : (row+group)*d]}, Blocks: chosen,
				Out: j.Out[row*dv : (row+group)*dv], Stride: dv, LSE: j.LSE[row : row+group],
			})
		}
	}
	k.AttendChosen(shape, jobs...)
}

func TestGoldenMergePartials(t *testing.T) {
	ran := 0
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "merge_partials" {
			continue
		}
		ran++
		read := func(name string) []float32 { x, _ := c.Tensor(t, name); return goldentest.Narrow(x) }
		o, lse := append(poisoned(0), read("o1")...), append(poisoned(0), read("lse1")...)
		dim := len(o) / len(lse)
		for part := 2; c.In[fmt.Sprint("o", part)].File != ""; part++ {
			MergePartials(o, lse, read(fmt.Sprint("o", part)), read(fmt.Sprint("lse", part)), len(lse), dim)
		}
		for name, got := range map[string][]float32{"o": o, "lse": lse} {
			want, _ := c.Tensor(t, name)
			within(t, c.ID+": "+name, got, want, c.AbsTol)
		}
	}
	if ran == 0 {
		t.Error("no case of merge_partials")
	}
}

// within compares numbers that may be -inf.
func within(t *testing.T, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	if len(got) < len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if g := float64(got[i]); g != w && !(math.Abs(g-w) <= tol) {
			t.Fatalf("%s: number %d: got %g, want %g", what, i, g, w)
		}
	}
}

// Positions that are no whole numbers are in the frequencies.
func TestGoldenRoPE(t *testing.T) {
	cases := goldentest.Cases(t)
	eachLevel(t, func(t *testing.T, k *Kernels) {
		ran := 0
		for _, c := range cases {
			if c.Mechanism != "rope" {
				continue
			}
			ran++
			x, shape := c.Tensor(t, "x")
			at, _ := c.Tensor(t, "f64_pos")
			want, _ := c.Tensor(t, "y")
			heads, n, d := shape[0], shape[1], shape[2]
			got := poisoned(len(x))
			copy(got, goldentest.Narrow(goldentest.Swap(x, heads, n, d)))
			rotateGolden(t, k, c, got, at, heads)
			closeTo(t, c.ID, got, goldentest.Swap(want, heads, n, d), c.AbsTol)
		}
		if ran == 0 {
			t.Error("no case of rope")
		}
	})
}

// rotateGolden rotates the case's tokens, all at once where their positions are
// whole numbers.
func rotateGolden(t *testing.T, k *Kernels, c goldentest.Case, x []float32, at []float64, heads int) {
	t.Helper()
	freqs, amplitude := c.Frequencies(t)
	width, interleaved := len(x)/len(at), c.Params["layout"] == "interleaved"
	var positions []int
	for _, p := range at {
		if p == math.Trunc(p) {
			positions = append(positions, int(p))
		}
	}
	if len(positions) == len(at) {
		k.RoPE(x, len(at), heads, width/heads, NewAngles(2*len(freqs), freqs, amplitude, interleaved), positions)
		return
	}
	for i, p := range at {
		turned, whole := goldentest.Whole(freqs, p)
		k.RoPE(x[i*width:], 1, heads, width/heads, NewAngles(2*len(freqs), turned, amplitude, interleaved), []int{whole})
	}
}
