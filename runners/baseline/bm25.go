package baseline

import (
	"math"
	"unicode"
	"unicode/utf8"
)

// eachWord calls visit for every word of text: a run of letters and numbers,
// lower-cased; a CJK ideograph is a word of its own.
func eachWord(text string, buf []byte, visit func(word []byte)) []byte {
	buf = buf[:0]
	flush := func() {
		if len(buf) > 0 {
			visit(buf)
			buf = buf[:0]
		}
	}
	for _, r := range text {
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
			buf = utf8.AppendRune(buf, r)
			flush()
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			buf = utf8.AppendRune(buf, unicode.ToLower(r))
		default:
			flush()
		}
	}
	flush()
	return buf
}

// ranking scores documents against a query's words.
type ranking struct {
	scores []float64
}

// rank computes BM25 (k1 = 1.2, b = 0.75, idf = ln(1 + (M − df + ½)/(df + ½)))
// of each document for the query's distinct words.
func rank(query string, documents []string) ranking {
	terms := map[string]int{}
	buf := eachWord(query, nil, func(w []byte) {
		if _, ok := terms[string(w)]; !ok {
			terms[string(w)] = len(terms)
		}
	})
	m, n := len(documents), len(terms)
	tf := make([]int32, m*n)
	lengths := make([]int, m)
	df := make([]int, n)
	total := 0
	for i, d := range documents {
		row := tf[i*n : (i+1)*n]
		buf = eachWord(d, buf, func(w []byte) {
			lengths[i]++
			if t, ok := terms[string(w)]; ok {
				row[t]++
			}
		})
		total += lengths[i]
		for t, f := range row {
			if f > 0 {
				df[t]++
			}
		}
	}
	r := ranking{scores: make([]float64, m)}
	average := float64(total) / math.Max(1, float64(m))
	for i := range documents {
		norm := 1.2 * (0.25 + 0.75*float64(lengths[i])/math.Max(1, average))
		for t, f := range tf[i*n : (i+1)*n] {
			if f > 0 {
				idf := math.Log(1 + (float64(m)-float64(df[t])+0.5)/(float64(df[t])+0.5))
				r.scores[i] += idf * 2.2 * float64(f) / (float64(f) + norm)
			}
		}
	}
	return r
}

// best returns the index of the highest score, the first of equals; -1 of
// nothing.
func (r ranking) best() int {
	at := -1
	for i, s := range r.scores {
		if at < 0 || s > r.scores[at] {
			at = i
		}
	}
	return at
}
