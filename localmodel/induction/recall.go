package induction

import (
	"fmt"
	"math"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Recall is one layer of Kimi Delta Attention that answers what followed the
// current token the last time: its convolution shows it the token before, under
// whose key it stores the token's own code, and the current token is the query.
// With beta 1 and no decay it gives back exactly what a key was last stored
// with, at any depth and length, as long as no other key shares its place:
// there are Places of them, orthonormal, and tokens take them in turn, so that
// of more different words each overwrites what followed the word Places before
// it (../shared/spec/attention.md §7: the dk+1st pair overwrites).
//
// The residual stream has four slots: constant, token code, key place and
// output. Silu on large numbers passes what is positive and nothing else, so
// that one of the places comes out as it is, and a code comes out whole in two
// parts, what is positive of it and of its negative.
type Recall struct {
	tensors map[string]quant.Tensor
}

// Places is the number of keys that the state of Recall holds.
const Places = recallDim - int(FirstWord)

// Sizes and constants of the construction.
const (
	recallDim   = 1024 // of the head: keys and values
	recallVocab = 8192
	recallWidth = 3*b + recallDim
	recallPlace = 2 * b           // slot of the key's place
	recallOut   = 2*b + recallDim // slot of the output
	// recallGain times a code's entry is where silu is a straight line: the
	// other side of it is e^-40.
	recallGain = 40 * 11.313708 // sqrt(b)
)

// NewRecall returns the model.
func NewRecall() *Recall {
	codes := dealtCodes()
	r := &Recall{tensors: map[string]quant.Tensor{}}
	w := &Weights{tensors: r.tensors}
	emb := newDense(recallVocab, recallWidth)
	for id := range recallVocab {
		emb.set(id, constant, 1)
		emb.set(id, recallPlace+place(id), 1)
		for i, c := range codes[id] {
			emb.set(id, token+i, c)
		}
	}
	w.add("model.embed_tokens.weight", emb, quant.F16)
	clear(emb.w)
	for id := range recallVocab {
		for i, c := range codes[id] {
			emb.set(id, recallOut+i, gamma*c)
		}
	}
	w.add("lm_head.weight", emb, quant.F16)
	for _, name := range []string{"model.norm", "model.layers.0.input_layernorm", "model.layers.0.post_attention_layernorm"} {
		w.vector(name+".weight", fill(recallWidth, 1))
	}
	w.add("model.layers.0.mlp.gate_proj.weight", newDense(ffn, recallWidth), quant.F16)
	w.add("model.layers.0.mlp.up_proj.weight", newDense(ffn, recallWidth), quant.F16)
	w.add("model.layers.0.mlp.down_proj.weight", newDense(recallWidth, ffn), quant.F16)
	w.recallLayer("model.layers.0.self_attn.")
	return r
}

// place is the key's place that a token has: its own of the first few, the
// words in turn of the others.
func place(id int) int {
	if id < int(FirstWord) {
		return id
	}
	return int(FirstWord) + (id-int(FirstWord))%Places
}

// recallLayer writes the mixer. Ahead of it |h|² is 3, behind it 4.
func (w *Weights) recallLayer(p string) {
	gain := math.Sqrt(recallWidth / 3.0) // of RMSNorm
	keys, values := newDense(recallDim, recallWidth), newDense(recallDim, recallWidth)
	for i := range recallDim {
		keys.set(i, recallPlace+i, 40/gain)
	}
	out := newDense(recallWidth, recallDim)
	// RMSNorm over the head makes sqrt(recallDim / b) of each of the b channels
	// that a code puts something into.
	entry := math.Sqrt(recallDim/float64(b)) * math.Sqrt(b)
	for i := range b {
		values.set(i, token+i, recallGain/gain)
		values.set(b+i, token+i, -recallGain/gain)
		out.set(recallOut+i, i, 1/entry)
		out.set(recallOut+i, b+i, -1/entry)
	}
	w.add(p+"q_proj.weight", keys, quant.F16)
	w.add(p+"k_proj.weight", keys, quant.F16)
	w.add(p+"v_proj.weight", values, quant.F16)
	w.add(p+"o_proj.weight", out, quant.F16)
	const taps, now, before = 4, 3, 2
	for name, tap := range map[string]int{"q": now, "k": before, "v": now} {
		conv := fill(recallDim*taps, 0)
		for c := range recallDim {
			conv[c*taps+tap] = 1
		}
		w.array(p+name+"_conv1d.weight", conv, taps, 1, recallDim)
	}
	// Nothing depends on the input: no decay, beta 1, the gate open.
	beta := newDense(1, recallWidth)
	beta.set(0, constant, 40/gain)
	w.add(p+"b_proj.weight", beta, quant.F16)
	for _, name := range []string{"f", "g"} {
		w.add(p+name+"_a_proj.weight", newDense(1, recallWidth), quant.F16)
		w.add(p+name+"_b_proj.weight", newDense(recallDim, 1), quant.F16)
	}
	w.vector(p+"A_log", fill(1, 0))
	w.vector(p+"dt_bias", fill(recallDim, -87))
	w.vector(p+"g_b_proj.bias", fill(recallDim, 40))
	w.vector(p+"o_norm.weight", fill(recallDim, 1))
}

func fill(n int, v float32) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// vector stores numbers as float32.
func (w *Weights) vector(name string, x []float32) { w.array(name, x, len(x)) }

// array is vector for numbers of a shape, neighbours first.
func (w *Weights) array(name string, x []float32, shape ...int) {
	w.add(name, &dense{in: len(x), out: 1, w: x}, quant.F32)
	t := w.tensors[name]
	t.Shape = shape
	w.tensors[name] = t
}

// Vocab is the number of tokens.
func (*Recall) Vocab() int { return recallVocab }

// Tensor finds a weight by the name that Kimi Linear's checkpoint has for it.
func (r *Recall) Tensor(name string) (quant.Tensor, bool) {
	t, ok := r.tensors[name]
	return t, ok
}

// Config is the model's config.json.
func (*Recall) Config() []byte {
	return fmt.Appendf(nil, `{"model_type": "kimi_linear", "num_hidden_layers": 1, "hidden_size": %d, "intermediate_size": %d,
		"num_attention_heads": 1, "rms_norm_eps": 1e-6, "model_max_length": %d, "tie_word_embeddings": false,
		"linear_attn_config": {"kda_layers": [1], "full_attn_layers": [], "num_heads": 1, "head_dim": %d, "short_conv_kernel_size": 4}}`,
		recallWidth, ffn, Context, recallDim)
}
