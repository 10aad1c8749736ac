package serve

import (
	"net/http"
	"time"
)

// api is one of the two shapes in which answers are asked for and given.
type api interface {
	ask(body []byte) (*ask, *fault)
	// id is the prefix of an answer's id, object what an answer and a piece of
	// one are called.
	id() string
	object(streamed bool) string
	// whole is a choice of an answer in one piece.
	whole(index int, o *outcome, logs bool) any
	// piece is a choice of a streamed one: its next text, or its end.
	piece(e event, first, logs bool) any
}

// event is what happens to one answer of a request: more text, or its end.
type event struct {
	index int
	text  string
	done  *outcome
}

type usage struct {
	PromptTokens     int          `json:"prompt_tokens"`
	CompletionTokens int          `json:"completion_tokens"`
	TotalTokens      int          `json:"total_tokens"`
	Details          usageDetails `json:"prompt_tokens_details"`
}

type usageDetails struct {
	Cached int `json:"cached_tokens"` // of the prompt, not computed again
}

func (u *usage) add(v usage) {
	u.PromptTokens += v.PromptTokens
	u.CompletionTokens += v.CompletionTokens
	u.TotalTokens += v.TotalTokens
	u.Details.Cached += v.Details.Cached
}

// body is an answer, or a chunk of a stream.
type body struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Created     int64  `json:"created"` // Unix time, s
	Model       string `json:"model"`
	Fingerprint string `json:"system_fingerprint"`
	Choices     []any  `json:"choices"`
	Usage       *usage `json:"usage,omitempty"`
}

func (s *server) newBody(api api, streamed bool) body {
	return body{
		ID: newID(api.id()), Object: api.object(streamed), Created: time.Now().Unix(),
		Model: s.o.Info.Name, Fingerprint: s.print, Choices: []any{},
	}
}

// whole answers in one piece.
func (s *server) whole(w http.ResponseWriter, r *http.Request, api api, a *ask, jobs []job) {
	all, err := s.answers(r.Context(), a, jobs, func(event) {})
	if err != nil {
		writeFault(w, faultOf(err))
		return
	}
	b := s.newBody(api, false)
	b.Usage = &usage{}
	for i := range all {
		b.Choices = append(b.Choices, api.whole(i, &all[i], a.logProbs))
		b.Usage.add(all[i].usage)
	}
	note(w, *b.Usage)
	writeJSON(w, http.StatusOK, b)
}

// note keeps the numbers for the log.
func note(w http.ResponseWriter, u usage) {
	if l, ok := w.(*logWriter); ok {
		l.usage = u
	}
}

type chatAPI struct{}

type message struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
}

type chatChoice struct {
	Index    int           `json:"index"`
	Message  *message      `json:"message,omitempty"`
	Delta    *message      `json:"delta,omitempty"`
	Logprobs *chatLogProbs `json:"logprobs"`
	Finish   *string       `json:"finish_reason"`
}

func (chatAPI) ask(body []byte) (*ask, *fault) { return chatAsk(body) }

func (chatAPI) id() string { return "chatcmpl-" }

func (chatAPI) object(streamed bool) string {
	if streamed {
		return "chat.completion.chunk"
	}
	return "chat.completion"
}

func (chatAPI) whole(index int, o *outcome, logs bool) any {
	c := chatChoice{Index: index, Message: &message{Role: "assistant", Content: &o.text}, Finish: &o.finish}
	if logs {
		c.Logprobs = chatLogs(o.tokens)
	}
	return c
}

func (chatAPI) piece(e event, first, logs bool) any {
	c := chatChoice{Index: e.index, Delta: &message{}}
	if first {
		c.Delta.Role = "assistant"
	}
	if first || e.text != "" {
		c.Delta.Content = &e.text
	}
	if e.done != nil {
		c.Finish = &e.done.finish
		if logs {
			c.Logprobs = chatLogs(e.done.tokens)
		}
	}
	return c
}

type completionAPI struct{}

type completionChoice struct {
	Index    int                 `json:"index"`
	Text     string              `json:"text"`
	Logprobs *completionLogProbs `json:"logprobs"`
	Finish   *string             `json:"finish_reason"`
}

func (completionAPI) ask(body []byte) (*ask, *fault) { return completionAsk(body) }

func (completionAPI) id() string { return "cmpl-" }

func (completionAPI) object(bool) string { return "text_completion" }

func (completionAPI) whole(index int, o *outcome, logs bool) any {
	c := completionChoice{Index: index, Text: o.text, Finish: &o.finish}
	if logs {
		c.Logprobs = completionLogs(o.tokens)
	}
	return c
}

func (completionAPI) piece(e event, _, logs bool) any {
	c := completionChoice{Index: e.index, Text: e.text}
	if e.done != nil {
		c.Finish = &e.done.finish
		if logs {
			c.Logprobs = completionLogs(e.done.tokens)
		}
	}
	return c
}
