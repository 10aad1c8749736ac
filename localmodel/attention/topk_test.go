package attention

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTopK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOfN(rapid.Float64Range(0, 4).AsAny(), 0, 300).Draw(t, "scores")
		x := make([]float64, len(scores))
		for i, s := range scores {
			x[i] = float64(int(s.(float64))) // many are equal
		}
		k := rapid.IntRange(-1, 320).Draw(t, "k")
		want := make([]int, len(x))
		for i := range want {
			want[i] = i
		}
		slices.SortStableFunc(want, func(a, b int) int { return cmp.Compare(x[b], x[a]) })
		want = want[:max(0, min(k, len(x)))]
		slices.Sort(want)
		if got := TopK(x, k); !slices.Equal(got, want) {
			t.Fatalf("the %d largest of %v: got %v, want %v", k, x, got, want)
		}
	})
}
