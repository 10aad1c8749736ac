package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// A stream whose first token takes its time is opened after firstBeat, so that
// what forbids the answer can still be said by a status; then it gets a comment
// every beat, so that nobody on the way takes it for dead.
const (
	firstBeat = 2 * time.Second
	beat      = 30 * time.Second
)

// queue hands events from the engine, which must not wait for a client, to the
// goroutine that writes.
type queue struct {
	mu     sync.Mutex
	events []event
	wake   chan struct{} // one slot: there may be events
}

func (q *queue) push(e event) {
	q.mu.Lock()
	q.events = append(q.events, e)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() []event {
	q.mu.Lock()
	defer q.mu.Unlock()
	events := q.events
	q.events = nil
	return events
}

// stream answers by server-sent events.
func (s *server) stream(w http.ResponseWriter, r *http.Request, api api, a *ask, jobs []job) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	q := &queue{wake: make(chan struct{}, 1)}
	done := make(chan struct{})
	var all []outcome
	var err error
	go func() {
		defer close(done)
		all, err = s.answers(ctx, a, jobs, q.push)
	}()
	out := &sse{w: w, api: api, ask: a, body: s.newBody(api, true), cancel: cancel, begun: make([]bool, len(jobs))}
	out.pass(q, done)
	if err != nil {
		out.fail(faultOf(err))
		return
	}
	out.end(all)
}

// sse writes a stream. After a write that failed it writes nothing more.
type sse struct {
	w      http.ResponseWriter
	api    api
	ask    *ask
	body   body
	cancel context.CancelFunc
	begun  []bool // by answer: something of it was sent
	opened bool
	broken bool
}

// pass writes events as they come, until all are there.
func (o *sse) pass(q *queue, done <-chan struct{}) {
	tick := time.NewTimer(firstBeat)
	defer tick.Stop()
	for {
		select {
		case <-q.wake:
			o.events(q.take())
		case <-done:
			o.events(q.take())
			return
		case <-tick.C:
			o.write([]byte(": waiting\n\n"))
			tick.Reset(beat)
		}
	}
}

func (o *sse) events(events []event) {
	for _, e := range events {
		if e.text == "" && e.done == nil {
			continue
		}
		o.body.Choices = []any{o.api.piece(e, !o.begun[e.index], o.ask.logProbs)}
		o.begun[e.index] = true
		o.chunk(o.body)
	}
}

// end writes the numbers, if they are wanted, and the mark of the end.
func (o *sse) end(all []outcome) {
	u := &usage{}
	for _, a := range all {
		u.add(a.usage)
	}
	note(o.w, *u)
	if o.ask.usage {
		o.body.Choices, o.body.Usage = []any{}, u
		o.chunk(o.body)
	}
	o.write([]byte("data: [DONE]\n\n"))
}

// fail says why there is no answer: by the status, or inside the stream if
// that is open.
func (o *sse) fail(f *fault) {
	if !o.opened {
		writeFault(o.w, f)
		return
	}
	if l, ok := o.w.(*logWriter); ok {
		l.fault = f
	}
	o.chunk(f.body())
}

func (o *sse) chunk(v any) {
	var b bytes.Buffer
	b.WriteString("data: ")
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		o.broken = true
		o.cancel()
		return
	}
	b.WriteByte('\n')
	o.write(b.Bytes())
}

func (o *sse) write(p []byte) {
	if o.broken {
		return
	}
	extendWrite(o.w)
	if !o.opened {
		o.opened = true
		h := o.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Accel-Buffering", "no") // nginx would collect the events
		o.w.WriteHeader(http.StatusOK)
	}
	_, err := io.Copy(o.w, bytes.NewReader(p))
	if err == nil {
		err = http.NewResponseController(o.w).Flush()
	}
	if err != nil { // the client is gone, or takes nothing
		o.broken = true
		o.cancel()
	}
}
