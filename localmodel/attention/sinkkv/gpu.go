package sinkkv

import "github.com/lcbench/lcbench/localmodel/kernels/gpu"

var _ gpu.Mechanism = SinkKV{}

// OnDevice implements gpu.Mechanism: the sinks are a cache of their own, which
// every row sees whole.
func (m SinkKV) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	on := gpu.Make(d, c)
	spans := on.Ints("sinks", gpu.SameSpan(c.Chunk*c.Heads, 0, m.Sinks))
	parts := on.Parts(2)
	for i := range c.Layer {
		keys, values := m.learned(i, c.KVHeads, c.KeyDim, c.ValueDim)
		on.Add(&onDevice{
			Whole: on.Whole(i), sinks: on.Filled(m.Sinks, keys, values), n: m.Sinks, heads: c.Heads, spans: spans, parts: parts,
		})
	}
	return on.Done()
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*gpu.Whole
	sinks    *gpu.Cache
	n, heads int
	spans    *gpu.Buffer
	parts    *gpu.Partials // of all layers
}

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	a := l.Store(r)
	a.Parts = a.Split(r.N)
	p := l.parts.View(a.Parts+1, r.N*l.heads)
	r.Step.AttendPart(p, 0, r.Q, l.Cache, a, r.N)
	b := r.Attention()
	b.Spans, b.Keys = l.spans, l.n
	r.Step.AttendPart(p, a.Parts, r.Q, l.sinks, b, r.N)
	r.Step.Merge(r.Out, r.LSE, p, a.Parts+1)
}
