package gpu

import (
	"math"
	"strings"
	"testing"
)

// Rows as long as Kimi Linear's take more registers than any head of others.
func TestLatentAttentionEqualsThePlainFormInFloat64(t *testing.T) {
	d := openDevice(t, Options{})
	for _, l := range []LatentLayer{
		{Heads: 1, KeyDim: 3, SharedDim: 0, ValueDim: 4, Rank: 4},
		{Heads: 5, KeyDim: 10, SharedDim: 4, ValueDim: 12, Rank: 36},
		{Heads: 2, KeyDim: 128, SharedDim: 64, ValueDim: 128, Rank: 512},
	} {
		testLatent(t, d, l, 19)
	}
}

// testLatent takes a prompt in one call, and as a prefill and single tokens.
func testLatent(t *testing.T, d *Device, l LatentLayer, n int) {
	t.Helper()
	const width = 24
	r := source("latents")
	draw := func(rows, cols int) []float32 {
		w := normal(r, rows*cols)
		for i := range w {
			w[i] /= float32(math.Sqrt(float64(cols)))
		}
		return w
	}
	query, down := draw(l.Heads*(l.KeyDim+l.SharedDim), width), draw(l.row(), width)
	up, norm, x := draw(l.Heads*(l.KeyDim+l.ValueDim), l.Rank), normal(r, l.Rank), normal(r, n*width)
	l.Query, l.Down = floatMatrix(t, d, query, len(query)/width, width), floatMatrix(t, d, down, l.row(), width)
	l.Norm, l.NormEps = input(t, d, norm), 1e-5
	if err := d.NewLatentUp(&l, up); err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	m, err := d.NewLatentScratch(n, &l)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	want := latentAttended(&l, wide(query), wide(down), wide(up), wide(norm), wide(x), width)
	for _, steps := range feeds(n) {
		c, err := d.NewLatentCache(&l, n)
		if err != nil {
			t.Fatal(err)
		}
		s, at, out := d.Begin(), 0, make([]float32, len(want))
		for _, tokens := range steps {
			o := output(t, d, tokens*l.Heads*l.ValueDim)
			s.MixLatent(o, input(t, d, x[at*width:(at+tokens)*width]), &l, c, m, at, tokens)
			s.ReadFloats(o, 0, out[at*l.Heads*l.ValueDim:(at+tokens)*l.Heads*l.ValueDim])
			at += tokens
		}
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		near(t, "latent attention", out, want, 8)
		c.Release()
	}
}

// latentAttended makes every token's keys and values of all heads, in float64.
func latentAttended(l *LatentLayer, query, down, up, norm, x []float64, width int) []float64 {
	n, key := len(x)/width, l.KeyDim+l.SharedDim
	q, rows := products(query, x, width), products(down, x, width)
	var k, v []float64
	for ; len(rows) > 0; rows = rows[l.row():] {
		c, sum := make([]float64, l.Rank), 0.0
		for _, z := range rows[:l.Rank] {
			sum += z * z
		}
		for i := range c {
			c[i] = rows[i] * norm[i] / math.Sqrt(sum/float64(l.Rank)+l.NormEps)
		}
		for h := range l.Heads {
			both := products(up[h*(l.KeyDim+l.ValueDim)*l.Rank:][:(l.KeyDim+l.ValueDim)*l.Rank], c, l.Rank)
			k = append(append(k, both[:l.KeyDim]...), rows[l.Rank:l.row()]...)
			v = append(v, both[l.KeyDim:]...)
		}
	}
	return attended(q[:n*l.Heads*key], k, v, l.Heads, key, l.ValueDim, Attention{Heads: l.Heads, Scale: invSqrt(key)})
}

// products are W x of each row of x; rows of both have cols numbers.
func products(w, x []float64, cols int) []float64 {
	var y []float64
	for ; len(x) > 0; x = x[cols:] {
		for r := 0; r < len(w); r += cols {
			sum := 0.0
			for i, v := range x[:cols] {
				sum += w[r+i] * v
			}
			y = append(y, sum)
		}
	}
	return y
}

func TestLatentsThatDoNotFitAreRefused(t *testing.T) {
	d := openDevice(t, Options{})
	for name, l := range map[string]LatentLayer{
		"rank 6 and 4 shared":   {Heads: 1, KeyDim: 4, SharedDim: 4, ValueDim: 4, Rank: 6},
		"rank 640 and 4 shared": {Heads: 1, KeyDim: 4, SharedDim: 4, ValueDim: 4, Rank: 640},
		"1 weights, want 32":    {Heads: 1, KeyDim: 4, SharedDim: 4, ValueDim: 4, Rank: 4},
	} {
		if err := d.NewLatentUp(&l, make([]float32, 1)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
	l := &LatentLayer{Heads: 1, KeyDim: 4, ValueDim: 4, Rank: 8}
	c, err := d.NewLatentCache(l, 8)
	if err != nil {
		t.Fatal(err)
	}
	s := d.Begin()
	if s.MixLatent(nil, nil, l, c, nil, 0, 1); s.Submit() == nil {
		t.Error("a layer without its second matrix was taken")
	}
	if _, err := d.NewLatentCache(l, 0); err == nil {
		t.Error("a cache of no slots was made")
	}
}
