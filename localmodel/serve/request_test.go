package serve

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/chat"
)

func TestRequestsThatAreWrong(t *testing.T) {
	const m = `"messages":[{"role":"user","content":"x"}]`
	cases := []struct {
		name, api, body string
		param, message  string
	}{
		{"no JSON", "chat", `{`, "", "the body is no JSON object"},
		{"nothing", "chat", ``, "", "the body is no JSON object"},
		{"a list", "chat", `[]`, "", "the body is no JSON object"},
		{"null", "completion", `null`, "", "got null"},
		{"two objects", "chat", `{` + m + `}{}`, "", "the body is no JSON object"},
		{"no messages", "chat", `{}`, "messages", "at least one"},
		{"empty messages", "chat", `{"messages":[]}`, "messages", "at least one"},
		{"messages as text", "chat", `{"messages":"x"}`, "messages", "got a string"},
		{"a role of its own", "chat", `{"messages":[{"role":"tool","content":"x"}]}`, "messages", "message 1: role"},
		{"no content", "chat", `{"messages":[{"role":"user"}]}`, "messages", "content: missing"},
		{"a picture", "chat", `{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}`, "messages", "a part is no text"},
		{"a tool call", "chat", `{"messages":[{"role":"assistant","content":"x","tool_calls":[{}]}]}`, "messages", "tool calls"},
		{"temperature as text", "chat", `{"temperature":"0",` + m + `}`, "temperature", "want a number, got a string"},
		{"too hot", "chat", `{"temperature":2.1,` + m + `}`, "temperature", "0 to 2"},
		{"top_p of nothing", "chat", `{"top_p":0,` + m + `}`, "top_p", "more than 0"},
		{"no tokens", "chat", `{"max_tokens":0,` + m + `}`, "max_tokens", "less than 1"},
		{"half a token", "chat", `{"max_tokens":1.5,` + m + `}`, "max_tokens", "want an integer"},
		{"a huge number of tokens", "chat", `{"max_tokens":1e99,` + m + `}`, "max_tokens", "want an integer"},
		{"the largest number of tokens", "chat", `{"max_tokens":9223372036854775807,` + m + `}`, "max_tokens", "is more than 2147483647"},
		{"no completion tokens", "chat", `{"max_completion_tokens":-1,` + m + `}`, "max_completion_tokens", "less than 1"},
		{"stop as number", "chat", `{"stop":1,` + m + `}`, "stop", "a string or a list of strings"},
		{"17 stops", "chat", `{"stop":[` + strings.Repeat(`"a",`, 16) + `"a"],` + m + `}`, "stop", "at most 16"},
		{"a long stop", "chat", `{"stop":"` + strings.Repeat("a", 1001) + `",` + m + `}`, "stop", "1001 bytes"},
		{"stream as text", "chat", `{"stream":"yes",` + m + `}`, "stream", "true or false"},
		{"n of 2", "chat", `{"n":2,` + m + `}`, "n", "not supported"},
		{"tools", "chat", `{"tools":[{"type":"function"}],` + m + `}`, "tools", "not supported"},
		{"a schema", "chat", `{"response_format":{"type":"json_schema"},` + m + `}`, "response_format", "not supported"},
		{"biases", "chat", `{"logit_bias":{"5":1},` + m + `}`, "logit_bias", "not supported"},
		{"a penalty", "chat", `{"presence_penalty":0.1,` + m + `}`, "presence_penalty", "not supported"},
		{"top_k", "completion", `{"top_k":40,"prompt":"x"}`, "top_k", "not supported"},
		{"alternatives", "chat", `{"logprobs":true,"top_logprobs":2,` + m + `}`, "top_logprobs", "not supported"},
		{"alternatives of a completion", "completion", `{"logprobs":5,"prompt":"x"}`, "logprobs", "ask for 0 or 1"},
		{"a suffix", "completion", `{"suffix":"y","prompt":"x"}`, "suffix", "not supported"},
		{"no prompt", "completion", `{}`, "prompt", "missing"},
		{"no prompts", "completion", `{"prompt":[]}`, "prompt", "prompt 1 is empty"},
		{"an empty one among them", "completion", `{"prompt":[[1],[]]}`, "prompt", "prompt 2 is empty"},
		{"a mixture", "completion", `{"prompt":["a",[1]]}`, "prompt", "want a string"},
		{"a number", "completion", `{"prompt":5}`, "prompt", "want a string"},
		{"ids too large", "completion", `{"prompt":[4294967296]}`, "prompt", "want a string"},
		{"nothing wanted", "completion", `{"prompt":"x","max_tokens":0}`, "max_tokens", "less than 1"},
		{"too many", "completion", `{"prompt":[` + strings.Repeat(`"a",`, 2048) + `"a"]}`, "prompt", "at most 2048"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			read := chatAsk
			if c.api == "completion" {
				read = completionAsk
			}
			_, f := read([]byte(c.body))
			if f == nil {
				t.Fatalf("%.200s was accepted", c.body)
			}
			if f.status != 400 || f.param != c.param || !strings.Contains(f.message, c.message) {
				t.Errorf("got %d, %s: %s; want %s: %s", f.status, f.param, f.message, c.param, c.message)
			}
		})
	}
}

// What changes nothing is no reason to refuse.
func TestHarmlessParametersAreAccepted(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"user","content":"x","name":"me"}],"n":1,"tools":[],"tool_choice":"none",
		"response_format":{"type":"text"},"logit_bias":{},"presence_penalty":0,"frequency_penalty":0.0,"top_k":-1,"top_logprobs":0,
		"user":"u","store":false,"metadata":{"a":"b"},"temperature":null,"stop":null,"max_tokens":null,"seed":null,"stream_options":null,
		"repetition_penalty":1.0,"logprobs":false,"service_tier":"auto","parallel_tool_calls":true,"unheard_of":[1]}`
	a, f := chatAsk([]byte(body))
	if f != nil {
		t.Fatal(f)
	}
	if a.sampling.Temperature != 1 || a.sampling.TopP != 1 || a.limit != nil || a.stop != nil || a.logProbs || a.stream || a.usage {
		t.Errorf("got %+v, want the defaults", a)
	}
}

func TestMessagesAreReadInOrder(t *testing.T) {
	a, f := chatAsk([]byte(`{"messages":[{"role":"developer","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}]},
		{"role":"assistant","content":""},{"role":"user","content":"d"}],"stop":"\n","seed":-1,"temperature":0,"stream":true,"stream_options":{"include_usage":true}}`))
	if f != nil {
		t.Fatal(f)
	}
	want := []localmodel.Prompt{{Chat: true, Messages: []chat.Message{
		{Role: "system", Content: "a"}, {Role: "user", Content: "bc"}, {Role: "assistant"}, {Role: "user", Content: "d"},
	}}}
	if diff := cmp.Diff(want, a.prompts); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if a.sampling.Temperature != 0 || a.sampling.Seed != 1<<64-1 || !cmp.Equal(a.stop, []string{"\n"}) || !a.stream || !a.usage {
		t.Errorf("got %+v", a)
	}
}

func TestPromptsInTheirForms(t *testing.T) {
	cases := []struct {
		prompt string
		want   []localmodel.Prompt
	}{
		{`"a"`, []localmodel.Prompt{{Text: "a"}}},
		{`["a","b"]`, []localmodel.Prompt{{Text: "a"}, {Text: "b"}}},
		{`[1,2]`, []localmodel.Prompt{{IDs: []int32{1, 2}}}},
		{"[ \n[1],\t[2,3]]", []localmodel.Prompt{{IDs: []int32{1}}, {IDs: []int32{2, 3}}}},
		{"[" + strings.Repeat(" ", 100) + `"a"]`, []localmodel.Prompt{{Text: "a"}}},
	}
	for _, c := range cases {
		a, f := completionAsk([]byte(`{"prompt":` + c.prompt + `}`))
		if f != nil {
			t.Errorf("%s: %v", c.prompt, f)
			continue
		}
		if diff := cmp.Diff(c.want, a.prompts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.prompt, diff)
		}
	}
}

// A seed that isn't given is another one each time.
func TestSeedsDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for range 10 {
		a, f := completionAsk([]byte(`{"prompt":"a"}`))
		if f != nil {
			t.Fatal(f)
		}
		seen[a.sampling.Seed] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d seeds in 10 requests", len(seen))
	}
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		hello, `{"prompt":"a","stop":["b"],"echo":true,"logprobs":1,"max_tokens":0}`, `{"prompt":[[1,2],[3]],"seed":-5}`, `{"prompt":[`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],"temperature":0.5,"top_p":0.9,"n":1,"tools":[ ]}`,
		`{"messages":[{"role":"assistant","tool_calls":null,"content":"\ud800"}],"stream_options":{"include_usage":true}}`,
		`null`, `[]`, `{"prompt": ["a" , "b"],"model":5}`, `{"logit_bias":"","tool_choice":"auto","response_format":{"type":"text"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 1<<16 {
			t.Skip()
		}
		for _, read := range []func([]byte) (*ask, *fault){chatAsk, completionAsk} {
			a, bad := read(body)
			if bad != nil {
				if bad.status != 400 || bad.message == "" || bad.kind != invalidRequest {
					t.Errorf("refused by %+v", bad)
				}
				continue
			}
			checkAsk(t, a)
		}
	})
}

// checkAsk looks for what the rest of the package relies on.
func checkAsk(t *testing.T, a *ask) {
	t.Helper()
	s := a.sampling
	if len(a.prompts) == 0 || len(a.prompts) > maxPrompts || len(a.stop) > maxStops {
		t.Errorf("%d prompts, %d stops", len(a.prompts), len(a.stop))
	}
	if !(s.Temperature >= 0 && s.Temperature <= 2 && s.TopP > 0 && s.TopP <= 1) || a.limit != nil && (*a.limit < 0 || *a.limit == 0 && !a.echo) {
		t.Errorf("sampling %+v, limit %v", s, a.limit)
	}
	for _, p := range a.prompts {
		if p.Chat != (len(p.Messages) > 0) || p.IDs != nil && len(p.IDs) == 0 {
			t.Errorf("prompt %+v", p)
		}
	}
}
