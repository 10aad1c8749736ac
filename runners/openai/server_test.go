package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// testKey has characters that JSON may escape.
const testKey = "sk-test/0123456789+secret"

// delta and what follows it are events of well-behaved servers.
func delta(text string) string {
	b, _ := json.Marshal(text)
	return fmt.Sprintf("data: {\"model\":\"served\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", b)
}

const (
	finishStop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	usageChunk = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7,\"total_tokens\":107,\"prompt_tokens_details\":{\"cached_tokens\":64},\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n\n"
	done       = "data: [DONE]\n\n"
)

func stream(w http.ResponseWriter, parts ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, p := range parts {
		_, _ = io.WriteString(w, p)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
}

func answerJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// bodyOf decodes a request.
func bodyOf(t *testing.T, r *http.Request) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Errorf("request body: %v", err)
	}
	return v
}

// serve starts a server and a model that asks it.
func serve(t *testing.T, h http.HandlerFunc, set ...func(*Options)) *Model {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	o := Options{Name: "m", BaseURL: s.URL + "/v1", Key: testKey}
	for _, f := range set {
		f(&o)
	}
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.wire.client.CloseIdleConnections)
	return m
}

func ask(m *Model) (runners.Response, error) {
	return m.Generate(context.Background(), runners.Request{SampleID: "s/1", Prompt: "Which port?", Chat: true, MaxTokens: 16})
}

// wantCall asserts the kind of an error and parts of its text.
func wantCall(t *testing.T, err error, kind runners.ErrorKind, parts ...string) *runners.CallError {
	t.Helper()
	var call *runners.CallError
	if !errors.As(err, &call) {
		t.Fatalf("got error %v (%T), want a *CallError of kind %s", err, err, kind)
	}
	if call.Kind != kind {
		t.Errorf("got kind %s, want %s: %v", call.Kind, kind, err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q has no %q in it", err, p)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the key: %v", err)
	}
	return call
}

func short(o *Options) {
	o.Deadlines = Deadlines{
		Connect: 2 * time.Second, FirstTokenBase: 60 * time.Millisecond,
		FirstTokenPerKTok: time.Millisecond, Idle: 60 * time.Millisecond,
	}
}
