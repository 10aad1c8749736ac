package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention/kda"
	"github.com/lcbench/lcbench/localmodel/attention/mla"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// Tensors finds weights by their GGUF name.
type Tensors interface {
	Tensor(name string) (quant.Tensor, bool)
}

// Model is a transformer's weights as stored, and its constants.
type Model struct {
	Config
	embedding, output cpu.Matrix // the same where they are tied
	outputNorm        []float32
	layers            []layer
	Sinks             *Sinks // nil: none were learned
}

// layer holds one block's weights; what an architecture lacks is nil.
type layer struct {
	attnNorm, ffnNorm         []float32
	qNorm, kNorm              []float32 // per head, ahead of the rotation
	postAttnNorm, postFFNNorm []float32
	qBias, kBias, vBias       []float32
	query, key, value, out    cpu.Matrix
	// The network that all rows pass: of a layer with experts the shared one, if
	// there is one.
	network
	experts *experts
	// In the place of query, key and value where a layer has its own mixer.
	kda *kda.Layer
	mla *mla.Layer
}

// FromGGUF puts a model together from a GGUF file. The weights stay views of
// the file, which must outlive the model. A missing or misshapen tensor is an
// error that names it.
func FromGGUF(m Metadata, t Tensors) (*Model, error) {
	c, err := readConfig(m)
	if err != nil {
		return nil, err
	}
	return assemble(c, t)
}

// assemble takes the tensors that a configuration asks for.
func assemble(c Config, t Tensors) (*Model, error) {
	l := &loader{t: t}
	m := &Model{Config: c, layers: make([]layer, c.Layers)}
	m.embedding = l.matrix("token_embd.weight", c.Width, 0)
	m.Vocab = m.embedding.Rows
	m.output = m.embedding
	if _, ok := t.Tensor("output.weight"); ok {
		m.output = l.matrix("output.weight", c.Width, m.Vocab)
	}
	m.outputNorm = l.vector("output_norm.weight", c.Width)
	if f := l.optional("rope_freqs.weight", c.RotatedDim/2); f != nil {
		for i, factor := range f {
			if !(factor > 0 && factor <= math.MaxFloat32) {
				l.fail("rope_freqs.weight", "number %d is %g, want a divisor above 0", i, factor)
			}
		}
		for i := range m.Ropes {
			if !m.Ropes[i].Local {
				m.Ropes[i].Factors = f
			}
		}
	}
	for i := range m.layers {
		m.layers[i] = l.layer(c, fmt.Sprintf("blk.%d.", i))
		if l.err != nil {
			return nil, l.err
		}
	}
	m.Sinks = l.sinks(c)
	return m, l.err
}

func (l *loader) layer(c Config, p string) layer {
	qw, kw, vw := c.Heads*c.KeyDim, c.KVHeads*c.KeyDim, c.KVHeads*c.ValueDim
	return layer{
		attnNorm: l.vector(p+"attn_norm.weight", c.Width), ffnNorm: l.vector(p+"ffn_norm.weight", c.Width),
		qNorm: l.optional(p+"attn_q_norm.weight", c.KeyDim), kNorm: l.optional(p+"attn_k_norm.weight", c.KeyDim),
		postAttnNorm: l.optional(p+"post_attention_norm.weight", c.Width), postFFNNorm: l.optional(p+"post_ffw_norm.weight", c.Width),
		qBias: l.optional(p+"attn_q.bias", qw), kBias: l.optional(p+"attn_k.bias", kw), vBias: l.optional(p+"attn_v.bias", vw),
		query: l.matrix(p+"attn_q.weight", c.Width, qw), key: l.matrix(p+"attn_k.weight", c.Width, kw),
		value: l.matrix(p+"attn_v.weight", c.Width, vw), out: l.matrix(p+"attn_output.weight", c.Heads*c.ValueDim, c.Width),
		network: l.network(c.Width, c.FFN, p+"ffn_gate.weight", p+"ffn_up.weight", p+"ffn_down.weight"),
	}
}

// loader takes tensors and remembers the first fault.
type loader struct {
	t   Tensors
	err error
}

func (l *loader) fail(name, format string, args ...any) {
	if l.err != nil {
		return
	}
	place := ""
	if h, ok := l.t.(hubTensors); ok {
		place = fmt.Sprintf(" (%s in the folder)", h.theirs(name))
	}
	l.err = fmt.Errorf("model: tensor %q%s: %s", name, place, fmt.Sprintf(format, args...))
}

// matrix takes rows × cols weights; rows 0: any number.
func (l *loader) matrix(name string, cols, rows int) cpu.Matrix {
	t, ok := l.t.Tensor(name)
	switch {
	case !ok:
		l.fail(name, "is missing")
	case len(t.Shape) != 2 || t.Cols() != cols || rows > 0 && t.Rows() != rows || t.Rows() < 1:
		l.fail(name, "has shape %v, want [%d %s]", t.Shape, cols, anyNumber(rows))
	case len(t.Data) != t.Rows()*t.Type.RowBytes(cols):
		l.fail(name, "has %d bytes, want %d", len(t.Data), t.Rows()*t.Type.RowBytes(cols))
	default:
		return cpu.Matrix{Type: t.Type, Rows: t.Rows(), Cols: cols, Data: t.Data}
	}
	return cpu.Matrix{}
}

func anyNumber(n int) string {
	if n == 0 {
		return "any"
	}
	return fmt.Sprint(n)
}

// vector takes numbers as float32: a vector, or an array of this shape. As in a
// GGUF file the first number of a shape is of neighbours.
func (l *loader) vector(name string, shape ...int) []float32 {
	if _, ok := l.t.Tensor(name); !ok {
		l.fail(name, "is missing")
		return nil
	}
	return l.optional(name, shape...)
}

// optional is vector for a tensor that may be absent, which is nil.
func (l *loader) optional(name string, shape ...int) []float32 {
	t, ok := l.t.Tensor(name)
	if !ok {
		return nil
	}
	n := 1
	for _, d := range shape {
		n *= d
	}
	switch {
	case t.Elements() != n:
		l.fail(name, "has %d weights, want %d", t.Elements(), n)
		return nil
	case !slices.Equal(withoutOnes(t.Shape), withoutOnes(shape)):
		l.fail(name, "has shape %v, want %v", t.Shape, shape)
		return nil
	}
	v, err := t.Float32()
	if err != nil {
		l.fail(name, "%v", err)
	}
	return v
}

// withoutOnes is a shape without sizes of 1, which change nothing.
func withoutOnes(shape []int) []int {
	return slices.DeleteFunc(slices.Clone(shape), func(n int) bool { return n == 1 })
}
