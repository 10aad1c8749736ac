package benchmarks

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"
)

// seam stands between the original document and the distractors around it.
const seam = "\n\n"

// Notice is something a user should know about a stream that is neither a
// sample nor a fault. It is yielded where an error would be, and the stream
// goes on.
type Notice struct{ Text string }

func (n *Notice) Error() string { return n.Text }

// Vary yields s at every length of o.Lengths and every depth of o.Depths, or s
// as it is where o asks for no length.
//
// A context that is too short is lengthened by passages of other documents of
// pool, none of which holds an answer, with the original document at the given
// percentage of them; its depth error is at most one sentence. A context that
// is too long is cut by o.Truncate (the middle, where that is the benchmark's
// own rule) and yielded once, since nothing was placed in it. Contexts come
// out within the asked number of tokens and at 98% of it or more.
func Vary(ctx context.Context, s Sample, t Task, o Options, pool *Pool) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		if len(o.Lengths) == 0 {
			yield(s, nil)
			return
		}
		v := &variants{original: s, o: o, pool: pool, own: ownTokens(s, o.Tokenizer)}
		for _, length := range o.Lengths {
			if v.own >= length {
				if !yield(v.shorten(length)) {
					return
				}
				continue
			}
			if t.Fixed {
				continue // the pool's owner has told the user once
			}
			for _, depth := range depths(o) {
				if ctx.Err() != nil || !yield(v.lengthen(length, depth)) {
					return
				}
			}
		}
	}
}

func depths(o Options) []float64 {
	if len(o.Depths) == 0 {
		return []float64{50}
	}
	return o.Depths
}

// ownTokens counts the context, if the adapter hasn't yet.
func ownTokens(s Sample, tok Tokenizer) int {
	if s.Tokenizer == tok.Name() {
		return s.ContextTokens
	}
	return Count(tok, s.Prompt.Context)
}

// variants makes one row's samples. What they share is worked out once.
type variants struct {
	original Sample
	o        Options
	pool     *Pool
	own      int    // tokens of the original's context
	ends     []int  // of its tokens, nil until they are needed
	stock    *stock // of pool, nil until it is needed
}

// shorten cuts the context, not the prompt, to length tokens.
func (v *variants) shorten(length int) (Sample, error) {
	s, o := v.original, v.o
	s.ID = fmt.Sprintf("%s@%d", s.ID, length)
	s.TargetLength = length
	s.ContextTokens, s.Tokenizer = min(v.own, length), o.Tokenizer.Name()
	if v.own == length || o.LeavesUnmade(s.ID) {
		return s, nil
	}
	p := o.Truncate
	switch p {
	case TruncateLeft, TruncateRight, TruncateMiddle:
	case TruncateNone:
		return s, &SampleError{
			SampleID: s.ID, Reason: "context longer than " + FormatTokens(length) + ", and truncation is none",
			Err: fmt.Errorf("%w: context has %d tokens, asked for %d, and truncation is none", ErrContextOverflow, v.own, length),
		}
	default:
		p = TruncateMiddle
	}
	if v.ends == nil {
		v.ends = o.Tokenizer.Ends(s.Prompt.Context)
	}
	bare := s
	bare.Prompt = Prompt{Context: s.Prompt.Context}
	bare, tokens, err := cutContext(bare, v.ends, v.own, length, p, o.Tokenizer)
	if err != nil {
		return s, fmt.Errorf("%s: %w", s.ID, err)
	}
	s.Prompt.Context, s.Evidence, s.ContextTokens = bare.Prompt.Context, bare.Evidence, tokens
	return s, nil
}

// lengthen surrounds the sample's context by distractors.
func (v *variants) lengthen(length int, depth float64) (Sample, error) {
	s, o := v.original, v.o
	s.ID = fmt.Sprintf("%s@%d/%g", s.ID, length, depth)
	s.TargetLength, s.Depth, s.Tokenizer = length, &depth, o.Tokenizer.Name()
	if s.ContextTokens = length; o.LeavesUnmade(s.ID) {
		return s, nil
	}
	if v.stock == nil {
		v.stock = v.pool.stock(v.original)
	}
	need := length - v.own
	filler, ends, err := v.stock.filler(s.ID, length, need, o)
	if err != nil {
		return s, err
	}
	// Tokens merge or split at the seams, so the sum is only nearly right: move
	// the filler's end until the whole just fits.
	best, bestStart, most := s.Prompt.Context, 0, v.own
	var tried []int
	for keep := min(need, len(ends)); keep > 0 && len(tried) < 8 && !slices.Contains(tried, keep); {
		tried = append(tried, keep)
		text := filler[:wholeRune(filler, endOf(ends, keep))]
		at := sentenceNear(text, endOf(ends, int(float64(keep)*depth/100)))
		context, start := around(text, at, s.Prompt.Context)
		n := Count(o.Tokenizer, context)
		if n <= length && n > most {
			best, bestStart, most = context, start, n
		}
		keep = min(keep+length-n, len(ends))
	}
	s.Evidence = s.Evidence.shift(bestStart)
	s.Prompt.Context, s.ContextTokens = best, most
	return s, nil
}

func endOf(ends []int, n int) int {
	if n <= 0 {
		return 0
	}
	return ends[min(n, len(ends))-1]
}

// around puts the document at byte at of the filler and says where it starts.
func around(filler string, at int, doc string) (context string, start int) {
	before, after := strings.TrimSpace(filler[:at]), strings.TrimSpace(filler[at:])
	if before != "" {
		before += seam
	}
	if after != "" {
		after = seam + after
	}
	return before + doc + after, len(before)
}

// Rand returns the generator for one purpose of one sample: the same draws on
// any machine, in any order, at any concurrency.
func Rand(seed uint64, id, purpose string) *rand.Rand {
	h := sha256.New()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	fmt.Fprintf(h, "%d:%s%s", len(id), id, purpose)
	return rand.New(rand.NewChaCha8([32]byte(h.Sum(nil))))
}

// sentenceNear returns the sentence end nearest to byte at of text; the text's
// own ends count.
func sentenceNear(text string, at int) int {
	at = min(at, len(text))
	if at == 0 || at == len(text) {
		return at
	}
	before := 0
	for _, stop := range sentenceStops {
		if i := strings.LastIndex(text[:at], stop); i >= 0 {
			before = max(before, i+len(stop))
		}
	}
	after := len(text)
	for _, stop := range sentenceStops {
		if i := strings.Index(text[at:], stop); i >= 0 {
			after = min(after, at+i+len(stop))
		}
	}
	if at-before <= after-at {
		return before
	}
	return after
}

var sentenceStops = []string{". ", "! ", "? ", "\n", "。", "！", "？"}

func wholeRune(text string, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// FormatTokens prints a number of tokens as people write lengths: 4k, 128k,
// 1M where it is a round one (of 1000 or of 1024), else in digits.
func FormatTokens(n int) string {
	switch {
	case n >= 1000000 && n%1000000 == 0:
		return fmt.Sprintf("%dM", n/1000000)
	case n >= 1000 && n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}

// Salt returns a first line that no other sample has, so that no prefix of
// the prompt can be in a server's cache.
func Salt(seed uint64, id string) string {
	return fmt.Sprintf("[%016x]\n", Rand(seed, id, "salt").Uint64())
}
