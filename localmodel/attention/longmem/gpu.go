package longmem

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

var _ gpu.Mechanism = LongMem{}

// OnDevice implements gpu.Mechanism. Memory is a second cache of keys as they
// are ahead of their rotation. What it has dropped stays there and is not read:
// what a row finds is told by its position alone.
func (m LongMem) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	on := gpu.Make(d, c)
	width, chunks := c.Heads*c.KeyDim, c.Context/m.Segment*(m.Segment/m.Chunk)
	shared := &scratch{
		LongMem: m, d: d, c: c,
		spans: on.Buffer("spans of the segment", 2*c.Chunk*c.Heads), raw: on.Buffer("queries ahead of rotation", c.Chunk*width),
		scores: on.Buffer("scores of chunks", max(c.Heads*chunks, min(c.Chunk*c.Heads*chunks, scoresAtOnce))),
		parts:  on.Parts(2), gates: on.Buffer("gates", 2*c.Chunk*c.Heads),
	}
	for i, layer := range c.Layer {
		if layer.Window > 0 {
			on.Add(on.Whole(i))
			continue
		}
		l := &onDevice{scratch: shared, local: on.Cache(c.Context)}
		if m.remembers(attention.Layer{Index: i}) {
			l.bank, l.means = on.KeysBeside(l.local), on.Buffer("mean keys of chunks", chunks*c.KVHeads*c.KeyDim)
		}
		on.Add(l)
	}
	return on.Done()
}

// scoresAtOnce bounds the scores of chunks that are read at once.
const scoresAtOnce = 1 << 22

// scratch is what layers use one after the other.
type scratch struct {
	LongMem
	d      *gpu.Device
	c      gpu.Config
	spans  *gpu.Buffer // what each row sees of its segment
	raw    *gpu.Buffer // queries ahead of rotation
	scores *gpu.Buffer // [rows, heads, chunks]
	parts  *gpu.Partials
	gates  *gpu.Buffer // [2, rows, heads]: logs of the parts' weights
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*scratch
	local  *gpu.Cache
	bank   *gpu.Cache  // with keys ahead of rotation; nil: no memory
	means  *gpu.Buffer // [chunks, kv heads, KeyDim]
	chosen *gpu.Choice
}

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	if l.bank != nil {
		r.Step.Copy(l.raw, 0, r.Q, 0, r.N*l.c.Heads*l.c.KeyDim)
		r.Step.Store(l.bank, r.K, r.V, r.Pos, r.N)
	}
	r.Rotate()
	r.Step.Store(l.local, r.K, r.V, r.Pos, r.N)
	a, end := r.Attention(), r.Pos+r.N
	a.Spans, a.Keys = l.spans, end
	r.Try(l.spans.WriteInts(0, gpu.Behind(r.Pos/l.Segment*l.Segment, r.Pos, r.N, l.c.Heads)))
	from, to := l.remembered(r.Pos / l.Segment)
	if take := min(l.Tokens/l.Chunk, to-from); l.bank != nil && take > 0 {
		r.Try(l.recall(r, a, from, to, take))
	} else {
		r.Attend(r.Q, l.local, a)
	}
	if l.bank != nil && end%l.Segment == 0 {
		chunks := l.Segment / l.Chunk
		r.Step.KeyMeans(l.means, (end/l.Segment-1)*chunks, l.bank, end-l.Segment, chunks, l.Chunk)
	}
}

// remembered are the chunks that are in memory behind so many segments.
func (m LongMem) remembered(segments int) (from, to int) {
	for range segments {
		to += m.Segment / m.Chunk
		from += m.drops(to - from)
	}
	return from, to
}

// recall mixes what rows find among chunks from … to-1 with what they see of their
// segment.
func (l *onDevice) recall(r *gpu.Rows, a gpu.Attention, from, to, take int) error {
	heads, rows := l.c.Heads, r.N*l.c.Heads
	r.Step.Scores(l.scores, l.raw, l.means, r.N, heads, l.c.KVHeads, to, l.c.KeyDim, 1)
	scores := r.Read(l.scores, rows*to)
	jobs := make([]gpu.ChosenJob, rows)
	for i := range jobs {
		var at []int
		for _, chunk := range attention.TopK(scores[i*to+from:(i+1)*to], take) {
			at = append(at, attention.Positions(l.position(from+chunk), l.Chunk)...)
		}
		jobs[i] = gpu.ChosenJob{Head: i % heads / (heads / l.c.KVHeads), Row: i, Out: i, Rows: 1, Keys: gpu.Those(at)}
	}
	var err error
	if l.chosen, err = l.d.Rechoose(l.chosen, heads, 1, l.c.KVHeads, jobs); err != nil {
		return err
	}
	a.Parts = 1
	p := l.parts.View(2, rows)
	r.Step.AttendPart(p, 0, r.Q, l.local, a, r.N)
	r.Step.AttendChosen(p, 1, l.raw, rows, l.bank, l.chosen, a)
	p.LSE = l.gates // the parts' weights are not their own
	r.Step.Merge(r.Out, r.LSE, p, 2)
	return l.gates.WriteFloats(0, l.weights(rows))
}

// position is that of a chunk's first token.
func (m LongMem) position(chunk int) int {
	chunks := m.Segment / m.Chunk
	return chunk/chunks*m.Segment + chunk%chunks*m.Chunk
}

// weights are the logs of 1 - Gate and of Gate, for so many rows each.
func (m LongMem) weights(rows int) []float32 {
	out := make([]float32, 0, 2*rows)
	for _, w := range []float64{1 - m.Gate, m.Gate} {
		log := float32(max(math.Log(w), gpu.Hidden))
		for range rows {
			out = append(out, log)
		}
	}
	return out
}

// Cut implements gpu.LayerAttention: a pass stays in one segment.
func (l *onDevice) Cut(pos, n int) int {
	_, chunks := l.remembered(pos / l.Segment)
	n = min(n, l.Segment-pos%l.Segment)
	return min(n, max(1, scoresAtOnce/(l.c.Heads*max(1, chunks))))
}

// Back implements gpu.LayerAttention.
func (l *onDevice) Back(n int) int { return n }

// Release gives the choice's memory back.
func (l *onDevice) Release() { l.chosen.Release() }
