package openai

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lcbench/lcbench/runners"
)

func TestEndpointWithoutCompletionsGetsChatTurns(t *testing.T) {
	refusals := map[string]func(http.ResponseWriter){
		"404": func(w http.ResponseWriter) {
			answerJSON(w, 404, `{"error":{"message":"This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?","type":"invalid_request_error","param":"model","code":null}}`)
		},
		"404 of a router": func(w http.ResponseWriter) { answerJSON(w, 404, `{"detail":"Not Found"}`) },
		"404 page": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(404)
			_, _ = io.WriteString(w, "<html><title>Nothing here</title></html>")
		},
		"405": func(w http.ResponseWriter) { answerJSON(w, 405, `{"detail":"Method Not Allowed"}`) },
		"400": func(w http.ResponseWriter) {
			answerJSON(w, 400, `{"error":{"message":"m is a chat model, use chat/completions"}}`)
		},
	}
	for name, refuse := range refusals {
		t.Run(name, func(t *testing.T) {
			var plain, chat atomic.Int32
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if r.URL.Path == "/v1/completions" {
					plain.Add(1)
					refuse(w)
					return
				}
				chat.Add(1)
				stream(w, delta("x"), finishStop, done)
			})
			req := runners.Request{Prompt: "p", MaxTokens: 4}
			if _, err := m.Generate(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					if got, err := m.Generate(t.Context(), req); err != nil || got.Text != "x" {
						t.Errorf("got %+v, %v", got, err)
					}
				})
			}
			group.Wait()
			if plain.Load() != 1 || chat.Load() != 9 {
				t.Errorf("%d plain and %d chat calls, want 1 and 9", plain.Load(), chat.Load())
			}
			if notes := m.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "chat turns") {
				t.Errorf("notes: %q, want one on chat turns", notes)
			}
		})
	}
}

func TestModelThatDoesNotExistIsNotTakenForAChatModel(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 404, `{"object":"error","message":"The model m does not exist.","type":"NotFoundError","code":404}`)
	})
	_, err := m.Generate(t.Context(), runners.Request{Prompt: "p"})
	wantCall(t, err, runners.ErrFatal, "HTTP 404", "does not exist")
	if len(m.Notes()) != 0 {
		t.Errorf("notes: %q", m.Notes())
	}
}

func TestRefusedParametersAreLeftOutOnce(t *testing.T) {
	cases := []struct {
		name    string
		refuses string // while the body has it
		status  int
		body    string
		note    string
		text    string
	}{
		{"stream_options of an old server", "stream_options", 400, `{"error":{"message":"Unrecognized request argument supplied: stream_options"}}`, "", "one\ntwo"},
		{"stream_options where extras are forbidden", "stream_options", 422, `{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}`, "", "one\ntwo"},
		{"a temperature", "temperature", 400, `{"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model.","param":"temperature","code":"unsupported_value"}}`, "temperature", "one\ntwo"},
		{"max_tokens", "max_tokens", 400, `{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens"}}`, "", "one\ntwo"},
		{"stop sequences are applied here then", "stop", 400, `{"error":{"message":"Unsupported parameter: 'stop' is not supported with this model."}}`, "", "one"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var calls int
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				calls++
				body := bodyOf(t, r)
				if _, there := body[c.refuses]; there {
					answerJSON(w, c.status, c.body)
					return
				}
				if body["max_tokens"] == nil && body["max_completion_tokens"] == nil {
					t.Error("no token limit is sent")
				}
				stream(w, delta("one\ntwo"), finishStop, done)
			})
			req := runners.Request{Prompt: "p", Chat: true, MaxTokens: 4, Stop: []string{"\n"}}
			if c.refuses != "stop" {
				req.Stop = nil
			}
			for range 3 {
				got, err := m.Generate(t.Context(), req)
				if err != nil || got.Text != c.text {
					t.Fatalf("got %+v, %v", got, err)
				}
			}
			if calls != 4 {
				t.Errorf("%d calls for 3 requests, want 4", calls)
			}
			if notes := strings.Join(m.Notes(), "\n"); (notes != "") != (c.note != "") || !strings.Contains(notes, c.note) {
				t.Errorf("notes %q, want one on %q", notes, c.note)
			}
		})
	}
}

func TestRefusedStreamIsAskedForInOnePiece(t *testing.T) {
	var calls int
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		if bodyOf(t, r)["stream"] == true {
			answerJSON(w, 400, `{"error":{"message":"streaming is not supported for this model"}}`)
			return
		}
		answerJSON(w, 200, `{"choices":[{"text":"x","finish_reason":"stop"}]}`)
	})
	for range 2 {
		if got, err := m.Generate(t.Context(), runners.Request{Prompt: "p", MaxTokens: 4}); err != nil || got.Text != "x" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if calls != 3 {
		t.Errorf("%d calls for 2 requests, want 3", calls)
	}
}

func TestParametersTheUserSetAreNotLeftOut(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 400, `{"error":{"message":"Unsupported parameter: 'temperature'","param":"temperature"}}`)
	}, func(o *Options) { o.Extra = map[string]any{"temperature": 0.3} })
	_, err := ask(m)
	wantCall(t, err, runners.ErrRequest, "temperature")
}

func TestServerThatRefusesWhatWasLeftOutIsNotAskedForEver(t *testing.T) {
	var calls atomic.Int32
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answerJSON(w, 400, `{"error":{"message":"Unknown parameter: 'stream'","param":"stream"}}`)
	})
	_, err := ask(m)
	wantCall(t, err, runners.ErrRequest, "stream")
	if calls.Load() != 2 {
		t.Errorf("%d calls, want 2", calls.Load())
	}
}
