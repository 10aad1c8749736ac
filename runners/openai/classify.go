package openai

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/lcbench/lcbench/runners"
)

// kindOfStatus sorts a refusal by its status alone.
func kindOfStatus(status int) runners.ErrorKind {
	switch status {
	case http.StatusTooManyRequests:
		return runners.ErrRateLimit
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly:
		return runners.ErrTransient
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusPaymentRequired:
		return runners.ErrFatal
	}
	if status >= 500 {
		return runners.ErrTransient
	}
	return runners.ErrRequest
}

// refusalError carries a refusal behind a CallError, for what can be learned
// from it.
type refusalError struct {
	refusal
	text string
}

func (e *refusalError) Error() string { return e.text }

func refusalOf(err error) (refusal, bool) {
	var r *refusalError
	if errors.As(err, &r) {
		return r.refusal, true
	}
	return refusal{}, false
}

// classify sorts a refusal by status and text.
func (w *wire) classify(status int, h http.Header, body []byte, prompt string) error {
	f := readFault(body)
	e := &runners.CallError{Kind: kindOfStatus(status), Status: status}
	text := w.scrub.message(f.text, prompt)
	if text == "" {
		text = strings.ToLower(http.StatusText(status))
	}
	over := overflowOf(f)
	switch {
	case e.Kind != runners.ErrFatal && e.Kind != runners.ErrRateLimit && over.found:
		e.Kind, e.Window, e.PromptTokens = runners.ErrOverflow, over.window, over.prompt
	case e.Kind == runners.ErrRateLimit:
		e.Kind, text = sort429(f, text)
		e.RetryAfter = retryAfter(h)
		if e.RetryAfter == 0 {
			e.RetryAfter = waitInText(f.text)
		}
	case e.Kind == runners.ErrTransient:
		e.RetryAfter = retryAfter(h)
	case status == http.StatusForbidden && aboutContent(f.text):
		e.Kind = runners.ErrRequest
	case e.Kind == runners.ErrFatal:
		text += "; " + w.hint(status)
	}
	e.Err = &refusalError{refusal: refusal{status: status, fault: f}, text: text}
	return e
}

// sort429 finds those refusals under 429 that no waiting helps.
func sort429(f fault, text string) (runners.ErrorKind, string) {
	lower := strings.ToLower(f.text)
	switch {
	case f.code == "insufficient_quota" || f.kind == "insufficient_quota" ||
		strings.Contains(lower, "exceeded your current quota"):
		return runners.ErrFatal, text + "; the account has no credit left: check its plan and billing"
	case strings.Contains(lower, "request too large"):
		return runners.ErrRequest, text
	}
	return runners.ErrRateLimit, text
}

// aboutContent says whether a 403 refuses the prompt and not the key.
func aboutContent(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "flagged") || strings.Contains(text, "moderation")
}

func (w *wire) hint(status int) string {
	switch status {
	case http.StatusUnauthorized:
		if !w.hasKey {
			return w.place + " got no key: set OPENAI_API_KEY"
		}
		return w.place + " refused the key: check OPENAI_API_KEY"
	case http.StatusForbidden:
		return fmt.Sprintf("may the key use model %q at %s?", w.model, w.place)
	case http.StatusPaymentRequired:
		return "the account at " + w.place + " has no credit left"
	default:
		return fmt.Sprintf("does %s serve model %q? a base URL usually ends in /v1", w.place, w.model)
	}
}

// streamError sorts an error that came inside a stream: its status is the one
// it names itself, and without one it passes.
func (w *wire) streamError(s *streamFault, prompt string) error {
	status := readFault(s.body).status
	if status != 0 {
		return w.classify(status, nil, s.body, prompt)
	}
	f := readFault(s.body)
	text := "error inside the stream: " + w.scrub.message(f.text, prompt)
	e := &runners.CallError{Kind: runners.ErrTransient, Status: http.StatusOK, Err: errors.New(text)}
	if over := overflowOf(f); over.found {
		e.Kind, e.Window, e.PromptTokens = runners.ErrOverflow, over.window, over.prompt
	} else if strings.Contains(f.code+f.kind, "rate_limit") {
		e.Kind, e.RetryAfter = runners.ErrRateLimit, waitInText(f.text)
	}
	return e
}

// networkError is a call that got no answer, or half of one. All of it may
// pass, but for an endpoint that isn't who it says it is.
func (w *wire) networkError(err error) error {
	var known *runners.CallError
	if errors.As(err, &known) {
		return err
	}
	var where *url.Error
	if errors.As(err, &where) {
		err = where.Err // the address is named once, without credentials
	}
	e := &runners.CallError{Kind: runners.ErrTransient, Err: fmt.Errorf("%s: %w", w.place, err)}
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		e.Kind = runners.ErrFatal
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		e.Kind = runners.ErrFatal
		e.Err = fmt.Errorf("%s speaks plain HTTP: write http:// in the base URL", w.place)
	}
	if scrubbed := w.scrub.text(e.Err.Error()); scrubbed != e.Err.Error() {
		e.Err = errors.New(scrubbed)
	}
	return e
}
