package gpu

import (
	"cmp"
	"fmt"
)

// LatentLayer is multi-head latent attention without rotation (MLA NoPE), from
// normalised rows of the residual stream to the heads' results, ahead of the last
// matrix. What is cached of a token is one row for all heads, the normed latent c
// and the part s of the keys that the heads share: key = [W_k c | s], value = W_v
// c. Neither is made for a cached token: with the queries (W_k^T q | q_s) the
// heads attend to the rows themselves, and W_v takes their mean.
// Source: ../shared/spec/attention.md §7, "MLA NoPE" (arXiv 2405.04434 §2.1).
type LatentLayer struct {
	Heads, KeyDim, SharedDim int // KeyDim: of a head's own part of a key
	ValueDim, Rank           int
	Query                    *Matrix // [heads (keyDim + sharedDim), width]
	Down                     *Matrix // [rank + sharedDim, width]
	Norm                     *Buffer // [rank]
	NormEps                  float64

	keys, values *Buffer // [heads, keyDim, rank], [heads, rank, valueDim]
}

// maxLatent bounds the registers that attention to latent rows takes: Kimi
// Linear's rows are of 512 + 64 numbers.
const maxLatent = 640

// row is the length of a cached row.
func (l *LatentLayer) row() int { return l.Rank + l.SharedDim }

// NewLatentUp uploads the layer's second matrix [heads (keyDim + valueDim),
// rank], each head's keys ahead of its values. Rank, shared part and values are
// multiples of 4.
func (d *Device) NewLatentUp(l *LatentLayer, w []float32) error {
	switch {
	case l.Rank%4 != 0 || l.SharedDim%4 != 0 || l.ValueDim%4 != 0 || l.row() > maxLatent || l.SharedDim < 0 || min(l.Heads, l.KeyDim, l.ValueDim, l.Rank) <= 0:
		return fmt.Errorf("gpu: latents: %d heads of %d and %d, rank %d and %d shared: want positive numbers, the last three multiples of 4, rows up to %d",
			l.Heads, l.KeyDim, l.ValueDim, l.Rank, l.SharedDim, maxLatent)
	case len(w) != l.Heads*(l.KeyDim+l.ValueDim)*l.Rank:
		return fmt.Errorf("gpu: latents: the second matrix has %d weights, want %d", len(w), l.Heads*(l.KeyDim+l.ValueDim)*l.Rank)
	}
	var keys []float32
	values := make([]float32, l.Heads*l.Rank*l.ValueDim)
	for h := range l.Heads {
		part := w[h*(l.KeyDim+l.ValueDim)*l.Rank:][:(l.KeyDim+l.ValueDim)*l.Rank]
		keys = append(keys, part[:l.KeyDim*l.Rank]...)
		for i, v := range part[l.KeyDim*l.Rank:] {
			values[(h*l.Rank+i%l.Rank)*l.ValueDim+i/l.Rank] = v
		}
	}
	b, err := d.buffers("latents up", len(keys), len(values))
	if err != nil {
		return err
	}
	if err := cmp.Or(b[0].WriteFloats(0, keys), b[1].WriteFloats(0, values)); err != nil {
		release(b...)
		return err
	}
	l.keys, l.values = b[0], b[1]
	return nil
}

// Release gives the second matrix's memory back; the rest is the caller's.
func (l *LatentLayer) Release() { release(l.keys, l.values) }

// NewLatentCache makes an empty cache of at least that many rows of the layer.
func (d *Device) NewLatentCache(l *LatentLayer, slots int) (*Cache, error) {
	if slots <= 0 {
		return nil, fmt.Errorf("gpu: latent cache of %d slots, want one or more", slots)
	}
	c := &Cache{Slots: max(slots, minSlots), KVHeads: 1, KeyDim: l.row(), ValDim: l.row()}
	var err error
	if c.k, err = d.NewBuffer("latents", c.Slots*l.row()); err != nil {
		return nil, fmt.Errorf("%w: lower the context", err)
	}
	c.v = c.k
	return c, nil
}

// LatentScratch is the memory that MixLatent needs between its kernels.
type LatentScratch struct {
	query, latent *Buffer // [tokens, heads (keyDim + sharedDim)], [tokens, rank + sharedDim]
	long, mean    *Buffer // [tokens, heads, rank + sharedDim]
	attend        *Scratch
}

// NewLatentScratch makes scratch memory for up to tokens tokens at a time.
func (d *Device) NewLatentScratch(tokens int, l *LatentLayer) (*LatentScratch, error) {
	long := tokens * l.Heads * l.row()
	b, err := d.buffers("latent attention", tokens*l.Heads*(l.KeyDim+l.SharedDim), tokens*l.row(), long, long)
	if err != nil {
		return nil, err
	}
	m := &LatentScratch{query: b[0], latent: b[1], long: b[2], mean: b[3]}
	if m.attend, err = d.NewScratch(tokens, l.Heads, l.row()); err != nil {
		m.Release()
		return nil, err
	}
	return m, nil
}

// Release gives the scratch memory back.
func (m *LatentScratch) Release() {
	if m != nil {
		release(m.query, m.latent, m.long, m.mean)
		m.attend.Release()
	}
}

// MixLatent puts the rows of tokens from position pos on into the cache and
// attends from them to all earlier ones: x [tokens, width], out [tokens, heads,
// valueDim].
func (s *Step) MixLatent(out, x *Buffer, l *LatentLayer, c *Cache, m *LatentScratch, pos, tokens int) {
	if l.keys == nil || tokens > c.Slots {
		s.fail(fmt.Errorf("gpu: latents: %d tokens into a cache of %d, second matrix there: %t", tokens, c.Slots, l.keys != nil))
		return
	}
	s.MatMul(m.query, l.Query, x, tokens)
	s.MatMul(m.latent, l.Down, x, tokens)
	if !s.wants("latents: norm", l.Norm, l.Rank) || !s.wants("latents: cache", c.k, c.Slots*l.row()) {
		return
	}
	gx, gz := spread(tokens)
	s.dispatch(variant{file: "latent_store", access: "rrw"},
		words{uint32(tokens), uint32(l.row()), uint32(l.Rank), uint32(pos), uint32(c.Slots), f(l.NormEps)}, gx, 1, gz, m.latent, l.Norm, c.k)
	s.perHead(m.long, m.query, l.keys, tokens, l.Heads, l.KeyDim+l.SharedDim, l.KeyDim, l.Rank, l.SharedDim)
	s.Attend(m.mean, m.long, c, m.attend, Attention{Heads: l.Heads, Pos: pos, Scale: invSqrt(l.KeyDim + l.SharedDim)}, tokens)
	s.perHead(out, m.mean, l.values, tokens, l.Heads, l.row(), l.Rank, l.ValueDim, 0)
}

// perHead computes out [rows, heads, cols + more]: for each head the product of
// the first inner channels of x [rows, heads, width] with its matrix w [heads,
// inner, cols], then more of the channels behind them as they are.
func (s *Step) perHead(out, x, w *Buffer, rows, heads, width, inner, cols, more int) {
	if !s.wants("product by head", out, rows*heads*(cols+more)) || !s.wants("product by head", x, rows*heads*width) ||
		!s.wants("product by head", w, heads*inner*cols) {
		return
	}
	s.elementwise(variant{file: "heads", access: "rrw"},
		words{uint32(rows), uint32(heads), uint32(width), uint32(inner), uint32(cols / 4), uint32(more / 4)}, rows*heads*(cols+more)/4, x, w, out)
}
