package model

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/kda"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// ErrNotFinite is a forward pass that came to NaN or infinity: broken weights,
// or numbers that the cache's type can't hold.
var ErrNotFinite = errors.New("the model's output is not a number")

// Sequence is the state of one sequence: a cache for each layer.
type Sequence struct {
	caches []attention.Cache
	shapes []attention.Layer // with the rotation of its length
}

// Len is the number of tokens that the sequence has seen.
func (s *Sequence) Len() int { return s.caches[0].Len() }

// Pieces implements State.
func (s *Sequence) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		for _, c := range s.caches {
			for id, bytes := range c.Pieces() {
				if !yield(id, bytes) {
					return
				}
			}
		}
	}
}

// ForkPoint returns the largest length up to n at which every layer can be
// forked, as far as that is a matter of steps.
func (s *Sequence) ForkPoint(n int) int {
	for again := true; again; {
		again = false
		for _, c := range s.caches {
			if stepped, ok := c.(attention.Stepped); ok {
				if at := stepped.ForkPoint(n); at < n {
					n, again = at, true
				}
			}
		}
	}
	return n
}

// Fork implements State.
func (s *Sequence) Fork(n int) (State, bool) {
	f := &Sequence{caches: make([]attention.Cache, len(s.caches)), shapes: s.shapes}
	for i, c := range s.caches {
		var ok bool
		if f.caches[i], ok = c.Fork(n); !ok {
			return nil, false
		}
	}
	return f, true
}

// CPU runs a model on a processor. One goroutine may use it at a time.
type CPU struct {
	m      *Model
	k      *cpu.Kernels
	how    attention.Mechanism
	shapes []attention.Layer         // of sequences whose rotation is 0
	others map[int][]attention.Layer // by rotation
	mixers []mixer                   // by layer; nil: the mechanism attends
	b      buffers
	chosen expertScratch
}

// buffers hold the activations of a pass, rows of all chunks one after the
// other.
type buffers struct {
	h, x, q, k, v, a, o, gate, up, logits []float32
	works                                 []attention.Work
}

// NewCPU prepares a model for kernels, an attention mechanism and a type of KV
// cache.
func NewCPU(m *Model, k *cpu.Kernels, how attention.Mechanism, kv cpu.KVType) *CPU {
	e := &CPU{m: m, k: k, how: how, shapes: m.Shapes(kv), others: map[int][]attention.Layer{}}
	e.mixers = mixersOf(m, kv)
	e.rotate(e.shapes, 0)
	return e
}

// Shapes describes the layers to what has to know of them, but for rotation.
func (m *Model) Shapes(kv cpu.KVType) []attention.Layer {
	out := make([]attention.Layer, m.Layers)
	for i := range out {
		out[i] = attention.Layer{
			Index: i, Heads: m.Heads, KV: cpu.KVShape{Heads: m.KVHeads, KeyDim: m.KeyDim, ValueDim: m.ValueDim, Type: kv},
			Scale: m.Scale, SoftCap: m.AttentionCap, Window: m.Windows[i], Landmark: m.Landmarks.Every,
		}
	}
	return out
}

// rotate gives layers the angles of a rotation; layers that turn alike share
// theirs, and those of local layers are the same in any.
func (e *CPU) rotate(shapes []attention.Layer, rotation int) {
	angles := map[string]*cpu.Angles{}
	for i, r := range e.m.Ropes {
		if r.Local && rotation != 0 {
			continue
		}
		key := fmt.Sprintf("%v %v", r.Base, r)
		if angles[key] == nil {
			f, amplitude := r.Frequencies(e.m.RotatedDim, rotation)
			angles[key] = cpu.NewAngles(e.m.RotatedDim, f, amplitude, e.m.Interleaved)
		}
		shapes[i].Angles = angles[key]
	}
}

// maxRotations bounds the tables of angles that are kept for sequences to come.
const maxRotations = 32

// rotated returns the layers of sequences of a rotation.
func (e *CPU) rotated(rotation int) []attention.Layer {
	if rotation == 0 {
		return e.shapes
	}
	if e.others[rotation] == nil {
		if len(e.others) >= maxRotations {
			clear(e.others) // sequences have theirs
		}
		e.others[rotation] = slices.Clone(e.shapes)
		e.rotate(e.others[rotation], rotation)
	}
	return e.others[rotation]
}

// Model returns what is run.
func (e *CPU) Model() *Model { return e.m }

// Activations names the arithmetic between the weights. At the level vnni it is
// integers of 16 bits where up to SameBits rows meet quantised weights: in
// decoding, and for all logits.
func (e *CPU) Activations() string {
	for i := range e.m.layers {
		for _, w := range e.m.layers[i].matrices() {
			if e.k.Integer(w.Type) {
				return "int16 (decode), float32 (prefill)"
			}
		}
	}
	return "float32"
}

// Bytes implements Executor.
func (e *CPU) Bytes(tokens int) int64 {
	total := int64(0)
	for i, l := range e.shapes {
		if own := e.mixers[i]; own != nil {
			total += own.bytes(tokens)
		} else {
			total += e.how.Bytes(l, tokens)
		}
	}
	return total
}

// New implements Executor.
func (e *CPU) New(tokens int) State {
	s := &Sequence{caches: make([]attention.Cache, e.m.Layers), shapes: e.rotated(e.Rotation(tokens))}
	for i := range s.caches {
		if own := e.mixers[i]; own != nil {
			s.caches[i] = own.cache()
		} else {
			s.caches[i] = e.how.New(s.shapes[i])
		}
	}
	return s
}

// Rotation implements Executor.
func (e *CPU) Rotation(tokens int) int { return e.m.Rotation(tokens) }

// Stages implements Staged.
func (e *CPU) Stages() Stages {
	s := stagesOf(e.how)
	for i := range e.m.layers {
		if e.m.layers[i].kda != nil {
			s.Step = kda.Step
		}
	}
	return s
}

func stagesOf(how attention.Mechanism) Stages {
	_, context := how.(attention.ContextEnder)
	s := Stages{Context: context}
	if how, ok := how.(attention.PromptEnder); ok {
		s.Prompt, s.Observed = true, how.Observed()
	}
	return s
}

// EndContext implements Staged.
func (e *CPU) EndContext(s State) {
	e.how.(attention.ContextEnder).EndContext(e.k, s.(*Sequence).shapes, s.(*Sequence).caches)
}

// EndPrompt implements Staged.
func (e *CPU) EndPrompt(s State) {
	e.how.(attention.PromptEnder).EndPrompt(e.k, s.(*Sequence).shapes, s.(*Sequence).caches)
}

// logitRows is how many rows of logits are computed at once: a vocabulary of
// 262144 makes a megabyte of each.
const logitRows = 8

// Forward implements Executor.
func (e *CPU) Forward(chunks []Chunk, emit func(chunk, row int, logits []float32) error) error {
	rows, wanted := 0, []place(nil)
	for i, c := range chunks {
		for row := range c.IDs {
			if row >= c.From {
				wanted = append(wanted, place{i, row, rows + row})
			}
		}
		rows += len(c.IDs)
	}
	if rows == 0 {
		return nil
	}
	if err := e.embed(chunks, rows); err != nil {
		return err
	}
	h := e.b.h[:rows*e.m.Width]
	for i := range e.m.layers {
		last := i == len(e.m.layers)-1
		e.attend(i, chunks, h, rows)
		if last && len(wanted) < rows {
			// Nobody reads the other rows any more: only their keys and values were needed.
			gather(h, wanted, e.m.Width)
			gather(e.b.a, wanted, e.m.layers[i].out.Cols)
			rows = len(wanted)
			h = h[:rows*e.m.Width]
		}
		e.mix(&e.m.layers[i], h, rows)
	}
	if rows == 0 {
		return nil
	}
	return e.logits(wanted, h, emit)
}

// place is a row whose logits are wanted.
type place struct{ chunk, row, at int } // at: among the rows of all chunks

// gather moves the rows of x [n, d] that are wanted to its front.
func gather(x []float32, wanted []place, d int) {
	for to, w := range wanted {
		copy(x[to*d:(to+1)*d], x[w.at*d:(w.at+1)*d])
	}
}

func (e *CPU) embed(chunks []Chunk, rows int) error {
	m := e.m
	e.b.grow(m, rows)
	at := 0
	for _, c := range chunks {
		for _, id := range c.IDs {
			if id < 0 || int(id) >= m.Vocab {
				return fmt.Errorf("model: token %d is outside the vocabulary of %d", id, m.Vocab)
			}
			e.k.Row(e.b.h[at*m.Width:(at+1)*m.Width], m.embedding, int(id))
			at++
		}
	}
	if m.EmbeddingScale != 1 {
		e.k.Scale(e.b.h[:rows*m.Width], m.EmbeddingScale)
	}
	return nil
}

// attend computes the layer's attention of all rows into b.a.
func (e *CPU) attend(i int, chunks []Chunk, h []float32, n int) {
	m, l, b, k := e.m, &e.m.layers[i], &e.b, e.k
	qw, kw, vw := m.Heads*m.KeyDim, m.KVHeads*m.KeyDim, m.KVHeads*m.ValueDim
	k.RMSNorm(b.x, h, l.attnNorm, n, m.Width, m.Eps)
	if own := e.mixers[i]; own != nil {
		own.mix(k, b.x[:n*m.Width], i, chunks, b.a[:n*l.out.Cols])
		return
	}
	k.MatMuls(b.x[:n*m.Width], n,
		cpu.MatMulJob{Out: b.q[:n*qw], W: l.query}, cpu.MatMulJob{Out: b.k[:n*kw], W: l.key}, cpu.MatMulJob{Out: b.v[:n*vw], W: l.value})
	addBias(b.q, l.qBias, n)
	addBias(b.k, l.kBias, n)
	addBias(b.v, l.vBias, n)
	if l.qNorm != nil {
		k.RMSNorm(b.q, b.q, l.qNorm, n*m.Heads, m.KeyDim, m.Eps)
	}
	if l.kNorm != nil {
		k.RMSNorm(b.k, b.k, l.kNorm, n*m.KVHeads, m.KeyDim, m.Eps)
	}
	aw := m.Heads * m.ValueDim
	b.works = b.works[:0]
	at := 0
	for _, c := range chunks {
		to := at + len(c.IDs)
		b.works = append(b.works, attention.Work{
			Cache: c.State.(*Sequence).caches[i], N: len(c.IDs), Prompt: c.Prompt,
			Q: b.q[at*qw : to*qw], K: b.k[at*kw : to*kw], V: b.v[at*vw : to*vw], Out: b.a[at*aw : to*aw],
		})
		at = to
	}
	e.attendRotated(i, chunks)
}

// attendRotated attends in b.works, one for each chunk; neighbours that turn
// alike go together.
func (e *CPU) attendRotated(i int, chunks []Chunk) {
	for from, to := 0, 0; from < len(chunks); from = to {
		shape := chunks[from].State.(*Sequence).shapes[i]
		for to++; to < len(chunks) && chunks[to].State.(*Sequence).shapes[i].Angles == shape.Angles; to++ {
		}
		e.how.Attend(e.k, shape, e.b.works[from:to])
	}
}

func addBias(x, bias []float32, n int) {
	for i := range n {
		row := x[i*len(bias) : (i+1)*len(bias)]
		for j, b := range bias {
			row[j] += b
		}
	}
}

// mix adds the attention of n rows and the feed-forward network to h.
func (e *CPU) mix(l *layer, h []float32, n int) {
	m, b, k := e.m, &e.b, e.k
	if n == 0 {
		return
	}
	o := b.o[:n*m.Width]
	k.MatMul(o, b.a[:n*l.out.Cols], n, l.out)
	if l.postAttnNorm != nil {
		k.RMSNorm(o, o, l.postAttnNorm, n, m.Width, m.Eps)
	}
	k.Add(h, o)
	k.RMSNorm(b.x, h, l.ffnNorm, n, m.Width, m.Eps)
	e.feedForward(l, n)
	if l.postFFNNorm != nil {
		k.RMSNorm(o, o, l.postFFNNorm, n, m.Width, m.Eps)
	}
	k.Add(h, o)
}

// logits computes those of the rows of h, which stand for wanted.
func (e *CPU) logits(wanted []place, h []float32, emit func(chunk, row int, logits []float32) error) error {
	m, b := e.m, &e.b
	e.k.RMSNorm(b.x, h, m.outputNorm, len(wanted), m.Width, m.Eps)
	for len(wanted) > 0 {
		rows := min(logitRows, len(wanted))
		x := b.x[:rows*m.Width]
		if need := rows * m.Vocab; len(b.logits) < need {
			b.logits = make([]float32, need)
		}
		e.k.MatMul(b.logits[:rows*m.Vocab], x, rows, m.output)
		if !finite(b.logits[:rows*m.Vocab]) {
			return fmt.Errorf("model: %w", ErrNotFinite)
		}
		for i, w := range wanted[:rows] {
			if err := emit(w.chunk, w.row, m.cap(b.logits[i*m.Vocab:(i+1)*m.Vocab])); err != nil {
				return err
			}
		}
		wanted = wanted[rows:]
		copy(b.x, b.x[rows*m.Width:(rows+len(wanted))*m.Width])
	}
	return nil
}

func finite(x []float32) bool {
	for _, v := range x {
		if v-v != 0 { // NaN and infinity alone
			return false
		}
	}
	return true
}

// cap bounds logits smoothly: c tanh(z/c).
func (m *Model) cap(z []float32) []float32 {
	if m.LogitCap > 0 {
		for i, v := range z {
			z[i] = m.LogitCap * float32(math.Tanh(float64(v/m.LogitCap)))
		}
	}
	return z
}

// grow makes room for n rows.
func (b *buffers) grow(m *Model, n int) {
	if len(b.h) >= n*m.Width {
		return
	}
	b.h, b.x, b.o = make([]float32, n*m.Width), make([]float32, n*m.Width), make([]float32, n*m.Width)
	b.q, b.a = make([]float32, n*m.Heads*m.KeyDim), make([]float32, n*m.mixedWidth())
	b.k, b.v = make([]float32, n*m.KVHeads*m.KeyDim), make([]float32, n*m.KVHeads*m.ValueDim)
	hidden := m.hiddenWidth()
	b.gate, b.up = make([]float32, n*hidden), make([]float32, n*hidden)
}
