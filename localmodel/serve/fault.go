package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/lcbench/lcbench/localmodel/generate"
)

const (
	invalidRequest = "invalid_request_error"
	serverError    = "server_error"
)

// fault is a refusal in OpenAI's shape.
type fault struct {
	status        int
	message, kind string
	param, code   string
	retryAfter    string // seconds
	cause         error  // for the log
}

func (f *fault) Error() string { return f.message }

// badField refuses one parameter.
func badField(param, format string, args ...any) *fault {
	return &fault{
		status: http.StatusBadRequest, kind: invalidRequest, param: param, code: "invalid_value",
		message: param + ": " + fmt.Sprintf(format, args...),
	}
}

// tooLong words an overflow as OpenAI does, so that clients find the numbers.
func tooLong(window, prompt, answer int, param string) *fault {
	return &fault{
		status: http.StatusBadRequest, kind: invalidRequest, param: param, code: "context_length_exceeded",
		message: fmt.Sprintf("This model's maximum context length is %d tokens. However, you requested %d tokens (%d in the messages, %d in the completion). Please reduce the length of the messages or completion.",
			window, prompt+answer, prompt, answer),
	}
}

// faultOf turns what the model said into a refusal.
func faultOf(err error) *fault {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, generate.ErrMemory):
		return &fault{
			status: http.StatusBadRequest, kind: invalidRequest, param: "max_tokens", code: "kv_budget_exceeded",
			message: err.Error() + "; ask for fewer tokens, or give the server a larger budget",
		}
	case errors.Is(err, generate.ErrWindow):
		return &fault{status: http.StatusBadRequest, kind: invalidRequest, code: "context_length_exceeded", message: err.Error()}
	case errors.Is(err, generate.ErrClosed):
		return &fault{status: http.StatusServiceUnavailable, kind: serverError, code: "unavailable", message: err.Error()}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// Either nobody listens any more, or the server is going down.
		return &fault{status: http.StatusServiceUnavailable, kind: serverError, code: "cancelled", message: "the request was cancelled"}
	}
	return &fault{status: http.StatusInternalServerError, kind: serverError, code: "generation_failed", message: err.Error(), cause: err}
}

func (f *fault) body() any {
	type details struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	d := details{Message: f.message, Type: f.kind}
	if f.param != "" {
		d.Param = &f.param
	}
	if f.code != "" {
		d.Code = &f.code
	}
	return map[string]details{"error": d}
}

func writeFault(w http.ResponseWriter, f *fault) {
	if l, ok := w.(*logWriter); ok {
		l.fault = f
	}
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
	}
	writeJSON(w, f.status, f.body())
}

// writeJSON answers in one piece. That the client is gone is no news to
// anybody: what fails here isn't reported.
func writeJSON(w http.ResponseWriter, status int, body any) {
	extendWrite(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(body)
}
