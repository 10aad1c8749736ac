package gpu

import "fmt"

// Alone is one attention layer without a model around it, to test and to time
// mechanisms.
type Alone struct {
	d            *Device
	c            Config
	attend       Attending
	rope         *ropeTables
	scratch      *Scratch
	q, k, v, out *Buffer
	lse          *Buffer
	owned        []*Buffer
	n            int // tokens seen
	cached       int64
}

// NewAlone makes a layer of c.Heads over c.KVHeads, of c.KeyDim and c.ValueDim
// channels, by c.Layer[0]; what a model has besides does not count.
func (d *Device) NewAlone(c Config) (*Alone, error) {
	c.Layers, c.Width, c.FFN, c.Vocab = 1, 1, 1, 1
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	a := &Alone{d: d, c: c}
	if err := a.allocate(); err != nil {
		a.Release()
		return nil, err
	}
	return a, nil
}

func (a *Alone) allocate() (err error) {
	c, n := a.c, a.c.Chunk
	for _, b := range []struct {
		to    **Buffer
		width int
	}{{&a.q, c.Heads * c.KeyDim}, {&a.k, c.KVHeads * c.KeyDim}, {&a.v, c.KVHeads * c.ValueDim}, {&a.out, c.Heads * c.ValueDim}, {&a.lse, c.Heads}} {
		if *b.to, err = a.d.NewBuffer("rows", n*b.width); err != nil {
			return err
		}
		a.owned = append(a.owned, *b.to)
	}
	if a.scratch, err = a.d.NewScratch(n, c.Heads, c.ValueDim); err != nil {
		return err
	}
	if a.rope, err = newRopeTables(a.d, c); err != nil {
		return err
	}
	before := a.d.bytes()
	a.attend, err = a.d.attending(c)
	a.cached = a.d.bytes() - before
	return err
}

// Release gives the memory back.
func (a *Alone) Release() {
	a.attend.release()
	a.scratch.Release()
	if a.rope != nil {
		a.rope.buf.Release()
	}
	for _, b := range a.owned {
		b.Release()
	}
}

// CacheBytes is the memory of the cache and of what the mechanism needs beside
// it.
func (a *Alone) CacheBytes() int64 { return a.cached }

// Take is how many of n tokens Write and Attend take at once.
func (a *Alone) Take(n int) int {
	n = min(n, a.c.Chunk)
	return min(n, a.attend.Layers[0].Cut(a.n, n))
}

// Write hands the next n tokens' raw q [n, heads, keyDim], k [n, kvHeads, keyDim]
// and v [n, kvHeads, valueDim] to the device.
func (a *Alone) Write(q, k, v []float32) error {
	for _, b := range []struct {
		to *Buffer
		x  []float32
	}{{a.q, q}, {a.k, k}, {a.v, v}} {
		if err := b.to.WriteFloats(0, b.x); err != nil {
			return err
		}
	}
	return a.d.flush()
}

// Attend attends with the n tokens last written, and waits for the device. out
// [n, heads, valueDim], if not nil, takes their results.
func (a *Alone) Attend(n int, out []float32) error {
	if n != a.Take(n) || a.n+n > a.c.Context {
		return fmt.Errorf("gpu: %d tokens behind %d: want up to %d of a context of %d", n, a.n, a.Take(n), a.c.Context)
	}
	if err := a.rope.fill(a.n, n); err != nil {
		return err
	}
	r := &Rows{Step: a.d.Begin(), Pos: a.n, N: n, Q: a.q, K: a.k, V: a.v, Out: a.out, LSE: a.lse,
		d: a.d, c: a.c, rope: a.c.Layer[0].Rope, table: a.rope.buf, scratch: a.scratch}
	a.attend.Layers[0].Attend(r)
	if out != nil {
		r.Step.ReadFloats(a.out, 0, out[:n*a.c.Heads*a.c.ValueDim])
	}
	if err := r.Step.Run(); err != nil {
		return err
	}
	a.n += n
	return nil
}

// Prompt is Model.Prompt.
func (a *Alone) Prompt(n int) {
	if a.attend.Prompt != nil {
		a.attend.Prompt(n)
	}
}

// End is Model.End; a mechanism that prepares nothing does nothing.
func (a *Alone) End() error {
	if a.attend.End == nil {
		return nil
	}
	return a.attend.End()
}

// Back goes back to n tokens, undoing End where reopen says so, or to fewer
// where the mechanism has no more; it returns how many.
func (a *Alone) Back(n int, reopen bool) int {
	a.n = a.attend.Layers[0].Back(n)
	if reopen && a.attend.Reopen != nil {
		a.attend.Reopen()
	}
	return a.n
}
