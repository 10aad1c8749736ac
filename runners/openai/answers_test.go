package openai

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/runners"
)

func TestAnswersOfWellBehavedServers(t *testing.T) {
	usage := runners.Usage{Known: true, Prompt: 100, Cached: 64, Completion: 7, Reasoning: 3}
	cases := []struct {
		name  string
		parts []string
		want  runners.Response
	}{
		{
			"a stream with usage behind it",
			[]string{delta("Ber"), delta("gen"), finishStop, usageChunk, done},
			runners.Response{Text: "Bergen", FinishReason: "stop", Model: "served", Usage: usage},
		},
		{
			"a stream without usage has unknown usage",
			[]string{delta("Bergen"), finishStop, done},
			runners.Response{Text: "Bergen", FinishReason: "stop", Model: "served"},
		},
		{
			"a stream that ends after the finish reason without a mark",
			[]string{delta("Bergen"), finishStop},
			runners.Response{Text: "Bergen", FinishReason: "stop", Model: "served"},
		},
		{
			"a stream whose last line has no end",
			[]string{delta("Bergen"), finishStop, strings.TrimSpace(usageChunk)},
			runners.Response{Text: "Bergen", FinishReason: "stop", Model: "served", Usage: usage},
		},
		{
			"a mark of the end without a finish reason",
			[]string{delta("Bergen"), "data: [DONE]"},
			runners.Response{Text: "Bergen", Model: "served"},
		},
		{
			"keep-alive comments, carriage returns and no space behind the colon",
			[]string{strings.Repeat(": PROCESSING\r\n\r\n", 400), strings.ReplaceAll(delta("Bergen"), "data: ", "data:"), strings.ReplaceAll(finishStop, "\n", "\r\n"), done},
			runners.Response{Text: "Bergen", FinishReason: "stop", Model: "served"},
		},
		{
			"invalid UTF-8 becomes the replacement character",
			[]string{"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Ber\xff\xfegen\"},\"finish_reason\":\"stop\"}]}\n\n", done},
			runners.Response{Text: "Ber\uFFFD\uFFFDgen", FinishReason: "stop", Model: "m"},
		},
		{
			"reasoning_content and reasoning deltas are kept apart",
			[]string{
				"data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"let me \"}}]}\n\n",
				"data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"see\"}}]}\n\n",
				delta("Bergen"), finishStop, done,
			},
			runners.Response{Text: "Bergen", Reasoning: "let me see", FinishReason: "stop", Model: "served"},
		},
		{
			"think tags that are split over events",
			[]string{delta("<thi"), delta("nk>hm</th"), delta("ink>\n\nBergen"), finishStop, done},
			runners.Response{Text: "Bergen", Reasoning: "hm", FinishReason: "stop", Model: "served"},
		},
		{
			"thinking without an end has no answer",
			[]string{delta("<think>hm, "), delta("so"), "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", done},
			runners.Response{Reasoning: "hm, so", FinishReason: "length", Model: "served"},
		},
		{
			"content in parts",
			[]string{
				"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]}]}}]}\n\n",
				"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Bergen\"}]},\"finish_reason\":\"stop\"}]}\n\n", done,
			},
			runners.Response{Text: "Bergen", Reasoning: "hm", FinishReason: "stop", Model: "m"},
		},
		{
			"a second choice is not mixed in",
			[]string{"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Bergen\"}},{\"index\":1,\"delta\":{\"content\":\"Oslo\"}}]}\n\n", finishStop, done},
			runners.Response{Text: "Bergen", FinishReason: "stop", Model: "m"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				stream(w, c.parts...)
			})
			got, err := ask(m)
			if err != nil {
				t.Fatal(err)
			}
			if got.Total <= 0 {
				t.Error("no total time")
			}
			if c.want.Text != "" && got.FirstToken <= 0 {
				t.Error("no time of the first token")
			}
			got.Total, got.FirstToken = 0, 0
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJSONInsteadOfAStream(t *testing.T) {
	const chat = "{\n \"model\": \"served\",\n \"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\", \"content\": \"Ber\\ngen\", \"reasoning_content\": \"hm\"}, \"finish_reason\": \"stop\"}],\r\n \"usage\": {\"prompt_tokens\": 5, \"completion_tokens\": 2, \"prompt_cache_hit_tokens\": 4}\n}\n"
	for _, contentType := range []string{"application/json", "text/event-stream", ""} {
		for _, noStream := range []bool{false, true} {
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if body := bodyOf(t, r); body["stream"] != !noStream {
					t.Errorf("stream is %v", body["stream"])
				} else if _, there := body["stream_options"]; there == noStream {
					t.Errorf("stream_options in %v", body)
				}
				w.Header()["Content-Type"] = []string{contentType}
				_, _ = io.WriteString(w, chat)
			}, func(o *Options) { o.NoStream = noStream })
			got, err := ask(m)
			if err != nil {
				t.Fatalf("content type %q, no stream %v: %v", contentType, noStream, err)
			}
			got.Total, got.FirstToken = 0, 0
			want := runners.Response{
				Text: "Ber\ngen", Reasoning: "hm", FinishReason: "stop", Model: "served",
				Usage: runners.Usage{Known: true, Prompt: 5, Cached: 4, Completion: 2},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("content type %q: %s", contentType, diff)
			}
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	seed := 7
	cases := []struct {
		name string
		set  func(*Options)
		req  runners.Request
		path string
		want map[string]any
	}{
		{
			"a chat turn at temperature 0, which is sent as the number 0", nil,
			runners.Request{System: "Be brief.", Prompt: "a \"b\"\\\n\x01\u2028<ü>", Chat: true, MaxTokens: 32, ReasoningTokens: 100, Stop: []string{"\n"}, Seed: &seed},
			"/v1/chat/completions",
			map[string]any{
				"model": "m", "temperature": 0.0, "max_tokens": 132.0, "stop": []any{"\n"}, "seed": 7.0, "stream": true,
				"stream_options": map[string]any{"include_usage": true},
				"messages": []any{
					map[string]any{"role": "system", "content": "Be brief."},
					map[string]any{"role": "user", "content": "a \"b\"\\\n\x01\u2028<ü>"},
				},
			},
		},
		{
			"a plain completion", nil,
			runners.Request{System: "S", Prompt: "def f(", MaxTokens: 64, Temperature: 0.5, TopP: 0.9},
			"/v1/completions",
			map[string]any{
				"model": "m", "temperature": 0.5, "top_p": 0.9, "max_tokens": 64.0, "stream": true, "prompt": "S\n\ndef f(",
				"stream_options": map[string]any{"include_usage": true},
			},
		},
		{
			"a reasoning model gets max_completion_tokens and no temperature",
			func(o *Options) { o.Name = "openai/o3-mini"; o.Extra = map[string]any{"reasoning_effort": "low"} },
			runners.Request{Prompt: "p", Chat: true, MaxTokens: 10, ReasoningTokens: 1000, TopP: 0.5},
			"/v1/chat/completions",
			map[string]any{
				"model": "openai/o3-mini", "max_completion_tokens": 1010.0, "reasoning_effort": "low", "stream": true,
				"stream_options": map[string]any{"include_usage": true},
				"messages":       []any{map[string]any{"role": "user", "content": "p"}},
			},
		},
		{
			"extra parameters win; a chat API is used for all if so told",
			func(o *Options) {
				o.API = APIChat
				o.Extra = map[string]any{"temperature": 0.7, "chat_template_kwargs": map[string]any{"enable_thinking": false}}
			},
			runners.Request{Prompt: "p", MaxTokens: 10},
			"/v1/chat/completions",
			map[string]any{
				"model": "m", "temperature": 0.7, "max_tokens": 10.0, "stream": true,
				"chat_template_kwargs": map[string]any{"enable_thinking": false},
				"stream_options":       map[string]any{"include_usage": true},
				"messages":             []any{map[string]any{"role": "user", "content": "p"}},
			},
		},
		{
			"a name from go-openai's list of chat models goes to completions where it was sent to",
			func(o *Options) { o.Name = "gpt-4o-mini"; o.NoStream = true },
			runners.Request{Prompt: "p", MaxTokens: 10},
			"/v1/completions",
			map[string]any{"model": "gpt-4o-mini", "temperature": 0.0, "max_tokens": 10.0, "stream": false, "prompt": "p"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got map[string]any
			var path, authorization string
			set := c.set
			if set == nil {
				set = func(*Options) {}
			}
			m := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got, path, authorization = bodyOf(t, r), r.URL.Path, r.Header.Get("Authorization")
				if r.ContentLength <= 0 {
					t.Error("no content length")
				}
				stream(w, delta("x"), finishStop, done)
			}, set)
			if _, err := m.Generate(t.Context(), c.req); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if path != c.path || authorization != "Bearer "+testKey {
				t.Errorf("path %q, authorization %q", path, authorization)
			}
		})
	}
}

func TestAnswerKeepsToItsOwnLimitBesideReasoning(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		stream(w, delta("<think>long thought</think>one two three four"), finishStop, done)
	}, func(o *Options) {
		o.CutAnswer = func(text string, n int) string {
			words := strings.SplitAfter(text, " ")
			return strings.TrimSpace(strings.Join(words[:min(n, len(words))], ""))
		}
	})
	got, err := m.Generate(t.Context(), runners.Request{Prompt: "p", Chat: true, MaxTokens: 2, ReasoningTokens: 50})
	if err != nil || got.Text != "one two" || got.FinishReason != "length" {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = m.Generate(t.Context(), runners.Request{Prompt: "p", Chat: true, MaxTokens: 2})
	if err != nil || got.Text != "one two three four" {
		t.Errorf("without a reasoning budget nothing is cut: got %+v, %v", got, err)
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	for _, parts := range [][]string{{delta("x"), finishStop, usageChunk, done}, {`{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`}} {
		var mu sync.Mutex
		from := map[string]bool{}
		m := serve(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			from[r.RemoteAddr] = true
			mu.Unlock()
			_, _ = io.Copy(io.Discard, r.Body)
			stream(w, parts...)
		})
		for range 20 {
			if _, err := ask(m); err != nil {
				t.Fatal(err)
			}
		}
		if len(from) != 1 {
			t.Errorf("20 calls one after the other took %d connections, want 1", len(from))
		}
	}
}
