package openai

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/runners"
)

func TestWindowFromTheListOfModels(t *testing.T) {
	cases := []struct {
		name, list string
		want       int
	}{
		{"vLLM", `{"data":[{"id":"other","max_model_len":1},{"id":"m","max_model_len":32768}]}`, 32768},
		{"OpenRouter", `{"data":[{"id":"m","context_length":131072}]}`, 131072},
		{"Groq", `{"data":[{"id":"m","context_window":8192}]}`, 8192},
		{"llama.cpp, as trained, where it doesn't say more", `{"data":[{"id":"m","owned_by":"llamacpp","meta":{"n_ctx_train":4096}}]}`, 4096},
		{"llama.cpp answers to any name", `{"data":[{"id":"/models/x.gguf","owned_by":"llamacpp","meta":{"n_ctx":2048,"n_ctx_train":4096}}]}`, 2048},
		{"OpenAI doesn't say", `{"data":[{"id":"m"}]}`, 0},
		{"an empty list", `{"data":[]}`, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v1/models" {
					http.NotFound(w, r)
					return
				}
				if r.Header.Get("Authorization") != "Bearer "+testKey {
					t.Error("no key was sent")
				}
				answerJSON(w, 200, c.list)
			})
			if got, err := m.Window(t.Context()); err != nil || got != c.want {
				t.Errorf("got %d, %v; want %d", got, err, c.want)
			}
		})
	}
}

func TestWindowOfLlamaCppIsTheOneItWasStartedWith(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/props" {
			answerJSON(w, 200, `{"default_generation_settings":{"n_ctx":1024}}`)
			return
		}
		answerJSON(w, 200, `{"data":[{"id":"m","owned_by":"llamacpp","meta":{"n_ctx_train":4096}}]}`)
	})
	if got, err := m.Window(t.Context()); err != nil || got != 1024 {
		t.Errorf("got %d, %v; want 1024", got, err)
	}
}

func TestUnknownModelNamesTheNearest(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 200, `{"data":[{"id":"whisper"},{"id":"Qwen/Qwen3-8B"},{"id":"gpt-4o-mini"},{"id":"gpt-4o"},{"id":"dall-e"}]}`)
	}, func(o *Options) { o.Name = "gpt4o-mini" })
	_, err := m.Window(t.Context())
	wantCall(t, err, runners.ErrFatal, `no model "gpt4o-mini"`)
	var unknown *UnknownModelError
	if !errors.As(err, &unknown) || len(unknown.Nearest) != 3 || unknown.Nearest[0] != "gpt-4o-mini" {
		t.Errorf("got %+v, want gpt-4o-mini first", unknown)
	}
}

func TestWindowFindsWhatIsWrong(t *testing.T) {
	cases := []struct {
		name   string
		status int
		head   string
		body   string
		kind   runners.ErrorKind // "": no error, window unknown
		text   string
	}{
		{"a wrong key", 401, "application/json", `{"error":{"message":"bad key"}}`, runners.ErrFatal, "bad key"},
		{"a web page", 200, "text/html", "<html></html>", runners.ErrFatal, "ends in /v1"},
		{"a web page in place of the list", 404, "text/html", "<html></html>", runners.ErrFatal, "ends in /v1"},
		{"no list", 404, "application/json", `{"detail":"Not Found"}`, "", ""},
		{"a key that may not list", 403, "application/json", `{"error":{"message":"missing scope"}}`, "", ""},
		{"a server that is starting", 503, "application/json", `{"error":"loading"}`, runners.ErrTransient, "loading"},
		{"no JSON", 200, "text/plain", "hello", runners.ErrFatal, "not the expected JSON"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", c.head)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			got, err := m.Window(t.Context())
			if c.kind == "" {
				if got != 0 || err != nil {
					t.Errorf("got %d, %v; want unknown", got, err)
				}
				return
			}
			wantCall(t, err, c.kind, c.text)
		})
	}
}

func TestNearestPrefersNamesThatContainTheWord(t *testing.T) {
	got := nearest("qwen3", []string{"llama", "gpt-4", "Qwen/Qwen3-32B-Instruct"}, 1)
	if !slices.Equal(got, []string{"Qwen/Qwen3-32B-Instruct"}) {
		t.Errorf("got %v", got)
	}
	if d := distance("kitten", "sitting"); d != 3 {
		t.Errorf("distance of kitten and sitting is 3, got %d", d)
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	cases := []struct {
		name string
		o    Options
		text string
	}{
		{"no name", Options{}, "no model name"},
		{"no scheme", Options{Name: "m", BaseURL: "127.0.0.1:8000/v1"}, "http://127.0.0.1:8000/v1"},
		{"another scheme", Options{Name: "m", BaseURL: "ftp://x/v1"}, "http://"},
		{"a query", Options{Name: "m", BaseURL: "http://x/v1?api-key=secret"}, "no query"},
		{"a key with a line end inside", Options{Name: "m", Key: "secret\nx"}, "key holds"},
		{"an unknown API", Options{Name: "m", API: "responses"}, "auto, chat or completions"},
		{"a parameter of our own", Options{Name: "m", Extra: map[string]any{"stream": false}}, `"stream"`},
		{"a parameter that is no JSON", Options{Name: "m", Extra: map[string]any{"f": func() {}}}, `"f"`},
	}
	for _, c := range cases {
		_, err := New(c.o)
		if err == nil || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.text)
		}
	}
}

func TestBaseURLs(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     DefaultBaseURL,
		" http://h:1/v1/ ":                     "http://h:1/v1",
		"https://h/api/v1/chat/completions":    "https://h/api/v1",
		"http://h":                             "http://h",
		"http://127.0.0.1:8000/v1/completions": "http://127.0.0.1:8000/v1",
		"https://openrouter.ai/api/v1":         "https://openrouter.ai/api/v1",
	} {
		if got, err := baseURL(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestReasonersByName(t *testing.T) {
	for name, want := range map[string]bool{
		"o1": true, "o3-mini": true, "openai/o4-mini-2025-04-16": true, "gpt-5": true, "gpt-5.1-codex": true,
		"gpt-5-chat-latest": false, "gpt-4o": false, "gpt-oss-120b": false, "o10": false, "olmo": false, "gpt-50": false,
	} {
		if got := isReasoner(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestNoProxyForLoopback(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // nobody listens there
	m := serve(t, func(w http.ResponseWriter, r *http.Request) { stream(w, delta("x"), finishStop, done) })
	if _, err := ask(m); err != nil {
		t.Error(err)
	}
}
