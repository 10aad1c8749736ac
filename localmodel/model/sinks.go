package model

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
)

// Sinks are a model's learned sinks (Sink-KV).
//
// No checkpoint of a language model with them is public. ReLIC (arXiv
// 2410.02751), whose they are, trains policies of robots: their transformer, a
// llama in all but its attention, is fed features of pictures, and has neither
// an embedding of tokens nor an output over them, so none of its files can run
// here. What is taken from its code (modeling_llamarl.py) are the names and
// shapes of the parameters, in a llama's or mistral's folder:
//
//	model.layers.N.self_attn.head_bias_key    [1, kv heads, 1, head dim], not rotated
//	model.layers.N.self_attn.head_bias_value  [1, kv heads, 1, head dim]
//
// and the keys of its configuration: add_sink_kv, and num_sink_tokens (1), by
// which each of a layer's sinks is there so many times over.
type Sinks struct {
	Count int
	Layer []sinkkv.Layer
}

// maxSinks is far above any number of sinks that makes sense.
const maxSinks = 4096

// Attention is the mechanism with keys and values learned.
func (s *Sinks) Attention() sinkkv.SinkKV {
	return sinkkv.SinkKV{Mode: sinkkv.KV, Sinks: s.Count, Learned: &s.Layer}
}

// sinks takes the sinks of all layers, where the first has some or they are
// wanted.
func (l *loader) sinks(c Config) *Sinks {
	if _, ok := l.t.Tensor("blk.0.attn_sink_key"); !ok && !c.SinksWanted {
		return nil
	}
	s := &Sinks{Count: max(1, c.SinkCount)}
	for i := range c.Layers {
		p := fmt.Sprintf("blk.%d.attn_sink_", i)
		key, value := l.vector(p+"key", c.KeyDim, c.KVHeads), l.vector(p+"value", c.ValueDim, c.KVHeads)
		if l.err != nil {
			return nil
		}
		s.Layer = append(s.Layer, sinkkv.Layer{Keys: repeated(key, c.KeyDim, s.Count), Values: repeated(value, c.ValueDim, s.Count)})
	}
	return s
}

// repeated turns [heads, d] into [heads, n, d], n equal ones a head.
func repeated(x []float32, d, n int) []float32 {
	out := make([]float32, 0, n*len(x))
	for ; len(x) > 0; x = x[d:] {
		for range n {
			out = append(out, x[:d]...)
		}
	}
	return out
}
