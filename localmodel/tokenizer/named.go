// Package tokenizer turns text into tokens: the vocabularies of model files
// (FromMetadata, FromTokenizerJSON), the named vocabularies of API
// models (Named), words of one prompt (Words), and an estimate that needs no
// vocabulary (Approx).
//
// As a Tokenizer each reads special tokens as plain text and works on valid
// UTF-8.
package tokenizer

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/pkoukk/tiktoken-go"
	loader "github.com/pkoukk/tiktoken-go-loader"
)

// Tokenizer splits texts into tokens.
type Tokenizer interface {
	// Name identifies the vocabulary.
	Name() string
	// Ends returns for each token of text the byte offset at which it ends.
	Ends(text string) []int
}

// Names lists the tokenizers that Named knows.
func Names() []string {
	return []string{ApproxName, "cl100k_base", "o200k_base", "p50k_base", "r50k_base"}
}

// Named returns the tokenizer of that name. The vocabularies are compiled in
// and parsed at first use of the tokenizer, not here.
func Named(name string) (Tokenizer, error) {
	if name == ApproxName {
		return Approx{}, nil
	}
	for _, n := range Names() {
		if n == name {
			return &bpe{name: name}, nil
		}
	}
	return nil, fmt.Errorf("tokenizer %q: known are %s", name, strings.Join(Names(), ", "))
}

// ForModel returns the name of the vocabulary that an API model counts with,
// or "" if it isn't known. Source: tiktoken 0.12, model.py.
func ForModel(model string) string {
	for _, p := range []struct{ prefix, name string }{
		{"gpt-4o", "o200k_base"}, {"chatgpt-4o", "o200k_base"}, {"gpt-4.1", "o200k_base"},
		{"gpt-4.5", "o200k_base"}, {"gpt-5", "o200k_base"}, {"o1", "o200k_base"},
		{"o3", "o200k_base"}, {"o4", "o200k_base"},
		{"gpt-4", "cl100k_base"}, {"gpt-3.5", "cl100k_base"},
	} {
		if strings.HasPrefix(model, p.prefix) {
			return p.name
		}
	}
	return ""
}

// bpe is a tiktoken vocabulary, loaded once.
type bpe struct {
	name string
	once sync.Once
	enc  *tiktoken.Tiktoken
	lens []uint16 // bytes of each token id
	err  error
}

func (b *bpe) Name() string { return b.name }

// Ends implements Tokenizer. The vocabulary is part of the binary, so a
// failure to load it is a bug in the build, not a condition of the run.
func (b *bpe) Ends(text string) []int {
	b.once.Do(b.load)
	if b.err != nil {
		panic(fmt.Sprintf("tokenizer %s: embedded vocabulary: %v", b.name, b.err))
	}
	ids := b.enc.EncodeOrdinary(text)
	end := 0
	for i, id := range ids {
		end += int(b.lens[id])
		ids[i] = end
	}
	return ids
}

// Cuts says whether the tokens of text are for sure those of text[:at] followed
// by those of text[at:]. All four vocabularies end a pre-token where a run of
// letters ends, unless an apostrophe or a mark follows, and look at nothing
// before it.
func (b *bpe) Cuts(text string, at int) bool {
	if at <= 0 || at >= len(text) {
		return at == 0 || at == len(text)
	}
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	next, _ := utf8.DecodeRuneInString(text[at:])
	return unicode.IsLetter(last) && !unicode.IsLetter(next) && !unicode.IsMark(next) && next != '\'' && next != utf8.RuneError
}

// IDs returns the token ids of text.
func (b *bpe) IDs(text string) []int {
	b.once.Do(b.load)
	return b.enc.EncodeOrdinary(text)
}

func (b *bpe) load() {
	offline := loader.NewOfflineLoader()
	// tiktoken-go keeps its loader in a package variable; the offline loader
	// is the only one that this program ever sets.
	setLoader.Do(func() { tiktoken.SetBpeLoader(offline) })
	if b.enc, b.err = tiktoken.GetEncoding(b.name); b.err != nil {
		return
	}
	ranks, err := offline.LoadTiktokenBpe(b.name + ".tiktoken")
	if err != nil {
		b.err = err
		return
	}
	b.lens = make([]uint16, len(ranks)+1024)
	for token, id := range ranks {
		if id < len(b.lens) {
			b.lens[id] = uint16(len(token))
		}
	}
}

var setLoader sync.Once
