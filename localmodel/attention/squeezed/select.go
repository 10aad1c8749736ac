package squeezed

import (
	"cmp"
	"math"
	"slices"
)

// shares returns, for each cluster, the estimated share of the softmax that one
// key of it has: exp(s_c) / Σ_j N_j exp(s_j), the mean over queries of scores
// [queries, clusters]. Clusters that count as empty keep no weight in the sum.
// Source: ../shared/spec/attention.md §6.
func shares(scores []float64, counts []int) []float64 {
	clusters := len(counts)
	out := make([]float64, clusters)
	queries := len(scores) / max(1, clusters)
	e := make([]float64, clusters)
	for q := range queries {
		row := scores[q*clusters:][:clusters]
		top := slices.Max(row)
		sum := 0.0
		for c, s := range row {
			e[c] = math.Exp(s - top)
			sum += e[c] * float64(counts[c])
		}
		for c, v := range e {
			out[c] += v / sum / float64(queries)
		}
	}
	return out
}

// level is one level of the lookup: what the clusters' shares must exceed.
type level struct {
	threshold float64 // of the mean of several queries
	step      float64 // of one query
	counts    []int
	weights   []float32 // the counts
}

// of is the level for the choice of so many tokens' queries.
func (l level) of(tokens int) level {
	if tokens == 1 {
		l.threshold = l.step
	}
	return l
}

// weigh makes the weights.
func (l *level) weigh() {
	l.weights = make([]float32, len(l.counts))
	for i, n := range l.counts {
		l.weights[i] = float32(n)
	}
}

// keep returns which fine clusters are kept, by scores of the queries against
// the centroids of both levels; coarse is nil where there is one level. Coarse
// clusters that are dropped leave the sum of the fine ones.
func keep(fine []float64, f level, coarse []float64, c level, parent []int32) []bool {
	out := make([]bool, len(f.counts))
	if coarse == nil {
		for i, s := range shares(fine, f.counts) {
			out[i] = s > f.threshold
		}
		return out
	}
	first := shares(coarse, c.counts)
	counts, left := make([]int, len(f.counts)), 0
	for i, n := range f.counts {
		if first[parent[i]] > c.threshold {
			counts[i] = n
			left += n
		}
	}
	if left == 0 {
		return out
	}
	for i, s := range shares(fine, counts) {
		out[i] = counts[i] > 0 && s > f.threshold
	}
	return out
}

// weighted is a value that count keys have.
type weighted struct {
	value float64
	count int
}

// quantile is NumPy's default one, linear between order statistics, of values
// each taken count times.
func quantile(values []weighted, q float64) float64 {
	slices.SortFunc(values, func(a, b weighted) int { return cmp.Compare(a.value, b.value) })
	n := 0
	for _, v := range values {
		n += v.count
	}
	if n == 0 {
		return 0
	}
	at := q * float64(n-1)
	low := int(at)
	return nth(values, low)*(1-(at-float64(low))) + nth(values, min(low+1, n-1))*(at-float64(low))
}

func nth(values []weighted, i int) float64 {
	for _, v := range values {
		if i -= v.count; i < 0 {
			return v.value
		}
	}
	return values[len(values)-1].value
}
