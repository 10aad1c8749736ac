package generate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/gguf"
	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/model"
)

// executor runs the built-in model, or a real one where its file is here.
func executor(t testing.TB, file string) model.Executor {
	t.Helper()
	return executorWith(t, file, full.Full{})
}

func inductionWith(t testing.TB, how attention.Mechanism) model.Executor {
	t.Helper()
	return executorWith(t, "", how)
}

func executorWith(t testing.TB, file string, how attention.Mechanism) model.Executor {
	t.Helper()
	var m *model.Model
	var err error
	if file == "" {
		w := induction.New()
		m, err = model.FromGGUF(w, w)
	} else {
		f := openWeights(t, file)
		m, err = model.FromGGUF(f, f)
	}
	if err != nil {
		t.Fatal(err)
	}
	k := cpu.New(cpu.Best(), 2)
	t.Cleanup(k.Close)
	return model.NewCPU(m, k, how, cpu.F16)
}

func weightsPath(t testing.TB, file string) string {
	t.Helper()
	dir := os.Getenv("LCBENCH_MODELS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "lcbench", "models")
	}
	return filepath.Join(dir, file)
}

func openWeights(t testing.TB, file string) *gguf.File {
	t.Helper()
	f, err := gguf.Open(weightsPath(t, file))
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// prompts are four questions on each of two documents, of ids that any
// vocabulary has; lengths fall on both sides of block and chunk borders.
func prompts(n int) [][]int32 {
	var out [][]int32
	for doc := range 2 {
		var document []int32
		for i := range n + 37*doc {
			document = append(document, int32(100+(i*i*7+i*13+doc*5)%3000))
		}
		for q := range 4 {
			tail := []int32{int32(40 + q), int32(50 + q), document[(q+1)*n/7]}
			out = append(out, slices.Concat(document, tail[:1+q%3], tail[2:]))
		}
	}
	return out
}

// What a prompt is answered with does not depend on which others are under way
// nor on what was kept from those before.
func TestBatchingAndPrefixReuseChangeNoAnswer(t *testing.T) {
	for _, c := range []struct {
		name, file string
		tokens     int
	}{{"induction", "", 300}, {"SmolLM2", "smollm2-135m.gguf", 150}, {"Gemma 3", "gemma3-270m.gguf", 150}} {
		t.Run(c.name, func(t *testing.T) {
			exec := executor(t, c.file)
			all := prompts(c.tokens)
			want := make([]Result, len(all))
			alone := New(exec, Options{KeepNone: true, Chunk: 64})
			for i, p := range all {
				r, err := alone.Generate(t.Context(), Request{Prompt: p, MaxTokens: 12, LogProbs: true})
				if err != nil {
					t.Fatal(err)
				}
				if r.Cached != 0 {
					t.Fatalf("prompt %d: %d tokens came from a prompt before", i, r.Cached)
				}
				want[i] = r
			}
			alone.Close()
			together := New(exec, Options{Chunk: 64})
			defer together.Close()
			got := make([]Result, len(all))
			var wg sync.WaitGroup
			for i, p := range all {
				wg.Go(func() {
					r, err := together.Generate(context.Background(), Request{Prompt: p, MaxTokens: 12, LogProbs: true})
					if err != nil {
						t.Error(err)
					}
					got[i] = r
				})
			}
			wg.Wait()
			for i := range all {
				if diff := cmp.Diff(want[i].IDs, got[i].IDs); diff != "" {
					t.Errorf("prompt %d: alone and together differ:\n%s", i, diff)
				}
				for j, lp := range got[i].LogProbs {
					if math.Abs(lp-want[i].LogProbs[j]) > 1e-4 {
						t.Errorf("prompt %d, token %d: log-probability %v together, %v alone", i, j, lp, want[i].LogProbs[j])
					}
				}
			}
			if s := together.Stats(); s.CachedTokens < 5*c.tokens {
				t.Errorf("%d of %d prompt tokens came from prompts before, want those of six documents", s.CachedTokens, s.PromptTokens)
			}
		})
	}
}

func TestScoresAreThoseOfGeneration(t *testing.T) {
	for _, none := range []bool{false, true} {
		e := New(executor(t, ""), Options{Chunk: 50, KeepNone: none})
		defer e.Close()
		for _, n := range []int{50, 120} { // the first ends where a chunk does
			scoresAreThoseOfGeneration(t, e, prompts(120)[1][:n])
		}
	}
}

func scoresAreThoseOfGeneration(t *testing.T, e *Engine, prompt []int32) {
	t.Helper()
	r, err := e.Generate(t.Context(), Request{Prompt: prompt, MaxTokens: 20, LogProbs: true, IgnoreEnd: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Generate(t.Context(), Request{Prompt: prompt, Score: r.IDs})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.LogProbs) != len(r.IDs) {
		t.Fatalf("%d log-probabilities for %d tokens", len(s.LogProbs), len(r.IDs))
	}
	for i := range r.IDs {
		if math.Abs(s.LogProbs[i]-r.LogProbs[i]) > 1e-3 {
			t.Errorf("token %d: scored %v, generated with %v", i, s.LogProbs[i], r.LogProbs[i])
		}
	}
}

func TestWhatDoesNotFitIsRefusedAtOnce(t *testing.T) {
	e := New(executor(t, ""), Options{Window: 100, KVBudget: 1 << 20})
	defer e.Close()
	cases := []struct {
		name string
		r    Request
		want error
	}{
		{"a prompt beyond the window", Request{Prompt: make([]int32, 95), MaxTokens: 6}, ErrWindow},
		{"a prompt beyond the memory", Request{Prompt: make([]int32, 90), MaxTokens: 5}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := e.Generate(t.Context(), c.r); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	small := New(executor(t, ""), Options{KVBudget: 1 << 10})
	defer small.Close()
	if _, err := small.Generate(t.Context(), Request{Prompt: make([]int32, 90), MaxTokens: 5}); !errors.Is(err, ErrMemory) {
		t.Errorf("got %v, want %v", err, ErrMemory)
	}
}

func TestACancelledRequestEndsAndTheOthersGoOn(t *testing.T) {
	e := New(executor(t, ""), Options{})
	defer e.Close()
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	var once sync.Once
	go func() {
		<-started
		cancel()
	}()
	_, err := e.Generate(ctx, Request{Prompt: prompts(60)[0], MaxTokens: 1 << 16, IgnoreEnd: true, Token: func(int32) bool {
		once.Do(func() { close(started) })
		return true
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's own error", err)
	}
	if _, err := e.Generate(t.Context(), Request{Prompt: prompts(60)[1], MaxTokens: 3}); err != nil {
		t.Error(err)
	}
}

func TestSamplingFollowsItsSeed(t *testing.T) {
	logits := []float32{1, 2, 3, 2.5, -1}
	draw := func(s Sampling) string {
		src := s.source()
		out := ""
		for range 20 {
			out += fmt.Sprint(s.pick(logits, src))
		}
		return out
	}
	warm := Sampling{Temperature: 1, Seed: 7}
	if a, b := draw(warm), draw(warm); a != b {
		t.Errorf("one seed gave %s and %s", a, b)
	}
	if a, b := draw(warm), draw(Sampling{Temperature: 1, Seed: 8}); a == b {
		t.Errorf("two seeds gave %s", a)
	}
	if got := draw(Sampling{Temperature: 1, TopP: 0.4, Seed: 7}); got != "22222222222222222222" {
		t.Errorf("the likeliest token alone reaches 0.4, got %s", got)
	}
	if got := (Sampling{}).pick([]float32{1, 5, 5}, nil); got != 1 {
		t.Errorf("of equals the lowest wins, got %d", got)
	}
}
