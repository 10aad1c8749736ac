package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/generate"
)

// fake is a Backend that does as it is told. A prompt has a token a byte.
type fake struct {
	count  func(localmodel.Prompt) (int, error)
	answer func(context.Context, localmodel.Prompt, localmodel.Params) (localmodel.Answer, error)
}

func (f fake) Count(p localmodel.Prompt) (int, error) {
	if f.count != nil {
		return f.count(p)
	}
	n := len(p.Text)
	for _, m := range p.Messages {
		n += len(m.Content)
	}
	return n, nil
}

func (f fake) Answer(ctx context.Context, p localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
	return f.answer(ctx, p, q)
}

func (f fake) ScorePrompt(context.Context, localmodel.Prompt) (localmodel.Answer, error) {
	return localmodel.Answer{}, errors.New("the fake scores nothing")
}

// says is a fake that answers text, a byte at a time.
func says(text string) fake {
	return fake{answer: func(_ context.Context, _ localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
		for i := range len(text) {
			q.Text(text[i : i+1])
		}
		return localmodel.Answer{Text: text, PromptTokens: 1, Result: generate.Result{Finish: "stop", IDs: make([]int32, len(text))}}, nil
	}}
}

// fails is a fake that says some text and then that it can't.
func fails(text string, err error) fake {
	return fake{answer: func(_ context.Context, _ localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
		if text != "" {
			q.Text(text)
		}
		return localmodel.Answer{}, err
	}}
}

const hello = `{"messages":[{"role":"user","content":"hello"}]}`

func TestFailuresOfTheModel(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"nonsense in the weights", errors.New("layer 3: not finite"), 500, "generation_failed"},
		{"the window", fmt.Errorf("x: %w", generate.ErrWindow), 400, "context_length_exceeded"},
		{"the memory", fmt.Errorf("x: %w", generate.ErrMemory), 400, "kv_budget_exceeded"},
		{"closed", generate.ErrClosed, 503, "unavailable"},
		{"cancelled from inside", context.Canceled, 503, "cancelled"},
	}
	for _, c := range cases {
		url := start(t, New(fails("", c.err), Options{})) + "/v1/chat/completions"
		for _, body := range []string{hello, strings.Replace(hello, "{", `{"stream":true,`, 1)} {
			t.Run(c.name, func(t *testing.T) {
				if f := postFault(t, url, c.status, body); f.Code != c.code || f.Message == "" {
					t.Errorf("got %+v, want code %s", f, c.code)
				}
			})
		}
	}
}

func TestAFailureInsideAStreamIsItsLastEvent(t *testing.T) {
	url := start(t, New(fails("half", errors.New("layer 3: not finite")), Options{}))
	status, header, raw := send(t, newRequest(t, http.MethodPost, url+"/v1/completions", `{"prompt":"x","stream":true}`))
	events, ended := eventsOf(t, raw)
	if status != 200 || header.Get("Content-Type") != "text/event-stream" || ended || len(events) != 2 {
		t.Fatalf("status %d, ended %t, events %q", status, ended, events)
	}
	if e := decodeBody(t, events[1]).Error; e == nil || e.Code != "generation_failed" || e.Message != "layer 3: not finite" {
		t.Errorf("last event %s", events[1])
	}
}

// An answer whose length nobody asked for may be shorter than the window
// leaves, if the memory doesn't reach.
func TestAnUnlimitedAnswerMakesDoWithTheMemory(t *testing.T) {
	var limits []int
	f := fake{answer: func(_ context.Context, _ localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
		limits = append(limits, q.MaxTokens)
		if q.MaxTokens > 30 {
			return localmodel.Answer{}, generate.ErrMemory
		}
		return localmodel.Answer{Result: generate.Result{Finish: "length"}}, nil
	}}
	url := start(t, New(f, Options{Info: localmodel.Info{Window: 105}}))
	post(t, url+"/v1/chat/completions", 200, hello)
	if diff := cmp.Diff([]int{100, 50, 25}, limits); diff != "" {
		t.Errorf("limits tried (-want +got):\n%s", diff)
	}
	postFault(t, url+"/v1/chat/completions", 400, strings.Replace(hello, "{", `{"max_tokens":100,`, 1))
}

func TestLimitsOfAnAnswer(t *testing.T) {
	cases := []struct {
		name, body string
		o          Options
		want       int
	}{
		{"what the window leaves", hello, Options{Info: localmodel.Info{Window: 105}}, 100},
		{"the option", hello, Options{Info: localmodel.Info{Window: 105}, MaxTokens: 7}, 7},
		{"what the window leaves of the option", hello, Options{Info: localmodel.Info{Window: 10}, MaxTokens: 7}, 5},
		{"without a window", hello, Options{}, 16},
		{"the option without a window", hello, Options{MaxTokens: 7}, 7},
		{"max_tokens", `{"max_tokens":3,` + hello[1:], Options{MaxTokens: 7}, 3},
		{"max_completion_tokens counts", `{"max_tokens":3,"max_completion_tokens":4,` + hello[1:], Options{}, 4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := 0
			url := start(t, New(fake{answer: func(_ context.Context, _ localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
				got = q.MaxTokens
				return localmodel.Answer{}, nil
			}}, c.o))
			post(t, url+"/v1/chat/completions", 200, c.body)
			if got != c.want {
				t.Errorf("got %d tokens, want %d", got, c.want)
			}
		})
	}
}

func TestTooManyAtOnce(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	url := start(t, New(fake{answer: func(context.Context, localmodel.Prompt, localmodel.Params) (localmodel.Answer, error) {
		inside <- struct{}{}
		<-release
		return localmodel.Answer{}, nil
	}}, Options{MaxConcurrent: 1})) + "/v1/chat/completions"
	first := make(chan int)
	go func() {
		resp, err := http.Post(url, "application/json", strings.NewReader(hello))
		if err != nil {
			first <- 0
			return
		}
		_ = resp.Body.Close()
		first <- resp.StatusCode
	}()
	<-inside
	status, header, raw := send(t, newRequest(t, http.MethodPost, url, hello))
	if status != 429 || header.Get("Retry-After") != "1" || decodeBody(t, raw).Error.Code != "rate_limit_exceeded" {
		t.Errorf("got %d, Retry-After %q: %s", status, header.Get("Retry-After"), raw)
	}
	close(release)
	if status := <-first; status != 200 {
		t.Errorf("the first request: status %d", status)
	}
	go func() { <-inside }()
	post(t, url, 200, hello) // there is room again
}

func TestAClientThatGoesAwayStopsItsAnswer(t *testing.T) {
	for _, stream := range []string{"false", "true"} {
		t.Run("stream="+stream, func(t *testing.T) {
			inside, stopped := make(chan struct{}), make(chan error, 1)
			url := start(t, New(fake{answer: func(ctx context.Context, _ localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
				q.Text("x")
				close(inside)
				<-ctx.Done()
				stopped <- ctx.Err()
				return localmodel.Answer{}, ctx.Err()
			}}, Options{}))
			ctx, cancel := context.WithCancel(t.Context())
			r := newRequest(t, http.MethodPost, url+"/v1/chat/completions", `{"stream":`+stream+`,`+hello[1:]).WithContext(ctx)
			go func() {
				<-inside
				cancel()
			}()
			if resp, err := http.DefaultClient.Do(r); err == nil {
				_ = resp.Body.Close()
			}
			select {
			case err := <-stopped:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want it cancelled", err)
				}
			case <-time.After(10 * time.Second):
				t.Error("the answer goes on")
			}
		})
	}
}

// The engine must not wait for a client: what is said is queued.
func TestAClientThatReadsNothingHoldsNobodyUp(t *testing.T) {
	said := make(chan struct{})
	megabyte := strings.Repeat("x", 1<<20)
	url := start(t, New(fake{answer: func(_ context.Context, _ localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
		for range 64 {
			q.Text(megabyte)
		}
		close(said)
		return localmodel.Answer{}, nil
	}}, Options{}))
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"stream":true,"prompt":"x"}`
	fmt.Fprintf(conn, "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	select {
	case <-said:
	case <-time.After(10 * time.Second):
		t.Fatal("the model waits for a client that doesn't read")
	}
}

func TestALongPrefillKeepsTheStreamAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(fake{answer: func(context.Context, localmodel.Prompt, localmodel.Params) (localmodel.Answer, error) {
			time.Sleep(63 * time.Second)
			return localmodel.Answer{}, errors.New("after all, no")
		}}, Options{})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://localhost/v1/completions", strings.NewReader(`{"prompt":"x","stream":true}`)))
		got := w.Body.String()
		if n := strings.Count(got, ": waiting\n\n"); w.Code != 200 || n != 3 || !strings.Contains(got, "after all, no") {
			t.Errorf("status %d, %d comments, want 3 (2 s, 32 s, 62 s) and the error: %q", w.Code, n, got)
		}
	})
}

func TestTheLogHasNumbersAndNoText(t *testing.T) {
	var log strings.Builder
	o := Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Info: localmodel.Info{Window: 50}}
	const secret = "xyzzy"
	var h http.Handler
	post := func(status int, body string) {
		w := httptest.NewRecorder() // the line is there when this returns
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://localhost/v1/completions", strings.NewReader(body)))
		if w.Code != status {
			t.Errorf("%s: status %d, want %d", body, w.Code, status)
		}
	}
	h = New(says(secret), o)
	post(200, `{"prompt":"`+secret+`"}`)
	post(200, `{"prompt":"`+secret+`","stream":true}`)
	post(404, `{"prompt":"`+secret+`","model":"`+secret+`"}`)
	post(400, `{"prompt":"`+secret+`","stop":`+secret+`}`)
	post(400, `{"prompt":"`+strings.Repeat(secret, 20)+`"}`)
	h = New(fake{answer: fails("", errors.New("layer 3")).answer, count: func(p localmodel.Prompt) (int, error) {
		if p.Text == secret {
			return 0, errors.New(secret)
		}
		return 1, nil
	}}, o)
	post(400, `{"prompt":"`+secret+`"}`)
	post(500, `{"prompt":"`+secret+`!"}`)
	got := log.String()
	if strings.Contains(got, secret) {
		t.Errorf("text in the log:\n%s", got)
	}
	for _, want := range []string{"completion_tokens=5", "code=model_not_found", "code=generation_failed error=\"layer 3\"", "status=404", "path=/v1/completions"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in the log:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n != 7 {
		t.Errorf("%d lines for 7 requests", n)
	}
}

func TestImpossibleTokensHaveALogProbability(t *testing.T) {
	f := fake{answer: func(context.Context, localmodel.Prompt, localmodel.Params) (localmodel.Answer, error) {
		return localmodel.Answer{Text: "ab", Pieces: []string{"a", "b"}, Result: generate.Result{
			IDs: []int32{1, 2}, LogProbs: []float64{math.Inf(-1), math.NaN()}, Finish: "length",
		}}, nil
	}}
	url := start(t, New(f, Options{}))
	p := decodeBody(t, post(t, url+"/v1/completions", 200, `{"prompt":"x","logprobs":1}`)[0]).Choices[0].Logprobs.TokenLogprobs
	if len(p) != 2 || *p[0] != -9999 || *p[1] != -9999 {
		t.Errorf("got %v, want -9999 twice", p)
	}
}

func TestAnswersOfOneRequestEndTogetherIfOneFails(t *testing.T) {
	f := fake{answer: func(ctx context.Context, p localmodel.Prompt, _ localmodel.Params) (localmodel.Answer, error) {
		if p.Text == "bad" {
			return localmodel.Answer{}, errors.New("layer 3")
		}
		<-ctx.Done()
		return localmodel.Answer{}, ctx.Err()
	}}
	url := start(t, New(f, Options{}))
	if got := postFault(t, url+"/v1/completions", 500, `{"prompt":["good","bad"]}`); got.Message != "layer 3" {
		t.Errorf("got %+v, want the one that failed", got)
	}
}

func TestAStreamHasAllOfTheText(t *testing.T) {
	text := strings.Repeat("<b>&\n", 200)
	url := start(t, New(says(text), Options{}))
	var got strings.Builder
	for _, raw := range post(t, url+"/v1/chat/completions", 200, strings.Replace(hello, "{", `{"stream":true,`, 1)) {
		got.WriteString(decodeBody(t, raw).Choices[0].Delta.text())
	}
	if got.String() != text {
		t.Errorf("%d bytes of %d came", got.Len(), len(text))
	}
}

// Text may come at the very end, when only that is looked at.
func TestTheLastTextIsNotLost(t *testing.T) {
	q := &queue{wake: make(chan struct{}, 1)}
	q.push(event{text: "last"})
	<-q.wake
	done := make(chan struct{})
	close(done)
	w := httptest.NewRecorder()
	(&sse{w: w, api: completionAPI{}, ask: &ask{}, begun: make([]bool, 1)}).pass(q, done)
	if !strings.Contains(w.Body.String(), `"text":"last"`) {
		t.Errorf("got %q", w.Body.String())
	}
}

// deaf is a connection that takes nothing and yet stands.
type deaf struct{ *httptest.ResponseRecorder }

func (deaf) Write([]byte) (int, error) { return 0, errors.New("i/o timeout") }

func TestAClientThatTakesNothingStopsItsAnswer(t *testing.T) {
	stopped := false
	h := New(fake{answer: func(ctx context.Context, _ localmodel.Prompt, q localmodel.Params) (localmodel.Answer, error) {
		q.Text("x")
		select {
		case <-ctx.Done():
			stopped = true
		case <-time.After(10 * time.Second):
		}
		return localmodel.Answer{}, ctx.Err()
	}}, Options{})
	h.ServeHTTP(deaf{httptest.NewRecorder()}, httptest.NewRequest(http.MethodPost, "http://localhost/v1/completions", strings.NewReader(`{"prompt":"x","stream":true}`)))
	if !stopped {
		t.Error("the answer went on")
	}
}

// The time that a client has for its request is over when the request is there.
func TestOnlyTheRequestIsTimed(t *testing.T) {
	s := newServer(fake{answer: func(ctx context.Context, _ localmodel.Prompt, _ localmodel.Params) (localmodel.Answer, error) {
		select {
		case <-ctx.Done():
			return localmodel.Answer{}, ctx.Err()
		case <-time.After(3 * time.Second):
			return localmodel.Answer{Text: "late"}, nil
		}
	}}, Options{})
	s.patience = 2 * time.Second
	url := start(t, s.handler())
	if got := decodeBody(t, post(t, url+"/v1/completions", 200, `{"prompt":"x"}`)[0]); got.Choices[0].Text != "late" {
		t.Errorf("got %q", got.Choices[0].Text)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(raw), "400 Bad Request") || !strings.Contains(string(raw), "broke off") {
		t.Errorf("half a request: got %q, %v; want 400 and the connection closed", raw, err)
	}
}
