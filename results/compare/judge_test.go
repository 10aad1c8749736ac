package compare

import (
	"math"
	"testing"
)

// k units are judged where the k-th could still pass 5%/k with its documents:
// the least p of n documents is 2/2ⁿ.
func TestUnitsThatCouldNotPassAreNotJudged(t *testing.T) {
	for name, test := range map[string]struct {
		documents []int
		want      int
	}{
		"none":                                 {nil, math.MaxInt},
		"five documents reach 6.3% at best":    {[]int{5}, math.MaxInt},
		"six reach 3.1%":                       {[]int{6}, 6},
		"beside two others six aren't enough":  {[]int{6, 12, 8, 6}, 8},
		"three units of seven reach 1.6%":      {[]int{7, 7, 7}, 7},
		"four of them need 1.3%":               {[]int{7, 7, 7, 7}, 8},
		"ties are judged together or not":      {[]int{7, 7, 12, 7}, 8},
		"many small ones cost the large none":  {[]int{100, 2, 2, 2, 2, 2, 2, 2, 2}, 100},
		"a hundred large ones are judged, all": {hundred(40), 40},
	} {
		t.Run(name, func(t *testing.T) {
			byKey := map[uint64]int{}
			for i, n := range test.documents {
				byKey[uint64(i)] = n
			}
			if got := leastDocuments(byKey); got != test.want {
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
