package openai

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/lcbench/lcbench/runners"
)

// call is one HTTP call: what is sent, and what the layers below go-openai
// found out about the answer.
type call struct {
	chat         bool
	fellBack     bool // a plain completion that goes to the chat API
	model        string
	system, user string
	limit        int // tokens of thinking and answer together
	newLimit     bool
	stop         []string
	seed         *int
	stream       bool
	streamUsage  bool
	set          map[string]json.RawMessage // parameters go-openai can't express
	promptTokens int
	refused      map[string]bool // what was known to be refused

	sent map[string]bool // names of the parameters in the body
	dog  *watchdog
	body *eventBody
}

// newCall shapes a request by what is known about the endpoint.
func (m *Model) newCall(r runners.Request, stream bool) *call {
	known := m.known.now()
	c := &call{
		chat: r.Chat, model: m.o.Name, system: r.System, user: r.Prompt,
		limit: r.MaxTokens + r.ReasoningTokens, stop: r.Stop, seed: r.Seed,
		stream: stream, promptTokens: r.PromptTokens,
		set: make(map[string]json.RawMessage, len(m.extra)+4),
	}
	switch {
	case m.o.API != APIAuto:
		c.chat = m.o.API == APIChat
	case !c.chat && known.chatOnly:
		c.chat, c.fellBack = true, true
	}
	if c.promptTokens == 0 {
		c.promptTokens = (len(r.System) + len(r.Prompt)) / 4
	}
	reasoner := c.chat && isReasoner(m.o.Name)
	c.newLimit = c.chat && (reasoner != known.otherLimit)
	if !reasoner {
		c.set["temperature"] = number(r.Temperature)
	}
	if r.TopP > 0 && !reasoner {
		c.set["top_p"] = number(r.TopP)
	}
	for name, v := range m.extra {
		c.set[name] = v
	}
	c.refused = known.refused
	m.leaveOut(c, known.refused)
	c.streamUsage = c.stream && !known.refused["stream_options"]
	return c
}

// leaveOut drops what the endpoint refused before, unless the user asked for
// it by name.
func (m *Model) leaveOut(c *call, refused map[string]bool) {
	for name := range refused {
		if _, asked := m.extra[name]; !asked {
			delete(c.set, name)
		}
	}
	if refused["stream"] {
		c.stream = false
	}
	if refused["stop"] {
		c.stop = nil
	}
	if refused["seed"] {
		c.seed = nil
	}
}

func number(x float64) json.RawMessage {
	return strconv.AppendFloat(nil, x, 'g', -1, 64)
}

// isReasoner says whether the name is that of an OpenAI model which always
// thinks: those take max_completion_tokens and no temperature.
func isReasoner(name string) bool {
	name = name[strings.LastIndexByte(name, '/')+1:]
	for _, prefix := range []string{"o1", "o3", "o4", "gpt-5", "gpt-6"} {
		rest, ok := strings.CutPrefix(name, prefix)
		if ok && (rest == "" || rest[0] == '-' || rest[0] == '.') && !strings.Contains(rest, "-chat") {
			return true
		}
	}
	return false
}

// chatRequest is the part of the body that go-openai writes. The model's name
// is left to rewrite: go-openai refuses names by a list of OpenAI's models,
// and other endpoints serve what they like under any name.
func (c *call) chatRequest() goopenai.ChatCompletionRequest {
	r := goopenai.ChatCompletionRequest{Stop: c.stop, Seed: c.seed, StreamOptions: c.streamOptions()}
	if c.newLimit {
		r.MaxCompletionTokens = c.limit
	} else {
		r.MaxTokens = c.limit //nolint:staticcheck // most endpoints know only this name
	}
	return r
}

func (c *call) completionRequest() goopenai.CompletionRequest {
	return goopenai.CompletionRequest{
		Prompt: "", MaxTokens: c.limit, Stop: c.stop, Seed: c.seed, StreamOptions: c.streamOptions(),
	}
}

func (c *call) streamOptions() *goopenai.StreamOptions {
	if !c.streamUsage {
		return nil
	}
	return &goopenai.StreamOptions{IncludeUsage: true}
}

// rewrite turns go-openai's body, which has no prompt in it, into the one
// that is sent. The prompt is encoded once, straight into its place.
func (c *call) rewrite(body []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, fmt.Errorf("request body: %w", err)
	}
	delete(fields, "messages")
	delete(fields, "prompt")
	fields["stream"] = strconv.AppendBool(nil, c.stream)
	for name, v := range c.set {
		fields[name] = v
	}
	model, err := json.Marshal(c.model)
	if err != nil {
		return nil, err
	}
	fields["model"] = model
	c.sent = make(map[string]bool, len(fields))
	for name := range fields {
		c.sent[name] = true
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("request body: %w", err)
	}
	out := make([]byte, 0, quotedLen(c.system)+quotedLen(c.user)+len(rest)+96)
	out = c.appendPrompt(out)
	out = append(out, ',')
	return append(out, rest[1:]...), nil
}

// appendPrompt opens the body's object and writes its first member.
func (c *call) appendPrompt(out []byte) []byte {
	if !c.chat {
		out = append(out, `{"prompt":`...)
		if c.system == "" {
			return appendQuoted(out, c.user)
		}
		return appendQuoted(out, c.system+"\n\n"+c.user)
	}
	out = append(out, `{"messages":[`...)
	if c.system != "" {
		out = append(out, `{"role":"system","content":`...)
		out = append(appendQuoted(out, c.system), "},"...)
	}
	out = append(out, `{"role":"user","content":`...)
	return append(appendQuoted(out, c.user), "}]"...)
}
