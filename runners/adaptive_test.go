package runners_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers/stats"
)

// cellsOf are documents of so many questions at each of the lengths, in file
// order, behind errors that every reading tells.
func cellsOf(documents, questions int, lengths []int, extra ...error) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		for _, err := range extra {
			if !yield(benchmarks.Sample{}, err) {
				return
			}
		}
		index := 0
		for d := range documents {
			for q := range questions {
				for _, length := range lengths {
					s := benchmarks.Sample{
						ID: fmt.Sprintf("t/%d.%d@%d", d, q, length), Task: "t", Group: fmt.Sprint(d), TargetLength: length, Index: index,
						Prompt: benchmarks.Prompt{Context: "c ", After: "q "}, MaxTokens: 5, References: []string{"yes"},
					}
					if index++; !yield(s, nil) {
						return
					}
				}
			}
		}
	}
}

// often answers right in a share of samples that the seed and the length name.
func often(seed uint64, share func(length string) float64) modelFunc {
	return func(_ context.Context, r runners.Request) (runners.Response, error) {
		h := fnv.New64a()
		fmt.Fprint(h, seed, r.SampleID, seed)
		_, length, _ := strings.Cut(r.SampleID, "@")
		response := runners.Response{Text: "no", Usage: runners.Usage{Known: true, Prompt: 9, Completion: 1}}
		if float64(h.Sum64()>>11)/(1<<53) < share(length) {
			response.Text = "yes"
		}
		return response, nil
	}
}

func fails8k(length string) float64 {
	return map[string]float64{"4000": 0.97, "8000": 0.03, "6000": 0.5}[length]
}

func chooser(t testing.TB, rule runners.Adaptive, stream iter.Seq2[benchmarks.Sample, error]) *runners.Chooser {
	c, err := runners.NewChooser(rule, stream)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ids(results []runners.Result) []string {
	out := make([]string, len(results))
	for i, r := range results {
		out[i] = r.Sample.ID
	}
	slices.Sort(out)
	return out
}

func TestTheSameSeedAsksTheSameSamplesAtAnyConcurrencyAndAfterACrash(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rule := runners.Adaptive{Seed: rapid.Uint64Range(0, 9).Draw(r, "seed"), Width: rapid.SampledFrom([]float64{0, 0.1, 0.2}).Draw(r, "width")}
		if rapid.Bool().Draw(r, "verdicts") {
			rule.Threshold = 0.8
		}
		documents, questions := rapid.IntRange(1, 30).Draw(r, "documents"), rapid.IntRange(1, 2).Draw(r, "questions")
		all := cellsOf(documents, questions, []int{4000, 6000, 8000})
		stream := func(func(string) bool) iter.Seq2[benchmarks.Sample, error] { return all }
		model := often(rapid.Uint64Range(0, 9).Draw(r, "model"), fails8k)
		var want []string
		var known []runners.CellOutcome
		for i, concurrency := range []int{1, 32} {
			e, _, results := engine(model)
			e.Concurrency = concurrency
			c := chooser(t, rule, all)
			report, err := e.RunAdaptive(context.Background(), c, stream)
			if err != nil || !report.Complete || report.Asked != len(*results) {
				r.Fatalf("%+v, %v", report, err)
			}
			if i == 0 {
				want, known = ids(*results), c.Outcomes()
				continue
			}
			if diff := cmp.Diff(want, ids(*results)); diff != "" {
				r.Fatalf("at concurrency %d: %s", concurrency, diff)
			}
			if diff := cmp.Diff(known, c.Outcomes()); diff != "" {
				r.Fatalf("at concurrency %d: %s", concurrency, diff)
			}
		}
		// Killed after some answers: what was asked is in the journal, the rest is
		// not. The same command asks what is missing.
		e, journal, results := engine(model)
		after := rapid.IntRange(0, len(want)).Draw(r, "killed after")
		ctx, kill := context.WithCancel(context.Background())
		e.Sink = func(runners.Result) error {
			if after--; after == 0 {
				kill()
			}
			return nil
		}
		_, _ = e.RunAdaptive(ctx, chooser(t, rule, all), stream)
		kill()
		answered := len(journal.answers)
		e.Sink = func(r runners.Result) error { *results = append(*results, r); return nil }
		c := chooser(t, rule, all)
		report, err := e.RunAdaptive(context.Background(), c, stream)
		if err != nil || report.Resumed != answered || report.Asked != len(want)-answered {
			r.Fatalf("%d answers of %d were there: %+v, %v", answered, len(want), report, err)
		}
		if diff := cmp.Diff(want, ids(*results)); diff != "" {
			r.Fatalf("resumed: %s", diff)
		}
		if diff := cmp.Diff(known, c.Outcomes()); diff != "" {
			r.Fatalf("resumed: %s", diff)
		}
	})
}

func TestCellsStopWhenEnoughIsKnown(t *testing.T) {
	all := cellsOf(60, 1, []int{4000, 6000, 8000})
	e, _, results := engine(often(1, fails8k))
	c := chooser(t, runners.Adaptive{Width: 0.1, Threshold: 0.8}, all)
	report, err := e.RunAdaptive(t.Context(), c, func(func(string) bool) iter.Seq2[benchmarks.Sample, error] { return all })
	if err != nil || !report.Complete {
		t.Fatal(report, err)
	}
	if len(*results) >= 100 || c.Samples() != 180 || c.Cells() != 3 {
		t.Errorf("%d of %d samples in %d cells were asked", len(*results), c.Samples(), c.Cells())
	}
	for i, o := range c.Outcomes() {
		want := []stats.Verdict{stats.VerdictReaches, stats.VerdictBelow, stats.VerdictBelow}[i]
		if o.Verdict != want || o.State != runners.CellJudged || o.Pool != 60 || o.Documents >= 60 || o.Rows != o.Documents || o.Valid != o.Rows {
			t.Errorf("%+v, want %s before all was asked", o, want)
		}
		if o.Score != o.ValidScore || o.Score < o.Interval.Low || o.Score > o.Interval.High || o.Joint.Low > o.Interval.Low || o.Joint.High < o.Interval.High {
			t.Errorf("%+v", o)
		}
	}
	// The documents of a cell are the first ones of the same order.
	last := map[int]int{}
	document := map[int]string{}
	for _, r := range *results {
		last[r.Sample.TargetLength] = max(last[r.Sample.TargetLength], r.Draw)
		if was, ok := document[r.Draw]; ok && was != r.Sample.Group {
			t.Errorf("draw %d is of document %s and of %s", r.Draw, was, r.Sample.Group)
		}
		document[r.Draw] = r.Sample.Group
	}
	for i, length := range []int{4000, 6000, 8000} {
		if last[length] != c.Outcomes()[i].Documents {
			t.Errorf("%d: the last draw is %d, %d documents were asked", length, last[length], c.Outcomes()[i].Documents)
		}
	}
}

func TestAQuestionMoreOfADocumentIsNoDocumentMore(t *testing.T) {
	one := cellsOf(20, 1, []int{4000})
	three := cellsOf(20, 3, []int{4000})
	outcome := func(all iter.Seq2[benchmarks.Sample, error]) runners.CellOutcome {
		e, _, _ := engine(often(1, func(string) float64 { return 1 }))
		c := chooser(t, runners.Adaptive{Width: 0.15}, all)
		if _, err := e.RunAdaptive(t.Context(), c, func(func(string) bool) iter.Seq2[benchmarks.Sample, error] { return all }); err != nil {
			t.Fatal(err)
		}
		return c.Outcomes()[0]
	}
	a, b := outcome(one), outcome(three)
	if a.Documents != b.Documents || a.Interval != b.Interval || b.Rows != 3*a.Rows {
		t.Errorf("one question: %+v, three: %+v", a, b)
	}
}

func TestWhatIsLostSpeaksForNeitherSide(t *testing.T) {
	all := cellsOf(6, 1, []int{4000})
	e, _, _ := engine(modelFunc(func(_ context.Context, r runners.Request) (runners.Response, error) {
		if r.SampleID == "t/3.0@4000" {
			return runners.Response{}, &runners.CallError{Kind: runners.ErrRequest, Status: 422, Err: errors.New("no")}
		}
		return runners.Response{Text: "yes"}, nil
	}))
	c := chooser(t, runners.Adaptive{}, all)
	report, err := e.RunAdaptive(t.Context(), c, func(func(string) bool) iter.Seq2[benchmarks.Sample, error] { return all })
	if err != nil || report.Lost != 1 || !report.Complete {
		t.Fatal(report, err)
	}
	var want stats.Sequence
	for i := range 6 {
		want.Add(map[bool]float64{true: 0, false: 1}[i == 3], 1)
	}
	o := c.Outcomes()[0]
	if o.Interval != want.Interval(0.05) || math.Abs(o.Score-5.0/6) > 1e-12 || o.ValidScore != 1 || o.Rows != 6 || o.Valid != 5 || o.State != runners.CellExhausted {
		t.Errorf("%+v, want an interval of %+v", o, want.Interval(0.05))
	}
}

func TestWhatCannotBeMadeCountsNowhereAndIsToldOnce(t *testing.T) {
	bad := &datasets.RowError{File: "f", Line: 2, Err: errors.New("bad")}
	note := &benchmarks.Notice{Text: "note"}
	all := cellsOf(30, 1, []int{4000}, bad, note)
	e, _, results := engine(often(1, func(string) float64 { return 0.5 }))
	c := chooser(t, runners.Adaptive{Threshold: 0.9}, all)
	report, err := e.RunAdaptive(t.Context(), c, func(only func(string) bool) iter.Seq2[benchmarks.Sample, error] {
		return func(yield func(benchmarks.Sample, error) bool) {
			for s, err := range all {
				if s.ID == "t/7.0@4000" && only(s.ID) {
					s, err = benchmarks.Sample{}, &benchmarks.SampleError{SampleID: s.ID, Err: fmt.Errorf("%w: too short", benchmarks.ErrSample)}
				}
				if !yield(s, err) {
					return
				}
			}
		}
	})
	if err != nil || !report.Complete || report.Unreadable > 2 || len(report.Notices) != 1 {
		t.Fatal(report, err)
	}
	o := c.Outcomes()[0]
	if o.Rows != len(*results) || o.Pool != 30 || o.Verdict != stats.VerdictBelow {
		t.Errorf("%+v of %d results", o, len(*results))
	}
}

func TestABudgetEndsAnAdaptiveRunInsideOfARound(t *testing.T) {
	all := cellsOf(40, 1, []int{4000, 6000})
	stream := func(func(string) bool) iter.Seq2[benchmarks.Sample, error] { return all }
	e, _, results := engine(often(1, func(string) float64 { return 0.5 }))
	e.Budget = runners.NewBudget(runners.Limit{Tokens: 230}, runners.Price{}, runners.Usage{Known: true})
	c := chooser(t, runners.Adaptive{}, all)
	report, err := e.RunAdaptive(t.Context(), c, stream)
	if err != nil || report.Complete || !report.BudgetReached || len(*results) == 0 {
		t.Fatalf("%+v, %v, %d results", report, err, len(*results))
	}
	documents := 0
	for _, o := range c.Outcomes() {
		documents += o.Documents
		if o.State != runners.CellOpen {
			t.Errorf("%+v, want it open", o)
		}
	}
	if documents > len(*results) {
		t.Errorf("%d documents are in sequences, %d have answers", documents, len(*results))
	}
	e.Budget = nil
	*results = nil
	c = chooser(t, runners.Adaptive{}, all)
	if report, err := e.RunAdaptive(t.Context(), c, stream); err != nil || !report.Complete || len(*results) != 80 {
		t.Errorf("with more to spend: %+v, %v, %d results", report, err, len(*results))
	}
}

func TestWithoutLengthsThereAreNoCells(t *testing.T) {
	_, err := runners.NewChooser(runners.Adaptive{}, samples(3))
	if err == nil || !strings.Contains(err.Error(), "no length was asked for") {
		t.Errorf("got %v", err)
	}
	broken := errors.New("broken")
	if _, err := runners.NewChooser(runners.Adaptive{}, samples(3, broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// A right answer to each sample of one seed leaves it to the other's order: both
// are random.
func TestAnotherSeedAsksOtherDocuments(t *testing.T) {
	all := cellsOf(60, 1, []int{4000})
	asked := func(seed uint64) []string {
		e, _, results := engine(often(1, func(string) float64 { return 1 }))
		c := chooser(t, runners.Adaptive{Width: 0.15, Seed: seed}, all)
		if _, err := e.RunAdaptive(t.Context(), c, func(func(string) bool) iter.Seq2[benchmarks.Sample, error] { return all }); err != nil {
			t.Fatal(err)
		}
		return ids(*results)
	}
	if a, b := asked(1), asked(2); len(a) == 60 || len(a) != len(b) || slices.Equal(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}
