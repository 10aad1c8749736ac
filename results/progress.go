package results

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"
)

// Snapshot is a run at one moment, for the progress line.
type Snapshot struct {
	// Done of Total samples have a result; Total 0: unknown. Lost of Done could
	// not be answered.
	Done, Total, Lost int
	// Tokens of TotalTokens are done: the weight of the samples, by which rate
	// and time left go; in both, those that needed no request are left out. 0:
	// unknown, samples are counted instead.
	Tokens, TotalTokens int64
	// Reused of Done needed no request: from the journal or the cache.
	Reused int
	// Retries are repeated requests, RateLimited those after a 429.
	Retries, RateLimited int
	// InFlight requests are at the endpoint.
	InFlight int
	Cost     *Cost
	// Score is the mean so far in 0..1; NaN: none.
	Score float64
}

// ProgressOptions shape the progress line.
type ProgressOptions struct {
	// Terminal says that the line may be redrawn in place.
	Terminal bool
	// Width of the terminal in columns; 0: 80.
	Width int
	// Every is the least time between two lines where they can't be redrawn;
	// 0: 5 s.
	Every time.Duration
	// Color allows escape codes for colours, see UseColor.
	Color bool
}

// redrawEvery keeps a terminal at ten lines a second.
const redrawEvery = 100 * time.Millisecond

// Progress prints one line about a run, over and over in place on a terminal,
// now and then elsewhere. Its methods are safe for concurrent use.
type Progress struct {
	o ProgressOptions

	mu      sync.Mutex
	w       io.Writer
	began   time.Time
	last    time.Time // of the last line
	drawn   string    // the line that stands on the terminal
	history []moment
	closed  bool
}

// moment is a point of the rate's window.
type moment struct {
	at   time.Time
	work float64
}

// The rate is over the last rateWindow, in steps of rateStep.
const (
	rateWindow = 60 * time.Second
	rateStep   = time.Second
)

// NewProgress returns a progress line on w.
func NewProgress(w io.Writer, o ProgressOptions) *Progress {
	if o.Width <= 0 {
		o.Width = 80
	}
	if o.Every <= 0 {
		o.Every = 5 * time.Second
	}
	now := time.Now()
	p := &Progress{w: w, o: o, began: now, history: []moment{{at: now}}}
	if !o.Terminal {
		p.last = now // the first plain line is worth waiting for
	}
	return p
}

// Watch updates the line from snapshot until ctx ends. It returns when nothing
// more will be printed.
func (p *Progress) Watch(ctx context.Context, snapshot func() Snapshot) {
	every := redrawEvery
	if !p.o.Terminal {
		every = min(p.o.Every, time.Second)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.Update(snapshot())
		}
	}
}

// Update shows a snapshot, if the last one isn't too recent. Errors of the
// writer are ignored: progress is no part of the result.
func (p *Progress) Update(s Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.note(now, s)
	least := redrawEvery
	if !p.o.Terminal {
		least = p.o.Every
	}
	if p.closed || now.Sub(p.last) < least {
		return
	}
	p.last = now
	p.draw(p.line(now, s))
}

// Close shows the last snapshot and ends the line. Later updates are ignored.
func (p *Progress) Close(s Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	now := time.Now()
	p.note(now, s)
	p.draw(p.line(now, s))
	if p.o.Terminal {
		p.write("\n")
	}
	p.drawn = ""
	p.closed = true
}

// Write prints something else (a log line) above the progress line.
func (p *Progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn != "" {
		p.write("\r\x1b[K")
	}
	n, err := p.w.Write(b)
	if p.drawn != "" && strings.HasSuffix(string(b), "\n") {
		p.write(p.drawn)
	}
	return n, err
}

// draw puts a line where the last one was, or below it.
func (p *Progress) draw(line string) {
	if !p.o.Terminal {
		p.write(line + "\n")
		return
	}
	// One column is kept free: some terminals wrap when the last one is filled.
	line = clip(line, p.o.Width-1)
	if p.o.Color {
		if head, rest, ok := strings.Cut(line, "  "); ok {
			line = "\x1b[1m" + head + "\x1b[0m  " + rest
		}
	}
	p.write("\r\x1b[K" + line)
	p.drawn = line
}

func (p *Progress) write(s string) {
	_, _ = io.WriteString(p.w, s)
}

// note keeps a point of the rate's window.
func (p *Progress) note(now time.Time, s Snapshot) {
	if newest := p.history[len(p.history)-1]; now.Sub(newest.at) < rateStep {
		return
	}
	done, _ := work(s)
	p.history = append(p.history, moment{now, done})
	for len(p.history) > 2 && now.Sub(p.history[1].at) >= rateWindow {
		p.history = p.history[1:]
	}
}

// work returns what was done and what there is to do, in tokens if those are
// known, else in samples.
func work(s Snapshot) (done, total float64) {
	if s.TotalTokens > 0 {
		return float64(s.Tokens), float64(s.TotalTokens)
	}
	return float64(s.Done - s.Reused), float64(s.Total - s.Reused)
}

// rate is work a second over the window; 0 until something was done.
func (p *Progress) rate(now time.Time, s Snapshot) float64 {
	done, _ := work(s)
	from := p.history[0]
	elapsed := now.Sub(from.at).Seconds()
	if elapsed <= 0 || done <= from.work {
		return 0
	}
	return (done - from.work) / elapsed
}

// line says it all in one line, what matters most first.
func (p *Progress) line(now time.Time, s Snapshot) string {
	parts := []string{fmt.Sprintf("%d/%s", s.Done, totalText(s.Total))}
	if s.Total > 0 {
		parts[0] += fmt.Sprintf(" %d%%", 100*s.Done/s.Total)
	}
	if rate := p.rate(now, s); rate > 0 {
		unit := "samples/s"
		if s.TotalTokens > 0 {
			unit = "tok/s"
		}
		parts = append(parts, short(rate)+" "+unit)
		if done, total := work(s); total > done && s.Done < s.Total {
			parts = append(parts, "ETA "+clock(time.Duration((total-done)/rate*float64(time.Second))))
		}
	}
	if !math.IsNaN(s.Score) && s.Done > 0 {
		parts = append(parts, fmt.Sprintf("score %.1f", 100*s.Score))
	}
	if s.Cost != nil {
		parts = append(parts, money(*s.Cost))
	}
	if s.Lost > 0 {
		parts = append(parts, fmt.Sprintf("%d lost", s.Lost))
	}
	if s.Retries > 0 {
		parts = append(parts, fmt.Sprintf("%d retries (%d × 429)", s.Retries, s.RateLimited))
	}
	if s.InFlight > 0 {
		parts = append(parts, fmt.Sprintf("%d in flight", s.InFlight))
	}
	if s.Reused > 0 {
		parts = append(parts, fmt.Sprintf("%d reused", s.Reused))
	}
	return printable(strings.Join(append(parts, clock(now.Sub(p.began))), "  "))
}

func totalText(n int) string {
	if n <= 0 {
		return "?"
	}
	return fmt.Sprint(n)
}

// short prints a rate with three figures: 950, 12.3k, 4.56M.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.3gk", v/1e3)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// clock prints a time as 1:02:03 or 02:03; a day or more as 1d02h.
func clock(d time.Duration) string {
	if d >= 24*time.Hour {
		if d > 999*24*time.Hour {
			return ">999d"
		}
		return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
	seconds := int(d.Round(time.Second).Seconds())
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%02d:%02d", seconds/60, seconds%60)
}
