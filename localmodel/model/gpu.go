package model

import (
	"fmt"
	"iter"
	"slices"

	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

// GPU runs a model on a graphics device, full attention only. The device holds
// one cache: a sequence is the list of its tokens, and one that the cache does
// not hold (any more) is computed anew from where they part.
type GPU struct {
	m        *Model
	run      *gpu.Model
	cache    []int32 // the tokens whose keys and values are on the device
	rotation int     // of those keys
	bytes    int64   // of the device's cache
}

var _ Executor = (*GPU)(nil)

// NewGPU uploads a model's weights; tensors must still be readable. context is
// the length of the device's cache in tokens.
func NewGPU(m *Model, d *gpu.Device, t Tensors, context int) (*GPU, error) {
	c := gpu.Config{
		Layers: m.Layers, Width: m.Width, FFN: m.FFN, Heads: m.Heads, KVHeads: m.KVHeads,
		KeyDim: m.KeyDim, ValueDim: m.ValueDim, Vocab: m.Vocab, Eps: float64(m.Eps), Scale: float64(m.Scale),
		EmbeddingScale: float64(m.EmbeddingScale), AttentionCap: float64(m.AttentionCap), LogitCap: float64(m.LogitCap),
		Context: context,
	}
	if m.GELU {
		c.Activation = gpu.GELU
	}
	for i, r := range ropesOnDevice(m, 0) {
		c.Layer = append(c.Layer, gpu.LayerConfig{Rope: r, Window: m.Windows[i]})
	}
	run, err := gpu.NewModel(d, c, t.Tensor)
	if err != nil {
		return nil, err
	}
	return &GPU{m: m, run: run, bytes: int64(context) * int64(m.Layers) * int64(m.KVHeads) * int64(m.KeyDim+m.ValueDim) * 4}, nil
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
func (e *GPU) CacheBytes() int64 { return e.bytes }

// Forward implements Executor. Logits of a prompt's last row come from one
// pass; those of further rows cost a step each.
func (e *GPU) Forward(chunks []Chunk, emit func(chunk, row int, logits []float32) error) error {
	for i, c := range chunks {
		s := c.State.(*sequence)
		for _, id := range c.IDs {
			if id < 0 || int(id) >= e.m.Vocab {
				return fmt.Errorf("model: token %d is outside the vocabulary of %d", id, e.m.Vocab)
			}
		}
		from := len(s.ids)
		s.ids = slices.Concat(s.ids, c.IDs)
		row := min(c.From, len(c.IDs)-1)
		for ; row < len(c.IDs); row++ {
			if err := e.reach(s.ids[:from+row+1], s.rotation); err != nil {
				return err
			}
			if row < c.From {
				continue
			}
			logits, err := e.run.Logits()
			if err != nil {
				return err
			}
			if !finite(logits) {
				return fmt.Errorf("model: %w", ErrNotFinite)
			}
			if err := emit(i, row, logits); err != nil {
				return err
			}
		}
	}
	return nil
}

// reach brings the device's cache to hold exactly ids, with keys of a rotation.
func (e *GPU) reach(ids []int32, rotation int) error {
	if rotation != e.rotation {
		e.cache = e.cache[:0]
		if err := e.run.Rotate(ropesOnDevice(e.m, rotation)); err != nil {
			return err
		}
		e.rotation = rotation
	}
	common := 0
	for common < min(len(ids), len(e.cache)) && ids[common] == e.cache[common] {
		common++
	}
	common = min(common, len(ids)-1) // the last token's logits are wanted
	e.cache = e.cache[:0]            // after an error the device holds nothing of use
	if err := e.run.Prefill(ids[common:], common); err != nil {
		return err
	}
	e.cache = append(e.cache, ids...)
	return nil
}

// sequence is the list of a sequence's tokens.
type sequence struct {
	of       *GPU
	ids      []int32
	rotation int
}

// Len implements State.
func (s *sequence) Len() int { return len(s.ids) }

// Pieces implements State: the device's cache, which all sequences share, and
// the sequence's own list.
func (s *sequence) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		if yield(s.of, s.of.bytes) {
			yield(s, 4*int64(len(s.ids)))
		}
	}
}

// Fork implements State: it is worth something as long as the device still
// holds the tokens.
func (s *sequence) Fork(n int) (State, bool) {
	if s.rotation != s.of.rotation || len(s.of.cache) < n || !slices.Equal(s.of.cache[:n], s.ids[:n]) {
		return nil, false
	}
	return &sequence{of: s.of, ids: slices.Clone(s.ids[:n]), rotation: s.rotation}, true
}
