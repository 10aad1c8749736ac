package model

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// Numbers of a GGUF file that don't go together name their keys.
func TestGGUFFilesWhoseNumbersDontGoTogetherSayWhy(t *testing.T) {
	for _, c := range []struct {
		name string
		keys map[string]any
		want string
	}{
		{"kv heads that don't divide", map[string]any{"llama.attention.head_count": 9, "llama.attention.head_count_kv": 2},
			"model: key llama.attention.head_count_kv is 2, which 9 query heads (llama.attention.head_count) can't share evenly"},
		{"more kv heads than heads", map[string]any{"llama.attention.head_count_kv": 4},
			"model: key llama.attention.head_count_kv is 4, which 2 query heads (llama.attention.head_count) can't share evenly"},
		{"no heads", map[string]any{"llama.attention.head_count": 0}, "model: key llama.attention.head_count is 0, want 1 to 4096"},
		{"no kv heads", map[string]any{"llama.attention.head_count_kv": 0}, "model: key llama.attention.head_count_kv is 0, want 1 to 4096"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := withKeys(c.keys)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// unsized is metadata without the size of a head.
type unsized struct{ keyed }

func (u unsized) Uint(key string) (uint64, bool) {
	if strings.HasSuffix(key, "_length") && strings.Contains(key, "attention.") {
		return 0, false
	}
	return u.keyed.Uint(key)
}

// Without the size of a head the width is shared by the heads, evenly.
func TestHeadsOfNoSizeDivideTheWidth(t *testing.T) {
	for heads, want := range map[int]string{
		3: "model: key llama.attention.head_count is 3, which doesn't divide llama.embedding_length, 512, and llama.attention.key_length is missing",
		4: "",
	} {
		w := unsized{keyed{induction.Small(), map[string]any{"llama.attention.head_count": heads, "llama.rope.dimension_count": 128}}}
		c, err := readConfig(w)
		switch {
		case want == "" && (err != nil || c.KeyDim != 128):
			t.Errorf("%d heads: %v, of %d channels", heads, err, c.KeyDim)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%d heads: got %v, want %s", heads, err, want)
		}
	}
}

// divided is the small built-in model with the tensor rope_freqs.weight.
type divided struct {
	*induction.Weights
	factors []float32
}

func (d divided) Tensor(name string) (quant.Tensor, bool) {
	if name != "rope_freqs.weight" {
		return d.Weights.Tensor(name)
	}
	t := quant.Tensor{Name: name, Type: quant.F32, Shape: []int{len(d.factors)}}
	for _, f := range d.factors {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(f))
	}
	return t, true
}

// A pair that turns infinitely fast, backwards or at no speed at all is no pair.
func TestDivisorsOfFrequenciesAreAboveZero(t *testing.T) {
	for factor, want := range map[float32]string{
		8: "", 0: "number 127 is 0", -1: "number 127 is -1", float32(math.Inf(1)): "number 127 is +Inf", float32(math.NaN()): "number 127 is NaN",
	} {
		w := divided{induction.Small(), slices.Repeat([]float32{1}, 128)}
		w.factors[127] = factor
		_, err := FromGGUF(w, w)
		switch {
		case want == "" && err != nil:
			t.Errorf("a divisor of %g: %v", factor, err)
		case want != "" && (err == nil || err.Error() != `model: tensor "rope_freqs.weight": `+want+", want a divisor above 0"):
			t.Errorf("a divisor of %g: got %v, want %s", factor, err, want)
		}
	}
}
