package runners_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// placed are samples of 40 tokens with evidence at the first, the sixth, the middle
// one and the last.
func placed(n int) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		for s, err := range samples(n) {
			s.Evidence = benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: 0, End: 1}, {Start: 10, End: 11}, {Start: 40, End: 41}, {Start: 78, End: 79}}}
			if !yield(s, err) {
				return
			}
		}
	}
}

// sentAxes notes, in place of axes, what it was given.
func sentAxes(seen *[]benchmarks.Sample) func(benchmarks.Sample) (benchmarks.Axes, error) {
	return func(s benchmarks.Sample) (benchmarks.Axes, error) {
		*seen = append(*seen, s)
		return benchmarks.Axes{State: benchmarks.AxesMeasured, Lost: s.Evidence.Lost}, nil
	}
}

// Axes are of what was sent: cut to a window that is known, or that a refusal
// names, and the same when the answer comes from the journal and the window is
// not known again.
func TestAxesAreOfTheSampleAsSent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		window int64 // known ahead
		policy benchmarks.Policy
		lost   int
	}{
		{"window known, middle cut", 30, benchmarks.TruncateMiddle, 1},
		{"window learnt, middle cut", 0, benchmarks.TruncateMiddle, 1},
		{"window learnt, left cut", 0, benchmarks.TruncateLeft, 2},
		{"window learnt, words", 0, benchmarks.TruncateWords, 1},
		{"window learnt, the prompt's own rule", 0, benchmarks.TruncatePromptAll, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var prompts []string
			e, _, results := engine(modelFunc(func(_ context.Context, r runners.Request) (runners.Response, error) {
				if n := len(words{}.Ends(r.Prompt)); n > 30 {
					return runners.Response{}, &runners.CallError{Kind: runners.ErrOverflow, Window: 30, PromptTokens: n, Err: errors.New("too long")}
				}
				prompts = append(prompts, r.Prompt)
				return runners.Response{Text: "yes"}, nil
			}))
			var seen []benchmarks.Sample
			e.Concurrency, e.Axes, e.Asker.Truncate = 1, sentAxes(&seen), tt.policy
			e.Asker.Window.Store(tt.window)
			if _, err := e.Run(t.Context(), placed(2)); err != nil {
				t.Fatal(err)
			}
			e.Asker.Window.Store(0)
			if report, err := e.Run(t.Context(), placed(2)); err != nil || report.Resumed != 2 {
				t.Fatalf("%+v, %v", report, err)
			}
			if len(seen) != 4 || len(prompts) != 2 {
				t.Fatalf("%d samples placed, %d prompts answered", len(seen), len(prompts))
			}
			for i, s := range seen {
				if s.Prompt.Text() != prompts[i%2] || s.Evidence.Lost != tt.lost || (*results)[i].Axes.Lost != tt.lost {
					t.Errorf("sample %d: placed as %q with %d lost (result: %+v), sent as %q, want %d lost", i, s.Prompt.Text(), s.Evidence.Lost, (*results)[i].Axes, prompts[i%2], tt.lost)
				}
				if context := (*results)[i].Sample.Prompt.Context; context != strings.Repeat("c ", 40) {
					t.Errorf("sample %d: the result's own context became %q", i, context)
				}
			}
		})
	}
}

func TestWhatWasSentIsUnknownWhereItCantBeMadeAgain(t *testing.T) {
	e, journal, _ := engine(nil)
	var seen []benchmarks.Sample
	e.Axes = sentAxes(&seen)
	journal.answers["s0"] = runners.Answer{SampleID: "s0", Status: runners.TruncatedInput, Text: "yes", CutTokens: 12, PromptSHA256: "of an older lcbench"}
	if _, err := e.Run(t.Context(), placed(1)); err != nil {
		t.Fatal(err)
	}
	if got := seen[0].Evidence; got.State != benchmarks.EvidenceUnknown || len(got.Spans) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestWrongEvidenceEndsTheRunAndNamesTheSample(t *testing.T) {
	e, journal, _ := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		return runners.Response{Text: "yes"}, nil
	}))
	e.Axes = func(benchmarks.Sample) (benchmarks.Axes, error) { return benchmarks.Axes{}, fmt.Errorf("axes: no") }
	if _, err := e.Run(t.Context(), placed(1)); err == nil || err.Error() != "s0: axes: no" || len(journal.answers) != 1 {
		t.Errorf("got %v with %d answers in the journal", err, len(journal.answers))
	}
}
