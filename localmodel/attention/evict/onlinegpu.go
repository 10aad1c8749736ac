package evict

import (
	"runtime"
	"slices"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

var _ gpu.Mechanism = Online{}

// OnDevice implements gpu.Mechanism. The device gives the products of a pass's
// queries with what was kept ahead of it and with its own keys; what each row
// keeps follows on the host, from one row to the next.
func (o Online) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	on := gpu.Make(d, c)
	most := min(c.Context, o.Heavy+o.Recent+c.Chunk) // tokens that a head's rows of a pass may see
	shared := &onlineScratch{
		Online: o, d: d, c: c, most: most, k: cpu.New(cpu.Best(), runtime.GOMAXPROCS(0)),
		products: on.Buffer("products with what is kept", c.Chunk*c.Heads*most),
	}
	on.Own(shared)
	for i, layer := range c.Layer {
		if layer.Window > 0 {
			on.Add(on.Whole(i))
			continue
		}
		on.Add(&onlineDevice{onlineScratch: shared, cache: on.Cache(c.Context), list: on.Buffer("what is kept", c.Heads*most)})
	}
	return on.Done()
}

// onlineScratch is what layers use one after the other.
type onlineScratch struct {
	Online
	d        *gpu.Device
	c        gpu.Config
	most     int
	k        *cpu.Kernels
	products *gpu.Buffer // [rows, heads, kept and the pass's own]
}

// Release ends the kernels.
func (s *onlineScratch) Release() { s.k.Close() }

// onlineDevice is the mechanism at one layer of a device.
type onlineDevice struct {
	*onlineScratch
	cache  *gpu.Cache
	list   *gpu.Buffer // positions [heads, kept and the pass's own]
	heads  []tally     // positions ascend
	chosen *gpu.Choice
	seen   int
}

// Attend implements gpu.LayerAttention.
func (l *onlineDevice) Attend(r *gpu.Rows) {
	if r.Pos == 0 {
		l.heads = make([]tally, l.c.Heads)
	}
	r.Rotate()
	r.Step.Store(l.cache, r.K, r.V, r.Pos, r.N)
	l.seen = r.Pos + r.N
	entries := len(l.heads[0].at) + r.N // heads keep equally many
	list := make([]int32, 0, l.c.Heads*entries)
	for _, h := range l.heads {
		for _, p := range h.at {
			list = append(list, int32(p))
		}
		for p := r.Pos; p < l.seen; p++ {
			list = append(list, int32(p))
		}
	}
	r.Try(l.list.WriteInts(0, list))
	r.Step.ListedScores(l.products, r.Q, l.cache, l.list, r.N, l.c.Heads, entries)
	products := r.Read(l.products, r.N*l.c.Heads*entries)
	jobs := make([]gpu.ChosenJob, r.N*l.c.Heads)
	l.k.Share(l.c.Heads, func(t cpu.Thread, h int) { l.rows(t, r, h, products, jobs) })
	var err error
	if l.chosen, err = l.d.Rechoose(l.chosen, l.c.Heads, 1, l.c.KVHeads, jobs); err != nil {
		r.Try(err)
		return
	}
	out := &gpu.Partials{Out: r.Out, LSE: r.LSE, Parts: 1, Rows: r.N * l.c.Heads, Dim: l.c.ValueDim}
	r.Step.AttendChosen(out, 0, r.Q, r.N*l.c.Heads, l.cache, l.chosen, r.Attention())
}

// rows lets a head go through a pass's rows, by products [rows, heads, entries],
// and notes what each of them sees.
func (l *onlineDevice) rows(thread cpu.Thread, r *gpu.Rows, head int, products []float32, jobs []gpu.ChosenJob) {
	h, entries := &l.heads[head], len(products)/len(jobs)
	of := make([]int, entries-r.N, entries) // by kept token: which entry it is
	for i := range of {
		of[i] = i
	}
	for t := range r.N {
		row := t*l.c.Heads + head
		h.join(r.Pos + t)
		of = append(of, entries-r.N+t)
		for i, entry := range of {
			h.weights[i] = products[row*entries+entry]
		}
		h.weigh(thread, float32(l.c.Scale), float32(l.c.AttentionCap))
		jobs[row] = gpu.ChosenJob{Head: head / (l.c.Heads / l.c.KVHeads), Row: row, Out: row, Rows: 1, Keys: gpu.Those(h.at)}
		if i, over := l.surplus(h, r.Pos+t); over {
			h.at, h.total, of = slices.Delete(h.at, i, i+1), slices.Delete(h.total, i, i+1), slices.Delete(of, i, i+1)
		}
	}
}

// Cut implements gpu.LayerAttention.
func (l *onlineDevice) Cut(_, n int) int { return n }

// Back implements gpu.LayerAttention: totals change with every row.
func (l *onlineDevice) Back(n int) int {
	if n != l.seen {
		return 0
	}
	return n
}

// Release gives the choice's memory back.
func (l *onlineDevice) Release() { l.chosen.Release() }
