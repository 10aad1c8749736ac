package localmodel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/gguf/gguftest"
)

func slidingFor(window int) attention.Mechanism { return sliding.Sliding{Window: window} }

// pieces is a tokenizer.json in the manner of SentencePiece: bytes as a
// fallback, spaces as ▁, two words.
func pieces() object {
	vocab := object{"<unk>": 0, "▁": 257, "r": 258, "e": 259, "d": 260, "ed": 261, "red": 262, "▁red": 263}
	for b := range 256 {
		vocab[fmt.Sprintf("<0x%02X>", b)] = 1 + b
	}
	return object{
		"normalizer": object{"type": "Sequence", "normalizers": []object{
			{"type": "Replace", "pattern": object{"String": " "}, "content": "▁"},
		}},
		"model": object{"type": "BPE", "vocab": vocab, "merges": []string{"e d", "r ed", "▁ red"}, "byte_fallback": true, "unk_token": "<unk>"},
	}
}

// The same bytes as tokens, as a GGUF file says it.
func byteGGUF(t *testing.T) []byte {
	t.Helper()
	names := make([]string, 256, 258)
	for name, id := range byteLevel()["model"].(object)["vocab"].(object) {
		names[id.(int)] = name
	}
	return gguftest.Build([]gguftest.KV{
		{Key: "tokenizer.ggml.model", Value: "gpt2"}, {Key: "tokenizer.ggml.pre", Value: "smollm"},
		{Key: "tokenizer.ggml.tokens", Value: append(names, "re", "red")}, {Key: "tokenizer.ggml.merges", Value: []string{"r e", "re d"}},
	}, nil)
}

func TestOpenTokenizer(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content any) string {
		raw, ok := content.([]byte)
		if !ok {
			var err error
			if raw, err = json.Marshal(content); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, dir, name, raw)
		return filepath.Join(dir, name)
	}
	folder := filepath.Dir(write("folder/tokenizer.json", byteLevel()))
	write("empty/config.json", object{})
	for _, c := range []struct {
		name, path string
		ends       []int // of "red é red"
		fault      string
	}{
		{"a folder", folder, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, ""},
		{"its file", filepath.Join(folder, "tokenizer.json"), []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, ""},
		{"SentencePiece", write("pieces.json", pieces()), []int{3, 4, 5, 6, 10}, ""},
		{"nothing there", filepath.Join(dir, "none"), nil, "no such file"},
		{"a folder without it", filepath.Join(dir, "empty"), nil, "tokenizer.json: no such file"},
		{"broken JSON", write("broken.json", []byte(`{"model": `)), nil, "broken.json: tokenizer.json: unexpected end of JSON input"},
		{"another model", write("unigram.json", object{"model": object{"type": "Unigram"}}), nil, `model "Unigram" isn't known; only BPE is`},
		{"no GGUF", write("text.gguf", []byte("not a model at all")), nil, "text.gguf"},
		{"a GGUF without a tokenizer", write("bare.gguf", gguftest.Build(nil, nil)), nil, "tokenizer.ggml.model: want a string, the file has none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tok, err := OpenTokenizer(c.path)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), dir) != 1 {
					t.Errorf("got %v, want one line with the path once and %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.ends, tok.Ends("red é red")); diff != "" {
				t.Errorf("tokens end elsewhere (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenTokenizerOfAGGUF(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "bytes.gguf", byteGGUF(t))
	tok, err := OpenTokenizer(filepath.Join(dir, "bytes.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{3, 4, 7}, tok.Ends("red red")); diff != "" {
		t.Errorf("tokens end elsewhere (-want +got):\n%s", diff)
	}
}
