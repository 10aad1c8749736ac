package needlethreading

import (
	"math/rand/v2"
	"sort"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// stock is the filler of all haystacks of one length and repeat: a text of
// pairs in order, tokenised once.
type stock struct {
	text string // "{", pairs with ", " between them
	n    int    // pairs
	// upTo counts the tokens that end at the comma behind each pair or before.
	upTo []int
	// plain is the haystack without needles of its own, once it was made.
	plain *haystack
}

// mean is how many tokens a pair has on average.
func (s *stock) mean() float64 { return float64(s.upTo[s.n-1]) / float64(s.n) }

// cost is how many tokens pair i has.
func (s *stock) cost(i int) int {
	if i == 0 {
		return s.upTo[0]
	}
	return s.upTo[i] - s.upTo[i-1]
}

// fitting is the largest number of pairs that have no more than so many tokens.
func (s *stock) fitting(tokens int) int {
	return sort.Search(s.n, func(i int) bool { return s.upTo[i] > tokens })
}

// spare is how many pairs a stock has beyond those that fill its length: they
// are swapped in where whole pairs leave a gap.
const spare = 64

// drawText draws n pairs.
func drawText(r *rand.Rand, n int) string {
	var b strings.Builder
	b.Grow(n * stepBytes)
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		pair{newUUID(r), newUUID(r)}.write(&b)
	}
	return b.String()
}

// stocks makes and keeps stocks of one run.
type stocks struct {
	tok  benchmarks.Tokenizer
	seed uint64
	kept map[string]*stock
	held int // bytes of the kept ones' texts
	// perPair is about how many tokens a pair has; 0: not known yet.
	perPair float64
}

// keptBytes bounds the texts of the stocks that are kept.
const keptBytes = 64 << 20

// of returns a document's stock: enough pairs for so many tokens.
func (s *stocks) of(document string, tokens int) *stock {
	if k, ok := s.kept[document]; ok {
		return k
	}
	k := s.draw(document, int(float64(tokens)/s.pairTokens()*1.02)+spare)
	for k.upTo[k.n-1] < tokens { // dearer at first than later on: rare
		k = s.draw(document, 2*k.n)
	}
	if s.held += len(k.text); s.held > keptBytes || s.kept == nil {
		s.kept, s.held = map[string]*stock{}, len(k.text)
	}
	s.kept[document] = k
	return k
}

// draw makes a stock of n pairs and tokenises it.
func (s *stocks) draw(document string, n int) *stock {
	k := &stock{n: n, text: drawText(benchmarks.Rand(s.seed, document, "haystack"), n)}
	k.upTo = make([]int, n)
	i, ends := 0, s.tok.Ends(k.text)
	for j := range k.upTo {
		for i < len(ends) && ends[i] <= comma(j) {
			i++
		}
		k.upTo[j] = i
	}
	return k
}

// pairTokens is about how many tokens a pair has.
func (s *stocks) pairTokens() float64 {
	const document, n = "a sample of pairs", 64
	if s.perPair == 0 {
		s.perPair = s.draw(document, n).mean()
	}
	return s.perPair
}
