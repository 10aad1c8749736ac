package scorers

import (
	"math"
	"math/bits"
	"sync"
)

// RougeScoreParts are the parts of L-Eval's rouge, in order.
func RougeScoreParts() []string { return []string{"rouge1", "rouge2", "rougeL"} }

// scoreRouge is Google's rouge_score 0.1.2 without stemming: Parts hold the F
// of rouge1, rouge2 and rougeL, each the best over the references. Value, what
// a single sample counts, is their geometric mean; that of a whole task is the
// geometric mean of the parts' averages, see HeadlineGeometric.
func scoreRouge(c Case) Score {
	s := Score{Parts: make([]float64, len(RougeScoreParts()))}
	k := tokenPool.Get().(*rougeTokens)
	defer tokenPool.Put(k)
	for _, r := range c.References {
		for i, f := range k.rouge(c.Prediction, r) {
			s.Parts[i] = max(s.Parts[i], f)
		}
	}
	s.Value = geometricMean(s.Parts)
	return s
}

// geometricMean is the n-th root of the product of n numbers.
func geometricMean(x []float64) float64 {
	product := 1.0
	for _, v := range x {
		product *= v
	}
	if len(x) == 3 {
		return math.Cbrt(product)
	}
	return math.Pow(product, 1/float64(len(x)))
}

var tokenPool = sync.Pool{New: func() any { return &rougeTokens{ids: map[string]int32{}, pairs: map[[2]int32]int{}} }}

// rougeTokens holds the buffers of one comparison.
type rougeTokens struct {
	ids         map[string]int32 // token → number
	x, y        []int32          // tokens of the reference and the prediction
	count       []int            // of each token, in the reference
	pairs       map[[2]int32]int
	word        []byte
	first, next []int32 // places of each token in y, see index
	row, here   []uint64
}

// rouge returns the F of rouge1, rouge2 and rougeL.
func (k *rougeTokens) rouge(prediction, reference string) [3]float64 {
	clear(k.ids)
	k.x = k.tokens(k.x[:0], reference)
	known := len(k.ids)
	k.y = k.tokens(k.y[:0], prediction)
	m, n := len(k.x), len(k.y)
	return [3]float64{
		overlapF(k.unigrams(known), n, m),
		overlapF(k.bigrams(), n-1, m-1),
		overlapF(k.longest(), n, m),
	}
}

// overlapF is the F of an overlap with a prediction of n and a reference of m
// units.
func overlapF(overlap, n, m int) float64 {
	p, r := float64(overlap)/float64(max(n, 1)), float64(overlap)/float64(max(m, 1))
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}

// tokens appends the numbers of the runs of a–z and 0–9 of the text in lower
// case; every other character separates, letters of other scripts too.
func (k *rougeTokens) tokens(out []int32, text string) []int32 {
	for i := range len(text) {
		if text[i] >= 0x80 {
			text = pyLower(text) // a Kelvin sign becomes k
			break
		}
	}
	k.word = k.word[:0]
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			k.word = append(k.word, c)
			continue
		}
		out = k.number(out)
	}
	return k.number(out)
}

// number appends the number of the word at hand and starts the next one.
func (k *rougeTokens) number(out []int32) []int32 {
	if len(k.word) == 0 {
		return out
	}
	id, ok := k.ids[string(k.word)]
	if !ok {
		id = int32(len(k.ids))
		k.ids[string(k.word)] = id
	}
	k.word = k.word[:0]
	return append(out, id)
}

// unigrams is the clipped overlap of tokens; numbers below known are the
// reference's.
func (k *rougeTokens) unigrams(known int) int {
	k.count = grown(k.count, known)
	clear(k.count)
	for _, t := range k.x {
		k.count[t]++
	}
	same := 0
	for _, t := range k.y {
		if int(t) < known && k.count[t] > 0 {
			k.count[t]--
			same++
		}
	}
	return same
}

// bigrams is the clipped overlap of pairs of tokens.
func (k *rougeTokens) bigrams() int {
	clear(k.pairs)
	for i := 1; i < len(k.x); i++ {
		k.pairs[[2]int32{k.x[i-1], k.x[i]}]++
	}
	same := 0
	for i := 1; i < len(k.y); i++ {
		pair := [2]int32{k.y[i-1], k.y[i]}
		if left := k.pairs[pair]; left > 0 {
			k.pairs[pair] = left - 1
			same++
		}
	}
	return same
}

// longest is the length of the longest common subsequence, 64 cells at once
// (see lcs.go; only the last row is needed here).
func (k *rougeTokens) longest() int {
	width := (len(k.y) + 63) / 64
	k.row, k.here = grown(k.row, width), grown(k.here, width)
	for w := range k.row {
		k.row[w], k.here[w] = ^uint64(0), 0
	}
	k.index()
	for _, token := range k.x {
		if k.first[token] == 0 {
			continue
		}
		for p := k.first[token]; p > 0; p = k.next[p-1] {
			k.here[(p-1)/64] |= 1 << ((p - 1) % 64)
		}
		carry := uint64(0)
		for w, v := range k.row {
			u := v & k.here[w]
			k.here[w] = 0
			var sum uint64
			sum, carry = bits.Add64(v, u, carry)
			k.row[w] = sum | v&^u
		}
	}
	length := 0
	for _, v := range k.row { // bits beyond y stay set
		length += bits.OnesCount64(^v)
	}
	return length
}

// index lists the places of each token of y as lcs.index does.
func (k *rougeTokens) index() {
	k.first, k.next = grown(k.first, len(k.ids)), grown(k.next, len(k.y))
	clear(k.first)
	for j, token := range k.y {
		k.next[j] = k.first[token]
		k.first[token] = int32(j + 1)
	}
}
