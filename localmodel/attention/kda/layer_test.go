package kda

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// goldenLayer is a case's layer, its last matrix, its input and its result.
func goldenLayer(t *testing.T, c goldentest.Case) (l *Layer, out cpu.Matrix, x []float32, want []float64) {
	t.Helper()
	vector := func(name string) []float32 {
		v, _ := c.Tensor(t, name)
		return goldentest.Narrow(v)
	}
	matrix := func(name string) cpu.Matrix {
		v, shape := c.Tensor(t, name)
		return f32(goldentest.Narrow(v), shape[0], shape[1])
	}
	taps := int(c.Number("conv", 0))
	conv := func(name string) []float32 {
		v, shape := c.Tensor(t, name)
		return goldentest.Narrow(goldentest.Swap(v, shape[0], taps, 1))
	}
	d := int(c.Number("d", 0))
	l = &Layer{
		Shape: Shape{Heads: int(c.Number("heads", 0)), KeyDim: d, ValueDim: d}, Taps: taps,
		Query: matrix("wq"), Key: matrix("wk"), Value: matrix("wv"), Conv: [3][]float32{conv("wq_conv"), conv("wk_conv"), conv("wv_conv")},
		DecayDown: matrix("f_down"), DecayUp: matrix("f_up"), ALog: vector("a_log"), DecayBias: vector("dt_bias"), Beta: matrix("wb"),
		GateDown: matrix("g_down"), GateUp: matrix("g_up"), GateBias: vector("g_bias"), Norm: vector("norm"), NormEps: float32(c.Number("norm_eps", 0)),
	}
	want, _ = c.Tensor(t, "y")
	return l, matrix("wo"), vector("x"), want
}

func f32(w []float32, rows, cols int) cpu.Matrix {
	m := cpu.Matrix{Type: quant.F32, Rows: rows, Cols: cols, Data: make([]byte, 4*len(w))}
	for i, v := range w {
		bits := math.Float32bits(v)
		m.Data[4*i], m.Data[4*i+1], m.Data[4*i+2], m.Data[4*i+3] = byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24)
	}
	return m
}

// mix feeds rows of width numbers to a cache, step at a time.
func mix(k *cpu.Kernels, l *Layer, c *Cache, x []float32, step int) []float32 {
	width, values := l.Query.Cols, l.Heads*l.ValueDim
	n := len(x) / width
	out, b := make([]float32, n*values), &Scratch{}
	for from := 0; from < n; from += step {
		to := min(n, from+step)
		l.Mix(k, b, x[from*width:to*width], []Tokens{{c, to - from}}, out[from*values:to*values])
	}
	return out
}

func TestGoldenLayer(t *testing.T) {
	cases := goldentest.Cases(t)
	eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
		ran := 0
		for _, c := range cases {
			if c.Mechanism != "kda_layer" {
				continue
			}
			ran++
			l, last, x, want := goldenLayer(t, c)
			state, _ := c.Tensor(t, "state")
			for _, step := range []int{1000, 1, 2, 5, 33} {
				cache := l.New()
				out := mix(k, l, cache, x, step)
				n := len(x) / l.Query.Cols
				y := make([]float32, n*last.Rows)
				k.MatMul(y, out, n, last)
				close32(t, fmt.Sprintf("%s by %d: y", c.ID, step), y, want, c.AbsTol)
				close32(t, fmt.Sprintf("%s by %d: state", c.ID, step), cache.memory.state, state, c.AbsTol)
				if cache.Len() != n {
					t.Errorf("%s: Len is %d behind %d tokens", c.ID, cache.Len(), n)
				}
			}
		}
		if ran == 0 {
			t.Error("no case of kda_layer")
		}
	})
}

func TestLogOnePlus(t *testing.T) {
	for _, p := range []float32{0, 1e-38, 1e-20, 1e-7, 1e-3, 0.1, 0.3, 0.5, 0.77, 0.999, 1} {
		want := math.Log1p(float64(p))
		if got := float64(logOnePlus(p)); !(math.Abs(got-want) <= 3e-7*want) {
			t.Errorf("log(1+%g): got %g, want %g", p, got, want)
		}
	}
}

// Sequences side by side, and forks at the end, don't disturb one another.
func TestCachesFork(t *testing.T) {
	const at = 20
	all := goldentest.Cases(t)
	i := slices.IndexFunc(all, func(c goldentest.Case) bool {
		return c.Mechanism == "kda_layer" && c.In["x"].Shape[0] > 2*at
	})
	if i < 0 {
		t.Fatalf("no case of kda_layer with more than %d tokens", 2*at)
	}
	l, _, x, _ := goldenLayer(t, all[i])
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	width, values := l.Query.Cols, l.Heads*l.ValueDim
	n := len(x) / width
	want := mix(k, l, l.New(), x, n)[at*values:]
	first := l.New()
	mix(k, l, first, x[:at*width], at)
	for _, length := range []int{at - 1, at + 1, 1} {
		if _, ok := first.Fork(length); ok {
			t.Errorf("a state behind %d tokens was forked at %d", at, length)
		}
	}
	fork, ok := first.Fork(at)
	if !ok || fork.Len() != at {
		t.Fatalf("no fork at the end: %v, length %d", ok, fork.Len())
	}
	later, _ := first.Fork(at)
	if both := held(first, fork.(*Cache), later.(*Cache)); both != l.Bytes() {
		t.Errorf("a cache and its fork hold %d bytes, want %d: they share", both, l.Bytes())
	}
	if want := 4 * int64(l.Heads*l.KeyDim*l.ValueDim+3*(l.Taps-1)*l.Heads*l.KeyDim); l.Bytes() != want {
		t.Errorf("a cache has %d bytes, the formula says %d", l.Bytes(), want)
	}
	tol := tolerance
	out := make([]float32, 2*(n-at)*values)
	both := append(append([]float32(nil), x[at*width:]...), x[at*width:]...)
	l.Mix(k, &Scratch{}, both, []Tokens{{fork.(*Cache), n - at}, {l.New(), n - at}}, out)
	close32(t, "a fork", out[:(n-at)*values], wide(want), tol)
	close32(t, "the cache that was forked", mix(k, l, first, x[at*width:], 7), wide(want), tol)
	if both := held(first, fork.(*Cache)); both != 2*l.Bytes() {
		t.Errorf("a cache and its fork hold %d bytes once both went on, want %d", both, 2*l.Bytes())
	}
	close32(t, "a fork that waited", mix(k, l, later.(*Cache), x[at*width:], 7), wide(want), tol)
	empty, ok := first.Fork(0)
	if !ok {
		t.Fatal("no fork at 0")
	}
	close32(t, "an empty fork", mix(k, l, empty.(*Cache), x, n)[at*values:], wide(want), tol)
	if p := first.ForkPoint(n - 1); p != 0 {
		t.Errorf("ForkPoint says %d ahead of the end, want 0", p)
	}
	if p := first.ForkPoint(n + 5); p != n {
		t.Errorf("ForkPoint says %d, want the end at %d", p, n)
	}
}

func held(caches ...*Cache) int64 {
	total, seen := int64(0), map[any]bool{}
	for _, c := range caches {
		for id, bytes := range c.Pieces() {
			if !seen[id] {
				total += bytes
			}
			seen[id] = true
		}
	}
	return total
}
