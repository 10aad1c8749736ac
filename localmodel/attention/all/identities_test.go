package all

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/landmark"
	"github.com/lcbench/lcbench/localmodel/attention/longheads"
	"github.com/lcbench/lcbench/localmodel/attention/longmem"
	"github.com/lcbench/lcbench/localmodel/attention/s2"
	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// drawnShape is a layer of any grouping, MHA and MQA among them, with or without
// rotation and soft-cap. Half of them have values as wide as keys, which LongHeads
// needs.
func drawnShape(t *rapid.T) attentiontest.Shape {
	s := attentiontest.Shape{
		KVHeads: rapid.IntRange(1, 3).Draw(t, "kv heads"), KeyDim: 2 * rapid.IntRange(1, 20).Draw(t, "half a key"),
		Base: rapid.SampledFrom([]float64{0, 1e4}).Draw(t, "base"), Cap: rapid.SampledFrom([]float64{0, 0, 5}).Draw(t, "cap"),
		Interleaved: rapid.Bool().Draw(t, "interleaved"),
	}
	s.Heads, s.ValueDim = s.KVHeads*rapid.IntRange(1, 4).Draw(t, "group"), s.KeyDim
	if rapid.Bool().Draw(t, "other values") {
		s.ValueDim = rapid.IntRange(1, 40).Draw(t, "value dim")
	}
	return s
}

// tokens are drawn with the ends of blocks among them.
func drawnLength(t *rapid.T, name string, most int) int {
	return rapid.OneOf(rapid.IntRange(1, most), rapid.SampledFrom([]int{1, 2, 63, 64, 65})).Draw(t, name)
}

// sequence feeds a prompt, cut anywhere, and tokens of an answer, one by one,
// with all that a mechanism does at the ends of context and prompt.
type sequence struct {
	k     *cpu.Kernels
	m     attention.Mechanism
	l     attention.Layer
	shape attentiontest.Shape
	c     attention.Cache
}

func newSequence(k *cpu.Kernels, m attention.Mechanism, l attention.Layer, s attentiontest.Shape) *sequence {
	return &sequence{k, m, l, s, m.New(l)}
}

// work copies what may be overwritten; prompt is 0 for tokens of an answer.
func (s *sequence) work(x attentiontest.Tokens, prompt int) attention.Work {
	return attention.Work{
		Cache: s.c, N: x.N, Prompt: prompt, Q: slices.Clone(x.Q), K: slices.Clone(x.K), V: slices.Clone(x.V),
		Out: make([]float32, x.N*s.l.Heads*s.l.KV.ValueDim),
	}
}

func (s *sequence) feed(x attentiontest.Tokens, prompt int) []float32 {
	w := s.work(x, prompt)
	s.m.Attend(s.k, s.l, []attention.Work{w})
	return w.Out
}

func (s *sequence) endContext() {
	if m, ok := s.m.(attention.ContextEnder); ok {
		m.EndContext(s.k, []attention.Layer{s.l}, []attention.Cache{s.c})
	}
}

func (s *sequence) endPrompt() {
	if m, ok := s.m.(attention.PromptEnder); ok {
		m.EndPrompt(s.k, []attention.Layer{s.l}, []attention.Cache{s.c})
	}
}

// run returns the rows of a prompt of n tokens, cut at the given places, one of
// which may end its context, and of the rest as an answer.
func (s *sequence) run(x attentiontest.Tokens, n, context int, cuts []int) []float32 {
	var out []float32
	from, ended := 0, false
	for _, to := range append(slices.Clone(cuts), n) {
		if to > from {
			out = append(out, s.feed(s.shape.Cut(x, from, to), n)...)
		}
		if from = to; to == context && !ended {
			s.endContext()
			ended = true
		}
	}
	s.endPrompt()
	for ; from < x.N; from++ {
		out = append(out, s.feed(s.shape.Cut(x, from, from+1), 0)...)
	}
	return out
}

func near(t *rapid.T, what string, got, want []float32, width int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i]-w)) <= 5e-5) {
			t.Fatalf("%s: row %d, number %d: got %g, want %g", what, i/width, i%width, got[i], w)
		}
	}
}

// everything are mechanisms so large that they keep and see all of n tokens, of
// which the last few are an answer's; just large enough among them.
func everything(t *rapid.T, s attentiontest.Shape, n, answer int) map[string]attention.Mechanism {
	more := func(name string) int {
		return n + rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 40)).Draw(t, name)
	}
	sinks := rapid.IntRange(0, n-1).Draw(t, "sinks beside a window")
	chunk := rapid.IntRange(1, 80).Draw(t, "chunk")
	recent := rapid.IntRange(1, 40).Draw(t, "recent")
	e := evict.Evict{Capacity: max(recent, more("capacity")-answer) + 1, Recent: recent, Kernel: 5, PerKV: rapid.Bool().Draw(t, "per kv")}
	with := func(method evict.Method) evict.Evict {
		e := e
		e.Method = method
		return e
	}
	out := map[string]attention.Mechanism{
		"window":            sliding.Sliding{Window: more("window"), Sinks: rapid.IntRange(0, 9).Draw(t, "sinks"), TruePositions: rapid.Bool().Draw(t, "true positions")},
		"window and sinks":  sliding.Sliding{Window: more("together") - sinks, Sinks: sinks, TruePositions: rapid.Bool().Draw(t, "true too")},
		"sinks":             sliding.Sliding{Window: 1, Sinks: more("only sinks") - 1},
		"no landmark":       landmark.Landmark{Block: more("block"), TopK: rapid.IntRange(0, 3).Draw(t, "blocks")},
		"one segment":       longmem.LongMem{Segment: more("segment"), Memory: 64, Chunk: 4, Tokens: 16, Gate: rapid.Float64Range(0, 1).Draw(t, "gate"), Layer: -1},
		"one group":         s2.S2{Group: max(2, more("group")-answer), DecodeFull: true}, // the prompt's
		"room, snapkv":      with(evict.SnapKV),
		"room, h2o":         with(evict.H2O),
		"room, pyramidkv":   with(evict.PyramidKV),
		"room, streaming":   with(evict.Streaming),
		"room, h2o-online":  evict.Online{Heavy: max(0, more("heavy")-1-recent), Recent: recent}, // a row joins what is kept
		"context of a line": squeezed.Squeezed{Keep: 0.1, Clusters: 0.1, Levels: 1, Rounds: 3},   // shorter than what is always seen
	}
	if s.KeyDim == s.ValueDim {
		out["all chunks"] = longheads.LongHeads{Chunk: chunk, TopK: max(3, (n+chunk-1)/chunk), Group: rapid.Bool().Draw(t, "choose together")}
	}
	return out
}

// Whatever keeps all keys is full attention, whole and in steps, of any
// grouping.
func TestAllKeysAreFullAttention(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := drawnShape(t)
		l := shape.Layer(cpu.F32)
		n, answer := drawnLength(t, "prompt", 260), rapid.IntRange(0, 6).Draw(t, "answer")
		x := shape.Random(n+answer, rapid.Uint64().Draw(t, "seed"))
		context := rapid.IntRange(0, min(n, squeezed.Observed)).Draw(t, "context")
		cuts := []int{context, rapid.IntRange(context, n).Draw(t, "cut")}
		want := newSequence(k, full.Full{}, l, shape).run(x, n, n, nil)
		for name, m := range everything(t, shape, x.N, answer) {
			near(t, fmt.Sprintf("%s (%v)", name, m), newSequence(k, m, l, shape).run(x, n, context, cuts), want, l.Heads*l.KV.ValueDim)
		}
	})
}

// With a gate of 0 the memory says nothing: every segment is full attention by
// itself.
func TestAClosedGateLeavesTheSegments(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := drawnShape(t)
		l := shape.Layer(cpu.F32)
		n, segment := drawnLength(t, "n", 150), rapid.IntRange(1, 70).Draw(t, "segment")
		x := shape.Random(n, rapid.Uint64().Draw(t, "seed"))
		m := longmem.LongMem{Segment: segment, Memory: 64, Chunk: 2, Tokens: 8, Gate: 0, Layer: -1}
		var want []float32
		for from := 0; from < n; from += segment {
			part := shape.Cut(x, from, min(n, from+segment))
			want = append(want, newSequence(k, full.Full{}, l, shape).run(part, part.N, part.N, nil)...)
		}
		got := newSequence(k, m, l, shape).run(x, n, n, []int{rapid.IntRange(0, n).Draw(t, "cut")})
		near(t, m.String(), got, want, l.Heads*l.KV.ValueDim)
	})
}

// anySize are mechanisms of any size.
func anySize(t *rapid.T, s attentiontest.Shape) []attention.Mechanism {
	size := func(name string, least, most int) int { return rapid.IntRange(least, most).Draw(t, name) }
	recent := size("recent", 1, 20)
	e := evict.Evict{Capacity: recent + size("older", 1, 40), Recent: recent, Kernel: 3}
	sinks := s.Random(2, 9)
	list := []attention.Mechanism{
		full.Full{},
		sliding.Sliding{Window: size("window", 1, 60), Sinks: size("sinks", 0, 5), TruePositions: rapid.Bool().Draw(t, "true positions")},
		landmark.Landmark{Block: size("block", 1, 20), TopK: size("blocks", 0, 5)},
		longmem.LongMem{Segment: size("segment", 4, 60), Memory: 80, Chunk: 4, Tokens: 16, Gate: 0.5, Layer: -1},
		squeezed.Squeezed{Keep: 0.3, Clusters: 0.1, Levels: 1, Rounds: 3},
		sinkkv.SinkKV{Mode: sinkkv.KV, Sinks: 2, Learned: &[]sinkkv.Layer{{Keys: sinks.K, Values: sinks.V}}},
		evict.Evict{Method: evict.SnapKV, Capacity: e.Capacity, Recent: recent, Kernel: 3},
		evict.Evict{Method: evict.H2O, Capacity: e.Capacity, Recent: recent, Kernel: 3},
		evict.Evict{Method: evict.PyramidKV, Capacity: e.Capacity, Recent: recent, Kernel: 3},
		evict.Evict{Method: evict.Streaming, Capacity: e.Capacity, Recent: recent, Kernel: 3},
		evict.Online{Heavy: size("heavy", 1, 40), Recent: recent},
	}
	if s.KeyDim == s.ValueDim {
		list = append(list, longheads.LongHeads{Chunk: size("chunk", 1, 30), TopK: size("chunks", 3, 5), Group: rapid.Bool().Draw(t, "choose together")})
	}
	return list
}

// A prefix that several suffixes share is computed once: its forks, attended to
// in one call, are what each whole sequence is by itself.
func TestASharedPrefixIsSeparateForwards(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := drawnShape(t)
		l := shape.Layer(cpu.F32)
		m := rapid.SampledFrom(anySize(t, shape)).Draw(t, "mechanism")
		prefix := shape.Random(drawnLength(t, "prefix", 200), rapid.Uint64().Draw(t, "seed"))
		root := newSequence(k, m, l, shape)
		root.feed(prefix, prefix.N)
		root.endContext()
		at := prefix.N
		if stepped, ok := root.c.(attention.Stepped); ok {
			at = stepped.ForkPoint(at)
		}
		var works []attention.Work
		var want [][]float32
		for i := range rapid.IntRange(1, 4).Draw(t, "suffixes") {
			suffix := shape.Random(drawnLength(t, "suffix", 40), uint64(i))
			rest := shape.Cut(prefix, at, prefix.N)
			rest = attentiontest.Tokens{N: rest.N + suffix.N, Q: slices.Concat(rest.Q, suffix.Q), K: slices.Concat(rest.K, suffix.K), V: slices.Concat(rest.V, suffix.V)}
			c, ok := root.c.Fork(at)
			if !ok {
				t.Fatalf("%v can't be forked at %d of %d", m, at, prefix.N)
			}
			works = append(works, (&sequence{k, m, l, shape, c}).work(rest, at+rest.N))
			alone := newSequence(k, m, l, shape)
			if at > 0 {
				alone.feed(shape.Cut(prefix, 0, at), at)
			}
			if at == prefix.N {
				alone.endContext()
			}
			want = append(want, alone.feed(rest, at+rest.N))
		}
		m.Attend(k, l, works)
		for i, w := range works {
			near(t, fmt.Sprintf("%v, suffix %d", m, i), w.Out, want[i], l.Heads*l.KV.ValueDim)
		}
	})
}
