package gpu

import "fmt"

// DeltaLayer is the mixer of Kimi Linear without its last matrix, from rows of
// the residual stream, already normalised, to the heads' gated results:
//
//	q, k, v = silu(causal depthwise convolution of W x)
//	q, k    = q / |q|, k / |k|, head by head
//	g       = -exp(ALog) softplus(DecayUp DecayDown x + DecayBias)
//	beta    = sigmoid(Beta x)
//	out     = rms norm of KDA's results, head by head, times
//	          sigmoid(GateUp GateDown x + GateBias)
//
// Source: ../shared/spec/attention.md §7, "Layer".
type DeltaLayer struct {
	DeltaAttention
	Query, Key, Value  *Matrix    // [heads keyDim or valueDim, width]
	Conv               [3]*Buffer // of q, k and v: [taps, channels], the oldest sample's tap first
	Taps               int
	DecayDown, DecayUp *Matrix // [rank, width], [heads keyDim, rank]
	ALog, DecayBias    *Buffer // [heads], [heads keyDim]
	Beta               *Matrix // [heads, width]
	GateDown, GateUp   *Matrix // [rank, width], [heads valueDim, rank]
	GateBias           *Buffer // [heads valueDim]; nil: none
	Norm               *Buffer // [valueDim]
	NormEps            float64
}

// channels are those of q, k and v.
func (l *DeltaLayer) channels() [3]int {
	keys := l.Heads * l.KeyDim
	return [3]int{keys, keys, l.Heads * l.ValueDim}
}

// DeltaState is what one sequence leaves behind in a layer, at any length.
type DeltaState struct {
	State *Buffer    // [heads, keyDim, valueDim]
	Tails [3]*Buffer // of q, k and v: the last [taps-1, channels] samples ahead of the convolution
}

// NewDeltaState makes the state of an empty sequence.
func (d *Device) NewDeltaState(l *DeltaLayer) (*DeltaState, error) {
	ch := l.channels()
	sizes := []int{l.Heads * l.KeyDim * l.ValueDim, (l.Taps - 1) * ch[0], (l.Taps - 1) * ch[1], (l.Taps - 1) * ch[2]}
	b, err := several(sizes, func(n int) (*Buffer, error) { return d.zeros("delta state", n) })
	if err != nil {
		return nil, err
	}
	return &DeltaState{State: b[0], Tails: [3]*Buffer(b[1:])}, nil
}

// Release gives the state's memory back.
func (c *DeltaState) Release() {
	if c != nil {
		release(append(c.Tails[:], c.State)...)
	}
}

// DeltaLayerScratch is the memory that MixDelta needs between its kernels.
type DeltaLayerScratch struct {
	raw, mixed     [3]*Buffer // of q, k and v: ahead of and behind the convolution
	low            *Buffer    // [tokens, rank], of the decay, then of the gate
	decay, beta, o *Buffer
	unit           *Buffer // [keyDim], see NewDeltaLayerScratch
	chunks         *DeltaScratch
}

// NewDeltaLayerScratch makes scratch memory for up to tokens tokens at a time.
func (d *Device) NewDeltaLayerScratch(tokens int, l *DeltaLayer) (*DeltaLayerScratch, error) {
	ch := l.channels()
	rank := max(l.DecayDown.Rows, l.GateDown.Rows)
	b, err := d.buffers("delta layer", tokens*ch[0], tokens*ch[1], tokens*ch[2], tokens*ch[0], tokens*ch[1], tokens*ch[2],
		tokens*rank, tokens*ch[0], tokens*l.Heads, tokens*ch[2], l.KeyDim)
	if err != nil {
		return nil, err
	}
	m := &DeltaLayerScratch{raw: [3]*Buffer(b[:3]), mixed: [3]*Buffer(b[3:6]), low: b[6], decay: b[7], beta: b[8], o: b[9], unit: b[10]}
	unit := make([]float32, l.KeyDim)
	for i := range unit {
		unit[i] = float32(invSqrt(l.KeyDim)) // RMSNorm divides by the mean of squares, a unit vector's sum is 1
	}
	if m.chunks, err = d.NewDeltaScratch(tokens, l.DeltaAttention); err == nil {
		err = m.unit.WriteFloats(0, unit)
	}
	if err != nil {
		m.Release()
		return nil, err
	}
	return m, nil
}

// Release gives the scratch memory back.
func (m *DeltaLayerScratch) Release() {
	if m == nil {
		return
	}
	release(m.low, m.decay, m.beta, m.o, m.unit)
	release(m.raw[:]...)
	release(m.mixed[:]...)
	m.chunks.Release()
}

// unitEps is added to the sum of squares of a query or key.
const unitEps = 1e-6

// chunkedFrom is the number of tokens from which on a prompt goes by chunks. It is
// a guess: no real GPU was there to measure where the forms cross.
const chunkedFrom = 32

// MixDelta appends tokens to a sequence: x [tokens, width], out [tokens, heads
// valueDim]. Any split of a sequence's tokens over calls gives the same results.
func (s *Step) MixDelta(out, x *Buffer, l *DeltaLayer, c *DeltaState, m *DeltaLayerScratch, tokens int) {
	ch := l.channels()
	for i, w := range []*Matrix{l.Query, l.Key, l.Value} {
		s.MatMul(m.raw[i], w, x, tokens)
		s.conv(m.mixed[i], m.raw[i], l.Conv[i], c.Tails[i], tokens, ch[i], l.Taps)
	}
	rows, eps := tokens*l.Heads, unitEps/float64(l.KeyDim)
	q, k := m.raw[0], m.raw[1]
	s.RMSNorm(q, m.mixed[0], m.unit, 0, rows, l.KeyDim, eps)
	s.RMSNorm(k, m.mixed[1], m.unit, 0, rows, l.KeyDim, eps)
	s.MatMul(m.low, l.DecayDown, x, tokens)
	s.MatMul(m.decay, l.DecayUp, m.low, tokens)
	s.MatMul(m.beta, l.Beta, x, tokens)
	s.deltaGates(m.decay, m.beta, l, rows)
	if tokens >= chunkedFrom && l.ValueDim%4 == 0 {
		s.KDAChunks(m.o, c.State, q, k, m.mixed[2], m.decay, m.beta, m.chunks, l.DeltaAttention, tokens)
	} else {
		s.KDA(m.o, c.State, q, k, m.mixed[2], m.decay, m.beta, l.DeltaAttention, tokens)
	}
	s.MatMul(m.low, l.GateDown, x, tokens)
	s.MatMul(out, l.GateUp, m.low, tokens)
	if l.GateBias != nil {
		s.Add(out, l.GateBias, tokens*ch[2], ch[2])
	}
	s.RMSNorm(m.raw[2], m.o, l.Norm, 0, rows, l.ValueDim, l.NormEps)
	s.Gate(Sigmoid, out, m.raw[2], tokens*ch[2])
}

// conv computes out [tokens, channels] from x behind a tail of samples, by
// weights [taps, channels], and shifts the tail on.
func (s *Step) conv(out, x, weights, tail *Buffer, tokens, channels, taps int) {
	if taps < 1 || tokens < 1 {
		s.fail(fmt.Errorf("gpu: convolution of %d taps over %d tokens, want one or more of both", taps, tokens))
		return
	}
	n := tokens * channels
	if !s.wants("convolution", out, n) || !s.wants("convolution", x, n) || !s.wants("convolution: weights", weights, taps*channels) ||
		!s.wants("convolution: tail", tail, (taps-1)*channels) {
		return
	}
	p := words{uint32(tokens), uint32(channels), uint32(taps)}
	s.elementwise(variant{file: "conv", access: "rrrw", fill: fill{Act: SiLU.file()}}, p, n, x, weights, tail, out)
	if taps > 1 {
		s.elementwise(variant{file: "conv_tail", access: "rw"}, p, channels, x, tail)
	}
}

// deltaGates turns the projections of rows (tokens x heads) in place into log
// decays [rows, keyDim] and betas [rows].
func (s *Step) deltaGates(decay, beta *Buffer, l *DeltaLayer, rows int) {
	if !s.wants("kda: decay", decay, rows*l.KeyDim) || !s.wants("kda: beta", beta, rows) ||
		!s.wants("kda: decay's rate", l.ALog, l.Heads) || !s.wants("kda: decay's bias", l.DecayBias, l.Heads*l.KeyDim) {
		return
	}
	s.elementwise(variant{file: "kda_gates", access: "rrww", fill: fill{Act: Sigmoid.file()}},
		words{uint32(rows), uint32(l.Heads), uint32(l.KeyDim)}, rows*l.KeyDim, l.ALog, l.DecayBias, decay, beta)
}
