package openai

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

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
	if name == "" || c.refused[name] {
		return false // it isn't that, or not only
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
