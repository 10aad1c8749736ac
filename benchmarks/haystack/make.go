package haystack

import (
	"fmt"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// Needle is a text to hide. It stands on a line of its own: a line end before
// it and one behind it.
type Needle struct {
	Text string
	// Depth is the percentage of the hay's tokens that stand before the needle.
	Depth float64
}

// line surrounds needles.
const line = "\n"

// Context is a hay with needles in it.
type Context struct {
	Text string
	// Spans are the needles' places, without their line ends, in the order in
	// which the needles were given.
	Spans []scorers.Span
	// Tokens is what the tokenizer counts on Text.
	Tokens int
	// Kept is how many of the hay's tokens are in it, and Before how many of
	// them stand before each needle.
	Kept   int
	Before []int
}

// tries bounds how often a context is put together until its tokens fit: they
// merge at the seams, so that their sum is only nearly right.
const tries = 8

// Make hides needles, given by rising depth, in the beginning of the hay, so
// that the whole has at most length tokens and at least 98% of them. A needle
// goes behind int(n × depth/100) of the n tokens kept, or behind the nearest
// token before them that ends with a whole character. What can't be made is
// an error that wraps benchmarks.ErrSample.
func (h *Hay) Make(length int, needles []Needle) (Context, error) {
	cost := 0
	for _, n := range needles {
		cost += benchmarks.Count(h.tok, line+n.Text+line)
	}
	keep := length - cost
	if keep < 1 {
		return Context{}, fmt.Errorf("%w: the needles take %d tokens of a context of %s; ask for a longer one", benchmarks.ErrSample, cost, benchmarks.FormatTokens(length))
	}
	if keep > len(h.ends) && h.short {
		return Context{}, &ShortError{Place: h.place, Have: len(h.ends), Need: keep, Length: length}
	}
	var best Context
	tried := map[int]bool{}
	for keep > 0 && !tried[keep] && len(tried) < tries {
		tried[keep] = true
		c := h.put(keep, needles)
		if c.Tokens <= length && c.Tokens > best.Tokens {
			best = c
		}
		keep += length - c.Tokens
		if keep > len(h.ends) && h.short && 100*best.Tokens < 98*length {
			// Tokens merged at the needles, so that more of the hay fits.
			return Context{}, &ShortError{Place: h.place, Have: len(h.ends), Need: keep, Length: length}
		}
		keep = min(keep, len(h.ends))
	}
	if best.Tokens == 0 || 100*best.Tokens < 98*length {
		return Context{}, fmt.Errorf("%w: a context of %s can't be cut so that it has 98%% of these tokens under %s (%d at the most)", benchmarks.ErrSample, benchmarks.FormatTokens(length), h.tok.Name(), best.Tokens)
	}
	return best, nil
}

// ShortError says that a haystack has too little text.
type ShortError struct {
	Place      string
	Have, Need int // tokens
	Length     int // of the context
}

func (e *ShortError) Error() string {
	return fmt.Sprintf("%v: haystack %s has %d tokens of text without the answer, %d needed for a context of %s; ask for shorter --lengths, or give more texts (--haystack)",
		benchmarks.ErrSample, e.Place, e.Have, e.Need, benchmarks.FormatTokens(e.Length))
}

// Unwrap makes it cost one sample.
func (e *ShortError) Unwrap() error { return benchmarks.ErrSample }

// put hides needles in the first keep tokens.
func (h *Hay) put(keep int, needles []Needle) Context {
	end, kept := h.boundary(keep)
	c := Context{Kept: kept}
	m := mosaic{hay: h}
	size := end
	for _, n := range needles {
		size += len(n.Text) + 2*len(line)
	}
	m.b.Grow(size)
	from := 0
	for _, n := range needles {
		at, before := h.boundary(min(kept, max(0, int(float64(kept)*n.Depth/100))))
		at = max(at, from)
		m.piece(from, at)
		from = at
		m.b.WriteString(line)
		start := m.b.Len()
		m.b.WriteString(n.Text)
		c.Spans = append(c.Spans, scorers.Span{Start: start, End: m.b.Len()})
		c.Before = append(c.Before, before)
		m.b.WriteString(line)
	}
	m.piece(from, end)
	c.Text, c.Tokens = m.b.String(), m.count()
	return c
}

// mosaic is a context while it is put together: pieces of the hay, whose tokens
// are known but at their ends, with other texts between them.
type mosaic struct {
	hay     *Hay
	b       strings.Builder
	tokens  int
	settled int // up to this byte tokens are counted
}

// piece appends a part of the hay. Only what stands between the last cut of what
// is there and the first one of the piece is counted anew.
func (m *mosaic) piece(from, to int) {
	start := m.b.Len()
	m.b.WriteString(m.hay.text[from:to])
	c, ok := m.hay.tok.(cutter)
	if !ok {
		return
	}
	first, last := firstCut(c, m.hay.text, from, to), lastCut(c, m.hay.text, from, to)
	if first < 0 {
		return
	}
	m.tokens += benchmarks.Count(m.hay.tok, m.b.String()[m.settled:start+first-from])
	m.tokens += upTo(m.hay.ends, last) - upTo(m.hay.ends, first)
	m.settled = start + last - from
}

// count is the number of tokens of the whole.
func (m *mosaic) count() int {
	if _, ok := m.hay.tok.(cutter); !ok {
		return benchmarks.Count(m.hay.tok, m.b.String())
	}
	return m.tokens + benchmarks.Count(m.hay.tok, m.b.String()[m.settled:])
}
