package benchmarks_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/scorers"
)

var words = benchmarktest.Words{}

func wordsOf(n int, word string) string { return strings.Repeat(word+" ", n) }

// The reference keeps the first and last half of the whole prompt's tokens.
func TestOwnTruncationCutsThePromptsMiddle(t *testing.T) {
	s := benchmarks.Sample{
		Prompt:   benchmarks.Prompt{Before: "i1 i2 ", Context: "c1 c2 c3 c4 c5 c6 ", After: "q1 q2 "},
		Own:      benchmarks.TruncatePrompt,
		Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: 0, End: 2}, {Start: 6, End: 8}, {Start: 15, End: 17}}},
	}
	for _, tc := range []struct {
		budget int
		policy benchmarks.Policy
		want   string
		spans  string
		lost   int
	}{
		{10, benchmarks.TruncateOwn, "i1 i2 c1 c2 c3 c4 c5 c6 q1 q2 ", "c1 c3 c6", 0},
		{7, benchmarks.TruncateOwn, "i1 i2 c1 c6 q1 q2 ", "c1 c6", 1},
		{7, benchmarks.TruncatePromptAll, "i1 i2 c1 c5 c6 q1 q2 ", "c1 c6", 1},
		{2, benchmarks.TruncateOwn, "i1 q2 ", "", 3},
		{7, benchmarks.TruncateMiddle, "i1 i2 c1 c5 c6 q1 q2 ", "c1 c6", 1},
		{7, benchmarks.TruncateLeft, "i1 i2 c4 c5 c6 q1 q2 ", "c6", 2},
		{7, benchmarks.TruncateRight, "i1 i2 c1 c2 c3 q1 q2 ", "c1 c3", 1},
	} {
		got, cut, err := benchmarks.Fit(s, tc.budget, tc.policy, words)
		if err != nil {
			t.Fatal(err)
		}
		var spans []string
		for _, e := range got.Evidence.Spans {
			spans = append(spans, got.Prompt.Context[e.Start:e.End])
		}
		if got.Prompt.Text() != tc.want || strings.Join(spans, " ") != tc.spans || got.Evidence.Lost != tc.lost || cut != 10-len(strings.Fields(tc.want)) {
			t.Errorf("budget %d, %s: %q spans %q lost %d cut %d; want %q %q %d", tc.budget, tc.policy, got.Prompt.Text(), spans, got.Evidence.Lost, cut, tc.want, tc.spans, tc.lost)
		}
	}
}

func TestAnInstructionThatFillsTheWindowIsAnOverflow(t *testing.T) {
	s := benchmarks.Sample{Prompt: benchmarks.Prompt{Before: wordsOf(50, "i"), Context: "c "}}
	for _, p := range []benchmarks.Policy{benchmarks.TruncateMiddle, benchmarks.TruncateNone} {
		if _, _, err := benchmarks.Fit(s, 10, p, words); !errors.Is(err, benchmarks.ErrContextOverflow) {
			t.Errorf("%s: got %v, want an overflow", p, err)
		}
	}
}

func pool(seed uint64) *benchmarks.Pool {
	p := benchmarks.NewPool(seed, 4000)
	for i := range 40 {
		var passages []string
		for j := range 20 {
			passages = append(passages, fmt.Sprintf("Doc %d passage %d says little. It goes on for some words more.", i, j))
		}
		p.Add(fmt.Sprint("g", i), append(passages, "here hides the SECRET word"))
	}
	return p
}

func TestLengthenedContextsKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(60, 4000).Draw(t, "length")
		depth := rapid.Float64Range(0, 100).Draw(t, "depth")
		doc := "The original. Its needle is secret here. The end."
		at := strings.Index(doc, "needle")
		s := benchmarks.Sample{
			ID: "x", Group: "g3", References: []string{"secret"}, Prompt: benchmarks.Prompt{Context: doc},
			Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: at, End: at + 6}}},
		}
		o := benchmarks.Options{Lengths: []int{length}, Depths: []float64{depth}, Tokenizer: words, Seed: rapid.Uint64().Draw(t, "seed")}
		p := pool(o.Seed)
		for v, err := range benchmarks.Vary(t.Context(), s, benchmarks.Task{}, o, p) {
			if err != nil {
				t.Fatal(err)
			}
			context := v.Prompt.Context
			n := len(words.Ends(context))
			if n > length || float64(n) < 0.98*float64(length)-1 {
				t.Fatalf("%d tokens for a length of %d", n, length)
			}
			e := v.Evidence.Spans[0]
			if context[e.Start:e.End] != "needle" {
				t.Fatalf("evidence is %q", context[e.Start:e.End])
			}
			start := strings.Index(context, doc)
			if start < 0 || strings.Contains(strings.ToLower(strings.Replace(context, doc, "", 1)), "secret") {
				t.Fatalf("document lost, or an answer among the distractors")
			}
			if strings.Contains(context, "Doc 3 ") {
				t.Fatal("the sample's own document is among the distractors")
			}
			// One sentence is at most 8 words, the seams are none.
			before := len(words.Ends(context[:start]))
			if want := float64(n-10) * depth / 100; float64(before) < want-9 || float64(before) > want+9 {
				t.Fatalf("document starts behind %d of %d tokens, asked for depth %g", before, n, depth)
			}
		}
	})
}

func TestThePoolDoesNotDependOnTheOrderOfDocuments(t *testing.T) {
	one, two := benchmarks.NewPool(1, 10), benchmarks.NewPool(1, 10)
	text := strings.Repeat("word ", 5000)
	for i := range 20 {
		one.Add(fmt.Sprint(i), []string{fmt.Sprint(i, " ", text)})
		two.Add(fmt.Sprint(19-i), []string{fmt.Sprint(19-i, " ", text)})
	}
	o := benchmarks.Options{Lengths: []int{3000}, Tokenizer: words}
	for a := range benchmarks.Vary(t.Context(), benchmarks.Sample{ID: "s"}, benchmarks.Task{}, o, one) {
		for b := range benchmarks.Vary(t.Context(), benchmarks.Sample{ID: "s"}, benchmarks.Task{}, o, two) {
			if a.Prompt.Context != b.Prompt.Context {
				t.Fatal("another order of documents gave another context")
			}
		}
	}
}

func TestAShortAnswerCountsAsAWord(t *testing.T) {
	p := benchmarks.NewPool(0, 100)
	p.Add("a", []string{"I know nothing of it at all. "})
	p.Add("b", []string{"No, it said."})
	s := benchmarks.Sample{ID: "s", References: []string{"no"}}
	o := benchmarks.Options{Lengths: []int{5}, Tokenizer: words}
	for v, err := range benchmarks.Vary(t.Context(), s, benchmarks.Task{}, o, p) {
		if err != nil || strings.Contains(v.Prompt.Context, "No,") {
			t.Errorf("%q, %v: want the passage without the word no", v.Prompt.Context, err)
		}
	}
}

func TestTooFewDistractorsIsAnErrorOfTheSample(t *testing.T) {
	o := benchmarks.Options{Lengths: []int{1000}, Tokenizer: words}
	for _, err := range benchmarks.Vary(t.Context(), benchmarks.Sample{ID: "s"}, benchmarks.Task{}, o, benchmarks.NewPool(0, 1000)) {
		if !errors.Is(err, benchmarks.ErrSample) {
			t.Errorf("got %v, want ErrSample", err)
		}
	}
}
