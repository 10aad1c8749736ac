package local

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/gguf/gguftest"
	"github.com/lcbench/lcbench/localmodel/model"
	"github.com/lcbench/lcbench/localmodel/quant"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

func inductive(t *testing.T, o localmodel.Options) *Model {
	t.Helper()
	o.Device = "cpu"
	m, err := localmodel.Induction(o)
	return opened(t, m, err)
}

func opened(t *testing.T, m *localmodel.Model, err error) *Model {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(m)
}

// tiny is a model file of one layer whose weights are all w: it has the ASCII
// characters as tokens, and neither BOS nor chat template.
func tiny(t *testing.T, w float32) *Model {
	t.Helper()
	const d = 8
	var tokens []string
	for c := range rune(128) {
		if c <= ' ' || c == 127 {
			c += 256 // some letter: none of these is asked for
		}
		tokens = append(tokens, string(c))
	}
	tensor := func(name string, shape ...int) quant.Tensor {
		n := 1
		for _, s := range shape {
			n *= s
		}
		x := quant.Tensor{Name: name, Type: quant.F32, Shape: shape}
		for range n {
			x.Data = append(x.Data, gguftest.F32(w)...)
		}
		return x
	}
	tensors := []quant.Tensor{tensor("token_embd.weight", d, len(tokens)), tensor("output_norm.weight", d)}
	for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"} {
		tensors = append(tensors, tensor("blk.0."+name+".weight", d, d))
	}
	tensors = append(tensors, tensor("blk.0.attn_norm.weight", d), tensor("blk.0.ffn_norm.weight", d))
	meta := []gguftest.KV{
		{Key: "general.architecture", Value: "llama"}, {Key: "general.name", Value: "tiny"},
		{Key: "tokenizer.ggml.model", Value: "gpt2"}, {Key: "tokenizer.ggml.tokens", Value: tokens}, {Key: "tokenizer.ggml.merges", Value: []string{}},
	}
	for key, n := range map[string]uint32{"block_count": 1, "embedding_length": d, "feed_forward_length": d, "attention.head_count": 1, "context_length": 64} {
		meta = append(meta, gguftest.KV{Key: "llama." + key, Value: n})
	}
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(path, gguftest.Build(meta, tensors), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := localmodel.Open(path, localmodel.Options{Device: "cpu"})
	return opened(t, m, err)
}

const document = "Bergen 1070, Oslo 1040, Molde 1742, Hamar 1049, Bodø 1816, Vadsø 1833, Narvik 1902, Moss 1720. Where is "

func TestAnswersAreCounted(t *testing.T) {
	m := inductive(t, localmodel.Options{})
	first, err := m.Generate(t.Context(), runners.Request{Prompt: document + "Hamar", MaxTokens: 8})
	if err != nil {
		t.Fatal(err)
	}
	// BOS, eight towns of three, two words, and the question of two.
	if u := first.Usage; first.Text != "1049" || first.FinishReason != "stop" || !u.Known || u.Prompt != 1+24+2+2 || u.Completion != 1 || u.Cached != 0 {
		t.Errorf("got %q, %s, %+v", first.Text, first.FinishReason, u)
	}
	if first.Model != "induction" || first.FirstToken <= 0 || first.Total < first.FirstToken {
		t.Errorf("model %q, first token after %v of %v", first.Model, first.FirstToken, first.Total)
	}
	second, err := m.Generate(t.Context(), runners.Request{Prompt: document + "Molde", MaxTokens: 8, Chat: true})
	if err != nil || second.Text != "1742" || second.Usage.Cached < 10 || second.Usage.Cached >= second.Usage.Prompt {
		t.Errorf("a second question: %q, %+v (%v), want much of the prompt from the first", second.Text, second.Usage, err)
	}
	cut, err := m.Generate(t.Context(), runners.Request{Prompt: "a b c d e a", MaxTokens: 2})
	if err != nil || cut.Text != "b c" || cut.FinishReason != "length" || cut.Usage.Completion != 2 {
		t.Errorf("an answer longer than allowed: %q, %s, %+v (%v)", cut.Text, cut.FinishReason, cut.Usage, err)
	}
	stopped, err := m.Generate(t.Context(), runners.Request{Prompt: "a b c d e a", MaxTokens: 9, Stop: []string{" d"}})
	if err != nil || stopped.Text != "b c" || stopped.FinishReason != "stop" {
		t.Errorf("up to a stop string: %q, %s (%v)", stopped.Text, stopped.FinishReason, err)
	}
}

func manyWords() string {
	var text strings.Builder
	for i := range 1 << 14 {
		fmt.Fprintf(&text, "w%d ", i)
	}
	return text.String()
}

func TestFailuresSayWhatTheyMeanForTheRun(t *testing.T) {
	small := inductive(t, localmodel.Options{Window: 40})
	poor := inductive(t, localmodel.Options{KVBudget: 1 << 16})
	for _, c := range []struct {
		name           string
		m              *Model
		prompt         string
		kind           runners.ErrorKind
		window, tokens int
		is             error
		says           string
	}{
		{"a prompt beyond the window", small, strings.Repeat("a b c ", 15), runners.ErrOverflow, 40, 1 + 5 + 2, generate.ErrWindow, "window 40"},
		{"a prompt beyond the memory", poor, strings.Repeat("a b c d ", 200) + "e", runners.ErrOverflow, 0, 0, generate.ErrMemory, "raise --kv-budget"},
		{"too many words", small, manyWords(), runners.ErrOverflow, 0, 0, tokenizer.ErrVocabulary, "too many different words"},
		{"no prompt", tiny(t, 0.5), "", runners.ErrRequest, 0, 0, generate.ErrEmpty, "the prompt is empty"},
		{"weights that are no numbers", tiny(t, float32(nan())), "abc", runners.ErrFatal, 0, 0, model.ErrNotFinite, "tiny: model: the model's output is not a number: the weights are broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.m.Generate(t.Context(), runners.Request{Prompt: c.prompt, MaxTokens: 36})
			var call *runners.CallError
			if !errors.As(err, &call) {
				t.Fatalf("got %v, want a CallError", err)
			}
			if call.Kind != c.kind || call.Window != c.window || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %s, window %d: %v", call.Kind, call.Window, err)
			}
			if call.PromptTokens != c.tokens {
				t.Errorf("the prompt has %d tokens, want %d", call.PromptTokens, c.tokens)
			}
		})
	}
}

func nan() float64 { var zero float64; return zero / zero }

func TestACancelledCallReturnsItsContextsError(t *testing.T) {
	m := inductive(t, localmodel.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Generate(ctx, runners.Request{Prompt: "a b a", MaxTokens: 3}); err != context.Canceled { //nolint:errorlint // as it is
		t.Errorf("got %v, want %v itself", err, context.Canceled)
	}
}

// journal keeps answers in memory.
type journal map[string]runners.Answer

func (j journal) Append(a runners.Answer) error { j[a.SampleID] = a; return nil }

func (j journal) Find(id string) (runners.Answer, bool, error) { a, ok := j[id]; return a, ok, nil }

// run asks a model prompts, each as a sample named by its number.
func run(m runners.Model, prompts ...string) (journal, runners.Report, error) {
	stream := iter.Seq2[benchmarks.Sample, error](func(yield func(benchmarks.Sample, error) bool) {
		for i, p := range prompts {
			if !yield(benchmarks.Sample{ID: fmt.Sprint(i), Prompt: benchmarks.Prompt{Context: p}, MaxTokens: 4}, nil) {
				return
			}
		}
	})
	j := journal{}
	e := runners.Engine{
		Model: m, Journal: j, Sink: func(runners.Result) error { return nil },
		Score: func(benchmarks.Sample, string) (scorers.Score, error) { return scorers.Score{}, nil },
	}
	report, err := e.Run(context.Background(), stream)
	return j, report, err
}

func TestASampleOfTooManyWordsIsLostAlone(t *testing.T) {
	j, report, err := run(inductive(t, localmodel.Options{}), "a 1, b 2. a", manyWords(), "a 1, b 2. b")
	if err != nil || report.Lost != 1 || !report.Complete {
		t.Fatalf("%d lost, complete: %v (%v), want one lost of a complete run", report.Lost, report.Complete, err)
	}
	if j["0"].Text != "1" || j["1"].Status != runners.ContextOverflow || j["2"].Text != "2" {
		t.Errorf("answers %q and %q, between them %s", j["0"].Text, j["2"].Text, j["1"].Status)
	}
}

func TestBrokenWeightsEndTheRun(t *testing.T) {
	_, report, err := run(tiny(t, float32(nan())), "abc", "def", "ghi")
	if !errors.Is(err, runners.ErrStop) || !errors.Is(err, model.ErrNotFinite) || report.Complete {
		t.Errorf("got %v, complete: %v; want the run stopped", err, report.Complete)
	}
}

func TestNotes(t *testing.T) {
	if notes := inductive(t, localmodel.Options{}).Notes(); len(notes) != 0 {
		t.Errorf("a model that chats notes %q", notes)
	}
	m := tiny(t, 0.5)
	const want = "tiny: the model has no chat template; every prompt was sent as plain completion"
	if notes := m.Notes(); len(notes) != 1 || notes[0] != want {
		t.Errorf("got %q, want %q", notes, want)
	}
	if _, err := m.Generate(t.Context(), runners.Request{Prompt: "abc", Chat: true, MaxTokens: 1}); err != nil {
		t.Errorf("a chat isn't sent as plain completion: %v", err)
	}
}
