package gpu

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

// latent runs latent attention with all its matrices; its cache holds rows.
func (g *goldenRun) latent() {
	up, _ := g.Tensor(g.t, "wkv_b")
	l := &LatentLayer{
		Heads: g.number("heads"), KeyDim: g.number("d_nope"), SharedDim: g.number("d_shared"), ValueDim: g.number("d_v"), Rank: g.number("rank"),
		Query: g.matrix("wq"), Down: g.matrix("wkv_a"), Norm: g.vector("kv_norm"), NormEps: g.Number("eps", 0),
	}
	if err := g.d.NewLatentUp(l, goldentest.Narrow(up)); err != nil {
		g.t.Fatal(err)
	}
	last := g.matrix("wo")
	x, shape := g.Tensor(g.t, "x")
	n, width := shape[0], shape[1]
	m, err := g.d.NewLatentScratch(n, l)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, steps := range feeds(n) {
		c, err := g.d.NewLatentCache(l, n)
		if err != nil {
			g.t.Fatal(err)
		}
		s, at := g.d.Begin(), 0
		y := make([]float32, n*last.Rows)
		for _, tokens := range steps {
			rows := input(g.t, g.d, goldentest.Narrow(x[at*width:(at+tokens)*width]))
			o, part := output(g.t, g.d, tokens*l.Heads*l.ValueDim), output(g.t, g.d, tokens*last.Rows)
			s.MixLatent(o, rows, l, c, m, at, tokens)
			s.MatMul(part, last, o, tokens)
			s.ReadFloats(part, 0, y[at*last.Rows:(at+tokens)*last.Rows])
			at += tokens
		}
		if err := s.Run(); err != nil {
			g.t.Fatal(err)
		}
		g.same(fmt.Sprintf("by %d, …", steps[0]), "y", y)
	}
}
