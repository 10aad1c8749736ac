package baseline

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"
)

// eachWord calls visit for every word of text: a run of letters and numbers,
// lower-cased and stemmed; a CJK ideograph is a word of its own, and so are
// two in a row.
func eachWord(text string, buf []byte, visit func(word []byte)) []byte {
	buf = buf[:0]
	var pair [2 * utf8.UTFMax]byte
	last := rune(-1) // the ideograph just ahead
	flush := func() {
		if len(buf) > 0 {
			visit(stem(buf))
			buf = buf[:0]
		}
	}
	for _, r := range text {
		was := last
		last = -1
		switch {
		case r < utf8.RuneSelf:
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				buf = append(buf, byte(r))
				continue
			}
			flush()
		case unicode.Is(unicode.Han, r):
			flush()
			last = r
			visit(utf8.AppendRune(pair[:0], r))
			if was >= 0 {
				visit(utf8.AppendRune(utf8.AppendRune(pair[:0], was), r))
			}
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			buf = utf8.AppendRune(buf, unicode.ToLower(r))
		default:
			flush()
		}
	}
	flush()
	return buf
}

// stem cuts the commonest English endings, where three letters remain.
func stem(w []byte) []byte {
	for _, end := range []string{"ing", "ed", "es", "s", "e"} {
		if n := len(w) - len(end); n >= 3 && string(w[n:]) == end && w[0] > '9' && string(w[n-1:]) != "ss" {
			return w[:n]
		}
	}
	return w
}

// wordSet is the distinct words of text.
func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	eachWord(text, nil, func(w []byte) { set[string(w)] = true })
	return set
}

// posting says how often a word stands in a document.
type posting struct{ document, count int32 }

// index finds documents by their words.
type index struct {
	postings map[string][]posting
	lengths  []int // words
	average  float64
}

func newIndex(documents []string) *index {
	x := &index{postings: map[string][]posting{}, lengths: make([]int, len(documents))}
	total := 0
	var buf []byte
	for i, d := range documents {
		buf = eachWord(d, buf, func(w []byte) {
			x.lengths[i]++
			list := x.postings[string(w)]
			if n := len(list); n > 0 && list[n-1].document == int32(i) {
				list[n-1].count++
				return
			}
			x.postings[string(w)] = append(list, posting{int32(i), 1})
		})
		total += x.lengths[i]
	}
	x.average = float64(total) / math.Max(1, float64(len(documents)))
	return x
}

// rank computes BM25 (k1 = 1.2, b = 0.75, idf = ln(1 + (M − df + ½)/(df + ½)))
// of each document for a set of words.
func (x *index) rank(words map[string]bool) ranking {
	scores := make(ranking, len(x.lengths))
	// A sum of floats depends on its order.
	for _, w := range slices.Sorted(maps.Keys(words)) {
		list := x.postings[w]
		df := float64(len(list))
		idf := math.Log(1 + (float64(len(x.lengths))-df+0.5)/(df+0.5))
		for _, p := range list {
			f := float64(p.count)
			norm := 1.2 * (0.25 + 0.75*float64(x.lengths[p.document])/math.Max(1, x.average))
			scores[p.document] += idf * 2.2 * f / (f + norm)
		}
	}
	return scores
}

// ranking holds a score for each document.
type ranking []float64

// rank scores documents for a query's words.
func rank(query string, documents []string) ranking {
	return newIndex(documents).rank(wordSet(query))
}

// best returns the index of the highest score, the first of equals; -1 of
// nothing.
func (r ranking) best() int {
	at := -1
	for i, s := range r {
		if at < 0 || s > r[at] {
			at = i
		}
	}
	return at
}

// top returns the indexes of the n highest scores above 0, the first of equals
// first.
func (r ranking) top(n int) []int {
	var list []int
	for i, s := range r {
		if s > 0 {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(r[b], r[a]) })
	return list[:min(n, len(list))]
}
