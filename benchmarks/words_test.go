package benchmarks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// pieces is a tokenizer of two bytes a token.
type pieces struct{}

func (pieces) Name() string { return "pieces" }

func (pieces) Ends(text string) []int {
	var ends []int
	for at := 2; at < len(text); at += 2 {
		ends = append(ends, at)
	}
	return append(ends, len(text))
}

// Words of six bytes are three tokens each, so that the first tries, of as many
// words as there is room for tokens, don't fit.
func TestLEvalsTruncationKeepsWholeWordsInStepsOf250(t *testing.T) {
	var list []string
	for i := range 3000 {
		list = append(list, fmt.Sprintf("w%04d", i))
	}
	context := strings.Join(list, " ")
	span := func(word string) scorers.Span {
		at := strings.Index(context, word)
		return scorers.Span{Start: at, End: at + len(word)}
	}
	for _, tc := range []struct {
		name        string
		own         benchmarks.Policy
		budget      int
		first, last string
		words       int
		left        string
	}{
		// 2000, 1750, 1500, … : 500 words are 1500 tokens, 750 are 2250.
		{"the first words", benchmarks.TruncateWords, 2008, "w0000", "w0499", 500, "w0001"},
		{"the last words", benchmarks.TruncateWordsLeft, 2008, "w2500", "w2999", 500, "w2998"},
		{"too little room for a step: by tokens", benchmarks.TruncateWords, 38, "w0000", "w0009", 10, "w0001"},
		{"and its end", benchmarks.TruncateWordsLeft, 38, "w2990", "w2999", 10, "w2998"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := benchmarks.Sample{
				Prompt: benchmarks.Prompt{Before: "before: ", Context: context, After: " after!!"}, Own: tc.own,
				Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{span("w0001"), span("w1500"), span("w2998")}},
			}
			got, cut, err := benchmarks.Fit(s, tc.budget, benchmarks.TruncateOwn, pieces{})
			if err != nil {
				t.Fatal(err)
			}
			words := strings.Fields(got.Prompt.Context)
			if len(words) != tc.words || words[0] != tc.first || words[len(words)-1] != tc.last || got.Prompt.Before != "before: " || got.Prompt.After != " after!!" {
				t.Errorf("%d words from %s to %s, want %d from %s to %s", len(words), words[0], words[len(words)-1], tc.words, tc.first, tc.last)
			}
			if got.Prompt.Context != strings.Join(words, " ") && tc.words > 10 {
				t.Errorf("context from %.10q, want whole words", got.Prompt.Context)
			}
			if n := len(pieces{}.Ends(got.Prompt.Text())); n > tc.budget || cut != len(pieces{}.Ends(s.Prompt.Text()))-n {
				t.Errorf("%d tokens in a budget of %d, %d said to be cut", n, tc.budget, cut)
			}
			e := got.Evidence
			if len(e.Spans) != 1 || e.Lost != 2 || got.Prompt.Context[e.Spans[0].Start:e.Spans[0].End] != tc.left {
				t.Errorf("evidence %+v, want %s alone", e, tc.left)
			}
		})
	}
}

// The reference of a multiple-choice question is a letter, which stands in
// every passage: the sample says what must not.
func TestDistractorsAvoidWhatTheSampleNames(t *testing.T) {
	p := benchmarks.NewPool(1, 100)
	p.Add("other", []string{strings.Repeat("a b ", 30) + "the red fox", strings.Repeat("c a d ", 30)})
	s := benchmarks.Sample{ID: "x", Prompt: benchmarks.Prompt{Context: "doc "}, References: []string{"A"}, Avoid: []string{"the red fox"}, Group: "own"}
	o := benchmarks.Options{Lengths: []int{60}, Tokenizer: words}
	for v, err := range benchmarks.Vary(t.Context(), s, benchmarks.Task{}, o, p) {
		if err != nil || strings.Contains(v.Prompt.Context, "fox") || !strings.Contains(v.Prompt.Context, "c a d") {
			t.Errorf("%v, context %q", err, v.Prompt.Context)
		}
	}
}
