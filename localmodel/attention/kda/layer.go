package kda

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Layer is the mixer of Kimi Linear without its last matrix: from rows of the
// residual stream, already normalised, to the heads' gated results.
//
//	q, k, v = silu(causal depthwise convolution of W x)
//	q, k    = q / |q|, k / |k|, head by head
//	g       = -exp(A_log) softplus(W_f2 W_f1 x + dt_bias)
//	beta    = sigmoid(W_b x)
//	out     = rms norm of the recurrence's o, head by head, times
//	          sigmoid(W_g2 W_g1 x + bias)
//
// Matrices are [out, in].
type Layer struct {
	Shape
	Query, Key, Value  cpu.Matrix   // [heads keyDim or valueDim, width]
	Conv               [3][]float32 // of q, k and v: [taps, channels], the oldest sample's tap first
	Taps               int
	DecayDown, DecayUp cpu.Matrix // [rank, width], [heads keyDim, rank]
	ALog, DecayBias    []float32  // [heads], [heads keyDim]
	Beta               cpu.Matrix // [heads, width]
	GateDown, GateUp   cpu.Matrix // [rank, width], [heads valueDim, rank]
	GateBias           []float32  // [heads valueDim]; nil: none
	Norm               []float32  // [valueDim]
	NormEps            float32
}

// unitEps is added to the sum of squares of a query or key.
const unitEps = 1e-6

// channels are those of q, k and v.
func (l *Layer) channels() [3]int {
	keys := l.Heads * l.KeyDim
	return [3]int{keys, keys, l.Heads * l.ValueDim}
}

// Tokens are N new tokens of one sequence.
type Tokens struct {
	Cache *Cache
	N     int
}

// layerScratch holds rows of all works, one after the other.
type layerScratch struct {
	raw, mixed                     [3][]float32 // of q, k and v: ahead of and behind the convolution
	low, gateLow                   []float32    // [n, rank]
	decay, gate, beta, one, length []float32
}

// Mix appends the works' tokens to their caches: x [n, width] holds their rows,
// work behind work, and out [n, heads valueDim] gets the results. Works are of
// different sequences; a work's result does not depend on the others.
func (l *Layer) Mix(k *cpu.Kernels, b *Scratch, x []float32, works []Tokens, out []float32) {
	n := 0
	for _, w := range works {
		n += w.N
	}
	if n == 0 {
		return
	}
	l.project(k, b, x, n)
	l.convolve(k, b, works)
	l.normalise(k, b, n)
	l.attend(k, b, works, out)
	l.finish(k, b, out[:n*l.Heads*l.ValueDim], n)
}

// project computes all products with x.
func (l *Layer) project(k *cpu.Kernels, b *Scratch, x []float32, n int) {
	s, ch := &b.layer, l.channels()
	for i, c := range ch {
		grow(&s.raw[i], n*c)
		grow(&s.mixed[i], n*c)
	}
	k.MatMuls(x, n,
		cpu.MatMulJob{Out: s.raw[0], W: l.Query}, cpu.MatMulJob{Out: s.raw[1], W: l.Key}, cpu.MatMulJob{Out: s.raw[2], W: l.Value},
		cpu.MatMulJob{Out: grow(&s.low, n*l.DecayDown.Rows), W: l.DecayDown}, cpu.MatMulJob{Out: grow(&s.gateLow, n*l.GateDown.Rows), W: l.GateDown},
		cpu.MatMulJob{Out: grow(&s.beta, n*l.Heads), W: l.Beta})
	k.MatMul(grow(&s.decay, n*ch[0]), s.low, n, l.DecayUp)
	k.MatMul(grow(&s.gate, n*ch[2]), s.gateLow, n, l.GateUp)
}

// convolve runs the three convolutions over each work, behind the samples that
// its cache keeps, and keeps the last ones.
func (l *Layer) convolve(k *cpu.Kernels, b *Scratch, works []Tokens) {
	s, threads := &b.layer, b.threadsFor(k)
	for i, channels := range l.channels() {
		for len(s.one) < channels {
			s.one = append(s.one, 1)
		}
		at := 0
		for _, w := range works {
			tail := w.Cache.own().tails[i]
			rows, out := s.raw[i][at:at+w.N*channels], s.mixed[i][at:]
			k.Share(w.N, func(t cpu.Thread, r int) {
				terms := grow(&threads[t.Number].spare, channels)
				l.sample(t, l.Conv[i], tail, rows, out[r*channels:][:channels], terms, r)
				t.SiLUMul(out[r*channels:][:channels], s.one)
			})
			shift(tail, rows)
			at += w.N * channels
		}
	}
}

// sample computes row r of a convolution.
func (l *Layer) sample(t cpu.Thread, weights, tail, rows, out, terms []float32, r int) {
	c := len(out)
	for tap := range l.Taps {
		from := r - (l.Taps - 1) + tap
		x := tail
		if from >= 0 {
			x = rows
		} else {
			from += l.Taps - 1
		}
		if tap == 0 {
			t.Mul(out, x[from*c:][:c], weights[:c], 1)
			continue
		}
		t.Mul(terms, x[from*c:][:c], weights[tap*c:], 1)
		t.Add(out, terms)
	}
}

// shift appends rows to a tail of fixed length.
func shift(tail, rows []float32) {
	if len(rows) >= len(tail) {
		copy(tail, rows[len(rows)-len(tail):])
		return
	}
	copy(tail[copy(tail, tail[len(rows):]):], rows)
}

// normalise makes queries and keys unit vectors and turns decays and betas into
// what they stand for.
func (l *Layer) normalise(k *cpu.Kernels, b *Scratch, n int) {
	s, d := &b.layer, float64(l.KeyDim)
	for i := range grow(&s.length, l.KeyDim) {
		s.length[i] = float32(1 / math.Sqrt(d)) // RMSNorm divides by the mean, not by the sum
	}
	for _, x := range s.mixed[:2] {
		k.RMSNorm(x, x, s.length, n*l.Heads, l.KeyDim, float32(unitEps/d))
	}
	keys, threads := l.Heads*l.KeyDim, b.threadsFor(k)
	k.Share(n, func(t cpu.Thread, r int) {
		row := s.decay[r*keys:][:keys]
		t.Add(row, l.DecayBias)
		softplus(t, row, grow(&threads[t.Number].spare, keys))
		for h, a := range l.ALog {
			part := row[h*l.KeyDim:][:l.KeyDim]
			t.Scale(part, part, -float32(math.Exp(float64(a))))
		}
		for h, z := range s.beta[r*l.Heads:][:l.Heads] {
			s.beta[r*l.Heads+h] = float32(1 / (1 + math.Exp(-float64(z))))
		}
	})
}

// softplus replaces z by log(1 + e^z) = max(z, 0) + log(1 + e^-|z|); power is
// overwritten.
func softplus(t cpu.Thread, z, power []float32) {
	for i, v := range z {
		power[i] = min(v, -v)
	}
	t.Exp(power, power)
	for i, v := range z {
		z[i] = max(v, 0) + logOnePlus(power[i])
	}
}

// logOnePlus is log(1 + p) of 0 <= p <= 1 to float32's precision: 2 artanh s of
// s = p / (2+p) <= 1/3, whose series falls by 9 with each term.
func logOnePlus(p float32) float32 {
	s := p / (2 + p)
	t := float64(s) * float64(s)
	return s * float32(2+t*(2./3+t*(2./5+t*(2./7+t*(2./9+t*(2./11+t*(2./13+t*2./15)))))))
}

func (l *Layer) attend(k *cpu.Kernels, b *Scratch, works []Tokens, out []float32) {
	s, at := &b.layer, 0
	list := make([]Work, len(works))
	keys, values := l.Heads*l.KeyDim, l.Heads*l.ValueDim
	for i, w := range works {
		to := at + w.N
		list[i] = Work{
			N: w.N, Q: s.mixed[0][at*keys : to*keys], K: s.mixed[1][at*keys : to*keys], V: s.mixed[2][at*values : to*values],
			Decay: s.decay[at*keys : to*keys], Beta: s.beta[at*l.Heads : to*l.Heads], State: w.Cache.own().state, Out: out[at*values : to*values],
		}
		w.Cache.n += w.N
		at = to
	}
	Attend(k, b, l.Shape, list...)
}

// finish normalises the heads' results and gates them.
func (l *Layer) finish(k *cpu.Kernels, b *Scratch, out []float32, n int) {
	k.RMSNorm(out, out, l.Norm, n*l.Heads, l.ValueDim, l.NormEps)
	values := l.Heads * l.ValueDim
	k.Share(n, func(t cpu.Thread, r int) {
		gate, row := b.layer.gate[r*values:][:values], out[r*values:][:values]
		if l.GateBias != nil {
			t.Add(gate, l.GateBias)
		}
		t.Scale(gate, gate, -1)
		t.Exp(gate, gate)
		for i, e := range gate {
			row[i] /= 1 + e
		}
	})
}
