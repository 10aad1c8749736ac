package localmodel

import (
	"slices"
	"testing"
)

// Prompts of so few tokens that the kernels of decoding compute them give no
// longer prompt its beginning: its bits would be others.
func TestAShortPromptAheadChangesNoLongerOne(t *testing.T) {
	for name, changes := range map[string]object{"full": nil, "landmarks": {"mem_id": 256, "mem_freq": 3, "mem_top_k": 2}} {
		m := randomModel(smallConfig("llama", changes), "F32")
		if changes != nil {
			withLandmark(m)
		}
		dir := m.write(t)
		say := func(n int, o Options, ahead ...int) Answer {
			o.KV = "f32"
			local, err := Open(dir, o)
			if err != nil {
				t.Fatal(err)
			}
			defer local.Close()
			var a Answer
			for _, n := range append(ahead, n) {
				if a, err = local.Answer(t.Context(), Prompt{IDs: drawnIDs(n, 256)}, Params{MaxTokens: 20, LogProbs: true, IgnoreEnd: true}); err != nil {
					t.Fatal(err)
				}
			}
			return a
		}
		want := say(40, Options{KeepNone: true})
		for _, ahead := range []int{1, 5, 12, 16, 17, 30} {
			got := say(40, Options{}, ahead)
			if !slices.Equal(got.IDs, want.IDs) || !slices.Equal(got.LogProbs, want.LogProbs) {
				t.Errorf("%s: behind a prompt of %d tokens, %d of them taken: %v, alone %v", name, ahead, got.Cached, got.IDs, want.IDs)
			}
		}
	}
}
