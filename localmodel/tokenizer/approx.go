package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// ApproxName is the name of the estimating tokenizer.
const ApproxName = "approx"

// Approx cuts text by the shape of its characters, with no vocabulary: quick
// enough (see BenchmarkApprox) to size a whole benchmark before anything is
// sent. It stands for a modern 200k vocabulary: on LongBench's multi_news,
// multifieldqa_zh and passage_retrieval_zh its totals lie within 10% of
// o200k_base's (TestApproxIsNearO200k). What is counted with it says so by its
// name.
//
// The rules: a run of letters, with the one space before it, is a token for
// each started 9 letters (5 where it is not ASCII); three digits are a token,
// so are a run of up to three punctuation marks and a run of white space;
// five Chinese, Japanese or Korean characters are four tokens.
type Approx struct{}

// Name implements Tokenizer.
func (Approx) Name() string { return ApproxName }

// Ends implements Tokenizer.
func (Approx) Ends(text string) []int {
	ends := make([]int, 0, len(text)/4+1)
	for i := 0; i < len(text); {
		i = approxNext(text, i, len(ends))
		ends = append(ends, i)
	}
	return ends
}

// Count returns the number of tokens without listing them.
func (Approx) Count(text string) int {
	n := 0
	for i := 0; i < len(text); n++ {
		i = approxNext(text, i, n)
	}
	return n
}

// approxNext returns the end of the token that starts at i; n is the number
// of tokens before it.
func approxNext(text string, i, n int) int {
	c := text[i]
	if c == ' ' && i+1 < len(text) && isASCIILetter(text[i+1]) {
		i++
		c = text[i]
	}
	switch {
	case isASCIILetter(c):
		return runASCII(text, i, 9, isASCIILetter)
	case c >= '0' && c <= '9':
		return runASCII(text, i, 3, func(c byte) bool { return c >= '0' && c <= '9' })
	case c == ' ' || (c >= '\t' && c <= '\r'):
		return runASCII(text, i, 32, func(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') })
	case c < utf8.RuneSelf:
		return runASCII(text, i, 3, isASCIIPunct)
	}
	return approxWide(text, i, n)
}

// approxWide ends the token that starts with a non-ASCII character.
func approxWide(text string, i, n int) int {
	r, size := utf8.DecodeRuneInString(text[i:])
	if isCJK(r) {
		// Every fourth token takes two characters.
		if n%4 == 0 && i+size < len(text) {
			if next, more := utf8.DecodeRuneInString(text[i+size:]); isCJK(next) {
				return i + size + more
			}
		}
		return i + size
	}
	if !unicode.IsLetter(r) {
		return i + size
	}
	end := i + size
	for letters := 1; letters < 5 && end < len(text); letters++ {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !unicode.IsLetter(r) || isCJK(r) {
			break
		}
		end += size
	}
	return end
}

func runASCII(text string, i, most int, in func(byte) bool) int {
	end := i + 1
	for end < len(text) && end-i < most && in(text[end]) {
		end++
	}
	return end
}

func isASCIILetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }

func isASCIIPunct(c byte) bool {
	return c > ' ' && c < 0x7f && !isASCIILetter(c) && (c < '0' || c > '9')
}

func isCJK(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7AF || r >= 0xF900 && r <= 0xFAFF ||
		r >= 0x20000 && r <= 0x3FFFF
}
