package model

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/quant"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// keyed is the built-in model with more keys in its metadata.
type keyed struct {
	*induction.Weights
	keys map[string]any
}

func (k keyed) String(key string) (string, bool) {
	if s, ok := k.keys[key].(string); ok {
		return s, true
	}
	return k.Weights.String(key)
}

func (k keyed) Uint(key string) (uint64, bool) {
	if n, ok := k.keys[key].(int); ok {
		return uint64(n), true
	}
	return k.Weights.Uint(key)
}

func (k keyed) Float(key string) (float64, bool) {
	if v, ok := k.keys[key].(float64); ok {
		return v, true
	}
	return k.Weights.Float(key)
}

// withKeys opens the small built-in model, of 2048 tokens, with keys of
// llama.rope.scaling.
func withKeys(keys map[string]any) (*Model, error) {
	w := keyed{induction.Small(), map[string]any{"llama.context_length": 2048}}
	for key, v := range keys {
		if strings.HasPrefix(key, "llama.") {
			w.keys[key] = v
		} else {
			w.keys["llama.rope.scaling."+key] = v
		}
	}
	return FromGGUF(w, w)
}

func TestGGUFFilesDeclareTheirScaling(t *testing.T) {
	for _, c := range []struct {
		name             string
		keys             map[string]any
		rope             string
		trained, context int
		err              string
	}{
		{"nothing", nil, "none", 2048, 2048, ""},
		{"none", map[string]any{"type": "none", "factor": 4.0}, "none", 2048, 2048, ""},
		{"linear", map[string]any{"type": "linear", "factor": 4.0}, "pi:factor=4", 2048, 2048, ""},
		{"linear from a length", map[string]any{"type": "linear", "factor": 4.0, "original_context_length": 512}, "pi:factor=4", 512, 2048, ""},
		{"a factor without a type", map[string]any{"factor": 4.0}, "pi:factor=4", 2048, 2048, ""},
		{"the older key", map[string]any{"llama.rope.scale_linear": 2.0}, "pi:factor=2", 2048, 2048, ""},
		{"yarn, context as stretched", map[string]any{"type": "yarn", "factor": 4.0, "original_context_length": 512},
			"yarn:factor=4,original=512,beta-fast=32,beta-slow=1,form=shipped,amplitude=1.138629436111989", 512, 2048, ""},
		{"yarn, context as trained", map[string]any{"type": "yarn", "factor": 4.0},
			"yarn:factor=4,original=2048,beta-fast=32,beta-slow=1,form=shipped,amplitude=1.138629436111989", 2048, 8192, ""},
		{"yarn with everything", map[string]any{"type": "yarn", "factor": 4.0, "original_context_length": 512, "yarn_beta_fast": 16.0, "yarn_beta_slow": 2.0, "yarn_ext_factor": 1.0, "attn_factor": 1.0},
			"yarn:factor=4,original=512,beta-fast=16,beta-slow=2,form=shipped,amplitude=1.138629436111989", 512, 2048, ""},
		{"yarn with an attention factor", map[string]any{"type": "yarn", "factor": 4.0, "attn_factor": 0.5},
			"yarn:factor=4,original=2048,beta-fast=32,beta-slow=1,form=shipped,amplitude=0.5693147180559945", 2048, 8192, ""},
		{"longrope", map[string]any{"type": "longrope"}, "", 0, 0, `model: rope scaling "longrope" is not supported; supported are none, linear and yarn`},
		{"yarn without extrapolation", map[string]any{"type": "yarn", "factor": 4.0, "yarn_ext_factor": 0.5}, "", 0, 0, "model: key llama.rope.scaling.yarn_ext_factor is 0.5, want 1"},
		{"a factor below one", map[string]any{"type": "linear", "factor": 0.5}, "", 0, 0, "model: rope scaling pi:factor=0.5: factor=0.5: want a number from 1 to 1e+06"},
		{"turns the wrong way round", map[string]any{"type": "yarn", "factor": 4.0, "yarn_beta_fast": 0.5}, "", 0, 0, "beta-fast=0.5, beta-slow=1: want numbers of turns above 0"},
		{"an original length of nothing", map[string]any{"type": "yarn", "factor": 4.0, "original_context_length": 0}, "", 0, 0, "model: key llama.rope.scaling.original_context_length is 0, want 1 to"},
		{"a factor that is no number", map[string]any{"type": "yarn", "factor": math.NaN()}, "", 0, 0, "model: key llama.rope.scaling.factor is NaN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := withKeys(c.keys)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := m.GlobalRope().String(); got != c.rope || m.Trained != c.trained || m.Context != c.context {
				t.Errorf("got %s, trained at %d, context %d, want %s, %d, %d", got, m.Trained, m.Context, c.rope, c.trained, c.context)
			}
		})
	}
}

// A stretch that the user asks for replaces the file's own, its tensor of
// factors too, and leaves local layers alone.
func TestStretchReplacesAllScalingButThatOfLocalLayers(t *testing.T) {
	c := Config{Trained: 1000, RotatedDim: 8, Ropes: []Rope{
		{Base: 1e4, Local: true}, {Base: 1e6, Scaling: rope.PI{Factor: 8}}, {Base: 1e6, Factors: []float32{1, 2, 3, 4}},
	}}
	if got := c.Ropes[2].String(); got != "rope_freqs.weight" {
		t.Errorf("the tensor is called %q", got)
	}
	if reach := c.Stretch(rope.NTK{Factor: 2.5}); reach != 2500 {
		t.Errorf("reaches %d, want 2500", reach)
	}
	local, _ := rope.None{}.Frequencies(1e4, 8, 0)
	global, _ := rope.NTK{Factor: 2.5}.Frequencies(1e6, 8, 0)
	for i, want := range [][]float64{local, global, global} {
		if got, _ := c.Ropes[i].Frequencies(8, 0); !slices.Equal(got, want) {
			t.Errorf("layer %d turns by %v, want %v", i, got, want)
		}
	}
	if got := c.GlobalRope().String(); got != "ntk:factor=2.5" {
		t.Errorf("called %q", got)
	}
}

// right counts, of values at eleven depths of n tokens, those that the built-in
// model finds.
func right(t *testing.T, e *CPU, n int) (found, asked int) {
	t.Helper()
	for i := range 11 {
		p := 2 + i*(n-6)/10
		ids := make([]int32, n)
		for j := range ids {
			ids[j] = 8000 + int32(j%1000)
		}
		ids[0], ids[p-1], ids[p], ids[n-2], ids[n-1] = induction.BOS, 100, 5000, induction.Question, 100
		var last []float32
		s := e.New(n)
		for from := 0; from < n; from += 256 {
			to := min(n, from+256)
			err := e.Forward([]Chunk{{State: s, IDs: ids[from:to], From: min(to-from, n-1-from)}}, func(_, _ int, logits []float32) error {
				last = slices.Clone(logits)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if argMax(last) == 5000 {
			found++
		}
		asked++
	}
	return found, asked
}

// The built-in model looks one token back by construction: position
// interpolation moves that, a mild change of the base doesn't
// (../shared/spec/induction-model.md, "Limits").
func TestInductionUnderStretches(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	for _, c := range []struct {
		s    rope.Scaling
		want int
	}{
		{rope.None{}, 11},
		{rope.PI{Factor: 4}, 0},
		{rope.E2LLM{G: 4}, 0},
		{rope.ABF{Base: 1e11}, 11},
		{rope.NTK{Factor: 4}, 11},
		{rope.DynamicNTK{Factor: 4}, 11},                // far below its original length
		{rope.DynamicNTK{Factor: 4, Original: 256}, 11}, // and four times above it
		{rope.YaRN{Factor: 4, BetaFast: 32, BetaSlow: 1}, 11},
		{rope.YaRN{Factor: 4, BetaFast: 32, BetaSlow: 1, Paper: true}, 11},
	} {
		w := induction.New()
		m, err := FromGGUF(w, w)
		if err != nil {
			t.Fatal(err)
		}
		m.Stretch(c.s)
		if found, asked := right(t, NewCPU(m, k, full.Full{}, cpu.F16), 1024); found != c.want {
			t.Errorf("%s: %d of %d right, want %d", c.s, found, asked, c.want)
		}
	}
}

// noise is a llama of random weights, 64 tokens long without a stretch: what
// it says depends on every rotation.
type noise struct{ keyed }

func newNoise(t *testing.T, s rope.Scaling) *Model {
	t.Helper()
	w := noise{keyed{induction.Small(), map[string]any{
		"llama.context_length": 64, "llama.embedding_length": 32, "llama.feed_forward_length": 40, "llama.rope.dimension_count": 8,
		"llama.attention.head_count": 4, "llama.attention.head_count_kv": 2, "llama.attention.key_length": 8, "llama.attention.value_length": 8,
		"llama.rope.freq_base": 1e4,
	}}}
	m, err := FromGGUF(w, w)
	if err != nil {
		t.Fatal(err)
	}
	m.Stretch(s)
	return m
}

func (noise) Tensor(name string) (quant.Tensor, bool) {
	const width, ffn, vocab = 32, 40, 128
	_, part, _ := strings.Cut(strings.TrimPrefix(name, "blk."), ".")
	shape := map[string][]int{
		"weight": {width, vocab}, "attn_q.weight": {width, width}, "attn_k.weight": {width, width / 2}, "attn_v.weight": {width, width / 2},
		"attn_output.weight": {width, width}, "ffn_gate.weight": {width, ffn}, "ffn_up.weight": {width, ffn}, "ffn_down.weight": {ffn, width},
		"attn_norm.weight": {width}, "ffn_norm.weight": {width},
	}[part]
	switch {
	case name == "output_norm.weight":
		shape = []int{width}
	case shape == nil || name == "output.weight" || name == "rope_freqs.weight":
		return quant.Tensor{}, false
	}
	r := rand.New(rand.NewPCG(uint64(len(name)), uint64(name[4])<<8+uint64(name[len(name)/2])))
	t := quant.Tensor{Name: name, Type: quant.F32, Shape: shape}
	for range shape[0] * append(shape, 1)[1] {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(float32(r.NormFloat64())/4))
	}
	return t, true
}

// Sequences of different lengths are rotated each by its own, alone and in one
// pass, and each like a model with that base for good.
func TestDynamicNTKRotatesEachSequenceByItsLength(t *testing.T) {
	const factor, n = 2, 60
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(1 + (i*i+3*i)%120)
	}
	e := NewCPU(newNoise(t, rope.DynamicNTK{Factor: factor}), k, full.Full{}, cpu.F32)
	lengths := []int{64, 65, 80, 81, 200} // counted as 0, 80, 80, 96 and 208
	var together []Chunk
	var want [][]float32
	for _, length := range lengths {
		together = append(together, Chunk{State: e.New(length), IDs: ids, From: n - 1})
		var same rope.Scaling = rope.None{}
		if step := (length + 15) / 16 * 16; length > 64 {
			same = rope.NTK{Factor: factor*float64(step)/64 - (factor - 1)}
		}
		want = append(want, lastLogits(t, NewCPU(newNoise(t, same), k, full.Full{}, cpu.F32), ids))
	}
	for i, length := range lengths {
		err := e.Forward([]Chunk{{State: e.New(length), IDs: ids, From: n - 1}}, func(_, _ int, logits []float32) error {
			alike(t, fmt.Sprintf("%d tokens, alone", length), logits, want[i])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := e.Forward(together, func(chunk, _ int, logits []float32) error {
		alike(t, fmt.Sprintf("%d tokens, in one pass", lengths[chunk]), logits, want[chunk])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.Rotation(65) != e.Rotation(80) || e.Rotation(80) == e.Rotation(81) || e.Rotation(64) != 0 {
		t.Errorf("rotations of 64, 65, 80 and 81 tokens are %d, %d, %d, %d", e.Rotation(64), e.Rotation(65), e.Rotation(80), e.Rotation(81))
	}
}

func alike(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if !(math.Abs(float64(got[i]-w)) <= 1e-4) {
			t.Fatalf("%s: logit %d is %g, want %g", what, i, got[i], w)
		}
	}
}
