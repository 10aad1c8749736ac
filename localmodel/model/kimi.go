package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention/kda"
	"github.com/lcbench/lcbench/localmodel/attention/mla"
)

// kimiLinear is the model_type of Kimi Linear: layers of KDA with a layer of
// full attention every so often, in config.json's order. linear_attn_config
// lists both kinds, counted from 1. A layer of full attention is MLA without
// rotation if the folder has its kv_a_proj_with_mqa, else plain attention.
//
// Tensors, as the public checkpoint (moonshotai/Kimi-Linear-48B-A3B-Instruct)
// names them. Around the mixers they are a llama's: model.embed_tokens,
// model.norm, lm_head and, below model.layers.N, input_layernorm,
// post_attention_layernorm, mlp.gate_proj, mlp.up_proj and mlp.down_proj; or,
// in the place of mlp, block_sparse_moe (kimi_experts.go). Of each mixer, below
// model.layers.N.self_attn:
//
//	KDA    q_proj, k_proj, v_proj .weight        [heads dim, width]
//	       q_conv1d, k_conv1d, v_conv1d .weight  [heads dim, 1, taps], the newest sample's tap last
//	       f_a_proj, f_b_proj .weight            [rank, width], [heads dim, rank]: decay
//	       A_log, dt_bias                        heads; heads dim numbers
//	       b_proj.weight                         [heads, width]: beta
//	       g_a_proj, g_b_proj .weight            [rank, width], [heads dim, rank]: output gate
//	       g_b_proj.bias                         [heads dim], where there is one
//	       o_norm.weight                         [dim]
//	       o_proj.weight                         [width, heads dim]
//	MLA    q_proj.weight                         [heads (nope + shared), width], or, where config.json has q_lora_rank,
//	       q_a_proj, q_b_proj .weight            [query rank, width], [heads (nope + shared), query rank]
//	       q_a_layernorm.weight                  [query rank]
//	       kv_a_proj_with_mqa.weight             [rank + shared, width]
//	       kv_a_layernorm.weight                 [rank]
//	       kv_b_proj.weight                      [heads (nope + value), rank]
//	       o_proj.weight                         [width, heads value]
//	plain  q_proj, k_proj, v_proj, o_proj .weight, rotated, as a llama's
//
// The weights are F32, F16 or BF16, and stay as they are but for kv_b_proj.
const kimiLinear = "kimi_linear"

// latentEps is that of the norm of latents, which config.json doesn't give: the
// default of the class in the checkpoint's own code.
const latentEps = 1e-6

// kimiConfig is what config.json says besides a llama's keys.
type kimiConfig struct {
	Linear *struct {
		KDA     []int `json:"kda_layers"`       // counted from 1
		Full    []int `json:"full_attn_layers"` // likewise
		Heads   int   `json:"num_heads"`
		HeadDim int   `json:"head_dim"`
		Taps    int   `json:"short_conv_kernel_size"`
		Gate    bool  `json:"use_full_rank_gate"` // this and the next are Kimi K3's
		Bound   any   `json:"gate_lower_bound"`
	} `json:"linear_attn_config"`
	kimiExperts
	MaxLength  int    `json:"model_max_length"`
	QueryRank  int    `json:"q_lora_rank"`
	LatentRank int    `json:"kv_lora_rank"`
	KeyDim     int    `json:"qk_nope_head_dim"`
	SharedDim  int    `json:"qk_rope_head_dim"`
	ValueDim   int    `json:"v_head_dim"`
	NoRotation *bool  `json:"mla_use_nope"`
	Activation string `json:"hidden_act"`
	Scaling    any    `json:"rope_scaling"`
	OutputGate bool   `json:"mla_use_output_gate"` // this and the next are Kimi K3's
	Residuals  int    `json:"attn_res_block_size"`
}

// fromKimi puts a model together from its config.json and tensors.
func fromKimi(config []byte, t Tensors) (*Model, error) {
	h := huggingFace{Eps: hubEps}
	k := kimiConfig{kimiExperts: defaultExperts()}
	if err := errors.Join(json.Unmarshal(config, &h), json.Unmarshal(config, &k)); err != nil {
		return nil, fmt.Errorf("model: config.json: %w", err)
	}
	h.Type = "llama" // whose keys the rest of config.json has
	if h.Context == 0 {
		h.Context = uint64(max(0, k.MaxLength))
	}
	if h.HeadDim == 0 && h.Heads > 0 {
		h.HeadDim = (h.Width / h.Heads) &^ 1 // of plain layers
	}
	if err := h.readRope(); err != nil {
		return nil, err
	}
	c, err := readConfig(&h)
	if err == nil {
		err = k.check(c, h.rope.kind())
	}
	if err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	c.Arch, c.Interleaved = kimiLinear, false
	l := &loader{t: t}
	m := &Model{Config: c, layers: make([]layer, c.Layers)}
	m.embedding = l.matrix("model.embed_tokens.weight", c.Width, 0)
	m.Vocab = m.embedding.Rows
	if m.output = m.embedding; h.Tied == nil || !*h.Tied {
		m.output = l.matrix("lm_head.weight", c.Width, m.Vocab)
	}
	m.outputNorm = l.vector("model.norm.weight", c.Width)
	for i := range m.layers {
		m.layers[i] = l.kimiLayer(c, k, i)
		if l.err != nil {
			break
		}
	}
	return m, l.err
}

func (k *kimiConfig) check(c Config, rope string) error {
	switch {
	case k.Linear == nil:
		return errors.New("model: key linear_attn_config is missing")
	case k.Linear.Gate || k.Linear.Bound != nil:
		return errors.New("model: linear_attn_config: use_full_rank_gate and gate_lower_bound are not supported")
	case k.OutputGate || k.Residuals != 0:
		return errors.New("model: mla_use_output_gate and attn_res_block_size are not supported")
	case k.NoRotation != nil && !*k.NoRotation:
		return errors.New("model: mla_use_nope is false: latent attention with rotation is not supported")
	case k.Activation != "" && k.Activation != "silu":
		return fmt.Errorf("model: hidden_act is %q, want silu", k.Activation)
	case k.Scaling != nil:
		return errors.New("model: rope_scaling is not supported in kimi_linear")
	case rope != "" && rope != "default":
		return fmt.Errorf("model: rope_parameters of type %q are not supported in kimi_linear", rope)
	}
	for i := range c.Layers {
		if linear, full := slices.Contains(k.Linear.KDA, i+1), slices.Contains(k.Linear.Full, i+1); linear == full {
			return fmt.Errorf("model: linear_attn_config: layer %d must be in one of kda_layers and full_attn_layers", i+1)
		}
	}
	for _, n := range []struct {
		key   string
		value int
		most  int
		need  bool
	}{
		{"linear_attn_config.num_heads", k.Linear.Heads, 4096, len(k.Linear.KDA) > 0},
		{"linear_attn_config.head_dim", k.Linear.HeadDim, 4096, len(k.Linear.KDA) > 0},
		{"linear_attn_config.short_conv_kernel_size", k.Linear.Taps, 64, len(k.Linear.KDA) > 0},
		{"kv_lora_rank", k.LatentRank, maxWidth, k.latent()}, {"qk_nope_head_dim", k.KeyDim, 4096, k.latent()}, {"v_head_dim", k.ValueDim, 4096, k.latent()},
		{"q_lora_rank", k.QueryRank, maxWidth, k.QueryRank != 0},
	} {
		if n.need && (n.value < 1 || n.value > n.most) {
			return fmt.Errorf("model: key %s is %d, want 1 to %d", n.key, n.value, n.most)
		}
	}
	if k.SharedDim < 0 || k.SharedDim > 4096 {
		return fmt.Errorf("model: key qk_rope_head_dim is %d, want 0 to 4096", k.SharedDim)
	}
	return k.kimiExperts.check()
}

// latent says whether config.json describes latent attention.
func (k *kimiConfig) latent() bool { return k.LatentRank != 0 }

func (l *loader) kimiLayer(c Config, k kimiConfig, i int) layer {
	p := fmt.Sprintf("model.layers.%d.", i)
	out := layer{
		attnNorm: l.vector(p+"input_layernorm.weight", c.Width), ffnNorm: l.vector(p+"post_attention_layernorm.weight", c.Width),
	}
	if k.has(i) {
		out.network, out.experts = l.kimiExperts(c, k.kimiExperts, p+"block_sparse_moe.")
	} else {
		out.network = l.kimiNetwork(c.Width, c.FFN, p+"mlp.")
	}
	p += "self_attn."
	_, latent := l.t.Tensor(p + "kv_a_proj_with_mqa.weight")
	switch {
	case slices.Contains(k.Linear.KDA, i+1):
		out.kda = l.kda(c, k, p)
		out.out = l.matrix(p+"o_proj.weight", k.Linear.Heads*k.Linear.HeadDim, c.Width)
	case latent && !k.latent():
		l.fail(p+"kv_a_proj_with_mqa.weight", "is there, but config.json has no kv_lora_rank")
	case latent:
		out.mla = l.mla(c, k, p)
		out.out = l.matrix(p+"o_proj.weight", c.Heads*k.ValueDim, c.Width)
	default:
		out.query, out.key = l.matrix(p+"q_proj.weight", c.Width, c.Heads*c.KeyDim), l.matrix(p+"k_proj.weight", c.Width, c.KVHeads*c.KeyDim)
		out.value, out.out = l.matrix(p+"v_proj.weight", c.Width, c.KVHeads*c.ValueDim), l.matrix(p+"o_proj.weight", c.Heads*c.ValueDim, c.Width)
	}
	return out
}

func (l *loader) kda(c Config, k kimiConfig, p string) *kda.Layer {
	heads, dim := k.Linear.Heads, k.Linear.HeadDim
	all := heads * dim
	out := &kda.Layer{
		Shape: kda.Shape{Heads: heads, KeyDim: dim, ValueDim: dim}, Taps: k.Linear.Taps,
		Query: l.matrix(p+"q_proj.weight", c.Width, all), Key: l.matrix(p+"k_proj.weight", c.Width, all), Value: l.matrix(p+"v_proj.weight", c.Width, all),
		DecayDown: l.matrix(p+"f_a_proj.weight", c.Width, 0), GateDown: l.matrix(p+"g_a_proj.weight", c.Width, 0),
		ALog: l.vector(p+"A_log", heads), DecayBias: l.vector(p+"dt_bias", all), Beta: l.matrix(p+"b_proj.weight", c.Width, heads),
		GateBias: l.optional(p+"g_b_proj.bias", all), Norm: l.vector(p+"o_norm.weight", dim), NormEps: c.Eps,
	}
	if l.err != nil {
		return nil
	}
	out.DecayUp, out.GateUp = l.matrix(p+"f_b_proj.weight", out.DecayDown.Rows, all), l.matrix(p+"g_b_proj.weight", out.GateDown.Rows, all)
	for i, name := range []string{"q_conv1d", "k_conv1d", "v_conv1d"} {
		out.Conv[i] = transposed(l.vector(p+name+".weight", out.Taps, all), out.Taps)
	}
	return out
}

// transposed turns [n, cols] into [cols, n]; nil stays nil.
func transposed(x []float32, cols int) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i%cols*(len(x)/cols)+i/cols] = v
	}
	return out
}

func (l *loader) mla(c Config, k kimiConfig, p string) *mla.Layer {
	out := &mla.Layer{
		Heads: c.Heads, KeyDim: k.KeyDim, SharedDim: k.SharedDim, ValueDim: k.ValueDim, NormEps: latentEps,
		Down: l.matrix(p+"kv_a_proj_with_mqa.weight", c.Width, k.LatentRank+k.SharedDim),
		Norm: l.vector(p+"kv_a_layernorm.weight", k.LatentRank),
	}
	if queries := c.Heads * (k.KeyDim + k.SharedDim); k.QueryRank > 0 {
		out.QueryDown, out.QueryNorm = l.matrix(p+"q_a_proj.weight", c.Width, k.QueryRank), l.vector(p+"q_a_layernorm.weight", k.QueryRank)
		out.Query = l.matrix(p+"q_b_proj.weight", k.QueryRank, queries)
	} else {
		out.Query = l.matrix(p+"q_proj.weight", c.Width, queries)
	}
	name := p + "kv_b_proj.weight"
	l.matrix(name, k.LatentRank, c.Heads*(k.KeyDim+k.ValueDim))
	if up := l.vector(name, k.LatentRank, c.Heads*(k.KeyDim+k.ValueDim)); l.err == nil {
		if err := out.SetUp(up); err != nil {
			l.fail(name, "%v", err)
		}
	}
	return out
}
