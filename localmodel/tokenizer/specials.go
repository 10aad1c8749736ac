package tokenizer

import (
	"cmp"
	"slices"
	"strings"
)

// specials finds the tokens that are taken from a text whole, before any
// merging: control tokens and user-defined pieces. Where two overlap the
// longer one wins wherever it starts, then the lower id, then the leftmost.
// That is llama.cpp's rule: it cuts out each token in turn, longest first.
type specials struct {
	texts []string // sorted
	ids   []int32
	first [256]bool
	// second holds the first two bytes of those longer than one byte, so that
	// a space does not start a search because runs of spaces are tokens.
	second [1 << 16 / 64]uint64
	single [256]int32 // ids of those of one byte, or -1
}

// newSpecials takes pieces that aren't empty.
func newSpecials(pieces []string, ids []int32) *specials {
	s := &specials{}
	for i := range s.single {
		s.single[i] = -1
	}
	for _, id := range ids {
		piece := pieces[id]
		s.first[piece[0]] = true
		if len(piece) == 1 {
			s.single[piece[0]] = id
			continue
		}
		two := uint(piece[0])<<8 | uint(piece[1])
		s.second[two/64] |= 1 << (two % 64)
		s.ids = append(s.ids, id)
	}
	slices.SortFunc(s.ids, func(a, b int32) int { return cmp.Or(strings.Compare(pieces[a], pieces[b]), cmp.Compare(a, b)) })
	s.ids = slices.CompactFunc(s.ids, func(a, b int32) bool { return pieces[a] == pieces[b] })
	for _, id := range s.ids {
		s.texts = append(s.texts, pieces[id])
	}
	return s
}

// longest returns the longest special token that text starts with and its
// length, or a length of 0.
func (s *specials) longest(text string) (id int32, n int) {
	if len(text) == 0 || !s.first[text[0]] {
		return 0, 0
	}
	if one := s.single[text[0]]; one >= 0 {
		id, n = one, 1
	}
	if len(text) < 2 {
		return id, n
	}
	if two := uint(text[0])<<8 | uint(text[1]); s.second[two/64]>>(two%64)&1 == 0 {
		return id, n
	}
	// Each byte halves the part of the sorted list that still fits.
	lo, hi := 0, len(s.texts)
	for d := 0; lo < hi && d < len(text); d++ {
		b := text[d]
		part := s.texts[lo:hi]
		from, _ := slices.BinarySearchFunc(part, b, func(t string, b byte) int { return compareAt(t, d, int(b)) })
		to, _ := slices.BinarySearchFunc(part[from:], int(b)+1, func(t string, b int) int { return compareAt(t, d, b) })
		lo, hi = lo+from, lo+from+to
		if lo < hi && len(s.texts[lo]) == d+1 {
			id, n = s.ids[lo], d+1
		}
	}
	return id, n
}

func compareAt(t string, d, b int) int {
	if len(t) <= d {
		return -1
	}
	return cmp.Compare(int(t[d]), b)
}

// split calls raw for the text between special tokens and token for each of
// them, in order, with offsets in text.
func (s *specials) split(text string, from, to int, raw func(from, to int), token func(id int32, to int)) {
	start := from
	for i := from; i < to; {
		at, id, n := s.winner(text, i, to)
		if n == 0 {
			i++
			continue
		}
		if at > start {
			// What precedes the winner may hold tokens that fit before it.
			if at > i {
				s.split(text, start, at, raw, token)
			} else {
				raw(start, at)
			}
		}
		token(id, at+n)
		i, start = at+n, at+n
	}
	if start < to {
		raw(start, to)
	}
}

// winner returns the token that beats every other one which overlaps it,
// starting the search at the longest at i; n is 0 if none starts at i.
func (s *specials) winner(text string, i, to int) (at int, id int32, n int) {
	at = i
	id, n = s.longest(text[i:to])
	for moved := n > 0; moved; {
		moved = false
		for k, end := at+1, at+n; k < end; k++ {
			other, m := s.longest(text[k:to])
			if m > n || m == n && m > 0 && other < id {
				at, id, n, moved = k, other, m, true
			}
		}
	}
	return at, id, n
}
