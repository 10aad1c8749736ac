package longheads

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

var _ gpu.Mechanism = LongHeads{}

// OnDevice implements gpu.Mechanism. Keys are cached as they are rotated by their
// places in their chunks, so that a query is turned once for each place that a
// chunk may be packed at; the first TopK chunks once more at their positions,
// for the rows that see all.
func (m LongHeads) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	on := gpu.Make(d, c)
	rows, width, chunks := min(c.Chunk, m.Chunk), c.Heads*c.KeyDim, c.Context/m.Chunk+1
	shared := &scratch{
		LongHeads: m, d: d, c: c,
		placed: on.Buffer("queries by their places", rows*width), placedK: on.Buffer("keys by their places", rows*c.KVHeads*c.KeyDim),
		turned: on.Buffer("turned queries", m.TopK*rows*width), scores: on.Buffer("scores of chunks", rows*c.Heads*chunks),
		among: on.Buffer("rows of a chunk", m.Chunk*width), mean: on.Buffer("their mean", width),
		vector: on.Buffer("a chunk's vector", width), attend: on.Scratch(m.Chunk),
	}
	for i, layer := range c.Layer {
		if layer.Window > 0 {
			on.Add(on.Whole(i))
			continue
		}
		on.Add(&onDevice{
			scratch: shared,
			packed:  on.Cache(c.Context), early: on.Cache(min(c.Context, m.Chunk*m.TopK)),
			open: on.Buffer("queries of the open chunk", m.Chunk*width), vectors: on.Buffer("vectors", chunks*width),
			spans: on.Buffer("spans of a chunk", 2*m.Chunk*c.Heads), places: on.Angles(i, rows), turns: on.Angles(i, m.TopK*rows),
		})
	}
	return on.Done()
}

// scratch is what layers use one after the other.
type scratch struct {
	LongHeads
	d                   *gpu.Device
	c                   gpu.Config
	placed, placedK     *gpu.Buffer // queries and keys, rotated by their places in the chunk
	turned              *gpu.Buffer // [TopK, rows, heads, KeyDim]
	scores              *gpu.Buffer // [rows, heads, chunks]
	among, mean, vector *gpu.Buffer // steps to a chunk's vector
	attend              *gpu.Scratch
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*scratch
	packed, early *gpu.Cache
	open          *gpu.Buffer // [Chunk, heads, KeyDim]
	vectors       *gpu.Buffer // [chunks, heads, KeyDim], of complete chunks
	spans         *gpu.Buffer // the chunk that was completed, for each of its rows
	places, turns *gpu.Buffer // angles
	chosen        *gpu.Choice
	seen          int
}

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	width, place := l.c.Heads*l.c.KeyDim, r.Pos%l.Chunk
	at := attention.Positions(place, r.N)
	r.Turned(l.placed, r.Q, l.places, l.c.Heads, at)
	r.Turned(l.placedK, r.K, l.places, l.c.KVHeads, at)
	r.Step.Copy(l.open, place*width, l.placed, 0, r.N*width)
	r.Step.Store(l.packed, l.placedK, r.V, r.Pos, r.N)
	l.seen = r.Pos + r.N
	if place+r.N == l.Chunk {
		l.sumUp(r)
	}
	if r.Pos >= l.Chunk*l.TopK {
		l.attendChosen(r)
		return
	}
	r.Rotate()
	r.Step.Store(l.early, r.K, r.V, r.Pos, r.N)
	r.Attend(r.Q, l.early, r.Attention())
}

// sumUp makes the vectors of the chunk that a pass completes, see sum.
func (l *onDevice) sumUp(r *gpu.Rows) {
	width := l.c.Heads * l.c.KeyDim
	a := r.Attention()
	a.Spans, a.Keys, a.Parts = l.spans, l.seen, 1
	r.Try(l.spans.WriteInts(0, gpu.SameSpan(l.Chunk*l.c.Heads, l.seen-l.Chunk, l.seen)))
	r.Step.Attend(l.among, l.open, l.packed, l.attend, a, l.Chunk)
	r.Step.Mean(l.mean, l.among, 1, l.Chunk, width)
	r.Step.Attend(l.vector, l.mean, l.packed.KeysAsValues(), l.attend, a, 1)
	r.Step.Copy(l.vectors, (l.seen/l.Chunk-1)*width, l.vector, 0, width)
}

// attendChosen computes rows that have more chunks than they may see.
func (l *onDevice) attendChosen(r *gpu.Rows) {
	last := (l.TopK-1)*l.Chunk + r.Pos%l.Chunk
	at := make([]int, 0, l.TopK*r.N)
	for turn := range l.TopK {
		at = append(at, attention.Positions(last-turn*l.Chunk, r.N)...)
	}
	r.Turned(l.turned, r.Q, l.turns, l.c.Heads, at)
	var err error
	if l.chosen, err = l.d.Rechoose(l.chosen, l.c.Heads, l.together(l.c.Heads/l.c.KVHeads), l.c.KVHeads, l.jobs(r)); err != nil {
		r.Try(err)
		return
	}
	out := &gpu.Partials{Out: r.Out, LSE: r.LSE, Parts: 1, Rows: r.N * l.c.Heads, Dim: l.c.ValueDim}
	r.Step.AttendChosen(out, 0, l.turned, r.N*l.c.Heads, l.packed, l.chosen, r.Attention())
}

// jobs are the chunks that each row's heads see, one or those that choose
// together, of which the row's own ends with it.
func (l *onDevice) jobs(r *gpu.Rows) []gpu.ChosenJob {
	own, heads, group := r.Pos/l.Chunk, l.c.Heads, l.c.Heads/l.c.KVHeads
	entries := own - 1 // chunks ahead of the one before the rows' own
	scores := make([]float32, r.N*heads*entries)
	if l.TopK > 3 {
		r.Step.Scores(l.scores, r.Q, l.vectors, r.N, heads, heads, entries, l.c.KeyDim, 1)
		scores = r.Read(l.scores, len(scores))
	}
	var jobs []gpu.ChosenJob
	for i, n := 0, l.together(group); i < r.N*heads; i += n {
		j := gpu.ChosenJob{Head: i % heads / group, Row: i, Out: i, Rows: n}
		sum := scores[i*entries:][:entries]
		for h := 1; h < n; h++ {
			for c, v := range scores[(i+h)*entries:][:entries] {
				sum[c] += v
			}
		}
		for turn, chunk := range l.pick(sum, own) {
			j.Keys = gpu.Run(j.Keys, chunk*l.Chunk, min((chunk+1)*l.Chunk, r.Pos+i/heads+1), turn)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// Cut implements gpu.LayerAttention: a pass stays in one chunk.
func (l *onDevice) Cut(pos, n int) int { return min(n, l.Chunk-pos%l.Chunk) }

// Back implements gpu.LayerAttention: a chunk that is complete is not opened
// again.
func (l *onDevice) Back(n int) int {
	if n >= l.seen/l.Chunk*l.Chunk {
		return n
	}
	return n / l.Chunk * l.Chunk
}

// Release gives the choice's memory back.
func (l *onDevice) Release() { l.chosen.Release() }
