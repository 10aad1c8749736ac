package gpu

import (
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

// deltaCall is a call of KDA or, by chunks, of KDAChunks over some tokens.
type deltaCall struct {
	tokens int
	chunks bool
}

// kda runs a case by both forms, fed in several ways, in each of which a call
// goes on from the state that the one before left.
func (g *goldenRun) kda() {
	third, single := g.n/3, deltaCall{tokens: 1}
	for how, calls := range map[string][]deltaCall{
		"recurrence":                  {{g.n, false}},
		"recurrence in two calls":     {{third, false}, {g.n - third, false}},
		"recurrence, token by token":  slices.Repeat([]deltaCall{single}, g.n),
		"chunks":                      {{g.n, true}},
		"chunks in two calls":         {{third, true}, {g.n - third, true}},
		"chunks, then token by token": append([]deltaCall{{2 * third, true}}, slices.Repeat([]deltaCall{single}, g.n-2*third)...),
	} {
		g.t.Run(how, func(t *testing.T) {
			part := *g
			part.t = t
			part.kdaBy(calls)
		})
	}
}

func (g *goldenRun) kdaBy(calls []deltaCall) {
	g.t.Helper()
	decay, _ := g.tokens("log_decay")
	beta, _ := g.Tensor(g.t, "beta")
	factors := goldentest.Narrow(goldentest.Swap(beta, g.heads, g.n, 1))
	a := DeltaAttention{Heads: g.heads, KeyDim: g.keyDim, ValueDim: g.valueDim, Scale: g.Number("scale", 0)}
	state, size := g.firstState(a), g.heads*g.keyDim*g.valueDim
	m, err := g.d.NewDeltaScratch(g.n, a)
	if err != nil {
		g.t.Fatal(err)
	}
	defer m.Release()
	s, width, at := g.d.Begin(), g.heads*g.valueDim, 0
	out := make([]float32, g.n*width)
	for _, c := range calls {
		if c.tokens == 0 {
			continue
		}
		part := func(x []float32, width int) *Buffer {
			width *= g.heads
			return input(g.t, g.d, x[at*width:(at+c.tokens)*width])
		}
		o := output(g.t, g.d, c.tokens*width)
		q, k, v, log, factor := part(g.q, g.keyDim), part(g.k, g.keyDim), part(g.v, g.valueDim), part(decay, g.keyDim), part(factors, 1)
		if c.chunks {
			s.KDAChunks(o, state, q, k, v, log, factor, m, a, c.tokens)
		} else {
			s.KDA(o, state, q, k, v, log, factor, a, c.tokens)
		}
		s.ReadFloats(o, 0, out[at*width:(at+c.tokens)*width])
		at += c.tokens
	}
	final := run(g.t, s, state, size)
	g.check("o", out)
	g.same("", "state", final)
}

// firstState is the case's state ahead of its tokens, zeros where it has none.
func (g *goldenRun) firstState(a DeltaAttention) *Buffer {
	g.t.Helper()
	n := a.Heads * a.KeyDim * a.ValueDim
	b, first := output(g.t, g.d, n), make([]float32, n)
	if _, ok := g.In["state0"]; ok {
		x, _ := g.Tensor(g.t, "state0")
		first = goldentest.Narrow(x)
	}
	if err := b.WriteFloats(0, first); err != nil {
		g.t.Fatal(err)
	}
	return b
}
