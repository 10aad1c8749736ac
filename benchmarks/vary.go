package benchmarks

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lcbench/lcbench/scorers"
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
		own := Count(o.Tokenizer, s.Prompt.Context)
		for _, length := range o.Lengths {
			if own >= length {
				if !yield(shorten(s, length, own, o)) {
					return
				}
				continue
			}
			if t.Fixed {
				continue // the pool's owner has told the user once
			}
			for _, depth := range depths(o) {
				if ctx.Err() != nil || !yield(pool.lengthen(s, length, own, depth, o)) {
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

// shorten cuts the context, not the prompt, to length tokens.
func shorten(s Sample, length, own int, o Options) (Sample, error) {
	s.ID = fmt.Sprintf("%s@%d", s.ID, length)
	s.TargetLength = length
	if own > length {
		p := o.Truncate
		switch p {
		case TruncateLeft, TruncateRight, TruncateMiddle:
		case TruncateNone:
			return s, fmt.Errorf("%s: %w: context has %d tokens, asked for %d, and truncation is none", s.ID, ErrContextOverflow, own, length)
		default:
			p = TruncateMiddle
		}
		bare := s
		bare.Prompt = Prompt{Context: s.Prompt.Context}
		bare, err := cutContext(bare, length, p, o.Tokenizer)
		if err != nil {
			return s, fmt.Errorf("%s: %w", s.ID, err)
		}
		s.Prompt.Context, s.Evidence = bare.Prompt.Context, bare.Evidence
	}
	s.ContextTokens, s.Tokenizer = Count(o.Tokenizer, s.Prompt.Context), o.Tokenizer.Name()
	return s, nil
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

// Pool is the stock of distractor documents of one task and language. It keeps
// at most about budget bytes: a selection by seed that is independent of the
// order in which documents are offered.
type Pool struct {
	budget int
	seed   uint64
	held   int
	docs   []poolDoc // by rising rank
}

type poolDoc struct {
	rank     uint64
	group    string
	passages []string
}

// NewPool returns a pool for contexts of up to maxTokens tokens.
func NewPool(seed uint64, maxTokens int) *Pool {
	// A token is about four bytes of text; twice that leaves a choice, and
	// room for passages that are dropped since they hold an answer.
	return &Pool{budget: maxTokens*12 + 1<<16, seed: seed}
}

// Add offers a document of the given group, cut into passages. A group that
// is already there is ignored.
func (p *Pool) Add(group string, passages []string) {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], p.seed)
	h.Write(b[:])
	h.Write([]byte(group))
	d := poolDoc{rank: mix(h.Sum64()), group: group, passages: passages}
	at, found := slices.BinarySearchFunc(p.docs, d, func(a, b poolDoc) int {
		if a.rank != b.rank {
			if a.rank < b.rank {
				return -1
			}
			return 1
		}
		return strings.Compare(a.group, b.group)
	})
	if found || (p.held > p.budget && at == len(p.docs)) {
		return
	}
	p.docs = slices.Insert(p.docs, at, d)
	p.held += d.size()
	for last := len(p.docs) - 1; last > 1 && p.held-p.docs[last].size() >= p.budget; last-- {
		p.held -= p.docs[last].size()
		p.docs = p.docs[:last]
	}
}

func (d poolDoc) size() (n int) {
	for _, s := range d.passages {
		n += len(s)
	}
	return n
}

// mix spreads FNV's weak low bits (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// errShort says that a pool can't fill a context.
var errShort = fmt.Errorf("%w: too few distractors", ErrSample)

// lengthen surrounds the sample's context by distractors.
func (p *Pool) lengthen(s Sample, length, own int, depth float64, o Options) (Sample, error) {
	s.ID = fmt.Sprintf("%s@%d/%g", s.ID, length, depth)
	s.TargetLength, s.Depth = length, &depth
	need := length - own
	filler, ends, err := p.filler(s, need, o)
	if err != nil {
		return s, fmt.Errorf("%s: %w", s.ID, err)
	}
	// Tokens merge or split at the seams, so the sum is only nearly right: move
	// the filler's end until the whole just fits.
	best, bestStart, most := s.Prompt.Context, 0, own
	for keep, try := min(need, len(ends)), 0; keep > 0 && try < 8; try++ {
		text := filler[:wholeRune(filler, endOf(ends, keep))]
		at := sentenceNear(text, endOf(ends, int(float64(keep)*depth/100)))
		context, start := around(text, at, s.Prompt.Context)
		n := Count(o.Tokenizer, context)
		if n <= length && n > most {
			best, bestStart, most = context, start, n
		}
		next := min(keep+length-n, len(ends))
		if next == keep {
			break
		}
		keep = next
	}
	s.Evidence = s.Evidence.shift(bestStart)
	s.Prompt.Context, s.ContextTokens, s.Tokenizer = best, most, o.Tokenizer.Name()
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

// filler joins passages of other documents, in the sample's own random order,
// until they hold need tokens, and returns them with their token ends.
func (p *Pool) filler(s Sample, need int, o Options) (string, []int, error) {
	order := Rand(o.Seed, s.ID, "distractors").Perm(len(p.docs))
	hits := newAnswerFinder(s.References)
	var b strings.Builder
	tokens := 0
	for _, i := range order {
		if p.docs[i].group == s.Group {
			continue
		}
		for _, passage := range p.docs[i].passages {
			// A seam may merge two tokens, a passage's end one more.
			if tokens >= need+need/20+32 {
				break
			}
			if hits.in(passage) {
				continue
			}
			b.WriteString(passage)
			b.WriteString(seam)
			tokens += max(0, Count(o.Tokenizer, passage)-1)
		}
	}
	if tokens < need {
		return "", nil, fmt.Errorf("%w: %d tokens of other documents without an answer in them, %d needed for a context of %s", errShort, tokens, need, FormatTokens(s.TargetLength))
	}
	text := b.String()
	return text, o.Tokenizer.Ends(text), nil
}

// answerFinder looks for any of a sample's answers in a passage.
type answerFinder struct{ answers, words []string }

// newAnswerFinder prepares the references. An answer of up to three ASCII
// characters ("no", "12") counts only as a whole word: it stands inside other
// words everywhere without answering anything.
func newAnswerFinder(references []string) answerFinder {
	var f answerFinder
	for _, r := range references {
		r = strings.ToLower(strings.TrimSpace(r))
		switch {
		case r == "":
		case len(r) <= 3 && utf8.RuneCountInString(r) == len(r):
			f.words = append(f.words, r)
		default:
			f.answers = append(f.answers, r)
		}
	}
	return f
}

func (f answerFinder) in(passage string) bool {
	lower := strings.ToLower(passage)
	for _, a := range f.answers {
		if strings.Contains(lower, a) {
			return true
		}
	}
	for _, w := range f.words {
		if containsWord(lower, w) {
			return true
		}
	}
	return false
}

func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !isWord(before) && !isWord(after) {
			return true
		}
		from = start + 1
	}
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r))
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

// FindSpans returns the places of text in context, from left to right.
func FindSpans(context, text string) []scorers.Span {
	if text == "" {
		return nil
	}
	var spans []scorers.Span
	for from := 0; ; {
		i := strings.Index(context[from:], text)
		if i < 0 {
			return spans
		}
		spans = append(spans, scorers.Span{Start: from + i, End: from + i + len(text)})
		from += i + len(text)
	}
}

// MergeSpans sorts spans and joins those that overlap or touch.
func MergeSpans(spans []scorers.Span) []scorers.Span {
	slices.SortFunc(spans, func(a, b scorers.Span) int { return a.Start - b.Start })
	var out []scorers.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// Salt returns a first line that no other sample has, so that no prefix of
// the prompt can be in a server's cache.
func Salt(seed uint64, id string) string {
	return fmt.Sprintf("[%016x]\n", Rand(seed, id, "salt").Uint64())
}
