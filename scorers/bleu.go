package scorers

import (
	"math"
	"strings"
)

// smallestNormal is Python's sys.float_info.min.
const smallestNormal = 0x1p-1022

// loogleWords are the words that LooGLE's BLEU and METEOR go by: what str.split
// gives once newlines are spaces.
func loogleWords(s string) []string { return pyFields(s) }

// bleu is NLTK's sentence_bleu without smoothing, with all the weight on the
// n-grams of one order, as LooGLE calls it: their clipped precision times the
// brevity penalty, not the usual geometric mean. 0 where no word is common;
// where words are but n-grams aren't, NLTK puts the smallest normal double in
// the precision's place.
func bleu(hypothesis, reference []string, order int) float64 {
	if common(hypothesis, reference, 1) == 0 {
		return 0
	}
	p := float64(common(hypothesis, reference, order)) / float64(max(1, len(hypothesis)-order+1))
	if p == 0 {
		p = smallestNormal
	}
	if len(hypothesis) > len(reference) {
		return p
	}
	return p * math.Exp(1-float64(len(reference))/float64(len(hypothesis)))
}

// common counts n-grams of a that b has too, each as often as both have it.
func common(a, b []string, n int) int {
	left := map[string]int{}
	for i := 0; i+n <= len(b); i++ {
		left[ngram(b[i:i+n])]++
	}
	count := 0
	for i := 0; i+n <= len(a); i++ {
		if g := ngram(a[i : i+n]); left[g] > 0 {
			left[g]--
			count++
		}
	}
	return count
}

// ngram is a key for words: none of them holds a space, which parts words.
func ngram(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words, " ")
}
