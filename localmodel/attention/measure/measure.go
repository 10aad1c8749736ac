// Package measure times attention mechanisms by themselves, at one layer of any
// shape, on random keys and queries.
package measure

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Shape is an attention layer: query heads, kv heads, channels of a head.
type Shape struct{ Heads, KVHeads, Dim int }

// Check says what is wrong with a shape.
func (s Shape) Check() error {
	switch {
	case s.Heads < 1 || s.KVHeads < 1 || s.Dim < 8 || s.Dim%8 != 0 || s.Heads > 1024 || s.Dim > 1024:
		return fmt.Errorf("heads=%d,kv-heads=%d,dim=%d: want 1 to 1024 heads, and a dim that is a multiple of 8 up to 1024", s.Heads, s.KVHeads, s.Dim)
	case s.Heads%s.KVHeads != 0:
		return fmt.Errorf("heads=%d is no multiple of kv-heads=%d", s.Heads, s.KVHeads)
	}
	return nil
}

// Layer is the layer of a shape, with the rotation of base 10000.
func (s Shape) Layer(t cpu.KVType) attention.Layer {
	return attention.Layer{
		Heads: s.Heads, KV: cpu.KVShape{Heads: s.KVHeads, KeyDim: s.Dim, ValueDim: s.Dim, Type: t},
		Scale: float32(1 / math.Sqrt(float64(s.Dim))), Angles: cpu.NewAngles(s.Dim, s.turns(), 1, false),
	}
}

// turns are the frequencies of the rotation.
func (s Shape) turns() []float64 {
	out := make([]float64, s.Dim/2)
	for i := range out {
		out[i] = math.Pow(1e4, -2*float64(i)/float64(s.Dim))
	}
	return out
}

// Chunk is how many tokens of a prompt are computed at once.
const Chunk = 512

// samples are the chunks that stand for a long prompt.
const samples = 8

// Times are what a prompt of N tokens and the tokens behind it took, in seconds.
type Times struct {
	N int `json:"tokens"`
	// Prefill is all of the prompt, but for Prepare. Where Sampled, chunks evenly
	// spread over it were computed and stand for it.
	Prefill float64 `json:"prefill_seconds"`
	Sampled bool    `json:"prefill_sampled"`
	// LastChunk is its last Chunk tokens, or all of a shorter prompt.
	LastChunk float64 `json:"last_chunk_seconds"`
	// Prepare is what the mechanism does once at the end of a document or prompt.
	Prepare float64 `json:"prepare_seconds"`
	// Decode is one token behind the prompt, the median.
	Decode float64 `json:"decode_seconds"`
	// KeysRead is the share of the keys that query heads attended to in these
	// tokens, the mean: 1 in full attention. 0: the cache doesn't tell.
	KeysRead float64 `json:"keys_read,omitempty"`
	// KVBytes is what the cache holds when the prompt is done.
	KVBytes int64 `json:"kv_bytes"`
}

// Options bound the work. The zero value computes every prompt whole.
type Options struct {
	// Whole is the largest prompt that is computed whole; mechanisms that can't
	// be filled without computing have all of theirs computed.
	Whole int
}

// Run measures a mechanism at one layer behind n tokens.
func Run(ctx context.Context, k *cpu.Kernels, m attention.Mechanism, l attention.Layer, n int, o Options) (Times, error) {
	if e, ok := average(m); ok {
		m = e
	}
	s := &sequence{k: k, m: m, l: l, cache: m.New(l), out: make([]float32, Chunk*l.Heads*l.KV.ValueDim)}
	t := Times{N: n}
	filler, fills := m.(attention.Filler)
	chunks := (n + Chunk - 1) / Chunk
	t.Sampled = fills && o.Whole > 0 && n > o.Whole && chunks > samples
	rows := 0
	for i := range chunks {
		if err := ctx.Err(); err != nil {
			return t, err
		}
		w := s.work(min(Chunk, n-i*Chunk))
		w.Prompt = n
		last := i == chunks-1
		if t.Sampled && !last && !sampled(i, chunks) {
			filler.Fill(k, l, w)
			continue
		}
		took := s.attend(w)
		if last {
			t.LastChunk = took
		}
		if !t.Sampled || sampled(i, chunks) {
			t.Prefill += took
			rows += w.N
		}
	}
	t.Prefill *= float64(n) / float64(rows)
	t.Prepare = s.end()
	for _, bytes := range s.cache.Pieces() {
		t.KVBytes += bytes
	}
	t.Decode, t.KeysRead = s.decode()
	return t, ctx.Err()
}

// average is what a pyramid comes to on average of its layers, where a measurement
// has one: the same choice, of as many tokens on every layer.
func average(m any) (evict.Evict, bool) {
	e, ok := m.(evict.Evict)
	if !ok || e.Method != evict.PyramidKV {
		return e, false
	}
	e.Method = evict.SnapKV
	return e, true
}

// sampled says whether chunk i of so many stands for its neighbours: the middle
// one of each of the equal parts.
func sampled(i, chunks int) bool {
	for part := range samples {
		if i == (2*part+1)*chunks/(2*samples) {
			return true
		}
	}
	return false
}

// sequence is what is measured.
type sequence struct {
	k     *cpu.Kernels
	m     attention.Mechanism
	l     attention.Layer
	cache attention.Cache
	out   []float32
}

// work is the next n tokens.
func (s *sequence) work(n int) attention.Work {
	q, k, v := rows(s.l, s.cache.Len(), n)
	return attention.Work{Cache: s.cache, N: n, Q: q, K: k, V: v, Out: s.out[:n*s.l.Heads*s.l.KV.ValueDim]}
}

// rows are raw queries, keys and values of n tokens, drawn by where they stand.
func rows(l attention.Layer, at, n int) (q, k, v []float32) {
	r := rand.New(rand.NewPCG(uint64(at), 1))
	draw := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x { // the sum of four uniform numbers, of variance 1
			bits := r.Uint64()
			sum := bits&0xffff + bits>>16&0xffff + bits>>32&0xffff + bits>>48
			x[i] = (float32(sum) - 2*0xffff) * (1.7320508 / 0xffff)
		}
		return x
	}
	return draw(n * l.Heads * l.KV.KeyDim), draw(n * l.KV.Heads * l.KV.KeyDim), draw(n * l.KV.Heads * l.KV.ValueDim)
}

func (s *sequence) attend(w attention.Work) float64 {
	began := time.Now()
	s.m.Attend(s.k, s.l, []attention.Work{w})
	return time.Since(began).Seconds()
}

// end tells the mechanism that the document and the prompt are done.
func (s *sequence) end() float64 {
	began := time.Now()
	layers, caches := []attention.Layer{s.l}, []attention.Cache{s.cache}
	if m, ok := s.m.(attention.ContextEnder); ok {
		m.EndContext(s.k, layers, caches)
	}
	if m, ok := s.m.(attention.PromptEnder); ok {
		m.EndPrompt(s.k, layers, caches)
	}
	return time.Since(began).Seconds()
}

// decode is the median of single tokens: at least 9, and more for a quarter of
// a second, after one that isn't counted; keys is the share of them that was read,
// the mean.
func (s *sequence) decode() (seconds, keys float64) {
	s.attend(s.work(1))
	var took []float64
	for began := time.Now(); len(took) < leastTokens || len(took) < mostTokens && time.Since(began) < 250*time.Millisecond; {
		took = append(took, s.attend(s.work(1)))
		if r, ok := s.cache.(attention.Reader); ok {
			keys += float64(r.KeysRead()) / float64(s.l.Heads*s.cache.Len())
		}
	}
	slices.Sort(took)
	return took[len(took)/2], keys / float64(len(took))
}

// Bounds of the single tokens that are timed.
const (
	leastTokens = 9
	mostTokens  = 400
)

// Shared is how long one document of n tokens took with so many questions of q
// tokens each behind it, and with one, in seconds: questions are forks of the
// document's cache.
func Shared(ctx context.Context, k *cpu.Kernels, m attention.Mechanism, l attention.Layer, n, questions, q int) (all, one float64, err error) {
	s := &sequence{k: k, m: m, l: l, cache: m.New(l), out: make([]float32, max(Chunk, q)*l.Heads*l.KV.ValueDim)}
	for at := 0; at < n; at += Chunk {
		all += s.attend(s.work(min(Chunk, n-at)))
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
	}
	document := s.cache
	for i := range questions {
		fork, ok := document.Fork(n)
		if !ok {
			return 0, 0, fmt.Errorf("attention %s: a document of %d tokens can't be shared", m, n)
		}
		s.cache = fork
		all += s.attend(s.work(q))
		if i == 0 {
			one = all
		}
	}
	return all, one, nil
}
