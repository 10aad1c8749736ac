package localmodel

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/kda"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/model"
	"github.com/lcbench/lcbench/localmodel/safetensors"
)

// letters is a text of so many bytes, each a token.
func letters(n int, seed uint64) string {
	r, out := rand.New(rand.NewPCG(seed, 9)), make([]byte, n)
	for i := range out {
		out[i] = byte('a' + r.IntN(26))
	}
	return string(out)
}

// steps is n down to a whole number of steps.
func steps(n int) int { return n / kda.Step * kda.Step }

// wideKimi is a model of layers by letter, the second with experts, whose window
// holds documents.
func wideKimi(pattern string) *hubModel {
	config := mixtureConfig(pattern, nil)
	config["model_max_length"] = 2000
	return kimiModel(config, "BF16")
}

// answers asks all prompts, one after the other or at once.
func answers(t *testing.T, m *Model, prompts []Prompt, atOnce bool) []Answer {
	t.Helper()
	out := make([]Answer, len(prompts))
	var wg sync.WaitGroup
	for i, p := range prompts {
		one := func() {
			var err error
			if out[i], err = m.Answer(context.Background(), p, Params{MaxTokens: 6, LogProbs: true, IgnoreEnd: true}); err != nil {
				t.Error(err)
			}
		}
		if atOnce {
			wg.Go(one)
		} else {
			one()
		}
	}
	wg.Wait()
	return out
}

// Questions on one document start from its state, which the first one leaves
// behind, and are answered as alone: with the very bits where all layers are of
// KDA, to rounding where there are others, whose sums are split by how many rows
// a pass has.
func TestKimiQuestionsStartFromTheirDocument(t *testing.T) {
	first, second := letters(700, 1), letters(300, 2)
	ask := func(document string, n int, seed uint64) Prompt {
		return Prompt{Text: document + letters(n, seed), Fixed: len(document)}
	}
	prompts := []Prompt{
		ask(first, 40, 3), ask(first, 150, 4), ask(first, 5, 5), ask(second, 40, 6), ask(second, 41, 7), ask(first, 40, 8),
		ask(first, 40, 3), ask(first[:400]+second, 30, 9), ask(first[:400]+second[:200], 60, 10),
	}
	// A prompt's own end is computed each time; the one before the last left a
	// state where it parted from the first document.
	long, short := steps(700-16), steps(300-16) // as far as any question can start from
	wants := []int{0, long, long, 0, short, long, steps(700 + 40 - 17), 0, steps(400)}
	for pattern, tolerance := range map[string]float64{"kk": 0, "kkmf": 1e-5} {
		dir := wideKimi(pattern).write(t)
		want := answered(t, dir, Options{KeepNone: true}, prompts, false)
		for _, atOnce := range []bool{false, true} {
			for i, a := range answered(t, dir, Options{}, prompts, atOnce) {
				what := fmt.Sprintf("%s, at once: %t, prompt %d, %d of %d tokens from before", pattern, atOnce, i, a.Cached, a.PromptTokens)
				for j, v := range a.LogProbs {
					if !(math.Abs(v-want[i].LogProbs[j]) <= tolerance) {
						t.Errorf("%s: log-probability of token %d: got %v, want %v as alone", what, j, v, want[i].LogProbs[j])
					}
				}
				if a.Text != want[i].Text || want[i].Cached != 0 || !atOnce && a.Cached != wants[i] {
					t.Errorf("%s, want %d: %q, alone %q", what, wants[i], a.Text, want[i].Text)
				}
			}
		}
	}
}

// answered opens a folder and asks it all prompts.
func answered(t *testing.T, dir string, o Options, prompts []Prompt, atOnce bool) []Answer {
	t.Helper()
	m, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	out := answers(t, m, prompts, atOnce)
	cached := 0
	for _, a := range out {
		cached += a.Cached
	}
	if s := m.Stats(); s.CachedTokens != cached {
		t.Errorf("%d tokens from before by the model's books, %d by the answers", s.CachedTokens, cached)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// A fork of all layers goes on as a sequence that was computed apart, bit for
// bit, if both are cut alike.
func TestKimiForksAreSeparateSequences(t *testing.T) {
	m := wideKimi("kmkf")
	f, err := safetensors.OpenFolder(m.write(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	config, err := json.Marshal(m.config)
	if err != nil {
		t.Fatal(err)
	}
	w, _, err := model.FromFolder(config, &folderTensors{file: f})
	if err != nil {
		t.Fatal(err)
	}
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	e := model.NewCPU(w, k, full.Full{}, cpu.F16)
	forward := func(s model.State, ids []int32) (logits []float32) {
		if err := e.Forward([]model.Chunk{{State: s, IDs: ids}}, func(_, _ int, z []float32) error {
			logits = append(logits, z...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return logits
	}
	document := kimiIDs() // no whole number of steps: only cuts elsewhere would differ
	first := e.New(1000)
	forward(first, document)
	for i := range 3 {
		question := slices.Clone(document[10*i : 30+20*i])
		fork, ok := first.Fork(len(document))
		if _, none := first.Fork(len(document) - 1); !ok || none {
			t.Fatalf("a fork at the end: %t, one ahead of it: %t", ok, none)
		}
		alone := e.New(1000)
		forward(alone, document)
		if diff := cmp.Diff(forward(alone, question), forward(fork, question)); diff != "" {
			t.Errorf("question %d: a fork and a sequence apart differ:\n%s", i, diff)
		}
	}
}
