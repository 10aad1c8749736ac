package localmodel

import (
	"fmt"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// naive is a forward pass in float64 over Hugging Face's layout, straight from
// the formulas of ../shared/spec/models.md: rows of query and key in their
// order (rotation by halves), gemma's norms stored less one.
type naive struct {
	*hubModel
	gemma                   bool
	d, heads, kvHeads, head int
	layers, period, window  int
	base, localBase, scale  float64
	eps, embedScale         float64
	stretch                 rope.Scaling // of layers that aren't local; nil: none
	marks                   []bool       // which tokens are landmarks; nil: none
	sinks                   int          // learned ones of a layer
}

func newNaive(m *hubModel) *naive {
	c := m.config
	number := func(key string, otherwise float64) float64 {
		switch v := c[key].(type) {
		case int:
			return float64(v)
		case float64:
			return v
		}
		return otherwise
	}
	n := &naive{
		hubModel: m, gemma: c["model_type"] == "gemma3_text", d: c["hidden_size"].(int), heads: c["num_attention_heads"].(int),
		kvHeads: c["num_key_value_heads"].(int), head: headDim(c), layers: c["num_hidden_layers"].(int),
		base: number("rope_theta", 1e4), localBase: number("rope_local_base_freq", 1e4), eps: number("rms_norm_eps", 0), embedScale: 1,
	}
	n.scale = 1 / math.Sqrt(number("query_pre_attn_scalar", float64(n.head)))
	if n.gemma {
		n.embedScale = math.Sqrt(float64(n.d))
		n.period, n.window = int(number("sliding_window_pattern", 6)), int(number("sliding_window", 0))
	}
	if c["model_type"] == "mistral" {
		n.period, n.window = 0, int(number("sliding_window", 0))
	}
	return n
}

// local says whether layer l has the window.
func (n *naive) local(l int) bool {
	return n.window > 0 && (n.period == 0 || l%n.period != n.period-1)
}

func (n *naive) rms(x []float64, name string) []float64 {
	w, sum := n.take(name), 0.0
	for _, v := range x {
		sum += v * v
	}
	out := make([]float64, len(x))
	for i, v := range x {
		g := w[i]
		if n.gemma {
			g++
		}
		out[i] = v / math.Sqrt(sum/float64(len(x))+n.eps) * g
	}
	return out
}

// times is W x, and the bias where there is one.
func (n *naive) times(name string, x []float64) []float64 {
	w, bias := n.take(name+".weight"), n.take(name+".bias")
	out := make([]float64, len(w)/len(x))
	for o := range out {
		for i, v := range x {
			out[o] += w[o*len(x)+i] * v
		}
		if bias != nil {
			out[o] += bias[o]
		}
	}
	return out
}

func (n *naive) rotate(x []float64, at int, base float64) {
	f, amplitude := rope.None{}.Frequencies(base, n.head, 0)
	if n.stretch != nil && !(n.gemma && base == n.localBase) {
		f, amplitude = n.stretch.Frequencies(base, n.head, 0)
	}
	for i, turn := range f {
		sin, cos := math.Sincos(float64(at) * turn)
		a, b := x[i], x[i+n.head/2]
		x[i], x[i+n.head/2] = amplitude*(a*cos-b*sin), amplitude*(a*sin+b*cos)
	}
}

// heads of one projection of a token, normed where the model does and rotated.
func (n *naive) project(x []float64, name, norm string, at int, base float64) [][]float64 {
	flat := n.times(name, x)
	var out [][]float64
	for ; len(flat) > 0; flat = flat[n.head:] {
		h := flat[:n.head]
		if norm != "" && n.take(norm) != nil {
			h = n.rms(h, norm)
		}
		if base > 0 {
			n.rotate(h, at, base)
		}
		out = append(out, h)
	}
	return out
}

// attention returns the heads' results of every token, joined.
func (n *naive) attention(l int, x [][]float64) [][]float64 {
	p := fmt.Sprintf("model.layers.%d.self_attn.", l)
	base := n.base
	if n.gemma && n.local(l) {
		base = n.localBase
	}
	var k, v [][][]float64
	out := make([][]float64, len(x))
	for i := range x {
		q := n.project(x[i], p+"q_proj", p+"q_norm.weight", i, base)
		k = append(k, n.project(x[i], p+"k_proj", p+"k_norm.weight", i, base))
		v = append(v, n.project(x[i], p+"v_proj", "", i, 0))
		for h := range n.heads {
			out[i] = append(out[i], n.softmax(p, q[h], h/(n.heads/n.kvHeads), k, v, n.local(l))...)
		}
	}
	return out
}

func (n *naive) softmax(p string, q []float64, kv int, k, v [][][]float64, local bool) []float64 {
	if n.marks != nil {
		return n.grouped(q, kv, k, v)
	}
	out, sum, last := make([]float64, n.head), 0.0, len(k)-1
	see := func(key, value []float64) {
		e := n.weight(q, key)
		sum += e
		for c := range out {
			out[c] += e * value[c]
		}
	}
	for range n.sinks {
		see(n.take(p + "head_bias_key")[kv*n.head:], n.take(p + "head_bias_value")[kv*n.head:])
	}
	for j := range k {
		if !local || last-j < n.window {
			see(k[j][kv], v[j][kv])
		}
	}
	for c := range out {
		out[c] /= sum
	}
	return out
}

// weight is e to the score of a key.
func (n *naive) weight(q, key []float64) float64 {
	score := 0.0
	for c := range q {
		score += q[c] * key[c]
	}
	return math.Exp(score * n.scale)
}

// grouped is the grouped softmax of landmarks (../shared/spec/attention.md §3):
// one over the tokens of the row's own block and earlier blocks' landmarks, and
// one in each of these blocks.
func (n *naive) grouped(q []float64, kv int, k, v [][][]float64) []float64 {
	out, all := make([]float64, n.head), 0.0
	block, inner := make([]float64, n.head), 0.0
	for j := range k {
		e := n.weight(q, k[j][kv])
		switch {
		case n.marks[j] && j == len(k)-1: // a landmark is hidden from itself
		case n.marks[j]:
			all += e
			for c := range out {
				out[c] += e * block[c] / inner
			}
			clear(block)
			inner = 0
		default:
			inner += e
			for c := range block {
				block[c] += e * v[j][kv][c]
			}
		}
	}
	for c := range out { // what no landmark has closed is the row's own block
		out[c] = (out[c] + block[c]) / (all + inner)
	}
	return out
}

func (n *naive) feedForward(l int, x []float64) []float64 {
	p := fmt.Sprintf("model.layers.%d.mlp.", l)
	gate, up := n.times(p+"gate_proj", x), n.times(p+"up_proj", x)
	for i, z := range gate {
		if n.gemma {
			up[i] *= 0.5 * z * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z)))
		} else {
			up[i] *= z / (1 + math.Exp(-z))
		}
	}
	return n.times(p+"down_proj", up)
}

// logProbs returns those of all ids but the first.
func (n *naive) logProbs(ids []int32) []float64 {
	var out []float64
	for i, logits := range n.logits(ids)[:len(ids)-1] {
		out = append(out, logProb(logits, ids[i+1]))
	}
	return out
}

func logProb(logits []float64, id int32) float64 {
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(z)
	}
	return logits[id] - math.Log(sum)
}

// logits returns those behind each token.
func (n *naive) logits(ids []int32) [][]float64 {
	h := make([][]float64, len(ids))
	for i, id := range ids {
		for _, v := range n.take("model.embed_tokens.weight")[int(id)*n.d:][:n.d] {
			h[i] = append(h[i], v*n.embedScale)
		}
	}
	for l := range n.layers {
		n.layer(l, h)
	}
	head := "model.embed_tokens"
	if n.take("lm_head.weight") != nil {
		head = "lm_head"
	}
	var out [][]float64
	for i := range ids {
		out = append(out, n.times(head, n.rms(h[i], "model.norm.weight")))
	}
	return out
}

// layer adds one layer to every token's h.
func (n *naive) layer(l int, h [][]float64) {
	p := fmt.Sprintf("model.layers.%d.", l)
	norm, before := func(x []float64, _ string) []float64 { return x }, "post_attention_layernorm.weight"
	if n.gemma {
		norm, before = n.rms, "pre_feedforward_layernorm.weight"
	}
	x := make([][]float64, len(h))
	for i := range h {
		x[i] = n.rms(h[i], p+"input_layernorm.weight")
	}
	for i, a := range n.attention(l, x) {
		add(h[i], norm(n.times(p+"self_attn.o_proj", a), p+"post_attention_layernorm.weight"))
		add(h[i], norm(n.feedForward(l, n.rms(h[i], p+before)), p+"post_feedforward_layernorm.weight"))
	}
}

func add(x, y []float64) {
	for i, v := range y {
		x[i] += v
	}
}

// float32 arithmetic over three layers of some dozen channels.
const formulaTolerance = 1e-4

func TestFoldersComputeTheFormulas(t *testing.T) {
	for _, c := range []struct {
		name, kind, dtype string
		changes           object
	}{
		{"llama", "llama", "F32", object{"tie_word_embeddings": false}},
		{"a tied llama with a head of its own size", "llama", "BF16", object{"head_dim": 16, "rope_theta": 500000.0}},
		{"mistral with a window", "mistral", "F16", object{"sliding_window": 7, "head_dim": nil}},
		{"qwen2 with biases", "qwen2", "BF16", object{"rope_theta": 1e6, "sliding_window": 4, "use_sliding_window": false}},
		{"qwen3 with norms of query and key", "qwen3", "F16", object{"head_dim": 16, "tie_word_embeddings": false}},
		{"gemma3", "gemma3_text", "F32", object{"head_dim": 16, "sliding_window": 5, "rope_theta": 1e6, "rope_local_base_freq": 1e4, "num_hidden_layers": 7, "query_pre_attn_scalar": 24}},
		{"gemma3 with another pattern and base", "gemma3_text", "BF16", object{"num_key_value_heads": 1, "sliding_window": 6, "sliding_window_pattern": 2, "rope_theta": 1e5, "rope_local_base_freq": 5e3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := randomModel(smallConfig(c.kind, c.changes), c.dtype)
			dir := m.write(t)
			ids := []int32{72, 101, 108, 108, 111, 32, 256, 9, 200, 101, 108, 0, 255, 72, 72, 31, 101, 64, 65, 66, 67, 68}
			want := newNaive(m).logProbs(ids)
			for _, level := range cpu.Levels() {
				local, err := Open(dir, Options{Device: "cpu", SIMD: level.String(), KV: "f32"})
				if err != nil {
					t.Fatal(err)
				}
				got, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids})
				if err := closing(local, err); err != nil {
					t.Fatal(err)
				}
				compare(t, level.String(), got.LogProbs, want)
			}
		})
	}
}

func compare(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d log-probabilities, want %d", what, len(got), len(want))
	}
	spread := 0.0
	for i, w := range want {
		spread = max(spread, math.Abs(w-want[0]))
		if !(math.Abs(got[i]-w) <= formulaTolerance) {
			t.Errorf("%s: log-probability of token %d: got %.6f, want %.6f", what, i+1, got[i], w)
		}
	}
	if spread < 1 {
		t.Errorf("log-probabilities differ by %.2f only: the model says too little to test it", spread)
	}
}

func closing(m *Model, err error) error {
	if e := m.Close(); err == nil {
		err = e
	}
	return err
}
