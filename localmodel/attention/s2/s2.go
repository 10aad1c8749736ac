// Package s2 is the shifted sparse attention by which LongLoRA trains: a prompt
// is cut into groups and rows see their own group alone, by half of the heads;
// by the other half groups begin half a group later, so that what is in one
// flows into the next. It saves work while a model is tuned; what was tuned so
// answers with full attention. A step of decoding has no group of its own. There
// are no weights of it: any checkpoint of LongLoRA is a llama's.
// Source: ../shared/spec/attention.md §5 (arXiv 2309.12307 and its code).
package s2

import (
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// S2 is the mechanism with its parameters.
type S2 struct {
	Group int // tokens of a group, at least 2
	// DecodeFull lets tokens of an answer see everything.
	DecodeFull bool
}

var (
	_ attention.Chooser = S2{}
	_ attention.Reader  = (*cache)(nil)
)

// String implements attention.Mechanism.
func (m S2) String() string {
	if m.DecodeFull {
		return fmt.Sprintf("s2:group=%d,decode=full", m.Group)
	}
	return fmt.Sprintf("s2:group=%d", m.Group)
}

// CanAnswer implements attention.Answerer.
func (m S2) CanAnswer() error {
	if !m.DecodeFull {
		return errors.New("it is a way to train, and a step of decoding has no group; decode=full answers with full attention behind a prompt in shifted groups")
	}
	return nil
}

// Fits implements attention.Chooser.
func (m S2) Fits(layers []attention.Layer, _ int) error {
	if err := m.CanAnswer(); err != nil {
		return err
	}
	for i, l := range layers {
		if l.Heads < 2 {
			return fmt.Errorf("layer %d has one head: there is no half of them to be shifted", i)
		}
	}
	return nil
}

// New implements attention.Mechanism.
func (S2) New(l attention.Layer) attention.Cache { return &cache{Blocks: attention.NewBlocks(l.KV)} }

// Bytes implements attention.Mechanism.
func (S2) Bytes(l attention.Layer, n int) int64 { return attention.RunBytes(l.KV, n) }

// Attend implements attention.Mechanism. Layers with a window of their own keep
// it within the groups.
func (m S2) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	var jobs []cpu.AttendJob
	var halves []half
	for _, w := range works {
		c := w.Cache.(*cache)
		from := c.Len()
		if l.Angles != nil {
			at := attention.Positions(from, w.N)
			k.RoPE(w.Q, w.N, l.Heads, l.KV.KeyDim, l.Angles, at)
			k.RoPE(w.K, w.N, l.KV.Heads, l.KV.KeyDim, l.Angles, at)
		}
		c.Append(w.N, w.K, w.V)
		if w.Prompt == 0 || m.Group >= w.Prompt {
			jobs = append(jobs, c.Job(w.N, w.Q, w.Out)) // one group
			c.Count(w.N, l.Heads*seen(l, c.Len()))
			continue
		}
		keys := 0
		for _, h := range splitHeads(l) {
			start, _ := m.span(c.Len()-1, h.shifted)
			keys += (h.to - h.from) * seen(l, c.Len()-start)
			if h.shifted {
				h.own = make([]float32, len(w.Out))
				halves = append(halves, h.of(w))
			}
			jobs = append(jobs, m.groups(c, l, w, h, from)...)
		}
		c.Count(w.N, keys)
	}
	k.Attend(cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap, Window: l.Window}, jobs...)
	for _, h := range halves {
		h.merge(l)
	}
}

// seen is how many of the last n tokens the newest row sees.
func seen(l attention.Layer, n int) int {
	if l.Window > 0 {
		return min(n, l.Window)
	}
	return n
}

// half is the heads of one half: query heads from … to-1. Where a kv head's
// queries are in both halves, each half computes all of them.
type half struct {
	shifted  bool
	from, to int
	own      []float32 // results of the shifted half, like those of the work
	out      []float32
	n        int
}

func splitHeads(l attention.Layer) []half {
	middle := l.Heads / 2
	return []half{{from: 0, to: middle}, {shifted: true, from: middle, to: l.Heads}}
}

func (h half) of(w attention.Work) half {
	h.out, h.n = w.Out, w.N
	return h
}

// merge puts the shifted heads' results where they belong.
func (h half) merge(l attention.Layer) {
	d := l.KV.ValueDim
	for row := range h.n {
		at := row * l.Heads * d
		copy(h.out[at+h.from*d:at+h.to*d], h.own[at+h.from*d:])
	}
}

// groups returns a job for each group that a work's rows lie in.
func (m S2) groups(c *cache, l attention.Layer, w attention.Work, h half, from int) []cpu.AttendJob {
	q, o, out := l.Heads*l.KV.KeyDim, l.Heads*l.KV.ValueDim, w.Out
	if h.shifted {
		out = h.own
	}
	each := l.Heads / l.KV.Heads
	var jobs []cpu.AttendJob
	for row := 0; row < w.N; {
		start, end := m.span(from+row, h.shifted)
		n := min(w.N-row, end-from-row)
		job := c.Job(w.N, w.Q[row*q:], out[row*o:])
		job.N, job.Pos, job.First = n, from+row, start
		job.KVFrom, job.KVTo = h.from/each, (h.to+each-1)/each
		jobs = append(jobs, job)
		row += n
	}
	return jobs
}

// span is the group of a position: [start, end).
func (m S2) span(p int, shifted bool) (start, end int) {
	if !shifted {
		start = p / m.Group * m.Group
		return start, start + m.Group
	}
	first := m.Group / 2 // half a group at the beginning
	if p < first {
		return 0, first
	}
	start = first + (p-first)/m.Group*m.Group
	return start, start + m.Group
}

type cache struct {
	*attention.Blocks
	attention.ReadCount
}

// Fork implements attention.Cache. Whether there are groups depends on the whole
// prompt's length, and with it all that upper layers have seen: a beginning
// does not serve a prompt of another length.
func (c *cache) Fork(n int) (attention.Cache, bool) { return &cache{Blocks: c.Blocks.Fork(0)}, n == 0 }
