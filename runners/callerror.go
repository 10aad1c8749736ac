package runners

import (
	"fmt"
	"time"
)

// CallError is a failed call to a model.
type CallError struct {
	Kind ErrorKind
	// Status is the HTTP status, 0 if there was none.
	Status int
	// RetryAfter is what the endpoint asked to wait, 0 if it didn't.
	RetryAfter time.Duration
	// Window is the context window that the endpoint named, 0 if it didn't.
	Window int
	// PromptTokens is the prompt's size as the endpoint counted it, 0 if it
	// didn't say.
	PromptTokens int
	// Err says what happened; it holds no key and no prompt text.
	Err error
}

// ErrorKind sorts failed calls by what is to be done about them.
type ErrorKind string

// The kinds of failed calls.
const (
	ErrRateLimit ErrorKind = "rate_limit"       // 429: wait, slow down, retry
	ErrTransient ErrorKind = "transient"        // 408/409/425/5xx, network, stalls: retry
	ErrOverflow  ErrorKind = "context_overflow" // prompt longer than the window: cut once
	ErrRequest   ErrorKind = "request"          // other 4xx: this sample fails
	ErrFatal     ErrorKind = "fatal"            // 401/403/404, no API there: the run stops
)

func (e *CallError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("HTTP %d: %v", e.Status, e.Err)
	}
	return e.Err.Error()
}

func (e *CallError) Unwrap() error { return e.Err }
