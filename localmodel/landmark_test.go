package localmodel

import (
	"fmt"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/induction"
)

func marking(t *testing.T, spec string) *Model {
	t.Helper()
	var how attention.Mechanism
	if spec != "" {
		var err error
		if how, err = all.Parse(spec); err != nil {
			t.Fatal(err)
		}
	}
	m, err := InductionLandmark(Options{Device: "cpu", Attention: how, KV: "f32", Window: 8192, KeepNone: true})
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", spec, err))
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// first is the first token of an answer.
func first(t *testing.T, m *Model, ids []int32) int32 {
	t.Helper()
	a, err := m.Answer(t.Context(), Prompt{IDs: ids}, Params{MaxTokens: 1, IgnoreEnd: true})
	if err != nil {
		t.Fatal(err)
	}
	return a.IDs[0]
}

// The block that a value is in is found wherever it is in the context, and the
// value wherever it is in the block.
func TestLandmarkMaps(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	for _, c := range []struct {
		attention string
		right     func(x hidden) bool
	}{
		{"landmark:block=4,topk=4", func(hidden) bool { return true }},
		{"landmark:block=4,topk=1", func(hidden) bool { return true }},
	} {
		t.Run(c.attention, func(t *testing.T) {
			m, places := marking(t, c.attention), map[int]int{}
			for _, n := range []int{512, 1024} {
				for depth := range 11 {
					x := hideIn(int(induction.LandmarkToken), n, float64(depth)/10, uint64(depth))
					if got, want := first(t, m, x.ids) == x.value, c.right(x); got != want {
						t.Errorf("%d tokens, value at %d: right: %t, want %t", n, x.p, got, want)
					}
					places[x.p%induction.LandmarkEvery]++
				}
			}
			if len(places) != induction.LandmarkEvery {
				t.Errorf("values are at %v of their blocks, want every place", places)
			}
		})
	}
}
