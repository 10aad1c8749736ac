package gpu

import "fmt"

// Cache holds one layer's rotated keys and values as a ring of Slots tokens:
// token t lies in slot t mod Slots.
type Cache struct {
	Slots   int
	KVHeads int
	KeyDim  int
	ValDim  int

	k, v *Buffer
}

// NewCache makes an empty cache of at least that many slots; head sizes must
// be multiples of 4, up to 640.
func (d *Device) NewCache(slots, kvHeads, keyDim, valDim int) (*Cache, error) {
	if keyDim%4 != 0 || valDim%4 != 0 || max(keyDim, valDim) > maxLatent || min(slots, kvHeads, keyDim, valDim) <= 0 {
		return nil, fmt.Errorf("gpu: cache of %d slots, %d heads of %d and %d: want positive numbers, sizes a multiple of 4 up to %d",
			slots, kvHeads, keyDim, valDim, maxLatent)
	}
	c := &Cache{Slots: max(slots, minSlots), KVHeads: kvHeads, KeyDim: keyDim, ValDim: valDim}
	var err error
	if c.k, err = d.NewBuffer("keys", c.Slots*kvHeads*keyDim); err != nil {
		return nil, fmt.Errorf("%w: lower the context", err)
	}
	if c.v, err = d.NewBuffer("values", c.Slots*kvHeads*valDim); err != nil {
		c.k.Release()
		return nil, fmt.Errorf("%w: lower the context", err)
	}
	return c, nil
}

// minSlots is the number of keys that attention takes at a time.
const minSlots = 8

// maxHeadDim is up to where few lanes hold a row of attention in their registers.
const maxHeadDim = 256

// Release gives the cache's memory back.
func (c *Cache) Release() {
	if c != nil {
		c.k.Release()
		c.v.Release()
	}
}

// KeysAsValues is the cache with its keys for values: attention over it is a
// mean of keys. It shares the memory, and is not to be released.
func (c *Cache) KeysAsValues() *Cache {
	return &Cache{Slots: c.Slots, KVHeads: c.KVHeads, KeyDim: c.KeyDim, ValDim: c.KeyDim, k: c.k, v: c.k}
}

// Store puts k [tokens, kvHeads, keyDim] and v [tokens, kvHeads, valDim] of
// the tokens from position pos on into the cache; at most Slots tokens.
func (s *Step) Store(c *Cache, k, v *Buffer, pos, tokens int) {
	kw, vw := c.KVHeads*c.KeyDim, c.KVHeads*c.ValDim
	if !s.wants("store", k, tokens*kw) || !s.wants("store", v, tokens*vw) {
		return
	}
	if tokens > c.Slots {
		s.fail(fmt.Errorf("gpu: store: %d tokens into a cache of %d", tokens, c.Slots))
		return
	}
	s.dispatch(variant{file: "kvstore", access: "rrww"},
		words{uint32(tokens), uint32(kw), uint32(vw), uint32(pos), uint32(c.Slots)}, (kw+vw+63)/64, tokens, 1, k, v, c.k, c.v)
}

// ReadKeys asks for the keys of a cache's first tokens, [tokens, kvHeads,
// keyDim], as ReadFloats does.
func (s *Step) ReadKeys(c *Cache, dst []float32) { s.ReadFloats(c.k, 0, dst) }

// Attention describes one attention over a cache: causal, or each row over a
// span of its own.
type Attention struct {
	Heads  int     // query heads, a multiple of the cache's; head h uses kv head h div (Heads / KVHeads)
	Pos    int     // position of the first query; the cache holds Pos + tokens tokens
	Window int     // keys that a query sees, itself included; 0: all
	Scale  float64 // of the scores
	Cap    float64 // soft cap of the scores, before the mask; 0: none
	Parts  int     // shares of the keys that are attended apart and then joined; 0: chosen
	LSE    *Buffer // optional [tokens, heads]: natural log of the sum of exp(score), Hidden where there is none
	// Spans, if there are any, are what each row sees instead of Pos and Window:
	// [tokens, heads] pairs of int32, the position of the first key and that
	// behind the last. Keys is where all of them end, at the latest.
	Spans *Buffer
	Keys  int
}

// Hidden is the log-sum-exp of a row that saw no key.
const Hidden = -3e38

// Scratch is the memory that Attend needs between its kernels.
type Scratch struct {
	outs *Buffer // [maxParts, heads, valDim], for one token
	lse  *Buffer // [parts, tokens, heads]
	none *Buffer // [heads], where a log-sum-exp goes that nobody asked for
}

// maxParts bounds the split of the keys.
const maxParts = 32

// NewScratch makes scratch memory for up to tokens queries at a time.
func (d *Device) NewScratch(tokens, heads, valDim int) (*Scratch, error) {
	var m Scratch
	var err error
	if m.outs, err = d.NewBuffer("attention parts", maxParts*heads*valDim); err != nil {
		return nil, err
	}
	if m.lse, err = d.NewBuffer("attention lse", max(tokens, maxParts)*heads); err != nil {
		m.outs.Release()
		return nil, err
	}
	if m.none, err = d.NewBuffer("attention lse of all parts", heads); err != nil {
		m.outs.Release()
		m.lse.Release()
		return nil, err
	}
	return &m, nil
}

// Release gives the scratch memory back.
func (m *Scratch) Release() {
	if m != nil {
		m.outs.Release()
		m.lse.Release()
		m.none.Release()
	}
}

// Attend computes softmax(scale q k^T) v for q [tokens, heads, keyDim] at
// positions a.Pos.. into out [tokens, heads, valDim]; their keys are in the
// cache already. The softmax is streamed, eight keys at a time, so no score
// matrix exists. For one token the keys may be split into parts, each with
// its own softmax and log-sum-exp, which are then joined by their weights.
// A ring must still hold all keys in the window of the first query, or in any
// row's span.
// Source: arXiv 2205.14135 §3.1, arXiv 2307.08691 §3.
func (s *Step) Attend(out, q *Buffer, c *Cache, m *Scratch, a Attention, tokens int) {
	if err := a.check(c, tokens); err != nil {
		s.fail(err)
		return
	}
	if !s.wants("attend", q, tokens*a.Heads*c.KeyDim) || !s.wants("attend", out, tokens*a.Heads*c.ValDim) ||
		!s.wants("attend", m.lse, tokens*a.Heads) || !s.wants("attend", m.outs, maxParts*a.Heads*c.ValDim) {
		return
	}
	parts := a.parts(tokens)
	if parts > 1 {
		s.attend(m.outs, m.lse, q, c, a, tokens, 0, parts)
		lse := a.LSE
		if lse == nil {
			lse = m.none
		}
		s.combine(out, lse, m.outs, m.lse, parts, a.Heads, c.ValDim)
		return
	}
	lse := a.LSE
	if lse == nil {
		lse = m.lse
	}
	s.attend(out, lse, q, c, a, tokens, 0, 1)
}

// attend dispatches the kernel: its parts go to part, part+1, … of out and lse.
func (s *Step) attend(out, lse, q *Buffer, c *Cache, a Attention, tokens, part, parts int) {
	if !s.wants("attend", lse, (part+parts)*tokens*a.Heads) {
		return
	}
	group := a.Heads / c.KVHeads
	rows, lanes := shape(tokens*group, c.KeyDim, c.ValDim)
	v := variant{file: "attend", access: "rrrww",
		fill: fill{KeyQuads: c.KeyDim / 4, ValueQuads: c.ValDim / 4, Rows: rows, Lanes: lanes}}
	buffers, pos := []*Buffer{q, c.k, c.v, out, lse}, a.Pos
	if a.Spans != nil {
		if !s.wants("attend: spans", a.Spans, 2*tokens*a.Heads) {
			return
		}
		v.access, v.fill.Spans, pos = "rrrwwr", true, a.Keys
		buffers = append(buffers, a.Spans)
	}
	p := words{uint32(tokens), uint32(pos), uint32(a.Heads), uint32(c.KVHeads), uint32(group), uint32(a.Window),
		uint32(c.Slots), uint32(parts), f(a.Scale), f(a.Cap), uint32(part)}
	s.dispatch(v, p, (tokens*group+rows-1)/rows, c.KVHeads, parts, buffers...)
}

func (a Attention) check(c *Cache, tokens int) error {
	first := 0 // the oldest key that is needed
	if a.Window > 0 {
		first = max(0, a.Pos-a.Window+1)
	}
	switch {
	case a.Heads <= 0 || a.Heads%c.KVHeads != 0:
		return fmt.Errorf("gpu: attend: %d heads are no multiple of %d kv heads", a.Heads, c.KVHeads)
	case a.Spans != nil && (a.Keys < 0 || tokens <= 0):
		return fmt.Errorf("gpu: attend: %d tokens over %d keys", tokens, a.Keys)
	case a.Pos < 0 || a.Window < 0 || tokens <= 0:
		return fmt.Errorf("gpu: attend: %d tokens at position %d with window %d", tokens, a.Pos, a.Window)
	case a.Spans == nil && a.Pos+tokens-first > c.Slots:
		return fmt.Errorf("gpu: attend: positions %d to %d in a cache of %d tokens", first, a.Pos+tokens-1, c.Slots)
	case a.Parts > maxParts || a.Parts > 1 && tokens > 1:
		return fmt.Errorf("gpu: attend: %d parts for %d tokens, want at most %d for one token", a.Parts, tokens, maxParts)
	}
	return nil
}

// shape lays invocations out over query rows (tokens x heads of a group). Few
// rows get few of them, or most would idle; many rows get few lanes each, since
// the joining of the lanes' parts of a dot product is work that no head needs,
// unless a large head would take too many registers. On llvmpipe, heads of 64,
// 128 tokens over 700 keys: 0.70e9 multiply-adds a second as 8 x 8, 0.87e9 as
// 16 x 4.
func shape(rows, keyDim, valDim int) (r, lanes int) {
	switch {
	case rows <= 2:
		return 2, 16
	case max(keyDim, valDim) > maxHeadDim: // latent rows, and the largest heads
		return 4, 16
	case rows <= 4:
		return 4, 8
	case rows <= 8 || max(keyDim, valDim) > 128:
		return 8, 8
	}
	return 16, 4
}

// Split is into how many parts it pays to cut the keys of so many tokens.
func (a Attention) Split(tokens int) int { return a.parts(tokens) }

// parts splits long caches for a single token, where one workgroup for each
// kv head would leave a GPU idle: at least 128 keys a part.
func (a Attention) parts(tokens int) int {
	if a.Parts > 0 {
		return a.Parts
	}
	if tokens > 1 {
		return 1
	}
	keys := a.Pos + tokens
	if a.Spans != nil {
		keys = a.Keys
	} else if a.Window > 0 {
		keys = min(keys, a.Window)
	}
	return min(max(keys/128, 1), maxParts)
}
