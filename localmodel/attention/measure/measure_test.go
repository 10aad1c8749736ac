package measure_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/measure"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// counting is full attention that counts the tokens it is given.
type counting struct {
	full.Full
	attended, filled *int
}

func (c counting) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	for _, w := range works {
		*c.attended += w.N
	}
	c.Full.Attend(k, l, works)
}

func (c counting) Fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	*c.filled += w.N
	c.Full.Fill(k, l, w)
}

// A long prompt is filled but for eight chunks and the last, a short one is
// computed whole.
func TestLongPromptsAreSampled(t *testing.T) {
	k := cpu.New(cpu.Best(), 1)
	defer k.Close()
	l := measure.Shape{Heads: 2, KVHeads: 1, Dim: 8}.Layer(cpu.F16)
	for _, c := range []struct {
		name      string
		n, whole  int
		attended  int // of the prompt
		isSampled bool
	}{
		{"whole where nothing bounds it", 20 * measure.Chunk, 0, 20 * measure.Chunk, false},
		{"whole up to the bound", 20*measure.Chunk - 3, 20 * measure.Chunk, 20*measure.Chunk - 3, false},
		{"sampled above it, with the last chunk", 64*measure.Chunk + 5, 1, 8*measure.Chunk + 5, true},
		{"fewer chunks than samples", 3 * measure.Chunk, 1, 3 * measure.Chunk, false},
		{"hardly more chunks than samples", 9 * measure.Chunk, 1, 8 * measure.Chunk, true},
		{"one token", 1, 1 << 20, 1, false},
	} {
		var attended, filled int
		got, err := measure.Run(t.Context(), k, counting{attended: &attended, filled: &filled}, l, c.n, measure.Options{Whole: c.whole})
		if err != nil {
			t.Fatal(err)
		}
		decoded := attended - c.attended
		if got.Sampled != c.isSampled || c.attended+filled != c.n || decoded < 10 || decoded > 401 {
			t.Errorf("%s: sampled %v, %d attended beside %d of the prompt, %d filled of %d", c.name, got.Sampled, decoded, c.attended, filled, c.n)
		}
		if want := attention.RunBytes(l.KV, c.n); got.KVBytes != want || got.N != c.n {
			t.Errorf("%s: %d KV bytes, want %d", c.name, got.KVBytes, want)
		}
		if !(got.Prefill > 0 && got.LastChunk > 0 && got.Decode > 0) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// One layer stands for all, so that of a pyramid holds what its layers hold on
// average.
func TestThePyramidsLayerIsAnAverageOne(t *testing.T) {
	k := cpu.New(cpu.Best(), 1)
	defer k.Close()
	l := measure.Shape{Heads: 2, KVHeads: 1, Dim: 8}.Layer(cpu.F32)
	var held []int64
	for _, method := range []evict.Method{evict.PyramidKV, evict.SnapKV} {
		m := evict.Evict{Method: method, Capacity: 300, Recent: 8, Kernel: 5}
		got, err := measure.Run(t.Context(), k, m, l, 2000, measure.Options{})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, got.KVBytes)
	}
	if held[0] != held[1] || held[0] == 0 {
		t.Errorf("the pyramid holds %d bytes, its average %d", held[0], held[1])
	}
}

func TestCancelledMeasurementsEnd(t *testing.T) {
	k := cpu.New(cpu.Best(), 1)
	defer k.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := measure.Shape{Heads: 1, KVHeads: 1, Dim: 8}.Layer(cpu.F32)
	if _, err := measure.Run(ctx, k, full.Full{}, l, 5000, measure.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
	if _, _, err := measure.Shared(ctx, k, full.Full{}, l, 5000, 2, 8); !errors.Is(err, context.Canceled) {
		t.Errorf("shared: %v", err)
	}
}

// Questions are forks: the document is computed once.
func TestSharedDocumentsAreComputedOnce(t *testing.T) {
	k := cpu.New(cpu.Best(), 1)
	defer k.Close()
	l := measure.Shape{Heads: 1, KVHeads: 1, Dim: 8}.Layer(cpu.F32)
	var attended, filled int
	all, one, err := measure.Shared(t.Context(), k, counting{attended: &attended, filled: &filled}, l, 1000, 16, 8)
	if err != nil || attended != 1000+16*8 || !(one > 0 && all > one) {
		t.Errorf("%d tokens computed, %g and %g s, %v", attended, all, one, err)
	}
}

func TestShapesThatMakeNoSense(t *testing.T) {
	for _, s := range []measure.Shape{{}, {Heads: 9, KVHeads: 2, Dim: 64}, {Heads: 4, KVHeads: 4, Dim: 12}, {Heads: 4, KVHeads: 0, Dim: 64}, {Heads: -4, KVHeads: -4, Dim: 64}} {
		if s.Check() == nil {
			t.Errorf("%+v passes", s)
		}
	}
	if err := (measure.Shape{Heads: 9, KVHeads: 3, Dim: 64}).Check(); err != nil {
		t.Error(err)
	}
}

// untold is full attention whose caches don't tell what they read.
type untold struct{ full.Full }

func (u untold) New(l attention.Layer) attention.Cache { return silent{u.Full.New(l)} }

func (u untold) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	for i := range works {
		works[i].Cache = works[i].Cache.(silent).Cache
	}
	u.Full.Attend(k, l, works)
}

type silent struct{ attention.Cache }

// The share of the keys that is read is that of the timed steps, behind n+1 to
// n+401 tokens.
func TestTheShareOfTheKeysIsMeasured(t *testing.T) {
	k := cpu.New(cpu.Best(), 1)
	defer k.Close()
	l := measure.Shape{Heads: 4, KVHeads: 2, Dim: 8}.Layer(cpu.F16)
	const n = 3000
	for _, c := range []struct {
		m    attention.Mechanism
		keys float64 // of a head; 0: all
	}{
		{full.Full{}, 0},
		{sliding.Sliding{Window: 250, Sinks: 5}, 255},
		{evict.Evict{Method: evict.SnapKV, Capacity: 300, Recent: 30, Kernel: 5}, -300},
		{untold{}, math.NaN()},
	} {
		got, err := measure.Run(t.Context(), k, c.m, l, n, measure.Options{})
		if err != nil {
			t.Fatal(err)
		}
		least, most := c.keys/(n+401), c.keys/(n+2)
		switch {
		case c.keys == 0:
			least, most = 1, 1
		case c.keys < 0: // and those of the answer
			least, most = (2-c.keys)/(n+2), (401-c.keys)/(n+401)
		case math.IsNaN(c.keys):
			least, most = 0, 0
		}
		if got.KeysRead < least-1e-12 || got.KeysRead > most+1e-12 {
			t.Errorf("%v: the share %g of the keys is read, want %g to %g", c.m, got.KeysRead, least, most)
		}
	}
}
