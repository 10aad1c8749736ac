package localmodel

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/s2"
	"github.com/lcbench/lcbench/localmodel/generate"
)

// babbler is a model of random weights over the bytes: what it says is no
// language, half a letter included.
func babbler(t *testing.T) *Model {
	t.Helper()
	dir := randomModel(smallConfig("llama", nil), "F32").write(t)
	put(t, dir, "tokenizer_config.json", []byte(`{"chat_template": "<{{ messages|length }}>{% for m in messages %}{{ m.content }}{% endfor %}", "eos_token": "<|endoftext|>"}`))
	m, err := Open(dir, Options{Device: "cpu", KV: "f32"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// What is passed on piece by piece is the answer, with and without a stop
// string.
func TestTheStreamIsTheAnswer(t *testing.T) {
	m := babbler(t)
	warm := generate.Sampling{Temperature: 1.5, Seed: 3}
	say := func(stop ...string) (Answer, []string) {
		var pieces []string
		a, err := m.Answer(t.Context(), Prompt{Text: "Say"}, Params{
			MaxTokens: 80, Sampling: warm, Stop: stop, LogProbs: true, IgnoreEnd: true,
			Text: func(p string) { pieces = append(pieces, p) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(pieces, ""); got != a.Text || slices.Contains(pieces, "") {
			t.Errorf("until %q: passed on %q, the answer is %q", stop, pieces, a.Text)
		}
		if len(a.Pieces) != len(a.IDs) || len(a.LogProbs) != len(a.IDs) {
			t.Errorf("until %q: %d tokens with %d pieces and %d log-probabilities", stop, len(a.IDs), len(a.Pieces), len(a.LogProbs))
		}
		return a, pieces
	}
	whole, pieces := say()
	if whole.Finish != "length" || len(whole.IDs) != 80 || len(pieces) < 10 || whole.PromptTokens != 3 {
		t.Fatalf("%s after %d tokens in %d pieces, of %d prompt tokens", whole.Finish, len(whole.IDs), len(pieces), whole.PromptTokens)
	}
	if text := strings.Join(whole.Pieces, ""); text != whole.Text {
		t.Errorf("the pieces are %q, the text %q", text, whole.Text)
	}
	for _, at := range []int{0, 7, len(whole.Text) / 2} {
		stop := whole.Text[at : at+3]
		want, _, _ := strings.Cut(whole.Text, stop)
		a, _ := say("never in it", stop)
		if a.Text != want || a.Finish != "stop" || len(a.IDs) >= len(whole.IDs) {
			t.Errorf("until %q: got %q, %s, want %q", stop, a.Text, a.Finish, want)
		}
	}
}

func TestScoresOfAContinuationAreThoseOfTheText(t *testing.T) {
	m := babbler(t)
	r, err := m.Score(t.Context(), Prompt{Text: "abc"}, "dé")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := m.ScorePrompt(t.Context(), Prompt{Text: "abcdé"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.LogProbs) != 3 || len(whole.LogProbs) != 5 || len(whole.IDs) != 6 || whole.Text != "abcdé" || whole.PromptTokens != 6 {
		t.Fatalf("scored %d tokens, and %d of %d of %q", len(r.LogProbs), len(whole.LogProbs), whole.PromptTokens, whole.Text)
	}
	for i, lp := range r.LogProbs {
		if math.Abs(lp-whole.LogProbs[2+i]) > 1e-4 || lp >= 0 {
			t.Errorf("token %d: %v behind a prompt, %v within it", i, lp, whole.LogProbs[2+i])
		}
	}
	if got := strings.Join(whole.Pieces, ""); got != "abcdé" || whole.Pieces[0] != "a" {
		t.Errorf("pieces %q", whole.Pieces)
	}
}

func TestScoresOfShortPrompts(t *testing.T) {
	m := babbler(t)
	one, err := m.ScorePrompt(t.Context(), Prompt{Text: "a"})
	if err != nil || len(one.LogProbs) != 0 || len(one.IDs) != 1 || one.Text != "a" {
		t.Errorf("one token: %+v (%v)", one, err)
	}
	none, err := m.ScorePrompt(t.Context(), Prompt{Text: ""})
	if err != nil || len(none.IDs) != 0 || none.Text != "" {
		t.Errorf("no token: %+v (%v)", none, err)
	}
	if _, err := m.Answer(t.Context(), Prompt{Text: ""}, Params{MaxTokens: 1}); !errors.Is(err, generate.ErrEmpty) {
		t.Errorf("an answer to nothing: got %v, want %v", err, generate.ErrEmpty)
	}
}

func TestGivenIDsAreThePrompt(t *testing.T) {
	m := babbler(t)
	a, err := m.ScorePrompt(t.Context(), Prompt{IDs: []int32{72, 105}, Text: "ignored", Chat: true})
	if err != nil || a.Text != "Hi" {
		t.Errorf("got %q (%v), want Hi", a.Text, err)
	}
	_, err = m.Count(Prompt{IDs: []int32{1, byteTokens}})
	if want := "token 2 of the prompt is id 257, the model has 257"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A prompt has no more tokens than its text and the overhead.
func TestOverhead(t *testing.T) {
	bytes, words := babbler(t), inductionModel(t, Options{})
	for _, c := range []struct {
		name   string
		m      *Model
		system string
		chat   bool
		texts  []string
		want   int
	}{
		{"plain bytes", bytes, "", false, []string{"a", "some text"}, 0},
		{"a system text ahead", bytes, "Be brief.", false, []string{"a", "some text"}, 9 + 2},
		{"a chat", bytes, "", true, []string{"a", "some text"}, 3},
		{"a chat with a system turn", bytes, "Be brief.", true, []string{"a", "some text"}, 9 + 3},
		{"words: BOS and the question", words, "", true, []string{"a", "a b a", "a b c", "k 1, l 2. k", "a a"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.m.Overhead(c.system, c.chat)
			if err != nil || got != c.want {
				t.Errorf("got %d (%v), want %d", got, err, c.want)
			}
			for _, text := range c.texts {
				n, err := c.m.Count(Prompt{System: c.system, Text: text, Chat: c.chat})
				if own := len(c.m.Tokenizer().Ends(text)); err != nil || n > own+got {
					t.Errorf("%q: %d tokens (%v), of its own %d and %d besides", text, n, err, own, got)
				}
			}
		})
	}
}

func inductionModel(t *testing.T, o Options) *Model {
	t.Helper()
	o.Device = "cpu"
	m, err := Induction(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestAModelWithoutTurnsSaysSo(t *testing.T) {
	m, err := Open(randomModel(smallConfig("llama", nil), "F32").write(t), Options{Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	const want = "the model has no chat template"
	if err := m.HasChat(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := m.Count(Prompt{Text: "a", Chat: true}); err == nil || err.Error() != want+"; use plain completion" {
		t.Errorf("asked for a chat it says %v", err)
	}
}

// hostOnly is a mechanism without a form for devices.
type hostOnly struct{ full.Full }

func (hostOnly) String() string { return "elsewhere" }

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, ""},
		{Options{Device: "gpu", KV: "F16"}, ""},
		{Options{Device: "cpu", KV: "Q8", SIMD: "plain"}, ""},
		{Options{Device: "tpu"}, `device "tpu": want cpu, gpu or auto`},
		{Options{KV: "f8"}, `KV cache type "f8": want f16, f32 or q8`},
		{Options{SIMD: "avx9"}, `cpu: level "avx9": want plain, avx2, avx512 or vnni`},
		{Options{Device: "gpu", KV: "q8"}, "KV cache type q8 runs on the CPU only so far; use --device cpu"},
		{Options{Device: "gpu", SIMD: "plain"}, "SIMD level plain is the CPU's; use --device cpu"},
		{Options{Device: "gpu", Attention: slidingFor(5)}, ""},
		{Options{Device: "gpu", Attention: s2.S2{Group: 8, DecodeFull: true}}, ""},
		{Options{Device: "gpu", Attention: hostOnly{}}, "attention elsewhere runs on the CPU only so far; use --device cpu, or one of " + strings.Join(OnDevice(), ", ")},
	} {
		got := ""
		if err := c.o.Check(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.o, got, c.want)
		}
	}
	var window *WindowError
	if _, err := Induction(Options{Device: "cpu", Window: 1 << 20}); !errors.As(err, &window) || err.Error() != "window of 1048576 tokens: the model's own ends at 131072" {
		t.Errorf("a window beyond the model's: %v", err)
	}
}
