package all

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
)

// The control of every benchmark asks the same questions, wants the same
// answers, and sends nothing of the document but what the question itself quotes.
func TestWithoutContextNothingOfItIsSent(t *testing.T) {
	for _, a := range List() {
		t.Run(a.Name, func(t *testing.T) {
			o := benchmarks.Options{Seed: 3, Limit: 12, Tokenizer: benchmarktest.Words{}, Tasks: benchmarktest.Present(t, a)}
			normal := samplesOf(t, a.Open(a.Builtin(3)), o)
			control := a.Open(a.Builtin(3))
			if a.NoContextMode == "" {
				control = benchmarks.WithoutContext(control)
			}
			o.Mode = a.NoContextMode
			bare := samplesOf(t, control, o)
			if len(bare) != len(normal) || len(bare) == 0 {
				t.Fatalf("%d samples, %d with contexts", len(bare), len(normal))
			}
			for i, s := range bare {
				same(t, normal[i], s)
				if p := held(normal[i], s); p != "" {
					t.Errorf("%s: sends %q of the context in\n%s", s.ID, p, s.Prompt.Text())
				}
			}
		})
	}
}

func samplesOf(t *testing.T, b benchmarks.Benchmark, o benchmarks.Options) (out []benchmarks.Sample) {
	t.Helper()
	for s, err := range b.Samples(t.Context(), o) {
		var notice *benchmarks.Notice
		var row *datasets.RowError
		switch {
		case err == nil:
			out = append(out, s)
		case !errors.As(err, &notice) && !errors.As(err, &row) && !errors.Is(err, benchmarks.ErrSample):
			t.Fatal(err)
		}
	}
	return out
}

// same compares what has to be the same with a context and without.
func same(t *testing.T, normal, bare benchmarks.Sample) {
	t.Helper()
	type question struct {
		ID, Task, Metric, Query, Group string
		References, Classes, Strata    []string
		Weight                         float64
	}
	of := func(s benchmarks.Sample) question {
		return question{s.ID, s.Task, s.Metric, s.Query, s.Group, s.References, s.Classes, s.Strata, s.Weight}
	}
	if diff := cmp.Diff(of(normal), of(bare)); diff != "" {
		t.Errorf("%s:\n%s", normal.ID, diff)
	}
	if normal.Prompt.Context == "" {
		t.Errorf("%s: has no context to be left out", normal.ID)
	}
	if bare.Prompt.Context != "" || bare.ContextTokens != 0 || bare.TargetLength != 0 || bare.Depth != nil ||
		bare.Evidence.State != benchmarks.EvidenceNone || len(bare.Evidence.Spans)+bare.Evidence.Lost > 0 {
		t.Errorf("%s: %d bytes of context, %d tokens for a length of %d, depth %v, evidence %+v",
			bare.ID, len(bare.Prompt.Context), bare.ContextTokens, bare.TargetLength, bare.Depth, bare.Evidence)
	}
	axes, err := (&benchmarks.AxesMeter{Benchmark: "longbench"}).Measure(bare)
	if err != nil || axes != (benchmarks.Axes{State: benchmarks.AxesNoContext}) {
		t.Errorf("%s: axes %+v, %v", bare.ID, axes, err)
	}
}

// held is a line of the context, of at least 20 characters, that the control
// sends although the question doesn't quote it; "" for none.
func held(normal, bare benchmarks.Sample) string {
	sent := bare.Prompt.System + "\n" + bare.Prompt.Text()
	if f := bare.FollowUp; f != nil {
		sent += "\n" + f.Template + "\n" + f.After
	}
	for line := range strings.SplitSeq(normal.Prompt.Context, "\n") {
		line = strings.TrimSpace(line)
		if len([]rune(line)) >= 20 && strings.Contains(sent, line) && !strings.Contains(normal.Query, line) {
			return line
		}
	}
	return ""
}
