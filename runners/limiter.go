package runners

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// LimiterOptions shape a Limiter. The zero value allows 8 calls at once and
// sets no rates.
type LimiterOptions struct {
	// Max is the most calls in flight at once; 0 is 8.
	Max int
	// Start is the limit to begin with; 0 is 4. The limit never exceeds Max.
	Start int
	// RPM and TPM are requests and tokens a minute; 0 is no limit. A call counts
	// for its prompt and for the most tokens it may answer.
	RPM, TPM float64
	// MaxPause bounds how long one Retry-After can hold everybody; 0 is ten
	// minutes.
	MaxPause time.Duration
}

// RateInfo is what an endpoint's x-ratelimit headers say.
type RateInfo struct {
	// RemainingRequests and RemainingTokens are -1 where the endpoint didn't say.
	RemainingRequests, RemainingTokens int
	// ResetRequests and ResetTokens say when the allowance is full again, 0 if
	// the endpoint didn't say.
	ResetRequests, ResetTokens time.Duration
}

// LimiterState is a Limiter at one moment.
type LimiterState struct {
	Limit       int // calls allowed in flight now
	InFlight    int
	Waiting     int
	RateLimited int       // calls answered 429 so far
	PausedUntil time.Time // zero when nothing is paused
}

// Limiter owns the number of calls in flight and their rate. The number starts
// small and doubles each round trip up to Max; after the first sign of
// overload it grows by one a round trip. Overload is a 429 (halved, once a
// round trip) or latency that rises far above its own baseline. A Retry-After
// holds every call, not only the one that got it.
type Limiter struct {
	next     Model
	max      float64
	floor    float64 // rising latency alone never goes below it
	maxPause time.Duration
	requests *rate.Limiter
	tokens   *rate.Limiter

	mu          sync.Mutex
	limit       float64
	slowStart   bool
	epoch       int // counts decreases: a call sent before one causes no other
	inFlight    int
	queue       []*waiter
	pausedUntil time.Time
	wake        *time.Timer // at pausedUntil; nil when not paused
	rateLimited int
	latency     latency
}

var _ Model = (*Limiter)(nil)

type waiter struct{ granted chan struct{} }

// NewLimiter wraps next.
func NewLimiter(next Model, o LimiterOptions) *Limiter {
	limit := o.Max
	if limit <= 0 {
		limit = 8
	}
	start := o.Start
	if start <= 0 {
		start = 4
	}
	pause := o.MaxPause
	if pause <= 0 {
		pause = 10 * time.Minute
	}
	l := &Limiter{
		next: next, max: float64(limit), floor: float64(min(start, limit)),
		maxPause: pause, limit: float64(min(start, limit)), slowStart: true,
	}
	if o.RPM > 0 {
		// One second's worth may go at once: more would be two minutes' worth
		// inside one of the endpoint's minutes.
		l.requests = rate.NewLimiter(rate.Limit(o.RPM/60), max(1, int(o.RPM/60)))
	}
	if o.TPM > 0 {
		l.tokens = rate.NewLimiter(rate.Limit(o.TPM/60), max(1, int(o.TPM/6)))
	}
	return l
}

// Generate implements Model: it waits for its turn, calls, and learns from how
// the call went.
func (l *Limiter) Generate(ctx context.Context, r Request) (Response, error) {
	epoch, err := l.acquire(ctx)
	if err != nil {
		return Response{}, err
	}
	if err := l.pace(ctx, r); err != nil {
		l.release(epoch, sampleTiming{}, err)
		return Response{}, err
	}
	sent := time.Now()
	resp, err := l.next.Generate(ctx, r)
	took := resp.FirstToken
	if took <= 0 {
		took = time.Since(sent)
	}
	l.release(epoch, sampleTiming{took: took, tokens: freshTokens(r, resp)}, err)
	return resp, err
}

// freshTokens are the prompt tokens that the endpoint had to read: those from
// its prefix cache cost no time.
func freshTokens(r Request, resp Response) int {
	if resp.Usage.Known {
		return max(0, resp.Usage.Prompt-resp.Usage.Cached)
	}
	return promptTokens(r)
}

func promptTokens(r Request) int {
	if r.PromptTokens > 0 {
		return r.PromptTokens
	}
	return (len(r.System) + len(r.Prompt)) / 4
}

// Observe takes note of an endpoint's x-ratelimit headers: with nothing left,
// all calls wait for the reset. A nil Limiter ignores them.
func (l *Limiter) Observe(i RateInfo) {
	if l == nil {
		return
	}
	var wait time.Duration
	if i.RemainingRequests == 0 {
		wait = i.ResetRequests
	}
	if i.RemainingTokens == 0 {
		wait = max(wait, i.ResetTokens)
	}
	if wait > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pause(wait)
	}
}

// State returns a snapshot for the progress line.
func (l *Limiter) State() LimiterState {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := LimiterState{
		Limit: int(l.limit), InFlight: l.inFlight, Waiting: len(l.queue), RateLimited: l.rateLimited,
	}
	if l.paused() {
		s.PausedUntil = l.pausedUntil
	}
	return s
}

// acquire waits for a place among the calls in flight, first come first
// served, and returns the epoch it was given in.
func (l *Limiter) acquire(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	if len(l.queue) == 0 && l.free() {
		l.inFlight++
		defer l.mu.Unlock()
		return l.epoch, nil
	}
	w := &waiter{granted: make(chan struct{})}
	l.queue = append(l.queue, w)
	l.mu.Unlock()

	select {
	case <-w.granted:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.epoch, nil
	case <-ctx.Done():
		l.abandon(w)
		return 0, ctx.Err()
	}
}

// abandon takes w out of the queue, or gives its place back where it was
// granted at the same moment.
func (l *Limiter) abandon(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.queue {
		if other == w {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			return
		}
	}
	l.inFlight--
	l.grant()
}

func (l *Limiter) free() bool { return !l.paused() && l.inFlight < max(1, int(l.limit)) }

func (l *Limiter) paused() bool {
	return l.wake != nil && time.Now().Before(l.pausedUntil)
}

// grant hands free places to those who wait longest.
func (l *Limiter) grant() {
	n := 0
	for n < len(l.queue) && l.free() {
		l.inFlight++
		close(l.queue[n].granted)
		l.queue[n] = nil
		n++
	}
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
}

// pause holds everybody for d from now, or longer if they already wait longer.
func (l *Limiter) pause(d time.Duration) {
	until := time.Now().Add(min(d, l.maxPause))
	if !until.After(l.pausedUntil) {
		return
	}
	l.pausedUntil = until
	if l.wake != nil {
		l.wake.Stop()
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(until), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.wake == timer { // not replaced by a longer pause
			l.wake = nil
			l.grant()
		}
	})
	l.wake = timer
}

// pace waits for the rates, and for a pause that began meanwhile.
func (l *Limiter) pace(ctx context.Context, r Request) error {
	if l.requests != nil {
		if err := waitRate(ctx, l.requests, 1); err != nil {
			return err
		}
	}
	if l.tokens != nil {
		n := promptTokens(r) + r.MaxTokens + r.ReasoningTokens
		if err := waitRate(ctx, l.tokens, n); err != nil {
			return err
		}
	}
	for {
		l.mu.Lock()
		wait := time.Duration(0)
		if l.paused() {
			wait = time.Until(l.pausedUntil)
		}
		l.mu.Unlock()
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// waitRate takes n from a bucket, in pieces that the bucket can hold. Unlike
// rate.Limiter.WaitN it doesn't refuse a wait beyond ctx's deadline ahead of
// time: the deadline's own error is what callers know.
func waitRate(ctx context.Context, bucket *rate.Limiter, n int) error {
	for n > 0 {
		take := min(n, bucket.Burst())
		wait := bucket.ReserveN(time.Now(), take).Delay()
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		n -= take
	}
	return ctx.Err()
}

// sleep waits for d or for the end of ctx, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// release gives a place back and moves the limit by how the call went.
func (l *Limiter) release(epoch int, t sampleTiming, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	busy := 2*l.inFlight >= int(l.limit) // the limit is what holds calls back
	l.inFlight--
	var call *CallError
	switch {
	case err == nil && t.took > 0:
		if epoch == l.epoch && l.latency.add(t) && l.limit > l.floor {
			l.decrease(epoch, 0.7, l.floor)
		} else if busy {
			l.increase()
		}
	case errors.As(err, &call):
		if call.Kind == ErrRateLimit {
			l.rateLimited++
		}
		if call.Kind == ErrRateLimit || call.Status == 503 || call.Status == 529 {
			l.decrease(epoch, 0.5, 1)
		}
		if call.RetryAfter > 0 {
			l.pause(call.RetryAfter)
		}
	}
	l.grant()
}

func (l *Limiter) increase() {
	if l.slowStart {
		l.limit = min(l.max, l.limit+1)
		return
	}
	l.limit = min(l.max, l.limit+1/l.limit)
}

// decrease shrinks the limit unless it has shrunk since the call was sent:
// what was in flight together fails together, and counts once.
func (l *Limiter) decrease(epoch int, factor, floor float64) {
	if epoch != l.epoch {
		return
	}
	l.epoch++
	l.slowStart = false
	used := min(l.limit, float64(l.inFlight+1))
	l.limit = max(floor, math.Floor(used*factor))
	l.latency.forget()
}
