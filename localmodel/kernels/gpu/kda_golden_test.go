package gpu

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

// kda runs a case in two calls, the second of which goes on from the first's
// state.
func (g *goldenRun) kda() {
	decay, _ := g.tokens("log_decay")
	beta, _ := g.Tensor(g.t, "beta")
	factors := goldentest.Narrow(goldentest.Swap(beta, g.heads, g.n, 1))
	state := make([]float32, g.heads*g.keyDim*g.valueDim)
	if _, ok := g.In["state0"]; ok {
		x, _ := g.Tensor(g.t, "state0")
		state = goldentest.Narrow(x)
	}
	b := input(g.t, g.d, append(state, 1234, 1234, 1234, 1234, 1234, 1234, 1234, 1234))
	a := DeltaAttention{Heads: g.heads, KeyDim: g.keyDim, ValueDim: g.valueDim, Scale: g.Number("scale", 0)}
	var out []float32
	cut := g.n / 3
	for _, at := range [][2]int{{0, cut}, {cut, g.n}} {
		n := at[1] - at[0]
		if n == 0 {
			continue
		}
		part := func(x []float32, width int) *Buffer {
			width *= g.heads
			return input(g.t, g.d, x[at[0]*width:at[1]*width])
		}
		s := g.d.Begin()
		o := output(g.t, g.d, n*g.heads*g.valueDim)
		s.KDA(o, b, part(g.q, g.keyDim), part(g.k, g.keyDim), part(g.v, g.valueDim), part(decay, g.keyDim), part(factors, 1), a, n)
		out = append(out, run(g.t, s, o, n*g.heads*g.valueDim)...)
	}
	g.check("o", out)
	want, _ := g.Tensor(g.t, "state")
	for i, v := range run(g.t, g.d.Begin(), b, len(want)) {
		if !(math.Abs(float64(v)-want[i]) <= g.AbsTol) {
			g.t.Fatalf("state: number %d: got %g, want %g", i, v, want[i])
		}
	}
}
