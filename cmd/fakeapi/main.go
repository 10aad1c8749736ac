// Command fakeapi is an OpenAI-compatible endpoint that answers at once (or
// after -latency) with a fixed text: what make bench measures clients against.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on")
	latency := flag.Duration("latency", 0, "time to wait ahead of an answer")
	text := flag.String("text", "Paragraph 7 is the answer.", "the answer")
	window := flag.Int("window", 131072, "max_model_len in /v1/models; 0 leaves it out")
	flag.Parse()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/v1\n", listener.Addr())
	server := &http.Server{Handler: handler(*latency, *text, *window), ReadHeaderTimeout: time.Minute}
	log.Fatal(server.Serve(listener))
}

// request is what the answers depend on.
type request struct {
	Stream bool `json:"stream"`
}

func handler(latency time.Duration, text string, window int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		model := map[string]any{"id": "fake", "object": "model"}
		if window > 0 {
			model["max_model_len"] = window
		}
		reply(w, map[string]any{"object": "list", "data": []any{model}})
	})
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, latency, func(stream bool) map[string]any {
			key, object := "message", "chat.completion"
			if stream {
				key, object = "delta", "chat.completion.chunk"
			}
			return map[string]any{"object": object, "choices": []any{map[string]any{
				"index": 0, key: map[string]any{"role": "assistant", "content": text}, "finish_reason": "stop",
			}}}
		})
	})
	mux.HandleFunc("POST /v1/completions", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, latency, func(bool) map[string]any {
			return map[string]any{"object": "text_completion", "choices": []any{map[string]any{
				"index": 0, "text": text, "finish_reason": "stop",
			}}}
		})
	})
	return mux
}

func answer(w http.ResponseWriter, r *http.Request, latency time.Duration, body func(stream bool) map[string]any) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var q request
	if err := json.Unmarshal(raw, &q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	time.Sleep(latency)
	out := body(q.Stream)
	out["id"], out["model"], out["created"] = "fake-1", "fake", time.Now().Unix()
	usage := map[string]any{"prompt_tokens": len(raw) / 4, "completion_tokens": 8, "total_tokens": len(raw)/4 + 8}
	if !q.Stream {
		out["usage"] = usage
		reply(w, out)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	event(w, out)
	event(w, map[string]any{"id": "fake-1", "object": out["object"], "model": "fake", "choices": []any{}, "usage": usage})
	fmt.Fprint(w, "data: [DONE]\n\n")
}

func event(w io.Writer, v any) {
	raw, err := json.Marshal(v)
	if err == nil {
		fmt.Fprintf(w, "data: %s\n\n", raw)
	}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print(err)
	}
}
