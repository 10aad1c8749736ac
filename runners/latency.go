package runners

import "time"

// sampleTiming is how long one call took until its first token, and how many
// prompt tokens the endpoint had to read for it.
type sampleTiming struct {
	took   time.Duration
	tokens int
}

// latency watches for an endpoint that gets slower under load. Times are
// divided by prompt size, since a long prompt is slow on an idle endpoint too,
// and a quick average is held against a slow one.
type latency struct {
	fast, slow float64 // seconds a token of size()
	size       float64 // mean of size()
	n          int     // samples in fast
}

// A call costs something whatever its prompt's size: fixedTokens is that
// something in tokens, and keeps short prompts from looking slow.
const (
	fixedTokens  = 2000
	fastWeight   = 0.2
	slowWeight   = 0.002
	sinkWeight   = 0.2 // the baseline follows falling times at once
	enoughTimes  = 8
	slowerTimes  = 2.0 // overload is both: that many times the baseline,
	slowerSecond = 1.0 // and that many seconds above it
)

// add takes one call's time and says whether the endpoint is overloaded.
func (l *latency) add(t sampleTiming) bool {
	size := float64(t.tokens + fixedTokens)
	x := t.took.Seconds() / size
	if l.slow == 0 {
		l.slow, l.size = x, size
	}
	if l.n == 0 {
		l.fast = x
	}
	l.n++
	l.fast += fastWeight * (x - l.fast)
	l.size += fastWeight * (size - l.size)
	w := slowWeight
	if x < l.slow {
		w = sinkWeight
	}
	l.slow += w * (x - l.slow)
	return l.n >= enoughTimes && l.fast > slowerTimes*l.slow && (l.fast-l.slow)*l.size > slowerSecond
}

// forget drops the quick average after a decrease: the next judgement is over
// calls made since.
func (l *latency) forget() { l.n, l.fast = 0, 0 }
