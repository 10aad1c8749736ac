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
	name    string
	once    sync.Once
	enc     *tiktoken.Tiktoken
	lens    []uint16 // bytes of each token id
	classes *classes
	next    pretokenizer
	err     error

	mu   sync.Mutex
	free []*wordEnds // kept for the next call
}

func (b *bpe) Name() string { return b.name }

// ready loads the vocabulary. It is part of the binary, so a failure to load it
// is a bug in the build, not a condition of the run.
func (b *bpe) ready() {
	b.once.Do(b.load)
	if b.err != nil {
		panic(fmt.Sprintf("tokenizer %s: embedded vocabulary: %v", b.name, b.err))
	}
}

// Ends implements Tokenizer.
func (b *bpe) Ends(text string) []int {
	b.ready()
	if !utf8.ValidString(text) {
		return b.lengths(text, make([]int, 0, 8))
	}
	ends := make([]int, 0, len(text)/3+4)
	b.words(text, func(at int, word []int) {
		for _, e := range word {
			ends = append(ends, at+e)
		}
	})
	return ends
}

// Count returns the number of tokens without listing them.
func (b *bpe) Count(text string) int {
	b.ready()
	if !utf8.ValidString(text) {
		return len(b.enc.EncodeOrdinary(text))
	}
	n := 0
	b.words(text, func(_ int, word []int) { n += len(word) })
	return n
}

// lengths appends where the tokens of text end, as the library gives them.
func (b *bpe) lengths(text string, ends []int) []int {
	end := 0
	for _, id := range b.enc.EncodeOrdinary(text) {
		end += int(b.lens[id])
		ends = append(ends, end)
	}
	return ends
}

// words calls f for each pre-token of text with its place and its tokens' ends in
// it. The library is asked about words that were not seen before: its splitting
// by regular expressions is most of what it takes.
func (b *bpe) words(text string, f func(at int, ends []int)) {
	known := b.acquire()
	defer b.release(known)
	for i := 0; i < len(text); {
		end := b.next(b.classes, text, i)
		word := text[i:end]
		ends, ok := known.find(word)
		if !ok {
			ends = b.lengths(word, known.scratch[:0])
			known.scratch = ends
			known.remember(word, ends)
		}
		f(i, ends)
		i = end
	}
}

func (b *bpe) acquire() *wordEnds {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.free); n > 0 {
		w := b.free[n-1]
		b.free = b.free[:n-1]
		return w
	}
	return &wordEnds{at: map[string]span{}}
}

func (b *bpe) release(w *wordEnds) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.free) < keptWords {
		b.free = append(b.free, w)
	}
}

// keptWords bounds how many callers' words are kept.
const keptWords = 4

// wordEnds are the ends of the tokens of words seen before, within the bounds of
// a session.
type wordEnds struct {
	at      map[string]span
	arena   []int
	scratch []int
}

func (w *wordEnds) find(word string) ([]int, bool) {
	s, ok := w.at[word]
	return w.arena[s.from:s.to], ok
}

func (w *wordEnds) remember(word string, ends []int) {
	if len(word) > cachedBytes {
		return
	}
	if len(w.at) >= cachedWords {
		clear(w.at)
		w.arena = w.arena[:0]
	}
	from := int32(len(w.arena))
	w.arena = append(w.arena, ends...)
	w.at[strings.Clone(word)] = span{from, int32(len(w.arena))}
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
	b.classes, b.next = newClasses(), preTokenizerOf(b.name)
	b.lens = make([]uint16, len(ranks)+1024)
	for token, id := range ranks {
		if id < len(b.lens) {
			b.lens[id] = uint16(len(token))
		}
	}
}

// preTokenizerOf is the splitting of a vocabulary, as its regular expression has
// it. Source: tiktoken 0.12, tiktoken_ext/openai_public.py.
func preTokenizerOf(name string) pretokenizer {
	switch name {
	case "cl100k_base":
		return nextLlama3
	case "o200k_base":
		return nextO200k
	}
	return nextGPT2
}

var setLoader sync.Once
