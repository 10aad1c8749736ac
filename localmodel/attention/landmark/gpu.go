package landmark

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

var _ gpu.Mechanism = Landmark{}

// OnDevice implements gpu.Mechanism. Keys are cached as they are rotated by their
// places in their blocks, so that a query is turned once for each number of
// blocks that it may stand behind another one, see turnOf.
func (m Landmark) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	on := gpu.Make(d, c)
	rows, every := c.Chunk*c.Heads, m.Block+1
	shared := &scratch{
		Landmark: m, every: every, d: d, c: c,
		turned: on.Buffer("turned queries", (m.TopK+2)*rows*c.KeyDim), keys: on.Buffer("keys by their places", c.Chunk*c.KVHeads*c.KeyDim),
		far:  on.Buffer("scores of landmarks", rows*(c.Context/every+1)),
		out:  on.Buffer("rows by block", (1+m.TopK)*rows*c.ValueDim),
		lse:  on.Buffer("weights of blocks", (1+m.TopK)*rows),
		rest: on.Buffer("values of landmarks", (1+m.TopK)*rows*c.ValueDim),
	}
	for i := range c.Layer {
		on.Add(&onDevice{
			scratch: shared, cache: on.Cache(c.Context), places: on.Angles(i, c.Chunk), turns: on.Angles(i, (m.TopK+2)*c.Chunk),
		})
	}
	return on.Done()
}

// scratch is what layers use one after the other.
type scratch struct {
	Landmark
	every  int // tokens of a block and its landmark
	d      *gpu.Device
	c      gpu.Config
	turned *gpu.Buffer // [TopK+2, rows, heads, KeyDim]
	keys   *gpu.Buffer // rotated by their places
	far    *gpu.Buffer // [rows, heads, blocks]
	out    *gpu.Buffer // [1+TopK, rows, heads, ValueDim]: of the own block and of those retrieved
	lse    *gpu.Buffer // [1+TopK, rows, heads]
	rest   *gpu.Buffer // as out, of landmarks alone: only their scores count
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*scratch
	cache              *gpu.Cache
	places, turns      *gpu.Buffer // angles
	near, blocks, mark *gpu.Choice
}

// turnOf is which of the turned queries meets a block that stands so many blocks
// ahead of the row's own, up to TopK + 1. The first one is for these last: it also
// meets the landmarks of all blocks that are too far away to be met where they
// stand.
func (m Landmark) turnOf(blocks int) int { return (1 + blocks) % (m.TopK + 2) }

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	in := make([]int, r.N) // places in blocks
	for i := range in {
		in[i] = (r.Pos + i) % l.every
	}
	at := make([]int, 0, (l.TopK+2)*r.N)
	for turn := range l.TopK + 2 {
		blocks := (turn + l.TopK + 1) % (l.TopK + 2) // see turnOf
		for _, p := range in {
			at = append(at, blocks*l.every+p)
		}
	}
	r.Turned(l.turned, r.Q, l.turns, l.c.Heads, at)
	r.Turned(l.keys, r.K, l.places, l.c.KVHeads, in)
	r.Step.Store(l.cache, l.keys, r.V, r.Pos, r.N)
	picks, err := l.retrieve(r)
	if err == nil {
		err = l.attend(r, picks)
	}
	r.Try(err)
}

// retrieve chooses the blocks of each row and head, as Landmark.retrieve does:
// all where there are no more than TopK.
func (l *onDevice) retrieve(r *gpu.Rows) ([][]int, error) {
	rows, heads := r.N*l.c.Heads, l.c.Heads
	picks := make([][]int, rows)
	blocks := (r.Pos + r.N - 1) / l.every // ahead of the last row's
	var jobs []gpu.ChosenJob              // the landmarks of the last TopK blocks
	for i := range picks {
		before := (r.Pos + i/heads) / l.every
		if before <= l.TopK || l.TopK == 0 {
			picks[i] = attention.Positions(0, min(before, l.TopK))
			continue
		}
		for j := range l.TopK {
			jobs = append(jobs, l.job(i, j, gpu.Run(nil, l.markOf(before-l.TopK+j), l.markOf(before-l.TopK+j)+1, l.turnOf(l.TopK-j)), rows))
		}
	}
	if len(jobs) == 0 {
		return picks, nil
	}
	var err error
	if l.near, err = l.d.Rechoose(l.near, heads, 1, l.c.KVHeads, jobs); err != nil {
		return nil, err
	}
	// The log-sum-exp of attention to one key is its score.
	p := &gpu.Partials{Out: l.rest, LSE: l.lse, Parts: l.TopK, Rows: rows, Dim: l.c.ValueDim}
	r.Step.AttendChosen(p, 0, l.turned, rows, l.cache, l.near, gpu.Attention{Heads: heads, Scale: 1})
	r.Step.KeyScores(l.far, l.turned, l.cache, r.N, heads, blocks, l.markOf(0), l.every)
	near := make([]float32, l.TopK*rows)
	r.Step.ReadFloats(l.lse, 0, near)
	far := r.Read(l.far, rows*blocks)
	for i := range picks {
		if picks[i] != nil {
			continue
		}
		before := (r.Pos + i/heads) / l.every
		scores := far[i*blocks:][:before]
		for j := range l.TopK {
			scores[before-l.TopK+j] = near[j*rows+i]
		}
		picks[i] = attention.TopK(scores, l.TopK)
	}
	return picks, nil
}

// job is attention of a row to keys into one of the parts of so many rows.
func (l *onDevice) job(row, part int, keys []gpu.ChosenKeys, rows int) gpu.ChosenJob {
	return gpu.ChosenJob{Head: row % l.c.Heads / (l.c.Heads / l.c.KVHeads), Row: row, Out: part*rows + row, Rows: 1, Keys: keys}
}

// markOf is the position of a block's landmark.
func (l *onDevice) markOf(block int) int { return block*l.every + l.every - 1 }

// attend joins each row's own block with those that it retrieved, each by its
// landmark's score. Those of the last TopK blocks are met where they stand, others
// are packed ahead of them, with one place free.
func (l *onDevice) attend(r *gpu.Rows, picks [][]int) error {
	rows, heads := len(picks), l.c.Heads
	var blocks, marks []gpu.ChosenJob
	for i, own := range picks {
		at := r.Pos + i/heads
		before := at / l.every
		keys := gpu.Run(nil, before*l.every, min(at+1, l.markOf(before)), l.turnOf(0))
		blocks = append(blocks, l.job(i, 0, keys, rows))
		for rank := range l.TopK {
			var keys, mark []gpu.ChosenKeys
			if rank < len(own) {
				turn := l.turnOf(l.ahead(before, own[rank], rank))
				keys = gpu.Run(nil, own[rank]*l.every, l.markOf(own[rank]), turn)
				mark = gpu.Run(nil, l.markOf(own[rank]), l.markOf(own[rank])+1, turn)
			}
			blocks, marks = append(blocks, l.job(i, 1+rank, keys, rows)), append(marks, l.job(i, 1+rank, mark, rows))
		}
	}
	var err error
	if l.blocks, err = l.d.Rechoose(l.blocks, heads, 1, l.c.KVHeads, blocks); err != nil {
		return err
	}
	out := &gpu.Partials{Out: l.out, LSE: l.lse, Parts: 1 + l.TopK, Rows: rows, Dim: l.c.ValueDim}
	r.Step.AttendChosen(out, 0, l.turned, rows, l.cache, l.blocks, r.Attention())
	if l.TopK > 0 {
		if l.mark, err = l.d.Rechoose(l.mark, heads, 1, l.c.KVHeads, marks); err != nil {
			return err
		}
		weights := *out
		weights.Out = l.rest
		r.Step.AttendChosen(&weights, 0, l.turned, rows, l.cache, l.mark, r.Attention())
	}
	r.Step.Merge(r.Out, r.LSE, out, 1+l.TopK)
	return nil
}

// ahead is how many blocks ahead of its own a row meets a block that it retrieved
// as its rank-th.
func (m Landmark) ahead(before, block, rank int) int {
	switch {
	case before <= m.TopK:
		return before - block
	case block >= before-m.TopK:
		rank++
	}
	return m.TopK + 1 - rank
}

// Cut implements gpu.LayerAttention.
func (l *onDevice) Cut(_, n int) int { return n }

// Back implements gpu.LayerAttention.
func (l *onDevice) Back(n int) int { return n }

// Release gives the choices' memory back.
func (l *onDevice) Release() {
	l.near.Release()
	l.blocks.Release()
	l.mark.Release()
}
