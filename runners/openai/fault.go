package openai

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// fault is an error body, as far as its many shapes agree.
type fault struct {
	text   string // decoded, not yet scrubbed
	code   string
	kind   string // the body's "type"
	param  string
	status int // an HTTP status inside the body
	window int // llama.cpp's n_ctx
	prompt int // llama.cpp's n_prompt_tokens
}

// readFault decodes the error bodies of OpenAI ({"error":{…}}), TGI
// ({"error":"…"}), FastAPI ({"detail":…}), older vLLM ({"object":"error",
// "message":…}) and Gemini ([{"error":{…}}]); anything else is text.
func readFault(body []byte) fault {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fault{text: strings.ToValidUTF8(strings.TrimSpace(string(body)), "\uFFFD")}
	}
	var f fault
	f.read(v, 0)
	return f
}

// The body is the server's: its nesting is followed so deep and no deeper.
const maxFaultDepth = 6

func (f *fault) read(v any, depth int) {
	if depth > maxFaultDepth {
		return
	}
	switch v := v.(type) {
	case string:
		f.say(v)
	case []any:
		for _, item := range v[:min(len(v), 4)] {
			f.read(item, depth+1)
		}
	case map[string]any:
		f.readObject(v, depth)
	}
}

func (f *fault) readObject(o map[string]any, depth int) {
	if inner, ok := o["error"]; ok && inner != nil {
		f.read(inner, depth+1)
	}
	if detail, ok := o["detail"]; ok {
		f.read(detail, depth+1)
	}
	if msg, ok := o["msg"].(string); ok { // one of FastAPI's complaints
		if where := location(o["loc"]); where != "" {
			f.param = where[strings.LastIndexByte(where, '.')+1:]
			msg = where + ": " + msg
		}
		f.say(msg)
	}
	switch message := o["message"].(type) {
	case string:
		f.say(message)
	case []any, map[string]any:
		f.read(message, depth+1)
	}
	f.detail(o)
}

func (f *fault) detail(o map[string]any) {
	set := func(to *string, name string) {
		if s, ok := o[name].(string); ok && *to == "" {
			*to = s
		}
	}
	set(&f.code, "code")
	set(&f.kind, "type")
	set(&f.kind, "error_type")
	set(&f.kind, "status")
	set(&f.param, "param")
	number := func(name string) int {
		if n, ok := o[name].(float64); ok && n > 0 && n < 1<<40 {
			return int(n)
		}
		return 0
	}
	if n := number("code"); n >= 400 && n < 600 {
		f.status = n
	}
	f.window = max(f.window, number("n_ctx"))
	f.prompt = max(f.prompt, number("n_prompt_tokens"))
}

func (f *fault) say(s string) {
	if f.text != "" {
		f.text += "; "
	}
	f.text += s
}

// location joins FastAPI's ["body","messages",0] to messages.0.
func location(v any) string {
	list, ok := v.([]any)
	if !ok {
		return ""
	}
	var parts []string
	for _, p := range list {
		switch p := p.(type) {
		case string:
			parts = append(parts, p)
		case float64:
			parts = append(parts, strconv.Itoa(int(p)))
		}
	}
	if len(parts) > 1 && parts[0] == "body" {
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

// scrubber takes secrets out of texts.
type scrubber struct{ secrets []string }

func newScrubber(secrets ...string) scrubber {
	var s scrubber
	for _, secret := range secrets {
		if len(secret) < 4 || strings.EqualFold(secret, "EMPTY") {
			continue // what people write for servers that want no key
		}
		quoted := fmt.Sprintf("%q", secret)
		s.secrets = append(s.secrets, secret, quoted[1:len(quoted)-1], strings.ReplaceAll(secret, "/", `\/`))
	}
	sort.Slice(s.secrets, func(i, j int) bool { return len(s.secrets[i]) > len(s.secrets[j]) })
	return s
}

func (s scrubber) text(t string) string {
	for _, secret := range s.secrets {
		t = strings.ReplaceAll(t, secret, "[key]")
	}
	return t
}

// maxMessage is how much of a server's message an error repeats.
const maxMessage = 400

// message makes a server's text fit to be printed: no secret, nothing of the
// prompt, one line, not too long. Secrets go first: a cut could leave a part
// of one.
func (s scrubber) message(t, prompt string) string {
	t = strings.Join(strings.Fields(s.text(t)), " ")
	t = shorten(t, maxMessage)
	return cutEcho(t, prompt)
}

// shorten cuts t to about n bytes, at the start of a character.
func shorten(t string, n int) string {
	if len(t) <= n {
		return t
	}
	for n > 0 && t[n]&0xC0 == 0x80 {
		n--
	}
	return t[:n] + "…"
}

// cutEcho ends a message where it begins to repeat the prompt, as validation
// errors do. Any repeat of 48 bytes covers one of the windows looked for.
func cutEcho(t, prompt string) string {
	const window = 24
	for at := 0; at+window <= len(t); at += window {
		if !strings.Contains(prompt, t[at:at+window]) {
			continue
		}
		// The repeat may have begun inside the window before.
		for at > 0 && strings.Contains(prompt, t[at-1:at+window-1]) {
			at--
		}
		for at > 0 && t[at]&0xC0 == 0x80 {
			at--
		}
		return t[:at] + "[prompt text left out]"
	}
	return t
}
