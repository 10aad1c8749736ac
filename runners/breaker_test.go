package runners

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// failures is a model that returns one error after the other; nil is an answer.
func failures(errs ...error) (answering, *int) {
	calls := new(int)
	return func(context.Context, Request) (Response, error) {
		err := errs[*calls%len(errs)]
		*calls++
		return Response{}, err
	}, calls
}

func TestEqualFailuresInARowOpenTheBreaker(t *testing.T) {
	i := 0
	m := answering(func(context.Context, Request) (Response, error) {
		i++
		return Response{}, callError(ErrTransient, 500, 0, fmt.Sprintf("request req_%d broke after %d ms", i, i*7))
	})
	b := NewBreaker(m, 3)
	for range 3 {
		if _, err := b.Generate(t.Context(), Request{}); err == nil || errors.Is(err, ErrStop) {
			t.Fatalf("got %v, want the failure itself", err)
		}
	}
	_, err := b.Generate(t.Context(), Request{})
	var call *CallError
	if !errors.Is(err, ErrBreakerOpen) || !errors.Is(err, ErrStop) || !errors.As(err, &call) || call.Status != 500 {
		t.Errorf("got %v, want ErrBreakerOpen around the last failure", err)
	}
	if want := "3 equal failures in a row, the last one: HTTP 500: request req_3 broke"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %q, want it to begin with %q", err, want)
	}
	if i != 3 {
		t.Errorf("%d calls reached the model, want 3", i)
	}
}

func TestWhatKeepsTheBreakerClosed(t *testing.T) {
	oops, other := callError(ErrTransient, 500, 0, "oops"), callError(ErrTransient, 500, 0, "out of memory")
	cases := map[string][]error{
		"a success in between":                {oops, oops, nil},
		"another text in between":             {oops, oops, other},
		"another status in between":           {oops, oops, callError(ErrTransient, 502, 0, "oops")},
		"overflows, which are the sample's":   {callError(ErrOverflow, 400, 0, "long")},
		"answers that a file doesn't have":    {callError(ErrRequest, 0, 0, "no answer")},
		"a user who cancels":                  {context.Canceled},
		"cancelled calls between two success": {nil, context.Canceled, oops},
	}
	for name, errs := range cases {
		m, calls := failures(errs...)
		b := NewBreaker(m, 3)
		for range 30 {
			if _, err := b.Generate(t.Context(), Request{}); errors.Is(err, ErrStop) {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
		if *calls != 30 {
			t.Errorf("%s: %d calls of 30", name, *calls)
		}
	}
}

func TestFatalFailureStopsAtOnce(t *testing.T) {
	m, calls := failures(callError(ErrFatal, 401, 0, "wrong key"))
	b := NewBreaker(m, 0)
	for range 3 {
		_, err := b.Generate(t.Context(), Request{})
		var call *CallError
		if !errors.Is(err, ErrStop) || errors.Is(err, ErrBreakerOpen) || !errors.As(err, &call) || err.Error() != "HTTP 401: wrong key" {
			t.Errorf("got %v", err)
		}
	}
	if *calls != 1 {
		t.Errorf("%d calls, want 1", *calls)
	}
}
