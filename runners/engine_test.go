package runners_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// memory is a journal without a disk.
type memory struct {
	mu      sync.Mutex
	answers map[string]runners.Answer
	fail    error
}

func (m *memory) Append(a runners.Answer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.answers[a.SampleID] = a
	return nil
}

func (m *memory) Find(id string) (runners.Answer, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.answers[id]
	return a, ok && a.Status != runners.Failed, nil
}

type modelFunc func(context.Context, runners.Request) (runners.Response, error)

func (f modelFunc) Generate(ctx context.Context, r runners.Request) (runners.Response, error) {
	return f(ctx, r)
}

// words is a tokenizer: a token ends behind each space.
type words struct{}

func (words) Name() string { return "words" }

func (words) Ends(text string) []int {
	var ends []int
	for i := range len(text) {
		if text[i] == ' ' || i == len(text)-1 {
			ends = append(ends, i+1)
		}
	}
	return ends
}

func samples(n int, extra ...error) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		for _, err := range extra {
			if !yield(benchmarks.Sample{}, err) {
				return
			}
		}
		for i := range n {
			s := benchmarks.Sample{
				ID: fmt.Sprint("s", i), Prompt: benchmarks.Prompt{Before: "i ", Context: strings.Repeat("c ", 40), After: "q "},
				MaxTokens: 5, References: []string{"yes"}, ContextTokens: 40, Tokenizer: "words",
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func engine(m runners.Model) (*runners.Engine, *memory, *[]runners.Result) {
	journal := &memory{answers: map[string]runners.Answer{}}
	results := &[]runners.Result{}
	return &runners.Engine{
		Model: m, Journal: journal, Concurrency: 4,
		Score: func(s benchmarks.Sample, text string) (scorers.Score, error) {
			if text == s.References[0] {
				return scorers.Score{Value: 1}, nil
			}
			return scorers.Score{}, nil
		},
		Sink:  func(r runners.Result) error { *results = append(*results, r); return nil },
		Asker: runners.Asker{Tokenizer: words{}, Exact: true, Truncate: benchmarks.TruncateMiddle, Window: &atomic.Int64{}},
	}, journal, results
}

func TestEverySampleIsAskedOnceAndAResumeAsksNone(t *testing.T) {
	var calls atomic.Int64
	e, journal, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		calls.Add(1)
		return runners.Response{Text: "yes"}, nil
	}))
	report, err := e.Run(t.Context(), samples(50))
	if err != nil || !report.Complete || report.Asked != 50 || calls.Load() != 50 || len(*results) != 50 || len(journal.answers) != 50 {
		t.Fatalf("report %+v, %v; %d calls, %d results", report, err, calls.Load(), len(*results))
	}
	*results = nil
	report, err = e.Run(t.Context(), samples(50))
	if err != nil || report.Resumed != 50 || report.Asked != 0 || calls.Load() != 50 || len(*results) != 50 {
		t.Errorf("resumed: report %+v, %v; %d calls, %d results", report, err, calls.Load(), len(*results))
	}
	if got := (*results)[0].Score.Value; got != 1 {
		t.Errorf("a resumed answer scores %v, want 1", got)
	}
}

func TestBadRowsAndFailedCallsAreLostAndTheRestGoesOn(t *testing.T) {
	e, _, results := engine(modelFunc(func(_ context.Context, r runners.Request) (runners.Response, error) {
		if r.SampleID == "s3" {
			return runners.Response{}, &runners.CallError{Kind: runners.ErrRequest, Status: 422, Err: errors.New("no")}
		}
		return runners.Response{Text: "yes"}, nil
	}))
	bad := &datasets.RowError{File: "f", Line: 2, Err: errors.New("bad")}
	report, err := e.Run(t.Context(), samples(10, bad, &benchmarks.Notice{Text: "note"}))
	if err != nil || report.Lost != 2 || report.Unreadable != 1 || len(*results) != 10 || cmp.Diff([]string{"note"}, report.Notices) != "" {
		t.Errorf("report %+v, %v, %d results", report, err, len(*results))
	}
	sum := 0.0
	for _, r := range *results {
		sum += r.Score.Value
	}
	if sum != 9 {
		t.Errorf("scores add up to %v, want 9: a failure never raises a mean", sum)
	}
}

func TestAFatalErrorStopsTheRun(t *testing.T) {
	var calls atomic.Int64
	e, _, _ := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		calls.Add(1)
		return runners.Response{}, &runners.CallError{Kind: runners.ErrFatal, Status: 401, Err: errors.New("wrong key")}
	}))
	report, err := e.Run(t.Context(), samples(1000))
	if !errors.Is(err, runners.ErrStop) || report.Complete || calls.Load() > 8 {
		t.Errorf("%v after %d calls, report %+v", err, calls.Load(), report)
	}
}

func TestAJournalThatFailsEndsTheRun(t *testing.T) {
	full := errors.New("no space left")
	e, journal, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		return runners.Response{Text: "yes"}, nil
	}))
	journal.fail = full
	if _, err := e.Run(t.Context(), samples(100)); !errors.Is(err, full) || len(*results) != 0 {
		t.Errorf("%v with %d results, want the journal's error and none", err, len(*results))
	}
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	drain := make(chan struct{})
	var once sync.Once
	e, journal, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		once.Do(func() { close(drain) })
		return runners.Response{Text: "yes"}, nil
	}))
	e.Drain = drain
	report, err := e.Run(t.Context(), samples(100000))
	if err != nil || !report.Drained || report.Complete || len(journal.answers) != len(*results) || len(*results) == 0 {
		t.Errorf("report %+v, %v; %d answers, %d results", report, err, len(journal.answers), len(*results))
	}
}

func TestAnOverflowIsCutOnceToTheWindowThatTheEndpointNames(t *testing.T) {
	var sizes []int
	var mu sync.Mutex
	e, _, results := engine(modelFunc(func(_ context.Context, r runners.Request) (runners.Response, error) {
		n := len(words{}.Ends(r.Prompt))
		mu.Lock()
		sizes = append(sizes, n)
		mu.Unlock()
		if n+r.MaxTokens > 30 {
			return runners.Response{}, &runners.CallError{Kind: runners.ErrOverflow, Window: 30, PromptTokens: n, Err: errors.New("too long")}
		}
		return runners.Response{Text: "yes"}, nil
	}))
	e.Concurrency = 1
	if _, err := e.Run(t.Context(), samples(3)); err != nil {
		t.Fatal(err)
	}
	for _, r := range *results {
		if r.Answer.Status != runners.TruncatedInput || r.Answer.CutTokens == 0 {
			t.Errorf("%s: %s, %d tokens cut", r.Sample.ID, r.Answer.Status, r.Answer.CutTokens)
		}
		// The endpoint counts nothing: what was sent is estimated, not what was cut.
		if n := r.Answer.Usage.Prompt; n != 40-r.Answer.CutTokens+len("i q ")/3 {
			t.Errorf("%s: %d prompt tokens estimated with %d cut", r.Sample.ID, n, r.Answer.CutTokens)
		}
	}
	// The first sample is refused once; the others are cut beforehand.
	if len(sizes) != 4 || sizes[0] != 42 || sizes[1] > 25 || sizes[2] > 25 {
		t.Errorf("prompts of %v tokens were sent", sizes)
	}
}

func TestWithoutTruncationAnOverflowIsRecorded(t *testing.T) {
	e, _, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		t.Error("a prompt longer than the window was sent")
		return runners.Response{}, nil
	}))
	e.Asker.Truncate = benchmarks.TruncateNone
	e.Asker.Window.Store(20)
	report, err := e.Run(t.Context(), samples(1))
	if err != nil || report.Lost != 1 || (*results)[0].Answer.Status != runners.ContextOverflow {
		t.Errorf("report %+v, %v, results %+v", report, err, *results)
	}
}

func TestAFollowUpShowsTheFirstAnswerAndIsScored(t *testing.T) {
	var prompts []string
	e, _, results := engine(modelFunc(func(_ context.Context, r runners.Request) (runners.Response, error) {
		prompts = append(prompts, r.Prompt)
		if len(prompts) == 1 {
			return runners.Response{Text: " thoughts ", Usage: runners.Usage{Known: true, Prompt: 10, Completion: 2}}, nil
		}
		return runners.Response{Text: "yes", Usage: runners.Usage{Known: true, Prompt: 3, Completion: 1}}, nil
	}))
	stream := func(yield func(benchmarks.Sample, error) bool) {
		for s := range samples(1) {
			s.FollowUp = &benchmarks.FollowUp{Template: "so: $COT$?", Placeholder: "$COT$", MaxTokens: 9}
			yield(s, nil)
		}
	}
	if _, err := e.Run(t.Context(), stream); err != nil {
		t.Fatal(err)
	}
	a := (*results)[0].Answer
	if prompts[1] != "so: thoughts?" || a.Text != "yes" || a.First != " thoughts " || a.Usage.Prompt != 13 || (*results)[0].Score.Value != 1 {
		t.Errorf("prompts %q, answer %+v", prompts, a)
	}
}

// A second question goes out with the same context, and both answers are one.
func TestASecondQuestionOnTheSameContextIsScoredWithTheFirst(t *testing.T) {
	for _, tc := range []struct {
		name          string
		first, second runners.Response
		want          string
		status        runners.Status
	}{
		{"both answered", runners.Response{Text: "yes"}, runners.Response{Text: "no"}, "yes [fact: no]", runners.OK},
		{"the second alone", runners.Response{}, runners.Response{Text: "no"}, " [fact: no]", runners.OK},
		{"the first alone", runners.Response{Text: "yes"}, runners.Response{}, "yes [fact: ]", runners.OK},
		{"neither", runners.Response{}, runners.Response{}, " [fact: ]", runners.NoAnswer},
		{"the first cut off", runners.Response{Text: "y", FinishReason: "length"}, runners.Response{Text: "no"}, "y [fact: no]", runners.TruncatedOutput},
		{"the second cut off", runners.Response{Text: "yes"}, runners.Response{Text: "n", FinishReason: "length"}, "yes [fact: n]", runners.TruncatedOutput},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var prompts []string
			e, _, results := engine(modelFunc(func(_ context.Context, r runners.Request) (runners.Response, error) {
				prompts = append(prompts, r.System+"|"+r.Prompt)
				return []runners.Response{tc.first, tc.second}[len(prompts)-1], nil
			}))
			stream := func(yield func(benchmarks.Sample, error) bool) {
				s := benchmarks.Sample{ID: "s", Prompt: benchmarks.Prompt{System: "sys", Before: "b ", Context: "c ", After: "first?"}, MaxTokens: 5, References: []string{"yes"}}
				s.FollowUp = &benchmarks.FollowUp{After: "second?", Join: "{first} [fact: {second}]", MaxTokens: 5}
				yield(s, nil)
			}
			if _, err := e.Run(t.Context(), stream); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"sys|b c first?", "sys|b c second?"}, prompts); diff != "" {
				t.Errorf("prompts (-want +got):\n%s", diff)
			}
			if a := (*results)[0].Answer; a.Text != tc.want || a.Status != tc.status {
				t.Errorf("got %q, %s; want %q, %s", a.Text, a.Status, tc.want, tc.status)
			}
		})
	}
}

func TestStatusesFollowTheAnswer(t *testing.T) {
	for _, tc := range []struct {
		name string
		resp runners.Response
		want runners.Status
	}{
		{"a whole answer", runners.Response{Text: "yes", FinishReason: "stop"}, runners.OK},
		{"an answer at the token limit", runners.Response{Text: "yes", FinishReason: "length"}, runners.TruncatedOutput},
		{"white space", runners.Response{Text: " \n"}, runners.NoAnswer},
		{"thinking without an end", runners.Response{Reasoning: "hm", FinishReason: "length"}, runners.NoAnswer},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, _, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) { return tc.resp, nil }))
			if _, err := e.Run(t.Context(), samples(1)); err != nil {
				t.Fatal(err)
			}
			if got := (*results)[0].Answer.Status; got != tc.want {
				t.Errorf("status %s, want %s", got, tc.want)
			}
		})
	}
}

// However many requests are in flight, a budget is never overspent.
func TestABudgetIsNeverOverspent(t *testing.T) {
	e, _, _ := engine(modelFunc(func(_ context.Context, r runners.Request) (runners.Response, error) {
		return runners.Response{Text: "yes", Usage: runners.Usage{Known: true, Prompt: r.PromptTokens, Completion: r.MaxTokens}}, nil
	}))
	e.Concurrency = 16
	e.Budget = runners.NewBudget(runners.Limit{Tokens: 1000}, runners.Price{}, runners.Usage{Known: true, Prompt: 100})
	report, err := e.Run(t.Context(), samples(500))
	spent := e.Budget.Spent()
	if total := spent.Prompt + spent.Completion; err != nil || !report.BudgetReached || report.Complete || total > 1000 || total < 900 {
		t.Errorf("spent %+v, report %+v, %v", spent, report, err)
	}
}

func TestBudgetsAndPricesAreRead(t *testing.T) {
	for text, want := range map[string]runners.Limit{
		"5usd": {USD: 5}, "$2.5": {USD: 2.5}, "200000tok": {Tokens: 200000}, "2Mtok": {Tokens: 2000000}, "3k tokens": {Tokens: 3000},
	} {
		if got, err := runners.ParseLimit(text); err != nil || got != want {
			t.Errorf("budget %q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "-1usd", "usd", "tok", "NaNusd", "1e30tok", "0tok"} {
		if got, err := runners.ParseLimit(text); err == nil {
			t.Errorf("budget %q was read as %+v", text, got)
		}
	}
	p, err := runners.ParsePrice("in=1,out=2")
	cost := p.Cost(runners.Usage{Prompt: 1e6, Cached: 5e5, Completion: 1e6})
	if err != nil || math.Abs(cost-3) > 1e-12 {
		t.Errorf("price %+v, cost %v, %v", p, cost, err)
	}
	if p, ok := runners.ListPrice("gpt-4o-mini-2024-07-18"); !ok || p.Input != 0.15 {
		t.Errorf("a dated snapshot costs %+v, %v", p, ok)
	}
}

// A failed call has the counts of an empty answer, and nothing else of it.
func TestAFailedCallKeepsTheCountsOfNoAnswer(t *testing.T) {
	e, _, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		return runners.Response{}, &runners.CallError{Kind: runners.ErrRequest, Status: 400, Err: errors.New("no")}
	}))
	e.Score = func(_ benchmarks.Sample, text string) (scorers.Score, error) {
		if text != "" {
			t.Errorf("scored %q", text)
		}
		return scorers.Score{Value: 1, Parts: []float64{0, 4}, Counts: true}, nil
	}
	if _, err := e.Run(t.Context(), samples(1)); err != nil {
		t.Fatal(err)
	}
	if r := (*results)[0]; r.Answer.Status != runners.Failed || r.Score.Value != 0 || len(r.Score.Parts) != 2 {
		t.Errorf("status %s, score %+v", r.Answer.Status, r.Score)
	}
}

// No answer counts 0 even where a metric finds something in an empty text, and
// its measures are kept: of some, less is better.
func TestNoAnswerScoresZeroAndKeepsItsMeasures(t *testing.T) {
	e, _, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		return runners.Response{Text: " \n"}, nil
	}))
	e.Score = func(benchmarks.Sample, string) (scorers.Score, error) {
		return scorers.Score{Value: 0.5, Measures: []scorers.Measure{{Name: "deviation", Value: 3}}}, nil
	}
	if _, err := e.Run(t.Context(), samples(1)); err != nil {
		t.Fatal(err)
	}
	r := (*results)[0]
	if r.Answer.Status != runners.NoAnswer || r.Score.Value != 0 || len(r.Score.Measures) != 1 || r.Score.Measures[0].Value != 3 {
		t.Errorf("status %s, score %+v", r.Answer.Status, r.Score)
	}
}

// The labels of a sample that is lost count in a set's F1 all the same.
func TestALostSampleKeepsTheCountsOfAnEmptyAnswer(t *testing.T) {
	e, _, results := engine(modelFunc(func(context.Context, runners.Request) (runners.Response, error) {
		return runners.Response{}, &runners.CallError{Kind: runners.ErrRequest, Err: errors.New("no")}
	}))
	counts := true
	e.Score = func(_ benchmarks.Sample, answer string) (scorers.Score, error) {
		return scorers.Score{Counts: counts, Parts: []float64{float64(len(answer)), 2}}, nil
	}
	for _, want := range [][]float64{{0, 2}, nil} {
		*results = nil
		if _, err := e.Run(t.Context(), samples(1)); err != nil || len(*results) != 1 {
			t.Fatalf("%d results, %v", len(*results), err)
		}
		if diff := cmp.Diff(want, (*results)[0].Score.Parts); diff != "" {
			t.Errorf("counts %v: parts (-want +got):\n%s", counts, diff)
		}
		counts = false
	}
}
