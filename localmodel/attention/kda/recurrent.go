package kda

import "github.com/lcbench/lcbench/localmodel/kernels/cpu"

// Recurrent appends the works' tokens one by one, the heads of all works side
// by side: the form for decoding.
func Recurrent(k *cpu.Kernels, b *Scratch, s Shape, works ...Work) {
	for i := range works {
		works[i].check(s)
	}
	threads := b.threadsFor(k)
	k.Share(len(works)*s.Heads, func(t cpu.Thread, i int) {
		threads[t.Number].token.recur(t, s, &works[i/s.Heads], i%s.Heads)
	})
}

// tokenScratch is a thread's for the recurrence.
type tokenScratch struct{ state, decay, kq, read, errors []float32 }

// recur takes one head's state through all tokens of a work.
func (b *tokenScratch) recur(t cpu.Thread, s Shape, w *Work, head int) {
	size := s.KeyDim * s.ValueDim
	own := w.State[head*size:][:size]
	state := cpu.Dense{Data: own, Stride: s.ValueDim}
	if padded := up(s.ValueDim, cpu.Panel); padded != s.ValueDim {
		state = cpu.Dense{Data: grow(&b.state, s.KeyDim*padded), Stride: padded}
		for x := range s.KeyDim {
			clear(state.From(x).Data[copy(state.From(x).Data, own[x*s.ValueDim:][:s.ValueDim]):padded])
		}
	}
	for i := range w.N {
		b.step(t, s, w, i*s.Heads+head, state)
	}
	if state.Stride != s.ValueDim {
		for x := range s.KeyDim {
			copy(own[x*s.ValueDim:][:s.ValueDim], state.From(x).Data)
		}
	}
}

// step takes the state through row row of [n, heads]. With D = diag(exp g) it
// reads (D k)^T S and (D q)^T S from the state as it was, which is passed over
// once for both, and then S <- D S + k e^T, where e = beta (v - (D k)^T S):
// hence o = scale ((D q)^T S + (q . k) e).
func (b *tokenScratch) step(t cpu.Thread, s Shape, w *Work, row int, state cpu.Dense) {
	d, width := s.KeyDim, state.Stride
	decay, kq, read := grow(&b.decay, d), grow(&b.kq, 2*d), grow(&b.read, 2*width)
	q, k := w.Q[row*d:][:d], w.K[row*d:][:d]
	t.Exp(decay, w.Decay[row*d:][:d])
	t.Mul(kq[:d], k, decay, 1)
	t.Mul(kq[d:], q, decay, s.scale())
	t.Product(cpu.Dense{Data: read, Stride: width}, cpu.Dense{Data: kq, Stride: d}, state, 2, width, d, nil)
	var qk float32
	for i, v := range q {
		qk += v * k[i]
	}
	qk *= s.scale()
	errors := grow(&b.errors, width)
	v, out := w.V[row*s.ValueDim:][:s.ValueDim], w.Out[row*s.ValueDim:][:s.ValueDim]
	clear(errors[s.ValueDim:])
	for i := range out {
		errors[i] = w.Beta[row] * (v[i] - read[i])
		out[i] = read[width+i] + qk*errors[i]
	}
	t.Product(state, cpu.Dense{Data: k, Stride: 1}, cpu.Dense{Data: errors, Stride: width}, d, width, 1, decay)
}
