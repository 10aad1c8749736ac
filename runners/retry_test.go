package runners

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// failing fails n times with err, then answers.
func failing(n int, err error) answering {
	return func(context.Context, Request) (Response, error) {
		if n--; n >= 0 {
			return Response{}, err
		}
		return Response{Text: "x"}, nil
	}
}

func TestRetriesByKindOfFailure(t *testing.T) {
	cases := []struct {
		name             string
		failures         int
		err              error
		retries, limited int
		fails            string // "": it is answered in the end
		least, most      time.Duration
	}{
		{"nothing fails", 0, nil, 0, 0, "", 0, 0},
		{"a server's fault, once", 1, callError(ErrTransient, 500, 0, "oops"), 1, 0, "", 250 * time.Millisecond, 500 * time.Millisecond},
		{"five times", 5, callError(ErrTransient, 500, 0, "oops"), 5, 0, "", 7750 * time.Millisecond, 15500 * time.Millisecond},
		{"for ever", 99, callError(ErrTransient, 500, 0, "oops"), 0, 0, "HTTP 500: oops (gave up after 6 calls)", 7 * time.Second, 16 * time.Second},
		{"a rate limit is met with more patience", 12, callError(ErrRateLimit, 429, 0, "slow"), 12, 12, "", 60 * time.Second, 5 * time.Minute},
		{"and that has an end", 9999, callError(ErrRateLimit, 429, 0, "slow"), 0, 0, "gave up after", 14 * time.Minute, 15 * time.Minute},
		{"Retry-After is waited for", 1, callError(ErrRateLimit, 429, 20*time.Second, "slow"), 1, 1, "", 20 * time.Second, 21 * time.Second},
		{"Retry-After beyond all patience", 1, callError(ErrRateLimit, 429, time.Hour, "slow"), 0, 0, "HTTP 429: slow", 0, 0},
		{"a bad request is no passing thing", 1, callError(ErrRequest, 400, 0, "bad"), 0, 0, "HTTP 400: bad", 0, 0},
		{"nor is an overflow", 1, callError(ErrOverflow, 400, 0, "long"), 0, 0, "HTTP 400: long", 0, 0},
		{"nor is a wrong key", 1, callError(ErrFatal, 401, 0, "key"), 0, 0, "HTTP 401: key", 0, 0},
		{"nor is an error of another sort", 1, errors.New("odd"), 0, 0, "odd", 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got, err := NewRetry(failing(c.failures, c.err), RetryOptions{}).Generate(t.Context(), Request{SampleID: "a"})
				took := time.Since(start)
				if took < c.least || took > c.most {
					t.Errorf("took %v, want %v to %v", took, c.least, c.most)
				}
				if c.fails != "" {
					if err == nil || !strings.Contains(err.Error(), c.fails) {
						t.Errorf("got %v, want %q", err, c.fails)
					}
					return
				}
				if err != nil || got.Text != "x" || got.Retries != c.retries || got.RateLimited != c.limited {
					t.Errorf("got %+v, %v; want %d retries, %d of them rate limited", got, err, c.retries, c.limited)
				}
			})
		})
	}
}

func TestGivingUpKeepsTheErrorsParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &CallError{Kind: ErrTransient, Status: 503, RetryAfter: time.Second, Err: errors.New("oops")}
		_, err := NewRetry(failing(99, inner), RetryOptions{Attempts: 2}).Generate(t.Context(), Request{})
		var call *CallError
		if !errors.As(err, &call) || call.Kind != ErrTransient || call.Status != 503 || !errors.Is(err, inner.Err) {
			t.Errorf("got %#v", err)
		}
	})
}

func TestCancelledContextEndsTheWaitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := NewRetry(failing(99, callError(ErrTransient, 500, time.Minute, "oops")), RetryOptions{}).Generate(ctx, Request{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

func TestJitterIsTheSameForTheSameSampleOnly(t *testing.T) {
	waits := func(seed uint64, id string) time.Duration {
		t := tries{o: NewRetry(nil, RetryOptions{Seed: seed}).o, id: id}
		return t.wait(3, 0)
	}
	if waits(1, "a") != waits(1, "a") {
		t.Error("the same seed and sample wait differently")
	}
	if waits(1, "a") == waits(1, "b") || waits(1, "a") == waits(2, "a") {
		t.Error("different samples or seeds wait the same")
	}
}

func TestBackOffIsBounded(t *testing.T) {
	tr := tries{o: NewRetry(nil, RetryOptions{}).o}
	for n := 1; n < 100; n++ {
		if d := tr.wait(n, 0); d < 250*time.Millisecond || d > 30*time.Second {
			t.Errorf("wait %d is %v", n, d)
		}
	}
}

func TestRepeatedCallsWaitForTheLimiterAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var second time.Duration
		n := 0
		inner := answering(func(context.Context, Request) (Response, error) {
			if n++; n == 1 {
				return Response{}, callError(ErrTransient, 503, 10*time.Second, "loading")
			}
			second = time.Since(start)
			return Response{Text: "x"}, nil
		})
		m := NewRetry(NewLimiter(inner, LimiterOptions{}), RetryOptions{})
		if _, err := m.Generate(t.Context(), Request{}); err != nil || second < 10*time.Second {
			t.Errorf("second call after %v, %v", second, err)
		}
	})
}
