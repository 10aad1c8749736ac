// Package openai is the model behind any OpenAI-compatible endpoint: chat and
// plain completions over sashabaranov/go-openai, which gives addresses, heads
// and the event stream. What that client can't express is done in the
// HTTPDoer below it: a temperature of exactly 0, parameters it doesn't know,
// prompts of a megabyte encoded once, servers that answer JSON or HTML where
// a stream was asked for.
package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/lcbench/lcbench/runners"
)

// DefaultBaseURL is where requests go if Options name no other place.
const DefaultBaseURL = "https://api.openai.com/v1"

// The values of Options.API.
const (
	APIAuto        = "auto"        // as the request says; chat if there is nothing else
	APIChat        = "chat"        // every request is a chat turn
	APICompletions = "completions" // every request is a plain completion
)

// Options say which model is asked, where, and how. Only Name is required.
type Options struct {
	// Name is the model's name as the endpoint knows it.
	Name string
	// BaseURL is the address that /chat/completions is appended to; empty is
	// DefaultBaseURL.
	BaseURL      string
	Key          string
	Organization string
	// API is one of the API constants; empty is APIAuto.
	API string
	// NoStream asks for answers in one piece.
	NoStream bool
	// Extra are further generation parameters by their JSON names (top_p,
	// reasoning_effort, chat_template_kwargs); they win over a request's own.
	Extra     map[string]any
	Deadlines Deadlines
	// MaxIdleConns is the number of connections kept open; 0 is 512.
	MaxIdleConns int
	// Tags enclose reasoning inside the text; nil is DefaultTags.
	Tags []Tags
	// CutAnswer returns the first n tokens of text. It is used where thinking
	// and answer share one limit, so that the answer keeps to its own; nil cuts
	// nothing.
	CutAnswer func(text string, n int) string
	// OnRate is told what an answer's x-ratelimit headers say.
	OnRate func(runners.RateInfo)
}

// Model asks an OpenAI-compatible endpoint.
type Model struct {
	o      Options
	client *goopenai.Client
	wire   *wire
	extra  map[string]json.RawMessage
	known  lessons
}

var _ runners.Model = (*Model)(nil)

// New checks the options; it sends nothing.
func New(o Options) (*Model, error) {
	if o.Name == "" {
		return nil, errors.New("openai: no model name")
	}
	base, err := baseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	o.BaseURL = base
	o.Key = strings.TrimSpace(o.Key)
	if strings.ContainsFunc(o.Key, func(r rune) bool { return r < '!' || r > '~' }) {
		return nil, errors.New("openai: the key holds a space or a character that no key has")
	}
	switch o.API {
	case "":
		o.API = APIAuto
	case APIAuto, APIChat, APICompletions:
	default:
		return nil, fmt.Errorf("openai: unknown API %q, want auto, chat or completions", o.API)
	}
	extra, err := encodeExtra(o.Extra)
	if err != nil {
		return nil, err
	}
	if o.Tags == nil {
		o.Tags = DefaultTags()
	}
	o.Deadlines = o.Deadlines.withDefaults()
	m := &Model{o: o, extra: extra, wire: newWire(o)}
	config := goopenai.DefaultConfig(o.Key)
	config.BaseURL = o.BaseURL
	config.OrgID = o.Organization
	config.HTTPClient = m.wire
	// Lines without data are keep-alives, and a long prompt is a long wait.
	config.EmptyMessagesLimit = 1 << 20
	m.client = goopenai.NewClientWithConfig(config)
	return m, nil
}

// Name is the model's name as the endpoint knows it.
func (m *Model) Name() string { return m.o.Name }

// Endpoint is the base URL without credentials, for manifests and cache keys.
func (m *Model) Endpoint() string { return m.wire.place }

// Notes lists what was learned about the endpoint and changes what is sent to
// it, each once: that plain completions go to the chat API, that a parameter
// was refused and left out.
func (m *Model) Notes() []string { return m.known.list() }

// Generate implements runners.Model.
func (m *Model) Generate(ctx context.Context, r runners.Request) (runners.Response, error) {
	if err := ctx.Err(); err != nil {
		return runners.Response{}, err
	}
	start := time.Now()
	resp, err := m.answer(ctx, r, !m.o.NoStream)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, errNoChoices):
		// It happens once in a while, and it happens always: try twice.
		resp, err = m.answer(ctx, r, !m.o.NoStream)
		resp.Retries++
	case errors.Is(err, errEmptyAnswer) && !m.o.NoStream:
		// Some servers (llama-cpp-python) begin a stream before they look at the
		// prompt and then say nothing at all; without a stream they say why. Not
		// on that connection, though, which they are about to close.
		m.wire.client.CloseIdleConnections()
		resp, err = m.answer(ctx, r, false)
		resp.Retries++
	}
	resp.Total = time.Since(start)
	return resp, err
}

// answer makes calls until one is answered or there is nothing more to learn
// from the endpoint's refusals.
func (m *Model) answer(ctx context.Context, r runners.Request, stream bool) (runners.Response, error) {
	for {
		c := m.newCall(r, stream)
		resp, err := m.send(ctx, c)
		if err == nil {
			m.confirm(c)
			return m.finish(resp, r), nil
		}
		if ctx.Err() != nil || !m.learn(c, err) {
			return resp, err
		}
	}
}

// finish parts reasoning from the answer and keeps the answer to its limit.
func (m *Model) finish(resp runners.Response, r runners.Request) runners.Response {
	text, thought := splitReasoning(resp.Text, m.o.Tags)
	resp.Text = text
	if thought != "" {
		resp.Reasoning = strings.TrimSpace(resp.Reasoning + "\n\n" + thought)
	}
	if cut := cutAtStop(resp.Text, r.Stop); cut != resp.Text {
		// Only where the endpoint wouldn't take stop sequences.
		resp.Text, resp.FinishReason = cut, "stop"
	}
	if r.ReasoningTokens > 0 && m.o.CutAnswer != nil {
		if cut := m.o.CutAnswer(resp.Text, r.MaxTokens); len(cut) < len(resp.Text) {
			resp.Text, resp.FinishReason = cut, "length"
		}
	}
	if resp.Model == "" {
		resp.Model = m.o.Name
	}
	return resp
}

// cutAtStop ends text at the first stop sequence in it.
func cutAtStop(text string, stop []string) string {
	end := len(text)
	for _, s := range stop {
		if s == "" {
			continue
		}
		if i := strings.Index(text[:end], s); i >= 0 {
			end = i
		}
	}
	return text[:end]
}

// baseURL checks and trims an address. People paste the whole path of a call,
// so that is taken too.
func baseURL(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return DefaultBaseURL, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// The address may hold a password: it isn't repeated.
		return "", errors.New("openai: the base URL is no address, want one like http://127.0.0.1:8000/v1")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("openai: base URL of %s: want no query and no fragment", u.Host)
	}
	path := strings.TrimRight(u.Path, "/")
	path = strings.TrimSuffix(path, "/chat/completions")
	path = strings.TrimSuffix(path, "/completions")
	u.Path, u.RawPath = strings.TrimRight(path, "/"), ""
	return u.String(), nil
}

// encodeExtra encodes the extra parameters once for all calls.
func encodeExtra(extra map[string]any) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(extra))
	for name, v := range extra {
		switch name {
		case "model", "messages", "prompt", "stream", "n":
			return nil, fmt.Errorf("openai: generation parameter %q can't be set, it is lcbench's own", name)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("openai: generation parameter %q: %w", name, err)
		}
		out[name] = raw
	}
	return out, nil
}
