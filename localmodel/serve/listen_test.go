package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/localmodel"
)

func TestAddressesAreOfLoopbackUnlessTheySayOtherwise(t *testing.T) {
	for addr, want := range map[string]string{
		"": "127.0.0.1:8080", ":9000": "127.0.0.1:9000", "9000": "127.0.0.1:9000", "localhost": "localhost:8080",
		"0.0.0.0:80": "0.0.0.0:80", "::1": "[::1]:8080", "[::1]": "[::1]:8080", "[::1]:9000": "[::1]:9000", "gpu1:0": "gpu1:0",
	} {
		if got := Address(addr); got != want {
			t.Errorf("Address(%q) = %q, want %q", addr, got, want)
		}
	}
}

// running is a server with one request under way.
type running struct {
	url     string
	stop    context.CancelFunc
	ended   chan error
	answer  chan string // of the request
	release chan struct{}
}

func run(t *testing.T, grace time.Duration) running {
	t.Helper()
	r := running{ended: make(chan error, 1), answer: make(chan string, 1), release: make(chan struct{})}
	inside := make(chan struct{})
	h := New(fake{answer: func(ctx context.Context, _ localmodel.Prompt, _ localmodel.Params) (localmodel.Answer, error) {
		close(inside)
		select {
		case <-r.release:
			return localmodel.Answer{Text: "done"}, nil
		case <-ctx.Done():
			return localmodel.Answer{}, ctx.Err()
		}
	}}, Options{})
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop, r.url = stop, "http://"+l.Addr().String()
	go func() { r.ended <- serve(ctx, l, h, grace) }()
	go func() {
		resp, err := http.Post(r.url+"/v1/completions", "application/json", strings.NewReader(`{"prompt":"x"}`))
		if err != nil {
			r.answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		raw, _ := io.ReadAll(resp.Body)
		r.answer <- resp.Status + string(raw)
	}()
	<-inside
	return r
}

func TestAnswersUnderWayAreFinished(t *testing.T) {
	r := run(t, 30*time.Second)
	r.stop()
	refused := false
	for range 500 { // the port closes soon, not at once
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(r.url, "http://"), time.Second)
		if refused = err != nil; refused {
			break
		}
		_ = c.Close()
		time.Sleep(10 * time.Millisecond)
	}
	if !refused {
		t.Error("new connections are taken")
	}
	select {
	case err := <-r.ended:
		t.Fatalf("the server ended before its answer: %v", err)
	default:
	}
	close(r.release)
	if got := <-r.answer; !strings.HasPrefix(got, "200") || !strings.Contains(got, "done") {
		t.Errorf("got %s, want the answer", got)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("got %v, want nothing lost", err)
	}
}

func TestWhatOutlastsTheGraceIsCancelled(t *testing.T) {
	r := run(t, 20*time.Millisecond)
	r.stop()
	if got := <-r.answer; !strings.HasPrefix(got, "503") || !strings.Contains(got, "cancelled") {
		t.Errorf("got %s, want 503", got)
	}
	if err := <-r.ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want it said that something was cut short", err)
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := ListenAndServe(t.Context(), l.Addr().String(), http.NotFoundHandler()); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want it to name the address", err)
	}
}
