package tokenizer

import "unicode/utf8"

// sentencePieces is what a SentencePiece vocabulary needs beyond a Model's
// tables. Text is read character by character with a space as ▁; the two
// neighbours whose joined piece scores highest merge first, the leftmost of
// equals. Source: SentencePiece's BPE model and llama.cpp's llm_tokenizer_spm.
type sentencePieces struct {
	// chars maps a rune to its token, in pages of 256. A rune that only occurs
	// inside longer pieces has an id from the vocabulary's size up, so that it
	// can merge; 0 in a page means no id, so ids are stored plus one.
	chars [(utf8.MaxRune + 1) / 256]*[256]int32
	// extra is the rune of each id from the vocabulary's size up.
	extra []rune
	// bonds has a bit for every two runes that are neighbours within a piece
	// (by hash: a few more than that). No merge crosses any other border, so
	// text is cut there into words, which are short and come again.
	bonds       [1 << 20 / 64]uint64
	spacePrefix bool
}

// blank is SentencePiece's sign for a space.
const blank = '▁'

func (sp *sentencePieces) char(r rune) int32 {
	page := sp.chars[uint32(r)>>8]
	if page == nil {
		return noToken
	}
	return page[r&0xFF] - 1
}

func (sp *sentencePieces) setChar(r rune, id int32) {
	page := &sp.chars[uint32(r)>>8]
	if *page == nil {
		*page = new([256]int32)
	}
	(*page)[r&0xFF] = id + 1
}

func bondBit(a, b rune) (word, bit uint32) {
	h := (uint32(a)*0x9E3779B1 ^ uint32(b)*0x85EBCA77) * 0xC2B2AE3D >> 12
	return h >> 6, h & 63
}

func (sp *sentencePieces) bond(a, b rune) {
	w, bit := bondBit(a, b)
	sp.bonds[w] |= 1 << bit
}

func (sp *sentencePieces) bonded(a, b rune) bool {
	w, bit := bondBit(a, b)
	return sp.bonds[w]>>bit&1 != 0
}

// next returns the character at text[i]; invalid UTF-8 gives as many bytes as
// the first of them announces, as one character that no piece has (-1).
func (sp *sentencePieces) next(text string, i int) (r rune, size int) {
	b := text[i]
	if b < utf8.RuneSelf {
		if b == ' ' {
			return blank, 1
		}
		return rune(b), 1
	}
	r, size = utf8.DecodeRuneInString(text[i:])
	if r == utf8.RuneError && size == 1 {
		return -1, min(announced(b), len(text)-i)
	}
	return r, size
}

// announced is the length of the UTF-8 sequence that byte b begins.
func announced(b byte) int {
	switch {
	case b >= 0xF0:
		return 4
	case b >= 0xE0:
		return 3
	case b >= 0xC0:
		return 2
	}
	return 1
}

// wordEnd returns the end of the characters from i on that a merge may join.
func (sp *sentencePieces) wordEnd(text string, i int) int {
	last, size := sp.next(text, i)
	for i += size; i < len(text); i += size {
		var r rune
		r, size = sp.next(text, i)
		if last < 0 || r < 0 || !sp.bonded(last, r) {
			break
		}
		last = r
	}
	return i
}

// encodeSP appends the ids of text[from:to], which holds no special token;
// fresh says that the text begins here or a special token precedes.
func (m *Model) encodeSP(s *session, text string, from, to int, fresh bool, dst []int32, ends *[]int) []int32 {
	part, base := text[from:to], from
	if fresh && m.sp.spacePrefix {
		part, base = " "+part, from-1
	}
	for i := 0; i < len(part); {
		end := m.sp.wordEnd(part, i)
		word := part[i:end]
		w, ok := s.words[word]
		ids := s.arena[w.from:w.to]
		if !ok {
			ids = m.pieceIDs(s, word)
			if len(word) <= cachedBytes {
				s.remember(word, ids)
			}
		}
		dst = append(dst, ids...)
		if ends != nil {
			*ends = m.endsSP(word, base+i, ids, *ends)
		}
		i = end
	}
	if ends != nil && base < from {
		// The added space has no place in the text.
		for k := len(*ends) - 1; k >= 0 && (*ends)[k] < from; k-- {
			(*ends)[k] = from
		}
	}
	return dst
}

// pieceIDs merges the characters of word; the result is valid until the next
// call.
func (m *Model) pieceIDs(s *session, word string) []int32 {
	s.ids = s.ids[:0]
	for i := 0; i < len(word); {
		r, size := m.sp.next(word, i)
		id := noToken
		if r >= 0 {
			id = m.sp.char(r)
		}
		s.ids = append(s.ids, id)
		i += size
	}
	s.ids = s.merger.merge(s.ids)
	for _, id := range s.ids {
		if id < 0 || int(id) >= len(m.pieces) {
			return m.spellOut(word, s.ids)
		}
	}
	return s.ids
}

// spellOut replaces the characters that have no token by byte tokens, or by
// the unknown token if the vocabulary has no such byte.
func (m *Model) spellOut(word string, ids []int32) []int32 {
	out := make([]int32, 0, len(word))
	at := 0
	for _, id := range ids {
		if id >= 0 && int(id) < len(m.pieces) {
			out = append(out, id)
			at += m.lengthIn(word[at:], id)
			continue
		}
		_, size := m.sp.next(word, at)
		out = m.spell(word[at:at+size], out)
		at += size
	}
	return out
}

func (m *Model) spell(char string, out []int32) []int32 {
	if char == " " {
		char = string(blank) // what stands in the text that is merged
	}
	start := len(out)
	for i := range len(char) {
		id := m.bytes[char[i]]
		if id < 0 {
			return append(out[:start], m.unk)
		}
		out = append(out, id)
	}
	return out
}

// lengthIn returns how many bytes of text, which begins with token id, the
// token covers: its ▁ may be a space there.
func (m *Model) lengthIn(text string, id int32) int {
	if m.kinds[id] == kindByte {
		return 1
	}
	n := 0
	for _, r := range m.names[id] {
		if r == blank && text[n] == ' ' {
			n++
			continue
		}
		n += utf8.RuneLen(r)
	}
	return n
}

// endsSP appends where the tokens of word end; word starts at offset at.
func (m *Model) endsSP(word string, at int, ids []int32, ends []int) []int {
	n := 0
	for k := 0; k < len(ids); k++ {
		id := ids[k]
		switch {
		case id == m.unk:
			_, size := m.sp.next(word, n)
			n += size
		case m.kinds[id] == kindByte && m.pieces[id][0] != word[n] && word[n] == ' ':
			// ▁ itself in byte tokens: three of them for one space.
			ends = append(ends, at+n, at+n)
			n++
			k += 2
		default:
			n += m.lengthIn(word[n:], id)
		}
		ends = append(ends, at+n)
	}
	return ends
}
