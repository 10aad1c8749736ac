package view

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// DefaultAddr is where a viewer listens.
const DefaultAddr = "127.0.0.1:8765"

// AddressError says what is wrong with an address to listen at.
type AddressError struct{ Addr, Why string }

func (e *AddressError) Error() string { return fmt.Sprintf("view: address %q: %s", e.Addr, e.Why) }

// Listen opens the port of HOST:PORT; without a host it is loopback's, and port
// 0 is any that is free. An address that other machines reach is an
// *AddressError unless remote is set; so is one that can't be read.
func Listen(addr string, remote bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &AddressError{addr, "want HOST:PORT, as in " + DefaultAddr}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if !remote && !isLoopback(host) {
		return nil, &AddressError{addr, "other machines could read every sample there"}
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	return l, nil
}

// grace is how long pages under way may take when a viewer is told to end.
const grace = 2 * time.Second

// Serve answers on a listener, which it closes, until ctx ends.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	broken := make(chan error, 1)
	go func() { broken <- s.Serve(l) }()
	select {
	case err := <-broken:
		return fmt.Errorf("view: %w", err)
	case <-ctx.Done():
	}
	last, done := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer done()
	if err := s.Shutdown(last); err != nil {
		_ = s.Close() // a page that nobody waits for any more
	}
	if err := <-broken; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("view: %w", err)
	}
	return nil
}
