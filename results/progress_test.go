package results

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// lockedBuffer is a terminal that may be read while it is written to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestProgressLineSaysItAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		p := NewProgress(&out, ProgressOptions{Every: time.Second})
		time.Sleep(30 * time.Second)
		p.Update(Snapshot{
			Done: 60, Total: 200, Lost: 2, Reused: 10, Tokens: 300_000, TotalTokens: 1_200_000, Retries: 5, RateLimited: 3,
			InFlight: 32, Cost: &Cost{1.5, "USD"}, Score: 0.456,
		})
		// 300,000 tokens in 30 s: the 900,000 left take 90 s, whatever the number
		// of samples.
		want := "60/200 30%  10k tok/s  ETA 01:30  score 45.6  1.50 USD  2 lost  5 retries (3 × 429)  32 in flight  10 reused  00:30\n"
		if got := out.String(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestProgressWithoutKnownTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		p := NewProgress(&out, ProgressOptions{Every: time.Second})
		time.Sleep(10 * time.Second)
		p.Update(Snapshot{Score: math.NaN()})
		time.Sleep(10 * time.Second)
		p.Update(Snapshot{Done: 5, Score: math.NaN()})
		p.Close(Snapshot{Done: 5, Total: 5, Score: 1})
		p.Close(Snapshot{Done: 9})
		p.Update(Snapshot{Done: 9})
		want := "0/?  00:10\n5/?  0.25 samples/s  00:20\n5/5 100%  0.25 samples/s  score 100.0  00:20\n"
		if got := out.String(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestRateIsOfTheLastMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		p := NewProgress(&out, ProgressOptions{})
		tokens := int64(0)
		for second := range 300 {
			time.Sleep(time.Second)
			if second < 120 {
				tokens += 100 // slow start
			} else {
				tokens += 1000
			}
			p.Update(Snapshot{Done: second, Total: 1000, Tokens: tokens, TotalTokens: 1e6, Score: math.NaN()})
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if last := lines[len(lines)-1]; !strings.Contains(last, " 1k tok/s") {
			t.Errorf("got %q, want 1k tok/s", last)
		}
		if len(lines) != 60 {
			t.Errorf("%d lines in 300 s at one in 5 s", len(lines))
		}
		if len(p.history) > 63 {
			t.Errorf("%d points are held", len(p.history))
		}
	})
}

func TestATerminalIsRedrawnAtMostTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		p := NewProgress(&out, ProgressOptions{Terminal: true, Width: 40})
		for i := range 1000 {
			time.Sleep(time.Millisecond)
			p.Update(Snapshot{Done: i, Total: 1000, Score: 0.5, Cost: &Cost{12.5, "USD\x1b[2J"}, Retries: 1})
		}
		p.Close(Snapshot{Done: 1000, Total: 1000, Score: 0.5})
		got := out.String()
		if n := strings.Count(got, "\r\x1b[K"); n < 9 || n > 12 {
			t.Errorf("drawn %d times in a second", n)
		}
		if !strings.HasSuffix(got, "\n") || strings.Count(got, "\n") != 1 {
			t.Errorf("not one line at the end: %q", got)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(got, "\n"), "\r\x1b[K") {
			if terminalWidth(line) > 39 || strings.Contains(line, "\x1b") {
				t.Errorf("%d columns: %q", terminalWidth(line), line)
			}
		}
	})
}

func TestLogLinesStandAboveTheProgressLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		p := NewProgress(&out, ProgressOptions{Terminal: true})
		_, err := fmt.Fprintln(p, "before")
		must(t, err)
		p.Update(Snapshot{Done: 1, Total: 4, Score: math.NaN()})
		_, err = fmt.Fprintln(p, "warning: something")
		must(t, err)
		p.Close(Snapshot{Done: 4, Total: 4, Score: math.NaN()})
		_, err = fmt.Fprintln(p, "after")
		must(t, err)
		want := "before\n\r\x1b[K1/4 25%  00:00\r\x1b[Kwarning: something\n1/4 25%  00:00\r\x1b[K4/4 100%  00:00\nafter\n"
		if got := out.String(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestWatchShowsALineEvenWhenNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		p := NewProgress(&out, ProgressOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), 21*time.Second)
		defer cancel()
		p.Watch(ctx, func() Snapshot { return Snapshot{Done: 3, Total: 9, InFlight: 6, Score: math.NaN()} })
		if n := strings.Count(out.String(), "3/9 33%"); n != 4 {
			t.Errorf("%d lines in 21 s: %q", n, out.String())
		}
	})
}

func TestProgressFromManyGoroutines(t *testing.T) {
	var out lockedBuffer
	p := NewProgress(&out, ProgressOptions{Terminal: true, Color: true})
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			for i := range 100 {
				p.Update(Snapshot{Done: i, Total: 100, Score: 0.5})
				if i%10 == 0 {
					_, _ = fmt.Fprintln(p, "log", w)
				}
			}
		})
	}
	wait.Wait()
	p.Close(Snapshot{Done: 100, Total: 100, Score: 0.5})
	if !strings.Contains(out.String(), "\x1b[1m100/100 100%\x1b[0m") {
		t.Errorf("got %q", out.String())
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "00:00", 59500 * time.Millisecond: "01:00", 90 * time.Second: "01:30", 3723 * time.Second: "1:02:03",
		26 * time.Hour: "1d02h", 1e6 * time.Hour: ">999d",
	} {
		if got := clock(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
