package openai

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

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
		r.MaxTokens = c.limit
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

// lessons are what the endpoint's refusals taught.
type lessons struct {
	mu    sync.Mutex
	state lesson
	notes []string
}

// lesson is a snapshot; refused is never changed once it can be seen.
type lesson struct {
	chatOnly   bool // no plain completions for this model
	otherLimit bool // the other one of max_tokens and max_completion_tokens
	refused    map[string]bool
}

func (l *lessons) now() lesson {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func (l *lessons) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.notes...)
}

// note keeps a note once.
func (l *lessons) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.notes {
		if n == text {
			return
		}
	}
	l.notes = append(l.notes, text)
}

// refuse adds a parameter to those that are left out.
func (l *lessons) refuse(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	refused := map[string]bool{name: true}
	for n := range l.state.refused {
		refused[n] = true
	}
	l.state.refused = refused
}

// confirm notes a fallback that has proved to work.
func (m *Model) confirm(c *call) {
	if c.fellBack {
		m.known.note(fmt.Sprintf("%s has no plain completions for %s: they are sent as chat turns", m.wire.place, m.o.Name))
	}
}

// learn takes from a failure what is to be done otherwise, and says whether
// there is something to try that c didn't.
func (m *Model) learn(c *call, err error) bool {
	f, ok := refusalOf(err)
	if !ok {
		return false
	}
	if !c.chat && m.o.API == APIAuto && f.noCompletions() {
		m.known.mu.Lock()
		m.known.state.chatOnly = true
		m.known.mu.Unlock()
		return true
	}
	name := f.refused(c.sent)
	if name == "" {
		return false
	}
	if _, asked := m.extra[name]; asked {
		return false // left out, it wouldn't be the run that was asked for
	}
	if name == "max_tokens" || name == "max_completion_tokens" {
		return m.otherLimit(c)
	}
	m.known.refuse(name)
	if name != "stream" && name != "stream_options" && name != "stop" {
		m.known.note(fmt.Sprintf("%s refuses %s for %s: it is left out", m.wire.place, name, m.o.Name))
	}
	return true
}

// otherLimit changes the name of the token limit, once: a later refusal of the
// other name is an error.
func (m *Model) otherLimit(c *call) bool {
	m.known.mu.Lock()
	defer m.known.mu.Unlock()
	if !c.chat || c.newLimit != (isReasoner(m.o.Name) != m.known.state.otherLimit) {
		return c.chat // changed by another call meanwhile
	}
	if m.known.state.otherLimit {
		return false
	}
	m.known.state.otherLimit = true
	return true
}

// refusal is an endpoint's answer to a call that it won't take as it is.
type refusal struct {
	status int
	fault  fault
}

// noCompletions says whether there is no completions API here for this model.
// A model that doesn't exist at all has none for chat either.
func (f refusal) noCompletions() bool {
	switch f.status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return !strings.Contains(f.fault.text, "does not exist")
	case http.StatusBadRequest:
		text := strings.ToLower(f.fault.text)
		return strings.Contains(text, "chat model") || strings.Contains(text, "chat/completions") ||
			strings.Contains(text, "completions is not supported") || strings.Contains(text, "does not support completion")
	}
	return false
}

// refused returns the parameter that the endpoint doesn't take, "" if it
// complains of something else.
func (f refusal) refused(sent map[string]bool) string {
	if f.status != http.StatusBadRequest && f.status != http.StatusUnprocessableEntity {
		return ""
	}
	text := strings.ToLower(f.fault.text)
	names := []string{"stream_options", "stream", "max_completion_tokens", "max_tokens", "temperature", "top_p", "stop", "seed"}
	for _, name := range names {
		if sent[name] && f.fault.param == name {
			return name
		}
	}
	if !wordOfRefusal.MatchString(text) {
		return ""
	}
	first, at := "", len(text)
	for _, name := range names {
		if i := indexWord(text, name); i >= 0 && i < at && sent[name] {
			first, at = name, i
		}
	}
	if first == "" && sent["stream"] && strings.Contains(text, "streaming") {
		return "stream"
	}
	return first
}

var wordOfRefusal = regexp.MustCompile(`support|unrecognized|unknown|unexpected|not permitted|not allowed|forbidden|extra`)

// indexWord finds name where it isn't part of a longer one.
func indexWord(text, name string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(name)
		if (i == 0 || !wordByte(text[i-1])) && (end == len(text) || !wordByte(text[end])) {
			return i
		}
		from = end
	}
}

func wordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
