package serve

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"

	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/chat"
	"github.com/lcbench/lcbench/localmodel/generate"
)

// Limits of a request.
const (
	maxPrompts    = 2048
	maxStops      = 16 // OpenAI: 4
	maxStopLength = 1000
)

// ask is a request, read.
type ask struct {
	model    string
	prompts  []localmodel.Prompt
	limit    *int // tokens of each answer; nil: not said
	sampling generate.Sampling
	stop     []string
	logProbs bool
	echo     bool
	stream   bool
	usage    bool // at the end of the stream
}

// chatAsk reads a request to /v1/chat/completions.
func chatAsk(body []byte) (*ask, *fault) {
	f := readFields(body)
	a := f.common(1)
	a.logProbs = f.flag("logprobs")
	if n := f.integer("max_completion_tokens", 1); n != nil {
		a.limit = n
	}
	a.prompts = []localmodel.Prompt{{Chat: true, Messages: f.messages()}}
	return a, f.fault
}

// completionAsk reads a request to /v1/completions.
func completionAsk(body []byte) (*ask, *fault) {
	f := readFields(body)
	a := f.common(0)
	a.echo = f.flag("echo")
	if n := f.integer("logprobs", 0); n != nil {
		a.logProbs = true
		if *n > 1 {
			f.refuse(badField("logprobs", "only the chosen tokens' log-probabilities are kept; ask for 0 or 1"))
		}
	}
	if a.limit != nil && *a.limit == 0 && !a.echo {
		f.refuse(badField("max_tokens", "0 is less than 1"))
	}
	a.prompts = f.prompts()
	return a, f.fault
}

// common reads what both have.
func (f *fields) common(leastTokens int) *ask {
	a := &ask{
		model: f.text("model"), limit: f.integer("max_tokens", leastTokens),
		stop: f.stops(), stream: f.flag("stream"), sampling: f.sampling(),
	}
	options := field[struct {
		IncludeUsage bool `json:"include_usage"`
	}](f, "stream_options", "an object")
	a.usage = options != nil && options.IncludeUsage
	f.refuseUnsupported()
	return a
}

func (f *fields) sampling() generate.Sampling {
	s := generate.Sampling{Temperature: f.number("temperature", 1), TopP: f.number("top_p", 1)}
	if s.Temperature < 0 || s.Temperature > 2 {
		f.refuse(badField("temperature", "want 0 to 2"))
	}
	if s.TopP <= 0 || s.TopP > 1 {
		f.refuse(badField("top_p", "want more than 0 and at most 1"))
	}
	if seed := field[int64](f, "seed", "an integer"); seed != nil {
		s.Seed = uint64(*seed)
	} else {
		s.Seed = rand.Uint64()
	}
	return s
}

// stops reads the stop strings: one, or a list.
func (f *fields) stops() []string {
	raw, ok := f.get("stop")
	if !ok {
		return nil
	}
	var list []string
	if raw[0] == '"' {
		list = []string{f.text("stop")}
	} else if l := field[[]string](f, "stop", "a string or a list of strings"); l != nil {
		list = *l
	}
	if len(list) > maxStops {
		f.refuse(badField("stop", "%d strings, at most %d are looked for", len(list), maxStops))
	}
	var out []string
	for _, s := range list {
		if len(s) > maxStopLength {
			f.refuse(badField("stop", "a string of %d bytes, want at most %d", len(s), maxStopLength))
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// prompts reads the prompt of a completion: a string, token ids, or a list of
// either.
func (f *fields) prompts() []localmodel.Prompt {
	raw, ok := f.get("prompt")
	if !ok {
		f.refuse(badField("prompt", "missing"))
		return nil
	}
	var texts []string
	var ids [][]int32
	var err error
	switch inner := firstInside(raw); {
	case raw[0] == '"':
		texts = []string{f.text("prompt")}
	case inner == '"':
		err = json.Unmarshal(raw, &texts)
	case inner == '[':
		err = json.Unmarshal(raw, &ids)
	default:
		ids = make([][]int32, 1)
		err = json.Unmarshal(raw, &ids[0])
	}
	if err != nil || raw[0] != '"' && raw[0] != '[' {
		f.refuse(badField("prompt", "want a string, a list of strings, token ids or a list of such"))
		return nil
	}
	return f.listed(texts, ids)
}

// firstInside is the first character behind a list's bracket.
func firstInside(raw json.RawMessage) byte {
	if rest := bytes.TrimLeft(raw[1:], " \t\r\n"); len(rest) > 0 {
		return rest[0]
	}
	return 0
}

func (f *fields) listed(texts []string, ids [][]int32) []localmodel.Prompt {
	if n := len(texts) + len(ids); n > maxPrompts {
		f.refuse(badField("prompt", "%d prompts, want at most %d in one request", n, maxPrompts))
		return nil
	}
	var out []localmodel.Prompt
	for _, t := range texts {
		out = append(out, localmodel.Prompt{Text: t})
	}
	for i, l := range ids {
		if len(l) == 0 {
			f.refuse(badField("prompt", "prompt %d is empty", i+1))
			return nil
		}
		out = append(out, localmodel.Prompt{IDs: l})
	}
	return out
}

// turn is a message as it is sent.
type turn struct {
	Role         string          `json:"role"`
	Content      json.RawMessage `json:"content"`
	ToolCalls    json.RawMessage `json:"tool_calls"`
	FunctionCall json.RawMessage `json:"function_call"`
}

func (f *fields) messages() []chat.Message {
	turns := field[[]turn](f, "messages", "a list of messages")
	if turns == nil || len(*turns) == 0 {
		f.refuse(badField("messages", "want at least one message"))
		return nil
	}
	out := make([]chat.Message, 0, len(*turns))
	for i, t := range *turns {
		m, why := t.message()
		if why != "" {
			f.refuse(badField("messages", "message %d: %s", i+1, why))
			return nil
		}
		out = append(out, m)
	}
	return out
}

// message checks a turn; if it is none that the model can be shown, why.
func (t turn) message() (m chat.Message, why string) {
	switch t.Role {
	case "system", "user", "assistant":
		m.Role = t.Role
	case "developer": // OpenAI's newer name
		m.Role = "system"
	default:
		return m, "role: want system, developer, user or assistant"
	}
	for _, calls := range []json.RawMessage{t.ToolCalls, t.FunctionCall} {
		if given(calls) && !empty(calls) {
			return m, "tool calls are not supported"
		}
	}
	if !given(t.Content) {
		return m, "content: missing"
	}
	m.Content, why = content(t.Content)
	return m, why
}

// given says whether a value is there and not null.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// content reads a string, or a list of parts that are all text.
func content(raw json.RawMessage) (text, why string) {
	if json.Unmarshal(raw, &text) == nil {
		return text, ""
	}
	var parts []struct {
		Type string  `json:"type"`
		Text *string `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil || len(parts) == 0 {
		return "", "content: want a string or a list of text parts"
	}
	var b strings.Builder
	for _, p := range parts {
		if p.Type != "text" || p.Text == nil {
			return "", "content: a part is no text; the model reads nothing else"
		}
		b.WriteString(*p.Text)
	}
	return b.String(), ""
}
