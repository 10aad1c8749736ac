package needlethreading

import (
	"math"
	"math/rand/v2"
	"slices"
)

// place returns k places among n pairs, rising.
func place(r *rand.Rand, layout string, depth *float64, n, k int) []int {
	switch {
	case layout == "depthwise" && k == 1 && depth != nil:
		return []int{placeAt(*depth, n)}
	case layout == "depthwise":
		out := make([]int, k)
		for i := range out {
			out[i] = i * (n - 1) / max(1, k-1)
		}
		return out
	case layout == "clustered":
		from := r.IntN(n - k + 1)
		if depth != nil {
			from = int(math.Round(*depth / 100 * float64(n-k)))
		}
		out := make([]int, k)
		for i := range out {
			out[i] = from + i
		}
		return out
	}
	out := r.Perm(n)[:k]
	slices.Sort(out)
	return out
}

// placeAt is the place of a needle at a depth in percent: the share of the
// other pairs that stand ahead of it, to the nearest pair.
func placeAt(depth float64, n int) int {
	return int(math.Round(depth / 100 * float64(n-1)))
}

// walk orders rising places as a thread of a direction meets them. A random one
// is neither of the others where it is long enough not to be.
func walk(r *rand.Rand, direction string, places []int) {
	switch direction {
	case "backward":
		slices.Reverse(places)
	case "random":
		for {
			r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
			falling := func(a, b int) int { return b - a }
			if len(places) < 3 || !slices.IsSorted(places) && !slices.IsSortedFunc(places, falling) {
				return
			}
		}
	}
}

// deal gives each of several threads its own places, rising.
func deal(r *rand.Rand, places []int, threads int) [][]int {
	places = slices.Clone(places)
	r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	steps := len(places) / threads
	out := make([][]int, threads)
	for i := range out {
		out[i] = places[i*steps : (i+1)*steps]
		slices.Sort(out[i])
	}
	return out
}
