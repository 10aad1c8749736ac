package gpu

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/attention"
)

// runOf is the keys from position from up to to, met by one turn of the query.
func runOf(list []ChosenKeys, from, to, turn int) []ChosenKeys {
	for ; from < to; from += 64 {
		list = append(list, ChosenKeys{from, ^uint64(0) >> max(0, 64-(to-from)), turn})
	}
	return list
}

// those is the keys of [0, n) that seen has.
func those(n int, seen func(j int) bool) []ChosenKeys {
	var list []ChosenKeys
	for from := 0; from < n; from += 64 {
		k := ChosenKeys{First: from}
		for i := range min(64, n-from) {
			if seen(from + i) {
				k.Keys |= 1 << i
			}
		}
		list = append(list, k)
	}
	return list
}

func (g *goldenRun) choice(group int, jobs []ChosenJob) *Choice {
	g.t.Helper()
	c, err := g.d.Choose(g.heads, group, g.kvHeads, jobs)
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

func (g *goldenRun) kvOf(h int) int { return h / (g.heads / g.kvHeads) }

// sameChoice compares chosen numbers with those of the case.
func (g *goldenRun) sameChoice(name string, at int, got []int) {
	g.t.Helper()
	want, _ := g.Tensor(g.t, name)
	for i, v := range got {
		if float64(v) != want[at+i] {
			g.t.Fatalf("%s at %d: %v, want %v", name, at, got, want[at:][:len(got)])
		}
	}
}

// ran runs a step and returns n values of a buffer.
func (g *goldenRun) ran(s *Step, b *Buffer, n int) []float32 {
	g.t.Helper()
	got := make([]float32, n)
	s.ReadFloats(b, 0, got)
	if err := s.Run(); err != nil {
		g.t.Fatal(err)
	}
	return got
}

// masked is attention under a mask of keys: the heads of a group share a job.
func (g *goldenRun) masked(mask []float64) {
	group := g.heads / g.kvHeads
	var jobs []ChosenJob
	for t := range g.n {
		from, to := g.sees(t)
		for kv := range g.kvHeads {
			row := t*g.heads + kv*group
			jobs = append(jobs, ChosenJob{Head: kv, Row: row, Out: row, Rows: group,
				Keys: those(to, func(j int) bool { return j >= from && mask[j] != 0 })})
		}
	}
	s, p := g.d.Begin(), g.partials(1, g.n*g.heads)
	s.AttendChosen(p, 0, input(g.t, g.d, g.q), g.n*g.heads, g.cache(s, g.k, g.v), g.choice(group, jobs), g.attention())
	lse := make([]float32, p.Rows)
	s.ReadFloats(p.LSE, 0, lse)
	g.check("o", g.ran(s, p.Out, p.Rows*p.Dim))
	g.check("lse", lse)
}

// turns uploads the case's queries and rotates them: turn u of token t by at(u, t).
func (g *goldenRun) turns(s *Step, turns int, at func(u, t int) int) *Buffer {
	var all []int
	for u := range turns {
		for t := range g.n {
			all = append(all, at(u, t))
		}
	}
	out := output(g.t, g.d, turns*len(g.q))
	s.Turn(out, input(g.t, g.d, g.q), g.angles(all), turns, g.n, g.heads, g.keyDim, g.keyDim/2, g.interleaved())
	return out
}

// longHeads keeps keys rotated by their places in their chunks. A query that is
// in place i of its chunk meets the chunk that is packed u places ahead of its
// own from u*chunk + i.
func (g *goldenRun) longHeads() {
	w, top := g.number("chunk"), g.number("n_chunks")
	places := make([]int, g.n)
	for i := range places {
		places[i] = i % w
	}
	s := g.d.Begin()
	c := g.turnedCache(s, places)
	scores := g.longHeadsScores(s, c, places, w)
	chunks := g.n / w
	var jobs []ChosenJob
	for row := range g.n * g.heads {
		t, h := row/g.heads, row%g.heads
		picks := from0(t/w + 1)
		if t/w >= top {
			picks = []int{0}
			for _, i := range attention.TopK(scores[row*chunks+1:row*chunks+t/w-1], top-3) {
				picks = append(picks, 1+i)
			}
			picks = append(picks, t/w-1, t/w)
		}
		g.sameChoice("chosen", (h*g.n+t)*top, picks)
		j := ChosenJob{Head: g.kvOf(h), Row: row, Out: row, Rows: 1}
		for r, pick := range picks {
			j.Keys = runOf(j.Keys, pick*w, min(pick*w+w, t+1), len(picks)-1-r)
		}
		jobs = append(jobs, j)
	}
	s = g.d.Begin()
	p, turns := g.partials(1, g.n*g.heads), min(top, chunks+1)
	q := g.turns(s, turns, func(u, t int) int { return u*w + t%w })
	s.AttendChosen(p, 0, q, g.n*g.heads, c, g.choice(1, jobs), g.attention())
	g.check("o", g.ran(s, p.Out, p.Rows*p.Dim))
}

// longHeadsScores computes the chunks' vectors and the products of all queries
// with them, [n, heads, chunks].
func (g *goldenRun) longHeadsScores(s *Step, c *Cache, places []int, w int) []float32 {
	chunks := g.n / w
	if chunks == 0 {
		if err := s.Run(); err != nil {
			g.t.Fatal(err)
		}
		return nil
	}
	a, rows, width := g.attention(), chunks*w, g.heads*g.keyDim
	a.Spans = g.spans(func(t, _ int) (int, int) { return t / w * w, t/w*w + w })
	o, mean, rep := output(g.t, g.d, rows*width), output(g.t, g.d, chunks*width), output(g.t, g.d, chunks*width)
	s.Attend(o, g.turned(s, g.q, g.heads, places), c, g.scratch(), a, rows)
	s.Mean(mean, o, chunks, w, width)
	a.Spans = g.spans(func(t, _ int) (int, int) { return t * w, t*w + w })
	s.Attend(rep, mean, c.KeysAsValues(), g.scratch(), a, chunks)
	scores := output(g.t, g.d, g.n*g.heads*chunks)
	s.Scores(scores, input(g.t, g.d, g.q), rep, g.n, g.heads, g.heads, chunks, g.keyDim, 1)
	vectors := make([]float32, chunks*width)
	s.ReadFloats(rep, 0, vectors)
	got := run(g.t, s, scores, g.n*g.heads*chunks)
	g.check("rep", vectors)
	return got
}

// longMem merges by the gate instead of by what the two parts sum up to.
func (g *goldenRun) longMem() {
	chunk, rows := g.number("chunk"), g.n*g.heads
	k, shape := g.tokens("mem_k")
	v, _ := g.tokens("mem_v")
	chunks := shape[1] / chunk
	take := min(g.number("k_tokens")/chunk, chunks)
	s, p, q := g.d.Begin(), g.partials(2, rows), input(g.t, g.d, g.q)
	s.AttendPart(p, 0, q, g.cache(s, g.k, g.v), g.attention(), g.n)
	if take == 0 {
		g.check("o", g.ran(s, p.Out, rows*g.valueDim))
		return
	}
	memory, width := g.cache(s, k, v), g.kvHeads*g.keyDim
	mean, scores := output(g.t, g.d, chunks*width), output(g.t, g.d, rows*chunks)
	s.Mean(mean, memory.k, chunks, chunk, width)
	s.Scores(scores, q, mean, g.n, g.heads, g.kvHeads, chunks, g.keyDim, 1)
	found := run(g.t, s, scores, rows*chunks)
	gates, _ := g.Tensor(g.t, "gate_logit")
	var jobs []ChosenJob
	weights := make([]float32, 2*rows)
	for row := range rows {
		t, h := row/g.heads, row%g.heads
		picks := attention.TopK(found[row*chunks:][:chunks], take)
		g.sameChoice("chosen", (h*g.n+t)*take, picks)
		j := ChosenJob{Head: g.kvOf(h), Row: row, Out: row, Rows: 1}
		for _, pick := range picks {
			j.Keys = runOf(j.Keys, pick*chunk, pick*chunk+chunk, 0)
		}
		jobs = append(jobs, j)
		weights[row], weights[rows+row] = float32(-math.Log1p(math.Exp(gates[h]))), float32(-math.Log1p(math.Exp(-gates[h])))
	}
	s = g.d.Begin()
	s.AttendChosen(p, 1, q, rows, memory, g.choice(1, jobs), g.attention())
	p.LSE = input(g.t, g.d, weights)
	g.merged(s, p)
}
