package porter

import "unicode/utf8"

// vowelMap says of each character of a word whether it is a vowel.
func vowelMap(word string) []bool {
	out := make([]bool, 0, len(word))
	for _, r := range word {
		vowel := false
		switch r {
		case 'a', 'e', 'i', 'o', 'u':
			vowel = true
		case 'y':
			vowel = len(out) > 0 && !out[len(out)-1]
		}
		out = append(out, vowel)
	}
	return out
}

// measure counts the places where a vowel is followed by a consonant: Porter's
// m of [C](VC)^m[V].
func measure(word string) int {
	n, before := 0, false
	for _, vowel := range vowelMap(word) {
		if before && !vowel {
			n++
		}
		before = vowel
	}
	return n
}

func hasVowel(word string) bool {
	for _, vowel := range vowelMap(word) {
		if vowel {
			return true
		}
	}
	return false
}

// doubled says whether a word ends in the same consonant twice.
func doubled(word string) bool {
	last, size := utf8.DecodeLastRuneInString(word)
	before, _ := utf8.DecodeLastRuneInString(word[:len(word)-size])
	if size == len(word) || last != before {
		return false
	}
	vowels := vowelMap(word)
	return !vowels[len(vowels)-1]
}

// short says whether a word ends in consonant, vowel, consonant, the last not
// being w, x or y, or is one vowel and one consonant (Porter's *o, with NLTK's
// case of two letters).
func short(word string) bool {
	vowels := vowelMap(word)
	n := len(vowels)
	if n == 2 {
		return vowels[0] && !vowels[1]
	}
	if n < 3 || vowels[n-3] || !vowels[n-2] || vowels[n-1] {
		return false
	}
	last := word[len(word)-1]
	return last != 'w' && last != 'x' && last != 'y'
}
