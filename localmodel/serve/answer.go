package serve

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/generate"
)

// How long a client may take to send its request, and to take what is written.
const (
	bodyTimeout  = 2 * time.Minute
	writeTimeout = time.Minute
)

// sideBySide is how many prompts of one request are answered at once: as many
// as the engine decodes together.
const sideBySide = 8

// busyDrain is how many bytes of a request that is refused for lack of room are
// read, so that the client comes to read the refusal.
const busyDrain = 4 << 20

// limited answers requests to an API, MaxConcurrent at a time.
func (s *server) limited(api api) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		deadline(w, (*http.ResponseController).SetReadDeadline, s.patience)
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			_, _ = io.CopyN(io.Discard, r.Body, busyDrain)
			writeFault(w, &fault{
				status: http.StatusTooManyRequests, kind: "requests", code: "rate_limit_exceeded", retryAfter: "1",
				message: "the server answers " + strconv.Itoa(s.o.MaxConcurrent) + " requests already; try again later",
			})
			return
		}
		a, jobs, err := s.read(w, r, api)
		if err != nil {
			writeFault(w, faultOf(err))
			return
		}
		if a.stream {
			s.stream(w, r, api, a, jobs)
			return
		}
		s.whole(w, r, api, a, jobs)
	}
}

// deadline sets a connection's deadline; 0 lifts it. A writer without a
// connection, in tests, has none.
func deadline(w http.ResponseWriter, set func(*http.ResponseController, time.Time) error, d time.Duration) {
	var at time.Time
	if d > 0 {
		at = time.Now().Add(d)
	}
	_ = set(http.NewResponseController(w), at)
}

func extendWrite(w http.ResponseWriter) {
	deadline(w, (*http.ResponseController).SetWriteDeadline, writeTimeout)
}

// read takes a request in and looks whether it can be answered.
func (s *server) read(w http.ResponseWriter, r *http.Request, api api) (*ask, []job, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.o.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		_, _ = io.CopyN(io.Discard, r.Body, busyDrain)
		return nil, nil, &fault{
			status: http.StatusRequestEntityTooLarge, kind: invalidRequest, code: "request_too_large",
			message: "the request is larger than " + strconv.FormatInt(large.Limit, 10) + " bytes",
		}
	case err != nil:
		return nil, nil, &fault{status: http.StatusBadRequest, kind: invalidRequest, code: "unreadable_body", message: "the request's body broke off"}
	}
	// A read that waits for the client to hang up must not run into it.
	deadline(w, (*http.ResponseController).SetReadDeadline, 0)
	a, f := api.ask(body)
	if f == nil {
		f = s.knows(a.model)
	}
	if f != nil {
		return nil, nil, f
	}
	jobs, err := s.plan(a)
	return a, jobs, err
}

// job is one prompt of a request.
type job struct {
	prompt localmodel.Prompt
	tokens int // of the prompt
	limit  int // tokens of the answer; 0: the prompt alone is wanted
}

// plan counts the prompts, and finds those that are too long before any of
// them is answered.
func (s *server) plan(a *ask) ([]job, error) {
	jobs := make([]job, len(a.prompts))
	for i, p := range a.prompts {
		n, err := s.model.Count(p)
		if err != nil {
			return nil, &fault{status: http.StatusBadRequest, kind: invalidRequest, code: "invalid_prompt", message: err.Error()}
		}
		if n == 0 {
			return nil, badField("prompt", "prompt %d has no tokens", i+1)
		}
		jobs[i] = job{prompt: p, tokens: n}
		if jobs[i].limit, err = s.limit(a, n); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// limit is how many tokens the answer to a prompt of n may have.
func (s *server) limit(a *ask, n int) (int, error) {
	window, limit := s.o.Info.Window, s.o.MaxTokens
	param := "messages"
	if !a.prompts[0].Chat {
		param = "prompt"
	}
	switch {
	case a.limit != nil:
		limit = *a.limit
	case window == 0 && limit == 0:
		limit = noWindowTokens
	case window > 0 && limit == 0:
		limit = max(1, window-n)
	case window > 0:
		limit = max(1, min(limit, window-n))
	}
	if window > 0 && limit > window-n {
		return 0, tooLong(window, n, limit, param)
	}
	return limit, nil
}

// outcome is what became of one prompt.
type outcome struct {
	text   string // of the prompt if it is to be echoed, and of the answer
	tokens []token
	finish string
	usage  usage
}

// answers answers all prompts of a request. Text is passed on as it comes, an
// outcome when it is complete.
func (s *server) answers(ctx context.Context, a *ask, jobs []job, emit func(event)) ([]outcome, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(sideBySide)
	all := make([]outcome, len(jobs))
	for i, j := range jobs {
		g.Go(func() (err error) {
			all[i], err = s.one(ctx, a, j, func(text string) { emit(event{index: i, text: text}) })
			if err == nil {
				emit(event{index: i, done: &all[i]})
			}
			return err
		})
	}
	return all, g.Wait()
}

// one answers a prompt.
func (s *server) one(ctx context.Context, a *ask, j job, emit func(string)) (outcome, error) {
	o := outcome{finish: "length", usage: usage{PromptTokens: j.tokens}}
	if a.echo {
		if err := s.echo(ctx, a, j, &o); err != nil {
			return o, err
		}
		emit(o.text)
	}
	if j.limit > 0 {
		said, err := s.generate(ctx, a, j, emit)
		if err != nil {
			return o, err
		}
		if a.logProbs {
			o.tokens = append(o.tokens, answerTokens(said, len(a.stop) > 0)...)
		}
		o.text += said.Text
		o.finish = said.Finish
		o.usage = usage{PromptTokens: said.PromptTokens, CompletionTokens: len(said.IDs)}
		o.usage.Details.Cached = said.Cached
	}
	o.usage.TotalTokens = o.usage.PromptTokens + o.usage.CompletionTokens
	return o, nil
}

// generate answers one prompt. Where the request names no limit and the memory
// doesn't reach for all that the window leaves, the answer may be half as long,
// and so on: such a refusal comes before any work.
func (s *server) generate(ctx context.Context, a *ask, j job, emit func(string)) (localmodel.Answer, error) {
	for limit := j.limit; ; limit /= 2 {
		said, err := s.model.Answer(ctx, j.prompt, localmodel.Params{
			MaxTokens: limit, Sampling: a.sampling, Stop: a.stop, LogProbs: a.logProbs, Text: emit,
		})
		if a.limit != nil || limit < 2 || !errors.Is(err, generate.ErrMemory) {
			return said, err
		}
	}
}

// echo puts the prompt in front of the answer.
func (s *server) echo(ctx context.Context, a *ask, j job, o *outcome) error {
	o.text = j.prompt.Text
	if !a.logProbs && j.prompt.IDs == nil {
		return nil
	}
	said, err := s.model.ScorePrompt(ctx, j.prompt)
	if err != nil {
		return err
	}
	if j.prompt.IDs != nil {
		o.text = said.Text
	}
	if a.logProbs {
		o.tokens = promptTokens(said, o.text)
	}
	return nil
}
