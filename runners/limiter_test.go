package runners

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// answering makes a Model of a function.
type answering func(context.Context, Request) (Response, error)

func (f answering) Generate(ctx context.Context, r Request) (Response, error) { return f(ctx, r) }

// after answers when d has passed.
func after(d time.Duration) answering {
	return func(ctx context.Context, r Request) (Response, error) {
		if err := sleep(ctx, d); err != nil {
			return Response{}, err
		}
		return Response{Text: "x"}, nil
	}
}

func callError(kind ErrorKind, status int, wait time.Duration, text string) error {
	return &CallError{Kind: kind, Status: status, RetryAfter: wait, Err: errors.New(text)}
}

// askAll sends n requests by as many goroutines as workers.
func askAll(t testing.TB, m Model, n, workers int) {
	t.Helper()
	jobs := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range jobs {
				if _, err := m.Generate(context.Background(), Request{SampleID: fmt.Sprint(i), PromptTokens: 1000}); err != nil {
					var call *CallError
					if !errors.As(err, &call) {
						t.Errorf("request %d: %v", i, err)
					}
				}
			}
		})
	}
	for i := range n {
		jobs <- i
	}
	close(jobs)
	group.Wait()
}

func TestLimitDoublesEachRoundTripUpToMax(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(after(200*time.Millisecond), LimiterOptions{Max: 64})
		go askAll(t, l, 1000, 100)
		for _, want := range []int{4, 8, 16, 32, 64, 64} {
			time.Sleep(100 * time.Millisecond) // in the middle of a round trip
			synctest.Wait()
			if s := l.State(); s.Limit != want || s.InFlight != want || s.Waiting != 100-want {
				t.Errorf("got %+v, want limit %d, all of it in flight", s, want)
			}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
	})
}

func TestWarmLimiterKeepsTheEndpointBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answered atomic.Int64
		l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
			defer answered.Add(1)
			return after(200*time.Millisecond)(ctx, r)
		}), LimiterOptions{Max: 256})
		go askAll(t, l, 20000, 256)
		time.Sleep(3 * time.Second)
		before := answered.Load()
		time.Sleep(5 * time.Second)
		if rate := float64(answered.Load()-before) / 5; rate < 0.95*256/0.2 {
			t.Errorf("%.0f answers/s, want at least 95%% of %.0f", rate, 256/0.2)
		}
		time.Sleep(time.Minute)
	})
}

func TestRateLimitsHalveOnceARoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failing atomic.Bool
		l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
			fail := failing.Load()
			resp, err := after(100*time.Millisecond)(ctx, r)
			if fail {
				return Response{}, callError(ErrRateLimit, 429, 0, "slow down")
			}
			return resp, err
		}), LimiterOptions{Max: 32, Start: 32})
		go askAll(t, l, 2000, 64)
		time.Sleep(50 * time.Millisecond)
		failing.Store(true)                // those in flight succeed yet
		time.Sleep(100 * time.Millisecond) // 32 that will fail are in flight
		failing.Store(false)
		time.Sleep(100 * time.Millisecond) // all of them have failed
		synctest.Wait()
		if s := l.State(); s.Limit != 16 || s.RateLimited != 32 {
			t.Errorf("after 32 refusals in one round trip: %+v, want limit 16", s)
		}
		time.Sleep(200 * time.Millisecond) // the 16 sent since then answer, twice
		synctest.Wait()
		if s := l.State(); s.Limit < 17 || s.Limit > 18 {
			t.Errorf("two round trips later: %+v, want limit 17 or 18: growth by one each", s)
		}
		time.Sleep(time.Minute)
	})
}

func TestRetryAfterHoldsEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var sent []time.Duration
		l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
			mu.Lock()
			sent = append(sent, time.Since(start))
			first := len(sent) == 1
			mu.Unlock()
			if first {
				return Response{}, callError(ErrRateLimit, 429, 5*time.Second, "wait")
			}
			return Response{}, nil
		}), LimiterOptions{Max: 8})
		if _, err := l.Generate(t.Context(), Request{}); err == nil {
			t.Fatal("want the first call to fail")
		}
		if s := l.State(); !s.PausedUntil.Equal(start.Add(5 * time.Second)) {
			t.Errorf("paused until %v, want %v", s.PausedUntil, start.Add(5*time.Second))
		}
		askAll(t, l, 10, 10)
		for _, at := range sent[1:] {
			if at < 5*time.Second {
				t.Errorf("a request was sent after %v, want none before 5 s", at)
			}
		}
		if s := l.State(); !s.PausedUntil.IsZero() {
			t.Errorf("still paused until %v", s.PausedUntil)
		}
	})
}

func TestObservedHeadersHoldEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases := []struct {
			name string
			info RateInfo
			want time.Duration
		}{
			{"something is left", RateInfo{RemainingRequests: 1, RemainingTokens: 1, ResetRequests: time.Hour, ResetTokens: time.Hour}, 0},
			{"nothing is said", RateInfo{RemainingRequests: -1, RemainingTokens: -1, ResetRequests: time.Hour}, 0},
			{"no requests are left", RateInfo{RemainingRequests: 0, RemainingTokens: 9, ResetRequests: 2 * time.Second, ResetTokens: time.Hour}, 2 * time.Second},
			{"no tokens are left", RateInfo{RemainingRequests: -1, RemainingTokens: 0, ResetTokens: 3 * time.Second}, 3 * time.Second},
			{"a day is cut to the longest pause", RateInfo{RemainingTokens: 0, RemainingRequests: 1, ResetTokens: 24 * time.Hour}, 10 * time.Minute},
		}
		for _, c := range cases {
			l := NewLimiter(after(0), LimiterOptions{})
			start := time.Now()
			l.Observe(c.info)
			if _, err := l.Generate(t.Context(), Request{}); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got != c.want {
				t.Errorf("%s: waited %v, want %v", c.name, got, c.want)
			}
		}
		var none *Limiter
		none.Observe(RateInfo{}) // a model can be asked before there is a limiter
	})
}

func TestLongerPauseReplacesAShorterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(after(0), LimiterOptions{})
		start := time.Now()
		l.Observe(RateInfo{RemainingRequests: 0, ResetRequests: time.Second})
		l.Observe(RateInfo{RemainingRequests: 0, ResetRequests: 3 * time.Second})
		l.Observe(RateInfo{RemainingRequests: 0, ResetRequests: 2 * time.Second})
		if _, err := l.Generate(t.Context(), Request{}); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("waited %v, want 3 s", got)
		}
	})
}

func TestRisingLatencyShrinksTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// An endpoint that works at 8 requests at once; the rest queue.
		slots := make(chan struct{}, 8)
		l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
			slots <- struct{}{}
			defer func() { <-slots }()
			return after(2*time.Second)(ctx, r)
		}), LimiterOptions{Max: 128})
		go askAll(t, l, 3000, 128)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if s := l.State(); s.Limit > 40 || s.Limit < 4 {
			t.Errorf("got %+v, want a limit far under 128, and not under 4", s)
		}
		time.Sleep(time.Hour)
	})
}

func TestNoiseOnAQuickEndpointShrinksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
			d := 10 * time.Millisecond
			if n.Add(1)%100 > 80 {
				d = 800 * time.Millisecond // 80 times the baseline, but under a second
			}
			return after(d)(ctx, r)
		}), LimiterOptions{Max: 32})
		askAll(t, l, 3000, 32)
		if s := l.State(); s.Limit != 32 {
			t.Errorf("got %+v, want limit 32", s)
		}
	})
}

func TestLongPromptsAreNotTakenForOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
			return after(time.Duration(r.PromptTokens)*100*time.Microsecond+200*time.Millisecond)(ctx, r)
		}), LimiterOptions{Max: 16})
		var group sync.WaitGroup
		for i := range 400 {
			group.Go(func() {
				tokens := 1000
				if i >= 200 {
					tokens = 128000 // 13 s each
				}
				if _, err := l.Generate(t.Context(), Request{PromptTokens: tokens}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if s := l.State(); s.Limit != 16 {
			t.Errorf("got %+v, want limit 16", s)
		}
	})
}

func TestPrefixCacheIsNotTakenForTheBaseline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
			u := Usage{Known: true, Prompt: 100000, Cached: 98000}
			if n.Add(1) > 200 {
				u.Cached = 0 // new documents from here on
			}
			resp, err := after(time.Duration(u.Prompt-u.Cached+2000)*100*time.Microsecond)(ctx, r)
			resp.Usage = u
			return resp, err
		}), LimiterOptions{Max: 16})
		askAll(t, l, 400, 16)
		if s := l.State(); s.Limit != 16 {
			t.Errorf("got %+v, want limit 16", s)
		}
	})
}

func TestRatesArePacedByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		askAll(t, NewLimiter(after(0), LimiterOptions{Max: 100, RPM: 600}), 100, 100)
		if got := time.Since(start); got < 8*time.Second || got > 10*time.Second {
			t.Errorf("100 requests at 600 a minute took %v, want about 9 s", got)
		}
		start = time.Now()
		askAll(t, NewLimiter(after(0), LimiterOptions{Max: 100, TPM: 60000}), 100, 100)
		if got := time.Since(start); got < 80*time.Second || got > 100*time.Second {
			t.Errorf("100 prompts of 1000 tokens at 60000 a minute took %v, want about 90 s", got)
		}
		// One prompt of more tokens than a bucket holds.
		l := NewLimiter(after(0), LimiterOptions{TPM: 60000})
		start = time.Now()
		if _, err := l.Generate(t.Context(), Request{PromptTokens: 100000, MaxTokens: 10000}); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got < 99*time.Second || got > 101*time.Second {
			t.Errorf("110000 tokens took %v, want 100 s: the bucket of 10000 and the rest at 1000 a second", got)
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := NewLimiter(answering(func(context.Context, Request) (Response, error) {
			<-release
			return Response{}, nil
		}), LimiterOptions{Max: 1})
		go askAll(t, l, 1, 1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Generate(ctx, Request{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if s := l.State(); s.InFlight != 1 || s.Waiting != 0 {
			t.Errorf("one that gave up is still counted: %+v", s)
		}
		close(release)
		synctest.Wait()
		if _, err := l.Generate(t.Context(), Request{}); err != nil {
			t.Error(err)
		}
		l.Observe(RateInfo{RemainingRequests: 0, ResetRequests: time.Minute})
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Generate(ctx, Request{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("in a pause: got %v", err)
		}
	})
}

func TestNoPlaceIsLostWhenManyGiveUp(t *testing.T) {
	l := NewLimiter(after(100*time.Microsecond), LimiterOptions{Max: 4})
	var group sync.WaitGroup
	for i := range 500 {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*50*time.Microsecond)
			defer cancel()
			_, _ = l.Generate(ctx, Request{})
		})
	}
	group.Wait()
	if s := l.State(); s.InFlight != 0 || s.Waiting != 0 {
		t.Errorf("got %+v, want nobody", s)
	}
	askAll(t, l, 20, 8)
}

func BenchmarkLimiterInstant(b *testing.B) {
	l := NewLimiter(after(0), LimiterOptions{Max: 32})
	b.ReportAllocs()
	b.ResetTimer()
	askAll(b, l, b.N, 32)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

// BenchmarkLimiterThroughput measures a warm limiter of 256 in front of 200 ms
// against what 256 calls at once could do.
func BenchmarkLimiterThroughput(b *testing.B) {
	var answered atomic.Int64
	l := NewLimiter(answering(func(ctx context.Context, r Request) (Response, error) {
		defer answered.Add(1)
		return after(200*time.Millisecond)(ctx, r)
	}), LimiterOptions{Max: 256})
	askAll(b, l, 256*8, 256)
	rate := 0.0
	for b.Loop() {
		start, before := time.Now(), answered.Load()
		askAll(b, l, 256*5, 256)
		rate = float64(answered.Load()-before) / time.Since(start).Seconds()
	}
	b.ReportMetric(rate, "answers/s")
	b.ReportMetric(100*rate/(256/0.2), "%-of-ideal")
}
