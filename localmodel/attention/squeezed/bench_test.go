package squeezed

import (
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// BenchmarkDecode takes steps behind a prepared context of 64k tokens, of which
// a tenth is kept.
func BenchmarkDecode(b *testing.B) {
	const n = 64 << 10
	k := cpu.New(cpu.Best(), 0)
	defer k.Close()
	shape := attentiontest.Shape{Heads: 9, KVHeads: 3, KeyDim: 64, ValueDim: 64, Base: 1e4}
	l := shape.Layer(cpu.F16)
	m := Squeezed{Keep: 0.1, Clusters: 0.05, Levels: 1, Rounds: 1}
	c := m.New(l)
	x := shape.Random(n, 1)
	m.Fill(k, l, attention.Work{Cache: c, N: n, Q: x.Q, K: x.K, V: x.V})
	m.EndContext(k, []attention.Layer{l}, []attention.Cache{c})
	step := shape.Random(1, 2)
	for b.Loop() {
		attentiontest.Feed(k, m, l, c, step)
	}
}
