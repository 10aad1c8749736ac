// Package generate turns prompts into answers: it batches the decode steps of
// several sequences, computes prompts in chunks between them, keeps finished
// prompts so that the next one with the same beginning starts from there, and
// picks tokens.
package generate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lcbench/lcbench/localmodel/model"
)

// Sentinels for what callers decide on.
var (
	// ErrWindow is a prompt that leaves no room for its answer.
	ErrWindow = errors.New("prompt and answer don't fit the context window")
	// ErrEmpty is a prompt without a token.
	ErrEmpty = errors.New("the prompt is empty")
	// ErrMemory is a sequence whose KV cache alone exceeds the budget.
	ErrMemory = errors.New("the KV cache doesn't fit its budget")
	// ErrNoContext is a prompt without the fixed context that the attention
	// mechanism works on.
	ErrNoContext = errors.New("the attention mechanism needs a fixed context ahead of the question, and the prompt has none")
	// ErrClosed is a request to an engine that is closed.
	ErrClosed = errors.New("the model is closed")
)

// Options shape an engine; the zero value serves one sequence of any length.
type Options struct {
	Window    int   // tokens of prompt and answer; 0: no limit
	Batch     int   // sequences decoded at once, at most model.SameBits; 0: 8
	Chunk     int   // prompt tokens computed at once; 0: 512
	KVBudget  int64 // bytes of KV caches between passes, kept prompts included; 0: no limit, 64 prompts are kept
	KeepNone  bool  // no prompt is kept for the next one
	EndTokens []int32
}

// Request is one prompt.
type Request struct {
	Prompt []int32
	// Fixed is how many tokens at the beginning of Prompt are its fixed context:
	// a document, with what stands before it, that other prompts may share. It
	// matters to attention mechanisms that prepare it, and to models whose states
	// have to be kept there.
	Fixed     int
	MaxTokens int
	Sampling  Sampling
	// Score, if not nil, are tokens whose log-probabilities behind the prompt
	// are wanted; nothing is generated then.
	Score []int32
	// Token, if not nil, is told of every token as it comes, on the engine's
	// goroutine; false ends the answer there.
	Token func(id int32) bool
	// IgnoreEnd goes on behind end tokens, to measure speed.
	IgnoreEnd bool
	// LogProbs wants the log-probability of each generated token.
	LogProbs bool
	// Forced, if not nil, is what the answer begins with, whatever is likely: what
	// happens while a given answer is written can be watched token by token.
	Forced []int32
}

// length is what prompt and answer come to at the most, in tokens.
func (r Request) length() int { return len(r.Prompt) + max(r.MaxTokens, len(r.Score)) }

// Result is what came of a request.
type Result struct {
	IDs      []int32   // generated, the end token left out
	LogProbs []float64 // natural, of IDs or of Score
	Finish   string    // stop or length
	Cached   int       // prompt tokens that were not computed again
	// Waited is the time from submission to the start of the prompt's
	// computation, Prefill from there to its first token. FirstToken and Total
	// are from submission.
	Waited, Prefill, FirstToken, Total time.Duration
}

// Engine runs requests on one executor. Its methods are safe for concurrent
// use.
type Engine struct {
	exec   model.Executor
	staged model.Staged // exec, if stages has any
	stages model.Stages
	o      Options
	submit chan *job
	done   chan struct{}
	quit   chan struct{}
	stats  stats
}

// New starts an engine on an executor, which is the engine's alone from now on.
func New(exec model.Executor, o Options) *Engine {
	l := newWork(exec, o)
	go l.loop()
	return l.Engine
}

func newWork(exec model.Executor, o Options) *work {
	if o.Batch <= 0 {
		o.Batch = 8
	}
	o.Batch = min(o.Batch, maxSameBits)
	if o.Chunk <= 0 {
		o.Chunk = 512
	}
	e := &Engine{exec: exec, submit: make(chan *job), done: make(chan struct{}), quit: make(chan struct{})}
	if staged, ok := exec.(model.Staged); ok {
		e.staged, e.stages = staged, staged.Stages()
	}
	o.Chunk = max(o.Chunk, 2*maxSameBits+2, 2*e.stages.Step)
	e.o = o
	l := &work{Engine: e}
	l.kept.none, l.kept.memory = o.KeepNone, &l.memory
	return l
}

// TakesContext says whether it matters that requests name their fixed context.
func (e *Engine) TakesContext() bool { return e.stages.Context || e.stages.Step > 0 }

// Close ends the engine; what is running gets ErrClosed.
func (e *Engine) Close() {
	select {
	case <-e.quit:
	default:
		close(e.quit)
	}
	<-e.done
}

// Generate answers a request. Errors: ErrEmpty, ErrNoContext, ErrWindow and
// ErrMemory before any work, the context's own, model.ErrNotFinite, or the device's.
func (e *Engine) Generate(ctx context.Context, r Request) (Result, error) {
	if err := e.admissible(r); err != nil {
		return Result{}, err
	}
	j := &job{Request: r, ctx: ctx, submitted: time.Now(), finished: make(chan struct{}), rotation: e.exec.Rotation(r.length())}
	if r.Sampling.Temperature > 0 {
		j.draw = r.Sampling.source()
	}
	select {
	case e.submit <- j:
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case <-e.done:
		return Result{}, ErrClosed
	}
	<-j.finished
	return j.result, j.err
}

func (e *Engine) admissible(r Request) error {
	need := r.length()
	switch {
	case len(r.Prompt) == 0:
		return fmt.Errorf("generate: %w", ErrEmpty)
	case r.Score == nil && r.MaxTokens < 1:
		return fmt.Errorf("generate: %d tokens are wanted, want at least 1", r.MaxTokens)
	case e.stages.Context && (r.Fixed < 1 || r.Fixed >= len(r.Prompt)):
		return fmt.Errorf("generate: %w", ErrNoContext)
	case e.o.Window > 0 && need > e.o.Window:
		return fmt.Errorf("generate: %d prompt tokens and %d for the answer, window %d: %w", len(r.Prompt), need-len(r.Prompt), e.o.Window, ErrWindow)
	}
	if bytes := e.alone(r); e.o.KVBudget > 0 && bytes > e.o.KVBudget {
		return fmt.Errorf("generate: %d tokens need %d MB of KV cache, the budget is %d MB: %w", need, bytes>>20, e.o.KVBudget>>20, ErrMemory)
	}
	return nil
}

// alone is the memory that a request takes for which nothing is at hand, and of
// which nothing is kept. Fixed context, prompt and answer are counted apart, as
// they are while it runs.
func (e *Engine) alone(r Request) int64 {
	answer := e.exec.Bytes(max(r.MaxTokens, len(r.Score)))
	if e.stages.Context && r.Fixed > 0 {
		return e.exec.Bytes(r.Fixed) + e.exec.Bytes(len(r.Prompt)-r.Fixed) + answer
	}
	return e.exec.Bytes(len(r.Prompt)) + answer
}

// job is a request on its way.
type job struct {
	Request
	ctx       context.Context
	submitted time.Time
	started   time.Time
	state     model.State
	rotation  int   // the executor's, of its length
	at        int   // prompt tokens computed
	sealed    bool  // the fixed context is prepared
	stops     []int // where its state is kept ahead of the prompt's end, the first one first
	next      int32
	draw      *source
	held      holding // what its state held when it was last counted
	growth    int64   // bytes that it may come to hold besides
	result    Result
	err       error
	finished  chan struct{}
}

func (j *job) end(err error) {
	j.err = err
	j.state = nil
	j.result.Total = time.Since(j.submitted)
	close(j.finished)
}
