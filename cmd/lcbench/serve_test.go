package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	goopenai "github.com/sashabaranov/go-openai"
)

// served is lcbench serve as a process of its own.
type served struct {
	url    string // …/v1
	cmd    *exec.Cmd
	stderr chan string // the rest of it, once the process has ended
}

// serveInduction starts lcbench serve with the built-in model on a free port.
func serveInduction(t *testing.T, args ...string) *served {
	t.Helper()
	s := &served{stderr: make(chan string, 1)}
	s.cmd = command(t, append([]string{"serve", "--model", "local:induction", "--device", "cpu", "--addr", "127.0.0.1:0"}, args...)...)
	out, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // it has ended, or the test failed
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if s.url = regexp.MustCompile(`http://\S+/v1`).FindString(first); s.url == "" {
		t.Fatalf("it says %q (%v), want its address", first, err)
	}
	go func() {
		rest, _ := io.ReadAll(lines)
		s.stderr <- string(rest)
	}()
	return s
}

// end waits for the process, and returns its exit code and what it said.
func (s *served) end(t *testing.T) (code int, stderr string) {
	t.Helper()
	select {
	case stderr = <-s.stderr:
	case <-time.After(20 * time.Second):
		t.Fatal("it doesn't end")
	}
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return s.cmd.ProcessState.ExitCode(), stderr
}

func (s *served) client() *goopenai.Client {
	c := goopenai.DefaultConfig("none")
	c.BaseURL = s.url
	return goopenai.NewClientWithConfig(c)
}

const towns = "Bergen 1070, Oslo 1040, Molde 1742, Hamar 1049, Bodø 1816, Vadsø 1833, Narvik 1902, Moss 1720. Where is "

func TestServeAnswersGoOpenAI(t *testing.T) {
	c := serveInduction(t).client()
	models, err := c.ListModels(t.Context())
	if err != nil || len(models.Models) != 1 || models.Models[0].ID != "induction" {
		t.Errorf("models %+v (%v)", models.Models, err)
	}
	chat := goopenai.ChatCompletionRequest{
		Model: "local:induction", Temperature: math.SmallestNonzeroFloat32, MaxCompletionTokens: 8,
		Messages: []goopenai.ChatCompletionMessage{{Role: "user", Content: towns + "Hamar"}},
	}
	a, err := c.CreateChatCompletion(t.Context(), chat)
	if err != nil || a.Choices[0].Message.Content != "1049" || a.Choices[0].FinishReason != "stop" || a.Usage.CompletionTokens != 1 {
		t.Errorf("chat: %+v (%v)", a, err)
	}
	b, err := c.CreateCompletion(t.Context(), goopenai.CompletionRequest{Model: "induction", Prompt: towns + "Molde", MaxTokens: 8, LogProbs: 1})
	if err != nil || b.Choices[0].Text != "1742" || b.Usage.PromptTokensDetails == nil || b.Usage.PromptTokensDetails.CachedTokens == 0 {
		t.Errorf("completion: %+v (%v), want 1742 with a cached prompt", b, err)
	}
	stream, err := c.CreateChatCompletionStream(t.Context(), chat)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if text, finish := received(t, stream); text != "1049" || finish != "stop" {
		t.Errorf("stream: %q, %s", text, finish)
	}
}

// received reads a stream to its end.
func received(t *testing.T, stream *goopenai.ChatCompletionStream) (text, finish string) {
	t.Helper()
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return text, finish
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range e.Choices {
			text += c.Delta.Content
			finish += string(c.FinishReason)
		}
	}
}

// An interrupt in the middle of an answer lets it come to its end, lets nobody
// new in, and the exit code says that all is well.
func TestServeFinishesWhatIsUnderWayWhenInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process can't be sent an interrupt there")
	}
	s := serveInduction(t)
	words := strings.Fields(towns)[:0]
	for i := range 350 {
		words = append(words, "w"+strings.Repeat("x", i%3)+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	stream, err := s.client().CreateChatCompletionStream(context.Background(), goopenai.ChatCompletionRequest{
		Model: "induction", MaxCompletionTokens: 349, Temperature: math.SmallestNonzeroFloat32,
		Messages: []goopenai.ChatCompletionMessage{{Role: "user", Content: strings.Join(words, " ") + " " + words[0]}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	text, finish := received(t, stream)
	if last := words[len(words)-1]; !strings.HasSuffix(text, last) || finish == "" {
		t.Errorf("the answer ends with %.40q, %q; want it whole, up to %s", text[max(0, len(text)-40):], finish, last)
	}
	if code, stderr := s.end(t); code != 0 || stderr != "" {
		t.Errorf("exit code %d, said %q; want 0 and nothing", code, stderr)
	}
	if r, err := http.Get(s.url + "/models"); err == nil {
		_ = r.Body.Close()
		t.Error("it still answers")
	}
}

// noClient is the exit code of a Python without the openai package.
const noClient = 77

// The Python is LCBENCH_PYTHON, else python3. If it isn't there, or has no
// openai package, the test is skipped; under CI it fails.
func TestServeAnswersThePythonClient(t *testing.T) {
	python := os.Getenv("LCBENCH_PYTHON")
	if python == "" {
		python = "python3"
	}
	s := serveInduction(t, "--window", "2000")
	out, err := exec.Command(python, filepath.Join("testdata", "serve_client.py"), s.url).CombinedOutput()
	var exit *exec.ExitError
	absent := errors.Is(err, exec.ErrNotFound) || errors.As(err, &exit) && exit.ExitCode() == noClient
	switch {
	case absent && os.Getenv("CI") == "":
		t.Skipf("%s: %v: %s(set LCBENCH_PYTHON to a Python with the openai package)", python, err, out)
	case err != nil || strings.TrimSpace(string(out)) != "ok":
		t.Errorf("%s: %v (LCBENCH_PYTHON says which Python, with the openai package):\n%s", python, err, out)
	}
}
