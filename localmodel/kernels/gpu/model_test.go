package gpu

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// tinyConfig has everything a model may have, in odd sizes: local layers in a
// ring, two rotations, all soft caps, an embedding scale.
func tinyConfig() Config {
	return Config{Layers: 3, Width: 64, FFN: 96, Heads: 6, KVHeads: 2, KeyDim: 20, ValueDim: 16, Vocab: 101,
		Eps: 1e-6, Activation: GELU, Scale: 0.3, EmbeddingScale: 8, AttentionCap: 20, LogitCap: 15,
		Context: 50, Chunk: 9,
		Layer: []LayerConfig{
			{Rope: Rope{InvFreq: powers(100, 20)}, Window: 7},
			{Rope: Rope{InvFreq: powers(1e4, 12), Interleaved: true, Magnitude: 1.1}},
			{Rope: Rope{InvFreq: powers(100, 20)}, Window: 12},
		}}
}

// tinyWeights makes all weights; full adds what is optional.
func tinyWeights(c Config, full bool) map[string]quant.Tensor {
	r := source("tiny model")
	w := map[string]quant.Tensor{}
	add := func(name string, typ quant.Type, shape ...int) {
		cols := shape[0]
		rows := 1
		if len(shape) > 1 {
			rows = shape[1]
		}
		t := valuesTensor(r, typ, rows, cols)
		t.Name, t.Shape = name, shape
		w[name] = t
	}
	q, k, v := c.Heads*c.KeyDim, c.KVHeads*c.KeyDim, c.KVHeads*c.ValueDim
	add("token_embd.weight", quant.Q8_0, c.Width, c.Vocab)
	add("output_norm.weight", quant.F32, c.Width)
	if full {
		add("output.weight", quant.F16, c.Width, c.Vocab)
	}
	for i := range c.Layers {
		b := fmt.Sprintf("blk.%d.", i)
		add(b+"attn_norm.weight", quant.F32, c.Width)
		add(b+"ffn_norm.weight", quant.F32, c.Width)
		add(b+"attn_q.weight", quant.Q4_1, c.Width, q)
		add(b+"attn_k.weight", quant.Q5_0, c.Width, k)
		add(b+"attn_v.weight", quant.Q8_0, c.Width, v)
		add(b+"attn_output.weight", quant.BF16, c.Heads*c.ValueDim, c.Width)
		add(b+"ffn_gate.weight", quant.Q4_0, c.Width, c.FFN)
		add(b+"ffn_up.weight", quant.Q5_1, c.Width, c.FFN)
		add(b+"ffn_down.weight", quant.F16, c.FFN, c.Width)
		if full {
			add(b+"attn_q_norm.weight", quant.F32, c.KeyDim)
			add(b+"attn_k_norm.weight", quant.F32, c.KeyDim)
			add(b+"post_attention_norm.weight", quant.F32, c.Width)
			add(b+"post_ffw_norm.weight", quant.F32, c.Width)
			add(b+"attn_q.bias", quant.F32, q)
			add(b+"attn_k.bias", quant.F16, k)
			add(b+"attn_v.bias", quant.F32, v)
		}
	}
	return w
}

// valuesTensor is randomTensor with weights of a size that keeps activations
// near one.
func valuesTensor(r *rand.Rand, typ quant.Type, rows, cols int) quant.Tensor {
	t := randomTensor(r, typ, rows, cols)
	size := typ.BlockBytes()
	for at := 0; at < len(t.Data); at += size {
		switch typ {
		case quant.F16:
			put16(t.Data[at:], quant.F32ToF16(float32(r.NormFloat64()/8)))
		case quant.BF16:
			put16(t.Data[at:], quant.F32ToBF16(float32(r.NormFloat64()/8)))
		case quant.Q8_0:
			put16(t.Data[at:], quant.F32ToF16(float32(1+r.Float64())/512))
		case quant.Q4_0, quant.Q4_1, quant.Q5_0, quant.Q5_1:
			put16(t.Data[at:], quant.F32ToF16(float32(1+r.Float64())/64))
		}
	}
	return t
}

func put16(b []byte, v uint16) { b[0], b[1] = byte(v), byte(v>>8) }

func find(w map[string]quant.Tensor) Tensors {
	return func(name string) (quant.Tensor, bool) { t, ok := w[name]; return t, ok }
}

// reference is the forward pass in float64 over all tokens at once.
type reference struct {
	t *testing.T
	c Config
	w map[string]quant.Tensor
}

func (r reference) floats(name string) []float32 {
	v, err := r.w[name].Float32()
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r reference) has(name string) bool { _, ok := r.w[name]; return ok }

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// mul is W x + b for x [tokens, in].
func (r reference) mul(name string, x []float64) []float64 {
	w, rows, cols := r.floats(name+".weight"), r.w[name+".weight"].Rows(), r.w[name+".weight"].Cols()
	var bias []float32
	if r.has(name + ".bias") {
		bias = r.floats(name + ".bias")
	}
	var y []float64
	for t := 0; t < len(x); t += cols {
		for o := range rows {
			sum := 0.0
			for i := range cols {
				sum += float64(w[o*cols+i]) * x[t+i]
			}
			if bias != nil {
				sum += float64(bias[o])
			}
			y = append(y, sum)
		}
	}
	return y
}

// norm is the RMSNorm of that name, or x where there is none.
func (r reference) norm(name string, x []float64) []float64 {
	if !r.has(name) {
		return x
	}
	return rms(narrow(x), r.floats(name), r.c.Eps)
}

func plus(x, y []float64) []float64 {
	for i := range x {
		x[i] += y[i]
	}
	return x
}

// logits of the last of ids.
func (r reference) logits(ids []int32) []float64 {
	c := r.c.withDefaults()
	table := r.floats("token_embd.weight")
	var h []float64
	for _, id := range ids {
		for i := range c.Width {
			h = append(h, float64(table[int(id)*c.Width+i])*c.EmbeddingScale)
		}
	}
	for l := range c.Layers {
		h = r.layer(l, h)
	}
	x := r.norm("output_norm.weight", h[len(h)-c.Width:])
	name := "output"
	if !r.has("output.weight") {
		name = "token_embd"
	}
	y := r.mul(name, x)
	if c.LogitCap > 0 {
		for i := range y {
			y[i] = c.LogitCap * math.Tanh(y[i]/c.LogitCap)
		}
	}
	return y
}

func (r reference) layer(l int, h []float64) []float64 {
	c, b := r.c.withDefaults(), fmt.Sprintf("blk.%d.", l)
	x := r.norm(b+"attn_norm.weight", h)
	q := r.norm(b+"attn_q_norm.weight", r.mul(b+"attn_q", x))
	k := r.norm(b+"attn_k_norm.weight", r.mul(b+"attn_k", x))
	v := r.mul(b+"attn_v", x)
	q = rotated(q, c.Heads, c.KeyDim, 0, c.Layer[l].Rope)
	k = rotated(k, c.KVHeads, c.KeyDim, 0, c.Layer[l].Rope)
	a := Attention{Heads: c.Heads, Window: c.Layer[l].Window, Scale: c.Scale, Cap: c.AttentionCap}
	o := r.mul(b+"attn_output", attended(q, k, v, c.KVHeads, c.KeyDim, c.ValueDim, a))
	h = plus(h, r.norm(b+"post_attention_norm.weight", o))
	x = r.norm(b+"ffn_norm.weight", h)
	g, u := r.mul(b+"ffn_gate", x), r.mul(b+"ffn_up", x)
	for i, z := range g {
		act := z / (1 + math.Exp(-z))
		if c.Activation == GELU {
			act = z / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z)))
		}
		g[i] = act * u[i]
	}
	return plus(h, r.norm(b+"post_ffw_norm.weight", r.mul(b+"ffn_down", g)))
}

// tinyTolerance allows float32 against float64 over three layers of weights
// that are rougher than a trained model's; logits reach about 15.
const tinyTolerance = 2e-3

func sameLogits(t *testing.T, what string, m *Model, want []float64) {
	t.Helper()
	got, err := m.Logits()
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for i := range want {
		worst = max(worst, math.Abs(float64(got[i])-want[i]))
	}
	if !(worst <= tinyTolerance) {
		t.Errorf("%s: a logit is %v off", what, worst)
	}
	best, err := m.Next()
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Index(got, slices.Max(got)); int(best) != want {
		t.Errorf("%s: arg max on the device is %d, of the logits %d", what, best, want)
	}
}

func tokens(n int) []int32 {
	r := source("tokens")
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = r.Int32N(101)
	}
	return ids
}

func TestATinyModelEqualsFloat64HoweverItIsFed(t *testing.T) {
	d := openDevice(t, Options{})
	ids := tokens(40)
	for _, full := range []bool{false, true} {
		c := tinyConfig()
		if !full {
			c.Activation, c.AttentionCap, c.LogitCap, c.Scale, c.EmbeddingScale = SiLU, 0, 0, 0, 0
		}
		w := tinyWeights(c, full)
		ref := reference{t, c, w}
		want := ref.logits(ids)
		m, err := NewModel(d, c, find(w))
		if err != nil {
			t.Fatal(err)
		}
		for _, cut := range []int{40, 1, 9, 10, 27, 39} {
			if err := m.Prefill(ids[:cut], 0); err != nil {
				t.Fatal(err)
			}
			if cut < 40 {
				if err := m.Prefill(ids[cut:], cut); err != nil {
					t.Fatal(err)
				}
			}
			sameLogits(t, fmt.Sprintf("full=%v, cut at %d", full, cut), m, want)
		}
		if err := m.Prefill(ids[:1], 0); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids[1:] {
			if _, err := m.Decode(id); err != nil {
				t.Fatal(err)
			}
		}
		sameLogits(t, fmt.Sprintf("full=%v, token by token", full), m, want)
		m.Close()
	}
}

func TestGoingBackReplacesTokens(t *testing.T) {
	d := openDevice(t, Options{})
	c, ids := tinyConfig(), tokens(40)
	w := tinyWeights(c, true)
	m, err := NewModel(d, c, find(w))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Prefill(ids[:20], 0); err != nil {
		t.Fatal(err)
	}
	other := append(slices.Clone(ids[:18]), 5, 6, 7)
	if err := m.Prefill(other[18:], 18); err != nil {
		t.Fatal(err)
	}
	sameLogits(t, "two tokens back", m, reference{t, c, w}.logits(other))
	if err := m.Prefill(ids[:3], 2); err == nil || !strings.Contains(err.Error(), "start at 0") {
		t.Errorf("back beyond the ring: %v", err)
	}
}

func TestModelRefusesWhatItCannotRun(t *testing.T) {
	d := openDevice(t, Options{})
	c := tinyConfig()
	w := tinyWeights(c, true)
	m, err := NewModel(d, c, find(w))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Logits(); !errors.Is(err, ErrNoLogits) {
		t.Errorf("logits of nothing: %v", err)
	}
	for name, err := range map[string]error{
		"no tokens":                m.Prefill(nil, 0),
		"the cache holds 0 tokens": m.Prefill([]int32{1}, 1),
		"the vocabulary has 101":   m.Prefill([]int32{1, 101}, 0),
		"context of 50":            m.Prefill(make([]int32, 51), 0),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
	for name, spoil := range map[string]func(c *Config, w map[string]quant.Tensor){
		`"blk.1.ffn_up.weight" is missing`:  func(_ *Config, w map[string]quant.Tensor) { delete(w, "blk.1.ffn_up.weight") },
		"is 101 rows of 64, want 102 of 64": func(c *Config, _ map[string]quant.Tensor) { c.Vocab++ },
		"no multiple of 2 kv heads":         func(c *Config, _ map[string]quant.Tensor) { c.Heads = 5 },
		"Context is 0":                      func(c *Config, _ map[string]quant.Tensor) { c.Context = 0 },
		"2 layer configurations":            func(c *Config, _ map[string]quant.Tensor) { c.Layer = c.Layer[:2] },
	} {
		c, w := tinyConfig(), tinyWeights(tinyConfig(), true)
		spoil(&c, w)
		before := len(d.live)
		if _, err := NewModel(d, c, find(w)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
		if len(d.live) != before {
			t.Errorf("%s: %d buffers leak", name, len(d.live)-before)
		}
	}
}

func TestLogitsThatAreNotNumbersHaveNoBest(t *testing.T) {
	d := openDevice(t, Options{})
	c := tinyConfig()
	c.LogitCap = 0 // its clamp makes numbers of them
	w := tinyWeights(c, true)
	for i := 0; i < len(w["output.weight"].Data); i += 2 {
		put16(w["output.weight"].Data[i:], 0x7e00)
	}
	m, err := NewModel(d, c, find(w))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Prefill(tokens(3), 0); err != nil {
		t.Fatal(err)
	}
	if next, err := m.Next(); !errors.Is(err, ErrNotANumber) {
		t.Errorf("got %d and %v", next, err)
	}
}
