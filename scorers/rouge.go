package scorers

import (
	"strings"
	"sync"

	"github.com/lcbench/lcbench/scorers/jieba"
)

// rougeL is LongBench's rouge_score: the rouge-l F of the Python package rouge
// 1.0.1 for one pair of texts.
//
// Upstream walks the LCS table by recursion and raises, which counts as 0,
// where a walk takes more than about 985 steps; that is a limit of CPython's
// stack and not of the definition, so there is none here.
func rougeL(prediction, reference string) float64 {
	l := lcsPool.Get().(*lcs)
	defer lcsPool.Put(l)
	return l.rougeL(prediction, reference)
}

// rougeLzh is LongBench's rouge_zh_score: rouge 1.0.1 over both texts cut by
// jieba 0.42.1 and joined by single spaces.
func rougeLzh(prediction, reference string) float64 {
	return rougeL(strings.Join(jieba.Cut(prediction), " "), strings.Join(jieba.Cut(reference), " "))
}

var lcsPool = sync.Pool{New: func() any { return &lcs{ids: map[string]int32{}} }}

// lcs holds the buffers of one comparison.
type lcs struct {
	ids    map[string]int32 // word → number
	x, y   [][]int32        // sentences of the reference and the prediction
	words  []int32          // backing of x and y
	common []bool           // words of U

	first, next []int32  // places of each word in the sentence y, see index
	rows        []uint64 // see walk
	here        []uint64 // the places of one word; zero between uses
}

// rougeL computes R = |U|/m, P = |U|/n and F = 2·P·R/(P+R+1e-8), see union.
// (rouge/rouge_score.py, rouge_l_summary_level.)
func (l *lcs) rougeL(prediction, reference string) float64 {
	union, refWords, n := l.union(prediction, reference)
	if n == 0 || refWords == 0 {
		return 0
	}
	r, p := float64(union)/float64(refWords), float64(union)/float64(n)
	return 2 * (p * r / (p + r + 1e-8))
}

// union returns |U|, m and n: U are the distinct words on any LCS of a
// reference sentence with a prediction sentence, m and n the distinct words of
// the reference and of the prediction. It leaves their sentences in l.x and l.y.
func (l *lcs) union(prediction, reference string) (union, refWords, n int) {
	clear(l.ids)
	l.words = l.words[:0]
	l.x = l.sentences(l.x[:0], reference)
	refWords = len(l.ids)
	before := len(l.words)
	l.y = l.sentences(l.y[:0], prediction)
	if len(l.x) == 0 || len(l.y) == 0 {
		return 0, 0, 0
	}
	l.common = grown(l.common, len(l.ids))
	clear(l.common)
	n = l.distinct(l.words[before:])
	clear(l.common)
	l.first = grown(l.first, len(l.ids))
	clear(l.first)
	for _, y := range l.y {
		if !overlap(y, refWords) {
			continue
		}
		l.index(y)
		for _, x := range l.x {
			union += l.walk(x, y)
		}
		l.forget(y)
	}
	return union, refWords, n
}

// sentences cuts a text at every full stop, squeezes white space in each
// piece and splits it on single spaces; an empty piece is no sentence, one of
// white space alone is a sentence of one empty word.
func (l *lcs) sentences(out [][]int32, text string) [][]int32 {
	for piece := range strings.SplitSeq(text, ".") {
		if piece == "" {
			continue
		}
		start := len(l.words)
		for word := range strings.FieldsFuncSeq(piece, isPySpace) {
			l.words = append(l.words, l.id(word))
		}
		if len(l.words) == start {
			l.words = append(l.words, l.id(""))
		}
		out = append(out, l.words[start:len(l.words):len(l.words)])
	}
	return out
}

func (l *lcs) id(word string) int32 {
	id, ok := l.ids[word]
	if !ok {
		id = int32(len(l.ids))
		l.ids[word] = id
	}
	return id
}

// distinct counts the different words; it uses common as a scratch.
func (l *lcs) distinct(words []int32) int {
	n := 0
	for _, w := range words {
		if !l.common[w] {
			l.common[w] = true
			n++
		}
	}
	return n
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/4)[:n]
	}
	return s[:n]
}
