package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// FromTokenizerJSON reads a Hugging Face tokenizer.json: a BPE model that is
// either byte-level, with the splitting of one of PreTokenizers, or
// SentencePiece-like with byte fallback, as those of Llama 2 and Gemma. Other
// models, normalizers and pre-tokenizers are an error that names them.
//
// NFC normalization, which Qwen's file asks for, is not done, as in llama.cpp:
// give it composed text. Special tokens are only parsed where Encode is asked
// to, unlike in Hugging Face's library, which always does.
func FromTokenizerJSON(data []byte) (*Model, error) {
	var f hubFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	v, err := f.vocabulary()
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	m, err := v.build()
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	return m, nil
}

// hubFile is the part of a tokenizer.json that is read.
type hubFile struct {
	Added []struct {
		ID      int
		Content string
		Special bool
	} `json:"added_tokens"`
	Normalizer    *hubStep
	PreTokenizer  *hubStep `json:"pre_tokenizer"`
	PostProcessor *hubStep `json:"post_processor"`
	Model         struct {
		Type         string
		Vocab        map[string]int
		Merges       []hubMerge
		Unk          *string `json:"unk_token"`
		ByteFallback bool    `json:"byte_fallback"`
		IgnoreMerges bool    `json:"ignore_merges"`
	}
}

// hubStep is a normalizer, pre-tokenizer or post-processor, whose fields
// depend on its type.
type hubStep struct {
	Type           string
	Normalizers    []hubStep
	PreTokenizers  []hubStep `json:"pretokenizers"`
	Processors     []hubStep
	Pattern        struct{ String, Regex string }
	Behavior       string
	Content        string
	Prepend        string
	Individual     bool   `json:"individual_digits"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	UseRegex       *bool  `json:"use_regex"`
	PrependScheme  string `json:"prepend_scheme"`
	Single         []struct {
		SpecialToken *struct{ ID string }
	}
}

// hubMerge is a merge, "a b" in older files and ["a", "b"] in newer ones.
type hubMerge merge

// UnmarshalJSON implements json.Unmarshaler.
func (m *hubMerge) UnmarshalJSON(data []byte) error {
	var two []string
	if len(data) > 0 && data[0] == '"' {
		var line string
		if err := json.Unmarshal(data, &line); err != nil {
			return err
		}
		two = strings.SplitN(line, " ", 2)
	} else if err := json.Unmarshal(data, &two); err != nil {
		return err
	}
	if len(two) != 2 || two[0] == "" || two[1] == "" {
		return fmt.Errorf("merge %.40q: want two tokens", data)
	}
	m.left, m.right = two[0], two[1]
	return nil
}

func (f *hubFile) vocabulary() (*vocabulary, error) {
	if f.Model.Type != "" && f.Model.Type != "BPE" {
		return nil, fmt.Errorf("model %q isn't known; only BPE is", f.Model.Type)
	}
	v := &vocabulary{bos: -1, eos: -1, unk: -1, pad: -1, merges: []merge{}}
	if err := f.tokens(v); err != nil {
		return nil, err
	}
	for _, m := range f.Model.Merges {
		v.merges = append(v.merges, merge(m))
	}
	var err error
	if f.Model.ByteFallback {
		err = f.sentencePiece(v)
	} else {
		err = f.byteLevel(v)
	}
	if err != nil {
		return nil, err
	}
	f.frame(v)
	return v, nil
}

// tokens lists the vocabulary and the added tokens by id. Ids without a token
// are unused.
func (f *hubFile) tokens(v *vocabulary) error {
	size := len(f.Model.Vocab) + len(f.Added)
	place := func(id int, name string, k kind) error {
		// Some files leave a few ids out; the gaps must not fill the memory.
		if id < 0 || id >= 2*size+1024 {
			return fmt.Errorf("token %q: id %d is out of range for %d tokens", name, id, size)
		}
		for len(v.names) <= id {
			v.names, v.kinds = append(v.names, ""), append(v.kinds, kindUnused)
		}
		v.names[id], v.kinds[id] = name, k
		return nil
	}
	for name, id := range f.Model.Vocab {
		k := kindNormal
		if _, err := byteOf(name); err == nil && f.Model.ByteFallback {
			k = kindByte
		}
		if err := place(id, name, k); err != nil {
			return err
		}
	}
	for _, a := range f.Added {
		k := kindUser
		if a.Special {
			k = kindControl
		}
		if err := place(a.ID, a.Content, k); err != nil {
			return err
		}
	}
	if len(v.names) == 0 {
		return errors.New("the file has no tokens")
	}
	if f.Model.Unk != nil {
		if id := slices.Index(v.names, *f.Model.Unk); id >= 0 {
			v.unk = int32(id)
		}
	}
	return nil
}

func (f *hubFile) byteLevel(v *vocabulary) error {
	v.model = "gpt2"
	for _, n := range steps(f.Normalizer) {
		if n.Type != "NFC" {
			return fmt.Errorf("normalizer %s isn't supported with a byte-level vocabulary", n.Type)
		}
	}
	signature, err := f.splitting()
	if err != nil {
		return err
	}
	for name, exprs := range splittings() {
		if slices.Equal(exprs, signature) {
			v.pre = name
		}
	}
	if v.pre == "" {
		return fmt.Errorf("pre_tokenizer: splitting by %q isn't known; known are those of %s", signature, strings.Join(PreTokenizers(), ", "))
	}
	if v.rules, err = preRules(v.pre); err != nil {
		return err
	}
	v.rules.whole = f.Model.IgnoreMerges
	return nil
}

// splitting returns the expressions that the file splits with, one after the
// other, digits as an expression too.
func (f *hubFile) splitting() ([]string, error) {
	var exprs []string
	level := false
	for _, p := range steps(f.PreTokenizer) {
		switch p.Type {
		case "ByteLevel":
			if p.AddPrefixSpace {
				return nil, errors.New("pre_tokenizer: add_prefix_space isn't supported")
			}
			level = true
			if p.UseRegex == nil || *p.UseRegex {
				exprs = append(exprs, gpt2Split)
			}
		case "Digits":
			if !p.Individual {
				return nil, errors.New("pre_tokenizer: Digits is only supported with individual_digits")
			}
			exprs = append(exprs, `\p{N}`)
		case "Split":
			if p.Pattern.Regex == "" {
				return nil, fmt.Errorf("pre_tokenizer: Split by the text %q isn't supported", p.Pattern.String)
			}
			exprs = append(exprs, p.Pattern.Regex)
		default:
			return nil, fmt.Errorf("pre_tokenizer: %s isn't supported", p.Type)
		}
	}
	if !level {
		return nil, errors.New("neither byte-level (pre_tokenizer ByteLevel) nor with byte_fallback: not supported")
	}
	return exprs, nil
}

const (
	gpt2Split  = `'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	wordsSplit = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
	capsSplit  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
	restSplit  = ` ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	shortSplit = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
	lineSplit  = `[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// splittings gives for each pre-tokenizer the expressions by which the
// tokenizer.json files of its models ask for it.
func splittings() map[string][]string {
	return map[string][]string{
		"gpt-2":     {gpt2Split},
		"smollm":    {`\p{N}`, gpt2Split},
		"llama-bpe": {shortSplit + `|` + fmt.Sprintf(lineSplit, `\p{N}{1,3}`)},
		"qwen2":     {shortSplit + `|` + fmt.Sprintf(lineSplit, `\p{N}`)},
		"tekken":    {wordsSplit + `|` + capsSplit + `|\p{N}|` + restSplit},
		"gpt-4o":    {wordsSplit + shortSplit + `?|` + capsSplit + shortSplit + `?|\p{N}{1,3}|` + restSplit},
		"deepseek-v3": {`\p{N}{1,3}`, `[一-龥぀-ゟ゠-ヿ]+`,
			"[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"},
		"deepseek-coder": {"[\r\n]", `\s?\p{L}+`, `\s?\p{P}+`, `[一-龥ࠀ-一가-퟿]+`, `\p{N}`},
	}
}

// sentencePiece reads how a file writes spaces as ▁: by a normalizer, or by
// the Metaspace pre-tokenizer.
func (f *hubFile) sentencePiece(v *vocabulary) error {
	v.model = "llama"
	replaced := false
	for _, n := range steps(f.Normalizer) {
		switch {
		case n.Type == "Prepend" && n.Prepend == string(blank):
			v.spacePrefix = true
		case n.Type == "Replace" && n.Pattern.String == " " && n.Content == string(blank):
			replaced = true
		default:
			return fmt.Errorf("normalizer %s isn't supported", n.Type)
		}
	}
	for _, p := range steps(f.PreTokenizer) {
		switch {
		case p.Type == "Metaspace":
			// "first" and "always" only differ after special tokens.
			replaced, v.spacePrefix = true, p.PrependScheme != "never"
		case p.Type == "Split" && p.Pattern.String == " " && replaced:
			// Nothing is left to split: all spaces are ▁ by now.
		default:
			return fmt.Errorf("pre_tokenizer: %s isn't supported with byte_fallback", p.Type)
		}
	}
	if !replaced {
		return errors.New("byte_fallback without ▁ for spaces isn't supported")
	}
	return nil
}

// frame reads BOS and EOS from the template that frames a single text.
func (f *hubFile) frame(v *vocabulary) {
	find := func(name string) int32 { return int32(slices.Index(v.names, name)) }
	for _, name := range []string{"</s>", "<eos>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "<|endoftext|>", "<|im_end|>"} {
		if v.eos < 0 {
			v.eos = find(name)
		}
	}
	for _, p := range steps(f.PostProcessor) {
		n := len(p.Single)
		if p.Type != "TemplateProcessing" || n < 2 {
			continue
		}
		if first := p.Single[0].SpecialToken; first != nil {
			v.bos, v.addBOS = find(first.ID), true
		}
		if last := p.Single[n-1].SpecialToken; last != nil {
			v.eos, v.addEOS = find(last.ID), true
		}
	}
	v.stops = []int32{v.eos}
}

// steps returns the steps of a sequence, or the one step that there is.
func steps(s *hubStep) []hubStep {
	switch {
	case s == nil:
		return nil
	case s.Type != "Sequence":
		return []hubStep{*s}
	}
	return append(append(s.Normalizers, s.PreTokenizers...), s.Processors...)
}
