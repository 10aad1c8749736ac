package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/runners/baseline"
	"github.com/lcbench/lcbench/runners/local"
	"github.com/lcbench/lcbench/runners/mock"
	"github.com/lcbench/lcbench/runners/openai"
	"github.com/lcbench/lcbench/runners/replay"
)

type datasetsOrigin = datasets.Origin

// openedModel is a model with its wrappers and what has to be closed.
type openedModel struct {
	model   runners.Model
	limiter *runners.Limiter
	notes   func() []string
	close   func() error
	failed  error // the cache could not be written
}

// calls say how an endpoint is called, as far as a judge's is called otherwise
// than the model's.
type calls struct {
	concurrency, rpm, tpm int
	window, modelArgs     string
	key                   string
}

// modelCalls reads them for --model.
func modelCalls(c *cli.Context) calls {
	return calls{
		concurrency: max(1, c.Int("concurrency")), rpm: c.Int("rpm"), tpm: c.Int("tpm"),
		window: c.String("window"), modelArgs: c.String("model-args"), key: os.Getenv("OPENAI_API_KEY"),
	}
}

// openModel builds the model that s.model names.
func (s *settings) openModel(ctx context.Context, c *cli.Context, how calls) (*openedModel, error) {
	m := &openedModel{notes: func() []string { return nil }, close: func() error { return nil }}
	var err error
	switch s.model.kind {
	case "baseline":
		m.model = baseline.New()
	case "replay":
		var r *replay.Model
		if r, err = replay.Open(s.model.name); err == nil {
			m.model, m.close = r, r.Close
		}
		err = usage(err)
	case "local":
		l := local.New(s.local)
		m.model, m.notes, m.close = l, l.Notes, s.local.Close
	case "mock":
		m.model, err = mock.New(s.model.name)
		err = usage(err)
	default:
		err = s.openEndpoint(ctx, c, m, how)
	}
	return m, err
}

// openEndpoint wraps an API model: cache → breaker → retry → limiter → API.
func (s *settings) openEndpoint(ctx context.Context, c *cli.Context, m *openedModel, how calls) error {
	o := openai.Options{
		Name: s.model.name, BaseURL: s.model.base, Key: how.key,
		Organization: os.Getenv("OPENAI_ORG_ID"), CutAnswer: s.cutAnswer, MaxIdleConns: max(512, how.concurrency),
		Deadlines: openai.Deadlines{
			Connect: c.Duration("timeout-connect"), FirstTokenBase: c.Duration("timeout-first-token"), Idle: c.Duration("timeout-idle"),
		},
		OnRate: func(i runners.RateInfo) { m.limiter.Observe(i) },
	}
	for _, a := range s.model.args {
		switch a.key {
		case "base_url", "model", "pretrained":
		case "api":
			o.API = a.value
		case "stream":
			o.NoStream = a.value == "false"
		case "organization":
			o.Organization = a.value
		default:
			return usagef("--model-args %s: want base_url, api, stream or organization", a.key)
		}
	}
	if s.model.official() && o.Key == "" {
		return usagef("%s needs a key: set OPENAI_API_KEY (or name another endpoint: openai:%s@http://127.0.0.1:8000/v1)", s.model, s.model.name)
	}
	api, err := openai.New(o)
	if err != nil {
		return usage(err)
	}
	m.limiter = runners.NewLimiter(api, runners.LimiterOptions{
		Max: how.concurrency, RPM: float64(how.rpm), TPM: float64(how.tpm),
	})
	m.notes = api.Notes
	m.model = runners.NewBreaker(runners.NewRetry(m.limiter, runners.RetryOptions{Attempts: c.Int("max-retries") + 1, Seed: s.options.Seed}), 0)
	if err := s.findWindow(ctx, how.window, api); err != nil {
		return err
	}
	return s.openCache(c, m, how.modelArgs)
}

// findWindow takes the window that was given, or asks the endpoint.
func (s *settings) findWindow(ctx context.Context, text string, api *openai.Model) error {
	s.asker.Window = &atomic.Int64{}
	if text != "" {
		n, err := parseLengths([]string{text})
		if err != nil {
			return usagef("--window: %w", err)
		}
		s.asker.Window.Store(int64(n[0]))
		return nil
	}
	window, err := api.Window(ctx)
	if err != nil {
		return hinted(err)
	}
	s.asker.Window.Store(int64(window))
	return nil
}

// cutAnswer keeps the first n tokens of an answer.
func (s *settings) cutAnswer(text string, n int) string {
	ends := s.options.Tokenizer.Ends(text)
	if len(ends) <= n || n <= 0 {
		return text
	}
	return strings.ToValidUTF8(text[:ends[n-1]], "")
}

func (s *settings) openCache(c *cli.Context, m *openedModel, modelArgs string) error {
	if c.Bool("no-cache") {
		return nil
	}
	home, err := cacheHome()
	if err != nil {
		return err
	}
	cache, err := results.OpenCache(filepath.Join(home, "responses"), s.model.base, s.model.name)
	if err != nil {
		return fmt.Errorf("%w; --no-cache goes without", err)
	}
	scope := strings.Join([]string{s.model.base, s.model.name, modelArgs}, "\x00")
	var warned atomic.Bool
	m.model = &runners.Cached{Next: m.model, Cache: cache, Scope: scope, OnError: func(err error) {
		if warned.CompareAndSwap(false, true) {
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(err.Error()))
		}
	}}
	m.close = func() error { return cache.Close() }
	return nil
}

// hubOptions reads the environment, and tells of downloads.
func hubOptions(errOut io.Writer) datasets.HubOptions {
	o := datasets.HubOptionsFromEnv(os.Getenv)
	last := map[string]int64{}
	o.Progress = func(name string, done, total int64) {
		// One line for each tenth of the file.
		if total <= 0 || done != total && done-last[name] < total/10 {
			return
		}
		last[name] = done
		fmt.Fprintf(errOut, "lcbench: %s: %d of %d MB\n", name, done/1e6, total/1e6)
	}
	return o
}
