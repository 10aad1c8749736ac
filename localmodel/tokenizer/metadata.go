package tokenizer

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Metadata is the key-value part of a model file; ok is false for a key that
// is absent or of another type.
type Metadata interface {
	String(key string) (v string, ok bool)
	Strings(key string) (v []string, ok bool)
	Floats(key string) (v []float32, ok bool)
	Ints(key string) (v []int64, ok bool)
	Uint(key string) (v uint64, ok bool)
	Bool(key string) (v bool, ok bool)
}

const prefix = "tokenizer.ggml."

// vocabulary is what a file says about its tokenizer, in one form for GGUF
// and tokenizer.json.
type vocabulary struct {
	names  []string
	kinds  []kind
	scores []float32 // SentencePiece
	merges []merge   // byte-level BPE, or SentencePiece without scores; first merges first

	bos, eos, unk, pad int32 // -1: none
	stops              []int32
	addBOS, addEOS     bool
	spacePrefix        bool
	model, pre         string
	rules              rules
}

// merge is one line of a merge list.
type merge struct{ left, right string }

// FromMetadata reads the tokenizer of a GGUF file: tokenizer.ggml.model "gpt2"
// (byte-level BPE, with a pre-tokenizer from PreTokenizers) or "llama"
// (SentencePiece BPE). What the file contradicts itself in is an error; absent
// optional keys have llama.cpp's defaults.
func FromMetadata(meta Metadata) (*Model, error) {
	v, err := readVocabulary(meta)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	m, err := v.build()
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return m, nil
}

func readVocabulary(meta Metadata) (*vocabulary, error) {
	v := &vocabulary{}
	var ok bool
	if v.model, ok = meta.String(prefix + "model"); !ok {
		return nil, fmt.Errorf("%smodel: want a string, the file has none", prefix)
	}
	if v.names, ok = meta.Strings(prefix + "tokens"); !ok || len(v.names) == 0 {
		return nil, fmt.Errorf("%stokens: want a list of strings, the file has none", prefix)
	}
	if len(v.names) > math.MaxInt32/2 {
		return nil, fmt.Errorf("%stokens: %d tokens are too many", prefix, len(v.names))
	}
	if err := v.readKinds(meta); err != nil {
		return nil, err
	}
	var err error
	switch v.model {
	case "gpt2":
		err = v.readBPE(meta)
	case "llama":
		err = v.readSentencePiece(meta)
	default:
		err = fmt.Errorf("%smodel: %q isn't known; known are gpt2 (byte-level BPE) and llama (SentencePiece)", prefix, v.model)
	}
	if err != nil {
		return nil, err
	}
	return v, v.readIDs(meta)
}

func (v *vocabulary) readKinds(meta Metadata) error {
	v.kinds = make([]kind, len(v.names))
	types, ok := meta.Ints(prefix + "token_type")
	if ok && len(types) != len(v.names) {
		return fmt.Errorf("%stoken_type: %d types for %d tokens", prefix, len(types), len(v.names))
	}
	for i := range v.kinds {
		v.kinds[i] = kindNormal
		if !ok {
			continue
		}
		if types[i] < 0 || types[i] > int64(kindByte) {
			return fmt.Errorf("%stoken_type: token %d: want 1 to 6, got %d", prefix, i, types[i])
		}
		v.kinds[i] = kind(types[i])
	}
	return nil
}

func (v *vocabulary) readBPE(meta Metadata) error {
	var ok bool
	if v.pre, ok = meta.String(prefix + "pre"); !ok {
		v.pre = "default"
	}
	var err error
	if v.rules, err = preRules(v.pre); err != nil {
		return fmt.Errorf("%spre: %w", prefix, err)
	}
	v.addBOS = v.rules.bos
	lines, ok := meta.Strings(prefix + "merges")
	if !ok {
		return fmt.Errorf("%smerges: want a list of strings, the file has none", prefix)
	}
	v.merges = make([]merge, len(lines))
	for i, line := range lines {
		// A token may begin with a space, so the first byte isn't the border.
		at := -1
		if len(line) > 1 {
			at = strings.IndexByte(line[1:], ' ') + 1
		}
		if at <= 0 || at == len(line)-1 {
			return fmt.Errorf("%smerges: line %d: want two tokens with a space between", prefix, i)
		}
		v.merges[i] = merge{line[:at], line[at+1:]}
	}
	return nil
}

func (v *vocabulary) readSentencePiece(meta Metadata) error {
	var ok bool
	if v.scores, ok = meta.Floats(prefix + "scores"); !ok {
		return fmt.Errorf("%sscores: want a list of numbers, the file has none", prefix)
	}
	if len(v.scores) != len(v.names) {
		return fmt.Errorf("%sscores: %d scores for %d tokens", prefix, len(v.scores), len(v.names))
	}
	v.addBOS, v.spacePrefix = true, true
	if b, ok := meta.Bool(prefix + "add_space_prefix"); ok {
		v.spacePrefix = b
	}
	return nil
}

func (v *vocabulary) readIDs(meta Metadata) error {
	v.bos, v.eos, v.unk, v.pad = -1, -1, -1, -1
	if v.model == "llama" && len(v.names) > 2 {
		v.bos, v.eos, v.unk = 1, 2, 0
	}
	eot, eom := int32(-1), int32(-1)
	for _, f := range []struct {
		key string
		id  *int32
	}{
		{"bos_token_id", &v.bos}, {"eos_token_id", &v.eos}, {"unknown_token_id", &v.unk},
		{"padding_token_id", &v.pad}, {"eot_token_id", &eot}, {"eom_token_id", &eom},
	} {
		id, ok := meta.Uint(prefix + f.key)
		if !ok {
			continue
		}
		if id >= uint64(len(v.names)) {
			return fmt.Errorf("%s%s: %d isn't below the %d tokens", prefix, f.key, id, len(v.names))
		}
		*f.id = int32(id)
	}
	v.stops = []int32{v.eos, eot, eom}
	if b, ok := meta.Bool(prefix + "add_bos_token"); ok {
		v.addBOS = b
	}
	if b, ok := meta.Bool(prefix + "add_eos_token"); ok {
		v.addEOS = b
	}
	return nil
}

// stopNames are the tokens that end a turn in the usual chat formats. Source:
// llama.cpp, src/llama-vocab.cpp, and the models' generation_config.json.
func stopNames() []string {
	return []string{"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
		"<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>"}
}

// build makes the tables that encoding and decoding work with.
func (v *vocabulary) build() (*Model, error) {
	m := &Model{names: v.names, kinds: v.kinds, bos: v.bos, eos: v.eos, unk: v.unk, pad: v.pad, rules: v.rules}
	m.addBOS, m.addEOS = v.addBOS && v.bos >= 0, v.addEOS && v.eos >= 0
	ids := make(map[string]int32, len(v.names))
	for i, name := range v.names {
		ids[name] = int32(i)
	}
	var err error
	if v.model == "gpt2" {
		err = v.buildBPE(m, ids)
	} else {
		err = v.buildSentencePiece(m, ids)
	}
	if err != nil {
		return nil, err
	}
	v.addSpecials(m)
	v.addStops(m, ids)
	m.name = v.fingerprint()
	return m, nil
}

func (v *vocabulary) addSpecials(m *Model) {
	var user, all []int32
	for i, k := range v.kinds {
		if m.pieces[i] == "" || k != kindUser && k != kindControl && k != kindUnknown {
			continue
		}
		all = append(all, int32(i))
		if k == kindUser {
			user = append(user, int32(i))
		}
	}
	texts := v.names
	if len(user) > 0 {
		m.always = newSpecials(texts, user)
	}
	if len(all) > 0 {
		m.special = newSpecials(texts, all)
	}
}

func (v *vocabulary) addStops(m *Model, ids map[string]int32) {
	stops := v.stops
	for _, name := range stopNames() {
		if id, ok := ids[name]; ok && (v.kinds[id] == kindControl || v.kinds[id] == kindUser) {
			stops = append(stops, id)
		}
	}
	for _, id := range stops {
		if id >= 0 && !slices.Contains(m.ends, id) {
			m.ends = append(m.ends, id)
		}
	}
}

// fingerprint names the vocabulary: model, pre-tokenizer, size, hash.
func (v *vocabulary) fingerprint() string {
	h := fnv.New64a()
	add := func(s string) { h.Write([]byte(s)); h.Write([]byte{0}) }
	for i, name := range v.names {
		add(name)
		h.Write([]byte{byte(v.kinds[i])})
		if v.scores != nil {
			h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v.scores[i])))
		}
	}
	for _, m := range v.merges {
		add(m.left)
		add(m.right)
	}
	family := "spm"
	if v.model == "gpt2" {
		family = "bpe-" + v.pre
	}
	if v.spacePrefix {
		family += "-prefix"
	}
	return fmt.Sprintf("%s-%d-%08x", family, len(v.names), uint32(h.Sum64()))
}

// buildBPE fills in the byte tokens, the merge table and the pieces.
func (v *vocabulary) buildBPE(m *Model, ids map[string]int32) error {
	alphabet, fromRune := byteAlphabet()
	for b, r := range alphabet {
		m.bytes[b] = noToken
		if id, ok := ids[string(r)]; ok {
			m.bytes[b] = id
		}
	}
	if err := v.addMerges(m, ids); err != nil {
		return err
	}
	m.pieces = make([]string, len(v.names))
	for i, name := range v.names {
		m.pieces[i] = name
		if v.kinds[i] == kindNormal {
			m.pieces[i] = plainBytes(name, fromRune)
		}
	}
	m.classes = newClasses()
	if v.rules.whole {
		m.whole = make(map[string]int32, len(v.names))
		for i, piece := range m.pieces {
			if v.kinds[i] == kindNormal && piece != "" {
				m.whole[piece] = int32(i)
			}
		}
	}
	return nil
}

// addMerges fills in the merge table from a list, first merges first.
func (v *vocabulary) addMerges(m *Model, ids map[string]int32) error {
	m.table = newPairTable(len(v.merges))
	for i, line := range v.merges {
		left, ok1 := ids[line.left]
		right, ok2 := ids[line.right]
		joined, ok3 := ids[line.left+line.right]
		if !ok1 || !ok2 || !ok3 {
			return fmt.Errorf("%smerges: line %d: %q and %q: both and what they join to must be tokens", prefix, i, line.left, line.right)
		}
		m.table.add(left, right, uint32(i), joined)
	}
	return nil
}

// byteAlphabet returns GPT-2's printable stand-in for every byte and its
// inverse: printable Latin-1 stands for itself, the others follow from U+0100.
func byteAlphabet() (alphabet [256]rune, bytes map[rune]byte) {
	bytes = make(map[rune]byte, 256)
	next := rune(256)
	for b := range alphabet {
		r := rune(b)
		if r < '!' || r > '~' && r < 0xA1 || r == 0xAD {
			r = next
			next++
		}
		alphabet[b], bytes[r] = r, byte(b)
	}
	return alphabet, bytes
}

// plainBytes undoes the byte alphabet; what isn't of it stays as it is.
func plainBytes(name string, fromRune map[rune]byte) string {
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		if c, ok := fromRune[r]; ok {
			b = append(b, c)
		} else {
			b = append(b, name[i:i+size]...)
		}
		i += size
	}
	return string(b)
}
