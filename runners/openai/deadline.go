package openai

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Deadlines are how long a call waits for what. Zero fields have the values
// named.
type Deadlines struct {
	// Connect is until a connection stands, TLS included; 0 is 10 s.
	Connect time.Duration
	// FirstTokenBase and FirstTokenPerKTok are the wait for the first token:
	// the base and so much more for every 1000 prompt tokens; 0 is 60 s and 1 s.
	FirstTokenBase, FirstTokenPerKTok time.Duration
	// Idle is the wait for the next token; 0 is 60 s.
	Idle time.Duration
}

func (d Deadlines) withDefaults() Deadlines {
	set := func(x *time.Duration, v time.Duration) {
		if *x <= 0 {
			*x = v
		}
	}
	set(&d.Connect, 10*time.Second)
	set(&d.FirstTokenBase, time.Minute)
	set(&d.FirstTokenPerKTok, time.Second)
	set(&d.Idle, time.Minute)
	return d
}

// An answer in one piece shows no tokens on the way: so much is granted for
// each that it may have.
const wholeAnswerPerToken = 100 * time.Millisecond

func (d Deadlines) firstToken(promptTokens int) time.Duration {
	return d.FirstTokenBase + time.Duration(float64(d.FirstTokenPerKTok)*float64(promptTokens)/1000)
}

// phase is what a call waits for.
type phase int

const (
	connecting phase = iota
	waitingFirst
	waitingWhole
	waitingNext
	waitingEnd
)

// stallError says which deadline passed.
type stallError struct {
	phase phase
	after time.Duration
}

func (e *stallError) Error() string {
	after := strconv.FormatFloat(e.after.Seconds(), 'g', 4, 64) + " s"
	switch e.phase {
	case connecting:
		return "no connection within " + after
	case waitingFirst:
		return "no token within " + after
	case waitingWhole:
		return "no answer within " + after
	default:
		return "stream stalled for " + after
	}
}

// watchdog cancels a call when the deadline of its present phase passes.
type watchdog struct {
	deadlines Deadlines
	first     time.Duration
	whole     time.Duration // not 0: the answer comes in one piece
	cancel    context.CancelCauseFunc

	mu    sync.Mutex
	phase phase
	after time.Duration
	timer *time.Timer
}

// watch starts in the connecting phase; stop ends it.
func watch(cancel context.CancelCauseFunc, d Deadlines, c *call) *watchdog {
	w := &watchdog{deadlines: d, first: d.firstToken(c.promptTokens), cancel: cancel, after: d.Connect}
	if !c.stream {
		w.whole = w.first + time.Duration(c.limit)*wholeAnswerPerToken
	}
	w.mu.Lock() // the timer may fire before it is stored
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(d.Connect, w.bark)
	return w
}

func (w *watchdog) bark() {
	w.mu.Lock()
	err := &stallError{phase: w.phase, after: w.after}
	w.mu.Unlock()
	w.cancel(err)
}

func (w *watchdog) enter(p phase, after time.Duration) {
	w.mu.Lock()
	w.phase, w.after = p, after
	w.timer.Reset(after)
	w.mu.Unlock()
}

// connected starts the wait for the first token.
func (w *watchdog) connected() {
	if w.whole > 0 {
		w.enter(waitingWhole, w.whole)
		return
	}
	w.enter(waitingFirst, w.first)
}

// token starts the wait for the next one.
func (w *watchdog) token() { w.enter(waitingNext, w.deadlines.Idle) }

// finished starts the wait for what comes behind a finished answer: usage and
// the end of the stream. The answer doesn't depend on it.
func (w *watchdog) finished() { w.enter(waitingEnd, min(w.deadlines.Idle, 5*time.Second)) }

// closing starts the wait for the last bytes of a connection that could be
// used again.
func (w *watchdog) closing() { w.enter(waitingEnd, 100*time.Millisecond) }

func (w *watchdog) stop() { w.timer.Stop() }

func (d Deadlines) String() string {
	return fmt.Sprintf("connect %v, first token %v + %v per 1000 prompt tokens, idle %v",
		d.Connect, d.FirstTokenBase, d.FirstTokenPerKTok, d.Idle)
}
