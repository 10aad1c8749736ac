package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// connOf takes the connection away from the server.
func connOf(t *testing.T, w http.ResponseWriter) net.Conn {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestConnectionsThatBreak(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	cases := []struct{ name, sent string }{
		{"before the head", ""},
		{"in the head", "HTTP/1.1 200 OK\r\nContent-Ty"},
		{"behind the head", head},
		{"in the body", head + fmt.Sprintf("%x\r\n%s\r\n", len(delta("Ber")), delta("Ber"))},
		{"in a chunk", head + "ff\r\ndata: {\"cho"},
	}
	for _, c := range cases {
		for _, reset := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reset %v", c.name, reset), func(t *testing.T) {
				m := serve(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					conn := connOf(t, w)
					_, _ = io.WriteString(conn, c.sent)
					if tcp, ok := conn.(*net.TCPConn); ok && reset {
						_ = tcp.SetLinger(0) // the close sends a reset
					}
					_ = conn.Close()
				})
				_, err := ask(m)
				wantCall(t, err, runners.ErrTransient, m.Endpoint())
			})
		}
	}
}

func TestStallsNameTheDeadlineThatPassed(t *testing.T) {
	cases := []struct {
		name  string
		parts []string
		want  string
	}{
		{"before the head", nil, "no token within 0.062 s"},
		{"behind the head", []string{": ping\n\n"}, "no token within 0.062 s"},
		{"behind an event without text", []string{delta("")}, "no token within 0.062 s"},
		{"between tokens", []string{delta("Ber")}, "stream stalled for 0.06 s"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			release := make(chan struct{})
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if c.parts != nil {
					stream(w, c.parts...)
				}
				select {
				case <-release:
				case <-r.Context().Done():
				}
			}, short, func(o *Options) {
				if c.parts != nil && c.parts[0] == delta("Ber") { // its first token may take as long as the machine does
					o.Deadlines.FirstTokenBase = time.Minute
				}
			})
			defer close(release)
			_, err := m.Generate(t.Context(), runners.Request{Prompt: "p", Chat: true, PromptTokens: 2000})
			wantCall(t, err, runners.ErrTransient, c.want)
		})
	}
}

func TestStallBehindAFinishedAnswerLosesNothing(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		stream(w, delta("Bergen")+finishStop) // in one piece: no stall between them
		<-r.Context().Done()
	}, short, func(o *Options) { o.Deadlines.FirstTokenBase = time.Minute })
	if got, err := ask(m); err != nil || got.Text != "Bergen" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnswerInOnePieceHasItsOwnDeadline(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}, short, func(o *Options) { o.NoStream = true })
	_, err := m.Generate(t.Context(), runners.Request{Prompt: "p", Chat: true, MaxTokens: 1})
	wantCall(t, err, runners.ErrTransient, "no answer within 0.16 s")
}

func TestConnectionThatNeverStands(t *testing.T) {
	// A listener that accepts and then says nothing to a TLS greeting.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	m, err := New(Options{Name: "m", BaseURL: "https://" + l.Addr().String(), Deadlines: Deadlines{Connect: 50 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(m)
	call := wantCall(t, err, runners.ErrTransient)
	if text := call.Error(); !strings.Contains(text, "no connection within 0.05 s") && !strings.Contains(text, "TLS handshake timeout") {
		t.Errorf("got %q", text)
	}
}

func TestHTTPSToAPlainServerIsFatal(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	m, err := New(Options{Name: "m", BaseURL: strings.Replace(s.URL, "http:", "https:", 1)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(m)
	wantCall(t, err, runners.ErrFatal, "http://")
}

func TestCancelledContextIsReturnedAsItIs(t *testing.T) {
	started := make(chan struct{}, 1)
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		stream(w, delta("Ber"))
		started <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	got, err := m.Generate(ctx, runners.Request{Prompt: "p", Chat: true})
	if err == nil || !errors.Is(err, context.Canceled) || err.Error() != context.Canceled.Error() || got.Text != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := m.Generate(ctx, runners.Request{Prompt: "p"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a call under a cancelled context: %v", err)
	}
}

func TestStreamWithoutABodyIsAskedAgainInOnePiece(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if bodyOf(t, r)["stream"] == true {
			stream(w) // a head and no events
			return
		}
		answerJSON(w, 400, `{"error":{"message":"maximum context length is 512 tokens"}}`)
	})
	_, err := ask(m)
	if call := wantCall(t, err, runners.ErrOverflow); call.Window != 512 {
		t.Errorf("got window %d, want 512", call.Window)
	}
}

// llama-cpp-python's server ends the stream properly, and the connection a
// moment later: the next request on it would find nobody there.
func TestConnectionBehindAnEmptyStreamIsNotUsedAgain(t *testing.T) {
	const empty = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	for _, reset := range []bool{false, true} {
		t.Run(fmt.Sprintf("reset %v", reset), func(t *testing.T) {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if bodyOf(t, r)["stream"] != true {
					answerJSON(w, 400, `{"error":{"message":"maximum context length is 512 tokens"}}`)
					return
				}
				conn := connOf(t, w)
				_, _ = io.WriteString(conn, empty)
				_, _ = conn.Read(make([]byte, 1)) // until the next request comes, or the client leaves
				if tcp, ok := conn.(*net.TCPConn); ok && reset {
					_ = tcp.SetLinger(0)
				}
				_ = conn.Close()
			})
			_, err := ask(m)
			if call := wantCall(t, err, runners.ErrOverflow); call.Window != 512 {
				t.Errorf("got window %d, want 512", call.Window)
			}
		})
	}
}
