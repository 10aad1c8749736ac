package attention

import (
	"cmp"
	"slices"
)

// TopK returns the indices of the k largest scores, ascending; of equal ones
// the lower index. All of them where there are no more than k.
func TopK[T cmp.Ordered](scores []T, k int) []int {
	k = max(0, min(k, len(scores)))
	better := func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), a-b) }
	if k <= few {
		return fewBest(scores, k, better)
	}
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, better)
	order = order[:k]
	slices.Sort(order)
	return order
}

// few is up to how many indices are kept sorted while the scores go by.
const few = 64

func fewBest[T cmp.Ordered](scores []T, k int, better func(a, b int) int) []int {
	best := make([]int, 0, k+1)
	for i := range scores {
		if k == 0 || len(best) == k && better(i, best[k-1]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, i, better)
		best = slices.Insert(best, at, i)
		best = best[:min(k, len(best))]
	}
	slices.Sort(best)
	return best
}
