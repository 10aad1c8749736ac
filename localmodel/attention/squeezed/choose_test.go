package squeezed

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// drawn is a prepared head with clusters and centroids at random.
func drawn(r *rand.Rand, n, clusters, dim, levels int) lookup {
	draw := func(n, of int) clustering {
		c := clustering{labels: make([]int32, n), centroids: make([]float32, of*dim), counts: make([]int, of)}
		for i := range c.labels {
			c.labels[i] = int32(r.IntN(of))
			c.counts[c.labels[i]]++
		}
		for i := range c.centroids {
			c.centroids[i] = float32(r.NormFloat64())
		}
		return c
	}
	var coarse clustering
	if levels == 2 {
		coarse = draw(clusters, max(1, clusters/5))
	}
	return lookupOf(draw(n, clusters), dim, coarse)
}

// One row chooses by logarithms in float32 what the definition chooses in
// float64, but for clusters whose share is the threshold.
func TestAStepChoosesAsTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, shape := range attentiontest.Shapes()[:3] {
		l := shape.Layer(cpu.F32)
		for _, m := range []Squeezed{{Levels: 1}, {Levels: 2}, {Levels: 1, Group: true}, {Levels: 2, Group: true}} {
			f := &fixed{}
			for range l.KV.Heads {
				f.heads = append(f.heads, drawn(r, 900, 300, l.KV.KeyDim, m.Levels))
			}
			for h := range f.heads {
				of := &f.heads[h]
				of.fine.threshold, of.coarse.threshold = 0.0015, 0.0009
				of.fine.step, of.coarse.step = of.fine.threshold, of.coarse.threshold
			}
			q := shape.Random(1, r.Uint64()).Q
			attentiontest.EachLevel(t, shape.String(), func(t *testing.T, k *cpu.Kernels) {
				choosers := m.choosers(l)
				got, want := make([][]cpu.Run, len(choosers)), make([][]cpu.Run, len(choosers))
				f.chooseOne(k, l, q, choosers, got)
				f.choose(k, l, attention.Work{N: 1, Q: q}, choosers, want)
				for i := range choosers {
					if !slices.Equal(got[i], want[i]) {
						t.Errorf("%v, chooser %+v: %v, want %v", m, choosers[i], got[i], want[i])
					}
					if n := len(want[i]); n == 0 || n == 1 && want[i][0].To-want[i][0].From == 900 {
						t.Errorf("%v: the thresholds choose nothing or all: %v", m, want[i])
					}
				}
			})
		}
	}
}

// With a threshold of its own a step keeps the share that was asked for, and
// without one about as much as chance has it.
func TestAStepKeepsTheShareAskedFor(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shapes()[1]
	l := shape.Layer(cpu.F32)
	for _, m := range []Squeezed{{Keep: 0.1, Clusters: 0.05, Levels: 1, Rounds: 5, Each: true}, {Keep: 0.1, Clusters: 0.05, Levels: 1, Rounds: 5, Each: true, Group: true}} {
		c := m.New(l)
		attentiontest.Feed(k, m, l, c, shape.Random(2100, 3))
		m.EndContext(k, []attention.Layer{l}, []attention.Cache{c})
		f, kept, of := c.(*cache).fixed, 0, 0
		for seed := range uint64(40) {
			choosers := m.choosers(l)
			runs := make([][]cpu.Run, len(choosers))
			f.chooseOne(k, l, shape.Random(1, 100+seed).Q, choosers, runs)
			for _, r := range runs {
				of += f.n
				for _, run := range r {
					kept += run.To - run.From
				}
			}
		}
		if got := float64(kept) / float64(of); got < 0.07 || got > 0.13 {
			t.Errorf("%v keeps %.3f of the keys of a step", m, got)
		}
	}
}

// A step tells how many keys it has read: those of the clusters that the
// definition keeps, and what stands behind them.
func TestAStepTellsWhatItReads(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shapes()[1]
	l := shape.Layer(cpu.F32)
	for _, m := range []Squeezed{
		{Keep: 0.2, Clusters: 0.05, Levels: 1, Rounds: 3}, {Keep: 0.2, Clusters: 0.05, Levels: 1, Rounds: 3, Each: true, Group: true},
		{Keep: 0.1, Clusters: 0.1, Levels: 2, Coarse: 0.02, Rounds: 3},
	} {
		c := m.New(l).(*cache)
		attentiontest.Feed(k, m, l, c, shape.Random(900, 3))
		m.EndContext(k, []attention.Layer{l}, []attention.Cache{c})
		for step := range 5 {
			x := shape.Random(1, uint64(10+step))
			q := slices.Clone(x.Q)
			k.RoPE(q, 1, l.Heads, l.KV.KeyDim, l.Angles, []int{c.Len()})
			want := l.Heads * (Observed + step + 1)
			for _, chooser := range m.choosers(l) {
				h := &c.fixed.heads[chooser.kv]
				var coarse []float64
				own := chooser.queries(q, 1, l)
				if h.parent != nil {
					coarse = scores(k, l, own, h.coarseTable)
				}
				want += chooser.heads * len(h.tokens(h.keep(1, scores(k, l, own, h.table), coarse)))
			}
			attentiontest.Feed(k, m, l, c, x)
			if got := c.KeysRead(); got != want || got == l.Heads*c.Len() {
				t.Errorf("%v: step %d reads %d keys, want %d of %d", m, step, got, want, l.Heads*c.Len())
			}
		}
	}
}
