// Package induction writes down the weights of a transformer that retrieves:
// two layers that copy the token which followed the current one earlier in the
// context. Asked for a key under full attention it answers the value, at any
// depth; where an attention mechanism hides the value, it fails. It is a llama
// by architecture and runs through the same kernels as any other.
//
// The residual stream has four slots of b channels: constant, token, previous
// token, output. Layer 1 attends to the token before and writes its code into
// the slot of the previous one; layer 2 looks for the position whose previous
// token is the current one and copies that position's token to the output.
// Source: ../shared/spec/induction-model.md.
//
// Its siblings are built for mechanisms that need weights of their own: Recall
// for Kimi Delta Attention, NewLandmark for landmarks, NewSinks for learned
// sinks. S2-Attn needs none: New, whose two heads are copies, is one unshifted
// head and one shifted, and answers where either sees the value.
package induction

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Constants of the construction; beta are sharpnesses in nats.
const (
	codeBits      = 7
	b             = 1 << codeBits // length of a token's code
	width         = 4 * b
	headDim       = 2 * b
	heads         = 2 // copies of one another
	kvHeads       = 1
	ffn           = 8 // weights 0
	base          = 1e12
	positionPairs = 24
	beta1         = 24.0
	beta2         = 64.0
	gamma         = 2.0
)

// Context is the length to which positions were shown to hold.
const Context = 131072

// The ids with a meaning of their own.
const (
	BOS        int32 = 0 // opens a prompt; the answer where nothing matches
	Question   int32 = 1
	EndOfValue int32 = 2
	FirstWord  int32 = 3
)

// Weights are the model's tensors and metadata, as a GGUF file would have them.
type Weights struct {
	tensors map[string]quant.Tensor
	vocab   int
	name    string
	base    float64           // of the rotation
	sizes   map[string]uint64 // by the key behind the architecture's name
}

// New returns the model with 16384 tokens: Gold codes, whose correlations are
// at most 1/8.
//
// The codes are dealt to the ids in a random order, always the same. In their
// own order neighbouring ids differ by the same factor again and again, and
// prompts have a value's id behind its key's: a window that shows neither the
// value nor BOS would then answer a mixture of other values that points to the
// right one.
func New() *Weights { return build("induction", dealtCodes(), previousToken, copyValue) }

// dealtCodes are Gold codes by id.
func dealtCodes() [][]float64 {
	codes := goldCodes()
	shuffle(codes[FirstWord:])
	return codes
}

// shuffle deals codes in a random order, always the same.
func shuffle(words [][]float64) {
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
}

// Small returns the model with 128 tokens of orthogonal codes.
func Small() *Weights { return build("induction", hadamardCodes(), previousToken, copyValue) }

// Vocab is the number of tokens.
func (w *Weights) Vocab() int { return w.vocab }

// Tensor finds a weight by its GGUF name.
func (w *Weights) Tensor(name string) (quant.Tensor, bool) {
	t, ok := w.tensors[name]
	return t, ok
}

// String, Uint, Float and Ints answer as a GGUF file's metadata would.
func (w *Weights) String(key string) (string, bool) {
	switch key {
	case "general.architecture":
		return "llama", true
	case "general.name":
		return w.name, true
	}
	return "", false
}

// Uint implements the model's metadata.
func (w *Weights) Uint(key string) (uint64, bool) {
	n, ok := w.sizes[strings.TrimPrefix(key, "llama.")]
	return n, ok
}

// Float implements the model's metadata.
func (w *Weights) Float(key string) (float64, bool) {
	switch key {
	case "llama.rope.freq_base":
		return w.base, true
	case "llama.attention.layer_norm_rms_epsilon":
		return 1e-6, true
	}
	return 0, false
}

// Ints implements the model's metadata.
func (w *Weights) Ints(string) ([]int64, bool) { return nil, false }

// dense is a matrix while it is written: out rows of in weights.
type dense struct {
	in, out int
	w       []float32
}

func newDense(out, in int) *dense { return &dense{in, out, make([]float32, in*out)} }

func (d *dense) set(o, i int, v float64) { d.w[o*d.in+i] = float32(v) }

// slots of the residual stream
const (
	constant = 0
	token    = b
	previous = 2 * b
	output   = 3 * b
)

// part writes the matrices of a layer's head, given the code of BOS.
type part func(bos []float64) (q, k, v, o *dense)

func build(name string, codes [][]float64, layers ...part) *Weights {
	w := &Weights{
		tensors: map[string]quant.Tensor{}, vocab: len(codes), name: name, base: base,
		sizes: map[string]uint64{
			"block_count": uint64(len(layers)), "embedding_length": width, "feed_forward_length": ffn, "context_length": Context,
			"attention.head_count": heads, "attention.head_count_kv": kvHeads,
			"attention.key_length": headDim, "attention.value_length": headDim, "rope.dimension_count": headDim,
		},
	}
	emb := newDense(len(codes), width)
	for id, code := range codes {
		emb.set(id, constant, 1)
		for i, c := range code {
			emb.set(id, token+i, c)
		}
	}
	w.add("token_embd.weight", emb, quant.F16)
	clear(emb.w) // the largest matrix, and the output's shape is the same
	for id, code := range codes {
		for i, c := range code {
			emb.set(id, output+i, gamma*c)
		}
	}
	w.add("output.weight", emb, quant.F16)
	w.vector("output_norm.weight", fill(width, 1))
	for i, write := range layers {
		q, k, v, o := write(codes[BOS])
		w.layer(i, repeatRows(q), k, v, shareColumns(o))
	}
	return w
}

// layer adds a block of attention; its feed-forward network does nothing.
func (w *Weights) layer(i int, q, k, v, o *dense) {
	p := fmt.Sprintf("blk.%d.", i)
	w.add(p+"attn_q.weight", q, quant.F16)
	w.add(p+"attn_k.weight", k, quant.F16)
	w.add(p+"attn_v.weight", v, quant.F16)
	w.add(p+"attn_output.weight", o, quant.F16)
	for _, name := range []string{"attn_norm.weight", "ffn_norm.weight"} {
		w.vector(p+name, fill(o.out, 1))
	}
	w.add(p+"ffn_gate.weight", newDense(ffn, o.out), quant.F16)
	w.add(p+"ffn_up.weight", newDense(ffn, o.out), quant.F16)
	w.add(p+"ffn_down.weight", newDense(o.out, ffn), quant.F16)
}

// previousToken is layer 1: from the constant channel alone, scores that are
// largest at distance one.
func previousToken([]float64) (q, k, v, o *dense) {
	gain := math.Sqrt(width / 2.0) // of RMSNorm where |h|² is 2
	q, k, v, o = newDense(headDim, width), newDense(headDim, width), newDense(headDim, width), newDense(width, headDim)
	for m := range positionPairs {
		turn := math.Pow(base, -2*float64(m)/headDim)
		q.set(2*m, constant, math.Cos(turn)*beta1*math.Sqrt(headDim)/gain)
		q.set(2*m+1, constant, -math.Sin(turn)*beta1*math.Sqrt(headDim)/gain)
		k.set(2*m, constant, 1/gain)
	}
	for i := range b {
		v.set(i, token+i, 1/gain)
		o.set(previous+i, i, 1)
	}
	return q, k, v, o
}

// copyValue is layer 2: the current token's code against each position's
// previous one, in the pairs that turn slowest, and one channel by which BOS
// wins where nothing matches.
func copyValue(bos []float64) (q, k, v, o *dense) {
	gain := math.Sqrt(width / 3.0) // of RMSNorm where |h|² is 3
	first := headDim - b - 2
	q, k, v, o = newDense(headDim, width), newDense(headDim, width), newDense(headDim, width), newDense(width, headDim)
	q.set(first+b, constant, 0.5*beta2*math.Sqrt(headDim)/gain)
	for i := range b {
		q.set(first+i, token+i, beta2*math.Sqrt(headDim)/gain)
		k.set(first+i, previous+i, 1/gain)
		k.set(first+b, token+i, bos[i]/gain)
		for j := range b {
			v.set(i, token+j, (unit(i, j)-0.5*bos[i]*bos[j])/gain)
		}
		o.set(output+i, i, 1)
	}
	return q, k, v, o
}

func unit(i, j int) float64 {
	if i == j {
		return 1
	}
	return 0
}

// repeatRows gives every query head the same weights.
func repeatRows(d *dense) *dense {
	out := newDense(heads*d.out, d.in)
	for h := range heads {
		copy(out.w[h*len(d.w):], d.w)
	}
	return out
}

// shareColumns takes the mean over the heads' equal outputs.
func shareColumns(d *dense) *dense {
	out := newDense(d.out, heads*d.in)
	for o := range d.out {
		for i := range heads * d.in {
			out.set(o, i, float64(d.w[o*d.in+i%d.in])/heads)
		}
	}
	return out
}

// add stores a matrix in a type of the file format.
func (w *Weights) add(name string, d *dense, t quant.Type) {
	data := make([]byte, t.RowBytes(len(d.w)))
	for i, v := range d.w {
		switch {
		case v == 0: // most are
		case t == quant.F16:
			binary.LittleEndian.PutUint16(data[2*i:], quant.F32ToF16(v))
		default:
			binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
		}
	}
	w.tensors[name] = quant.Tensor{Name: name, Type: t, Shape: []int{d.in, d.out}, Data: data}
}
