package attentiontest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Shape is a layer under test, with what a definition in float64 has to know
// of it.
type Shape struct {
	Heads, KVHeads, KeyDim, ValueDim int
	Window                           int
	Cap                              float64 // soft-cap of scores; 0: none
	Base                             float64 // of the rotation; 0: none
	Interleaved                      bool
}

// Shapes are layers that differ in what mechanisms have to mind.
func Shapes() []Shape {
	return []Shape{
		{Heads: 2, KVHeads: 2, KeyDim: 16, ValueDim: 16, Base: 1e4},
		{Heads: 4, KVHeads: 2, KeyDim: 8, ValueDim: 24, Base: 1e4, Interleaved: true},
		{Heads: 3, KVHeads: 1, KeyDim: 16, ValueDim: 16, Cap: 5},
		{Heads: 2, KVHeads: 1, KeyDim: 16, ValueDim: 16, Base: 1e4, Window: 100},
	}
}

func (s Shape) String() string {
	return fmt.Sprintf("%d over %d heads of %d and %d, window %d, cap %g, base %g", s.Heads, s.KVHeads, s.KeyDim, s.ValueDim, s.Window, s.Cap, s.Base)
}

// Layer is the shape as a mechanism is told of it.
func (s Shape) Layer(t cpu.KVType) attention.Layer {
	l := attention.Layer{
		Heads: s.Heads, KV: cpu.KVShape{Heads: s.KVHeads, KeyDim: s.KeyDim, ValueDim: s.ValueDim, Type: t},
		Scale: float32(1 / math.Sqrt(float64(s.KeyDim))), SoftCap: float32(s.Cap), Window: s.Window,
	}
	if s.Base > 0 {
		l.Angles = cpu.NewAngles(s.KeyDim, s.turns(), 1, s.Interleaved)
	}
	return l
}

// turns are the radians by which a token turns each pair; none where there is
// no rotation.
func (s Shape) turns() []float64 {
	if s.Base == 0 {
		return nil
	}
	out := make([]float64, s.KeyDim/2)
	for i := range out {
		out[i] = math.Pow(s.Base, -2*float64(i)/float64(s.KeyDim))
	}
	return out
}

// Tokens are raw queries [n, heads, keyDim], keys [n, kvHeads, keyDim] and
// values [n, kvHeads, valueDim] of a sequence.
type Tokens struct {
	N       int
	Q, K, V []float32
}

// Random returns n tokens of normally distributed numbers.
func (s Shape) Random(n int, seed uint64) Tokens {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	draw := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	return Tokens{n, draw(n * s.Heads * s.KeyDim), draw(n * s.KVHeads * s.KeyDim), draw(n * s.KVHeads * s.ValueDim)}
}

// Cut returns the tokens from..to.
func (s Shape) Cut(x Tokens, from, to int) Tokens {
	q, k, v := s.Heads*s.KeyDim, s.KVHeads*s.KeyDim, s.KVHeads*s.ValueDim
	return Tokens{to - from, x.Q[from*q : to*q], x.K[from*k : to*k], x.V[from*v : to*v]}
}

// join puts b behind a.
func join(a, b Tokens) Tokens {
	glue := func(a, b []float32) []float32 { return append(append([]float32(nil), a...), b...) }
	return Tokens{a.N + b.N, glue(a.Q, b.Q), glue(a.K, b.K), glue(a.V, b.V)}
}

// Seen is a token that a row sees: the positions are those by which the row's
// query and the token's key are rotated.
type Seen struct{ Token, QueryAt, KeyAt int }

// definition computes rows of a sequence in float64; what it has computed it
// keeps.
type definition struct {
	Shape
	x    Tokens
	sees func(s Shape, t int) []Seen
	turn []float64
	keys map[[3]int][]float64 // by kv head, token and position
	rows map[int][]float64
}

func (s Shape) define(x Tokens, sees func(s Shape, t int) []Seen) *definition {
	return &definition{s, x, sees, s.turns(), map[[3]int][]float64{}, map[int][]float64{}}
}

// rotated is one head's query or key at a position.
func (d *definition) rotated(x []float32, at int) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	for i, turn := range d.turn {
		a, b := i, i+d.KeyDim/2
		if d.Interleaved {
			a, b = 2*i, 2*i+1
		}
		sin, cos := math.Sincos(float64(at) * turn)
		out[a], out[b] = out[a]*cos-out[b]*sin, out[a]*sin+out[b]*cos
	}
	return out
}

func (d *definition) key(kv, token, at int) []float64 {
	id := [3]int{kv, token, at}
	if d.keys[id] == nil {
		d.keys[id] = d.rotated(d.x.K[(token*d.KVHeads+kv)*d.KeyDim:][:d.KeyDim], at)
	}
	return d.keys[id]
}

// row is the attention of row t: softmax over what it sees.
// Source: ../shared/spec/attention.md §1.
func (d *definition) row(t int) []float64 {
	if d.rows[t] == nil {
		seen := d.sees(d.Shape, t)
		for h := range d.Heads {
			d.rows[t] = append(d.rows[t], d.head(t, h, seen)...)
		}
	}
	return d.rows[t]
}

func (d *definition) head(t, h int, seen []Seen) []float64 {
	kv := h / (d.Heads / d.KVHeads)
	raw := d.x.Q[(t*d.Heads+h)*d.KeyDim:][:d.KeyDim]
	scores, most := make([]float64, len(seen)), math.Inf(-1)
	at, q := -1, []float64(nil)
	for i, e := range seen {
		if e.QueryAt != at {
			at, q = e.QueryAt, d.rotated(raw, e.QueryAt)
		}
		for c, k := range d.key(kv, e.Token, e.KeyAt) {
			scores[i] += q[c] * k / math.Sqrt(float64(d.KeyDim))
		}
		if d.Cap > 0 {
			scores[i] = d.Cap * math.Tanh(scores[i]/d.Cap)
		}
		most = max(most, scores[i])
	}
	out, sum := make([]float64, d.ValueDim), 0.0
	for i, e := range seen {
		p := math.Exp(scores[i] - most)
		sum += p
		for c, v := range d.x.V[(e.Token*d.KVHeads+kv)*d.ValueDim:][:d.ValueDim] {
			out[c] += p * float64(v)
		}
	}
	for c := range out {
		out[c] /= sum
	}
	return out
}

// Causal is what a row of full attention sees, or one of a window.
func Causal(t, window int) []Seen {
	var out []Seen
	for j := range t + 1 {
		if window == 0 || t-j < window {
			out = append(out, Seen{j, t, j})
		}
	}
	return out
}
