package serve

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/google/go-cmp/cmp"
)

// client is go-openai's, on a server of ours.
func client(url string) *goopenai.Client {
	c := goopenai.DefaultConfig("key")
	c.BaseURL = url + "/v1"
	return goopenai.NewClientWithConfig(c)
}

func chatRequest(content string) goopenai.ChatCompletionRequest {
	return goopenai.ChatCompletionRequest{
		Model: "small", Temperature: math.SmallestNonzeroFloat32, MaxTokens: 20, //nolint:staticcheck // what clients still send
		Messages: []goopenai.ChatCompletionMessage{{Role: "system", Content: "ab"}, {Role: "user", Content: content}},
	}
}

func TestChatIsAnsweredFromTheContext(t *testing.T) {
	c := client(serveSmall(t, joining))
	r := chatRequest("..k7w<eov>....k")
	r.LogProbs = true
	a, err := c.CreateChatCompletion(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	got := a.Choices[0]
	if got.Message.Content != "7w" || got.Message.Role != "assistant" || got.FinishReason != "stop" {
		t.Errorf("got %+v, want 7w from the assistant, stopped", got)
	}
	// BOS, "ab", and 13 of which <eov> is one token.
	if a.Usage.PromptTokens != 1+2+11 || a.Usage.CompletionTokens != 2 || a.Usage.TotalTokens != 16 {
		t.Errorf("usage %+v, want 14 and 2", a.Usage)
	}
	if a.Object != "chat.completion" || a.Model != "small" || !strings.HasPrefix(a.ID, "chatcmpl-") || a.SystemFingerprint == "" {
		t.Errorf("object %q, model %q, id %q, fingerprint %q", a.Object, a.Model, a.ID, a.SystemFingerprint)
	}
	checkChatLogProbs(t, got.LogProbs, "7w")
}

func checkChatLogProbs(t *testing.T, l *goopenai.LogProbs, text string) {
	t.Helper()
	if l == nil || len(l.Content) != len(text) {
		t.Fatalf("log-probabilities %+v, want %d", l, len(text))
	}
	for i, p := range l.Content {
		// The logit of the copied token stands 22 above the others.
		if p.Token != text[i:i+1] || string(p.Bytes) != text[i:i+1] || p.LogProb > 0 || p.LogProb < -1e-4 || len(p.TopLogProbs) != 0 {
			t.Errorf("token %d: %+v, want %q at almost 0", i, p, text[i:i+1])
		}
	}
}

func TestChatStreams(t *testing.T) {
	c := client(serveSmall(t, joining))
	r := chatRequest("..k7w<eov>....k")
	r.StreamOptions = &goopenai.StreamOptions{IncludeUsage: true}
	r.LogProbs = true
	s, err := c.CreateChatCompletionStream(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var roles, finish, pieces []string
	var usage *goopenai.Usage
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if usage != nil {
			t.Error("something comes behind the usage")
		}
		usage = e.Usage
		for _, choice := range e.Choices {
			roles = append(roles, choice.Delta.Role)
			pieces = append(pieces, choice.Delta.Content)
			finish = append(finish, string(choice.FinishReason))
		}
	}
	if diff := cmp.Diff([][]string{{"assistant", "", ""}, {"7", "w", ""}, {"", "", "stop"}}, [][]string{roles, pieces, finish}); diff != "" {
		t.Errorf("roles, pieces, finish reasons (-want +got):\n%s", diff)
	}
	if usage == nil || usage.PromptTokens != 14 || usage.CompletionTokens != 2 || usage.PromptTokensDetails == nil {
		t.Errorf("usage %+v, want 14 and 2", usage)
	}
}

func TestARepeatedPromptIsCached(t *testing.T) {
	c := client(serveSmall(t, joining))
	for i := range 2 {
		a, err := c.CreateChatCompletion(context.Background(), chatRequest("..k7w<eov>"+strings.Repeat(".", 400)+"k"))
		if err != nil {
			t.Fatal(err)
		}
		// The engine computes the last few tokens again.
		if got := a.Usage.PromptTokensDetails.CachedTokens; i == 0 && got != 0 || i == 1 && (got < 350 || got >= a.Usage.PromptTokens) {
			t.Errorf("request %d: %d of %d tokens cached", i+1, got, a.Usage.PromptTokens)
		}
	}
}

func TestCompletionGoesOn(t *testing.T) {
	c := client(serveSmall(t, ""))
	a, err := c.CreateCompletion(context.Background(), goopenai.CompletionRequest{
		Model: "local:small.gguf", Prompt: "k7wxyz..k", MaxTokens: 5, Temperature: math.SmallestNonzeroFloat32, LogProbs: 1, Echo: true, Stop: []string{"yz"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := a.Choices[0]
	if got.Text != "k7wxyz..k7wx" || got.FinishReason != "stop" {
		t.Errorf("got %q, %s; want the prompt, then what follows k up to yz", got.Text, got.FinishReason)
	}
	want := []string{"<s>", "k", "7", "w", "x", "y", "z", ".", ".", "k", "7", "w", "x"}
	if diff := cmp.Diff(want, got.LogProbs.Tokens); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, got.LogProbs.TextOffset); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
	// "7" behind the second k is certain, "y" behind the first x is not.
	if p := got.LogProbs.TokenLogprobs; len(p) != 13 || p[10] < -1e-4 || p[5] > -1 {
		t.Errorf("log-probabilities %v", p)
	}
	// The token that completed the stop string was generated, though not shown.
	if a.Usage.PromptTokens != 10 || a.Usage.CompletionTokens != 5 {
		t.Errorf("usage %+v, want 10 and 5", a.Usage)
	}
}

func TestCompletionOfManyPrompts(t *testing.T) {
	url := serveSmall(t, "")
	for _, stream := range []string{"false", "true"} {
		t.Run("stream="+stream, func(t *testing.T) {
			texts := map[int]string{}
			for _, raw := range post(t, url+"/v1/completions", 200, `{"prompt":["a1..a","b2..b","c3..c"],"max_tokens":1,"temperature":0,"stream":`+stream+`}`) {
				b := decodeBody(t, raw)
				for _, choice := range b.Choices {
					texts[choice.Index] += choice.Text
				}
			}
			if diff := cmp.Diff(map[int]string{0: "1", 1: "2", 2: "3"}, texts); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTokenIDsAreAPrompt(t *testing.T) {
	url := serveSmall(t, "")
	got := decodeBody(t, post(t, url+"/v1/completions", 200, `{"prompt":[0,43,44,45,43],"max_tokens":2,"temperature":0,"echo":true}`)[0])
	if want := "HIJHIJ"; got.Choices[0].Text != want || got.Usage.PromptTokens != 5 {
		t.Errorf("got %q of %d tokens, want %q of 5", got.Choices[0].Text, got.Usage.PromptTokens, want)
	}
	post(t, url+"/v1/completions", 400, `{"prompt":[[0,43],[128]]}`)
	post(t, url+"/v1/completions", 400, `{"prompt":[-1]}`)
}

func TestScoresOfAPromptAlone(t *testing.T) {
	url := serveSmall(t, "")
	got := decodeBody(t, post(t, url+"/v1/completions", 200, `{"prompt":"a1.a1","max_tokens":0,"logprobs":0,"echo":true}`)[0])
	c := got.Choices[0]
	if c.Text != "a1.a1" || *c.Finish != "length" || got.Usage.CompletionTokens != 0 {
		t.Errorf("got %q, %s, %d tokens", c.Text, *c.Finish, got.Usage.CompletionTokens)
	}
	p := c.Logprobs.TokenLogprobs
	if len(p) != 6 || p[0] != nil || *p[5] < -1e-4 || *p[4] > -1 {
		t.Errorf("log-probabilities %v: want none for BOS, the second 1 certain, the second a not", p)
	}
	post(t, url+"/v1/completions", 200, `{"prompt":[5],"max_tokens":0,"logprobs":0,"echo":true}`) // one token: nothing to score
}

func TestHalfCharactersAreShownByBytes(t *testing.T) {
	url := serveSmall(t, "")
	got := decodeBody(t, post(t, url+"/v1/completions", 200, `{"prompt":"aéb.a","max_tokens":3,"temperature":0,"logprobs":0}`)[0])
	c := got.Choices[0]
	if diff := cmp.Diff([]string{`bytes:\xc3`, `bytes:\xa9`, "b"}, c.Logprobs.Tokens); c.Text != "éb" || diff != "" {
		t.Errorf("got %q, tokens (-want +got):\n%s", c.Text, diff)
	}
	if diff := cmp.Diff([]int{0, 1, 1}, c.Logprobs.TextOffset); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

func TestWithoutATemplateThereIsNoChat(t *testing.T) {
	url := serveSmall(t, "")
	f := postFault(t, url+"/v1/chat/completions", 400, `{"messages":[{"role":"user","content":"a"}]}`)
	if f.Code != "invalid_prompt" || !strings.Contains(f.Message, "template") {
		t.Errorf("got %+v, want it said that there is no template", f)
	}
}

func TestPromptsThatAreTooLong(t *testing.T) {
	url := serveSmall(t, "")
	long := strings.Repeat("x", 500)
	cases := []struct {
		name, body string
		message    string // "": answered
	}{
		{"with its answer", `{"prompt":"` + long + `","max_tokens":12}`, "This model's maximum context length is 512 tokens. However, you requested 513 tokens (501 in the messages, 12 in the completion)."},
		{"by itself", `{"prompt":"` + long + long + `"}`, "This model's maximum context length is 512 tokens. However, you requested 1002 tokens (1001 in the messages, 1 in the completion)."},
		{"not quite", `{"prompt":"` + long + `","max_tokens":11,"temperature":0}`, ""},
		{"without a limit", `{"prompt":"` + long + `","temperature":0}`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.message == "" {
				got := decodeBody(t, post(t, url+"/v1/completions", http.StatusOK, c.body)[0])
				if n := got.Usage.CompletionTokens; n != 11 || *got.Choices[0].Finish != "length" {
					t.Errorf("%d tokens, %s; want the 11 that the window leaves", n, *got.Choices[0].Finish)
				}
				return
			}
			f := postFault(t, url+"/v1/completions", 400, c.body)
			if f.Code != "context_length_exceeded" || f.Param != "prompt" || !strings.HasPrefix(f.Message, c.message) {
				t.Errorf("got %+v, want %s", f, c.message)
			}
		})
	}
}
