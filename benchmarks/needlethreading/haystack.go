package needlethreading

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// haystack is a context: a JSON object of n pairs.
type haystack struct {
	text   string
	n      int
	tokens int
	places []int // of the needles that were put in, rising
}

// pair returns the i-th pair.
func (h *haystack) pair(i int) pair {
	at := spanOf(i).Start
	value := at + uuidBytes + 5
	return pair{h.text[at+1 : at+1+uuidBytes], h.text[value : value+uuidBytes]}
}

// layout says what a haystack is made of: filler, and needles at their places.
type layout struct {
	filler  []int // pairs of the stock, in order
	needles []pair
	places  []int // of needles, rising
}

// compose writes a layout down. Filler that follows each other in the stock is
// copied as one.
func (s *stock) compose(l layout) *haystack {
	n := len(l.filler) + len(l.needles)
	var b strings.Builder
	b.Grow(n * stepBytes)
	b.WriteByte('{')
	used := 0
	for i := 0; i < n; {
		if i > 0 {
			b.WriteString(", ")
		}
		if at, found := slices.BinarySearch(l.places, i); found {
			l.needles[at].write(&b)
			i++
			continue
		}
		run := 1
		for used+run < len(l.filler) && l.filler[used+run] == l.filler[used]+run && !contains(l.places, i+run) {
			run++
		}
		b.WriteString(s.text[spanOf(l.filler[used]).Start:spanOf(l.filler[used+run-1]).End])
		used += run
		i += run
	}
	b.WriteByte('}')
	return &haystack{text: b.String(), n: n, places: l.places}
}

func contains(sorted []int, n int) bool {
	_, found := slices.BinarySearch(sorted, n)
	return found
}

// wholeBytes is how long a haystack may be to be tokenised anew as a whole;
// only around their needles longer ones are.
const wholeBytes = 1 << 17

// count returns a haystack's tokens.
func (s *stock) count(h *haystack, tok benchmarks.Tokenizer, l layout) int {
	if len(h.text) <= wholeBytes {
		return benchmarks.Count(tok, h.text)
	}
	return s.countSeams(h, tok, l)
}

// edge is how many pairs beside a needle are tokenised again with it.
const edge = 2

// countSeams counts the tokens of a haystack whose filler is the stock's from
// its first pair on: what lies between needles is known from the stock, and the
// pairs around each needle are tokenised behind the pair before them. It equals
// the count of the whole where tokens don't depend on text more than a pair
// away (TestSeamsCountAsTheWhole).
func (s *stock) countSeams(h *haystack, tok benchmarks.Tokenizer, l layout) int {
	total, from, before := 0, 0, ""
	seam := func(to int) {
		total += benchmarks.Count(tok, before+h.text[from:to])
		if before != "" {
			total -= benchmarks.Count(tok, before)
		}
	}
	for i, k := 0, 0; k <= len(l.places); k++ { // filler from pair i to the k-th needle
		end := h.n
		if k < len(l.places) {
			end = l.places[k]
		}
		if first, last := i+edge-1, end-edge-1; last > first {
			seam(comma(first))
			total += s.upTo[last-k] - s.upTo[first-k]
			from = comma(last)
			before = h.text[spanOf(last).Start-1 : from]
		}
		i = end + 1
	}
	seam(len(h.text))
	return total
}

// nearly is how much of the length asked for a context has at least.
const nearly = 0.98

// errLength says that no number of pairs comes near enough to a length.
var errLength = fmt.Errorf("%w: no such length", benchmarks.ErrSample)

// fit makes a haystack of at most length tokens and of 98% of that or more, with
// the needles at the places that at gives among n pairs.
func (s *stocks) fit(document string, length int, needles []pair, at func(n int) []int) (*haystack, error) {
	k := s.of(document, length)
	if len(needles) == 0 && k.plain != nil {
		return k.plain, nil
	}
	extra := 0
	for _, p := range needles {
		extra += s.needleTokens(p)
	}
	best := k.search(s.tok, k.fitting(length-extra), length, needles, at)
	if best == nil {
		return nil, fmt.Errorf("%w: %d pairs have no room in %s tokens", benchmarks.ErrSample, len(needles), benchmarks.FormatTokens(length))
	}
	if float64(best.tokens) < nearly*float64(length) {
		return nil, fmt.Errorf("%w: pairs of about %.0f tokens come to %d, not to within 2%% of %d", errLength, k.mean(), best.tokens, length)
	}
	if len(needles) == 0 {
		k.plain = best
	}
	return best, nil
}

// needleTokens counts a pair among others.
func (s *stocks) needleTokens(p pair) int {
	var b strings.Builder
	p.write(&b)
	one := ", " + b.String()
	return benchmarks.Count(s.tok, one+one) - benchmarks.Count(s.tok, one)
}

// search moves the number of filler pairs until the haystack just fits, and
// then closes the gap that less than a pair leaves. It returns nil where not
// even the needles fit.
func (k *stock) search(tok benchmarks.Tokenizer, filler, length int, needles []pair, at func(n int) []int) *haystack {
	build := func(use []int) *haystack {
		l := layout{filler: use, needles: needles, places: at(len(use) + len(needles))}
		h := k.compose(l)
		h.tokens = k.count(h, tok, l)
		return h
	}
	tooMany := k.n + 1
	for filler >= 0 && filler+len(needles) > 0 {
		h := build(upTo(filler))
		gap := length - h.tokens
		switch more := int(float64(gap) / k.mean()); {
		case gap < 0:
			tooMany = min(tooMany, filler)
			filler -= max(1, int(math.Ceil(-float64(gap)/k.mean())))
		case more > 0 && filler+1 < tooMany && filler < k.n:
			filler = min(filler+more, tooMany-1, k.n)
		case float64(h.tokens) >= nearly*float64(length):
			return h
		default:
			return k.close(h, filler, length, tok, build)
		}
	}
	return nil
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// close swaps filler for spare pairs of more tokens, and where that is not
// enough puts spaces ahead of the closing brace. What it is called for is short:
// two pairs are more than 2% of it.
func (k *stock) close(h *haystack, filler, length int, tok benchmarks.Tokenizer, build func(use []int) *haystack) *haystack {
	use, gap := upTo(filler), length-h.tokens
	spares := upTo(k.n)[filler:]
	for gap > 0 {
		from, to, gain := k.bestSwap(use, spares, gap)
		if gain == 0 {
			break
		}
		use[from], spares[to] = spares[to], use[from]
		gap -= gain
	}
	if swapped := build(use); swapped.tokens <= length && swapped.tokens > h.tokens {
		h = swapped
	}
	text := strings.TrimSuffix(h.text, "}")
	for pad := length - h.tokens; pad > 0 && float64(h.tokens) < nearly*float64(length); pad /= 2 {
		padded := text + strings.Repeat(" ", pad) + "}"
		if n := benchmarks.Count(tok, padded); n <= length && n > h.tokens {
			h = &haystack{text: padded, n: h.n, tokens: n, places: h.places}
		}
	}
	return h
}

// bestSwap finds the swap that gains most tokens within the gap.
func (k *stock) bestSwap(use, spares []int, gap int) (from, to, gain int) {
	for i, u := range use {
		for j, sp := range spares {
			if g := k.cost(sp) - k.cost(u); u > 0 && sp > 0 && g <= gap && g > gain {
				from, to, gain = i, j, g
			}
		}
	}
	return from, to, gain
}
