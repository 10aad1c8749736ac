package all

import (
	"math"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/landmark"
	"github.com/lcbench/lcbench/localmodel/attention/measure"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// What stands behind a filled cache is computed as behind a computed one.
func TestFilledCachesAreThoseThatWereComputed(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shape{Heads: 4, KVHeads: 2, KeyDim: 16, ValueDim: 16, Base: 1e4}
	x := shape.Random(700, 3)
	fillers := 0
	for _, spec := range []string{"full", "longheads:chunk=32,topk=4", "squeezed", "landmark:block=9,topk=3", "sinkkv", "snapkv:capacity=64,recent=8", "streaming:capacity=64,recent=8", "pyramidkv:capacity=64,recent=8"} {
		m, err := Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		l := shape.Layer(cpu.F16)
		if m, ok := m.(landmark.Landmark); ok {
			l.Landmark = m.Block
		}
		filler, ok := m.(attention.Filler)
		if !ok {
			t.Errorf("%s can't be filled", spec)
			continue
		}
		fillers++
		var rows [2][]float32
		for i := range rows {
			c := m.New(l)
			for _, part := range [][2]int{{0, 300}, {300, 660}} {
				cut := shape.Cut(x, part[0], part[1])
				if i == 0 {
					attentiontest.Feed(k, m, l, c, cut)
				} else {
					filler.Fill(k, l, attention.Work{Cache: c, N: cut.N, Q: slices.Clone(cut.Q), K: slices.Clone(cut.K), V: slices.Clone(cut.V)})
				}
			}
			layers, caches := []attention.Layer{l}, []attention.Cache{c}
			if m, ok := m.(attention.ContextEnder); ok {
				m.EndContext(k, layers, caches)
			}
			if m, ok := m.(attention.PromptEnder); ok {
				m.EndPrompt(k, layers, caches)
			}
			rows[i] = attentiontest.Feed(k, m, l, c, shape.Cut(x, 660, 661))
		}
		if !slices.Equal(rows[0], rows[1]) {
			t.Errorf("%s: behind a filled cache the next row differs", spec)
		}
	}
	if fillers == 0 {
		t.Error("nothing was filled")
	}
}

// Formulas at SmolLM2's shape, worked out by hand.
func TestCosts(t *testing.T) {
	l := measure.Shape{Heads: 9, KVHeads: 3, Dim: 64}.Layer(cpu.F16)
	const n = 64000
	row := 2 * 3 * 64 * 2.0 // bytes of a token
	for spec, want := range map[string]Cost{
		"full":    {PrefillFLOP: 2 * 9 * 64 * n * n, DecodeFLOP: 4 * 9 * 64 * n, DecodeBytes: row * n, KVBytes: row * n},
		"sliding": {PrefillFLOP: 4 * 9 * 64 * (n*1028 - 1028*1028/2), DecodeFLOP: 4 * 9 * 64 * 1028, DecodeBytes: row * 1028, KVBytes: row * 1028},
		"longheads:chunk=256,topk=25": {
			PrefillFLOP: 4*9*64*(n*6400-6400*6400/2) + 9*64*n*250 + 4*9*64*256*n, DecodeFLOP: 4*9*64*6400 + 2*9*64*250,
			DecodeBytes: 6400*9*256 + 4*250*9*64, KVBytes: row*n + 4*250*9*64,
		},
		"snapkv":     {PrefillFLOP: 2 * 9 * 64 * n * n, PrepareFLOP: 4 * 9 * 64 * n * 32, DecodeFLOP: 4 * 9 * 64 * 2048, DecodeBytes: 2048 * 9 * 256, KVBytes: 2048 * 9 * 256},
		"streaming:": {PrefillFLOP: 2 * 9 * 64 * n * n, DecodeFLOP: 4 * 9 * 64 * 2048, DecodeBytes: 2048 * 9 * 256, KVBytes: 2048 * 9 * 256},
	} {
		m, err := Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := CostOf(m, l, n); !ok || got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", spec, got, want)
		}
	}
}

// What caches hold is what the formulas say, but for the rounding to blocks.
func TestCachesHoldWhatTheFormulasSay(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shape{Heads: 4, KVHeads: 2, KeyDim: 64, ValueDim: 64, Base: 1e4}
	l := shape.Layer(cpu.F16)
	const n = 8192
	x := shape.Random(n, 5)
	for _, spec := range []string{
		"full",
		"sliding:window=4092,sinks=4",
		"sliding:window=1024,sinks=4",
		"longheads:chunk=256,topk=4",
		"squeezed:keep=0.1,clusters=0.05,rounds=1",
		"sinkkv",
		"snapkv:capacity=512,recent=32",
		"h2o:capacity=512,recent=32",
		"streaming:capacity=512,recent=8",
		"snapkv:capacity=512,per-kv=true",
	} {
		m, err := Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		c := m.New(l)
		if f, ok := m.(attention.Filler); ok {
			f.Fill(k, l, attention.Work{Cache: c, N: n, Q: slices.Clone(x.Q), K: slices.Clone(x.K), V: slices.Clone(x.V)})
		} else {
			attentiontest.Feed(k, m, l, c, x)
		}
		layers, caches := []attention.Layer{l}, []attention.Cache{c}
		if m, ok := m.(attention.ContextEnder); ok {
			m.EndContext(k, layers, caches)
		}
		if m, ok := m.(attention.PromptEnder); ok {
			m.EndPrompt(k, layers, caches)
		}
		cost, ok := CostOf(m, l, n)
		held := float64(attentiontest.Held(c))
		if off := held/cost.KVBytes - 1; !ok || math.Abs(off) > 0.05 {
			t.Errorf("%s: %.0f bytes, by formula %.0f: %+.1f%%", spec, held, cost.KVBytes, 100*off)
		}
	}
}
