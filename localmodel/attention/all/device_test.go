package all

import (
	"errors"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

// drawnCase is a sequence and mechanisms that keep and see all of it.
type drawnCase struct {
	shape              attentiontest.Shape
	n, context, answer int
	chunk              int // tokens of a pass at the most
	mechanisms         map[string]attention.Mechanism
}

// onDevice draws what a device takes: heads of whole vectors of four.
func onDevice(t *rapid.T) drawnCase {
	s := drawnShape(t)
	s.Base, s.KeyDim = 1e4, 4*rapid.IntRange(1, 8).Draw(t, "quarter of a key")
	s.ValueDim = s.KeyDim // as LongHeads needs it
	c := drawnCase{shape: s, n: drawnLength(t, "prompt", 130), answer: rapid.IntRange(0, 3).Draw(t, "answer"), chunk: rapid.IntRange(16, 128).Draw(t, "chunk")}
	c.context = rapid.IntRange(0, min(c.n, squeezed.Observed)).Draw(t, "context")
	c.mechanisms = everything(t, s, c.n+c.answer, c.answer)
	return c
}

// config is the case as a device is told of it.
func (c drawnCase) config(m gpu.Mechanism, n int) gpu.Config {
	turns := make([]float64, c.shape.KeyDim/2)
	for i := range turns {
		turns[i] = math.Pow(c.shape.Base, -2*float64(i)/float64(c.shape.KeyDim))
	}
	return gpu.Config{
		Heads: c.shape.Heads, KVHeads: c.shape.KVHeads, KeyDim: c.shape.KeyDim, ValueDim: c.shape.ValueDim, AttentionCap: c.shape.Cap,
		Context: n, Chunk: c.chunk, Attention: m, Layer: []gpu.LayerConfig{{Rope: gpu.Rope{InvFreq: turns, Interleaved: c.shape.Interleaved}}},
	}
}

// rows are a device's of a prompt, at whose end or whose context's the mechanism
// prepares, and of an answer.
func (c drawnCase) rows(d *gpu.Device, m gpu.Mechanism, x attentiontest.Tokens) ([]float32, error) {
	alone, err := d.NewAlone(c.config(m, x.N))
	if err != nil {
		return nil, err
	}
	defer alone.Release()
	end, width := c.n, c.shape.Heads*c.shape.ValueDim
	if _, prepares := m.(attention.ContextEnder); prepares {
		end = c.context
	}
	out := make([]float32, x.N*width)
	for at := 0; at < x.N; {
		if at == end {
			if err := alone.End(); err != nil {
				return nil, err
			}
		}
		to := at + 1
		if at < c.n {
			to = c.n
		}
		if at < end {
			to = end
		}
		n := alone.Take(to - at)
		part := c.shape.Cut(x, at, at+n)
		if err := errors.Join(alone.Write(part.Q, part.K, part.V), alone.Attend(n, out[at*width:])); err != nil {
			return nil, err
		}
		at += n
	}
	return out, nil
}

// What keeps all keys is full attention on a device too, of shapes drawn once:
// those of a seed stay the same.
func TestAllKeysAreFullAttentionOnADevice(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a software device")
	}
	d, err := gpu.Open(gpu.Options{AllowSoftware: true})
	if (errors.Is(err, gpu.ErrNoLoader) || errors.Is(err, gpu.ErrNoAdapter)) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	tried := map[string]bool{}
	for seed := range 8 {
		c := rapid.Custom(onDevice).Example(seed)
		x := c.shape.Random(c.n+c.answer, uint64(seed))
		want := newSequence(k, full.Full{}, c.shape.Layer(cpu.F32), c.shape).run(x, c.n, c.n, nil)
		for name, m := range c.mechanisms {
			on, ok := m.(gpu.Mechanism)
			if !ok {
				continue
			}
			tried[name] = true
			got, err := c.rows(d, on, x)
			if err != nil {
				t.Fatalf("%s (%v): %v", name, m, err)
			}
			for i, w := range want {
				if !(math.Abs(float64(got[i]-w)) <= 5e-5) {
					t.Errorf("%s (%v), %s, %d tokens and %d: number %d is %g, full attention has %g", name, m, c.shape, c.n, c.answer, i, got[i], w)
					break
				}
			}
		}
	}
	if len(tried) < 8 {
		t.Errorf("on a device: %v, want eight of them", tried)
	}
}
