package sliding

import "github.com/lcbench/lcbench/localmodel/kernels/gpu"

var _ gpu.Mechanism = Sliding{}

// OnDevice implements gpu.Mechanism: recent tokens are a ring, the sinks a cache
// of their own.
func (s Sliding) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	m := gpu.Make(d, c)
	shared := &scratch{
		Sliding: s, heads: c.Heads,
		turned: m.Buffer("turned queries", c.Chunk*c.Heads*c.KeyDim),
		spans:  m.Ints("sinks", gpu.SameSpan(c.Chunk*c.Heads, 0, s.Sinks)),
		parts:  m.Parts(2),
	}
	for i, l := range c.Layer {
		if l.Window > 0 && l.Window <= s.Window {
			m.Add(m.Whole(i))
			continue
		}
		m.Add(&onDevice{
			scratch: shared, table: m.Angles(i, c.Chunk), sinks: m.Cache(s.Sinks),
			recent: m.Cache(min(c.Context, s.Window+s.Sinks+slack+c.Chunk)),
		})
	}
	return m.Done()
}

// scratch is what layers use one after the other.
type scratch struct {
	Sliding
	heads  int
	turned *gpu.Buffer // queries as sinks meet them
	spans  *gpu.Buffer // all sinks, for each row
	parts  *gpu.Partials
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*scratch
	recent, sinks *gpu.Cache
	table         *gpu.Buffer
	seen          int
}

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	full := l.Window + l.Sinks
	q := r.Q
	if r.Pos >= full && l.Sinks > 0 && !l.TruePositions {
		at := make([]int, r.N)
		for i := range at {
			at[i] = full - 1
		}
		q = l.turned
		r.Turned(q, r.Q, l.table, l.heads, at)
	}
	r.Rotate()
	r.Step.Store(l.recent, r.K, r.V, r.Pos, r.N)
	if r.Pos < l.Sinks {
		r.Step.Store(l.sinks, r.K, r.V, r.Pos, min(r.N, l.Sinks-r.Pos))
	}
	l.seen = r.Pos + r.N
	a := r.Attention()
	if r.Pos < full {
		r.Attend(r.Q, l.recent, a) // rows that lose nothing
		return
	}
	if a.Window = l.Window; l.Sinks == 0 {
		r.Attend(r.Q, l.recent, a)
		return
	}
	a.Parts = a.Split(r.N)
	p := l.parts.View(a.Parts+1, r.N*l.heads)
	r.Step.AttendPart(p, 0, r.Q, l.recent, a, r.N)
	b := r.Attention()
	b.Spans, b.Keys = l.spans, l.Sinks
	r.Step.AttendPart(p, a.Parts, q, l.sinks, b, r.N)
	r.Step.Merge(r.Out, r.LSE, p, a.Parts+1)
}

// Cut implements gpu.LayerAttention: a pass is of rows that lose something, or
// of others.
func (l *onDevice) Cut(pos, n int) int {
	if full := l.Window + l.Sinks; pos < full {
		return min(n, full-pos)
	}
	return n
}

// Back implements gpu.LayerAttention.
func (l *onDevice) Back(n int) int {
	if first := max(0, n-l.Window-l.Sinks); first < n && l.seen-first > l.recent.Slots {
		return 0
	}
	return n
}
