package openai

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/lcbench/lcbench/runners"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzAnswer lets a server answer anything: there is an answer or a CallError.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(delta("Bergen")+finishStop+usageChunk+done), 200, "text/event-stream")
	f.Add([]byte(`{"choices":[{"message":{"content":["x"]}}]}`), 200, "application/json")
	f.Add([]byte("data: {\"error\":7}\n\ndata: x"), 200, "")
	f.Add([]byte("<html><title>x"), 502, "text/html")
	f.Add([]byte(`{"error":{"message":["a",1]}}`), 400, "application/json")
	f.Fuzz(func(t *testing.T, body []byte, status int, contentType string) {
		if status < 200 || status > 599 {
			return
		}
		m, err := New(Options{Name: "m", BaseURL: "http://127.0.0.1:1/v1", Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		m.wire.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status, Header: http.Header{"Content-Type": {contentType}},
				Body: io.NopCloser(bytes.NewReader(body)), Request: r,
			}, nil
		})
		_, err = m.Generate(t.Context(), runners.Request{Prompt: "p", Chat: true, MaxTokens: 4})
		var call *runners.CallError
		if err != nil && (!errors.As(err, &call) || call.Kind == "" || err.Error() == "") {
			t.Errorf("got %T %v, want a *CallError", err, err)
		}
	})
}
