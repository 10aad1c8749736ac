package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/lcbench/lcbench/runners"
)

// errNoChoices is an answer without an answer in it.
var errNoChoices = errors.New("the answer has an empty choices list")

// events is what both of go-openai's streams offer.
type events interface {
	RecvRaw() ([]byte, error)
	Close() error
}

// send makes one call and reads its answer.
func (m *Model) send(ctx context.Context, c *call) (runners.Response, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	c.dog = watch(cancel, m.o.Deadlines, c)
	defer c.dog.stop()
	stream, err := m.open(withCall(inner, c), c)
	if err != nil {
		return runners.Response{}, m.failed(ctx, inner, hungUp(c, err))
	}
	a := gathering{start: start, dog: c.dog, streamed: c.stream}
	err = a.read(stream, c.body)
	var fault *streamFault
	switch {
	case errors.As(err, &fault):
		err = m.wire.streamError(fault, c.user)
	case err != nil && a.pieces == 0 && !a.chosen:
		err = m.failed(ctx, inner, hungUp(c, err))
	case err != nil:
		err = m.failed(ctx, inner, err)
	default:
		c.dog.closing()
		c.body.drain()
	}
	// What Close could report was of interest to the connection only.
	_ = stream.Close()
	if err != nil {
		return runners.Response{}, err // half an answer is none
	}
	return a.response(), nil
}

// hungUp marks the end of a connection ahead of a stream's first event: a
// server that fails inside its stream (llama-cpp-python on a prompt that is
// too long) can't say why any more, but would without a stream. Where it left
// part of the request unread, its end arrives as a reset.
func hungUp(c *call, err error) error {
	gone := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	if c.stream && gone {
		return &runners.CallError{Kind: runners.ErrTransient, Err: fmt.Errorf("%w: %w", errEmptyAnswer, err)}
	}
	return err
}

func (m *Model) open(ctx context.Context, c *call) (events, error) {
	if c.chat {
		stream, err := m.client.CreateChatCompletionStream(ctx, c.chatRequest())
		if err != nil {
			return nil, err
		}
		return stream, nil
	}
	stream, err := m.client.CreateCompletionStream(ctx, c.completionRequest())
	if err != nil {
		return nil, err
	}
	return stream, nil
}

// failed gives a failure its proper cause: the user's cancellation, a deadline
// of ours, or what the network said.
func (m *Model) failed(ctx, inner context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var stall *stallError
	if errors.As(context.Cause(inner), &stall) {
		return &runners.CallError{Kind: runners.ErrTransient, Err: fmt.Errorf("%s: %w", m.wire.place, stall)}
	}
	var call *runners.CallError
	if errors.As(err, &call) {
		return call
	}
	return m.wire.networkError(err)
}

// chunk is one event of either API; message is there where a server answered
// in one piece.
type chunk struct {
	Model   string          `json:"model"`
	Object  string          `json:"object"`
	Choices []choice        `json:"choices"`
	Usage   *usage          `json:"usage"`
	Error   json.RawMessage `json:"error"`
}

type choice struct {
	Index        int     `json:"index"`
	Text         string  `json:"text"`
	Delta        message `json:"delta"`
	Message      message `json:"message"`
	FinishReason *string `json:"finish_reason"`
}

type message struct {
	Content          content `json:"content"`
	Refusal          string  `json:"refusal"`
	ReasoningContent string  `json:"reasoning_content"`
	Reasoning        string  `json:"reasoning"`
}

// content is a string, or a list of parts as Mistral's reasoning models send.
type content struct{ text, thinking string }

// UnmarshalJSON implements json.Unmarshaler.
func (c *content) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] != '[' {
		return json.Unmarshal(raw, &c.text)
	}
	var parts []struct {
		Text     string  `json:"text"`
		Thinking content `json:"thinking"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return err
	}
	for _, p := range parts {
		c.text += p.Text
		c.thinking += p.Thinking.text
	}
	return nil
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	// DeepSeek's name for cached_tokens.
	PromptCacheHitTokens int                               `json:"prompt_cache_hit_tokens"`
	PromptDetails        *goopenai.PromptTokensDetails     `json:"prompt_tokens_details"`
	CompletionDetails    *goopenai.CompletionTokensDetails `json:"completion_tokens_details"`
}

func (u *usage) count() runners.Usage {
	if u == nil || u.PromptTokens == 0 && u.CompletionTokens == 0 {
		return runners.Usage{}
	}
	out := runners.Usage{
		Known: true, Prompt: u.PromptTokens, Cached: u.PromptCacheHitTokens, Completion: u.CompletionTokens,
	}
	if u.PromptDetails != nil {
		out.Cached = max(out.Cached, u.PromptDetails.CachedTokens)
	}
	if u.CompletionDetails != nil {
		out.Reasoning = u.CompletionDetails.ReasoningTokens
	}
	return out
}

// gathering puts an answer together from its events.
type gathering struct {
	start    time.Time
	dog      *watchdog
	streamed bool

	text, reasoning strings.Builder
	first           time.Duration
	model, finish   string
	usage           *usage
	chosen          bool // there was a choice
	finished        bool
	pieces          int
}

// streamFault is an error that a server sent in place of an event.
type streamFault struct{ body []byte }

func (e *streamFault) Error() string { return "the stream ended in an error" }

// read takes all events. A stream that ends, breaks or stalls behind the
// finished answer has done its work.
func (a *gathering) read(stream events, body *eventBody) error {
	for {
		raw, err := stream.RecvRaw()
		if err != nil {
			return a.end(err, body)
		}
		if raw == nil {
			// go-openai met an error that isn't shaped like OpenAI's, and ate it.
			return &streamFault{body: []byte(`"of an unknown kind"`)}
		}
		var c chunk
		if err := json.Unmarshal(raw, &c); err != nil {
			if a.finished {
				return nil
			}
			// encoding/json quotes what it met: a letter, no more.
			return fmt.Errorf("event %d of the stream is no proper JSON: %w", a.pieces+1, err)
		}
		if len(c.Error) > 0 && string(c.Error) != "null" || c.Object == "error" {
			return &streamFault{body: append([]byte(nil), raw...)}
		}
		a.add(&c)
	}
}

// end judges how a stream came to its end.
func (a *gathering) end(err error, body *eventBody) error {
	var api *goopenai.APIError
	switch {
	case errors.As(err, &api):
		return &streamFault{body: apiErrorBody(api)}
	case a.finished:
		return nil
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("the stream broke after %d events: %w", a.pieces, err)
	case !body.done():
		return fmt.Errorf("half a stream: it ended after %d events, ahead of a finish reason", a.pieces)
	case !a.chosen:
		return &runners.CallError{Kind: runners.ErrRequest, Status: 200, Err: errNoChoices}
	}
	return nil
}

// apiErrorBody encodes an error that go-openai has decoded from the stream
// the way the server sent it.
func apiErrorBody(e *goopenai.APIError) []byte {
	body, err := json.Marshal(goopenai.ErrorResponse{Error: e})
	if err != nil {
		return []byte(strconv.Quote(e.Message))
	}
	return body
}

func (a *gathering) add(c *chunk) {
	a.pieces++
	if a.model == "" {
		a.model = c.Model
	}
	if c.Usage != nil {
		a.usage = c.Usage
	}
	got := 0
	for i := range c.Choices {
		if ch := &c.Choices[i]; ch.Index == 0 {
			got += a.take(ch)
		}
	}
	switch {
	case a.finished:
		a.dog.finished()
	case a.first > 0 || got > 0:
		a.dog.token()
	}
	if got > 0 && a.first == 0 {
		a.first = time.Since(a.start)
	}
}

// take adds one choice's text and returns how many bytes it had.
func (a *gathering) take(ch *choice) int {
	a.chosen = true
	before := a.text.Len() + a.reasoning.Len()
	a.text.WriteString(ch.Text)
	for _, m := range []*message{&ch.Delta, &ch.Message} {
		a.text.WriteString(m.Content.text)
		a.text.WriteString(m.Refusal)
		a.reasoning.WriteString(m.Content.thinking)
		// Some servers send the same thought under both names.
		if m.ReasoningContent != "" {
			a.reasoning.WriteString(m.ReasoningContent)
		} else {
			a.reasoning.WriteString(m.Reasoning)
		}
	}
	if ch.FinishReason != nil && *ch.FinishReason != "" {
		a.finish, a.finished = *ch.FinishReason, true
	}
	return a.text.Len() + a.reasoning.Len() - before
}

// response is what was gathered so far.
func (a *gathering) response() runners.Response {
	r := runners.Response{
		Text: a.text.String(), Reasoning: strings.TrimSpace(a.reasoning.String()),
		FinishReason: a.finish, Model: a.model, Usage: a.usage.count(),
	}
	if a.streamed {
		r.FirstToken = a.first
	}
	return r
}
