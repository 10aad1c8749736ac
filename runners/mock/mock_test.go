package mock

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lcbench/lcbench/runners"
)

func TestMocksDoAsTheyAreTold(t *testing.T) {
	for spec, want := range map[string]string{
		"echo": "a b", "fixed?text=Bergen+it+is": "Bergen it is", "error?every=2": "a b",
	} {
		m, err := New(spec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Generate(t.Context(), runners.Request{Prompt: "a b", PromptTokens: 2})
		if err != nil || got.Text != want || got.Usage.Prompt != 2 || m.Calls() != 1 {
			t.Errorf("%s: got %+v, %v", spec, got, err)
		}
	}
}

func TestErrorsComeEveryNthCall(t *testing.T) {
	m, err := New("error?status=429&every=3&retry-after=2s")
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 6; n++ {
		_, err := m.Generate(t.Context(), runners.Request{})
		var call *runners.CallError
		if failed := errors.As(err, &call); failed != (n%3 == 0) {
			t.Errorf("call %d: %v", n, err)
		} else if failed && (call.Kind != runners.ErrRateLimit || call.RetryAfter != 2*time.Second) {
			t.Errorf("call %d: %+v", n, call)
		}
	}
}

func TestLatencyIsWaitedForAndCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := New("echo?latency=200ms")
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Generate(t.Context(), runners.Request{})
		if err != nil || got.Total != 200*time.Millisecond {
			t.Errorf("got %+v, %v", got, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := m.Generate(ctx, runners.Request{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestUnknownSpecsAreNamed(t *testing.T) {
	for spec, want := range map[string]string{
		"parrot": "want echo, fixed or error", "echo?latency=x": "latency", "error?every=0": "1 or more",
		"fixed?words=x": "no such setting", "error?status=abc": "status",
	} {
		if _, err := New(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", spec, err, want)
		}
	}
}
