package tokenizer

import "strings"

// session is what one Encode call works with and the next one reuses: buffers
// and the words seen so far.
type session struct {
	merger merger
	ids    []int32 // symbols of one word
	out    []int32 // ids that only get counted
	words  map[string]span
	arena  []int32 // ids of the words seen
}

// span is a word's ids, arena[from:to].
type span struct{ from, to int32 }

const (
	// cachedBytes is the longest word worth remembering: longer ones seldom
	// come twice.
	cachedBytes = 32
	// cachedWords bounds a session's memory to a few MiB; a full cache is
	// emptied, since finding the least used words costs more than it saves.
	cachedWords = 1 << 16
	// keptSymbols bounds the buffers that a session keeps.
	keptSymbols = 1 << 16
)

func newSession(table *pairTable) *session {
	return &session{merger: merger{table: table}, words: make(map[string]span)}
}

// remember caches the ids of word.
func (s *session) remember(word string, ids []int32) {
	if len(s.words) >= cachedWords {
		clear(s.words)
		s.arena = s.arena[:0]
	}
	from := int32(len(s.arena))
	s.arena = append(s.arena, ids...)
	s.words[strings.Clone(word)] = span{from, int32(len(s.arena))}
}

// trim lets go of buffers that one very long text has made.
func (s *session) trim() {
	if cap(s.merger.ranks) > keptSymbols {
		s.merger = merger{table: s.merger.table}
	}
	if cap(s.ids) > keptSymbols {
		s.ids = nil
	}
	if cap(s.out) > 16*keptSymbols {
		s.out = nil
	}
}

// noToken takes the place of a byte that the vocabulary lacks until the word
// is done; it takes part in no merge.
const noToken = int32(-1)

// encodeBPE appends the ids of text[from:to], which holds no special token.
func (m *Model) encodeBPE(s *session, text string, from, to int, dst []int32, ends *[]int) []int32 {
	part := text[from:to]
	if m.rules.next == nil {
		at := 0
		splitStages(m.classes, part, 0, m.rules.stages, func(end int) {
			dst = m.encodeWord(s, part[at:end], from+at, dst, ends)
			at = end
		})
		return dst
	}
	for i := 0; i < len(part); {
		end := m.rules.next(m.classes, part, i)
		dst = m.encodeWord(s, part[i:end], from+i, dst, ends)
		i = end
	}
	return dst
}

// encodeWord appends the ids of one pre-token that starts at offset at.
func (m *Model) encodeWord(s *session, word string, at int, dst []int32, ends *[]int) []int32 {
	if w, ok := s.words[word]; ok {
		return m.emitBPE(s.arena[w.from:w.to], at, dst, ends)
	}
	s.ids = s.ids[:0]
	if id, ok := m.whole[word]; ok {
		s.ids = append(s.ids, id)
	} else {
		for i := range len(word) {
			s.ids = append(s.ids, m.bytes[word[i]])
		}
		s.ids = s.merger.merge(s.ids)
	}
	if len(word) <= cachedBytes {
		s.remember(word, s.ids)
	}
	return m.emitBPE(s.ids, at, dst, ends)
}

func (m *Model) emitBPE(ids []int32, at int, dst []int32, ends *[]int) []int32 {
	for _, id := range ids {
		if id != noToken {
			dst = append(dst, id)
		}
		if ends == nil {
			continue
		}
		if id == noToken {
			at++
			continue
		}
		at += len(m.pieces[id])
		*ends = append(*ends, at)
	}
	return dst
}
