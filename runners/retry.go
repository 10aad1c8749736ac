package runners

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// RetryOptions shape a Retry. Zero fields have the values named.
type RetryOptions struct {
	// Attempts is the number of calls, the first included, that may fail for
	// transient reasons; 0 is 6.
	Attempts int
	// Patience is how long a request may keep meeting rate limits; 0 is 15
	// minutes.
	Patience time.Duration
	// Base and Max bound the back-off, which doubles; 0 is 500 ms and 30 s.
	Base, Max time.Duration
	// Seed makes the jitter repeatable.
	Seed uint64
}

// Retry repeats calls that failed for a passing reason, after a jittered
// exponential back-off. It goes around a Limiter, so that a repeated call
// waits for its turn like any other.
type Retry struct {
	next Model
	o    RetryOptions
}

var _ Model = (*Retry)(nil)

// NewRetry wraps next.
func NewRetry(next Model, o RetryOptions) *Retry {
	if o.Attempts <= 0 {
		o.Attempts = 6
	}
	if o.Patience <= 0 {
		o.Patience = 15 * time.Minute
	}
	if o.Base <= 0 {
		o.Base = 500 * time.Millisecond
	}
	if o.Max <= 0 {
		o.Max = 30 * time.Second
	}
	return &Retry{next: next, o: o}
}

// Generate implements Model. The response counts the calls that failed before
// it; the error is the last one.
func (m *Retry) Generate(ctx context.Context, r Request) (Response, error) {
	t := tries{o: m.o, id: r.SampleID}
	for {
		resp, err := m.next.Generate(ctx, r)
		resp.Retries += t.failed
		resp.RateLimited += t.limited
		if err == nil {
			return resp, nil
		}
		if ctx.Err() != nil {
			return resp, ctx.Err()
		}
		var call *CallError
		if !errors.As(err, &call) {
			return resp, err
		}
		wait, again := t.next(call)
		if !again {
			return resp, t.giveUp(err, call)
		}
		if err := sleep(ctx, wait); err != nil {
			return resp, err
		}
	}
}

// tries is the state of one request's attempts.
type tries struct {
	o            RetryOptions
	id           string
	failed       int // calls so far
	limited      int // those that met a rate limit
	firstLimited time.Time
	jitter       *rand.Rand
}

// next counts a failure and returns how long to wait before the next call.
func (t *tries) next(e *CallError) (time.Duration, bool) {
	t.failed++
	switch e.Kind {
	case ErrRateLimit:
		t.limited++
		if t.limited == 1 {
			t.firstLimited = time.Now()
		}
		wait := t.wait(t.limited, e.RetryAfter)
		return wait, time.Since(t.firstLimited)+wait <= t.o.Patience
	case ErrTransient:
		n := t.failed - t.limited
		return t.wait(n, e.RetryAfter), n < t.o.Attempts
	}
	return 0, false
}

// wait is the back-off after the n-th failure of a kind: half of it fixed,
// half random, and never less than the endpoint asked for.
func (t *tries) wait(n int, asked time.Duration) time.Duration {
	d := t.o.Max
	if shift := n - 1; shift < 30 && t.o.Base<<shift < d {
		d = t.o.Base << shift
	}
	half := float64(d) / 2
	if asked > 0 {
		// All who were told the same moment shouldn't come back in the same.
		return asked + time.Duration(t.random()*float64(min(d, asked))/4)
	}
	return time.Duration(half + t.random()*half)
}

// random is seeded from the run's seed, the sample and the purpose, so that
// it is the same at any concurrency.
func (t *tries) random() float64 {
	if t.jitter == nil {
		seed := binary.LittleEndian.AppendUint64(nil, t.o.Seed)
		seed = append(append(seed, "retry\x00"...), t.id...)
		t.jitter = rand.New(rand.NewChaCha8(sha256.Sum256(seed)))
	}
	return t.jitter.Float64()
}

// giveUp says how often a call was tried, where it was more than once.
func (t *tries) giveUp(err error, e *CallError) error {
	if t.failed < 2 {
		return err
	}
	last := *e
	last.Err = fmt.Errorf("%w (gave up after %d calls)", e.Err, t.failed)
	return &last
}
