package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/lcbench/lcbench/runners"
)

// half is the beginning of an answer from either API.
const half = `data: {"choices":[{"index":0,"text":"Pa","delta":{"content":"Pa"}}]}` + "\n\n"

// hangUp closes the connection, with a reset if reset is set.
func hangUp(w http.ResponseWriter, reset bool) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// silence sends nothing more until the client gives up.
func silence(r *http.Request) { <-r.Context().Done() }

func sendEvents(w http.ResponseWriter, events string) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, events)
	w.(http.Flusher).Flush()
}

// asking is a run of the built-in hotpotqa (12 samples) against e.
func asking(t *testing.T, e *endpoint, out string, more ...string) *exec.Cmd {
	t.Helper()
	return command(t, append([]string{
		"run", "longbench", "--data", "builtin", "--tasks", "hotpotqa", "--model", "openai:m@" + e.URL + "/v1",
		"--no-cache", "--out", out,
	}, more...)...)
}

// An endpoint that never gives some samples a whole answer costs those
// samples: each is named, exit code 3, and the same command asks them again
// and no other.
func TestSamplesWithoutAnAnswerAreNamedAndAskedAgain(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		do         func(w http.ResponseWriter, r *http.Request)
	}{
		{"an empty choice list", "empty choices list", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"choices":[]}`)
		}},
		{"an empty choice list in a stream", "empty choices list", func(w http.ResponseWriter, _ *http.Request) {
			sendEvents(w, `data: {"choices":[]}`+"\n\ndata: [DONE]\n\n")
		}},
		{"half a stream", "half a stream: it ended after 1 events", func(w http.ResponseWriter, _ *http.Request) { sendEvents(w, half) }},
		{"an event that is no JSON", "is no proper JSON", func(w http.ResponseWriter, _ *http.Request) {
			sendEvents(w, half+"data: {\"choi\n\n")
		}},
		{"an error in the stream", "out of memory", func(w http.ResponseWriter, _ *http.Request) {
			sendEvents(w, half+`data: {"error":{"message":"out of memory"}}`+"\n\n")
		}},
		{"a reset between tokens", "the stream broke after 1 events", func(w http.ResponseWriter, _ *http.Request) {
			sendEvents(w, half)
			hangUp(w, true)
		}},
		{"a reset ahead of the answer", "reset by peer", func(w http.ResponseWriter, _ *http.Request) { hangUp(w, true) }},
		{"a stall ahead of the first token", "no token within ", func(_ http.ResponseWriter, r *http.Request) { silence(r) }},
		{"a stall between tokens", "stream stalled for 0.3 s", func(w http.ResponseWriter, r *http.Request) {
			sendEvents(w, half)
			silence(r)
		}},
		{"status 500", "HTTP 500: ", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"error":{"message":"oops"}}`, http.StatusInternalServerError)
		}},
		{"a gateway's page", "HTTP 502: ", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html><title>Bad gateway</title></html>")
		}},
		{"a refused request", "HTTP 400: ", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"error":{"message":"I don't like this one"}}`, http.StatusBadRequest)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var mended atomic.Bool
			e := newEndpoint(t, func(e *endpoint) {
				e.fault = func(w http.ResponseWriter, r *http.Request, prompt string, _ int) bool {
					if mended.Load() || promptHash(prompt)[0]%3 != 0 {
						return false
					}
					tc.do(w, r)
					return true
				}
			})
			out := filepath.Join(t.TempDir(), "run")
			journal := filepath.Join(out, "journal.jsonl")
			flags := []string{"--max-retries", "0", "--timeout-first-token", "300ms", "--timeout-idle", "300ms"}
			text := fails(t, asking(t, e, out, flags...), exitLost, "lcbench: hotpotqa/", tc.want, "the same command asks them again")
			known := answers(t, journal)
			good := answered(known)
			if lost := len(complaints(text)) - 1; good == 0 || good == 12 || lost != 12-good {
				t.Errorf("%d samples answered and %d named as lost, want 12 in sum:\n%s", good, lost, text)
			}
			mended.Store(true)
			e.reset()
			if out, err := asking(t, e, out, flags...).CombinedOutput(); err != nil {
				t.Fatalf("resumed run: %v\n%s", err, out)
			}
			checkNotAskedAgain(t, e, known)
			if n := answered(answers(t, journal)); n != 12 {
				t.Errorf("%d final answers in the end, want 12", n)
			}
		})
	}
}

// answered counts final answers.
func answered(list []runners.Answer) int {
	n := 0
	for _, a := range list {
		if a.Status == runners.OK {
			n++
		}
	}
	return n
}

// A run that can't go on stops at once with one line; what was answered before
// is kept and not asked again.
func TestAnEndpointThatFailsForGoodMidwayLosesNothing(t *testing.T) {
	for _, tc := range []struct {
		name, contentType, body string
		status                  int
		wants                   []string
	}{
		{"the key is withdrawn", "application/json", `{"error":{"message":"key sk-secret expired"}}`, 401, []string{"HTTP 401", "expired", "OPENAI_API_KEY"}},
		{"the model is gone", "application/json", `{"error":{"message":"The model m does not exist"}}`, 404, []string{"HTTP 404", "does not exist"}},
		{"a login page", "text/html", "<html><title>Log in</title></html>", 200, []string{"text/html", "titled Log in", "is the base URL right?"}},
		{"no credit", "application/json", `{"error":{"message":"Insufficient Balance"}}`, 402, []string{"credit"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			var mended atomic.Bool
			e := newEndpoint(t, func(e *endpoint) {
				e.fault = func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
					if calls.Add(1) <= 5 || mended.Load() {
						return false
					}
					w.Header().Set("Content-Type", tc.contentType)
					w.WriteHeader(tc.status)
					_, _ = io.WriteString(w, tc.body)
					return true
				}
			})
			out := filepath.Join(t.TempDir(), "run")
			text := fails(t, asking(t, e, out, "--concurrency", "1"), exitFailure, tc.wants...)
			if n := len(complaints(text)); n != 1 {
				t.Errorf("%d complaints, want one:\n%s", n, text)
			}
			checkNoSecret(t, out, []byte(text))
			known := answers(t, filepath.Join(out, "journal.jsonl"))
			if n := answered(known); n != 5 || calls.Load() != 6 {
				t.Errorf("%d answers kept of 5, %d calls, want 6", n, calls.Load())
			}
			mended.Store(true)
			e.reset()
			if out, err := asking(t, e, out).CombinedOutput(); err != nil {
				t.Fatalf("resumed run: %v\n%s", err, out)
			}
			checkNotAskedAgain(t, e, known)
			if n := answered(answers(t, filepath.Join(out, "journal.jsonl"))); n != 12 {
				t.Errorf("%d final answers in the end, want 12", n)
			}
		})
	}
}

// What the list of models tells is used before anything is paid for.
func TestTheListOfModelsFindsMistakes(t *testing.T) {
	for _, tc := range []struct {
		name, contentType, body string
		status                  int
		wants                   []string
	}{
		{"an unknown model", "application/json", `{"data":[{"id":"llama-8b"},{"id":"qwen-14b"},{"id":"qwen-7b"}]}`, 200, []string{`has no model "qwen-7"; nearest: qwen-7b`}},
		{"a wrong key", "application/json", `{"error":{"message":"Incorrect API key provided: sk-secret"}}`, 401, []string{"HTTP 401", "Incorrect API key", "OPENAI_API_KEY"}},
		{"a web page", "text/html", "<html><title>It works!</title></html>", 200, []string{"text/html", "It works!", "is the base URL right?"}},
		{"half a document", "application/json", `{"data":[{"id":"qw`, 200, []string{"the list of models is not the expected JSON"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var posts atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts.Add(1)
				}
				w.Header().Set("Content-Type", tc.contentType)
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer s.Close()
			cmd := command(t, "run", "longbench", "--data", "builtin", "--model", "openai:qwen-7@"+s.URL+"/v1", "--out", "run")
			text := fails(t, cmd, exitFailure, append(tc.wants, s.URL)...)
			if n := len(complaints(text)); n != 1 || posts.Load() > 0 || strings.Contains(text, "sk-secret") {
				t.Errorf("%d complaints, %d prompts sent:\n%s", n, posts.Load(), text)
			}
		})
	}
	cmd := command(t, "run", "longbench", "--data", "builtin", "--model", "openai:m@http://127.0.0.1:1/v1", "--out", "run")
	fails(t, cmd, exitFailure, "http://127.0.0.1:1/v1: ", "refused")
}

// An answer's bytes that are no UTF-8 become U+FFFD; journal and rows stay
// readable, and a resume finds them.
func TestInvalidUTF8InAnswersIsReplaced(t *testing.T) {
	events := "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Par\xff\xfeis\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
	whole := "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"Par\xff\xfeis\"},\"finish_reason\":\"stop\"}]}"
	for name, body := range map[string]string{"a stream": events, "one piece": whole} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, func(e *endpoint) {
				e.fault = func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
					_, _ = io.WriteString(w, body)
					return true
				}
			})
			out := filepath.Join(t.TempDir(), "run")
			for range 2 {
				if text, err := asking(t, e, out).CombinedOutput(); err != nil || !utf8.Valid(text) {
					t.Fatalf("%v, valid UTF-8: %v\n%s", err, utf8.Valid(text), text)
				}
			}
			for _, a := range answers(t, filepath.Join(out, "journal.jsonl")) {
				if a.Status != runners.OK || a.Text != "Par\uFFFD\uFFFDis" {
					t.Errorf("%s: %s %q", a.SampleID, a.Status, a.Text)
				}
			}
			for _, file := range []string{"journal.jsonl", "samples.jsonl", "summary.json"} {
				if raw, err := os.ReadFile(filepath.Join(out, file)); err != nil || !utf8.Valid(raw) {
					t.Errorf("%s: %v, valid UTF-8: %v", file, err, utf8.Valid(raw))
				}
			}
			if n := e.requests(); n != 12 {
				t.Errorf("%d prompts asked, want 12", n)
			}
		})
	}
}

// llama-cpp-python begins a stream before it looks at the prompt and closes
// the connection if that is too long. Asked without a stream it says why:
// from then on every prompt is cut to the window that it names.
func TestAHangUpInsideAStreamTeachesTheWindow(t *testing.T) {
	for _, end := range []string{"close", "reset", "head"} {
		t.Run(end, func(t *testing.T) {
			const window = 600 // tokens of five bytes
			var refused, cut atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var q struct {
					Stream   bool
					Messages []struct{ Content string }
				}
				if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.Messages) != 1 {
					http.NotFound(w, r) // the list of models too: nothing is known of the window
					return
				}
				tokens := len(q.Messages[0].Content) / 5
				switch {
				case tokens+32 <= window:
					cut.Add(1)
					_, _ = io.WriteString(w, `{"choices":[{"index":0,"message":{"content":"Paris"},"finish_reason":"stop"}]}`)
				case !q.Stream:
					refused.Add(1)
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprintf(w, `{"error":{"message":"This model's maximum context length is %d tokens. However, you requested %d tokens (%d in the messages, 32 in the completion)."}}`, window, tokens+32, tokens)
				case end == "head":
					sendEvents(w, "")
					hangUp(w, true)
				default:
					hangUp(w, end == "reset")
				}
			}))
			defer s.Close()
			out := filepath.Join(t.TempDir(), "run")
			cmd := command(t, "run", "longbench", "--data", "builtin", "--tasks", "hotpotqa", "--model", "openai:m@"+s.URL+"/v1",
				"--no-cache", "--concurrency", "1", "--max-retries", "0", "--out", out)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			list := answers(t, filepath.Join(out, "journal.jsonl"))
			for _, a := range list {
				if a.Status != runners.TruncatedInput || a.CutTokens == 0 {
					t.Errorf("%s: %s, %d tokens cut", a.SampleID, a.Status, a.CutTokens)
				}
			}
			if len(list) != 12 || cut.Load() != 12 || refused.Load() == 0 || refused.Load() == 12 {
				t.Errorf("%d answers, %d prompts fitted, %d were refused: want 12, 12 and a few", len(list), cut.Load(), refused.Load())
			}
		})
	}
}

// Too many requests with Retry-After: nobody comes back sooner, and nothing
// is lost.
func TestRetryAfterIsWaitedFor(t *testing.T) {
	e := newEndpoint(t, func(e *endpoint) {
		e.fault = func(w http.ResponseWriter, _ *http.Request, _ string, n int) bool {
			if n == 0 {
				w.Header().Set("Retry-After", "1")
				http.Error(w, `{"error":{"message":"slow down"}}`, http.StatusTooManyRequests)
			}
			return n == 0
		}
	})
	out := filepath.Join(t.TempDir(), "run")
	cmd := asking(t, e, out, "--limit", "3", "--max-retries", "0")
	if text, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(text, []byte("hotpotqa")) {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, a := range answers(t, filepath.Join(out, "journal.jsonl")) {
		if a.Status != runners.OK || a.RateLimited == 0 || a.Retries == 0 {
			t.Errorf("%s: %s after %d retries, %d of them rate limits", a.SampleID, a.Status, a.Retries, a.RateLimited)
		}
	}
}
