package scorers

import (
	"math/bits"
	"regexp"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/scorers/jieba"
)

// m4leRouge is the best rouge-l recall over the references that aren't empty;
// 0 where there is none, or where the answer or any of them has no sentence,
// since the packages raise an error then and it costs the row.
func m4leRouge(answer string, references []string, language string) float64 {
	recall := englishRecall
	if language == "zh" {
		answer = strings.Join(jieba.Cut(answer), " ")
		recall = func(answer, reference string) (float64, bool) {
			return chineseRecall(answer, strings.Join(jieba.Cut(reference), " "))
		}
	}
	most := 0.0
	for _, reference := range references {
		if reference == "" {
			continue
		}
		r, ok := recall(answer, reference)
		if !ok {
			return 0
		}
		most = max(most, r)
	}
	return most
}

// englishRecall is rouge-l recall of rouge 1.0.1, |U|/m; ok is false where one
// of the texts has no sentence.
func englishRecall(prediction, reference string) (recall float64, ok bool) {
	l := lcsPool.Get().(*lcs)
	defer lcsPool.Put(l)
	union, refWords, _ := l.union(prediction, reference)
	if refWords == 0 || len(l.y) == 0 {
		return 0, false
	}
	return float64(union) / float64(refWords), true
}

// chineseRecall is rouge-l recall of rouge-chinese 1.0.3 for texts cut into
// words: the longest common subsequence of all their words, repeats counted,
// over the number of the reference's. Sentences only decide where white space
// makes an empty word.
func chineseRecall(prediction, reference string) (recall float64, ok bool) {
	x, y := chineseWords(reference), chineseWords(prediction)
	if len(x) == 0 || len(y) == 0 {
		return 0, false
	}
	l := lcsPool.Get().(*lcs)
	defer lcsPool.Put(l)
	return float64(l.length(x, y)) / float64(len(x)), true
}

// The places where rouge-chinese ends a sentence: behind a full stop, question
// or exclamation mark, six dots or two ellipses unless a closing quotation mark
// follows, and behind that mark unless more of the sentence does.
func chineseEnds() []*regexp.Regexp {
	return []*regexp.Regexp{endOfStop, endOfDots, endOfEllipsis, endOfQuote}
}

var (
	endOfStop     = regexp.MustCompile(`([。！？?])([^”’])`)
	endOfDots     = regexp.MustCompile(`(\.{6})([^”’])`)
	endOfEllipsis = regexp.MustCompile(`(…{2})([^”’])`)
	endOfQuote    = regexp.MustCompile(`([。！？?][”’])([^，。！？?])`)
)

// chineseWords are the words of all sentences of a text: a sentence of white
// space alone is one empty word.
func chineseWords(text string) []string {
	for _, end := range chineseEnds() {
		text = end.ReplaceAllString(text, "$1\n$2")
	}
	var words []string
	for sentence := range strings.SplitSeq(strings.TrimRightFunc(text, isPySpace), "\n") {
		if sentence == "" {
			continue
		}
		inside := pyFields(sentence)
		if len(inside) == 0 {
			inside = []string{""}
		}
		words = append(words, inside...)
	}
	return words
}

// length is the length of a longest common subsequence of x and y.
func (l *lcs) length(x, y []string) int {
	clear(l.ids)
	a, b := l.numbers(x), l.numbers(y)
	l.first = grown(l.first, len(l.ids))
	clear(l.first)
	l.index(b)
	width := (len(b) + 63) / 64
	l.fill(a, width)
	l.forget(b)
	// A cell that differs from its left neighbour is one more word: a zero bit.
	n := 0
	for w, v := range l.rows[len(a)*width:][:width] {
		if left := len(b) - 64*w; left < 64 {
			v |= ^uint64(0) << left
		}
		n += bits.OnesCount64(^v)
	}
	return n
}

func (l *lcs) numbers(words []string) []int32 {
	out := make([]int32, len(words))
	for i, w := range words {
		out[i] = l.id(w)
	}
	return out
}

// m4leF1 is evaluation.py's compute_f1: SQuAD's F1 of the normalised texts'
// words, in Chinese those of jieba with the spaces between them; 1 if both have
// none.
func m4leF1(prediction, reference, language string) float64 {
	p, r := m4leTokens(prediction, language), m4leTokens(reference, language)
	if len(p) == 0 || len(r) == 0 {
		if slices.Equal(p, r) {
			return 1
		}
		return 0
	}
	return multisetF1(p, r)
}

func m4leTokens(text, language string) []string {
	tokens := englishTokens(text)
	if language == "zh" {
		return jieba.Cut(strings.Join(tokens, " "))
	}
	return tokens
}
