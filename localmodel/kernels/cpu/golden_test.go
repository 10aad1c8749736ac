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
			if c.Mechanism != "full" || c.In["key_mask"].File != "" { // there are no key masks here
				continue
			}
			ran++
			t.Run(c.ID, func(t *testing.T) { runGolden(t, k, c) })
		}
		if ran < 30 {
			t.Errorf("%d cases of full attention, want 30 or more", ran)
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
	k.Attend(shape, j)
	closeTo(t, "o", j.Out, goldentest.Swap(want, heads, n, dv), c.AbsTol)
	closeTo(t, "lse", j.LSE, goldentest.Swap(lse, heads, n, 1), c.AbsTol)
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
		MergePartials(o, lse, read("o2"), read("lse2"), len(lse), dim)
		for name, got := range map[string][]float32{"o": o, "lse": lse} {
			want, _ := c.Tensor(t, name)
			for i, w := range want {
				if d := math.Abs(float64(got[i]) - w); !(d <= c.AbsTol) {
					t.Errorf("%s: %s[%d]: got %g, want %g", c.ID, name, i, got[i], w)
				}
			}
		}
	}
	if ran == 0 {
		t.Error("no case of merge_partials")
	}
}

func TestGoldenRoPE(t *testing.T) {
	cases := goldentest.Cases(t)
	eachLevel(t, func(t *testing.T, k *Kernels) {
		ran := 0
		for _, c := range cases {
			if c.Mechanism != "rope" {
				continue
			}
			x, shape := c.Tensor(t, "x")
			at, _ := c.Tensor(t, "f64_pos")
			want, _ := c.Tensor(t, "y")
			positions, whole := make([]int, len(at)), true
			for i, p := range at {
				positions[i] = int(p)
				whole = whole && p == math.Trunc(p)
			}
			if !whole {
				continue
			}
			ran++
			freqs, amplitude := frequencies(t, cases, c)
			heads, n, d := shape[0], shape[1], shape[2]
			got := poisoned(len(x))
			copy(got, goldentest.Narrow(goldentest.Swap(x, heads, n, d)))
			k.RoPE(got, n, heads, d, NewAngles(d, freqs, amplitude, c.Params["layout"] == "interleaved"), positions)
			closeTo(t, c.ID, got, goldentest.Swap(want, heads, n, d), c.AbsTol)
		}
		if ran < 3 {
			t.Errorf("%d cases of rope at whole positions, want 3 or more", ran)
		}
	})
}

// frequencies takes a case's frequencies from the definition or, for the
// extended kinds, from the case that lists them.
func frequencies(t *testing.T, cases []goldentest.Case, c goldentest.Case) ([]float64, float64) {
	t.Helper()
	if kind := c.Params["kind"]; kind == "none" || kind == "pi" {
		d := c.Number("d", 0)
		freqs := make([]float64, int(d)/2)
		for i := range freqs {
			freqs[i] = math.Pow(c.Number("base", 0), -2*float64(i)/d) / c.Number("factor", 1)
		}
		return freqs, 1
	}
	for _, f := range cases {
		same := f.Mechanism == "rope_freqs"
		for _, name := range []string{"d", "base", "kind", "factor", "orig"} {
			same = same && fmt.Sprint(f.Params[name]) == fmt.Sprint(c.Params[name])
		}
		if same {
			freqs, _ := f.Tensor(t, "f64_inv_freq")
			amplitude, _ := f.Tensor(t, "f64_amp")
			return freqs, amplitude[0]
		}
	}
	t.Fatalf("%s: no rope_freqs case like it", c.ID)
	return nil, 0
}
