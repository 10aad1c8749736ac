// Package model runs decoder-only transformers: llama, qwen2, qwen3 and gemma3
// from GGUF files, and the same from safetensors folders. It knows what the
// architectures have in common and where they differ, leaves arithmetic to
// kernels/cpu and attention to the mechanism it was given.
// Formulas: ../shared/spec/models.md.
package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Config describes a model's shape and constants.
type Config struct {
	Arch, Name             string
	Layers, Width, FFN     int
	Heads, KVHeads         int
	KeyDim, ValueDim       int // of a head
	Vocab, Context         int // tokens
	Trained                int // tokens that the model was trained at, ahead of any stretch
	Eps                    float32
	EmbeddingScale         float32 // 1: none
	GELU                   bool    // tanh form; else SiLU
	Scale                  float32 // of attention scores
	AttentionCap, LogitCap float32 // soft-caps; 0: none
	Windows                []int   // by layer; 0: full attention
	Ropes                  []Rope  // by layer
	RotatedDim             int
	Interleaved            bool // pairs (2i, 2i+1); else (i, i+d/2)
	Landmarks              Landmarks
	SinkCount              int  // how often each learned sink is there; 0: once
	SinksWanted            bool // there must be learned sinks
}

// Architectures lists what can be run.
func Architectures() []string { return []string{"gemma3", "llama", "qwen2", "qwen3"} }

// Metadata is what a GGUF file says of its model, by key.
type Metadata interface {
	String(key string) (string, bool)
	Uint(key string) (uint64, bool)
	Float(key string) (float64, bool)
	Ints(key string) ([]int64, bool)
}

// reader takes keys of one architecture and remembers the first fault.
type reader struct {
	m    Metadata
	arch string
	err  error
}

// name is a key as the model's file has it.
func (r *reader) name(key string) string {
	if h, ok := r.m.(*huggingFace); ok {
		return h.theirs(key)
	}
	return r.arch + "." + key
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("model: "+format, args...)
	}
}

// count takes a key that must be there, in 1..max.
func (r *reader) count(key string, most int) int {
	n, ok := r.m.Uint(r.arch + "." + key)
	if !ok {
		r.fail("key %s is missing or no whole number", r.name(key))
		return 1
	}
	return r.within(key, n, most)
}

func (r *reader) within(key string, n uint64, most int) int {
	if n < 1 || n > uint64(most) {
		r.fail("key %s is %d, want 1 to %d", r.name(key), n, most)
		return 1
	}
	return int(n)
}

// countOr is count for a key that may be absent.
func (r *reader) countOr(key string, otherwise, most int) int {
	if n, ok := r.m.Uint(r.arch + "." + key); ok {
		return r.within(key, n, most)
	}
	return otherwise
}

func (r *reader) floatOr(key string, otherwise float64) float64 {
	v, ok := r.m.Float(r.arch + "." + key)
	if !ok {
		return otherwise
	}
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		r.fail("key %s is %v", r.name(key), v)
	}
	return v
}

// Limits far above any model that one machine could run.
const (
	maxLayers = 1024
	maxWidth  = 1 << 17
	maxTokens = 1 << 26
)

// readConfig takes the configuration from a GGUF file's metadata. Vocab comes
// from the embedding, which knows it better.
func readConfig(m Metadata) (Config, error) {
	arch, ok := m.String("general.architecture")
	if !ok {
		return Config{}, fmt.Errorf("model: key general.architecture is missing; is this a language model?")
	}
	if !slices.Contains(Architectures(), arch) {
		return Config{}, fmt.Errorf("model: architecture %q is not supported; supported are %s, and kimi_linear as a folder", arch, strings.Join(Architectures(), ", "))
	}
	r := &reader{m: m, arch: arch}
	c := Config{
		Arch: arch, Layers: r.count("block_count", maxLayers), Width: r.count("embedding_length", maxWidth),
		FFN: r.count("feed_forward_length", 8*maxWidth), Heads: r.count("attention.head_count", 4096),
		Context: r.count("context_length", maxTokens), EmbeddingScale: 1,
	}
	c.Name, _ = m.String("general.name")
	c.KVHeads = r.countOr("attention.head_count_kv", c.Heads, 4096)
	c.KeyDim = r.countOr("attention.key_length", max(1, c.Width/c.Heads), 4096)
	c.ValueDim = r.countOr("attention.value_length", max(1, c.Width/c.Heads), 4096)
	c.RotatedDim = r.countOr("rope.dimension_count", c.KeyDim, 4096)
	c.Eps = float32(r.floatOr("attention.layer_norm_rms_epsilon", 1e-5))
	c.AttentionCap = float32(r.floatOr("attn_logit_softcapping", 0))
	c.LogitCap = float32(r.floatOr("final_logit_softcapping", 0))
	c.Interleaved = arch == "llama"
	c.Scale = float32(1 / math.Sqrt(float64(c.KeyDim)))
	c.layers(r)
	c.check(r)
	return c, r.err
}

// layers settles what differs by layer.
func (c *Config) layers(r *reader) {
	c.Windows, c.Ropes, c.Trained = make([]int, c.Layers), make([]Rope, c.Layers), c.Context
	for i := range c.Ropes {
		c.Ropes[i].Base = r.floatOr("rope.freq_base", 10000)
	}
	if c.Arch == "gemma3" {
		c.gemma(r)
	}
	c.readScaling(r)
}

// gemma holds what Gemma 3's files leave to the architecture: the width of the
// embedding as its scale, every sixth layer global, the local layers' own base.
func (c *Config) gemma(r *reader) {
	c.GELU = true
	c.EmbeddingScale = float32(math.Sqrt(float64(c.Width)))
	if c.Layers == 62 { // the 27B member scales by its width
		c.Scale = float32(1 / math.Sqrt(float64(c.Width)/float64(c.Heads)))
	}
	window := r.countOr("attention.sliding_window", 0, maxTokens)
	local := Rope{Base: r.floatOr("rope.freq_base_swa", 10000), Local: true}
	period := r.countOr("attention.sliding_window_pattern", 6, maxLayers)
	for i := range c.Layers {
		if window > 0 && i%period != period-1 {
			c.Windows[i], c.Ropes[i] = window, local
		}
	}
}

// check refuses numbers that don't go together. It is the first that is told.
func (c *Config) check(r *reader) {
	const heads, kvHeads, width = "attention.head_count", "attention.head_count_kv", "embedding_length"
	_, sized := r.m.Uint(r.arch + ".attention.key_length")
	switch {
	case !sized && c.Width%c.Heads != 0:
		r.fail("key %s is %d, which doesn't divide %s, %d, and %s is missing", r.name(heads), c.Heads, r.name(width), c.Width, r.name("attention.key_length"))
	case c.Heads%c.KVHeads != 0:
		r.fail("key %s is %d, which %d query heads (%s) can't share evenly", r.name(kvHeads), c.KVHeads, c.Heads, r.name(heads))
	case c.RotatedDim%2 != 0 || c.RotatedDim > c.KeyDim:
		r.fail("%d rotated channels in a head of %d", c.RotatedDim, c.KeyDim)
	case c.Heads*max(c.KeyDim, c.ValueDim) > 8*maxWidth:
		r.fail("%d heads of %d are beyond any model known", c.Heads, c.KeyDim)
	}
	for i, rope := range c.Ropes {
		if rope.Base <= 1 {
			r.fail("layer %d: rope base %v, want above 1", i, rope.Base)
		}
	}
}
