package model

import (
	"fmt"
	"iter"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

// GPU runs a model on a graphics device. The device holds one cache: a sequence
// is the list of its tokens, and one that the cache does not hold (any more) is
// computed anew from where they part.
type GPU struct {
	m        *Model
	run      *gpu.Model
	how      attention.Mechanism
	cache    []int32 // the tokens whose keys and values are on the device
	ended    int     // where its attention was told of an end, see sequence
	prompt   int     // how long a prompt it was computed for, see sequence
	rotation int     // of those keys
}

var _ Staged = (*GPU)(nil)

// OnDevice is the form of a mechanism for a graphics device: nil for full
// attention. False: it has none.
func OnDevice(how attention.Mechanism) (gpu.Mechanism, bool) {
	if how.String() == "full" {
		return nil, true
	}
	form, ok := how.(gpu.Mechanism)
	return form, ok
}

// contextChunk is how many tokens a device takes at once where the attention
// answers a question as one: as many as the engine computes at once.
const contextChunk = 512

// NewGPU uploads a model's weights; tensors must still be readable. context is
// the length of the device's cache in tokens. The mechanism must have a form
// for devices.
func NewGPU(m *Model, d *gpu.Device, t Tensors, context int, how attention.Mechanism) (*GPU, error) {
	form, ok := OnDevice(how)
	if !ok {
		return nil, fmt.Errorf("model: attention %s has no form for a GPU", how)
	}
	c := gpu.Config{
		Layers: m.Layers, Width: m.Width, FFN: m.FFN, Heads: m.Heads, KVHeads: m.KVHeads,
		KeyDim: m.KeyDim, ValueDim: m.ValueDim, Vocab: m.Vocab, Eps: float64(m.Eps), Scale: float64(m.Scale),
		EmbeddingScale: float64(m.EmbeddingScale), AttentionCap: float64(m.AttentionCap), LogitCap: float64(m.LogitCap),
		Context: context, Attention: form,
	}
	if m.GELU {
		c.Activation = gpu.GELU
	}
	for i, r := range ropesOnDevice(m, 0) {
		c.Layer = append(c.Layer, gpu.LayerConfig{Rope: r, Window: m.Windows[i]})
	}
	if _, ok := how.(attention.ContextEnder); ok {
		c.Chunk = contextChunk
	}
	run, err := gpu.NewModel(d, c, t.Tensor)
	if err != nil {
		return nil, err
	}
	return &GPU{m: m, run: run, how: how}, nil
}

// ropesOnDevice are the layers' rotations for sequences of a rotation.
func ropesOnDevice(m *Model, rotation int) []gpu.Rope {
	out := make([]gpu.Rope, len(m.Ropes))
	for i, r := range m.Ropes {
		f, amplitude := r.Frequencies(m.RotatedDim, rotation)
		out[i] = gpu.Rope{InvFreq: f, Interleaved: m.Interleaved, Magnitude: amplitude}
	}
	return out
}

// Close frees the memory on the device.
func (e *GPU) Close() { e.run.Close() }

// New implements Executor.
func (e *GPU) New(tokens int) State { return &sequence{of: e, rotation: e.Rotation(tokens)} }

// Rotation implements Executor.
func (e *GPU) Rotation(tokens int) int { return e.m.Rotation(tokens) }

// Bytes implements Executor: a sequence is a list of ids, the device's cache
// is there whatever their number.
func (e *GPU) Bytes(n int) int64 { return 4 * int64(n) }

// CacheBytes is the memory of the device's cache.
func (e *GPU) CacheBytes() int64 { return e.run.CacheBytes() }

// Stages implements Staged. A mechanism that ends prompts on the CPU alone, to
// save memory there, has no stages on a device.
func (e *GPU) Stages() Stages {
	if !e.run.Ends() {
		return Stages{}
	}
	return stagesOf(e.how)
}

// EndContext implements Staged.
func (e *GPU) EndContext(s State) { e.end(s.(*sequence)) }

// EndPrompt implements Staged.
func (e *GPU) EndPrompt(s State) { e.end(s.(*sequence)) }

// end tells the attention that a sequence's context or prompt is done. The
// sequence keeps the error.
func (e *GPU) end(s *sequence) {
	s.ended = len(s.ids)
	if s.err == nil {
		s.err = e.reach(s, len(s.ids))
	}
}

// Forward implements Executor.
func (e *GPU) Forward(chunks []Chunk, emit func(chunk, row int, logits []float32) error) error {
	for i, c := range chunks {
		s := c.State.(*sequence)
		for _, id := range c.IDs {
			if id < 0 || int(id) >= e.m.Vocab {
				return fmt.Errorf("model: token %d is outside the vocabulary of %d", id, e.m.Vocab)
			}
		}
		if s.err != nil {
			return s.err
		}
		if c.Prompt > 0 && e.run.KnowsPrompts() {
			s.prompt = c.Prompt
		}
		from := len(s.ids)
		if err := e.reach(s, from); err != nil {
			return err
		}
		s.ids = slices.Concat(s.ids, c.IDs)
		e.cache = e.cache[:0] // after an error the device holds nothing of use
		err := e.run.Extend(c.IDs, from, c.From, func(row int, logits []float32) error {
			if !finite(logits) {
				return fmt.Errorf("model: %w", ErrNotFinite)
			}
			return emit(i, row, logits)
		})
		if err != nil {
			return err
		}
		e.cache = append(e.cache, s.ids...)
	}
	return nil
}

// held is how many of a sequence's first n tokens the device has as the
// sequence wants them, and can go on behind.
func (e *GPU) held(s *sequence, n int) int {
	if s.prompt != e.prompt {
		return 0
	}
	common := 0
	for common < min(n, len(e.cache)) && s.ids[common] == e.cache[common] {
		common++
	}
	if s.ended != e.ended { // what is behind the end of either is of that one
		for _, end := range []int{s.ended, e.ended} {
			if end > 0 {
				common = min(common, end)
			}
		}
	}
	return e.run.Back(common)
}

// reach brings the device's cache to hold exactly the first n tokens of a
// sequence, with keys of its rotation and its attention told of its end.
func (e *GPU) reach(s *sequence, n int) error {
	if s.rotation != e.rotation {
		e.cache, e.ended = e.cache[:0], 0
		if err := e.run.Rotate(ropesOnDevice(e.m, s.rotation)); err != nil {
			return err
		}
		e.rotation = s.rotation
	}
	at := e.held(s, n)
	if s.ended > 0 && s.ended != e.ended && at == s.ended && at < e.run.Len() {
		at = e.run.Back(at - 1) // the end has to be the newest token
	}
	if e.ended > 0 && (s.ended != e.ended || at < e.ended) {
		e.run.Reopen()
		e.ended = 0
	}
	e.cache = e.cache[:0]
	if s.prompt != e.prompt {
		e.run.Prompt(s.prompt)
		e.prompt = s.prompt
	}
	if s.ended > 0 && e.ended == 0 {
		if err := e.compute(s.ids[:s.ended], at); err != nil {
			return err
		}
		if err := e.run.End(); err != nil {
			return err
		}
		at, e.ended = s.ended, s.ended
	}
	if err := e.compute(s.ids[:n], at); err != nil {
		return err
	}
	e.cache = append(e.cache, s.ids[:n]...)
	return nil
}

// compute brings ids into the cache, of which it has the first at.
func (e *GPU) compute(ids []int32, at int) error {
	if at >= len(ids) {
		return nil
	}
	return e.run.Extend(ids[at:], at, len(ids), nil)
}

// sequence is the list of a sequence's tokens.
type sequence struct {
	of       *GPU
	ids      []int32
	ended    int // length of its prompt or fixed context, once the attention is told; 0: it isn't
	prompt   int // its prompt's length, with what is scored behind it, where that counts; 0: it has none
	rotation int
	err      error // of the end
}

// Len implements State.
func (s *sequence) Len() int { return len(s.ids) }

// Pieces implements State: the device's cache, which all sequences share, and
// the sequence's own list.
func (s *sequence) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		if yield(s.of, s.of.CacheBytes()) {
			yield(s, 4*int64(len(s.ids)))
		}
	}
}

// Fork implements State: it is worth something as long as the device still
// holds the tokens. Ahead of the end of a prepared context nothing of the
// preparation is left; a prompt that has ended has no fork, nor has one whose
// length counts: it would be another one's.
func (s *sequence) Fork(n int) (State, bool) {
	f := &sequence{of: s.of, ids: slices.Clone(s.ids[:n]), rotation: s.rotation, err: s.err}
	if n >= s.ended {
		f.ended = s.ended
	}
	if s.ended > 0 && s.of.Stages().Prompt || s.prompt > 0 && n > 0 || s.rotation != s.of.rotation || s.of.held(f, n) < n {
		return nil, false
	}
	return f, true
}
