// Package runners sends samples to models and keeps what comes back: the
// nouns Model, Answer and Journal, and the engine that ties them together
// (stream → limiter → model → journal → score). One folder below it is one
// kind of model.
package runners

import (
	"context"
	"time"
)

// Model answers requests. Implementations are safe for concurrent use.
type Model interface {
	// Generate answers one request. A cancelled context is returned as its own
	// error; everything else that went wrong as a *CallError.
	Generate(ctx context.Context, r Request) (Response, error)
}

// Request is one rendered prompt with its generation parameters.
type Request struct {
	SampleID string
	System   string
	Prompt   string
	// PromptSHA256 is the hex hash of System and Prompt.
	PromptSHA256 string
	// Chat selects a chat turn; false is a plain completion.
	Chat      bool
	MaxTokens int // of the answer
	// ReasoningTokens is what may be spent on thinking besides MaxTokens.
	ReasoningTokens int
	Temperature     float64
	TopP            float64 // 0: the endpoint's default
	Seed            *int
	Stop            []string
	// PromptTokens is the prompt's size as far as it is known (an estimate
	// serves): deadlines and rate limits scale with it.
	PromptTokens int
	// Parts is the prompt taken apart, for models that search in it.
	Parts Parts
}

// Parts is a prompt taken apart. It never holds a reference answer.
type Parts struct {
	Context string
	// Fixed is how many bytes at the beginning of Request.Prompt are the context
	// with what stands before it; 0: there is no context.
	Fixed    int
	Query    string
	Category string
	Task     string
	Language string
	Classes  []string
}

// Response is a model's answer to one request.
type Response struct {
	Text         string
	Reasoning    string // thinking text, kept apart and not scored
	FinishReason string // stop, length, …; as the endpoint calls it
	Model        string // the model that the endpoint says it served
	Usage        Usage
	FirstToken   time.Duration
	Total        time.Duration
	Retries      int // calls made before the one that answered
	RateLimited  int // those of them that were answered 429
	// FromCache says that nothing was sent: an earlier run's answer was used.
	FromCache bool
}

// Usage counts tokens as the endpoint reports them. Known is false where it
// reported nothing; the counts are estimates then.
type Usage struct {
	Known      bool `json:"known"`
	Prompt     int  `json:"prompt"`
	Cached     int  `json:"cached"` // part of Prompt that came from a prefix cache
	Completion int  `json:"completion"`
	Reasoning  int  `json:"reasoning"` // part of Completion
}

// Add returns the sum of two counts; it is known if both are.
func (u Usage) Add(v Usage) Usage {
	return Usage{
		Known:      u.Known && v.Known,
		Prompt:     u.Prompt + v.Prompt,
		Cached:     u.Cached + v.Cached,
		Completion: u.Completion + v.Completion,
		Reasoning:  u.Reasoning + v.Reasoning,
	}
}
