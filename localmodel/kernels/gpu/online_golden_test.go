package gpu

import "slices"

// h2oOnline drops a key a step: attention over the kept keys, and by its
// log-sum-exp what each of them receives.
func (g *goldenRun) h2oOnline() {
	heavy, recent, width := g.number("heavy"), g.number("recent"), g.heads*g.keyDim
	kept, totals := make([][]int, g.heads), make([][]float64, g.heads)
	s := g.d.Begin()
	c := g.cache(s, g.k, g.v)
	if err := s.Submit(); err != nil {
		g.t.Fatal(err)
	}
	p, nothing := g.partials(1, g.heads), make([]float32, g.heads*g.n)
	q, sums := input(g.t, g.d, g.q[:width]), input(g.t, g.d, nothing)
	var out []float32
	for t := range g.n {
		var jobs []ChosenJob
		for h := range kept {
			kept[h], totals[h] = append(kept[h], t), append(totals[h], 0)
			jobs = append(jobs, ChosenJob{Head: g.kvOf(h), Row: h, Out: h, Rows: 1,
				Keys: those(t+1, func(j int) bool { return slices.Contains(kept[h], j) })})
		}
		if q.WriteFloats(0, g.q[t*width:(t+1)*width]) != nil || sums.WriteFloats(0, nothing) != nil {
			g.t.Fatal("not written")
		}
		choice, a := g.choice(1, jobs), g.attention()
		a.Pos = t
		s := g.d.Begin()
		s.AttendChosen(p, 0, q, g.heads, c, choice, a)
		s.ColumnSums(sums, q, p.LSE, c, a, 1, g.n)
		received := make([]float32, len(nothing))
		s.ReadFloats(sums, 0, received)
		out = append(out, g.ran(s, p.Out, p.Rows*p.Dim)...)
		choice.Release()
		for h := range kept {
			for i, j := range kept[h] {
				totals[h][i] += float64(received[h*g.n+j])
			}
			if len(kept[h]) > heavy+recent {
				older := totals[h][:len(kept[h])-recent]
				drop := slices.Index(older, slices.Min(older))
				kept[h], totals[h] = slices.Delete(kept[h], drop, drop+1), slices.Delete(totals[h], drop, drop+1)
			}
		}
	}
	g.check("o", out)
	for h := range kept {
		g.sameChoice("kept", h*len(kept[h]), kept[h])
	}
}
