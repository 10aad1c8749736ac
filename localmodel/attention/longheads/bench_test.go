package longheads

import (
	"fmt"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// BenchmarkDecode takes steps behind 64k tokens, of which a tenth is seen, and
// behind the same under full attention.
func BenchmarkDecode(b *testing.B) {
	const n = 64 << 10
	k := cpu.New(cpu.Best(), 0)
	defer k.Close()
	for _, shape := range []attentiontest.Shape{{Heads: 9, KVHeads: 3, KeyDim: 64, ValueDim: 64, Base: 1e4}, {Heads: 8, KVHeads: 2, KeyDim: 128, ValueDim: 128, Base: 1e4}} {
		l := shape.Layer(cpu.F16)
		x := shape.Random(n, 1)
		for _, m := range []attention.Mechanism{full.Full{}, LongHeads{Chunk: 256, TopK: 26}} {
			b.Run(fmt.Sprintf("d=%d/%s", shape.KeyDim, m), func(b *testing.B) {
				c := m.New(l)
				if chunks, ok := c.(*cache); ok {
					for at := 0; at < n; at += 1024 {
						m := m.(LongHeads)
						w := attention.Work{N: 1024, Q: shape.Cut(x, at, at+1024).Q, K: shape.Cut(x, at, at+1024).K, V: shape.Cut(x, at, at+1024).V}
						m.sumUp(k, l, w, chunks)
						chunks.Append(1024, w.K, w.V)
					}
				} else {
					c.(interface{ Append(n int, k, v []float32) }).Append(n, x.K, x.V)
				}
				step := shape.Random(1, 2)
				b.ResetTimer()
				for range b.N {
					attentiontest.Feed(k, m, l, c, step)
				}
			})
		}
	}
}
