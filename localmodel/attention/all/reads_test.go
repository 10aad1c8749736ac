package all

import (
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// What a step reads of a prompt is what the mechanism's definition shows it: 4
// heads over 2, and a step at position 600 behind a prompt.
func TestAStepTellsWhatItReads(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	const heads, n = 4, 600
	for _, c := range []struct {
		spec   string
		window int // the layer's own
		want   int
	}{
		{"full", 0, heads * (n + 1)},
		{"full", 100, heads * 100},
		{"sliding:window=100,sinks=4", 0, heads * 104},
		{"sliding:window=700,sinks=4", 0, heads * (n + 1)},
		{"sliding:window=100,sinks=4", 80, heads * 80},
		{"sinkkv:mode=k0v0,sinks=3", 0, heads * (n + 1 + 3)},
		{"longheads:chunk=64,topk=4", 0, heads * (3*64 + n%64 + 1)},
		{"longheads:chunk=64,topk=4,share=group", 0, heads * (3*64 + n%64 + 1)},
		{"longheads:chunk=64,topk=10", 0, heads * (n + 1)},
		{"longheads:chunk=64,topk=4", 90, heads * 90},
		{"landmark:block=49,topk=4", 0, heads * (4*50 + 1)},
		{"landmark:block=40,topk=4", 0, heads * (4*41 + n%41 + 1)},
		{"longmem:segment=256,memory=512,chunk=4,tokens=64", 0, heads * (64 + n%256 + 1)},
		{"longmem:segment=256,memory=512,chunk=4,tokens=64,layer=1", 0, heads * (n%256 + 1)},
		{"s2:group=64,decode=full", 0, heads * (n + 1)},
		{"s2:group=64,decode=full", 70, heads * 70},
		{"streaming:capacity=128,recent=32", 0, heads * 129},
		{"snapkv:capacity=128,recent=32", 0, heads * 129},
		{"snapkv:capacity=128,recent=32,per-kv=true", 0, heads * 129},
		{"h2o:capacity=128,recent=32", 0, heads * 129},
		{"pyramidkv:capacity=128,recent=32", 0, heads * (2*96 - 96/20 + 32 + 1)}, // a single layer is the lowest
		{"snapkv:capacity=1000,recent=32", 0, heads * (n + 1)},
		{"h2o-online:heavy=64,recent=32", 0, heads * (64 + 32 + 1)},
		{"squeezed:keep=0.1", 70, heads * 70},
	} {
		m, err := Parse(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		shape := attentiontest.Shape{Heads: heads, KVHeads: 2, KeyDim: 16, ValueDim: 16, Base: 1e4, Window: c.window}
		l := shape.Layer(cpu.F16)
		cache := m.New(l)
		attentiontest.Feed(k, m, l, cache, shape.Random(n, 1))
		end(k, m, l, cache)
		f, ok := cache.Fork(n)
		attentiontest.Feed(k, m, l, cache, shape.Random(1, 2))
		attentiontest.Feed(k, m, l, cache, shape.Random(3, 3)) // is no step
		if got := cache.(attention.Reader).KeysRead(); got != c.want {
			t.Errorf("%s, own window %d: a step reads %d keys, want %d", c.spec, c.window, got, c.want)
		}
		if ok && f.(attention.Reader).KeysRead() != 0 {
			t.Errorf("%s: a fork has read without a step", c.spec)
		}
		if again, ok := cache.Fork(n + 4); ok && again.(attention.Reader).KeysRead() != 0 {
			t.Errorf("%s: a fork has read what the sequence did", c.spec)
		}
	}
}

// end tells a mechanism that the document and the prompt are done.
func end(k *cpu.Kernels, m attention.Mechanism, l attention.Layer, c attention.Cache) {
	layers, caches := []attention.Layer{l}, []attention.Cache{c}
	if m, ok := m.(attention.ContextEnder); ok {
		m.EndContext(k, layers, caches)
	}
	if m, ok := m.(attention.PromptEnder); ok {
		m.EndPrompt(k, layers, caches)
	}
}
