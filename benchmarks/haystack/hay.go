package haystack

import (
	"context"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/benchmarks"
)

// seam stands between two texts.
const seam = "\n\n"

// Hay is texts in an order of its own, one behind the other, with their tokens.
type Hay struct {
	tok   benchmarks.Tokenizer
	place string
	text  string
	ends  []int32 // of its tokens: what the tokenizer gives for text
	short bool    // no further texts
}

// Draw puts the stock's texts into the order that seed and id name, leaves out
// those that hold any of avoid, and takes as many as make about tokens tokens,
// or all that there are. A hay of fewer tokens is the beginning of one of more.
func (s *Stock) Draw(ctx context.Context, seed uint64, id string, avoid []string, tokens int) (*Hay, error) {
	s.forget()
	j := joiner{tok: s.tok}
	order := benchmarks.Rand(seed, id, "haystack").Perm(len(s.texts))
	// Tokens merge at the end of what is taken, a few each.
	enough := tokens + 64
	done := 0
	for _, i := range order {
		if j.about() >= enough {
			break
		}
		done++
		t := s.texts[i]
		if err := s.load(ctx, t); err != nil {
			return nil, err
		}
		if t.content != "" && !slices.ContainsFunc(avoid, func(a string) bool { return a != "" && strings.Contains(t.content, a) }) {
			j.add(t)
		}
	}
	h := j.hay()
	h.place, h.short = s.place, done == len(order)
	return h, ctx.Err()
}

// joiner puts texts behind each other and knows the tokens of the whole.
type joiner struct {
	tok     benchmarks.Tokenizer
	b       strings.Builder
	ends    []int32
	settled int // up to this byte ends are right
	counted int // for tokenizers that don't know where to cut
}

func (j *joiner) about() int { return len(j.ends) + j.counted }

// add appends a text. Only what stands between the last cut of what is there
// and the first one of the text is tokenised.
func (j *joiner) add(t *text) {
	if j.b.Len() > 0 {
		j.b.WriteString(seam)
	}
	start := j.b.Len()
	j.b.WriteString(t.content)
	c, ok := j.tok.(cutter)
	if !ok {
		j.counted += t.tokens
		return
	}
	first, last := firstCut(c, t.content, 0, len(t.content)), lastCut(c, t.content, 0, len(t.content))
	if first < 0 {
		return // a short one: part of what is tokenised next
	}
	j.settle(start + first)
	for _, e := range t.ends[upTo(t.ends, first):upTo(t.ends, last)] {
		j.ends = append(j.ends, int32(start)+e)
	}
	j.settled = start + last
}

// settle tokenises from the settled byte up to byte to.
func (j *joiner) settle(to int) {
	for _, e := range j.tok.Ends(j.b.String()[j.settled:to]) {
		j.ends = append(j.ends, int32(j.settled+e))
	}
	j.settled = to
}

func (j *joiner) hay() *Hay {
	h := &Hay{tok: j.tok, text: j.b.String()}
	if _, ok := j.tok.(cutter); !ok {
		h.ends = narrow(j.tok.Ends(h.text))
		return h
	}
	j.settle(len(h.text))
	h.ends = j.ends
	return h
}

// upTo returns how many of the tokens end at byte at or before it.
func upTo(ends []int32, at int) int {
	return sort.Search(len(ends), func(i int) bool { return int(ends[i]) > at })
}

// Tokens is how many tokens the hay has.
func (h *Hay) Tokens() int { return len(h.ends) }

// boundary returns the byte at which the n-th token ends, or the nearest one before
// it that ends with a whole character, and the number of tokens up to there.
func (h *Hay) boundary(n int) (at, tokens int) {
	for n = min(n, len(h.ends)); n > 0; n-- {
		if at := int(h.ends[n-1]); at == len(h.text) || utf8.RuneStart(h.text[at]) {
			return at, n
		}
	}
	return 0, 0
}
