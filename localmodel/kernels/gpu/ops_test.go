package gpu

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// odd are element counts around the size of a workgroup.
func odd() []int { return []int{1, 63, 64, 65, 1000} }

func TestElementwiseOpsEqualFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	silu := func(z float64) float64 { return z / (1 + math.Exp(-z)) }
	gelu := func(z float64) float64 {
		return z / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z)))
	}
	cases := []struct {
		name   string
		record func(s *Step, x, y *Buffer, n int)
		want   func(x, y float64) float64
	}{
		{"residual", func(s *Step, x, y *Buffer, n int) { s.Add(x, y, n, n) }, func(x, y float64) float64 { return x + y }},
		{"scale", func(s *Step, x, _ *Buffer, n int) { s.Scale(x, n, -1.5) }, func(x, _ float64) float64 { return -1.5 * x }},
		{"soft cap", func(s *Step, x, _ *Buffer, n int) { s.SoftCap(x, n, 30) }, func(x, _ float64) float64 { return 30 * math.Tanh(x/30) }},
		{"SiLU gate", func(s *Step, x, y *Buffer, n int) { s.Gate(SiLU, x, y, n) }, func(x, y float64) float64 { return silu(x) * y }},
		{"sigmoid gate", func(s *Step, x, y *Buffer, n int) { s.Gate(Sigmoid, x, y, n) }, func(x, y float64) float64 { return y / (1 + math.Exp(-x)) }},
		{"GELU gate", func(s *Step, x, y *Buffer, n int) { s.Gate(GELU, x, y, n) }, func(x, y float64) float64 { return gelu(x) * y }},
	}
	for _, c := range cases {
		for _, n := range odd() {
			r := source(c.name)
			x, y := normal(r, n), normal(r, n)
			x[0] = -300 // where exp and tanh leave float32
			if n > 1 {
				x[1] = 300
			}
			xb := output(t, d, n)
			if err := xb.WriteFloats(0, x); err != nil {
				t.Fatal(err)
			}
			s := d.Begin()
			c.record(s, xb, input(t, d, y), n)
			want := make([]float64, n)
			for i := range want {
				want[i] = c.want(float64(x[i]), float64(y[i]))
			}
			near(t, fmt.Sprint(c.name, " of ", n), run(t, s, xb, n), want, 0.1)
		}
	}
}

func TestABiasRepeatsForEveryToken(t *testing.T) {
	d := openDevice(t, Options{})
	x, b := normal(source("x"), 5*36), normal(source("b"), 36)
	xb := output(t, d, len(x))
	if err := xb.WriteFloats(0, x); err != nil {
		t.Fatal(err)
	}
	s := d.Begin()
	s.Add(xb, input(t, d, b), len(x), len(b))
	want := make([]float64, len(x))
	for i := range want {
		want[i] = float64(x[i]) + float64(b[i%36])
	}
	near(t, "bias", run(t, s, xb, len(x)), want, 1)
}

func TestRMSNormEqualsFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, cols := range odd() {
		const row0, rows = 2, 3
		r := source("rms")
		x, w := normal(r, (row0+rows)*cols), normal(r, cols)
		out := output(t, d, rows*cols)
		s := d.Begin()
		s.RMSNorm(out, input(t, d, x), input(t, d, w), row0, rows, cols, 1e-5)
		near(t, fmt.Sprint(cols, " columns"), run(t, s, out, rows*cols), rms(x[row0*cols:], w, 1e-5), 1)
	}
}

// rms is the definition, in float64.
func rms(x, w []float32, eps float64) []float64 {
	out := make([]float64, len(x))
	for r := 0; r < len(x); r += len(w) {
		sum := 0.0
		for i := range w {
			sum += float64(x[r+i]) * float64(x[r+i])
		}
		for i := range w {
			out[r+i] = float64(x[r+i]) / math.Sqrt(sum/float64(len(w))+eps) * float64(w[i])
		}
	}
	return out
}

func TestRoPEEqualsFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, interleaved := range []bool{false, true} {
		for _, pairs := range []int{1, 5, 10} { // of heads of 20: partial and full rotation
			const tokens, heads, dim, pos = 7, 3, 20, 1000
			c := Config{Chunk: tokens, Layer: []LayerConfig{{Rope: Rope{InvFreq: powers(50, 8)}},
				{Rope: Rope{InvFreq: powers(1e4, 2*pairs), Interleaved: interleaved, Magnitude: 1.25}}}}
			tables, err := newRopeTables(d, c)
			if err != nil {
				t.Fatal(err)
			}
			if err := tables.fill(pos, tokens); err != nil {
				t.Fatal(err)
			}
			x := normal(source("rope"), tokens*heads*dim)
			xb := output(t, d, len(x))
			if err := xb.WriteFloats(0, x); err != nil {
				t.Fatal(err)
			}
			s := d.Begin()
			s.RoPE(xb, tables.buf, tokens, heads, dim, pairs, interleaved, tables.offset[tables.of[1]])
			want := rotated(wide(x), heads, dim, pos, c.Layer[1].Rope)
			near(t, fmt.Sprint(interleaved, pairs), run(t, s, xb, len(x)), want, 3)
		}
	}
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// rotated is the definition of RoPE for x [tokens, heads, dim] at pos.., in
// float64.
func rotated(x []float64, heads, dim, pos int, r Rope) []float64 {
	out := append([]float64(nil), x...)
	magnitude := r.Magnitude
	if magnitude == 0 {
		magnitude = 1
	}
	for h := 0; h < len(x)/dim; h++ {
		for i, freq := range r.InvFreq {
			sin, cos := math.Sincos(float64(pos+h/heads) * freq)
			a, b := h*dim+i, h*dim+i+len(r.InvFreq)
			if r.Interleaved {
				a, b = h*dim+2*i, h*dim+2*i+1
			}
			out[a] = magnitude * (x[a]*cos - x[b]*sin)
			out[b] = magnitude * (x[b]*cos + x[a]*sin)
		}
	}
	return out
}

func TestArgMaxTakesTheLowestOfEquals(t *testing.T) {
	d := openDevice(t, Options{})
	scratch := output(t, d, 2*ArgMaxGroups)
	for _, n := range append(odd(), 64*ArgMaxGroups+77) {
		for _, at := range [][]int{{0}, {n - 1}, {n / 2, n - 1}, {n / 3, n / 2}} {
			x := normal(source("argmax"), n)
			for i := range x {
				x[i] -= 1e6 // all far below zero
			}
			for _, i := range at {
				x[i] = -17
			}
			best := output(t, d, 1)
			got := make([]int32, 1)
			s := d.Begin()
			s.ArgMax(best, input(t, d, x), scratch, n)
			s.ReadInts(best, 0, got)
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			if got[0] != int32(at[0]) {
				t.Errorf("of %d with maxima at %v: got %d", n, at, got[0])
			}
		}
	}
}

func TestSmallBuffersAreRefused(t *testing.T) {
	d := openDevice(t, Options{})
	x := input(t, d, make([]float32, 64))
	s := d.Begin()
	s.Add(x, x, 64, 64)
	s.Scale(x, 65, 2)
	if err := s.Submit(); err == nil || !strings.Contains(err.Error(), "scale: a buffer of 64 values, want 65") {
		t.Errorf("got %v", err)
	}
}
