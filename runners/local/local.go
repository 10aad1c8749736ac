// Package local asks a model that runs in this process.
package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/model"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/runners"
)

// Model is a runners.Model over an in-process one. It is safe for concurrent
// use: requests share the engine's batch.
type Model struct {
	local *localmodel.Model
}

var _ runners.Model = (*Model)(nil)

// New wraps a model; the caller closes it.
func New(m *localmodel.Model) *Model { return &Model{m} }

// Generate implements runners.Model. Sampling with a temperature is
// reproducible: without a seed of the request it is drawn by seed 0.
func (m *Model) Generate(ctx context.Context, r runners.Request) (runners.Response, error) {
	chat := r.Chat && m.local.HasChat() == nil
	q := localmodel.Params{
		MaxTokens: r.MaxTokens, Stop: r.Stop,
		Sampling: generate.Sampling{Temperature: r.Temperature, TopP: r.TopP},
	}
	if r.Seed != nil {
		q.Sampling.Seed = uint64(*r.Seed)
	}
	p := localmodel.Prompt{System: r.System, Text: r.Prompt, Fixed: r.Parts.Fixed, Chat: chat}
	a, err := m.local.Answer(ctx, p, q)
	if err != nil {
		return runners.Response{}, m.classify(ctx, p, err)
	}
	return runners.Response{
		Text: a.Text, FinishReason: a.Finish, Model: m.local.Info.Name,
		Usage: runners.Usage{Known: true, Prompt: a.PromptTokens, Cached: a.Cached, Completion: len(a.IDs)},
		// Waiting behind other samples is no part of how fast the model is.
		FirstToken: a.Prefill, Total: a.Total - a.Waited,
	}, nil
}

// classify says what an error means for the run: a prompt that doesn't fit
// the window, the memory or the vocabulary costs its sample, a model that
// computes nonsense ends the run.
func (m *Model) classify(ctx context.Context, p localmodel.Prompt, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, generate.ErrWindow):
		n, _ := m.local.Count(p) // it was counted before: there is no error any more
		return &runners.CallError{Kind: runners.ErrOverflow, Window: m.local.Info.Window, PromptTokens: n, Err: err}
	case errors.Is(err, generate.ErrMemory):
		return &runners.CallError{Kind: runners.ErrOverflow, Err: fmt.Errorf("%w; raise --kv-budget", err)}
	case errors.Is(err, tokenizer.ErrVocabulary):
		return &runners.CallError{Kind: runners.ErrOverflow, Err: err}
	case errors.Is(err, generate.ErrEmpty), errors.Is(err, generate.ErrNoContext):
		return &runners.CallError{Kind: runners.ErrRequest, Err: err}
	case errors.Is(err, model.ErrNotFinite):
		err = fmt.Errorf("%s: %w: the weights are broken, or the KV cache can't hold their numbers; check the file, or try --kv-type f32", m.local.Info.Name, err)
	}
	return &runners.CallError{Kind: runners.ErrFatal, Err: err}
}

// Notes says what a user should know about how prompts were sent.
func (m *Model) Notes() []string {
	if err := m.local.HasChat(); err != nil {
		return []string{fmt.Sprintf("%s: %v; every prompt was sent as plain completion", m.local.Info.Name, err)}
	}
	return nil
}

func didYouMean(name string) string { return benchmarks.DidYouMean(name, names()) }
