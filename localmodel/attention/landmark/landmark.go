// Package landmark retrieves blocks of a long context by a token that stands
// for each. A landmark token closes every block. A row puts the weights of one
// softmax on the tokens of its own block and on the landmarks of earlier ones;
// what a landmark gets is passed on to its block, by a softmax of the block's
// own. Where more blocks are there than TopK, each row and head takes those
// whose landmarks score best, and leaves the others out.
//
// By their log-sum-exp two softmaxes over disjoint keys can be merged into one.
// A block is merged here by its landmark's score in that place: this is the
// grouped softmax. Keys are cached at their true positions; a block that is
// moved is met by a query that is rotated by as much more.
//
// Weights have to be trained with landmarks, and sequences to have them: the
// model puts them in (model.Landmarks, with the layouts of public checkpoints).
// Source: ../shared/spec/attention.md §3 (arXiv 2305.16300 and its code).
package landmark

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Landmark is the mechanism with its parameters.
type Landmark struct {
	Block int // tokens between two landmarks
	TopK  int // blocks that a row and head retrieves
}

var (
	_ attention.Chooser = Landmark{}
	_ attention.Filler  = Landmark{}
	_ attention.Reader  = (*cache)(nil)
)

// String implements attention.Mechanism.
func (m Landmark) String() string { return fmt.Sprintf("landmark:block=%d,topk=%d", m.Block, m.TopK) }

// Fits implements attention.Chooser.
func (m Landmark) Fits(layers []attention.Layer, window int) error {
	for _, l := range layers {
		switch {
		case l.Landmark == 0:
			return fmt.Errorf("it needs weights that were trained with landmark tokens, and these were not")
		case l.Landmark != m.Block:
			return fmt.Errorf("block=%d, but the weights were trained with a landmark behind every %d tokens", m.Block, l.Landmark)
		case m.Block+1 > window:
			return fmt.Errorf("a block of %d tokens and its landmark are larger than the window of %d", m.Block, window)
		}
	}
	return nil
}

// Divides implements attention.Divider.
func (m Landmark) Divides(tokens int) error {
	return attention.Pieces{Name: "block", Length: m.Block, Fixed: true, TopK: m.TopK, Least: 1}.Divide("context", tokens)
}

// New implements attention.Mechanism.
func (m Landmark) New(l attention.Layer) attention.Cache {
	return &cache{Blocks: attention.NewBlocks(l.KV), every: m.Block + 1, marks: make([]marks, l.KV.Heads)}
}

// Bytes implements attention.Mechanism: keys and values of all tokens, and the
// landmarks' keys once more, rotated and not.
func (m Landmark) Bytes(l attention.Layer, n int) int64 {
	return attention.RunBytes(l.KV, n) + int64(8*(n/(m.Block+1))*l.KV.Heads*l.KV.KeyDim)
}

// Attend implements attention.Mechanism.
func (m Landmark) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	for _, w := range works {
		m.attend(k, l, w, w.Cache.(*cache))
	}
}

// Fill implements attention.Filler.
func (m Landmark) Fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	w.Cache.(*cache).append(k, l, w)
}

func shape(l attention.Layer) cpu.AttendShape {
	return cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap}
}

func rotate(k *cpu.Kernels, l attention.Layer, x []float32, n, heads int, at []int) {
	if l.Angles != nil && n > 0 {
		k.RoPE(x, n, heads, l.KV.KeyDim, l.Angles, at)
	}
}

// row is what one query row of one head attends to.
type row struct {
	head  int
	at    int         // position
	raw   []float32   // the query ahead of its rotation
	picks []int       // retrieved blocks, ascending
	turns [][]float32 // the query as each of them meets it, and last its own block
}

func (m Landmark) attend(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	from, d, dv := c.Len(), l.KV.KeyDim, l.KV.ValueDim
	raw := append([]float32(nil), w.Q[:w.N*l.Heads*d]...)
	c.append(k, l, w)
	rows := make([]row, w.N*l.Heads)
	for i := range rows {
		rows[i] = row{head: i % l.Heads, at: from + i/l.Heads, raw: raw[i*d:][:d]}
	}
	m.retrieve(k, l, c, rows)
	m.turn(k, l, c, rows)
	jobs, lse := make([]cpu.ChosenJob, 0, len(rows)), make([]float32, len(rows))
	where := []int{0}
	for _, r := range rows {
		where = append(where, where[len(where)-1]+len(r.picks))
	}
	blocks, seen := make([]float32, where[len(rows)]*dv), 0
	for i, r := range rows {
		kv := r.head / (l.Heads / l.KV.Heads)
		own := cpu.ChosenJob{Head: kv, N: 1, Q: r.turns[len(r.picks):], Out: w.Out[i*dv:][:dv], Stride: dv, LSE: lse[i : i+1]}
		start, end := c.span(c.blocksBefore(r.at))
		own.Blocks = c.Choose(nil, start, min(r.at+1, end), 0)
		seen += min(r.at+1, end) - start + len(r.picks)
		jobs = append(jobs, own)
		for j, pick := range r.picks {
			start, end := c.span(pick)
			seen += end - start
			jobs = append(jobs, cpu.ChosenJob{
				Head: kv, N: 1, Q: r.turns[j : j+1], Out: blocks[(where[i]+j)*dv:][:dv], Stride: dv, Blocks: c.Choose(nil, start, end, 0),
			})
		}
	}
	k.AttendChosen(shape(l), jobs...)
	c.Count(w.N, seen)
	k.Parallel(len(rows), func(i int) {
		r := &rows[i]
		for j, pick := range r.picks {
			score := []float32{c.score(l, r, pick, r.turns[j])}
			cpu.MergePartials(w.Out[i*dv:][:dv], lse[i:i+1], blocks[(where[i]+j)*dv:][:dv], score, 1, dv)
		}
	})
}

// retrieve chooses each row's blocks: all where there are no more than TopK.
// The landmarks of the last TopK blocks are scored where they stand, all older
// ones as if they stood right ahead of these.
func (m Landmark) retrieve(k *cpu.Kernels, l attention.Layer, c *cache, rows []row) {
	k.Parallel(len(rows), func(i int) {
		before := c.blocksBefore(rows[i].at)
		if before <= m.TopK {
			rows[i].picks = make([]int, before)
			for j := range rows[i].picks {
				rows[i].picks[j] = j
			}
		}
	})
	var some []int // rows that have to choose
	for i := range rows {
		if rows[i].picks == nil {
			some = append(some, i)
		}
	}
	d := l.KV.KeyDim
	near, far := make([]float32, len(some)*d), make([]float32, len(some)*d)
	nearAt, farAt := make([]int, len(some)), make([]int, len(some))
	for j, i := range some {
		r := &rows[i]
		copy(near[j*d:], r.raw)
		copy(far[j*d:], r.raw)
		nearAt[j] = r.at
		farAt[j] = r.at - (c.blocksBefore(r.at)-m.TopK)*c.every + 1
	}
	rotate(k, l, near, len(some), 1, nearAt)
	rotate(k, l, far, len(some), 1, farAt)
	k.Parallel(len(some), func(j int) {
		r := &rows[some[j]]
		before, own := c.blocksBefore(r.at), &c.marks[r.head/(l.Heads/l.KV.Heads)]
		scores := make([]float32, before)
		for b := range scores {
			if b < before-m.TopK {
				scores[b] = dot(far[j*d:][:d], own.raw[b*d:])
			} else {
				scores[b] = dot(near[j*d:][:d], own.rotated[b*d:])
			}
		}
		r.picks = attention.TopK(scores, m.TopK)
	})
}

// turn rotates each row's query for every block that it attends to. Those of
// the last TopK stay where they are; others are moved next to them.
func (m Landmark) turn(k *cpu.Kernels, l attention.Layer, c *cache, rows []row) {
	d := l.KV.KeyDim
	var all []float32
	var at []int
	for i := range rows {
		r := &rows[i]
		before := c.blocksBefore(r.at)
		for rank, pick := range r.picks {
			p := r.at
			if before > m.TopK {
				slot := rank // places ahead of the last TopK blocks, one of them free
				if pick >= before-m.TopK {
					slot++
				}
				p += (pick - (before - m.TopK - 1) - slot) * c.every
			}
			all, at = append(all, r.raw...), append(at, p)
		}
		all, at = append(all, r.raw...), append(at, r.at)
	}
	rotate(k, l, all, len(at), 1, at)
	next := 0
	for i := range rows {
		for range len(rows[i].picks) + 1 {
			rows[i].turns = append(rows[i].turns, all[next*d:][:d])
			next++
		}
	}
}

func dot(a, b []float32) float32 {
	var s float32
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
