package tokenizer

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// Model is the tokenizer that a model file carries: byte-level BPE as of GPT-2
// and its successors, or SentencePiece BPE as of Llama 2 and Gemma. FromMetadata
// and FromTokenizerJSON make one. It is safe for concurrent use.
//
// A byte-level vocabulary reads text as UTF-8, each invalid byte as U+FFFD;
// bytes for which it has no token are left out, as llama.cpp and Hugging Face
// tokenizers do (SmolLM2 lacks a few control characters). A SentencePiece
// vocabulary spells what it lacks in byte tokens, or as the unknown token.
type Model struct {
	name   string
	pieces []string // bytes of each token, as they stand in text; ▁ is a space
	kinds  []kind
	names  []string // as in the file

	bos, eos, unk, pad int32 // -1: none
	addBOS, addEOS     bool
	ends               []int32 // tokens after which generation stops

	table   *pairTable
	bytes   [256]int32 // byte → token, -1: none
	always  *specials  // user-defined pieces
	special *specials  // and control tokens

	// Byte-level BPE.
	rules   rules
	classes *classes
	whole   map[string]int32 // pieces taken unmerged; nil unless rules.whole

	// SentencePiece.
	sp *sentencePieces

	mu   sync.Mutex
	free []*session
}

var _ Tokenizer = (*Model)(nil)

// kind is a token's type as GGUF numbers it.
type kind uint8

const (
	kindNormal  kind = 1
	kindUnknown kind = 2
	kindControl kind = 3
	kindUser    kind = 4
	kindUnused  kind = 5
	kindByte    kind = 6
)

// Name implements Tokenizer: the kind of vocabulary, its size and a hash of
// its tokens and merges, so that equal names mean equal counts.
func (m *Model) Name() string { return m.name }

// Size returns the number of tokens; ids are below it.
func (m *Model) Size() int { return len(m.pieces) }

// BOS returns the id of the token that opens a text, -1 if there is none, and
// whether the model expects it in front of every prompt.
func (m *Model) BOS() (id int32, add bool) { return m.bos, m.addBOS }

// EOS returns the ids after which generation stops: the end-of-sequence token
// first, then end-of-turn tokens such as <|im_end|>, <|eot_id|> and
// <end_of_turn>. The slice is the caller's.
func (m *Model) EOS() []int32 { return append([]int32(nil), m.ends...) }

// Pad returns the id of the padding token, -1 if there is none.
func (m *Model) Pad() int32 { return m.pad }

// IsControl says whether id is a control or unknown token, which Decode leaves
// out, or no token at all.
func (m *Model) IsControl(id int32) bool {
	if id < 0 || int(id) >= len(m.kinds) {
		return true
	}
	return m.kinds[id] == kindControl || m.kinds[id] == kindUnknown
}

// Piece returns the bytes that token id stands for, a control token's name
// included; nil for an id out of range. They need not be whole characters.
func (m *Model) Piece(id int32) []byte {
	if id < 0 || int(id) >= len(m.pieces) {
		return nil
	}
	return []byte(m.pieces[id])
}

// ID returns the id of the token that the file spells piece (a byte-level
// vocabulary spells a space Ġ, SentencePiece ▁), such as "<|im_end|>".
func (m *Model) ID(piece string) (id int32, ok bool) {
	for i, n := range m.names {
		if n == piece {
			return int32(i), true
		}
	}
	return 0, false
}

// Token returns the spelling of token id in the file, "" if out of range. Chat
// templates name BOS and EOS by it.
func (m *Model) Token(id int32) string {
	if id < 0 || int(id) >= len(m.names) {
		return ""
	}
	return m.names[id]
}

// Encode returns the ids of text, without BOS. With special, control tokens
// written in the text become their ids; without, they are text like any other,
// as anything should be that comes from a data set. User-defined pieces are
// taken whole either way.
func (m *Model) Encode(text string, special bool) []int32 {
	if text == "" {
		return []int32{}
	}
	s := m.acquire()
	defer m.release(s)
	return m.encode(s, text, special, make([]int32, 0, len(text)/3+4), nil)
}

// EncodePrompt is Encode with special, between BOS and EOS where the model
// wants them. A prompt that already begins with BOS gets a second one, as in
// llama.cpp; WithBOS doesn't do that.
func (m *Model) EncodePrompt(text string) []int32 {
	ids := m.Encode(text, true)
	if m.addBOS {
		ids = append([]int32{m.bos}, ids...)
	}
	if m.addEOS {
		ids = append(ids, m.eos)
	}
	return ids
}

// WithBOS puts BOS before ids if the model wants it and they don't begin with
// it: for prompts from a chat template, which often writes BOS itself.
func (m *Model) WithBOS(ids []int32) []int32 {
	if !m.addBOS || len(ids) > 0 && ids[0] == m.bos {
		return ids
	}
	return append([]int32{m.bos}, ids...)
}

// Count returns the number of tokens of text, as Encode without special
// tokens gives.
func (m *Model) Count(text string) int {
	s := m.acquire()
	defer m.release(s)
	s.out = m.encode(s, text, false, s.out[:0], nil)
	return len(s.out)
}

// Ends implements Tokenizer: for each token of Encode(text, false) the byte
// offset at which it ends. Offsets rise and the last one is len(text), unless
// the text is invalid UTF-8 or the vocabulary drops bytes of it.
func (m *Model) Ends(text string) []int {
	ends := make([]int, 0, len(text)/3+4)
	s := m.acquire()
	defer m.release(s)
	s.out = m.encode(s, text, false, s.out[:0], &ends)
	return ends
}

// encode appends the ids of text to dst, and to ends, if it isn't nil, where
// each of them ends.
func (m *Model) encode(s *session, text string, special bool, dst []int32, ends *[]int) []int32 {
	if m.sp == nil && !utf8.ValidString(text) {
		return m.encodeRepaired(s, text, special, dst, ends)
	}
	find := m.always
	if special {
		find = m.special
	}
	fresh := true // at the start, or right after a special token
	raw := func(from, to int) {
		if m.sp != nil {
			dst = m.encodeSP(s, text, from, to, fresh, dst, ends)
		} else {
			dst = m.encodeBPE(s, text, from, to, dst, ends)
		}
		fresh = false
	}
	if find == nil {
		if text != "" {
			raw(0, len(text))
		}
		return dst
	}
	find.split(text, 0, len(text), raw, func(id int32, to int) {
		dst = append(dst, id)
		if ends != nil {
			*ends = append(*ends, to)
		}
		fresh = true
	})
	return dst
}

// encodeRepaired encodes text with U+FFFD in place of every invalid byte; ends
// are given in text as it was.
func (m *Model) encodeRepaired(s *session, text string, special bool, dst []int32, ends *[]int) []int32 {
	var b strings.Builder
	var at []int // offset in the repaired text after each replacement
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		b.WriteRune(r)
		if r == utf8.RuneError && size == 1 {
			at = append(at, b.Len())
		}
		i += size
	}
	first := 0
	if ends != nil {
		first = len(*ends)
	}
	dst = m.encode(s, b.String(), special, dst, ends)
	if ends == nil {
		return dst
	}
	k := 0
	for i, end := range (*ends)[first:] {
		for k < len(at) && at[k] <= end {
			k++
		}
		// Each replacement before end made the text two bytes longer; within
		// one, the original stands at its start.
		over := 2 * k
		if k < len(at) && end > at[k]-3 {
			over += end - (at[k] - 3)
		}
		(*ends)[first+i] = end - over
	}
	return dst
}

// acquire takes a session that no other call uses.
func (m *Model) acquire() *session {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.free); n > 0 {
		s := m.free[n-1]
		m.free = m.free[:n-1]
		return s
	}
	return newSession(m.table)
}

// keptSessions bounds the sessions that are kept for later calls.
const keptSessions = 16

func (m *Model) release(s *session) {
	s.trim()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) < keptSessions {
		m.free = append(m.free, s)
	}
}

func (m *Model) String() string { return fmt.Sprintf("tokenizer %s", m.name) }
