package longheads

import (
	"fmt"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// BenchmarkDecode takes steps behind a context of which a tenth is seen, and
// behind the same under full attention.
func BenchmarkDecode(b *testing.B) {
	k := cpu.New(cpu.Best(), 0)
	defer k.Close()
	for _, n := range []int{16 << 10, 64 << 10} {
		for _, shape := range []attentiontest.Shape{{Heads: 9, KVHeads: 3, KeyDim: 64, ValueDim: 64, Base: 1e4}, {Heads: 8, KVHeads: 2, KeyDim: 128, ValueDim: 128, Base: 1e4}} {
			x := shape.Random(n, 1)
			topK := (n/10 + 255) / 256
			for _, m := range []attention.Mechanism{full.Full{}, LongHeads{Chunk: 256, TopK: topK}, LongHeads{Chunk: 256, TopK: topK, Group: true}} {
				b.Run(fmt.Sprintf("ctx=%dk/d=%d/%s", n>>10, shape.KeyDim, m), func(b *testing.B) { decode(b, k, shape, m, x) })
			}
		}
	}
}

func decode(b *testing.B, k *cpu.Kernels, shape attentiontest.Shape, m attention.Mechanism, x attentiontest.Tokens) {
	l := shape.Layer(cpu.F16)
	c := m.New(l)
	for at := 0; at < x.N; at += 1024 {
		part := shape.Cut(x, at, at+1024)
		q, keys := append([]float32(nil), part.Q...), append([]float32(nil), part.K...)
		m.(attention.Filler).Fill(k, l, attention.Work{Cache: c, N: part.N, Q: q, K: keys, V: part.V})
	}
	step := shape.Random(1, 2)
	attentiontest.Steps(b, func() { attentiontest.Feed(k, m, l, c, step) })
}
