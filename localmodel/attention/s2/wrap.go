package s2

import (
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Wrapped is the form of the paper's two lines, on a whole prompt of n tokens, q
// [n, heads, keyDim], k and v [n, kvHeads, dim], queries and keys rotated: the
// shifted heads' sequence is rolled by half a group, so that its last half group
// shares one with the first. There the beginning attends to the end of the text,
// which is why it is only kept to measure that leak. It returns [n, heads,
// valueDim].
func (m S2) Wrapped(k *cpu.Kernels, l attention.Layer, n int, q, keys, values []float32) []float32 {
	l.Angles = nil
	whole := func(q, keys, values []float32) []float32 {
		c := m.New(l)
		w := attention.Work{Cache: c, N: n, Prompt: n, Q: q, K: keys, V: values, Out: make([]float32, n*l.Heads*l.KV.ValueDim)}
		if m.Group >= n {
			w.Cache = full.Full{}.New(l)
			full.Full{}.Attend(k, l, []attention.Work{w})
			return w.Out
		}
		unshifted := S2{Group: m.Group}
		c.(*cache).Append(n, keys, values)
		jobs := unshifted.groups(c.(*cache), l, w, half{from: 0, to: l.Heads}, 0)
		k.Attend(cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap}, jobs...)
		return w.Out
	}
	out := whole(q, keys, values)
	if m.Group >= n {
		return out
	}
	by := m.Group / 2
	rolled := whole(roll(q, n, by), roll(keys, n, by), roll(values, n, by))
	back := roll(rolled, n, n-by%n)
	d := l.KV.ValueDim
	for row := range n {
		at := row * l.Heads * d
		copy(out[at+l.Heads/2*d:at+l.Heads*d], back[at+l.Heads/2*d:])
	}
	return out
}

// roll turns n rows so that row by comes first.
func roll(x []float32, n, by int) []float32 {
	width := len(x) / n
	return slices.Concat(x[by%n*width:], x[:by%n*width])
}
