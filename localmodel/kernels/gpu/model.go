package gpu

import (
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// What a model's calls can fail with beside a device's errors.
var (
	// ErrNoLogits: logits were asked for before any token was run.
	ErrNoLogits = errors.New("gpu: no logits yet: run Prefill or Decode first")
	// ErrNotANumber: no logit compares with another, so there is no best one.
	ErrNotANumber = errors.New("gpu: the logits are not numbers: are the weights sound?")
)

// Tensors finds a weight by its name in GGUF files, such as
// "blk.0.attn_q.weight"; (*gguf.File).Tensor is one.
type Tensors func(name string) (t quant.Tensor, ok bool)

// layer holds a layer's weights; those that are nil are left out.
type layer struct {
	attnNorm, ffnNorm   *Buffer
	qNorm, kNorm        *Buffer // by head, before the rotation
	postAttn, postFFN   *Buffer // norms of what is added to the residual
	qBias, kBias, vBias *Buffer
	wq, wk, wv, wo      *Matrix
	gate, up, down      *Matrix
	tableOff            int
	rope                Rope
}

// Model runs one sequence at a time on a device: its weights, the key and
// value caches and the activations of a step.
type Model struct {
	d      *Device
	c      Config
	embed  *Matrix
	output *Matrix // the embedding where the file has no other
	norm   *Buffer
	layers []layer
	attend Attending
	rope   *ropeTables
	act    activations
	owned  []interface{ Release() }
	cached int64 // bytes of what attends
	n      int   // tokens in the cache
	ended  int   // where attend.End was called; 0: nowhere
	ready  bool  // act.logits belong to token n-1
}

// activations are a step's buffers; n is the chunk.
type activations struct {
	ids, next            *Buffer
	h, x                 *Buffer // [n, width]
	q, q2, k, k2, v, out *Buffer // q2, k2: normed by head
	gate, up, proj       *Buffer
	logits, best         *Buffer
	lse                  *Buffer // [n, heads]
	attn                 *Scratch
}

// NewModel uploads a model. Weights carry the names of GGUF files: token_embd,
// output_norm, output (absent: tied to the embedding) and, as blk.N., attn_q,
// attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down, attn_norm,
// ffn_norm, all ending in .weight. Optional are attn_q_norm, attn_k_norm,
// post_attention_norm, post_ffw_norm (.weight) and attn_q, attn_k, attn_v
// (.bias). The tensors' data is not needed after NewModel returned.
func NewModel(d *Device, c Config, tensors Tensors) (*Model, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	m := &Model{d: d, c: c}
	l := &loader{d: d, tensors: tensors, m: m}
	m.load(l)
	m.allocate(l)
	if l.err == nil {
		l.err = d.flush()
	}
	if l.err != nil {
		m.Close()
		return nil, l.err
	}
	return m, nil
}

// loader uploads tensors until the first error.
type loader struct {
	d       *Device
	tensors Tensors
	m       *Model
	err     error
}

// matrix uploads a weight that must be there with the given shape.
func (l *loader) matrix(name string, rows, cols int) *Matrix {
	if l.err != nil {
		return nil
	}
	t, ok := l.tensors(name)
	if !ok {
		l.err = fmt.Errorf("gpu: tensor %q is missing", name)
		return nil
	}
	if t.Rows() != rows || t.Cols() != cols {
		l.err = fmt.Errorf("gpu: tensor %q is %d rows of %d, want %d of %d", name, t.Rows(), t.Cols(), rows, cols)
		return nil
	}
	w, err := l.d.NewMatrix(t)
	if err != nil {
		l.err = err
		return nil
	}
	l.m.owned = append(l.m.owned, w)
	return w
}

// optional uploads a vector of n values, or returns nil where there is none.
func (l *loader) optional(name string, n int) *Buffer {
	if l.err != nil {
		return nil
	}
	t, ok := l.tensors(name)
	if !ok {
		return nil
	}
	if t.Elements() != n {
		l.err = fmt.Errorf("gpu: tensor %q has %d values, want %d", name, t.Elements(), n)
		return nil
	}
	b, err := l.d.NewVector(t)
	if err != nil {
		l.err = err
		return nil
	}
	l.m.owned = append(l.m.owned, b)
	return b
}

func (l *loader) vector(name string, n int) *Buffer {
	b := l.optional(name, n)
	if b == nil && l.err == nil {
		l.err = fmt.Errorf("gpu: tensor %q is missing", name)
	}
	return b
}

// buffer makes an activation of n values.
func (l *loader) buffer(label string, n int) *Buffer {
	if l.err != nil {
		return nil
	}
	b, err := l.d.NewBuffer(label, n)
	if err != nil {
		l.err = err
		return nil
	}
	l.m.owned = append(l.m.owned, b)
	return b
}

func (m *Model) load(l *loader) {
	c := m.c
	m.embed = l.matrix("token_embd.weight", c.Vocab, c.Width)
	m.output = m.embed
	if _, ok := l.tensors("output.weight"); ok {
		m.output = l.matrix("output.weight", c.Vocab, c.Width)
	}
	m.norm = l.vector("output_norm.weight", c.Width)
	if l.err == nil {
		m.rope, l.err = newRopeTables(m.d, c)
	}
	if l.err != nil {
		return
	}
	for i := range c.Layers {
		m.layers = append(m.layers, m.loadLayer(l, i))
	}
	if l.err == nil {
		l.err = m.prepare()
	}
}

// prepare makes what attends.
func (m *Model) prepare() (err error) {
	before := m.d.bytes()
	m.attend, err = m.d.attending(m.c)
	m.cached = m.d.bytes() - before
	return err
}

func (m *Model) loadLayer(l *loader, i int) layer {
	c := m.c
	name := func(s string) string { return fmt.Sprintf("blk.%d.%s", i, s) }
	q, k, v := c.Heads*c.KeyDim, c.KVHeads*c.KeyDim, c.KVHeads*c.ValueDim
	return layer{
		attnNorm: l.vector(name("attn_norm.weight"), c.Width),
		ffnNorm:  l.vector(name("ffn_norm.weight"), c.Width),
		qNorm:    l.optional(name("attn_q_norm.weight"), c.KeyDim),
		kNorm:    l.optional(name("attn_k_norm.weight"), c.KeyDim),
		postAttn: l.optional(name("post_attention_norm.weight"), c.Width),
		postFFN:  l.optional(name("post_ffw_norm.weight"), c.Width),
		qBias:    l.optional(name("attn_q.bias"), q),
		kBias:    l.optional(name("attn_k.bias"), k),
		vBias:    l.optional(name("attn_v.bias"), v),
		wq:       l.matrix(name("attn_q.weight"), q, c.Width),
		wk:       l.matrix(name("attn_k.weight"), k, c.Width),
		wv:       l.matrix(name("attn_v.weight"), v, c.Width),
		wo:       l.matrix(name("attn_output.weight"), c.Width, c.Heads*c.ValueDim),
		gate:     l.matrix(name("ffn_gate.weight"), c.FFN, c.Width),
		up:       l.matrix(name("ffn_up.weight"), c.FFN, c.Width),
		down:     l.matrix(name("ffn_down.weight"), c.Width, c.FFN),
		rope:     c.Layer[i].Rope,
		tableOff: m.rope.offset[m.rope.of[i]],
	}
}

// slots is the ring that layer i needs: the whole context, or the window of
// the first token of a chunk beside the chunk itself.
func (c Config) slots(i int) int {
	if w := c.Layer[i].Window; w > 0 {
		return min(c.Context, w+c.Chunk-1)
	}
	return c.Context
}

func (m *Model) allocate(l *loader) {
	c, n := m.c, m.c.Chunk
	q, k, v := c.Heads*c.KeyDim, c.KVHeads*c.KeyDim, c.KVHeads*c.ValueDim
	m.act = activations{
		ids: l.buffer("ids", n), next: l.buffer("next", 1),
		h: l.buffer("h", n*c.Width), x: l.buffer("x", n*c.Width),
		q: l.buffer("q", n*q), q2: l.buffer("q normed", n*q),
		k: l.buffer("k", n*k), k2: l.buffer("k normed", n*k),
		v: l.buffer("v", n*v), out: l.buffer("attention", n*c.Heads*c.ValueDim),
		gate: l.buffer("gate", n*c.FFN), up: l.buffer("up", n*c.FFN), proj: l.buffer("proj", n*c.Width),
		lse:    l.buffer("attention lse", n*c.Heads),
		logits: l.buffer("logits", c.Vocab), best: l.buffer("candidates", 2*ArgMaxGroups),
	}
	if l.err == nil {
		m.act.attn, l.err = m.d.NewScratch(n, c.Heads, c.ValueDim)
	}
	if m.act.attn != nil {
		m.owned = append(m.owned, m.act.attn)
	}
}

// Close gives the model's memory on the device back; the device stays open.
func (m *Model) Close() {
	for _, o := range m.owned {
		o.Release()
	}
	m.owned = nil
	m.attend.release()
	if m.rope != nil {
		m.rope.buf.Release()
	}
}

// Len returns the number of tokens in the cache.
func (m *Model) Len() int { return m.n }

// CacheBytes is the memory that the cache takes, with what the mechanism needs
// beside it.
func (m *Model) CacheBytes() int64 { return m.cached }
