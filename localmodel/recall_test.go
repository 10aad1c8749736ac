package localmodel

import (
	"fmt"
	"testing"

	"github.com/lcbench/lcbench/localmodel/induction"
)

// The constructed KDA model answers text at any depth and length, since its
// state loses nothing as long as every word has a place of its own.
func TestRecallAnswersText(t *testing.T) {
	m, err := Recall(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Info.Name != "recall-kda" || m.Info.Attention != "kda" {
		t.Errorf("info %+v", m.Info)
	}
	for _, sentences := range []int{10, 200} {
		for depth := range 5 {
			prompt, value := needle(sentences, depth*(sentences-1)/4)
			if got, _ := ask(t, m, prompt, value); got != value {
				t.Errorf("%d sentences, needle at depth %d of 4: got %q, want %q", sentences, depth, got, value)
			}
		}
	}
	prompt, value := keyValue(50, 20)
	if got, _ := ask(t, m, prompt, value); got != value {
		t.Errorf("50 pairs: got %q, want %q", got, value)
	}
	a, err := m.Answer(t.Context(), Prompt{Text: "What is said of nothing?"}, Params{MaxTokens: 3})
	if err != nil || a.Text != "" {
		t.Errorf("of a key that never occurred it says %q (%v), want nothing", a.Text, err)
	}
}

// recalls asks for the word behind the key in a prompt of n words, all different
// and in the order of their ids, the key being the first'th.
func recalls(t *testing.T, m *Model, n, first int) bool {
	t.Helper()
	ids := []int32{induction.BOS}
	for i := range n {
		ids = append(ids, induction.FirstWord+int32(i))
	}
	key := induction.FirstWord + int32(first)
	a, err := m.Answer(t.Context(), Prompt{IDs: append(ids, induction.Question, key)}, Params{MaxTokens: 1, IgnoreEnd: true})
	if err != nil {
		t.Fatal(err)
	}
	return a.IDs[0] == key+1
}

// The whole map over length and depth: a pair is given back unless the word
// Places behind its key came, with a word behind it, and took its place.
func TestRecallForgetsWhatTheoryPredicts(t *testing.T) {
	m, err := Recall(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	right, wrong := 0, 0
	for _, n := range []int{64, induction.Places, induction.Places + 2, 1500, 3000} {
		for _, first := range []int{0, n / 4, n / 2, n - induction.Places - 2, n - induction.Places - 1, n - induction.Places, n - 100, n - 2} {
			if first < 0 {
				continue
			}
			t.Run(fmt.Sprintf("%d words, key %d", n, first), func(t *testing.T) {
				// The last word's own key is written by the question behind it.
				want := first+induction.Places >= n
				if got := recalls(t, m, n, first); got != want {
					t.Errorf("right is %v, want %v", got, want)
				}
				if want {
					right++
				} else {
					wrong++
				}
			})
		}
	}
	if right < 10 || wrong < 5 {
		t.Errorf("%d cells are right and %d wrong: the map says too little", right, wrong)
	}
}
