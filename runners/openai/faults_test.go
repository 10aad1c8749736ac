package openai

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/runners"
)

func TestRefusalsAreSortedByWhatIsToBeDone(t *testing.T) {
	cases := []struct {
		name   string
		status int
		body   string
		kind   runners.ErrorKind
		parts  []string
	}{
		{"a wrong key", 401, `{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}`, runners.ErrFatal, []string{"HTTP 401", "Incorrect API key", "OPENAI_API_KEY"}},
		{"a key without the right", 403, `{"error":{"message":"not allowed"}}`, runners.ErrFatal, []string{"not allowed", `"m"`}},
		{"a prompt that is refused", 403, `{"error":{"message":"your input was flagged"}}`, runners.ErrRequest, []string{"flagged"}},
		{"an unknown model", 404, `{"error":{"message":"The model m does not exist"}}`, runners.ErrFatal, []string{"does not exist", "/v1"}},
		{"an unknown path, in plain text", 404, "404 page not found", runners.ErrFatal, []string{"404 page not found", "base URL usually ends in /v1"}},
		{"no credit", 402, `{"error":{"message":"Insufficient Balance"}}`, runners.ErrFatal, []string{"credit"}},
		{"too fast", 429, `{"error":{"message":"Rate limit reached"}}`, runners.ErrRateLimit, []string{"Rate limit"}},
		{"the quota is used up", 429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`, runners.ErrFatal, []string{"billing"}},
		{"more than a minute allows at once", 429, `{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 30000, Requested 40000."}}`, runners.ErrRequest, []string{"too large"}},
		{"a timeout", 408, `{}`, runners.ErrTransient, []string{"request timeout"}},
		{"a conflict", 409, `{"error":"busy"}`, runners.ErrTransient, []string{"busy"}},
		{"too early", 425, ``, runners.ErrTransient, []string{"too early"}},
		{"a server's fault", 500, `{"error":{"message":"oops"}}`, runners.ErrTransient, []string{"HTTP 500", "oops"}},
		{"an overloaded server", 529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, runners.ErrTransient, []string{"Overloaded"}},
		{"a bad parameter", 400, `{"error":{"message":"top_k must be positive"}}`, runners.ErrRequest, []string{"top_k"}},
		{"a list of complaints", 422, `{"detail":[{"loc":["body","messages",0,"role"],"msg":"bad role"}]}`, runners.ErrRequest, []string{"messages.0.role: bad role"}},
		{"an error that is a string", 422, `{"error":"bad input","error_type":"validation"}`, runners.ErrRequest, []string{"bad input"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) { answerJSON(w, c.status, c.body) })
			_, err := ask(m)
			if call := wantCall(t, err, c.kind, c.parts...); call.Status != c.status {
				t.Errorf("status %d, want %d", call.Status, c.status)
			}
		})
	}
}

func TestRetryAfterInAllItsForms(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		name string
		head map[string]string
		body string
		want time.Duration
	}{
		{"seconds", map[string]string{"Retry-After": "7"}, "", 7 * time.Second},
		{"part of a second", map[string]string{"Retry-After": "0.5"}, "", 500 * time.Millisecond},
		{"a date, by the server's own clock", map[string]string{"Date": at.Format(http.TimeFormat), "Retry-After": at.Add(90 * time.Second).Format(http.TimeFormat)}, "", 90 * time.Second},
		{"a date that has passed", map[string]string{"Date": at.Format(http.TimeFormat), "Retry-After": at.Add(-time.Minute).Format(http.TimeFormat)}, "", 0},
		{"milliseconds win", map[string]string{"Retry-After": "2", "Retry-After-Ms": "1500"}, "", 1500 * time.Millisecond},
		{"the reset of what is used up", map[string]string{"X-RateLimit-Remaining-Requests": "3", "X-RateLimit-Reset-Requests": "6m0s", "X-RateLimit-Remaining-Tokens": "0", "X-RateLimit-Reset-Tokens": "1.5s"}, "", 1500 * time.Millisecond},
		{"the reset of what is left over doesn't count", map[string]string{"X-RateLimit-Remaining-Requests": "0", "X-RateLimit-Reset-Requests": "2s", "X-RateLimit-Remaining-Tokens": "500", "X-RateLimit-Reset-Tokens": "6m0s"}, "", 2 * time.Second},
		{"a reset without a remainder", map[string]string{"X-RateLimit-Reset-Requests": "6m0s"}, "", 6 * time.Minute},
		{"a reset as a Unix time in milliseconds", map[string]string{"Date": at.Format(http.TimeFormat), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(at.Add(30 * time.Second).UnixMilli())}, "", 30 * time.Second},
		{"in the text only", nil, "Rate limit reached. Please try again in 1m2.5s.", 62500 * time.Millisecond},
		{"in the text, in words", nil, "please try again in 20 seconds", 20 * time.Second},
		{"nonsense", map[string]string{"Retry-After": "soon"}, "", 0},
		{"not a number", map[string]string{"Retry-After": "NaN"}, "", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var seen []runners.RateInfo
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				for k, v := range c.head {
					w.Header().Set(k, v)
				}
				answerJSON(w, 429, fmt.Sprintf(`{"error":{"message":%q}}`, c.body))
			}, func(o *Options) { o.OnRate = func(i runners.RateInfo) { seen = append(seen, i) } })
			_, err := ask(m)
			if call := wantCall(t, err, runners.ErrRateLimit); call.RetryAfter != c.want {
				t.Errorf("retry after %v, want %v", call.RetryAfter, c.want)
			}
			if has := c.head["X-RateLimit-Reset-Requests"] != "" || c.head["X-RateLimit-Reset"] != ""; has != (len(seen) > 0) {
				t.Errorf("the observer saw %v", seen)
			}
		})
	}
}

func TestObserverIsToldOfGoodAnswersToo(t *testing.T) {
	var seen []runners.RateInfo
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-RateLimit-Remaining-Requests", "0")
		w.Header().Set("X-RateLimit-Reset-Requests", "120ms")
		w.Header().Set("X-RateLimit-Remaining-Tokens", "9000")
		stream(w, delta("x"), finishStop, done)
	}, func(o *Options) { o.OnRate = func(i runners.RateInfo) { seen = append(seen, i) } })
	if _, err := ask(m); err != nil {
		t.Fatal(err)
	}
	want := runners.RateInfo{RemainingTokens: 9000, ResetRequests: 120 * time.Millisecond}
	if len(seen) != 1 || seen[0] != want {
		t.Errorf("got %+v, want %+v", seen, want)
	}
}

func TestContextOverflowInManyWordings(t *testing.T) {
	cases := []struct {
		name           string
		status         int
		body           string
		window, prompt int
	}{
		{"OpenAI", 400, `{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 10000 tokens. Please reduce the length of the messages.","code":"context_length_exceeded"}}`, 8192, 10000},
		{"OpenAI with completion", 400, `{"error":{"message":"This model's maximum context length is 128000 tokens. However, you requested 130000 tokens (129000 in the messages, 1000 in the completion).","code":"context_length_exceeded"}}`, 128000, 129000},
		{"OpenAI of late", 400, `{"error":{"message":"Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.","code":"context_length_exceeded"}}`, 272000, 300000},
		{"OpenAI by code only", 400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`, 0, 0},
		{"vLLM", 400, `{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or completion.","code":400}`, 4096, 4900},
		{"vLLM max_tokens", 400, `{"error":{"message":"'max_tokens' or 'max_completion_tokens' is too large: 512. This model's maximum context length is 4096 tokens and your request has 4000 input tokens (512 > 4096 - 4000).","code":400}}`, 4096, 4000},
		{"vLLM engine", 400, `{"error":{"message":"The decoder prompt (length 9000) is longer than the maximum model length of 4096. Make sure that max_model_len is no smaller.","code":400}}`, 4096, 9000},
		{"vLLM 1", 400, `{"error":{"message":"You passed 9001 input tokens and requested 100 output tokens. However, the model's context length is only 8192 tokens, resulting in a maximum input length of 8092 tokens."}}`, 8192, 9001},
		{"vLLM without room", 400, `{"object":"error","message":"max_tokens must be at least 1, got -904.","code":400}`, 0, 0},
		{"SGLang", 400, `{"object":"error","message":"The input (40000 tokens) is longer than the model's context length (32768 tokens)."}`, 32768, 40000},
		{"SGLang total", 400, `{"object":"error","message":"Requested token count exceeds the model's maximum context length of 32768 tokens. You requested a total of 33000 tokens: 32900 tokens from the input messages and 100 tokens for the completion."}`, 32768, 0},
		{"llama.cpp", 400, `{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}}`, 4096, 9000},
		{"llama.cpp with numbers", 400, `{"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error"}}`, 4096, 9000},
		{"llama-cpp-python", 400, `{"error":{"message":"This model's maximum context length is 512 tokens. However, you requested 1040 tokens (1024 in the messages, 16 in the completion). Please reduce the length of the messages or completion.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, 512, 1024},
		{"llama-cpp-python under 500", 500, `{"error":{"message":"Requested tokens (1040) exceed context window of 512","type":"internal_server_error","code":null}}`, 512, 1040},
		{"TGI", 422, "{\"error\":\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`\",\"error_type\":\"validation\"}", 4096, 5000},
		{"TGI inputs", 422, "{\"error\":\"Input validation error: `inputs` must have less than 1024 tokens. Given: 2000\",\"error_type\":\"validation\"}", 1024, 2000},
		{"Anthropic", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}`, 200000, 210000},
		{"Anthropic with max_tokens", 400, "{\"error\":{\"message\":\"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length\"}}", 200000, 190000},
		{"Gemini", 400, `[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]`, 1048576, 1200000},
		{"Mistral", 400, `{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"}`, 32768, 40000},
		{"with thousands separators", 413, `{"error":{"message":"maximum context length is 131,072 tokens"}}`, 131072, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) { answerJSON(w, c.status, c.body) })
			_, err := ask(m)
			call := wantCall(t, err, runners.ErrOverflow)
			if call.Window != c.window || call.PromptTokens != c.prompt {
				t.Errorf("window %d, prompt %d; want %d, %d", call.Window, call.PromptTokens, c.window, c.prompt)
			}
		})
	}
}

func TestStreamsThatGoWrong(t *testing.T) {
	const empty = "data: {\"choices\":[]}\n\n"
	cases := []struct {
		name  string
		parts []string
		kind  runners.ErrorKind
		text  string
	}{
		{"half a stream", []string{delta("Ber")}, runners.ErrTransient, "half a stream"},
		{"half an event", []string{delta("Ber"), `data: {"choices":[{"in`}, runners.ErrTransient, "no proper JSON"},
		{"nothing at all", nil, runners.ErrTransient, "empty answer"},
		{"no choices, twice", []string{empty, done}, runners.ErrRequest, "empty choices list"},
		{"an error of OpenAI's shape", []string{delta("Ber"), "data: {\"error\":{\"message\":\"engine died\",\"type\":\"server_error\"}}\n\n", done}, runners.ErrTransient, "engine died"},
		{"an error with spaces in front", []string{"data: { \"error\": {\"message\":\"engine died\",\"code\":500}}\n\n"}, runners.ErrTransient, "engine died"},
		{"an error that is a string", []string{"data: {\"error\":\"engine died\",\"error_type\":\"x\"}\n\n"}, runners.ErrTransient, "error inside the stream"},
		{"an overflow inside the stream", []string{"data: {\"error\":{\"message\":\"maximum context length is 4096 tokens\",\"code\":400}}\n\n"}, runners.ErrOverflow, "4096"},
		{"an error of older vLLM", []string{"data: {\"object\":\"error\",\"message\":\"bad\",\"code\":400}\n\n"}, runners.ErrRequest, "bad"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				calls++
				stream(w, c.parts...)
			})
			got, err := ask(m)
			wantCall(t, err, c.kind, c.text)
			if got.Text != "" {
				t.Errorf("half an answer %q came with the error", got.Text)
			}
			if strings.HasPrefix(c.name, "no choices") && calls != 2 {
				t.Errorf("%d calls, want 2", calls)
			}
		})
	}
}

func TestEmptyChoicesOnceAreOvercome(t *testing.T) {
	calls := 0
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			answerJSON(w, 200, `{"choices":[]}`)
			return
		}
		stream(w, delta("x"), finishStop, done)
	})
	got, err := ask(m)
	if err != nil || got.Text != "x" || got.Retries != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestHTMLIsAWrongAddress(t *testing.T) {
	cases := []struct {
		status int
		head   string
		kind   runners.ErrorKind
	}{
		{200, "text/html; charset=utf-8", runners.ErrFatal},
		{200, "", runners.ErrFatal},
		{404, "text/html", runners.ErrFatal},
		{400, "text/html", runners.ErrFatal},
		{502, "text/html", runners.ErrTransient}, // a gateway's page: it passes
		{429, "text/html", runners.ErrRateLimit},
	}
	for _, c := range cases {
		m := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{c.head}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, "\n<!DOCTYPE html><html><head><title>Welcome  to "+testKey+"</title></head></html>")
		})
		_, err := ask(m)
		wantCall(t, err, c.kind, c.head, "is the base URL right? it usually ends in /v1", "Welcome to [key]")
	}
}

func TestRedirectNamesTheRightAddress(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://api.example.org/v1/chat/completions?key="+testKey, http.StatusMovedPermanently)
	})
	_, err := ask(m)
	wantCall(t, err, runners.ErrFatal, "https://api.example.org/v1/chat/completions")
}

func TestRedirectThatKeepsTheMethodIsFollowed(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v2") {
			http.Redirect(w, r, "/v2/chat/completions", http.StatusTemporaryRedirect)
			return
		}
		if bodyOf(t, r)["model"] != "m" {
			t.Error("the body is gone")
		}
		stream(w, delta("x"), finishStop, done)
	})
	if _, err := ask(m); err != nil {
		t.Error(err)
	}
}

func TestKeyIsNeverShown(t *testing.T) {
	for _, body := range []string{
		`{"error":{"message":"bad header Authorization: %s"}}`, `you sent %s`, `{"detail":"%s"}`,
		`{"error":{"message":"` + strings.Repeat("x", maxMessage-20) + `%s"}}`,
	} {
		for _, status := range []int{400, 401, 403, 404, 429, 500} {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				answerJSON(w, status, fmt.Sprintf(body, r.Header.Get("Authorization")))
			})
			for what, err := range map[string]error{"generate": second(ask(m)), "window": second(m.Window(t.Context()))} {
				if err == nil {
					continue // a list that isn't there says nothing
				}
				// Not even the beginning of it.
				if strings.Contains(err.Error(), "sk-test") || strings.Contains(err.Error(), "0123456789") {
					t.Errorf("%s, status %d: the key is in %q", what, status, err)
				}
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestPasswordOfTheAddressIsNeverShown(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	address := strings.Replace(s.URL, "http://", "http://me:hunter22@", 1)
	s.Close() // refuses connections from now on
	m, err := New(Options{Name: "m", BaseURL: address})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(m)
	if wantCall(t, err, runners.ErrTransient, "refused"); strings.Contains(err.Error(), "hunter22") {
		t.Errorf("the password is in %q", err)
	}
	if strings.Count(err.Error(), "http://") != 1 {
		t.Errorf("%q doesn't name the address once", err)
	}
	if strings.Contains(m.Endpoint(), "hunter22") {
		t.Errorf("the password is in %q", m.Endpoint())
	}
}

func TestPromptIsNotRepeatedInErrors(t *testing.T) {
	prompt := "The harbour master of Bergen wrote a long report on the tides of the year."
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 422, `{"detail":[{"loc":["body","prompt"],"msg":"value is bad, input: `+prompt+` and so on"}]}`)
	})
	_, err := m.Generate(t.Context(), runners.Request{Prompt: "Read this.\n" + prompt, Chat: true})
	wantCall(t, err, runners.ErrRequest, "value is bad")
	if strings.Contains(err.Error(), "harbour") || strings.Contains(err.Error(), "tides") {
		t.Errorf("the prompt is in %q", err)
	}
}
