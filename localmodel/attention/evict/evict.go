// Package evict is full attention over the prompt and then over a part of it:
// once the prompt is computed, each layer and head keeps Capacity of its
// tokens, chosen by how much attention they received, and drops the others for
// good. Tokens of the answer are added behind them. Keys keep the rotation of
// their true positions.
//
// Layers with a window of their own keep it and evict nothing.
// Source: ../shared/spec/attention.md §12: SnapKV (arXiv 2404.14469), H2O
// (2306.14048) and PyramidKV (2406.02069) in the form that peers ship.
package evict

import (
	"errors"
	"fmt"
	"iter"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Evict is the mechanism with its parameters.
type Evict struct {
	Method   Method
	Capacity int // tokens that a head keeps of a prompt (PyramidKV: on average)
	Recent   int // of these the last ones, which are observed too; below Capacity
	// Kernel is how many neighbours SnapKV's scores are pooled over, by their mean
	// or by their maximum.
	Kernel  int
	MaxPool bool
	// Beta is how much less than its average PyramidKV's last layer keeps beside
	// the recent tokens: one of so many. 0: as in the authors' code, 20.
	Beta int
	// PerKV lets the heads that share keys share a choice, by the mean of their
	// scores: the cache is smaller by their number.
	PerKV bool
}

var (
	_ attention.PromptEnder = Evict{}
	_ attention.Chooser     = Evict{}
	_ attention.Filler      = Evict{}
	_ attention.Reader      = (*cache)(nil)
)

// String implements attention.Mechanism.
func (e Evict) String() string {
	out := fmt.Sprintf("%s:capacity=%d,recent=%d", e.Method, e.Capacity, e.Recent)
	if e.pools() {
		pool := "mean"
		if e.MaxPool {
			pool = "max"
		}
		out += fmt.Sprintf(",kernel=%d,pool=%s", e.Kernel, pool)
	}
	if e.Method == PyramidKV {
		out += fmt.Sprintf(",beta=%d", e.beta())
	}
	return out + fmt.Sprintf(",per-kv=%t", e.PerKV)
}

func (e Evict) pools() bool { return e.Method == SnapKV || e.Method == PyramidKV }

// Fits implements attention.Chooser.
func (e Evict) Fits(layers []attention.Layer, window int) error {
	return evicts(layers, window, e.Capacity, fmt.Sprintf("capacity %d", e.Capacity))
}

// evicts says why nothing would be evicted where so many tokens are kept; nil:
// something would.
func evicts(layers []attention.Layer, window, kept int, called string) error {
	for _, l := range layers {
		if l.Window == 0 {
			if kept >= window {
				return fmt.Errorf("%s is the whole window of %d tokens: nothing would be evicted", called, window)
			}
			return nil
		}
	}
	return errors.New("every layer of this model has a window of its own")
}

// Observed implements attention.PromptEnder.
func (e Evict) Observed() int {
	if e.pools() {
		return e.Recent
	}
	return 0
}

// New implements attention.Mechanism.
func (e Evict) New(l attention.Layer) attention.Cache {
	if l.Window > 0 {
		return full.Full{}.New(l)
	}
	c := &cache{prompt: attention.NewBlocks(l.KV)}
	if e.Method == H2O {
		c.received = make([][]float64, l.Heads)
	}
	return c
}

// one is the shape of what a head keeps to itself.
func one(l attention.Layer) cpu.KVShape {
	return cpu.KVShape{Heads: 1, KeyDim: l.KV.KeyDim, ValueDim: l.KV.ValueDim, Type: l.KV.Type}
}

// choices is how many choices a layer has.
func (e Evict) choices(l attention.Layer) int {
	if e.PerKV {
		return l.KV.Heads
	}
	return l.Heads
}

// Bytes implements attention.Mechanism. What is kept of a prompt stands beside
// the prompt for a moment, and heads keep the answer's tokens each for itself.
func (e Evict) Bytes(l attention.Layer, n int) int64 {
	if l.Window > 0 {
		return full.Full{}.Bytes(l, n)
	}
	each := int64(e.choices(l))
	bytes := max(attention.RunBytes(l.KV, n), each*attention.RunBytes(one(l), n))
	bytes += each * attention.RunBytes(one(l), min(n, 2*e.Capacity))
	switch {
	case e.pools():
		bytes += int64(4 * min(n, e.Recent) * l.Heads * l.KV.KeyDim)
	case e.Method == H2O:
		bytes += int64(8 * n * l.Heads)
	}
	return bytes
}

// Attend implements attention.Mechanism.
func (e Evict) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	var whole []attention.Work
	for _, w := range works {
		c, ours := w.Cache.(*cache)
		switch {
		case !ours:
			whole = append(whole, w)
		case c.kept != nil:
			e.attendKept(k, l, w, c)
		default:
			e.attendPrompt(k, l, w, c)
		}
	}
	if len(whole) > 0 {
		full.Full{}.Attend(k, l, whole)
	}
}

func shape(l attention.Layer) cpu.AttendShape {
	return cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap}
}

func rotate(k *cpu.Kernels, l attention.Layer, w attention.Work, from int) {
	if l.Angles != nil {
		at := attention.Positions(from, w.N)
		k.RoPE(w.Q, w.N, l.Heads, l.KV.KeyDim, l.Angles, at)
		k.RoPE(w.K, w.N, l.KV.Heads, l.KV.KeyDim, l.Angles, at)
	}
}

// attendPrompt is full attention; it notes what the choice will need.
func (e Evict) attendPrompt(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	e.fill(k, l, w, c)
	job := c.prompt.Job(w.N, w.Q, w.Out)
	sums := e.Method == H2O && !c.ended
	if sums {
		job.LSE = make([]float32, w.N*l.Heads)
	}
	k.Attend(shape(l), job)
	c.Count(w.N, l.Heads*c.Len())
	if sums {
		k.ColumnSums(shape(l), job, c.received)
	}
}

// Fill implements attention.Filler. Of what H2O adds up it notes nothing: to it
// the tokens have received no attention.
func (e Evict) Fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	if c, ours := w.Cache.(*cache); ours {
		e.fill(k, l, w, c)
		return
	}
	full.Full{}.Fill(k, l, w)
}

// fill appends a work's tokens to a prompt, with the queries that the choice
// will look at. Queries are left rotated.
func (e Evict) fill(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	rotate(k, l, w, c.Len())
	c.prompt.Append(w.N, w.K, w.V)
	switch {
	case c.ended:
	case e.Method == H2O:
		for h := range c.received {
			c.received[h] = append(c.received[h], make([]float64, w.N)...)
		}
	case e.pools():
		width := l.Heads * l.KV.KeyDim
		c.queries = append(c.queries, w.Q[max(0, w.N-e.Recent)*width:w.N*width]...)
		c.queries = c.queries[max(0, len(c.queries)-e.Recent*width):]
	}
}

// attendKept attends over what was kept and what came behind it.
func (e Evict) attendKept(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	rotate(k, l, w, c.Len())
	each := len(c.kept)
	group, shared := l.Heads/each, each/l.KV.Heads
	s := cpu.AttendShape{Heads: group, KV: one(l), Scale: l.Scale, SoftCap: l.SoftCap}
	jobs, outs, seen := make([]cpu.AttendJob, each), make([][]float32, each), 0
	for i, kept := range c.kept {
		kv := i / shared
		kept.Append(w.N, part(w.K, w.N, l.KV.Heads, kv, 1, l.KV.KeyDim), part(w.V, w.N, l.KV.Heads, kv, 1, l.KV.ValueDim))
		outs[i] = make([]float32, w.N*group*l.KV.ValueDim)
		seen += group * kept.Len()
		jobs[i] = kept.Job(w.N, part(w.Q, w.N, l.Heads, i*group, group, l.KV.KeyDim), outs[i])
	}
	k.Attend(s, jobs...)
	c.Count(w.N, seen)
	for i, out := range outs {
		for t := range w.N {
			copy(w.Out[(t*l.Heads+i*group)*l.KV.ValueDim:], out[t*group*l.KV.ValueDim:][:group*l.KV.ValueDim])
		}
	}
	c.after += w.N
}

// part takes heads first … first+count of x [n, heads, d].
func part(x []float32, n, heads, first, count, d int) []float32 {
	if heads == count {
		return x[:n*heads*d]
	}
	out := make([]float32, 0, n*count*d)
	for t := range n {
		out = append(out, x[(t*heads+first)*d:][:count*d]...)
	}
	return out
}

// EndPrompt implements attention.PromptEnder. Prompts shorter than Capacity
// stay as they are, until their answer ends; only what a choice would have looked
// at is let go.
func (e Evict) EndPrompt(k *cpu.Kernels, layers []attention.Layer, caches []attention.Cache) {
	for i, c := range caches {
		c, ours := c.(*cache)
		switch {
		case !ours || c.ended:
		case c.Len() >= e.Capacity:
			e.compact(k, layers[i], len(layers), c)
		default:
			c.ended, c.queries = true, nil
			clear(c.received)
		}
	}
}

// keep returns the tokens kept of a prompt by each choice.
func (e Evict) keep(k *cpu.Kernels, l attention.Layer, layers int, c *cache) [][]int {
	n := c.Len()
	scores := e.scores(k, l, c)
	out, each := make([][]int, e.choices(l)), l.Heads/e.choices(l)
	k.Parallel(len(out), func(i int) {
		out[i] = e.choose(mean(scores[i*each:][:each]), n, e.take(n, l.Index, layers))
	})
	return out
}

// scores are the attention that each token received from the rows that are
// observed, by query head.
func (e Evict) scores(k *cpu.Kernels, l attention.Layer, c *cache) [][]float64 {
	out := make([][]float64, l.Heads)
	switch {
	case e.Method == H2O:
		return c.received
	case !e.pools():
		return out
	}
	for h := range out {
		out[h] = make([]float64, c.Len())
	}
	rows := len(c.queries) / (l.Heads * l.KV.KeyDim)
	job := c.prompt.Job(rows, c.queries, make([]float32, rows*l.Heads*l.KV.ValueDim))
	job.LSE = make([]float32, rows*l.Heads)
	k.Attend(shape(l), job)
	k.ColumnSums(shape(l), job, out)
	return out
}

func mean(rows [][]float64) []float64 {
	if len(rows) == 1 {
		return rows[0]
	}
	out := make([]float64, len(rows[0]))
	for _, r := range rows {
		for i, v := range r {
			out[i] += v / float64(len(rows))
		}
	}
	return out
}

// compact copies what is kept, bit for bit, and lets go of the prompt.
func (e Evict) compact(k *cpu.Kernels, l attention.Layer, layers int, c *cache) {
	keep := e.keep(k, l, layers, c)
	kept, shared := make([]*attention.Blocks, len(keep)), len(keep)/l.KV.Heads
	k.Parallel(len(keep), func(i int) {
		kept[i] = attention.NewBlocks(one(l))
		key, value := make([]float32, l.KV.KeyDim), make([]float32, l.KV.ValueDim)
		for _, t := range keep[i] {
			c.prompt.Read(t, i/shared, key, value)
			kept[i].Append(1, key, value)
		}
	})
	*c = cache{ReadCount: c.ReadCount, kept: kept, after: c.Len()}
}

// cache is a prompt, and after its end what each choice kept of it.
type cache struct {
	attention.ReadCount
	prompt   *attention.Blocks
	queries  []float32   // rotated, of the last tokens computed: [≤ Recent, heads, keyDim]
	received [][]float64 // by query head: the attention that each token received so far

	kept  []*attention.Blocks // by choice, answer included; nil: nothing was dropped yet
	after int                 // tokens seen, once something was dropped
	ended bool                // the prompt is done, and nothing was dropped of it
}

// Len implements attention.Cache.
func (c *cache) Len() int {
	if c.kept != nil {
		return c.after
	}
	return c.prompt.Len()
}

// Fork implements attention.Cache. What was received is known of all tokens
// seen alone; the queries of a fork are those computed behind it. Of a prompt
// that is done neither is left.
func (c *cache) Fork(n int) (attention.Cache, bool) {
	if c.kept != nil || (c.received != nil || c.ended) && n != c.Len() && n != 0 {
		return nil, false
	}
	f := &cache{prompt: c.prompt.Fork(n), ended: c.ended && n > 0}
	if f.ended {
		return f, true
	}
	if c.received != nil {
		f.received = make([][]float64, len(c.received))
		for h, r := range c.received {
			f.received[h] = append([]float64(nil), r[:min(n, len(r))]...)
		}
	}
	return f, true
}

// Pieces implements attention.Cache.
func (c *cache) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		runs := c.kept
		if runs == nil {
			runs = []*attention.Blocks{c.prompt}
		}
		for _, run := range runs {
			for id, bytes := range run.Pieces() {
				if !yield(id, bytes) {
					return
				}
			}
		}
		own := int64(4 * len(c.queries))
		for _, r := range c.received {
			own += int64(8 * len(r))
		}
		if own > 0 {
			yield(c, own)
		}
	}
}
