package s2

import "github.com/lcbench/lcbench/localmodel/kernels/gpu"

var _ gpu.Mechanism = S2{}

// OnDevice implements gpu.Mechanism: a group is a span of keys, those of both
// halves of the heads are attended at once.
func (m S2) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	on := gpu.Make(d, c)
	shared := &scratch{S2: m, heads: c.Heads}
	for i, layer := range c.Layer {
		on.Add(&onDevice{scratch: shared, Whole: on.Whole(i), window: layer.Window, spans: on.Buffer("spans of groups", 2*c.Chunk*c.Heads)})
	}
	out, err := on.Done()
	out.Prompt = func(n int) { shared.prompt = n }
	return out, err
}

// scratch is what layers share.
type scratch struct {
	S2
	heads  int
	prompt int // its length; 0: there is none
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*scratch
	*gpu.Whole
	window int // the layer's own; 0: none
	spans  *gpu.Buffer
}

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	a := l.Store(r)
	if r.Pos < l.prompt && l.Group < l.prompt {
		a.Spans, a.Keys = l.spans, r.Pos+r.N
		r.Try(l.spans.WriteInts(0, l.groups(r)))
	}
	r.Attend(r.Q, l.Cache, a)
}

// groups are what each row and head sees of its group.
func (l *onDevice) groups(r *gpu.Rows) []int32 {
	out := make([]int32, 0, 2*r.N*l.heads)
	for p := r.Pos; p < r.Pos+r.N; p++ {
		for h := range l.heads {
			start, _ := l.span(p, h >= l.heads/2)
			if l.window > 0 {
				start = max(start, p-l.window+1)
			}
			out = append(out, int32(start), int32(p+1))
		}
	}
	return out
}

// Cut implements gpu.LayerAttention: a pass is of the prompt, or of what is
// behind it.
func (l *onDevice) Cut(pos, n int) int {
	if pos < l.prompt {
		return min(n, l.prompt-pos)
	}
	return n
}
