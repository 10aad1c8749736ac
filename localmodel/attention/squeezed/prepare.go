package squeezed

import (
	"math/rand/v2"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// document is what a layer has of a fixed context when it ends.
type document struct {
	l       attention.Layer
	tokens  int
	queries []float32                        // rotated, of the last tokens: [≤ Observed, heads, KeyDim]
	keys    func(head, tokens int) []float32 // rotated, of the first ones by kv head: [tokens, KeyDim]
}

// prepare clusters the keys of all layers and sets the thresholds, which are
// theirs together. The clustered keys are stored nowhere yet.
func (m Squeezed) prepare(k *cpu.Kernels, layers []document) []*fixed {
	out := make([]*fixed, len(layers))
	for i, d := range layers {
		out[i] = m.cluster(k, d)
	}
	if m.Levels == 2 {
		m.calibrate(k, layers, out, coarseQuantile, func(h *lookup) (cpu.Matrix, *level) { return h.coarseTable, &h.coarse })
	}
	m.calibrate(k, layers, out, 1-m.Keep, func(h *lookup) (cpu.Matrix, *level) { return h.table, &h.fine })
	return out
}

// cluster makes the lookups of a layer's heads.
func (m Squeezed) cluster(k *cpu.Kernels, d document) *fixed {
	f := &fixed{tokens: d.tokens, n: max(0, d.tokens-Observed), heads: make([]lookup, d.l.KV.Heads)}
	if f.n == 0 {
		return f
	}
	dim := d.l.KV.KeyDim
	for h := range f.heads {
		keys := d.keys(h, f.n)
		r := rand.New(rand.NewPCG(uint64(d.l.Index), uint64(h)))
		fine := kmeans(k, keys, dim, seeds(k, keys, dim, m.clusters(f.n), r), m.Rounds)
		var coarse clustering
		if m.Levels == 2 {
			n := min(m.coarse(f.n), len(fine.counts))
			coarse = kmeans(k, fine.centroids, dim, seeds(k, fine.centroids, dim, n, r), m.Rounds)
		}
		f.heads[h] = lookupOf(fine, dim, coarse)
	}
	return f
}

// alone is how many of the observed queries stand for those of steps.
const alone = 4

// calibrate sets the thresholds of a level: the quantile of the shares that the
// context's last queries give its keys, over all layers, heads and keys.
func (m Squeezed) calibrate(k *cpu.Kernels, layers []document, prepared []*fixed, q float64, of func(*lookup) (cpu.Matrix, *level)) {
	var values, singles []weighted
	for i, d := range layers {
		if prepared[i].n == 0 {
			continue
		}
		rows := len(d.queries) / (d.l.Heads * d.l.KV.KeyDim)
		for _, x := range m.choosers(d.l) {
			table, level := of(&prepared[i].heads[x.kv])
			values = level.shared(values, scores(k, d.l, x.queries(d.queries, rows, d.l), table))
			for a := 0; a < alone && m.Each; a++ {
				row := d.queries[a*rows/alone*d.l.Heads*d.l.KV.KeyDim:]
				singles = level.shared(singles, scores(k, d.l, x.queries(row, 1, d.l), table))
			}
		}
	}
	t := quantile(values, q)
	step := t
	if m.Each {
		step = quantile(singles, q)
	}
	for _, f := range prepared {
		for h := range f.heads {
			_, level := of(&f.heads[h])
			level.threshold, level.step = t, step
		}
	}
}

// shared appends the shares that queries give a level's keys by their scores.
func (l *level) shared(to []weighted, scores []float64) []weighted {
	for j, s := range shares(scores, l.counts) {
		to = append(to, weighted{s, l.counts[j]})
	}
	return to
}
