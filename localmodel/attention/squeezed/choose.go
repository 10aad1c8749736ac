package squeezed

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// chooser is what chooses clusters together: a query head, or all of a kv head.
type chooser struct {
	kv    int
	head  int // the first query head
	heads int
}

// choosers are those of a layer, by query head.
func (m Squeezed) choosers(l attention.Layer) []chooser {
	group, step := l.Heads/l.KV.Heads, 1
	if m.Group {
		step = group
	}
	var out []chooser
	for h := 0; h < l.Heads; h += step {
		out = append(out, chooser{kv: h / group, head: h, heads: step})
	}
	return out
}

// queries takes a chooser's rows of queries [n, heads, KeyDim], head by head.
func (x chooser) queries(from []float32, n int, l attention.Layer) []float32 {
	return x.rows(from, n, l.Heads, l.KV.KeyDim)
}

// rows takes a chooser's rows of [n, heads, d], head by head.
func (x chooser) rows(from []float32, n, heads, d int) []float32 {
	var out []float32
	for h := x.head; h < x.head+x.heads; h++ {
		out = append(out, rowsOf(from, n, heads, h, d)...)
	}
	return out
}

// attend computes the attention of a work's rows over the clustered keys that
// each chooser keeps for all of them together, and returns how many keys all heads
// keep. A head that keeps none has LSE -inf.
func (f *fixed) attend(k *cpu.Kernels, m Squeezed, l attention.Layer, w attention.Work) (out, lse []float32, keys int) {
	dv := l.KV.ValueDim
	out, lse = make([]float32, w.N*l.Heads*dv), make([]float32, w.N*l.Heads)
	choosers := m.choosers(l)
	kept := make([][]cpu.Run, len(choosers))
	if w.N == 1 {
		f.chooseOne(k, l, w.Q, choosers, kept)
	} else {
		f.choose(k, l, w, choosers, kept)
	}
	var jobs []cpu.RunsJob
	for i, x := range choosers {
		keys += x.heads * rowsIn(kept[i])
		if w.N == 1 { // the rows of a chooser's heads lie side by side
			jobs = append(jobs, cpu.RunsJob{Head: x.kv, N: x.heads, Q: w.Q[x.head*l.KV.KeyDim:], Runs: kept[i], Out: out[x.head*dv:], Stride: dv, LSE: lse[x.head:]})
			continue
		}
		for h := x.head; h < x.head+x.heads; h++ {
			jobs = append(jobs, cpu.RunsJob{
				Head: x.kv, N: w.N, Q: rowsOf(w.Q, w.N, l.Heads, h, l.KV.KeyDim), Runs: kept[i], Out: out[h*dv:], Stride: l.Heads * dv, LSE: make([]float32, w.N),
			})
		}
	}
	k.AttendRuns(shape(l), f.rows, jobs...)
	for h := 0; h < len(jobs) && w.N > 1; h++ {
		for t, v := range jobs[h].LSE {
			lse[t*l.Heads+h] = v
		}
	}
	return out, lse, keys
}

// rowsIn is how many rows runs hold.
func rowsIn(runs []cpu.Run) int {
	n := 0
	for _, r := range runs {
		n += r.To - r.From
	}
	return n
}

// choose writes the runs that each chooser keeps for a work of several rows.
func (f *fixed) choose(k *cpu.Kernels, l attention.Layer, w attention.Work, choosers []chooser, kept [][]cpu.Run) {
	fine, coarse := make([][]float64, len(choosers)), make([][]float64, len(choosers))
	for i, x := range choosers {
		q, table := x.queries(w.Q, w.N, l), &f.heads[x.kv]
		fine[i] = scores(k, l, q, table.table)
		if table.parent != nil {
			coarse[i] = scores(k, l, q, table.coarseTable)
		}
	}
	k.Parallel(len(choosers), func(i int) {
		table := &f.heads[choosers[i].kv]
		for c, yes := range table.keep(w.N, fine[i], coarse[i]) {
			if yes {
				kept[i] = table.add(kept[i], c)
			}
		}
	})
}

// keep is which clusters a chooser keeps for so many tokens, by its queries'
// scores against the centroids of both levels.
func (h *lookup) keep(tokens int, fine, coarse []float64) []bool {
	return keep(fine, h.fine.of(tokens), coarse, h.coarse.of(tokens), h.parent)
}

// add appends a cluster's rows to runs of earlier ones.
func (h *lookup) add(runs []cpu.Run, cluster int) []cpu.Run {
	from, to := h.start[cluster], h.start[cluster+1]
	if last := len(runs) - 1; last >= 0 && runs[last].To == from {
		runs[last].To = to
		return runs
	}
	if from == to {
		return runs
	}
	return append(runs, cpu.Run{From: from, To: to})
}

// piece is how many centroids a thread takes at a time.
const piece = 256

// chooseOne is choose for one row, q [heads, KeyDim], which is most of what an
// answer does: all heads of a group pass over the centroids together, in
// float32, and shares are compared by their logarithms.
func (f *fixed) chooseOne(k *cpu.Kernels, l attention.Layer, q []float32, choosers []chooser, kept [][]cpu.Run) {
	group := l.Heads / l.KV.Heads
	fine, coarse := make([][]float32, l.KV.Heads), make([][]float32, l.KV.Heads) // [group, clusters]
	type part struct {
		kv, from  int
		centroids []float32
		out       [][]float32
	}
	var parts []part
	for kv := range l.KV.Heads {
		h := &f.heads[kv]
		for _, p := range []part{{kv: kv, centroids: h.centroids, out: fine}, {kv: kv, centroids: h.coarseCentroids, out: coarse}} {
			n := len(p.centroids) / l.KV.KeyDim
			p.out[kv] = make([]float32, group*n)
			for ; p.from < n; p.from += piece {
				parts = append(parts, p)
			}
		}
	}
	k.Share(len(parts), func(t cpu.Thread, i int) {
		p := parts[i]
		lookUp(t, l, q[p.kv*group*l.KV.KeyDim:], p.centroids, p.out[p.kv], p.from, group)
	})
	k.Share(len(choosers), func(t cpu.Thread, i int) {
		x := choosers[i]
		h, first := &f.heads[x.kv], x.head%group
		rows := func(of []float32, clusters int) []float32 { return of[first*clusters:][:x.heads*clusters] }
		weights := h.fine.weights
		if h.parent != nil {
			weights = h.survivors(t, rows(coarse[x.kv], len(h.coarse.counts)))
		}
		values, least := shareOne(t, rows(fine[x.kv], len(weights)), weights, h.fine.step)
		for c, v := range values {
			if v > least && weights[c] > 0 {
				kept[i] = h.add(kept[i], c)
			}
		}
	})
}

// lookUp writes the scores of a piece of centroids by each query of a group,
// out [group, clusters].
func lookUp(t cpu.Thread, l attention.Layer, q, centroids, out []float32, from, group int) {
	d := l.KV.KeyDim
	clusters := len(centroids) / d
	n := min(piece, clusters-from)
	to := cpu.Dense{Data: out[from:], Stride: clusters}
	t.Dots(to, cpu.Dense{Data: q, Stride: d}, cpu.Dense{Data: centroids[from*d:], Stride: d}, group, n, d)
	for g := range group {
		row := out[g*clusters+from:][:n]
		if l.SoftCap == 0 {
			t.Scale(row, row, l.Scale)
			continue
		}
		for i, v := range row {
			row[i] = float32(score(l, v))
		}
	}
}

// survivors are the fine clusters' weights, 0 where their coarse one is dropped.
func (h *lookup) survivors(t cpu.Thread, coarse []float32) []float32 {
	values, least := shareOne(t, coarse, h.coarse.weights, h.coarse.step)
	out := make([]float32, len(h.parent))
	for c, p := range h.parent {
		if values[p] > least {
			out[c] = h.fine.weights[c]
		}
	}
	return out
}

// shareOne returns a value for each cluster and what it must exceed for the
// cluster's share, the mean over a row's heads of scores [heads, clusters], to
// exceed a threshold. Clusters of weight 0 are not in the sum. Of one head the
// values are the scores themselves: no share is too small for a float32.
func shareOne(t cpu.Thread, scores, weights []float32, threshold float64) (values []float32, least float32) {
	clusters := len(weights)
	heads := len(scores) / max(1, clusters)
	if threshold < 0 {
		return scores[:clusters], float32(math.Inf(-1))
	}
	e := make([]float32, clusters)
	if heads == 1 {
		top, sum := powers(t, e, scores, weights)
		return scores, float32(math.Log(threshold) + top + math.Log(sum))
	}
	mean := make([]float32, clusters)
	for h := range heads {
		_, sum := powers(t, e, scores[h*clusters:][:clusters], weights)
		t.Scale(e, e, float32(1/sum))
		t.Add(mean, e)
	}
	return mean, float32(threshold * float64(heads))
}

// powers writes e = exp(scores - top), top being the largest score of a weight
// above 0, and returns Σ weights e. Where all weights are 0 the sum is 1.
func powers(t cpu.Thread, e, scores, weights []float32) (top, sum float64) {
	most := t.Largest(scores)
	for c, s := range scores {
		e[c] = s - most
	}
	t.Exp(e, e)
	if sum = weightSum(t, e, weights); sum > 1e-20 {
		return float64(most), sum
	}
	// The largest ones are out of it, by far: among the others.
	most = float32(math.Inf(-1))
	for c, s := range scores {
		if weights[c] > 0 {
			most = max(most, s)
		}
	}
	if math.IsInf(float64(most), -1) {
		clear(e)
		return 0, 1
	}
	for c, s := range scores {
		e[c] = min(0, s-most)
	}
	t.Exp(e, e)
	return float64(most), weightSum(t, e, weights)
}

// weightSum returns Σ weights e.
func weightSum(t cpu.Thread, e, weights []float32) float64 {
	var sum [1]float32
	t.Dots(cpu.Dense{Data: sum[:], Stride: 1}, cpu.Dense{Data: e, Stride: len(e)}, cpu.Dense{Data: weights, Stride: len(e)}, 1, 1, len(e))
	return float64(sum[0])
}
