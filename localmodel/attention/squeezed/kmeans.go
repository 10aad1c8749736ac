package squeezed

import (
	"math"
	"math/rand/v2"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// clustering is keys of one kv head put into clusters by their direction.
type clustering struct {
	labels    []int32   // by key
	centroids []float32 // [clusters, dim]: the means of the keys themselves, not of their directions
	counts    []int     // keys of each cluster
}

// unit returns keys [n, dim] scaled to length 1; a key of length 0 stays.
func unit(keys []float32, dim int) []float32 {
	out := make([]float32, len(keys))
	for at := 0; at < len(keys); at += dim {
		sum := 0.0
		for _, v := range keys[at : at+dim] {
			sum += float64(v) * float64(v)
		}
		norm := max(math.Sqrt(sum), 1e-12)
		for i, v := range keys[at : at+dim] {
			out[at+i] = float32(float64(v) / norm)
		}
	}
	return out
}

// kmeans clusters keys [n, dim] from the keys at seeds on, in at most rounds
// rounds or until none changes its cluster. Of equally near centres the first
// is taken; one that loses all its keys stays where it was.
// Source: ../shared/spec/attention.md §6.
func kmeans(k *cpu.Kernels, keys []float32, dim int, seeds []int, rounds int) clustering {
	x := unit(keys, dim)
	centres := make([]float32, 0, len(seeds)*dim)
	for _, s := range seeds {
		centres = append(centres, x[s*dim:][:dim]...)
	}
	n := len(keys) / dim
	labels, next := make([]int32, n), make([]int32, n)
	for round := range rounds {
		nearest(k, next, x, centres, dim)
		same := round > 0
		for i, l := range next {
			same = same && l == labels[i]
		}
		if same {
			break
		}
		labels, next = next, labels
		means(centres, x, labels, dim)
	}
	c := clustering{labels: labels, centroids: make([]float32, len(centres)), counts: make([]int, len(seeds))}
	for _, l := range labels {
		c.counts[l]++
	}
	means(c.centroids, keys, labels, dim)
	return c
}

// means replaces each centre by the mean of its rows of x, where it has any.
func means(centres, x []float32, labels []int32, dim int) {
	sums, counts := make([]float64, len(centres)), make([]int, len(centres)/dim)
	for i, l := range labels {
		counts[l]++
		for j, v := range x[i*dim:][:dim] {
			sums[int(l)*dim+j] += float64(v)
		}
	}
	for i := range centres {
		if n := counts[i/dim]; n > 0 {
			centres[i] = float32(sums[i] / float64(n))
		}
	}
}

// rowsAtOnce bounds the products of keys and centres that are held at a time.
const rowsAtOnce = 512

// nearest writes the nearest centre of each row of x: the one with the largest
// x·c − |c|²/2.
func nearest(k *cpu.Kernels, labels []int32, x, centres []float32, dim int) {
	clusters := len(centres) / dim
	half := make([]float64, clusters)
	for i, v := range centres {
		half[i/dim] += float64(v) * float64(v) / 2
	}
	w := cpu.Floats(centres, clusters, dim)
	products := make([]float32, min(rowsAtOnce, len(labels))*clusters)
	for from := 0; from < len(labels); from += rowsAtOnce {
		rows := min(rowsAtOnce, len(labels)-from)
		k.MatMul(products[:rows*clusters], x[from*dim:(from+rows)*dim], rows, w)
		k.Parallel(rows, func(i int) {
			best, at := math.Inf(-1), 0
			for c, p := range products[i*clusters:][:clusters] {
				if near := float64(p) - half[c]; near > best {
					best, at = near, c
				}
			}
			labels[from+i] = int32(at)
		})
	}
}

// seeds draws n of the keys as first centres by k-means++: each with a
// probability that grows with the squared distance to those drawn before.
func seeds(k *cpu.Kernels, keys []float32, dim, n int, r *rand.Rand) []int {
	x := unit(keys, dim)
	count := len(x) / dim
	w, products := cpu.Floats(x, count, dim), make([]float32, count)
	far := make([]float64, count) // squared distance to the nearest centre
	for i := range far {
		far[i] = math.Inf(1)
	}
	out := []int{r.IntN(count)}
	for len(out) < n {
		last := out[len(out)-1]
		k.MatMul(products, x[last*dim:][:dim], 1, w)
		total := 0.0
		for i, p := range products {
			far[i] = min(far[i], max(0, 2-2*float64(p)))
			total += far[i]
		}
		out = append(out, draw(far, total, r))
	}
	return out
}

// draw returns an index by its weight; all weights 0: any.
func draw(weights []float64, total float64, r *rand.Rand) int {
	if total <= 0 {
		return r.IntN(len(weights))
	}
	at := r.Float64() * total
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
