package evict

import "github.com/lcbench/lcbench/localmodel/attention"

// Method is how the tokens to keep are chosen.
type Method string

// The methods.
const (
	Streaming Method = "streaming" // the first ones
	H2O       Method = "h2o"       // by all the attention that they received
	SnapKV    Method = "snapkv"    // by that of the last tokens, pooled over neighbours
	PyramidKV Method = "pyramidkv" // as SnapKV; lower layers keep more
)

// pyramid is the Beta of the authors' code.
const pyramid = 20

// take returns how many of the n-Recent older tokens layer l of layers keeps of
// a prompt of n ≥ Capacity tokens; a single layer is a lowest one. Source:
// ../shared/spec/attention.md §12.
func (e Evict) take(n, l, layers int) int {
	take := e.Capacity - e.Recent
	if e.Method != PyramidKV || n < 2*take {
		return take
	}
	least := take / e.beta()
	most := 2*take - least
	if older := n - e.Recent; most >= older {
		most = older
		least = 2*take - most
	}
	return most - l*((most-least)/max(1, layers-1))
}

func (e Evict) beta() int {
	if e.Beta == 0 {
		return pyramid
	}
	return e.Beta
}

// pool smooths scores over e.Kernel neighbours, zeros beyond the ends: their
// mean, or their largest. The mean divides by the whole kernel at the ends too.
func (e Evict) pool(scores []float64) []float64 {
	out, half := make([]float64, len(scores)), e.Kernel/2
	for i := range out {
		for j := i - half; j < i-half+e.Kernel; j++ {
			v := 0.0
			if j >= 0 && j < len(scores) {
				v = scores[j]
			}
			if e.MaxPool {
				out[i] = max(out[i], v)
			} else {
				out[i] += v / float64(e.Kernel)
			}
		}
	}
	return out
}

// choose returns the tokens kept of a prompt of n, ascending. scores are of all
// n tokens; Streaming needs none.
func (e Evict) choose(scores []float64, n, take int) []int {
	older := n - e.Recent
	var keep []int
	switch e.Method {
	case Streaming:
		for i := range take {
			keep = append(keep, i)
		}
	case H2O:
		keep = attention.TopK(scores[:older], take)
	default:
		keep = attention.TopK(e.pool(scores[:older]), take)
	}
	for i := older; i < n; i++ {
		keep = append(keep, i)
	}
	return keep
}
