// Package mock holds models that do as they are told. They are for tests: of
// the command line, the engine, and the wrappers around a model.
package mock

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// Model answers with fixed words, the prompt's own, or failures.
type Model struct {
	kind       string // echo, fixed, error
	text       string
	status     int
	every      int64
	latency    time.Duration
	retryAfter time.Duration
	calls      atomic.Int64
}

var _ runners.Model = (*Model)(nil)

// New reads what stands behind "mock:":
//
//	echo                            the prompt
//	fixed?text=Bergen               a text
//	error?status=500&every=3        each third call fails, the others echo;
//	                                every=1 without it
//
// Each takes latency=200ms, an error also retry-after=1s.
func New(spec string) (*Model, error) {
	kind, query, _ := strings.Cut(spec, "?")
	args, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("mock:%s: %w", kind, err)
	}
	m := &Model{kind: kind, status: 500, every: 1}
	switch kind {
	case "echo", "fixed", "error":
	default:
		return nil, fmt.Errorf("mock:%s: want echo, fixed or error", kind)
	}
	for name := range args {
		if err := m.set(name, args.Get(name)); err != nil {
			return nil, fmt.Errorf("mock:%s: %s: %w", kind, name, err)
		}
	}
	return m, nil
}

func (m *Model) set(name, value string) (err error) {
	switch name {
	case "text":
		m.text = value
	case "status":
		m.status, err = strconv.Atoi(value)
	case "every":
		m.every, err = strconv.ParseInt(value, 10, 64)
		if err == nil && m.every < 1 {
			err = errors.New("want 1 or more")
		}
	case "latency":
		m.latency, err = time.ParseDuration(value)
	case "retry-after":
		m.retryAfter, err = time.ParseDuration(value)
	default:
		err = errors.New("no such setting")
	}
	return err
}

// Calls is the number of calls so far.
func (m *Model) Calls() int { return int(m.calls.Load()) }

// Generate implements runners.Model.
func (m *Model) Generate(ctx context.Context, r runners.Request) (runners.Response, error) {
	start := time.Now()
	n := m.calls.Add(1)
	if err := wait(ctx, m.latency); err != nil {
		return runners.Response{}, err
	}
	if m.kind == "error" && n%m.every == 0 {
		return runners.Response{}, &runners.CallError{
			Kind: kindOf(m.status), Status: m.status, RetryAfter: m.retryAfter, Err: errors.New("mock error"),
		}
	}
	text := m.text
	if m.kind != "fixed" {
		text = r.Prompt
	}
	took := time.Since(start)
	return runners.Response{
		Text: text, FinishReason: "stop", Model: "mock", FirstToken: took, Total: took,
		Usage: runners.Usage{Known: true, Prompt: r.PromptTokens, Completion: len(strings.Fields(text))},
	}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func kindOf(status int) runners.ErrorKind {
	switch {
	case status == 429:
		return runners.ErrRateLimit
	case status == 401 || status == 403 || status == 404:
		return runners.ErrFatal
	case status == 0 || status == 408 || status == 409 || status == 425 || status >= 500:
		return runners.ErrTransient
	}
	return runners.ErrRequest
}
