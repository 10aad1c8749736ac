package gpu

import "math"

// Mechanism is a way to attend in place of full attention.
type Mechanism interface {
	// OnDevice makes what the mechanism needs for the layers of a model.
	OnDevice(d *Device, c Config) (Attending, error)
}

// Attending is a mechanism at work on the one sequence that a device holds.
type Attending struct {
	Layers []LayerAttention // one for each of the model's
	// End, if not nil, is called when all layers have seen the fixed context, or
	// the prompt, that the mechanism prepares for what follows. Reopen undoes it:
	// the tokens up to there stay, those behind are computed anew.
	End    func() error
	Reopen func()
	// Prompt, if not nil, is told how long the prompt is that the tokens from here
	// on are of, with what is scored behind it; 0: they are of no prompt. What was
	// computed for a prompt of another length serves this one in nothing.
	Prompt func(n int)

	owned []interface{ Release() }
}

// LayerAttention attends at one layer.
type LayerAttention interface {
	// Attend records the attention of a pass's rows into r.Step. The rows follow
	// on what was seen, or go back to where Back allows it.
	Attend(r *Rows)
	// Cut is how many of n tokens from position pos on one pass may take, at
	// least 1.
	Cut(pos, n int) int
	// Back is the largest length up to n behind which a pass may begin.
	Back(n int) int
}

// Rows are the tokens of a pass at one layer, at positions Pos, Pos+1, ….
type Rows struct {
	Step   *Step
	Pos, N int
	// Q [n, heads, keyDim], K [n, kvHeads, keyDim] and V [n, kvHeads, valueDim] are
	// raw (not rotated) and may be overwritten; Out is [n, heads, valueDim].
	Q, K, V, Out *Buffer
	LSE          *Buffer // [n, heads], for whom it may serve

	d       *Device
	c       Config
	rope    Rope
	table   *Buffer // angles of the rows' own positions, from pair tableOff on
	offset  int
	scratch *Scratch
}

// Attention is that of the rows over all keys up to their own.
func (r *Rows) Attention() Attention {
	return Attention{Heads: r.c.Heads, Pos: r.Pos, Scale: r.c.Scale, Cap: r.c.AttentionCap}
}

// Rotate turns queries and keys in place by their positions.
func (r *Rows) Rotate() {
	pairs := len(r.rope.InvFreq)
	r.Step.RoPE(r.Q, r.table, r.N, r.c.Heads, r.c.KeyDim, pairs, r.rope.Interleaved, r.offset)
	r.Step.RoPE(r.K, r.table, r.N, r.c.KVHeads, r.c.KeyDim, pairs, r.rope.Interleaved, r.offset)
}

// Attend is Step.Attend from q into r.Out.
func (r *Rows) Attend(q *Buffer, c *Cache, a Attention) {
	r.Step.Attend(r.Out, q, c, r.scratch, a, r.N)
}

// Turned rotates x [n, heads, keyDim] by the positions at, [turns, n], into out
// [turns, n, heads, keyDim]; table, of 2 × turns × n × pairs values, is for this
// layer's use alone, since a device reads it later than the host writes it.
func (r *Rows) Turned(out, x, table *Buffer, heads int, at []int) {
	r.Try(table.WriteFloats(0, r.rope.angles(at)))
	r.Step.Turn(out, x, table, len(at)/r.N, r.N, heads, r.c.KeyDim, len(r.rope.InvFreq), r.rope.Interleaved)
}

// Read waits for the device and returns the first n values of b; the pass goes
// on in another step. After an error, which that step keeps, they are zeros.
func (r *Rows) Read(b *Buffer, n int) []float32 {
	out := make([]float32, n)
	r.Step.ReadFloats(b, 0, out)
	err := r.Step.Run()
	r.Step = r.d.Begin()
	r.Try(err)
	return out
}

// Try fails the pass if there is an error.
func (r *Rows) Try(err error) {
	if err != nil {
		r.Step.fail(err)
	}
}

// angles are the cosines and sines of positions, [positions, pairs, 2], in
// float64 until they are written down.
func (r Rope) angles(at []int) []float32 {
	magnitude := r.Magnitude
	if magnitude == 0 {
		magnitude = 1
	}
	out := make([]float32, 0, 2*len(at)*len(r.InvFreq))
	for _, p := range at {
		for _, freq := range r.InvFreq {
			sin, cos := math.Sincos(float64(p) * freq)
			out = append(out, float32(magnitude*cos), float32(magnitude*sin))
		}
	}
	return out
}

// Whole is full attention at a layer, or over the layer's own window.
type Whole struct {
	Cache  *Cache
	window int
	seen   int
}

var _ LayerAttention = (*Whole)(nil)

// attending makes what attends by a configuration.
func (d *Device) attending(c Config) (Attending, error) {
	if c.Attention != nil {
		return c.Attention.OnDevice(d, c)
	}
	m := Make(d, c)
	for i := range c.Layers {
		m.Add(m.Whole(i))
	}
	return m.Done()
}

func (a Attending) release() {
	for _, o := range a.owned {
		o.Release()
	}
}

// Store rotates the rows, puts them into the cache and returns the attention
// over it.
func (w *Whole) Store(r *Rows) Attention {
	r.Rotate()
	r.Step.Store(w.Cache, r.K, r.V, r.Pos, r.N)
	w.seen = r.Pos + r.N
	a := r.Attention()
	a.Window = w.window
	return a
}

// Attend implements LayerAttention.
func (w *Whole) Attend(r *Rows) { r.Attend(r.Q, w.Cache, w.Store(r)) }

// Cut implements LayerAttention.
func (w *Whole) Cut(_, n int) int { return n }

// Back implements LayerAttention: the ring must still have what the next token
// sees.
func (w *Whole) Back(n int) int {
	if oldest := max(0, n-w.window+1); w.window > 0 && oldest < n && w.seen-oldest > w.Cache.Slots {
		return 0
	}
	return n
}
