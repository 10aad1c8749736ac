// Package chat renders conversations with the Jinja chat template that a model
// file carries (tokenizer.chat_template), as Hugging Face transformers does:
// trim_blocks and lstrip_blocks on, no escaping, tojson as Python's json.dumps
// writes it, raise_exception, strftime_now and generation blocks.
//
// A template is part of an untrusted file. It can't name files (include,
// import and extends don't exist here), and its size, its steps, its macro
// depth and the length of what it builds are bounded (see Limits). Jinja
// itself is github.com/nikolalohinski/gonja/v2.
package chat

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"
)

// Message is one turn of a conversation.
type Message struct {
	Role    string // "system", "user" or "assistant"
	Content string
}

// Template is a chat template, ready to render. It is safe for concurrent use.
type Template struct {
	source   string
	bos, eos string
	// Now is the clock of strftime_now; nil means time.Now. Set it where
	// prompts must not depend on the day.
	Now func() time.Time
}

// Error says why a template could not be read or rendered. It holds no text
// of the messages.
type Error struct {
	Line int // in the template, 1 the first; 0: not known
	Err  error
	// Raised says that the template itself refused by raise_exception, for
	// instance a system turn that the model doesn't know.
	Raised bool
}

func (e *Error) Error() string {
	where := "chat template"
	if e.Line > 0 {
		where += ":" + strconv.Itoa(e.Line)
	}
	if e.Raised {
		return where + ": the template refuses these messages: " + e.Err.Error()
	}
	return where + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Limits of a template and of one rendering. Real templates have up to some
// 30 kB and take a few dozen steps a message.
const (
	maxSource   = 128 << 10
	maxNesting  = 200     // brackets and blocks within each other
	maxSteps    = 2 << 20 // iterations, calls, filters and outputs
	maxDepth    = 100     // macros within each other
	renderLimit = 30 * time.Second
	// maxPassed bounds the bytes of template that loops run through.
	maxPassed     = 256 << 20
	maxValueDepth = 32
	// maxFactor bounds what all multiplications of a template do to a text
	// together, maxOperators the + and ~ in one tag.
	maxFactor    = 256
	maxOperators = 128
	maxCalls     = 12
)

// New reads a template. bos and eos are the texts of the model's tokens, which
// templates write as bos_token and eos_token. Statements, filters and tests
// that aren't known are an error here, not when rendering, where that can be
// seen from the source.
func New(template, bos, eos string) (*Template, error) {
	if len(template) > maxSource {
		return nil, &Error{Err: fmt.Errorf("%d bytes, at most %d are read", len(template), maxSource)}
	}
	source, err := prepare(template)
	if err != nil {
		return nil, err
	}
	t := &Template{source: source, bos: bos, eos: eos}
	if _, err := t.parse(newGuard(len(template), 0)); err != nil {
		return nil, err
	}
	return t, nil
}

// Render returns the prompt for messages; with addGenerationPrompt it ends
// where the assistant's answer begins. Errors are of type *Error.
func (t *Template) Render(messages []Message, addGenerationPrompt bool) (string, error) {
	size := 0
	list := make([]any, len(messages))
	for i, m := range messages {
		size += len(m.Role) + len(m.Content)
		list[i] = map[string]any{"role": m.Role, "content": m.Content}
	}
	g := newGuard(len(t.source), size)
	compiled, err := t.parse(g)
	if err != nil {
		return "", err
	}
	data := exec.NewContext(map[string]any{
		"messages": list, "add_generation_prompt": addGenerationPrompt,
		"bos_token": t.bos, "eos_token": t.eos, "tools": nil, "documents": nil,
	})
	if err := g.run(func() error { return compiled.Execute(g, data) }); err != nil {
		return "", g.explain(err, messages)
	}
	return g.out.String(), nil
}

// parse compiles the template with functions that charge to g. It is done for
// every rendering, since the library hands no state to filters and methods.
func (t *Template) parse(g *guard) (*exec.Template, error) {
	cfg := config.New()
	cfg.KeepTrailingNewline = true // white space is prepare's
	loader, err := loaders.NewMemoryLoader(map[string]string{"/chat": t.source})
	if err != nil {
		return nil, &Error{Err: err}
	}
	var compiled *exec.Template
	err = g.run(func() (err error) {
		compiled, err = exec.NewTemplate("/chat", cfg, loader, g.environment(t.Now))
		return err
	})
	if err != nil {
		return nil, g.explain(err, nil)
	}
	return compiled, nil
}

// lineOf finds the line number in the library's messages.
var lineOf = regexp.MustCompile(`(?:at line |Line: |Line=)(\d+)`)

// explain turns an error of the library into an *Error: the innermost cause,
// the innermost line, and no message text.
func (g *guard) explain(err error, messages []Message) error {
	e := &Error{}
	if all := lineOf.FindAllStringSubmatch(err.Error(), -1); len(all) > 0 {
		e.Line, _ = strconv.Atoi(all[len(all)-1][1])
	}
	switch {
	case g.raised != nil:
		e.Err, e.Raised = g.raised, true
	case g.err != nil:
		e.Err = g.err
	default:
		e.Err = errors.New(clean(err, messages))
	}
	return e
}

// maxCause bounds what is shown of the library's message.
const maxCause = 300

func clean(err error, messages []Message) string {
	text := err.Error()
	for _, m := range messages {
		for _, secret := range []string{m.Content, strings.TrimSpace(m.Content)} {
			if len(secret) > 2 {
				text = strings.ReplaceAll(text, secret, "…")
			}
		}
	}
	if strings.HasPrefix(text, "failed to parse template") {
		// The library quotes the whole source first.
		if inner := errors.Unwrap(err); inner != nil {
			text = inner.Error()
		}
	}
	if at := strings.LastIndex(text, ": "); at > 0 && len(text) > maxCause {
		text = text[at+2:]
	}
	if len(text) > maxCause {
		text = strings.ToValidUTF8(text[:maxCause], "") + "…"
	}
	return "jinja: " + text
}
