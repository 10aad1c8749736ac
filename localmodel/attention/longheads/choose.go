package longheads

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// fewRows is up to how many rows of a work are cut into regions, so that all
// threads have a share in a single one. More are read a row and head at a time.
const fewRows = 16

// regionTokens is the length of a region: what the heads of a group choose of
// it fits a thread's second-level cache.
const regionTokens = 4096

// chooser is what chooses chunks together: one query head of a row, or all of
// a kv head.
type chooser struct {
	row   int // of the work
	own   int // chunk that the row is in
	head  int // the first query head
	heads int
}

// together is how many query heads of a group choose together.
func (m LongHeads) together(group int) int {
	if m.Group {
		return group
	}
	return 1
}

// attendChosen computes the rows of a work from its row early on: those that
// have more chunks than they may see.
func (m LongHeads) attendChosen(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache, raw []float32, from, early int) {
	var choosers []chooser
	group := l.Heads / l.KV.Heads
	heads := m.together(group)
	for row := early; row < w.N; row++ {
		for h := 0; h < l.Heads; h += heads {
			choosers = append(choosers, chooser{row: row, own: (from + row) / m.Chunk, head: h, heads: heads})
		}
	}
	jobs := make([]cpu.ChosenJob, len(choosers))
	k.Share(len(jobs), func(t cpu.Thread, i int) {
		jobs[i] = m.job(t, l, w, c, raw, from, choosers[i])
		jobs[i].Follows = w.N <= fewRows && choosers[i].head%group != 0
	})
	k.AttendChosen(shape(l), jobs...)
	c.Count(w.N, l.Heads*m.sees(from+w.N-1))
}

// sees is how many tokens a row at a position sees that has to choose.
func (m LongHeads) sees(position int) int { return (m.TopK-1)*m.Chunk + position%m.Chunk + 1 }

// job is the attention of a chooser to the chunks that it chooses. Turn r of
// its queries is for the chunk that is packed at place r.
func (m LongHeads) job(t cpu.Thread, l attention.Layer, w attention.Work, c *cache, raw []float32, from int, x chooser) cpu.ChosenJob {
	d, dv, at := l.KV.KeyDim, l.KV.ValueDim, x.row*l.Heads+x.head
	q := raw[at*d:][:x.heads*d]
	chunks := m.choose(t, c, q, x)
	j := cpu.ChosenJob{Head: x.head / (l.Heads / l.KV.Heads), N: x.heads, Out: w.Out[at*dv:][:x.heads*dv], Stride: dv}
	turned := make([]float32, len(chunks)*len(q))
	position := from + x.row
	last := (m.TopK-1)*m.Chunk + position%m.Chunk // the place of the row itself
	region, cut := max(1, regionTokens/m.Chunk), w.N <= fewRows
	for r, chunk := range chunks {
		for cut && len(j.Cuts) < chunk/region {
			j.Cuts = append(j.Cuts, len(j.Blocks))
		}
		mine := turned[r*len(q):][:len(q)]
		copy(mine, q)
		if l.Angles != nil {
			t.RoPE(mine, 1, x.heads, d, l.Angles, []int{last + (chunk-r)*m.Chunk})
		}
		j.Q = append(j.Q, mine)
		j.Blocks = c.Choose(j.Blocks, chunk*m.Chunk, min((chunk+1)*m.Chunk, position+1), r)
	}
	return j
}

// choose returns the chunks that a chooser with queries q [heads, KeyDim] sees,
// ascending.
func (m LongHeads) choose(t cpu.Thread, c *cache, q []float32, x chooser) []int {
	n, d := x.own-1, len(q)/x.heads // chunks 0 … own-2 are scored, all but the first can be chosen
	scores := make([]float32, n)
	own := cpu.Dense{Data: scores, Stride: n}
	c.sums.scores(t, own, cpu.Dense{Data: q, Stride: d}, 1, x.head, d, n)
	if x.heads > 1 {
		one := cpu.Dense{Data: make([]float32, n), Stride: n}
		for h := 1; h < x.heads; h++ {
			c.sums.scores(t, one, cpu.Dense{Data: q[h*d:], Stride: d}, 1, x.head+h, d, n)
			t.Add(scores, one.Data)
		}
	}
	return m.pick(scores, x.own)
}

// pick returns the chunks that a row of chunk own sees by the scores of chunks
// 0 … own-2, ascending: of equally good ones the earlier.
func (m LongHeads) pick(scores []float32, own int) []int {
	out := []int{0}
	for _, i := range attention.TopK(scores[1:], m.TopK-3) {
		out = append(out, 1+i)
	}
	return append(out, own-1, own)
}
