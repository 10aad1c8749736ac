package runners

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

// ErrStop marks an error after which no further request can succeed (a wrong
// key, a missing model): the run stops at once.
var ErrStop = errors.New("run stopped")

// Engine takes samples from a stream to a model, its answers into the journal,
// and the scored results to a sink.
type Engine struct {
	// Model is the model with all its wrappers.
	Model Model
	// Journal keeps every answer before anything else is done with it.
	Journal Journal
	// Score judges an answer.
	Score func(benchmarks.Sample, string) (scorers.Score, error)
	// Axes places a sample, as it was sent, on the axes of difficulty; nil: none
	// are wanted.
	Axes func(benchmarks.Sample) (benchmarks.Axes, error)
	// Sink takes the results, one at a time, in the order of completion.
	Sink func(Result) error
	// Concurrency is the number of samples in hand at once; 0 is 1. The limiter
	// decides how many of them may be at the endpoint.
	Concurrency int
	// Asker shapes samples into requests.
	Asker Asker
	// Budget, if not nil, is asked before each request.
	Budget *Budget
	// Progress is kept up to date while Run works; nil is allowed.
	Progress *Progress
	// Drain, when closed, ends the stream: what is in flight is finished and
	// journalled, nothing more is sent.
	Drain <-chan struct{}
}

// Report is what a run came to, besides the results in the sink.
type Report struct {
	// Samples counts results by how they came about.
	Asked, Resumed, FromCache int
	// Lost counts samples that could not be read, sent or answered.
	Lost int
	// Unreadable of them never became a sample.
	Unreadable int
	// Faults are the first maxFaults errors that cost a sample.
	Faults []error
	// Notices are what the stream had to say.
	Notices []string
	// Complete says that the stream came to its end.
	Complete bool
	// BudgetReached says that the budget ended the run.
	BudgetReached bool
	// Drained says that Drain ended the run.
	Drained bool
}

const maxFaults = 20

// Run asks every sample of the stream once. It returns an error only for what
// ends a run: a broken stream, a journal or sink that can't be written, a
// cancelled context, or a model error that wraps ErrStop. The report is valid
// in every case.
func (e *Engine) Run(ctx context.Context, stream iter.Seq2[benchmarks.Sample, error]) (Report, error) {
	r := &run{Engine: e, results: make(chan Result)}
	if r.Progress == nil {
		r.Progress = &Progress{}
	}
	workers, wctx := errgroup.WithContext(ctx)
	samples := make(chan benchmarks.Sample)
	workers.Go(func() error {
		defer close(samples)
		return r.produce(wctx, stream, samples)
	})
	for range max(1, e.Concurrency) {
		workers.Go(func() error {
			for s := range samples {
				if err := r.take(wctx, s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	sunk := make(chan error, 1)
	go func() { sunk <- r.sink() }()
	err := workers.Wait()
	close(r.results)
	// The parent's cancellation is what a user did; the group's own is only an
	// echo of the first error, which Wait has returned.
	return r.report, errors.Join(err, <-sunk)
}

// run is the state of one Run.
type run struct {
	*Engine
	results chan Result

	mu      sync.Mutex
	report  Report
	ended   atomic.Bool // budget reached: take no more
	sinkErr atomic.Bool
}

// produce feeds the workers until the stream ends, the budget is reached or
// the user drains the run.
func (r *run) produce(ctx context.Context, stream iter.Seq2[benchmarks.Sample, error], out chan<- benchmarks.Sample) error {
	for s, err := range stream {
		if err != nil {
			if fatal := r.fault(ctx, err); fatal != nil {
				return fatal
			}
			continue
		}
		if r.ended.Load() || r.sinkErr.Load() {
			return nil
		}
		select {
		case out <- s:
		case <-r.Drain:
			r.mu.Lock()
			r.report.Drained = true
			r.mu.Unlock()
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	r.report.Complete = !r.report.BudgetReached // by one of the last samples
	r.mu.Unlock()
	return ctx.Err()
}

// fault sorts an error that the stream yielded: a notice and a bad row are
// noted, anything else ends the run.
func (r *run) fault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var notice *benchmarks.Notice
	switch {
	case errors.As(err, &notice):
		r.mu.Lock()
		r.report.Notices = append(r.report.Notices, notice.Text)
		r.mu.Unlock()
		return nil
	case CostsOneSample(err):
		r.mu.Lock()
		r.report.Unreadable++
		r.mu.Unlock()
		r.Progress.done.Add(1)
		r.lose(err)
		return nil
	}
	return err
}

// CostsOneSample says that an error which a stream yielded stands for one
// sample: a row that can't be read or can't be brought to its length. The
// stream goes on behind it.
func CostsOneSample(err error) bool {
	var row *datasets.RowError
	return errors.As(err, &row) || errors.Is(err, benchmarks.ErrSample) || errors.Is(err, benchmarks.ErrContextOverflow)
}

func (r *run) lose(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Lost++
	r.Progress.lost.Add(1)
	if len(r.report.Faults) < maxFaults {
		r.report.Faults = append(r.report.Faults, err)
	}
}

// take brings one sample to its result.
func (r *run) take(ctx context.Context, s benchmarks.Sample) error {
	answer, resumed, err := r.Journal.Find(s.ID)
	if err != nil {
		return err
	}
	if !resumed {
		if r.ended.Load() {
			return nil
		}
		answer, err = r.ask(ctx, s)
		switch {
		case errors.Is(err, ErrBudget):
			r.ended.Store(true)
			r.mu.Lock()
			r.report.BudgetReached, r.report.Complete = true, false
			r.mu.Unlock()
			return nil
		case err != nil && answer.SampleID == "":
			return err
		}
		// Whatever else happens, what was paid for is on disk first.
		if jerr := r.Journal.Append(answer); jerr != nil {
			return errors.Join(jerr, err)
		}
		if err != nil {
			return err
		}
	}
	return r.finish(s, answer, resumed)
}

// finish scores an answer and hands the result to the sink.
func (r *run) finish(s benchmarks.Sample, a Answer, resumed bool) error {
	result := Result{Sample: s, Answer: a, Resumed: resumed}
	text := a.Text
	if a.Status.Lost() {
		text = ""
	}
	score, err := r.Score(s, text)
	if err != nil {
		return fmt.Errorf("%s: %w", s.ID, err)
	}
	if a.Status.Lost() {
		r.lose(fmt.Errorf("%s: %s", a.SampleID, a.Error))
		if score.Counts { // of nothing, against what was wanted
			result.Score = scorers.Score{Parts: score.Parts, Counts: true}
		}
	} else {
		// No answer scores 0, whatever a metric makes of an empty text; its
		// measures stay, since of some of them less is better.
		if a.Status == NoAnswer {
			score.Value = 0
		}
		result.Score = score
	}
	if r.Axes != nil {
		var err error
		if result.Axes, err = r.Axes(r.Asker.Sent(s, a)); err != nil {
			return fmt.Errorf("%s: %w", s.ID, err)
		}
	}
	r.count(result)
	r.results <- result
	return nil
}

func (r *run) count(result Result) {
	r.Progress.add(result)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case result.Resumed:
		r.report.Resumed++
	case result.Answer.FromCache:
		r.report.FromCache++
	default:
		r.report.Asked++
	}
}

// sink hands results on, one at a time. After a failure it keeps taking them,
// so that no worker hangs; the journal has the answers.
func (r *run) sink() error {
	var failed error
	for result := range r.results {
		if failed != nil {
			continue
		}
		if failed = r.Sink(result); failed != nil {
			r.sinkErr.Store(true)
		}
	}
	return failed
}

// ask sends one sample within the budget. An answer with a SampleID is to be
// journalled even if there is an error besides.
func (r *run) ask(ctx context.Context, s benchmarks.Sample) (Answer, error) {
	settle := func(Usage) {}
	if r.Budget != nil {
		prompt, completion := r.Asker.Cost(s)
		var err error
		if settle, err = r.Budget.Reserve(ctx, prompt, completion); err != nil {
			return Answer{}, err
		}
	}
	answer, err := r.Asker.Ask(ctx, r.Model, s)
	used := answer.Usage
	if answer.FromCache {
		used = Usage{Known: true}
	}
	settle(used)
	if err == nil {
		return answer, nil
	}
	if ctx.Err() != nil && answer.SampleID == "" {
		return answer, ctx.Err()
	}
	var call *CallError
	if errors.Is(err, ErrStop) || errors.As(err, &call) && call.Kind == ErrFatal {
		if errors.Is(err, ErrStop) {
			return answer, err
		}
		return answer, fmt.Errorf("%w: %w", ErrStop, err)
	}
	return answer, nil
}
