package attentiontest

import (
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// GoldenCase is a case of the reference data as the tokens of one layer.
type GoldenCase struct {
	goldentest.Case
	Tokens
	Layer attention.Layer
}

// Golden reads a case whose tokens are q, k and v, or q_raw and k_raw, which a
// layer rotates by the case's base and layout.
func Golden(t *testing.T, c goldentest.Case, kv cpu.KVType) GoldenCase {
	t.Helper()
	g := GoldenCase{Case: c}
	tokens := func(name string) ([]float32, []int) {
		if _, ok := c.In[name]; !ok {
			name += "_raw"
		}
		x, shape := c.Tensor(t, name)
		return goldentest.Narrow(goldentest.Swap(x, shape[0], shape[1], shape[2])), shape
	}
	var qs, ks, vs []int
	g.Q, qs = tokens("q")
	g.K, ks = tokens("k")
	g.V, vs = tokens("v")
	g.N = qs[1]
	s := Shape{Heads: qs[0], KVHeads: ks[0], KeyDim: ks[2], ValueDim: vs[2], Base: c.Number("base", 0), Interleaved: c.Params["layout"] == "interleaved"}
	g.Layer = s.Layer(kv)
	return g
}

// Feed appends the case's tokens to a cache, step at a time, and returns their rows.
func (g GoldenCase) Feed(k *cpu.Kernels, m attention.Mechanism, c attention.Cache, step int) []float32 {
	var out []float32
	s := Shape{Heads: g.Layer.Heads, KVHeads: g.Layer.KV.Heads, KeyDim: g.Layer.KV.KeyDim, ValueDim: g.Layer.KV.ValueDim}
	for from := 0; from < g.N; from += step {
		out = append(out, Feed(k, m, g.Layer, c, s.Cut(g.Tokens, from, min(g.N, from+step)))...)
	}
	return out
}

// Near compares rows [n, heads, valueDim] with one of the case's results, within
// its tolerance; that of a float16 cache is a hundred times as wide.
func (g GoldenCase) Near(t *testing.T, what string, got []float32, name string) {
	t.Helper()
	want, shape := g.Tensor(t, name)
	tolerance := g.AbsTol
	if g.Layer.KV.Type != cpu.F32 {
		tolerance *= 100
	}
	for i, w := range goldentest.Swap(want, shape[0], shape[1], shape[2]) {
		if !(math.Abs(float64(got[i])-w) <= tolerance) {
			t.Fatalf("%s, %s: number %d: got %g, want %g", g.ID, what, i, got[i], w)
		}
	}
}

// EachLevel runs f as a test with the kernels of every level of this machine.
func EachLevel(t *testing.T, name string, f func(t *testing.T, k *cpu.Kernels)) {
	for _, level := range cpu.Levels() {
		t.Run(name+"/"+level.String(), func(t *testing.T) {
			k := cpu.New(level, 2)
			defer k.Close()
			f(t, k)
		})
	}
}
