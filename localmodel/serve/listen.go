package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// Grace is how long answers under way may take when a server is told to end.
const Grace = 30 * time.Second

// afterGrace is how long what was cut short may take to notice.
const afterGrace = 5 * time.Second

// DefaultPort is the port where an address has none.
const DefaultPort = "8080"

// Address completes an address: "" is 127.0.0.1:8080, ":9000" and "9000" are
// ports of loopback, a host alone has port 8080. To be reached from other
// machines an address must say so, as 0.0.0.0:8080 does.
func Address(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		if isPort(addr) {
			port = addr
		} else {
			host = strings.Trim(addr, "[]")
		}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = DefaultPort
	}
	return net.JoinHostPort(host, port)
}

func isPort(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// Listen opens the port of an address, completed by Address. Port 0 is any
// that is free; the listener knows which.
func Listen(addr string) (net.Listener, error) { return net.Listen("tcp", Address(addr)) }

// ListenAndServe serves at an address, completed by Address, until ctx ends;
// see Serve.
func ListenAndServe(ctx context.Context, addr string, h http.Handler) error {
	l, err := Listen(addr)
	if err != nil {
		return err
	}
	return Serve(ctx, l, h)
}

// Serve serves on a listener, which it closes, until ctx ends. Then nobody new
// is let in, and answers under way have Grace to come to their end; what isn't
// done by then is cancelled. It returns nil if everything was answered, and
// context.DeadlineExceeded if something was cut short.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	return serve(ctx, l, h, Grace)
}

func serve(ctx context.Context, l net.Listener, h http.Handler, grace time.Duration) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s := &http.Server{
		Handler:           h,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	broken := make(chan error, 1)
	go func() { broken <- s.Serve(l) }()
	select {
	case err := <-broken:
		return err
	case <-ctx.Done():
	}
	err := drain(s, grace, cancel)
	<-broken //nolint:errcheck // http.ErrServerClosed
	return err
}

// drain waits for what is under way, then cancels it.
func drain(s *http.Server, grace time.Duration, cancel context.CancelFunc) error {
	wait := func(d time.Duration) error {
		ctx, done := context.WithTimeout(context.Background(), d)
		defer done()
		return s.Shutdown(ctx)
	}
	err := wait(grace)
	if err == nil {
		return nil
	}
	cancel()
	if late := wait(afterGrace); late != nil {
		return errors.Join(err, s.Close())
	}
	return err
}
