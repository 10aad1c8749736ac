package serve

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/gguf/gguftest"
	"github.com/lcbench/lcbench/localmodel/induction"
)

// smallVocab is that of induction.Small.
const smallVocab = 128

// smallTokens gives the induction model's 128 tokens a text: BOS, a spare one,
// the end of a value, printable ASCII, the two bytes of é, and names.
func smallTokens() (names []string, kinds []int32) {
	names = []string{"<s>", "<q>", "<eov>"}
	for c := rune(' '); c <= '~'; c++ {
		names = append(names, strings.Replace(string(c), " ", "Ġ", 1)) // as byte-level BPE spells it
	}
	names = append(names, "Ã", "©")
	for len(names) < smallVocab {
		names = append(names, fmt.Sprintf("<filler%d>", len(names)))
	}
	kinds = make([]int32, smallVocab)
	for i := range kinds {
		kinds[i] = 1
	}
	kinds[0], kinds[1], kinds[2] = 3, 3, 3
	return names, kinds
}

// smallFile is a model file whose answers are known by construction: the model
// goes on as the text did where the last character stood before. With a chat
// template that only joins the turns, "k7<eov> … k" is answered by "7".
func smallFile(t testing.TB, template string) string {
	t.Helper()
	w := induction.Small()
	names := []string{"token_embd.weight", "output.weight", "output_norm.weight"}
	for layer := range 2 {
		for _, part := range []string{"attn_q", "attn_k", "attn_v", "attn_output", "attn_norm", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"} {
			names = append(names, fmt.Sprintf("blk.%d.%s.weight", layer, part))
		}
	}
	var tensors []gguftest.T
	for _, name := range names {
		tensor, ok := w.Tensor(name)
		if !ok {
			t.Fatalf("the induction model has no %s", name)
		}
		tensors = append(tensors, tensor)
	}
	path := filepath.Join(t.TempDir(), "small.gguf")
	if err := os.WriteFile(path, gguftest.Build(smallMetadata(t, w, template), tensors), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func smallMetadata(t testing.TB, w *induction.Weights, template string) []gguftest.KV {
	t.Helper()
	tokens, kinds := smallTokens()
	meta := []gguftest.KV{
		{Key: "general.architecture", Value: "llama"},
		{Key: "general.name", Value: "small"},
		{Key: "tokenizer.ggml.model", Value: "gpt2"},
		{Key: "tokenizer.ggml.pre", Value: "gpt-2"},
		{Key: "tokenizer.ggml.tokens", Value: tokens},
		{Key: "tokenizer.ggml.token_type", Value: kinds},
		{Key: "tokenizer.ggml.merges", Value: []string{}},
		{Key: "tokenizer.ggml.bos_token_id", Value: uint32(0)},
		{Key: "tokenizer.ggml.eos_token_id", Value: uint32(2)},
		{Key: "tokenizer.ggml.add_bos_token", Value: true},
	}
	if template != "" {
		meta = append(meta, gguftest.KV{Key: "tokenizer.chat_template", Value: template})
	}
	for _, key := range []string{"block_count", "embedding_length", "feed_forward_length", "attention.head_count", "attention.head_count_kv", "context_length", "attention.key_length", "attention.value_length", "rope.dimension_count"} {
		n, ok := w.Uint("llama." + key)
		if !ok {
			t.Fatalf("the induction model has no llama.%s", key)
		}
		meta = append(meta, gguftest.KV{Key: "llama." + key, Value: uint32(n)})
	}
	for _, key := range []string{"rope.freq_base", "attention.layer_norm_rms_epsilon"} {
		x, ok := w.Float("llama." + key)
		if !ok {
			t.Fatalf("the induction model has no llama.%s", key)
		}
		meta = append(meta, gguftest.KV{Key: "llama." + key, Value: float32(x)})
	}
	return meta
}

// joining writes the turns one behind the other.
const joining = `{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}`

// openSmall opens the small model with a window of 512 tokens.
func openSmall(t testing.TB, template string) *localmodel.Model {
	t.Helper()
	m, err := localmodel.Open(smallFile(t, template), localmodel.Options{Device: "cpu", Threads: 1, Window: 512})
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

// serveSmall serves the small model and returns the server's URL.
func serveSmall(t testing.TB, template string) string {
	t.Helper()
	m := openSmall(t, template)
	return start(t, New(m, Options{Info: m.Info, Names: []string{"local:small.gguf"}}))
}

func start(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
