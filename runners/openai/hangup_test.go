package openai

import (
	"net"
	"net/http"
	"testing"

	"github.com/lcbench/lcbench/runners"
)

// leave ends the connection in one of the ways that servers do.
func leave(t *testing.T, w http.ResponseWriter, how string) {
	t.Helper()
	switch how {
	case "behind the head", "with a reset behind the head":
		stream(w, "")
	case "behind a keep-alive":
		stream(w, ": ping\n\n")
	}
	conn := connOf(t, w)
	if tcp, ok := conn.(*net.TCPConn); ok && (how == "with a reset" || how == "with a reset behind the head") {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// A server that hangs up ahead of a stream's first event is asked once more
// in one piece, and then either answers or says why it won't.
func TestAHangUpAheadOfAStreamIsAskedAgainInOnePiece(t *testing.T) {
	for _, how := range []string{"at once", "with a reset", "behind the head", "with a reset behind the head", "behind a keep-alive"} {
		t.Run(how, func(t *testing.T) {
			var streamed, whole int
			refuse := false
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case bodyOf(t, r)["stream"] == true:
					streamed++
					leave(t, w, how)
				case refuse:
					whole++
					answerJSON(w, 400, `{"error":{"message":"Requested tokens (700) exceed context window of 512"}}`)
				default:
					whole++
					answerJSON(w, 200, `{"choices":[{"message":{"content":"Bergen"},"finish_reason":"stop"}]}`)
				}
			})
			got, err := ask(m)
			if err != nil || got.Text != "Bergen" || got.Retries != 1 || streamed != 1 || whole != 1 {
				t.Errorf("got %+v, %v after %d streams and %d whole answers", got, err, streamed, whole)
			}
			refuse = true
			_, err = ask(m)
			if call := wantCall(t, err, runners.ErrOverflow); call.Window != 512 || streamed != 2 || whole != 2 {
				t.Errorf("window %d, want 512, after %d streams and %d whole answers", call.Window, streamed, whole)
			}
		})
	}
}

// One that hangs up whatever it is asked fails for a passing reason: Retry
// comes back later.
func TestAServerThatAlwaysHangsUpIsTransient(t *testing.T) {
	for _, noStream := range []bool{false, true} {
		calls := 0
		m := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_ = bodyOf(t, r)
			calls++
			leave(t, w, "at once")
		}, func(o *Options) { o.NoStream = noStream })
		_, err := ask(m)
		wantCall(t, err, runners.ErrTransient)
		if want := map[bool]int{false: 2, true: 1}[noStream]; calls != want {
			t.Errorf("no stream %v: %d calls, want %d", noStream, calls, want)
		}
	}
}

// A connection that ends between tokens is no refusal in disguise: it isn't
// asked again here, half a stream is none.
func TestAHangUpBetweenTokensIsNotAskedAgain(t *testing.T) {
	calls := 0
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = bodyOf(t, r)
		calls++
		stream(w, delta("Ber"))
		_ = connOf(t, w).Close()
	})
	got, err := ask(m)
	wantCall(t, err, runners.ErrTransient, "the stream broke after 1 events")
	if calls != 1 || got.Text != "" {
		t.Errorf("%d calls and text %q, want one and none", calls, got.Text)
	}
}
