package all

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/longmem"
	"github.com/lcbench/lcbench/localmodel/attention/s2"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// anywhere are places to cut tokens from … to: none, any, or all of them.
func anywhere(t *rapid.T, from, to int) []int {
	if from >= to {
		return nil
	}
	switch rapid.IntRange(0, 2).Draw(t, "cuts") {
	case 0:
		return nil
	case 1:
		return attention.Positions(from+1, to-from-1)
	}
	cuts := rapid.SliceOfNDistinct(rapid.IntRange(from, to), 1, min(5, to-from), rapid.ID).Draw(t, "at")
	slices.Sort(cuts)
	return cuts
}

// A prompt computed at once, in pieces and token by token gives the same rows,
// and so do the steps of the answer behind it. Squeezed takes a piece behind its
// context for one question, whose rows choose together: it is cut ahead of that.
func TestHoweverAPromptIsCutItsRowsAreTheSame(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := drawnShape(t)
		l := shape.Layer(cpu.F32)
		n, answer := drawnLength(t, "prompt", 200), rapid.IntRange(0, 6).Draw(t, "answer")
		context := rapid.IntRange(0, n).Draw(t, "context")
		if rapid.Bool().Draw(t, "long") { // enough of it for clusters
			context = squeezed.Observed + rapid.IntRange(20, 100).Draw(t, "clustered")
			n = context + rapid.IntRange(0, 20).Draw(t, "question")
		}
		x := shape.Random(n+answer, rapid.Uint64().Draw(t, "seed"))
		ahead, behind := anywhere(t, 0, context), anywhere(t, context, n)
		for _, m := range append(anySize(t, shape), s2.S2{Group: rapid.IntRange(2, 60).Draw(t, "tokens of a group"), DecodeFull: true}) {
			run := func(ahead, behind []int) []float32 {
				s := newSequence(k, m, l, shape)
				return s.run(x, n, context, slices.Concat(ahead, []int{context}, behind))
			}
			cut := run(ahead, behind)
			if _, together := m.(squeezed.Squeezed); together {
				cut = run(ahead, nil)
			}
			near(t, fmt.Sprint(m), cut, run(nil, nil), l.Heads*l.KV.ValueDim)
		}
	})
}

// With all of its chunks looked up and nothing but the memory let through the
// gate, a row is the softmax over all earlier segments, without positions.
func TestAllOfTheMemoryIsTheSoftmaxOverIt(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := drawnShape(t)
		l := shape.Layer(cpu.F32)
		chunk, gate := rapid.IntRange(1, 8).Draw(t, "chunk"), rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(t, "gate")
		segment := chunk * rapid.IntRange(1, 12).Draw(t, "chunks of a segment")
		n := rapid.IntRange(1, 4*segment).Draw(t, "n")
		x := shape.Random(n, rapid.Uint64().Draw(t, "seed"))
		all := 4 * segment
		m := longmem.LongMem{Segment: segment, Memory: all, Chunk: chunk, Tokens: all, Gate: gate, Layer: -1}
		got := newSequence(k, m, l, shape).run(x, n, 0, anywhere(t, 0, n))
		var want []float32
		for from := 0; from < n; from += segment {
			part := shape.Cut(x, from, min(n, from+segment))
			local := newSequence(k, full.Full{}, l, shape).run(part, part.N, 0, nil)
			if from > 0 {
				recalled := make([]float32, len(local))
				memory := attention.NewBlocks(l.KV)
				memory.Append(from, x.K, x.V)
				k.Attend(cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap, NonCausal: true}, memory.Job(part.N, part.Q, recalled))
				for i, v := range recalled {
					local[i] += float32(gate) * (v - local[i])
				}
			}
			want = append(want, local...)
		}
		near(t, m.String(), got, want, l.Heads*l.KV.ValueDim)
	})
}
