package measure

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

// tokensOnDevice is how many single tokens are timed on a device at the most:
// its cache has room for no more.
const tokensOnDevice = 40

// OnDevice measures a mechanism, nil for full attention, at one layer of a
// device behind n tokens, all of which are computed. Each pass is waited for. A
// run that had kernels to compile is not counted: it is made once more.
func OnDevice(ctx context.Context, d *gpu.Device, how gpu.Mechanism, s Shape, n int) (Times, error) {
	for {
		compiled := d.Stats().Pipelines
		t, err := onDevice(ctx, d, how, s, n)
		if err != nil || d.Stats().Pipelines == compiled {
			return t, err
		}
	}
}

func onDevice(ctx context.Context, d *gpu.Device, how gpu.Mechanism, s Shape, n int) (Times, error) {
	t := Times{N: n}
	if e, ok := average(how); ok {
		how = e
	}
	c := gpu.Config{
		Heads: s.Heads, KVHeads: s.KVHeads, KeyDim: s.Dim, ValueDim: s.Dim, Context: n + tokensOnDevice, Attention: how,
		Layer: []gpu.LayerConfig{{Rope: gpu.Rope{InvFreq: s.turns()}}},
	}
	if _, ok := how.(attention.ContextEnder); ok {
		c.Chunk = Chunk // a question is answered as one
	}
	alone, err := d.NewAlone(c)
	if err != nil {
		return t, err
	}
	defer alone.Release()
	t.KVBytes = alone.CacheBytes()
	alone.Prompt(n)
	m := &deviceSequence{alone: alone, l: s.Layer(cpu.F32)}
	for m.at < n {
		if err := ctx.Err(); err != nil {
			return t, err
		}
		last := m.at >= n-Chunk
		took, err := m.pass(n - m.at)
		if err != nil {
			return t, err
		}
		t.Prefill += took
		if last {
			t.LastChunk += took
		}
	}
	began := time.Now()
	if err := alone.End(); err != nil {
		return t, err
	}
	t.Prepare = time.Since(began).Seconds()
	t.Decode, err = m.decode()
	return t, err
}

// deviceSequence is what is measured on a device.
type deviceSequence struct {
	alone *gpu.Alone
	l     attention.Layer
	at    int
}

// pass computes the next tokens, up to most, and returns its seconds.
func (m *deviceSequence) pass(most int) (float64, error) {
	n := m.alone.Take(most)
	q, k, v := rows(m.l, m.at, n)
	if err := m.alone.Write(q, k, v); err != nil {
		return 0, err
	}
	began := time.Now()
	err := m.alone.Attend(n, nil)
	m.at += n
	return time.Since(began).Seconds(), err
}

// decode is the median of single tokens, behind one that isn't counted.
func (m *deviceSequence) decode() (float64, error) {
	if _, err := m.pass(1); err != nil {
		return math.NaN(), err
	}
	var took []float64
	for began := time.Now(); len(took) < leastTokens || len(took) < tokensOnDevice-1 && time.Since(began) < 250*time.Millisecond; {
		one, err := m.pass(1)
		if err != nil {
			return math.NaN(), err
		}
		took = append(took, one)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
