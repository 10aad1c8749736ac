package gpu

import "github.com/lcbench/lcbench/localmodel/attention"

// landmark gives every block's regular keys, of all rows behind it, a part whose
// weight is its landmark's score: the log-sum-exp of attention to it alone.
func (g *goldenRun) landmark() {
	is, _ := g.Tensor(g.t, "is_landmark")
	group, rows := g.heads/g.kvHeads, g.n*g.heads
	start := make([]int, g.n) // of each token's block
	var regular, marks []ChosenJob
	first, blocks := 0, 0
	for t := range g.n {
		start[t] = first
		if is[t] == 0 {
			continue
		}
		blocks++
		for kv := range g.kvHeads {
			if t+1 == g.n {
				break
			}
			row := (t+1)*g.heads + kv*group
			j := ChosenJob{Head: kv, Row: row, Out: blocks*rows + row, Rows: (g.n - t - 1) * group}
			j.Keys = runOf(nil, first, t, 0)
			regular = append(regular, j)
			j.Keys = runOf(nil, t, t+1, 0)
			marks = append(marks, j)
		}
		first = t + 1
	}
	s, p, rest := g.d.Begin(), g.partials(1+blocks, rows), g.partials(1+blocks, rows)
	hidden := make([]float32, (1+blocks)*rows)
	for i := range hidden {
		hidden[i] = Hidden
	}
	p.LSE = input(g.t, g.d, hidden)
	q, c, a := input(g.t, g.d, g.q), g.cache(s, g.k, g.v), g.attention()
	a.Spans = g.spans(func(t, _ int) (int, int) { return start[t], t + 1 - int(is[t]) })
	s.AttendPart(p, 0, q, c, a, g.n)
	s.AttendChosen(&Partials{p.Out, rest.LSE, 1 + blocks, rows, g.valueDim}, 0, q, rows, c, g.choice(group, regular), a)
	s.AttendChosen(&Partials{rest.Out, p.LSE, 1 + blocks, rows, g.valueDim}, 0, q, rows, c, g.choice(group, marks), a)
	g.merged(s, p)
}

// landmarkDecode keeps keys rotated by their places in their blocks, as
// longHeads does.
func (g *goldenRun) landmarkDecode() {
	length, t := g.number("block_len"), g.keys-1
	before := t / length
	take := min(g.number("k"), before)
	places := make([]int, g.keys)
	for i := range places {
		places[i] = i % length
	}
	s := g.d.Begin()
	c, a := g.turnedCache(s, places), g.attention()
	q := g.turns(s, take+2, func(u, _ int) int { return u*length + t%length })
	var jobs []ChosenJob
	for b := range before {
		for h := range g.heads {
			slot := max(0, b-(before-take)+1)
			jobs = append(jobs, ChosenJob{Head: g.kvOf(h), Row: h, Out: b*g.heads + h, Rows: 1,
				Keys: runOf(nil, b*length+length-1, b*length+length, take+1-slot)})
		}
	}
	scored := g.partials(max(1, before), g.heads)
	s.AttendChosen(scored, 0, q, g.heads, c, g.choice(1, jobs), a)
	scores := g.ran(s, scored.LSE, before*g.heads)

	regular, marks := g.landmarkJobs(scores, before, take)
	s = g.d.Begin()
	p, rest := g.partials(1+take, g.heads), g.partials(1+take, g.heads)
	s.AttendChosen(p, 0, q, g.heads, c, g.choice(1, regular), a)
	s.AttendChosen(&Partials{rest.Out, p.LSE, 1 + take, g.heads, g.valueDim}, 0, q, g.heads, c, g.choice(1, marks), a)
	g.merged(s, p)
}

// landmarkJobs chooses the take best of so many blocks for each head. Chosen
// ones are packed; the last take blocks leave one place free ahead of them.
func (g *goldenRun) landmarkJobs(scores []float32, before, take int) (regular, marks []ChosenJob) {
	g.t.Helper()
	length := g.number("block_len")
	for h := range g.heads {
		own := ChosenJob{Head: g.kvOf(h), Row: h, Out: h, Rows: 1, Keys: runOf(nil, before*length, min(g.keys, before*length+length-1), 0)}
		regular = append(regular, own)
		head := make([]float32, before)
		for b := range head {
			head[b] = scores[b*g.heads+h]
		}
		picks := attention.TopK(head, take)
		g.sameChoice("chosen", h*take, picks)
		for r, b := range picks {
			slot := r
			if b >= before-take {
				slot++
			}
			j := ChosenJob{Head: g.kvOf(h), Row: h, Out: (1+r)*g.heads + h, Rows: 1, Keys: runOf(nil, b*length, b*length+length-1, take+1-slot)}
			regular = append(regular, j)
			j.Keys = runOf(nil, b*length+length-1, b*length+length, take+1-slot)
			marks = append(marks, j)
		}
	}
	return regular, marks
}
