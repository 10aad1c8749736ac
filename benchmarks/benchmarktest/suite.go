// Package benchmarktest is the suite that every adapter passes.
package benchmarktest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

// Words is a tokenizer for tests: a token ends behind each space, and behind each
// Chinese character.
type Words struct{}

// Name implements benchmarks.Tokenizer.
func (Words) Name() string { return "words" }

// Ends implements benchmarks.Tokenizer.
func (Words) Ends(text string) []int {
	var ends []int
	for i, r := range text {
		end := i + utf8.RuneLen(r)
		if r == ' ' || unicode.Is(unicode.Han, r) || end == len(text) {
			ends = append(ends, end)
		}
	}
	return ends
}

// Run checks an adapter over its built-in data: the samples are complete and
// unique, the stream is the same twice, stops when asked to, honours tasks,
// limits and cancellation, and keeps evidence inside the context.
func Run(t *testing.T, a benchmarks.Adapter) {
	t.Helper()
	open := func() benchmarks.Benchmark { return a.Open(a.Builtin(1)) }
	first := open()
	present := Present(t, a)
	o := benchmarks.Options{Tokenizer: Words{}, Tasks: present, Seed: 7}
	samples := collect(t, first, o)
	if len(samples) == 0 {
		t.Fatalf("%s: no built-in samples", a.Name)
	}
	t.Run("samples are complete and unique", func(t *testing.T) { complete(t, first.Tasks(), samples) })
	t.Run("the same seed gives the same samples", func(t *testing.T) {
		if diff := cmp.Diff(samples, collect(t, open(), o)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a limit takes the first rows of each task", func(t *testing.T) {
		limited := o
		limited.Limit = 2
		n := map[string]int{}
		rows := map[string]bool{} // of generated ones, which come several times
		for _, s := range collect(t, open(), limited) {
			if a.Generated && rows[s.Task+"\x00"+s.Group] {
				continue
			}
			rows[s.Task+"\x00"+s.Group] = true
			n[s.Task]++
		}
		for task, got := range n {
			if got > 2 {
				t.Errorf("%s: %d samples under limit 2", task, got)
			}
		}
	})
	t.Run("a cancelled context ends the stream with its error", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var last error
		for _, err := range open().Samples(ctx, o) {
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("last error %v, want context.Canceled", last)
		}
	})
	t.Run("an unknown task is named with the nearest one", func(t *testing.T) {
		wrong := o
		wrong.Tasks = []string{samples[0].Task + "x"}
		for _, err := range open().Samples(context.Background(), wrong) {
			if err == nil || !strings.Contains(err.Error(), "did you mean") {
				t.Errorf("got %v, want an error that suggests %s", err, samples[0].Task)
			}
			return
		}
	})
	t.Run("each mode has samples, an unknown one is refused", func(t *testing.T) { inModes(t, a, o) })
	t.Run("each length instruction makes other prompts, an unknown one is refused", func(t *testing.T) { lengthInstructions(t, a, o) })
	t.Run("lengths and depths are kept", func(t *testing.T) { varied(t, a, o) })
	t.Run("some samples are those of all", func(t *testing.T) { some(t, a, o) })
	if a.Generated {
		t.Run("depths have a meaning without lengths", func(t *testing.T) { placed(t, open(), o) })
	}
}

// Present names the tasks for which the built-in data has a file, nil for all.
func Present(t *testing.T, a benchmarks.Adapter) []string {
	src := a.Builtin(1)
	b := a.Open(src)
	finder, ok := b.(interface{ File(string) string })
	if !ok {
		return nil
	}
	var names []string
	for _, task := range b.Tasks() {
		f, err := src.Open(t.Context(), finder.File(task.Name))
		if err != nil {
			continue
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		names = append(names, task.Name)
	}
	return names
}

func collect(t *testing.T, b benchmarks.Benchmark, o benchmarks.Options) []benchmarks.Sample {
	t.Helper()
	var out []benchmarks.Sample
	for s, err := range b.Samples(t.Context(), o) {
		var notice *benchmarks.Notice
		var row *datasets.RowError
		switch {
		case errors.As(err, &notice):
		case errors.As(err, &row), errors.Is(err, benchmarks.ErrSample):
			t.Logf("not made: %v", err)
		case err != nil:
			t.Fatal(err)
		default:
			out = append(out, s)
		}
	}
	return out
}

func complete(t *testing.T, tasks []benchmarks.Task, samples []benchmarks.Sample) {
	ids := map[string]bool{}
	for _, s := range samples {
		if ids[s.ID] {
			t.Errorf("%s: id twice", s.ID)
		}
		ids[s.ID] = true
		if !slices.ContainsFunc(tasks, func(t benchmarks.Task) bool { return t.Name == s.Task }) {
			t.Errorf("%s: task %q is not listed", s.ID, s.Task)
		}
		if s.Prompt.Text() == "" || s.MaxTokens <= 0 || s.Metric == "" || len(s.References) == 0 || s.Group == "" {
			t.Errorf("%s: incomplete: %d prompt bytes, %d new tokens, metric %q, %d references, group %q",
				s.ID, len(s.Prompt.Text()), s.MaxTokens, s.Metric, len(s.References), s.Group)
		}
		checkEvidence(t, s)
	}
}

func checkEvidence(t *testing.T, s benchmarks.Sample) {
	last := 0
	for _, e := range s.Evidence.Spans {
		if e.Start < last || e.End <= e.Start || e.End > len(s.Prompt.Context) {
			t.Errorf("%s: evidence %v in a context of %d bytes", s.ID, e, len(s.Prompt.Context))
		}
		last = e.End
	}
	if tokens := s.Evidence.Tokens; tokens != nil {
		if want := scorers.TokenSpans(Words{}.Ends(s.Prompt.Context), s.Evidence.Spans); !slices.Equal(tokens, want) {
			t.Errorf("%s: evidence in tokens %v, want %v", s.ID, tokens, want)
		}
	}
}

// varied checks what Vary and makers of contexts promise on every sample of a
// length that was asked for. Generated contexts have to come in every length,
// or say why not; only tasks that are fixed have none.
func varied(t *testing.T, a benchmarks.Adapter, o benchmarks.Options) {
	b := a.Open(a.Builtin(1))
	o.Lengths, o.Depths, o.Limit = []int{100, 6000}, []float64{0, 50, 100}, 1
	if a.Generated {
		o.Limit = 6 // cells of the grid, spread over it
	}
	fixed, made := map[string]bool{}, map[string]map[int]bool{}
	for _, task := range b.Tasks() {
		fixed[task.Name] = task.Fixed
		made[task.Name] = map[int]bool{}
	}
	if a.Generated {
		defer func() {
			for task, lengths := range made {
				if !fixed[task] && (len(lengths) == 0 || len(lengths) < len(o.Lengths) && !refused(t, b, o, task)) {
					t.Errorf("%s: made at %d of %d lengths", task, len(lengths), len(o.Lengths))
				}
			}
		}()
	}
	seen := map[string]bool{}
	for _, s := range collect(t, b, o) {
		if a.Generated && fixed[s.Task] {
			continue
		}
		made[s.Task][s.TargetLength] = true
		if seen[s.ID] {
			t.Errorf("%s: id twice", s.ID)
		}
		seen[s.ID] = true
		n := len(Words{}.Ends(s.Prompt.Context))
		if n != s.ContextTokens {
			t.Errorf("%s: says %d tokens, has %d", s.ID, s.ContextTokens, n)
		}
		if s.TargetLength == 0 || n > s.TargetLength || float64(n) < 0.98*float64(s.TargetLength) {
			t.Errorf("%s: %d tokens for a length of %d", s.ID, n, s.TargetLength)
		}
		checkEvidence(t, s)
	}
}

// refused says whether the stream told of samples of the task that could not be
// made.
func refused(t *testing.T, b benchmarks.Benchmark, o benchmarks.Options, task string) bool {
	o.Tasks = []string{task}
	for _, err := range b.Samples(t.Context(), o) {
		if errors.Is(err, benchmarks.ErrSample) {
			return true
		}
	}
	return false
}

// placed checks that each sample with a depth stands at one that was asked for,
// and that all depths are there.
func placed(t *testing.T, b benchmarks.Benchmark, o benchmarks.Options) {
	o.Depths, o.Limit = []float64{0, 100}, 6
	n := map[float64]int{}
	seen := map[string]bool{}
	for _, s := range collect(t, b, o) {
		if seen[s.ID] {
			t.Errorf("%s: id twice", s.ID)
		}
		seen[s.ID] = true
		if s.Depth != nil {
			n[*s.Depth]++
		}
		checkEvidence(t, s)
	}
	if len(n) != 2 || n[0] == 0 || n[100] == 0 {
		t.Errorf("samples by depth: %v, want some at 0 and at 100 and none elsewhere", n)
	}
}

// inModes streams the benchmark in each mode that the adapter declares, and in
// one that it doesn't.
func inModes(t *testing.T, a benchmarks.Adapter, o benchmarks.Options) {
	o.Limit = 1
	for _, mode := range a.Modes {
		o.Mode = mode
		if len(collect(t, a.Open(a.Builtin(1)), o)) == 0 {
			t.Errorf("no samples in mode %s", mode)
		}
	}
	o.Mode = "no-such-mode"
	for _, err := range a.Open(a.Builtin(1)).Samples(t.Context(), o) {
		if err == nil || !strings.Contains(err.Error(), o.Mode) {
			t.Errorf("got %v, want an error that names the mode", err)
		}
		return
	}
	t.Error("an unknown mode ends without a word")
}

// lengthInstructions compares the prompts of the instructions that the adapter
// declares, if any, and asks for one that it doesn't.
func lengthInstructions(t *testing.T, a benchmarks.Adapter, o benchmarks.Options) {
	if len(a.LengthInstructions) == 0 {
		return
	}
	seen := map[string]string{}
	for _, name := range a.LengthInstructions {
		o.LengthInstruction = name
		var all strings.Builder
		for _, s := range collect(t, a.Open(a.Builtin(1)), o) {
			all.WriteString(s.Prompt.Before + s.Prompt.After)
		}
		if other, same := seen[all.String()]; same || all.Len() == 0 {
			t.Errorf("length instruction %s: no samples, or the prompts of %q", name, other)
		}
		seen[all.String()] = name
	}
	o.LengthInstruction = "no-such-instruction"
	for _, err := range a.Open(a.Builtin(1)).Samples(t.Context(), o) {
		if err == nil || !strings.Contains(err.Error(), o.LengthInstruction) {
			t.Errorf("got %v, want an error that names the length instruction", err)
		}
		return
	}
	t.Error("an unknown length instruction ends without a word")
}
