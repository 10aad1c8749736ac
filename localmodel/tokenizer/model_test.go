package tokenizer

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// fakeMeta is a file's metadata in memory.
type fakeMeta map[string]any

func get[T any](f fakeMeta, key string) (v T, ok bool) {
	v, ok = f[key].(T)
	return v, ok
}

func (f fakeMeta) String(key string) (string, bool)    { return get[string](f, key) }
func (f fakeMeta) Strings(key string) ([]string, bool) { return get[[]string](f, key) }
func (f fakeMeta) Floats(key string) ([]float32, bool) { return get[[]float32](f, key) }
func (f fakeMeta) Ints(key string) ([]int64, bool)     { return get[[]int64](f, key) }
func (f fakeMeta) Uint(key string) (uint64, bool)      { return get[uint64](f, key) }
func (f fakeMeta) Bool(key string) (bool, bool)        { return get[bool](f, key) }
func (f fakeMeta) with(changes map[string]any) fakeMeta {
	g := maps.Clone(f)
	maps.Copy(g, changes)
	return g
}

// bpeMeta is a byte-level vocabulary: 256 bytes, a few merges, two control
// tokens (300 <|im_start|>, 301 <|im_end|>) and a user-defined one.
func bpeMeta() fakeMeta {
	alphabet, _ := byteAlphabet()
	var tokens []string
	var types []int64
	add := func(name string, kind int64) { tokens, types = append(tokens, name), append(types, kind) }
	for _, r := range alphabet {
		add(string(r), 1)
	}
	merges := []string{"a a", "aa aa", "h e", "l l", "he ll", "hell o", "Ġ hello"}
	for _, m := range merges {
		add(strings.ReplaceAll(m, " ", ""), 1)
	}
	for len(tokens) < 300 {
		add("<unused"+string(rune('A'+len(tokens)-256))+">", 5)
	}
	add("<|im_start|>", 3)
	add("<|im_end|>", 3)
	add("[user]", 4)
	return fakeMeta{
		prefix + "model": "gpt2", prefix + "pre": "gpt-2", prefix + "tokens": tokens, prefix + "token_type": types,
		prefix + "merges": merges, prefix + "bos_token_id": uint64(300), prefix + "eos_token_id": uint64(301),
	}
}

// spMeta is a SentencePiece vocabulary with byte tokens.
func spMeta() fakeMeta {
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int64{2, 3, 3}
	scores := []float32{0, 0, 0}
	for b := range 256 {
		tokens = append(tokens, "<0x"+strings.ToUpper(string("0123456789abcdef"[b>>4])+string("0123456789abcdef"[b&15]))+">")
		types, scores = append(types, 6), append(scores, 0)
	}
	for i, name := range []string{"aa", "▁a", "aaaa", "ll", "he", "hell", "hello", "▁hello", "文字", "é", "▁", "h", "e", "l", "o", "a", "文"} {
		tokens, types, scores = append(tokens, name), append(types, 1), append(scores, -float32(i))
	}
	tokens, types, scores = append(tokens, "\n\n"), append(types, 4), append(scores, -1000)
	return fakeMeta{
		prefix + "model": "llama", prefix + "tokens": tokens, prefix + "token_type": types, prefix + "scores": scores,
		prefix + "bos_token_id": uint64(1), prefix + "eos_token_id": uint64(2), prefix + "add_space_prefix": false,
	}
}

func toy(t testing.TB, meta fakeMeta) *Model {
	t.Helper()
	m, err := FromMetadata(meta)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func toyBPE(t testing.TB, changes map[string]any) *Model { return toy(t, bpeMeta().with(changes)) }
func toySP(t testing.TB, changes map[string]any) *Model  { return toy(t, spMeta().with(changes)) }

func spell(m *Model, ids []int32) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, m.Token(id))
	}
	return out
}

func TestToyEncodings(t *testing.T) {
	bpe, sp := toyBPE(t, nil), toySP(t, nil)
	prefixed := toySP(t, map[string]any{prefix + "add_space_prefix": true})
	for _, tc := range []struct {
		name    string
		m       *Model
		text    string
		special bool
		want    []string
	}{
		{"merges go by rank", bpe, "hello hello", false, []string{"hello", "Ġhello"}},
		{"equal ranks merge from the left", bpe, "aaaaaaa", false, []string{"aaaa", "aa", "a"}},
		{"control tokens are text unless asked for", bpe, "<|im_end|>", false, strings.Split("<|im_end|>", "")},
		{"control tokens are parsed when asked for", bpe, "a<|im_end|>", true, []string{"a", "<|im_end|>"}},
		{"user-defined pieces are always whole", bpe, "a[user]a", false, []string{"a", "[user]", "a"}},
		{"an invalid byte is U+FFFD", bpe, "\xff", false, []string{"ï", "¿", "½"}},
		{"a space is ▁", sp, "hello hello", false, []string{"hello", "▁hello"}},
		{"a missing character is bytes", sp, "汉", false, []string{"<0xE6>", "<0xB1>", "<0x89>"}},
		{"a character that only occurs in a piece merges", sp, "文字字", false, []string{"文字", "<0xE5>", "<0xAD>", "<0x97>"}},
		{"a byte token's name is text", sp, "<0x0A>", false, []string{"<0x3C>", "<0x30>", "<0x78>", "<0x30>", "<0x41>", "<0x3E>"}},
		{"an invalid byte is itself", sp, "\xff", false, []string{"<0xFF>"}},
		{"a space is added in front", prefixed, "hello", false, []string{"▁hello"}},
		{"and after a control token", prefixed, "a</s>hello", true, []string{"▁a", "</s>", "▁hello"}},
		{"but not after a user-defined piece's text", prefixed, "", false, []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, spell(tc.m, tc.m.Encode(tc.text, tc.special))); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}

func TestEndsPointIntoTheText(t *testing.T) {
	prefixed := toySP(t, map[string]any{prefix + "add_space_prefix": true})
	for _, tc := range []struct {
		name, text string
		m          *Model
		want       []int
	}{
		{"byte-level", "hello hello!", toyBPE(t, nil), []int{5, 11, 12}},
		{"an invalid byte's three tokens", "a\xffa", toyBPE(t, nil), []int{1, 1, 1, 2, 3}},
		{"a space is one byte, ▁ in the text three", " hello▁hello", toySP(t, nil), []int{6, 14}},
		{"user-defined", "a\n\na", toySP(t, nil), []int{1, 3, 4}},
		{"the added space has no length", "hello hello", prefixed, []int{5, 11}},
		{"the added space as a token of its own", "\n", prefixed, []int{0, 1}},
	} {
		if diff := cmp.Diff(tc.want, tc.m.Ends(tc.text)); diff != "" {
			t.Errorf("%s: %q: tokens %q (-want +got):\n%s", tc.name, tc.text, spell(tc.m, tc.m.Encode(tc.text, false)), diff)
		}
	}
}

func TestPromptsBeginAndEndAsTheFileSays(t *testing.T) {
	both := map[string]any{prefix + "add_bos_token": true, prefix + "add_eos_token": true}
	m := toyBPE(t, both)
	if diff := cmp.Diff([]string{"<|im_start|>", "a", "<|im_end|>"}, spell(m, m.EncodePrompt("a"))); diff != "" {
		t.Errorf("both (-want +got):\n%s", diff)
	}
	if got := m.WithBOS(m.Encode("<|im_start|>a", true)); len(got) != 2 {
		t.Errorf("WithBOS doubled BOS: %v", got)
	}
	if got := toySP(t, nil).EncodePrompt(""); !slices.Equal(got, []int32{1}) {
		t.Errorf("SentencePiece adds BOS by default, got %v", got)
	}
	if got := toyBPE(t, nil).EncodePrompt("a"); len(got) != 1 {
		t.Errorf("byte-level adds no BOS by default, got %v", got)
	}
	if got := toyBPE(t, map[string]any{prefix + "eos_token_id": uint64(0)}).EOS(); !slices.Equal(got, []int32{0, 301}) {
		t.Errorf("ends %v, want eos 0 and <|im_end|> 301", got)
	}
}

func TestDecodingLeavesOutWhatIsNoText(t *testing.T) {
	m := toySP(t, map[string]any{prefix + "add_space_prefix": true})
	ids := append([]int32{1}, m.Encode("hello", false)...)
	if got := m.Decode(append(ids, 2, 0, -1, 1<<20)); got != "hello" {
		t.Errorf("got %q, want hello", got)
	}
	if m.Piece(-1) != nil || m.Token(1<<20) != "" || !m.IsControl(-1) || !m.IsControl(1) || m.IsControl(3) {
		t.Error("ids out of range or control tokens are taken for text")
	}
}

func TestDecoderHoldsBackHalfCharacters(t *testing.T) {
	m := toySP(t, nil)
	d := m.NewDecoder(true)
	var got []string
	for _, id := range m.Encode("é汉", false) {
		got = append(got, d.Push(id))
	}
	if diff := cmp.Diff([]string{"é", "", "", "汉"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.Push(m.Encode("\xe6", false)[0])
	if got := d.Flush(); got != "\xe6" || d.Flush() != "" {
		t.Errorf("flushed %q", got)
	}
}

// A word cache must not change what is encoded, nor may concurrent use.
func TestConcurrentUseGivesTheSameTokens(t *testing.T) {
	m := toyBPE(t, nil)
	r := rand.New(rand.NewPCG(5, 6))
	texts := make([]string, 200)
	want := make([][]int32, len(texts))
	for i := range texts {
		for range 50 {
			texts[i] += []string{"hello", " hello", "a", "aaaa", " ", "\n", "1", "文"}[r.IntN(8)]
		}
		want[i] = toyBPE(t, nil).Encode(texts[i], false)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, text := range texts {
				if got := m.Encode(text, false); !slices.Equal(got, want[i]) {
					t.Errorf("%q: %v, want %v", text, got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

func TestWordCacheIsBounded(t *testing.T) {
	m := toyBPE(t, nil)
	var b strings.Builder
	for i := range cachedWords + 1000 {
		b.WriteByte(' ')
		for n := i; n > 0; n /= 26 {
			b.WriteByte(byte('a' + n%26))
		}
	}
	want := toyBPE(t, nil).Encode(b.String()[:1000], false)
	m.Count(b.String())
	if n := len(m.free[0].words); n > cachedWords {
		t.Errorf("%d words kept", n)
	}
	if got := m.Encode(b.String()[:1000], false); !slices.Equal(got, want) {
		t.Error("a full cache changed the tokens")
	}
}

func TestContradictoryMetadataIsAnError(t *testing.T) {
	for _, tc := range []struct {
		name    string
		meta    fakeMeta
		changes map[string]any
		want    string
	}{
		{"no model", bpeMeta(), map[string]any{prefix + "model": 7}, "tokenizer.ggml.model: want a string"},
		{"an unknown model", bpeMeta(), map[string]any{prefix + "model": "rwkv"}, `"rwkv" isn't known`},
		{"an unknown pre-tokenizer", bpeMeta(), map[string]any{prefix + "pre": "viking"}, "known are smollm"},
		{"tokens of the wrong type", bpeMeta(), map[string]any{prefix + "tokens": []int64{1}}, "tokens: want a list of strings"},
		{"no tokens", spMeta(), map[string]any{prefix + "tokens": []string{}}, "tokens: want a list of strings"},
		{"too few types", bpeMeta(), map[string]any{prefix + "token_type": []int64{1}}, "1 types for 303 tokens"},
		{"a type out of range", bpeMeta(), map[string]any{prefix + "token_type": make([]int64, 303)[:0:303]}, "0 types"},
		{"no merges", bpeMeta(), map[string]any{prefix + "merges": "a a"}, "merges: want a list"},
		{"a merge of one", bpeMeta(), map[string]any{prefix + "merges": []string{"aa"}}, "merges: line 0: want two tokens"},
		{"a merge of nothing", bpeMeta(), map[string]any{prefix + "merges": []string{"a a", " "}}, "merges: line 1: want two tokens"},
		{"a merge of unknown tokens", bpeMeta(), map[string]any{prefix + "merges": []string{"a zz"}}, `line 0: "a" and "zz"`},
		{"a merge to an unknown token", bpeMeta(), map[string]any{prefix + "merges": []string{"a b"}}, `line 0: "a" and "b"`},
		{"an id out of range", bpeMeta(), map[string]any{prefix + "bos_token_id": uint64(303)}, "bos_token_id: 303 isn't below the 303 tokens"},
		{"a huge id", spMeta(), map[string]any{prefix + "eos_token_id": uint64(math.MaxUint64)}, "eos_token_id"},
		{"too few scores", spMeta(), map[string]any{prefix + "scores": []float32{1}}, "1 scores for 277 tokens"},
		{"no scores", spMeta(), map[string]any{prefix + "scores": nil}, "scores: want a list of numbers"},
		{"a score that isn't a number", spMeta(), map[string]any{prefix + "scores": append(make([]float32, 276), float32(math.NaN()))}, "not a number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := FromMetadata(tc.meta.with(tc.changes))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestTextWithoutTokensIsAnError(t *testing.T) {
	meta := fakeMeta{prefix + "model": "llama", prefix + "tokens": []string{"a"}, prefix + "scores": []float32{0}}
	if _, err := FromMetadata(meta); err == nil || !strings.Contains(err.Error(), "unknown token") {
		t.Errorf("got %v", err)
	}
	meta[prefix+"unknown_token_id"] = uint64(0)
	m := toy(t, meta)
	if got := m.Encode("a b", false); !slices.Equal(got, []int32{0, 0, 0, 0}) {
		t.Errorf("got %v, want the unknown token for the added space and each character", got)
	}
}

// roundTrip is Decode(Encode(text)) for valid text; ▁ comes back as a space.
func roundTrip(t *testing.T, m *Model, text string) {
	t.Helper()
	want := text
	if m.sp != nil {
		want = strings.ReplaceAll(text, "▁", " ")
	}
	if got := m.Decode(m.Encode(text, false)); utf8.ValidString(text) && got != want {
		t.Fatalf("%s: %q came back as %q", m.Name(), text, got)
	}
	ends := m.Ends(text)
	if utf8.ValidString(text) && len(ends) > 0 && ends[len(ends)-1] != len(text) {
		t.Fatalf("%s: %q: ends %v", m.Name(), text, ends)
	}
	checkEncoding(t, m, text)
	m.Encode(text, true)
}

func FuzzEncode(f *testing.F) {
	for _, text := range append(preTexts(), "", "\xff\xfehello", "\xe4ab", "<|im_start|>user\n\n\n▁", "[user]</s>") {
		f.Add(text)
	}
	// A space is added after a user-defined piece too, so that text doesn't
	// come back: the model that adds them has no such piece here.
	types := slices.Clone(spMeta()[prefix+"token_type"].([]int64))
	types[len(types)-1] = 1
	prefixed := map[string]any{prefix + "add_space_prefix": true, prefix + "token_type": types}
	models := []*Model{toyBPE(f, nil), toySP(f, nil), toySP(f, prefixed)}
	for _, pre := range []string{"llama-bpe", "gpt-4o", "deepseek-v3", "default"} {
		models = append(models, toyBPE(f, map[string]any{prefix + "pre": pre}))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			t.Skip("capped input")
		}
		for _, m := range models {
			roundTrip(t, m, text)
		}
	})
}

// FuzzFromMetadata builds vocabularies from what the fuzzer makes up: either
// an error, or a tokenizer that encodes any text.
func FuzzFromMetadata(f *testing.F) {
	f.Add("gpt2", "gpt-2", "a b ab \xff <x>", "a+b", []byte{1, 1, 1, 1, 3}, uint64(0), uint64(1), "abab<x>")
	f.Add("llama", "", "<0x41> ▁ a ▁a <unk>", "", []byte{6, 1, 1, 4, 2}, uint64(4), uint64(4), " a a\xff")
	f.Fuzz(func(t *testing.T, model, pre, tokens, merges string, types []byte, bos, unk uint64, text string) {
		if len(tokens)+len(merges)+len(text) > 1<<12 {
			t.Skip("capped input")
		}
		names := strings.Split(tokens, " ")
		meta := fakeMeta{
			prefix + "model": model, prefix + "pre": pre, prefix + "tokens": names,
			prefix + "bos_token_id": bos, prefix + "unknown_token_id": unk, prefix + "add_bos_token": true,
			prefix + "merges": strings.Split(strings.ReplaceAll(merges, "+", " "), ","),
		}
		kinds, scores := make([]int64, len(types)), make([]float32, len(types))
		for i, k := range types {
			kinds[i], scores[i] = int64(k%8), float32(int8(k))
		}
		meta[prefix+"token_type"], meta[prefix+"scores"] = kinds, scores
		var m *Model
		var err error
		withinMemory(t, len(tokens)+len(merges)+9*len(types), func() { m, err = FromMetadata(meta) })
		if err != nil {
			return
		}
		checkEncoding(t, m, text)
		for _, id := range m.EncodePrompt(text) {
			if id < 0 || int(id) >= m.Size() {
				t.Fatalf("id %d of %d tokens", id, m.Size())
			}
		}
	})
}
