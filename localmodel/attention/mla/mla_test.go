package mla

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/quant"
)

func f32(w []float32, rows, cols int) cpu.Matrix {
	m := cpu.Matrix{Type: quant.F32, Rows: rows, Cols: cols}
	for _, v := range w {
		m.Data = binary.LittleEndian.AppendUint32(m.Data, math.Float32bits(v))
	}
	return m
}

// mix feeds rows to a cache, step at a time.
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

func TestGolden(t *testing.T) {
	cases := goldentest.Cases(t)
	for _, level := range cpu.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			k := cpu.New(level, 2)
			defer k.Close()
			ran := 0
			for _, c := range cases {
				if c.Mechanism == "mla_nope" {
					ran++
					golden(t, k, c)
				}
			}
			if ran == 0 {
				t.Error("no case of mla_nope")
			}
		})
	}
}

func golden(t *testing.T, k *cpu.Kernels, c goldentest.Case) {
	t.Helper()
	read := func(name string) ([]float32, []int) {
		v, shape := c.Tensor(t, name)
		return goldentest.Narrow(v), shape
	}
	matrix := func(name string) cpu.Matrix {
		v, shape := read(name)
		return f32(v, shape[0], shape[1])
	}
	l := &Layer{
		Heads: int(c.Number("heads", 0)), KeyDim: int(c.Number("d_nope", 0)), SharedDim: int(c.Number("d_shared", 0)), ValueDim: int(c.Number("d_v", 0)),
		Query: matrix("wq"), Down: matrix("wkv_a"), NormEps: float32(c.Number("eps", 0)),
	}
	l.Norm, _ = read("kv_norm")
	up, _ := read("wkv_b")
	if err := l.SetUp(up); err != nil {
		t.Fatal(err)
	}
	x, shape := read("x")
	last := matrix("wo")
	want, _ := c.Tensor(t, "y")
	for _, step := range []int{1000, 1, 7, 33} {
		y := make([]float32, len(want))
		k.MatMul(y, mix(k, l, l.New(), x, step), shape[0], last)
		near(t, fmt.Sprintf("%s by %d", c.ID, step), y, want, c.AbsTol)
	}
}

func near(t rapid.TB, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= tol) {
			t.Fatalf("%s: number %d: got %g, want %g", what, i, got[i], w)
		}
	}
}

// plain is the attention as it is written, in float64: keys and values of every
// token and head.
func plain(l *Layer, up, x []float32) []float64 {
	width, rank := l.Query.Cols, l.Rank()
	var keys, values [][]float64 // [token][heads ...]
	var out []float64
	for ; len(x) > 0; x = x[width:] {
		q, latent := times(l.Query, x[:width]), times(l.Down, x[:width])
		c, sum := latent[:rank], 0.0
		for _, v := range c {
			sum += v * v
		}
		for i := range c {
			c[i] *= float64(l.Norm[i]) / math.Sqrt(sum/float64(rank)+float64(l.NormEps))
		}
		var key, value []float64
		for h := range l.Heads {
			part := up[h*(l.KeyDim+l.ValueDim)*rank:]
			for r := range l.KeyDim + l.ValueDim {
				v := 0.0
				for i, n := range c {
					v += float64(part[r*rank+i]) * n
				}
				if r < l.KeyDim {
					key = append(key, v)
				} else {
					value = append(value, v)
				}
			}
			key = append(key, latent[rank:]...)
		}
		keys, values = append(keys, key), append(values, value)
		for h := range l.Heads {
			out = append(out, l.softmax(q, keys, values, h)...)
		}
	}
	return out
}

func (l *Layer) softmax(q []float64, keys, values [][]float64, h int) []float64 {
	d := l.KeyDim + l.SharedDim
	out, sum := make([]float64, l.ValueDim), 0.0
	for j := range keys {
		score := 0.0
		for i := range d {
			score += q[h*d+i] * keys[j][h*d+i]
		}
		p := math.Exp(score / math.Sqrt(float64(d)))
		sum += p
		for y := range out {
			out[y] += p * values[j][h*l.ValueDim+y]
		}
	}
	for y := range out {
		out[y] /= sum
	}
	return out
}

func times(m cpu.Matrix, x []float32) []float64 {
	out := make([]float64, m.Rows)
	for r := range out {
		for i, v := range x {
			w := math.Float32frombits(binary.LittleEndian.Uint32(m.Data[4*(r*m.Cols+i):]))
			out[r] += float64(w) * float64(v)
		}
	}
	return out
}

// random gives a layer random weights, and returns its second matrix and tokens.
func random(r *rand.Rand, l *Layer, width, rank, n int) (up, x []float32) {
	draw := func(n int, spread float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(spread * r.NormFloat64())
		}
		return x
	}
	in := 1 / math.Sqrt(float64(width))
	rows := l.Heads * (l.KeyDim + l.SharedDim)
	l.Query, l.Down = f32(draw(rows*width, in), rows, width), f32(draw((rank+l.SharedDim)*width, in), rank+l.SharedDim, width)
	l.Norm, l.NormEps = draw(rank, 1), 1e-5
	return draw(l.Heads*(l.KeyDim+l.ValueDim)*rank, 1/math.Sqrt(float64(rank))), draw(n*width, 1)
}

func TestAbsorbedEqualsPlain(t *testing.T) {
	for _, level := range cpu.Levels() {
		k := cpu.New(level, 2)
		t.Cleanup(k.Close)
		t.Run(level.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				l := &Layer{
					Heads: rapid.IntRange(1, 5).Draw(t, "heads"), KeyDim: rapid.IntRange(1, 40).Draw(t, "key"),
					SharedDim: rapid.IntRange(0, 20).Draw(t, "shared"), ValueDim: rapid.IntRange(1, 40).Draw(t, "value"),
				}
				n := rapid.SampledFrom([]int{1, 2, 63, 65, 130}).Draw(t, "tokens")
				up, x := random(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), l, 24, rapid.IntRange(1, 70).Draw(t, "rank"), n)
				if err := l.SetUp(up); err != nil {
					t.Fatal(err)
				}
				got := mix(k, l, l.New(), x, rapid.IntRange(1, n).Draw(t, "step"))
				want, size := plain(l, up, x), 1.0
				for _, v := range want {
					size = max(size, math.Abs(v))
				}
				near(t, "out", got, want, 5e-5*size)
			})
		})
	}
}

// A cache holds the latent rows alone; forks at any length go on as if nothing
// had been there behind it.
func TestCachesForkAnywhere(t *testing.T) {
	l := &Layer{Heads: 3, KeyDim: 16, SharedDim: 8, ValueDim: 16, Type: cpu.F16}
	up, x := random(rand.New(rand.NewPCG(1, 2)), l, 32, 56, 200)
	if err := l.SetUp(up); err != nil {
		t.Fatal(err)
	}
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	whole := l.New()
	want := mix(k, l, whole, x, 200)
	if got := l.Bytes(128); got != 128*(56+8)*2 {
		t.Errorf("128 tokens take %d bytes, want %d: rank and shared part of each, in float16", got, 128*64*2)
	}
	held := int64(0)
	for _, bytes := range whole.Pieces() {
		held += bytes
	}
	if held != l.Bytes(200) {
		t.Errorf("a cache of 200 tokens holds %d bytes, Bytes says %d", held, l.Bytes(200))
	}
	for _, at := range []int{0, 1, 64, 100, 199} {
		fork, ok := whole.Fork(at)
		if !ok || fork.Len() != at {
			t.Fatalf("no fork at %d", at)
		}
		got := mix(k, l, fork.(*Cache), x[at*32:], 9)
		for i, v := range got {
			if w := want[at*l.Heads*l.ValueDim+i]; !(math.Abs(float64(v-w)) <= 1e-4) {
				t.Fatalf("forked at %d: number %d: got %g, want %g", at, i, v, w)
			}
		}
	}
}

func TestSetUpRefusesAnotherShape(t *testing.T) {
	l := &Layer{Heads: 2, KeyDim: 4, ValueDim: 4, Norm: make([]float32, 8)}
	if err := l.SetUp(make([]float32, 127)); err == nil {
		t.Error("127 weights were taken for 128")
	}
}
