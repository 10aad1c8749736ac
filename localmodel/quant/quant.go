// Package quant knows the weight formats of GGUF files: how many weights a
// block holds, how many bytes it takes, and how a block becomes float32. It is
// the definition that every kernel is tested against.
package quant

import "fmt"

// Type is a GGUF (ggml) tensor type, with the file's own number.
type Type uint32

// The supported types, numbered as in ggml.h.
const (
	F32  Type = 0
	F16  Type = 1
	Q4_0 Type = 2
	Q4_1 Type = 3
	Q5_0 Type = 6
	Q5_1 Type = 7
	Q8_0 Type = 8
	Q4_K Type = 12
	Q5_K Type = 13
	Q6_K Type = 14
	BF16 Type = 30
)

type shape struct {
	name    string
	weights int // of a block
	bytes   int // of a block
}

// shapeOf describes a type; ok is false for one that is not supported.
func shapeOf(t Type) (s shape, ok bool) {
	switch t {
	case F32:
		return shape{"F32", 1, 4}, true
	case F16:
		return shape{"F16", 1, 2}, true
	case BF16:
		return shape{"BF16", 1, 2}, true
	case Q4_0:
		return shape{"Q4_0", 32, 18}, true
	case Q4_1:
		return shape{"Q4_1", 32, 20}, true
	case Q5_0:
		return shape{"Q5_0", 32, 22}, true
	case Q5_1:
		return shape{"Q5_1", 32, 24}, true
	case Q8_0:
		return shape{"Q8_0", 32, 34}, true
	case Q4_K:
		return shape{"Q4_K", 256, 144}, true
	case Q5_K:
		return shape{"Q5_K", 256, 176}, true
	case Q6_K:
		return shape{"Q6_K", 256, 210}, true
	}
	return shape{}, false
}

// Types lists the supported types in the order of their numbers.
func Types() []Type {
	return []Type{F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16}
}

// Known says whether the type is supported.
func (t Type) Known() bool { _, ok := shapeOf(t); return ok }

// String returns the type's name as GGUF tools print it.
func (t Type) String() string {
	if s, ok := shapeOf(t); ok {
		return s.name
	}
	if name := foreignName(t); name != "" {
		return fmt.Sprintf("type %d (%s)", uint32(t), name)
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// foreignName names types that files have and this package doesn't read, so
// that a user knows which quantisation not to download.
func foreignName(t Type) string {
	switch t {
	case 9:
		return "Q8_1"
	case 10:
		return "Q2_K"
	case 11:
		return "Q3_K"
	case 15:
		return "Q8_K"
	case 16:
		return "IQ2_XXS"
	case 17:
		return "IQ2_XS"
	case 18:
		return "IQ3_XXS"
	case 19:
		return "IQ1_S"
	case 20:
		return "IQ4_NL"
	case 21:
		return "IQ3_S"
	case 22:
		return "IQ2_S"
	case 23:
		return "IQ4_XS"
	case 29:
		return "IQ1_M"
	case 34:
		return "TQ1_0"
	case 35:
		return "TQ2_0"
	case 39:
		return "MXFP4"
	}
	return ""
}

// BlockWeights returns the number of weights in a block, 0 for an unknown type.
func (t Type) BlockWeights() int { s, _ := shapeOf(t); return s.weights }

// BlockBytes returns the number of bytes of a block, 0 for an unknown type.
func (t Type) BlockBytes() int { s, _ := shapeOf(t); return s.bytes }

// RowBytes returns the bytes of a row of cols weights; cols must be a multiple
// of BlockWeights.
func (t Type) RowBytes(cols int) int { s, _ := shapeOf(t); return cols / s.weights * s.bytes }
