package scorers

import (
	"unicode"
	"unicode/utf8"
)

// wordScanner finds the words that obscurity counts: runs of letters and
// numbers of any script, and each CJK ideograph alone.
type wordScanner struct {
	text       string
	start, end int // of the present word, in bytes
	ascii      bool
	small      []byte // the lower-cased word, reused
}

// next goes to the next word and says whether there is one.
func (s *wordScanner) next() bool {
	for at := s.end; at < len(s.text); {
		r, size := rune(s.text[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s.text[at:])
		}
		switch {
		case isIdeograph(r):
			s.start, s.end, s.ascii = at, at+size, false
			return true
		case isLetterOrNumber(r):
			s.start = at
			s.run(at)
			return true
		}
		at += size
	}
	s.end = len(s.text)
	return false
}

// run sets the end of the word that starts at a byte.
func (s *wordScanner) run(at int) {
	s.ascii = true
	for at < len(s.text) {
		if c := s.text[at]; c < utf8.RuneSelf {
			if !isASCIILetterOrDigit(c) {
				break
			}
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(s.text[at:])
		if isIdeograph(r) || !isLetterOrNumber(r) {
			break
		}
		s.ascii = false
		at += size
	}
	s.end = at
}

// lower returns the present word in lower case, valid until the next call.
func (s *wordScanner) lower() []byte {
	word := s.text[s.start:s.end]
	if !s.ascii {
		s.small = append(s.small[:0], pyLower(word)...)
		return s.small
	}
	s.small = s.small[:0]
	for i := range len(word) {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		s.small = append(s.small, c)
	}
	return s.small
}

func isLetterOrNumber(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIILetterOrDigit(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

func isASCIILetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isIdeograph says whether r lies in a block of CJK ideographs: extension A, the
// unified ones, the compatible ones, and planes 2 and 3.
func isIdeograph(r rune) bool {
	return r >= 0x3400 && (r <= 0x4DBF || r >= 0x4E00 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF || r >= 0x20000 && r <= 0x3FFFF)
}
