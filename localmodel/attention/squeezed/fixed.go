package squeezed

import (
	"math"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// fixed is a layer's context once it is prepared. It does not change any more:
// forks share it.
type fixed struct {
	tokens int // of the context
	n      int // of these clustered ones, from the first on
	rows   *cpu.KVRows
	heads  []lookup // by kv head
}

// lookup is how a kv head finds keys. Its keys lie in the order of their
// clusters: those of cluster c are rows start[c] … start[c+1]-1.
type lookup struct {
	order []int32 // by row: the token
	start []int
	fine  level
	table cpu.Matrix // centroids [clusters, KeyDim]
	// The second level; parent is nil where there is one.
	coarse      level
	coarseTable cpu.Matrix
	parent      []int32 // by cluster
	// The same tables as numbers.
	centroids, coarseCentroids []float32
}

// store copies the first n tokens of a run into the order of the lookups.
func (f *fixed) store(k *cpu.Kernels, from *attention.Blocks) {
	f.rows = from.Rows(k, f.n, func(head, row int) int { return int(f.heads[head].order[row]) })
}

// lookupOf builds a head's lookup from its clusters.
func lookupOf(fine clustering, dim int, coarse clustering) lookup {
	clusters := len(fine.counts)
	rank := make([]int, clusters) // old numbers in their new order
	for i := range rank {
		rank[i] = i
	}
	if coarse.labels != nil {
		// Clusters that are alike lie together, so that what is kept does too.
		slices.SortStableFunc(rank, func(a, b int) int { return int(coarse.labels[a] - coarse.labels[b]) })
	}
	out := lookup{start: []int{0}, order: make([]int32, 0, len(fine.labels))}
	members := make([][]int32, clusters)
	for token, c := range fine.labels {
		members[c] = append(members[c], int32(token))
	}
	table := make([]float32, 0, len(fine.centroids))
	for _, c := range rank {
		out.order = append(out.order, members[c]...)
		out.start = append(out.start, len(out.order))
		out.fine.counts = append(out.fine.counts, fine.counts[c])
		table = append(table, fine.centroids[c*dim:][:dim]...)
		if coarse.labels != nil {
			out.parent = append(out.parent, coarse.labels[c])
		}
	}
	out.table, out.centroids = cpu.Floats(table, clusters, dim), table
	out.fine.weigh()
	if coarse.labels != nil {
		n := len(coarse.counts)
		out.coarse.counts, out.coarseTable = make([]int, n), cpu.Floats(coarse.centroids, n, dim)
		out.coarseCentroids = coarse.centroids
		for c, p := range out.parent {
			out.coarse.counts[p] += out.fine.counts[c]
		}
		out.coarse.weigh()
	}
	return out
}

// tokens are those of the clusters that are kept, ascending.
func (h *lookup) tokens(kept []bool) []int {
	var out []int
	for c, yes := range kept {
		if yes {
			for _, token := range h.order[h.start[c]:h.start[c+1]] {
				out = append(out, int(token))
			}
		}
	}
	slices.Sort(out)
	return out
}

// scores are those of queries [rows, KeyDim] against a table, [rows, clusters].
func scores(k *cpu.Kernels, l attention.Layer, q []float32, table cpu.Matrix) []float64 {
	rows := len(q) / table.Cols
	raw := make([]float32, rows*table.Rows)
	k.MatMul(raw, q, rows, table)
	return scaled(raw, l)
}

// scaled are products as they enter the softmax.
func scaled(raw []float32, l attention.Layer) []float64 {
	out := make([]float64, len(raw))
	for i, v := range raw {
		out[i] = score(l, v)
	}
	return out
}

// score is what a product of a query and a centroid counts.
func score(l attention.Layer, product float32) float64 {
	s := float64(product) * float64(l.Scale)
	if l.SoftCap > 0 {
		s = float64(l.SoftCap) * math.Tanh(s/float64(l.SoftCap))
	}
	return s
}

// rowsOf takes what a query head has in x [n, heads, d].
func rowsOf(x []float32, n, heads, head, d int) []float32 {
	out := make([]float32, 0, n*d)
	for t := range n {
		out = append(out, x[(t*heads+head)*d:][:d]...)
	}
	return out
}
