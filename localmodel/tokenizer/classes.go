package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// class says what a rune is to the pre-tokenizers' rules: a set of bits.
type class uint8

const (
	letter  class = 1 << iota // \p{L}
	number                    // \p{N}
	space                     // \s: White_Space
	mark                      // \p{M}
	punct                     // \p{P}
	symbol                    // \p{S}
	small                     // \p{Ll}
	capital                   // \p{Lu} or \p{Lt}
)

// tabled is the end of the runes that classes keeps in a table: the planes
// that hold letters. Few runes lie above, and those are looked up.
const tabled = 0x32000

// classes holds the class of every rune, so that a pre-tokenizer pays one load
// a character instead of a binary search in several range tables.
type classes [tabled]class

func newClasses() *classes {
	var c classes
	for _, part := range []struct {
		ranges *unicode.RangeTable
		bits   class
	}{
		{unicode.L, letter}, {unicode.N, number}, {unicode.White_Space, space}, {unicode.M, mark},
		{unicode.P, punct}, {unicode.S, symbol}, {unicode.Ll, small}, {unicode.Lu, capital}, {unicode.Lt, capital},
	} {
		for _, r := range part.ranges.R16 {
			c.add(uint32(r.Lo), uint32(r.Hi), uint32(r.Stride), part.bits)
		}
		for _, r := range part.ranges.R32 {
			c.add(r.Lo, r.Hi, r.Stride, part.bits)
		}
	}
	return &c
}

func (c *classes) add(lo, hi, stride uint32, bits class) {
	for r := lo; r <= hi && r < tabled; r += stride {
		c[r] |= bits
	}
}

// at returns the class and the length in bytes of the rune at text[i]. The
// text must be valid UTF-8.
func (c *classes) at(text string, i int) (class, int) {
	if b := text[i]; b < utf8.RuneSelf {
		return c[b], 1
	}
	r, size := utf8.DecodeRuneInString(text[i:])
	return c.of(r), size
}

func (c *classes) of(r rune) class {
	if r < tabled {
		return c[r]
	}
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsMark(r):
		return mark
	case unicode.IsNumber(r):
		return number
	case unicode.IsPunct(r):
		return punct
	case unicode.IsSymbol(r):
		return symbol
	}
	return 0
}

// run returns the end of the run of runes from i on that have any of the bits.
func (c *classes) run(text string, i int, bits class) int {
	for i < len(text) {
		k, size := c.at(text, i)
		if k&bits == 0 {
			break
		}
		i += size
	}
	return i
}

// runOther returns the end of the run of runes from i on that have none of
// the bits.
func (c *classes) runOther(text string, i int, bits class) int {
	for i < len(text) {
		k, size := c.at(text, i)
		if k&bits != 0 {
			break
		}
		i += size
	}
	return i
}
