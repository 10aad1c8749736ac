package tokenizer

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/gguf"
)

// object is a JSON object in the making.
type object = map[string]any

// hubBPE writes a byte-level GGUF vocabulary as a tokenizer.json that splits
// as pre says.
func hubBPE(t testing.TB, meta Metadata, pre object) object {
	t.Helper()
	names, _ := meta.Strings(prefix + "tokens")
	types, _ := meta.Ints(prefix + "token_type")
	merges, _ := meta.Strings(prefix + "merges")
	vocab, added := object{}, []any{}
	for i, name := range names {
		if kind(types[i]) == kindControl || kind(types[i]) == kindUser {
			added = append(added, object{"id": i, "content": name, "special": kind(types[i]) == kindControl})
			continue
		}
		vocab[name] = i
	}
	return object{
		"added_tokens": added, "pre_tokenizer": pre,
		"model": object{"type": "BPE", "vocab": vocab, "merges": merges},
	}
}

func fromHub(t testing.TB, f object) (*Model, error) {
	t.Helper()
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return FromTokenizerJSON(data)
}

func smolSplit() object {
	return object{"type": "Sequence", "pretokenizers": []object{
		{"type": "Digits", "individual_digits": true},
		{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}}}
}

func TestTokenizerJSONOfSmolLM2EqualsItsGGUF(t *testing.T) {
	f, err := gguf.Open(modelFile(t, smolFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := FromMetadata(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fromHub(t, hubBPE(t, f, smolSplit()))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"multi_news.jsonl", "multifieldqa_zh.jsonl"} {
		for _, text := range contexts(t, file, 3) {
			if diff := cmp.Diff(want.Encode(text, true), got.Encode(text, true)); diff != "" {
				t.Fatalf("%s (-want +got):\n%.500s", file, diff)
			}
		}
	}
}

func TestTokenizerJSONOfEachByteLevelSplitting(t *testing.T) {
	for name, exprs := range splittings() {
		steps := []object{}
		for _, e := range exprs {
			switch e {
			case gpt2Split:
			case `\p{N}`:
				steps = append(steps, object{"type": "Digits", "individual_digits": true})
			default:
				steps = append(steps, object{"type": "Split", "pattern": object{"Regex": e}, "behavior": "Isolated"})
			}
		}
		steps = append(steps, object{"type": "ByteLevel", "add_prefix_space": false, "use_regex": exprs[len(exprs)-1] == gpt2Split})
		got, err := fromHub(t, hubBPE(t, bpeMeta(), object{"type": "Sequence", "pretokenizers": steps}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := toyBPE(t, map[string]any{prefix + "pre": name})
		for _, text := range preTexts() {
			if diff := cmp.Diff(want.Encode(text, false), got.Encode(text, false)); diff != "" {
				t.Errorf("%s: %q (-want +got):\n%s", name, text, diff)
			}
		}
	}
}

// hubSP is a SentencePiece-like tokenizer.json with byte fallback.
func hubSP(prepend bool) object {
	vocab := object{"<unk>": 0, "<s>": 1, "</s>": 2}
	meta := spMeta()
	names, _ := meta.Strings(prefix + "tokens")
	for i, name := range names[:259] {
		vocab[name] = i
	}
	for i, name := range []string{"▁", "h", "e", "l", "o", "he", "ll", "hell", "hello", "▁hello"} {
		vocab[name] = 259 + i
	}
	normalizers := []object{{"type": "Replace", "pattern": object{"String": " "}, "content": "▁"}}
	if prepend {
		normalizers = append([]object{{"type": "Prepend", "prepend": "▁"}}, normalizers...)
	}
	special := func(id int, name string) object { return object{"id": id, "content": name, "special": true} }
	return object{
		"added_tokens": []object{special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")},
		"normalizer":   object{"type": "Sequence", "normalizers": normalizers},
		"post_processor": object{"type": "TemplateProcessing", "single": []object{
			{"SpecialToken": object{"id": "<s>"}}, {"Sequence": object{"id": "A"}}}},
		"model": object{"type": "BPE", "unk_token": "<unk>", "byte_fallback": true, "vocab": vocab,
			"merges": [][]string{{"h", "e"}, {"l", "l"}, {"he", "ll"}, {"hell", "o"}, {"▁", "hello"}}},
	}
}

func TestTokenizerJSONWithByteFallback(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepend bool
		text    string
		want    []string
	}{
		{"merges in the file's order", false, "hello hello", []string{"<s>", "hello", "▁hello"}},
		{"a space in front", true, "hello hello", []string{"<s>", "▁hello", "▁hello"}},
		{"what has no token in bytes", false, "hé", []string{"<s>", "h", "<0xC3>", "<0xA9>"}},
		{"special tokens", false, "</s>l", []string{"<s>", "</s>", "l"}},
	} {
		m, err := fromHub(t, hubSP(tc.prepend))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, spell(m, m.EncodePrompt(tc.text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if got := m.EOS(); len(got) != 1 || got[0] != 2 {
			t.Errorf("%s: ends %v", tc.name, got)
		}
	}
}

func TestUnsupportedTokenizerJSONSaysWhatItIs(t *testing.T) {
	with := func(f object, key string, value any) object { f[key] = value; return f }
	bpe := func() object { return hubBPE(t, bpeMeta(), smolSplit()) }
	split := func(p object) object {
		return object{"type": "Sequence", "pretokenizers": []object{p, {"type": "ByteLevel", "use_regex": false}}}
	}
	for _, tc := range []struct {
		name string
		file object
		want string
	}{
		{"a unigram model", with(bpe(), "model", object{"type": "Unigram"}), `model "Unigram"`},
		{"no tokens", with(with(bpe(), "model", object{"type": "BPE"}), "added_tokens", nil), "no tokens"},
		{"a normalizer", with(bpe(), "normalizer", object{"type": "Lowercase"}), "Lowercase"},
		{"a pre-tokenizer", with(bpe(), "pre_tokenizer", object{"type": "BertPreTokenizer"}), "BertPreTokenizer"},
		{"no pre-tokenizer", with(bpe(), "pre_tokenizer", nil), "neither byte-level"},
		{"an expression", with(bpe(), "pre_tokenizer", split(object{"type": "Split", "pattern": object{"Regex": "x+"}})), `"x+"`},
		{"a prefix space", with(bpe(), "pre_tokenizer", object{"type": "ByteLevel", "add_prefix_space": true}), "add_prefix_space"},
		{"an id out of range", with(bpe(), "added_tokens", []object{{"id": 1 << 30, "content": "x"}}), "out of range"},
		{"a merge of unknown tokens", with(bpe(), "model", object{"vocab": object{"a": 0}, "merges": []string{"a b"}}), `"a" and "b"`},
		{"a merge of three", with(bpe(), "model", object{"merges": [][]string{{"a", "b", "c"}}}), "want two tokens"},
		{"spaces as they are", with(hubSP(false), "normalizer", nil), "without ▁"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := fromHub(t, tc.file)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func FuzzFromTokenizerJSON(f *testing.F) {
	for _, file := range []object{hubSP(true), {"model": object{"vocab": object{"a": 0, "Ġ": 1, "Ġa": 2}, "merges": []string{"Ġ a"}}, "pre_tokenizer": smolSplit()}} {
		data, err := json.Marshal(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "a hello é")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		if len(data) > 1<<14 || len(text) > 1<<10 {
			t.Skip("capped input")
		}
		var m *Model
		var err error
		withinMemory(t, len(data), func() { m, err = FromTokenizerJSON(data) })
		if err != nil {
			return
		}
		checkEncoding(t, m, text)
	})
}
