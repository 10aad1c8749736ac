package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// reply is an answer or a chunk of either API, read back.
type reply struct {
	Object  string
	Choices []struct {
		Index    int
		Text     string
		Message  *message
		Delta    *message
		Logprobs *completionLogProbs
		Finish   *string `json:"finish_reason"`
	}
	Usage *usage
	Error *faultReply
}

type faultReply struct{ Message, Type, Param, Code string }

func decodeBody(t *testing.T, raw []byte) reply {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	var r reply
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return r
}

// send makes a request and returns status, headers and body.
func send(t *testing.T, r *http.Request) (int, http.Header, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, raw
}

func newRequest(t *testing.T, method, url, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// post returns the answer's JSON: one object, or one an event.
func post(t *testing.T, url string, status int, body string) [][]byte {
	t.Helper()
	got, header, raw := send(t, newRequest(t, http.MethodPost, url, body))
	if got != status {
		t.Fatalf("%s\ngot status %d, want %d: %s", body, got, status, raw)
	}
	if header.Get("Content-Type") != "text/event-stream" {
		return [][]byte{raw}
	}
	events, ended := eventsOf(t, raw)
	if !ended {
		t.Fatalf("the stream has no end: %s", raw)
	}
	return events
}

// eventsOf takes a stream apart, and says whether it ended as it should.
func eventsOf(t *testing.T, raw []byte) (events [][]byte, ended bool) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		line := lines.Text()
		data, ok := strings.CutPrefix(line, "data: ")
		switch {
		case line == "" || strings.HasPrefix(line, ":"):
		case !ok || ended:
			t.Fatalf("stream: unexpected line %q", line)
		case data == "[DONE]":
			ended = true
		default:
			events = append(events, []byte(data))
		}
	}
	return events, ended
}

func postFault(t *testing.T, url string, status int, body string) faultReply {
	t.Helper()
	r := decodeBody(t, post(t, url, status, body)[0])
	if r.Error == nil {
		t.Fatalf("%s\nno error in the answer", body)
	}
	return *r.Error
}

func (m *message) text() string {
	if m == nil || m.Content == nil {
		return ""
	}
	return *m.Content
}
