package compare

import (
	"math"
	"testing"
)

// k units are judged where the k-th could still pass 2.5%/k with its documents:
// the least p of one direction of n documents is 1/2ⁿ.
func TestUnitsThatCouldNotPassAreNotJudged(t *testing.T) {
	for name, test := range map[string]struct {
		documents []int
		want      int
	}{
		"none":                                 {nil, math.MaxInt},
		"five documents reach 3.1% at best":    {[]int{5}, math.MaxInt},
		"six reach 1.6%":                       {[]int{6}, 6},
		"beside two others six aren't enough":  {[]int{6, 12, 8, 6}, 8},
		"three units of seven reach 0.8%":      {[]int{7, 7, 7}, 7},
		"four of them need 0.6%":               {[]int{7, 7, 7, 7}, 8},
		"ties are judged together or not":      {[]int{7, 7, 12, 7}, 8},
		"many small ones cost the large none":  {[]int{100, 2, 2, 2, 2, 2, 2, 2, 2}, 100},
		"a hundred large ones are judged, all": {hundred(40), 40},
	} {
		t.Run(name, func(t *testing.T) {
			byKey := map[uint64]int{}
			for i, n := range test.documents {
				byKey[uint64(i)] = n
			}
			if got := leastDocuments(byKey, 0.025); got != test.want {
				t.Errorf("%v: got %d, want %d", test.documents, got, test.want)
			}
		})
	}
}

func hundred(n int) []int {
	out := make([]int, 100)
	for i := range out {
		out[i] = n
	}
	return out
}
