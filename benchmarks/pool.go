package benchmarks

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pool is the stock of distractor documents of one task and language. It keeps
// at most about budget bytes: a selection by seed that is independent of the
// order in which documents are offered. It is for one goroutine at a time.
type Pool struct {
	budget int
	seed   uint64
	held   int
	docs   []poolDoc // by rising rank
	// counted names the tokenizer of poolDoc.tokens.
	counted string
}

type poolDoc struct {
	rank     uint64
	group    string
	passages []string
	// tokens of each passage, nil until the first is asked for, -1 for those
	// that were not counted yet.
	tokens []int
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

// tokens counts passage j of document i, once for each tokenizer.
func (p *Pool) tokens(tok Tokenizer, i, j int) int {
	if p.counted != tok.Name() {
		p.counted = tok.Name()
		for i := range p.docs {
			p.docs[i].tokens = nil
		}
	}
	d := &p.docs[i]
	if d.tokens == nil {
		d.tokens = slices.Repeat([]int{-1}, len(d.passages))
	}
	if d.tokens[j] < 0 {
		d.tokens[j] = Count(tok, d.passages[j])
	}
	return d.tokens[j]
}

// stock is the pool as one sample may draw from it.
type stock struct {
	*Pool
	sample Sample
	hits   answerFinder
	// barred says of each passage of each document whether it holds an answer;
	// a document's is nil until it is first drawn.
	barred [][]bool
}

// stock returns the pool for s at all its lengths and depths.
func (p *Pool) stock(s Sample) *stock {
	avoid := s.Avoid
	if avoid == nil {
		avoid = s.References
	}
	return &stock{Pool: p, sample: s, hits: newAnswerFinder(avoid), barred: make([][]bool, len(p.docs))}
}

// bars returns which passages of document i hold an answer.
func (k *stock) bars(i int) []bool {
	if k.barred[i] == nil {
		passages := k.docs[i].passages
		k.barred[i] = make([]bool, len(passages))
		for j, text := range passages {
			k.barred[i][j] = k.hits.in(text)
		}
	}
	return k.barred[i]
}

// filler joins passages of other documents, in a random order of id's own,
// until they hold need tokens, and returns them with their token ends.
func (k *stock) filler(id string, length, need int, o Options) (string, []int, error) {
	var b strings.Builder
	tokens := 0
	// A seam may merge two tokens, a passage's end one more.
	enough := need + need/20 + 32
	for _, i := range Rand(o.Seed, id, "distractors").Perm(len(k.docs)) {
		if tokens >= enough {
			break
		}
		if k.docs[i].group == k.sample.Group {
			continue
		}
		for j, barred := range k.bars(i) {
			if tokens >= enough {
				break
			}
			if barred {
				continue
			}
			b.WriteString(k.docs[i].passages[j])
			b.WriteString(seam)
			tokens += max(0, k.tokens(o.Tokenizer, i, j)-1)
		}
	}
	if tokens < need {
		return "", nil, tooFew(id, length, tokens, need)
	}
	text := b.String()
	return text, o.Tokenizer.Ends(text), nil
}

// tooFew says that a pool can't fill a context.
func tooFew(id string, length, tokens, need int) error {
	size := FormatTokens(length)
	return &SampleError{
		SampleID: id, Reason: "too few distractors for a context of " + size,
		Err: fmt.Errorf("%w: too few distractors: %d tokens of other documents without an answer in them, %d needed for a context of %s; ask for shorter --lengths, or give more data (--data hub, --data-dir)", ErrSample, tokens, need, size),
	}
}

// AnswerIn returns a function that says whether a passage holds any of the
// answers; one of up to three ASCII characters counts only as a whole word.
func AnswerIn(answers []string) func(passage string) bool { return newAnswerFinder(answers).in }

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
