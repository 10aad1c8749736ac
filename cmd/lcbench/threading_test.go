package main

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/needlethreading"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/runners/local"
	"github.com/lcbench/lcbench/scorers"
)

// threadingSamples are the generated samples of o.
func threadingSamples(t *testing.T, o benchmarks.Options) []benchmarks.Sample {
	t.Helper()
	a := needlethreading.Adapter()
	var out []benchmarks.Sample
	for s, err := range a.Open(a.Builtin(o.Seed)).Samples(t.Context(), o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// distance is how many tokens the value lies ahead of the question's key, from
// which the induction model looks: those between them, its mark of a question,
// and the key itself.
func distance(t *testing.T, tok benchmarks.Tokenizer, s benchmarks.Sample) int {
	t.Helper()
	text, value := s.Prompt.Text(), s.References[0]
	key := s.Prompt.Context[s.Evidence.Spans[0].Start+1:][:len(value)]
	from, to := strings.Index(text, value), strings.LastIndex(text, key)
	if from < 0 || to < from {
		t.Fatalf("%s: the value stands at %d, the question's key at %d", s.ID, from, to)
	}
	return benchmarks.Count(tok, text[from:to+len(key)])
}

// The model that retrieves by construction is right at every depth that its
// attention shows it, and at no other: the benchmark measures the attention.
func TestInductionFindsEveryNeedleThatItsAttentionShows(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the race detector has seen its code elsewhere")
	}
	const window = 1024
	for name, c := range map[string]struct {
		attention localmodel.Options
		window    int
		right     map[int]int // of eleven depths, by length
	}{
		"full attention": {localmodel.Options{}, 1 << 20, map[int]int{1000: 11, 4000: 11, 16000: 11}},
		"a window":       {localmodel.Options{Attention: sliding.Sliding{Window: window}}, window, map[int]int{1000: 11, 4000: 3, 16000: 1}},
		// Sinks show the first tokens: the needle at depth 0.
		"sinks and a window": {localmodel.Options{Attention: sliding.Sliding{Window: window, Sinks: 4}}, window, map[int]int{1000: 11, 4000: 4, 16000: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.attention
			o.Device = "cpu"
			m, err := localmodel.Induction(o)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			right := map[int]int{}
			for _, s := range threadingSamples(t, benchmarks.Options{
				Seed: 1, Tokenizer: m.Tokenizer(), Tasks: []string{"single_needle"}, Lengths: []int{1000, 4000, 16000}, Shape: benchmarks.Shape{Repeats: 1},
			}) {
				score := answerScore(t, local.New(m), s)
				d := distance(t, m.Tokenizer(), s)
				want := d < c.window || sunk(t, c.attention, m, s)
				if (score == 1) != want {
					t.Errorf("%s: %d tokens away: scored %v", s.ID, d, score)
				}
				right[s.TargetLength] += int(score)
			}
			for length, want := range c.right {
				if right[length] != want {
					t.Errorf("%d tokens: right at %d of 11 depths, want %d", length, right[length], want)
				}
			}
		})
	}
}

// sunk says whether the first tokens, which sinks keep in sight, hold the value.
func sunk(t *testing.T, o localmodel.Options, m *localmodel.Model, s benchmarks.Sample) bool {
	t.Helper()
	how, ok := o.Attention.(sliding.Sliding)
	if !ok {
		return false
	}
	text, value := s.Prompt.Text(), s.References[0]
	return benchmarks.Count(m.Tokenizer(), text[:strings.Index(text, value)+len(value)]) <= how.Sinks
}

// answerScore asks the model a sample as a run does, and scores the answer.
func answerScore(t *testing.T, m runners.Model, s benchmarks.Sample) float64 {
	t.Helper()
	var asker runners.Asker
	a, err := asker.Ask(t.Context(), m, s)
	if err != nil {
		t.Fatalf("%s: %v", s.ID, err)
	}
	metric, ok := scorers.Lookup("needlethreading", s.Metric)
	if !ok {
		t.Fatalf("no metric %q", s.Metric)
	}
	return metric.Score(scorers.Case{Prediction: a.Text, References: s.References}).Value
}

// Contexts are of the length asked for by the vocabularies that there are, where
// a pair is more than the two percent that may be missing, and where long
// haystacks are tokenised around their needles only.
func TestNeedleHaystacksFitRealVocabularies(t *testing.T) {
	for _, name := range []string{"approx", "cl100k_base", "o200k_base"} {
		tok, err := tokenizer.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		short := benchmarks.Options{Seed: 2, Tokenizer: tok, Lengths: []int{1000, 1500}, Depths: []float64{50}, Shape: benchmarks.Shape{Repeats: 2, Needles: []int{2, 4}}}
		long := benchmarks.Options{Seed: 2, Tokenizer: tok, Lengths: []int{120_000}, Limit: 1, Shape: benchmarks.Shape{Needles: []int{25}}}
		for _, o := range []benchmarks.Options{short, long} {
			n := 0
			for _, s := range threadingSamples(t, o) {
				checkLength(t, s, len(tok.Ends(s.Prompt.Context)))
				n++
			}
			if n < 5 {
				t.Errorf("%s: %d samples of %v tokens", name, n, o.Lengths)
			}
		}
	}
}

func checkLength(t *testing.T, s benchmarks.Sample, tokens int) {
	t.Helper()
	if tokens != s.ContextTokens || tokens > s.TargetLength || float64(tokens) < 0.98*float64(s.TargetLength) {
		t.Errorf("%s: %d tokens, says %d", s.ID, tokens, s.ContextTokens)
	}
}

// A million tokens: each haystack is tokenised once, whatever is asked of it.
func TestAMillionTokensOfNeedles(t *testing.T) {
	o := benchmarks.Options{Seed: 3, Tokenizer: tokenizer.Approx{}, Lengths: []int{900_000, 1_000_000}, Limit: 6, Shape: benchmarks.Shape{Repeats: 1}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	a := needlethreading.Adapter()
	n := 0
	for s, err := range a.Open(a.Builtin(3)).Samples(t.Context(), o) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%9 == 0 {
			checkLength(t, s, tokenizer.Approx{}.Count(s.Prompt.Context))
		}
		runtime.ReadMemStats(&after)
		if held := int64(after.HeapInuse) - int64(before.HeapInuse); held > 256<<20 {
			t.Fatalf("%s: %d MiB held", s.ID, held>>20)
		}
	}
	if n != 30 {
		t.Errorf("%d samples", n)
	}
	t.Logf("%d samples in %v", n, time.Since(start).Round(time.Millisecond))
}

// The words of a context are its keys and values, each once: the vocabulary of
// the induction model has room for 16k tokens of them.
func TestNeedleHaystacksHaveFewWords(t *testing.T) {
	words := tokenizer.NewWords(3, 16381, 2)
	o := benchmarks.Options{Tokenizer: words, Tasks: []string{"single_needle"}, Lengths: []int{16000}, Limit: 1}
	for _, s := range threadingSamples(t, o) {
		ids, err := tokenizer.NewWords(3, 16381, 2).Encode(s.Prompt.Text())
		if err != nil || !slices.Contains(ids, 2) || len(ids) < 15680 {
			t.Errorf("%d ids: %v", len(ids), err)
		}
	}
}
