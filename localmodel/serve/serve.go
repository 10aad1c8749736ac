// Package serve answers OpenAI's HTTP API with a model of localmodel:
// /v1/models, /v1/chat/completions and /v1/completions, in one piece or as a
// stream of events, and /health.
//
// Source: OpenAI's API reference, platform.openai.com/docs/api-reference. What
// it leaves open, or is done otherwise here:
//
//   - temperature is 1 where a request has none, as at OpenAI; 0 is greedy. A
//     request with a temperature and without a seed is answered differently
//     each time.
//   - max_tokens is what the context window leaves where a request has none, at
//     both endpoints (OpenAI's completions say 16). Options.MaxTokens changes it.
//   - A parameter that would change the answer and isn't known (tools, penalties,
//     n > 1, …) is refused by name, not ignored. Unknown names are ignored.
//   - Log-probabilities are those of the tokens chosen; there are no alternatives.
//     A stream has them in the last chunk of each answer.
//   - The parts of a message's content are joined without anything between them.
//   - A message of role developer is one of role system.
package serve

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/lcbench/lcbench/localmodel"
)

// Backend is the model behind the API; *localmodel.Model is one. Its methods
// are called concurrently.
type Backend interface {
	// Count returns the number of tokens of a prompt, or why it can't be one.
	Count(localmodel.Prompt) (int, error)
	Answer(context.Context, localmodel.Prompt, localmodel.Params) (localmodel.Answer, error)
	// ScorePrompt returns a prompt's own tokens with the log-probabilities of
	// all but the first.
	ScorePrompt(context.Context, localmodel.Prompt) (localmodel.Answer, error)
}

var _ Backend = (*localmodel.Model)(nil)

// Options say how a model is served. The zero value serves a model named
// "local" whose window isn't known, to whoever can reach the port.
type Options struct {
	// Info describes the model. Its Name is the id in the API; its Window, if
	// not 0, bounds prompt and answer, in tokens.
	Info localmodel.Info
	// Names are further names by which requests may ask for the model. A request
	// without a name gets it too.
	Names []string
	// Key, if not "", must come with every request but those to /health, as
	// "Authorization: Bearer KEY".
	Key string
	// Hosts are names by which a loopback port may be addressed besides IP
	// addresses and localhost, such as that of a proxy in front of it.
	Hosts []string

	MaxBody       int64 // bytes of a request; 0: 32 MiB
	MaxConcurrent int   // requests answered at once, more are refused; 0: 64
	MaxTokens     int   // of an answer whose request names no limit; 0: what the window leaves

	// Log, if not nil, gets a line a request: no text of prompts or answers.
	Log *slog.Logger
}

// Defaults of Options.
const (
	DefaultMaxBody       = 32 << 20
	DefaultMaxConcurrent = 64
)

// noWindowTokens is the length of an answer where neither request nor options
// nor window say one; OpenAI's completions have the same default.
const noWindowTokens = 16

type server struct {
	model    Backend
	o        Options
	slots    chan struct{}
	started  int64 // Unix time, s
	print    string
	patience time.Duration // with a client that sends its request
}

// New returns the API of one model.
func New(m Backend, o Options) http.Handler { return newServer(m, o).handler() }

func newServer(m Backend, o Options) *server {
	if o.Info.Name == "" {
		o.Info.Name = "local"
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = DefaultMaxConcurrent
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &server{
		model: m, o: o, slots: make(chan struct{}, o.MaxConcurrent),
		started: time.Now().Unix(), print: fingerprint(o.Info), patience: bodyTimeout,
	}
}

func (s *server) handler() http.Handler { return s.logged(s.guarded(s.routes())) }

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /v1/models", s.listModels)
	mux.HandleFunc("GET /v1/models/{id...}", s.oneModel)
	mux.HandleFunc("POST /v1/chat/completions", s.limited(chatAPI{}))
	mux.HandleFunc("POST /v1/completions", s.limited(completionAPI{}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				status = http.StatusMethodNotAllowed
				w.Header().Set("Allow", method)
			}
		}
		writeFault(w, &fault{status: status, kind: invalidRequest, code: "unknown_url", message: fmt.Sprintf("unknown URL (%s %s)", r.Method, r.URL.Path)})
	})
	return mux
}

// modelCard is a model as /v1/models shows it; max_model_len is vLLM's name
// for the window.
type modelCard struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Created     int64  `json:"created"`
	OwnedBy     string `json:"owned_by"`
	MaxModelLen int    `json:"max_model_len,omitempty"` // tokens
}

func (s *server) card() modelCard {
	return modelCard{ID: s.o.Info.Name, Object: "model", Created: s.started, OwnedBy: "lcbench", MaxModelLen: s.o.Info.Window}
}

func (s *server) listModels(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": []modelCard{s.card()}})
}

func (s *server) oneModel(w http.ResponseWriter, r *http.Request) {
	if f := s.knows(r.PathValue("id")); f != nil {
		writeFault(w, f)
		return
	}
	writeJSON(w, http.StatusOK, s.card())
}

// knows returns the refusal of a model that isn't the one served.
func (s *server) knows(name string) *fault {
	if name == "" || name == s.o.Info.Name || slices.Contains(s.o.Names, name) {
		return nil
	}
	return &fault{
		status: http.StatusNotFound, kind: invalidRequest, param: "model", code: "model_not_found",
		message: fmt.Sprintf("the model %q does not exist; this server has %q", shorten(name), s.o.Info.Name),
	}
}

// shorten bounds what is repeated of a request.
func shorten(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// fingerprint is equal where model, device, attention and arithmetic are: the
// system_fingerprint of answers.
func fingerprint(info localmodel.Info) string {
	raw, err := json.Marshal(info)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return "fp_" + hex.EncodeToString(sum[:5])
}

// newID names an answer.
func newID(prefix string) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	return prefix + hex.EncodeToString(b[:])
}
