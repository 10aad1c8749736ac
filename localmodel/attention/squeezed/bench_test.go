package squeezed

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// BenchmarkDecode takes steps behind a prepared context of which a tenth is
// kept, and behind the same under full attention. Clusters are drawn, of about
// twenty keys as K-means would make them: what a step costs is the same.
func BenchmarkDecode(b *testing.B) {
	k := cpu.New(cpu.Best(), 0)
	defer k.Close()
	for _, n := range []int{16 << 10, 64 << 10} {
		for _, shape := range []attentiontest.Shape{{Heads: 9, KVHeads: 3, KeyDim: 64, ValueDim: 64, Base: 1e4}, {Heads: 8, KVHeads: 2, KeyDim: 128, ValueDim: 128, Base: 1e4}} {
			x := shape.Random(n, 1)
			m := Squeezed{Keep: 0.1, Clusters: 0.05, Levels: 1, Rounds: 1, Each: true}
			together := m
			together.Group = true
			for _, m := range []attention.Mechanism{full.Full{}, m, together} {
				b.Run(fmt.Sprintf("ctx=%dk/d=%d/%s", n>>10, shape.KeyDim, m), func(b *testing.B) { decode(b, k, shape, m, x) })
			}
		}
	}
}

func decode(b *testing.B, k *cpu.Kernels, shape attentiontest.Shape, m attention.Mechanism, x attentiontest.Tokens) {
	l := shape.Layer(cpu.F16)
	c := m.New(l)
	m.(attention.Filler).Fill(k, l, attention.Work{Cache: c, N: x.N, Q: append([]float32(nil), x.Q...), K: append([]float32(nil), x.K...), V: x.V})
	if own, ok := c.(*cache); ok {
		own.drawClusters(k, m.(Squeezed), l, x)
	}
	step := shape.Random(1, 2)
	attentiontest.Steps(b, func() { attentiontest.Feed(k, m, l, c, step) })
}

// drawClusters prepares a context with clusters at random.
func (c *cache) drawClusters(k *cpu.Kernels, m Squeezed, l attention.Layer, x attentiontest.Tokens) {
	f := &fixed{tokens: x.N, n: x.N - Observed}
	r := rand.New(rand.NewPCG(3, 4))
	for range l.KV.Heads {
		n := m.clusters(f.n)
		drawn := clustering{labels: make([]int32, f.n), centroids: make([]float32, n*l.KV.KeyDim), counts: make([]int, n)}
		for i := range drawn.labels {
			drawn.labels[i] = int32(r.IntN(n))
			drawn.counts[drawn.labels[i]]++
		}
		for i := range drawn.centroids {
			drawn.centroids[i] = float32(r.NormFloat64())
		}
		f.heads = append(f.heads, lookupOf(drawn, l.KV.KeyDim, clustering{}))
	}
	c.fixed = f
	m.calibrate(k, []document{{l: l, queries: c.queries}}, []*fixed{f}, 1-m.Keep, func(h *lookup) (cpu.Matrix, *level) { return h.table, &h.fine })
	c.seal(k)
}
