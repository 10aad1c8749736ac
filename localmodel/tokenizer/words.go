package tokenizer

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words gives every distinct word of one prompt a token id of its own, in the
// order of first occurrence: a vocabulary that lives as long as its prompt. It
// is for a model whose tokens mean nothing by themselves, such as the
// constructed induction model, which answers by repeating what followed the
// same token earlier: with it, key-value and needle prompts work as text.
//
// A word is a run of letters, marks and digits; - _ and . between two of them
// belong to it, so that a UUID, a decimal number or a file name is one word. A
// Chinese or Japanese character or a Korean syllable is a word by itself,
// since nothing separates words there. Words are compared byte by byte: "The"
// and "the" differ. Between words there is one token at most: where a sentence,
// a line or an item of a list ends, the border token, which tells a copying
// model where a value ends. Decode puts back what stood between the same two
// words when they first met, and a space between others.
//
// A Words is for one prompt and one goroutine.
type Words struct {
	first  int32
	size   int
	border int32
	ids    map[string]int32
	words  []string
	joins  map[[2]int32]string
}

var _ Tokenizer = (*Words)(nil)

// ErrVocabulary is a prompt with more different words than the model has tokens.
var ErrVocabulary = errors.New("too many different words")

// NewWords returns a vocabulary without words that may use the ids first to
// first+size-1, those that the model has no other use for; border is the id of
// an item's end.
func NewWords(first int32, size int, border int32) *Words {
	return &Words{first: first, size: size, border: border, ids: map[string]int32{}, joins: map[[2]int32]string{}}
}

// Name implements Tokenizer.
func (w *Words) Name() string { return "words" }

// Len returns the number of words that have an id.
func (w *Words) Len() int { return len(w.words) }

// Encode returns the ids of the words of text; new words get the next free
// ids. It is an error if there are more words than ids, after which the
// vocabulary holds those that fitted. Texts encoded one after the other, such
// as a context and a question, share their words.
func (w *Words) Encode(text string) ([]int32, error) {
	var ids []int32
	gap, last := 0, int32(-1) // end and id of the word before
	for from, to := nextWord(text, 0); from < len(text); from, to = nextWord(text, to) {
		id, ok := w.ids[text[from:to]]
		if !ok {
			if len(w.words) >= w.size {
				return nil, fmt.Errorf("tokenizer words: %w: the prompt has more than %d, as many as the model has tokens for them; shorten it", ErrVocabulary, w.size)
			}
			id = w.first + int32(len(w.words))
			w.ids[text[from:to]] = id
			w.words = append(w.words, text[from:to])
		}
		if join := [2]int32{last, id}; len(ids) > 0 {
			if _, met := w.joins[join]; !met {
				w.joins[join] = text[gap:from]
			}
			if hasBorder(text[gap:from]) {
				ids = append(ids, w.border)
			}
		}
		ids, last, gap = append(ids, id), id, to
	}
	if len(ids) > 0 && hasBorder(text[gap:]) {
		ids = append(ids, w.border)
	}
	return ids, nil
}

// hasBorder says whether what stands between two words ends an item.
func hasBorder(between string) bool {
	return strings.ContainsAny(between, ".,;!?\n\r})]。，、；！？）】")
}

// Decode returns the words of ids with what stands between them; ids without a
// word are left out.
func (w *Words) Decode(ids []int32) string {
	var text []byte
	last := int32(-1)
	for _, id := range ids {
		at := int(id) - int(w.first)
		if at < 0 || at >= len(w.words) {
			continue
		}
		if last >= 0 {
			join, met := w.joins[[2]int32{last, id}]
			if !met {
				join = " "
			}
			text = append(text, join...)
		}
		text, last = append(text, w.words[at]...), id
	}
	return string(text)
}

// Ends implements Tokenizer: the offsets at which the tokens of text end, a
// border where the next word begins and the last one at the end of the text. It
// gives no ids.
func (w *Words) Ends(text string) []int {
	ends := []int{}
	gap := 0
	for from, to := nextWord(text, 0); from < len(text); from, to = nextWord(text, to) {
		if len(ends) > 0 && hasBorder(text[gap:from]) {
			ends = append(ends, from)
		}
		ends, gap = append(ends, to), to
	}
	switch {
	case len(ends) == 0:
	case hasBorder(text[gap:]):
		ends = append(ends, len(text))
	default:
		ends[len(ends)-1] = len(text)
	}
	return ends
}

// nextWord returns the next word at or after i, text[from:to]; from is
// len(text) if there is none.
func nextWord(text string, i int) (from, to int) {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if isCJK(r) && isWordRune(r) {
			return i, i + size
		}
		if isWordRune(r) {
			return i, wordEnd(text, i+size)
		}
		i += size
	}
	return len(text), len(text)
}

// wordEnd returns the end of the word that goes on at i.
func wordEnd(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == '-' || r == '_' || r == '.' {
			next, more := utf8.DecodeRuneInString(text[i+size:])
			if !isWordRune(next) || isCJK(next) {
				return i
			}
			i += size + more
			continue
		}
		if !isWordRune(r) || isCJK(r) {
			return i
		}
		i += size
	}
	return i
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r))
}
