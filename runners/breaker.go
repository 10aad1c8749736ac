package runners

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
)

// ErrBreakerOpen marks the calls that a Breaker refuses after too many equal
// failures in a row. It is an ErrStop too.
var ErrBreakerOpen = fmt.Errorf("%w: too many equal failures in a row", ErrStop)

// Breaker stops calling a model that has failed in the same way too many times
// in a row, whatever the samples, and one that can't answer at all (a wrong
// key). It goes around Retry: what it counts are final failures.
type Breaker struct {
	next  Model
	limit int

	mu    sync.Mutex
	class string // of the last failure
	count int    // of failures of that class in a row
	open  error  // not nil: what further calls get
}

var _ Model = (*Breaker)(nil)

// NewBreaker wraps next; limit is the number of equal failures in a row that
// open the breaker, 0 is 10.
func NewBreaker(next Model, limit int) *Breaker {
	if limit <= 0 {
		limit = 10
	}
	return &Breaker{next: next, limit: limit}
}

// Generate implements Model. Once the breaker is open it returns an error that
// wraps ErrBreakerOpen and the last failure; a fatal failure, and every call
// after it, wraps ErrStop.
func (b *Breaker) Generate(ctx context.Context, r Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		return Response{}, err
	}
	b.mu.Lock()
	open := b.open
	b.mu.Unlock()
	if open != nil {
		return Response{}, open
	}
	resp, err := b.next.Generate(ctx, r)
	return resp, b.judge(err)
}

// judge counts a call's outcome and returns the error to pass on.
func (b *Breaker) judge(err error) error {
	var call *CallError
	if err != nil && !errors.As(err, &call) {
		return err // cancelled: says nothing about the model
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.class, b.count = "", 0
		return nil
	case call.Kind == ErrFatal:
		stop := &stopError{sentinel: ErrStop, err: err}
		if b.open == nil {
			b.open = stop
		}
		return stop
	case call.Kind == ErrOverflow, call.Kind == ErrRequest && call.Status == 0:
		return err // the sample's fault, not the model's
	}
	if class := classOf(call); class == b.class {
		b.count++
	} else {
		b.class, b.count = class, 1
	}
	if b.count >= b.limit && b.open == nil {
		b.open = &stopError{
			sentinel: ErrBreakerOpen, err: err,
			text: fmt.Sprintf("%d equal failures in a row, the last one: %v", b.count, err),
		}
	}
	return err
}

// classOf names what kind of failure it was, without the parts that differ
// from call to call: words with digits in them are counts, ids and times.
func classOf(e *CallError) string {
	words := strings.Fields(strings.ToLower(e.Err.Error()))
	for i, w := range words {
		if strings.IndexFunc(w, unicode.IsDigit) >= 0 {
			words[i] = "#"
		}
	}
	return fmt.Sprintf("%s %d %s", e.Kind, e.Status, strings.Join(words, " "))
}

// stopError is an error that also is a sentinel, with the error's own text.
type stopError struct {
	sentinel, err error
	text          string
}

func (e *stopError) Error() string {
	if e.text != "" {
		return e.text
	}
	return e.err.Error()
}

func (e *stopError) Unwrap() []error { return []error{e.sentinel, e.err} }
