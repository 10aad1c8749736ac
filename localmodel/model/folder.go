package model

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// huggingFace is what a config.json says.
type huggingFace struct {
	Type         string   `json:"model_type"`
	Layers       uint64   `json:"num_hidden_layers"`
	Width        uint64   `json:"hidden_size"`
	FFN          uint64   `json:"intermediate_size"`
	Heads        uint64   `json:"num_attention_heads"`
	KVHeads      uint64   `json:"num_key_value_heads"`
	HeadDim      uint64   `json:"head_dim"`
	Context      uint64   `json:"max_position_embeddings"`
	Eps          float64  `json:"rms_norm_eps"`
	Theta        float64  `json:"rope_theta"`
	LocalTheta   float64  `json:"rope_local_base_freq"`
	Window       uint64   `json:"sliding_window"`
	Pattern      uint64   `json:"sliding_window_pattern"`
	LayerTypes   []string `json:"layer_types"`
	AttentionCap float64  `json:"attn_logit_softcapping"`
	LogitCap     float64  `json:"final_logit_softcapping"`
	QueryScalar  float64  `json:"query_pre_attn_scalar"`
	Tied         *bool    `json:"tie_word_embeddings"`
	Biased       bool     `json:"attention_bias"`
	BiasedFFN    bool     `json:"mlp_bias"`
	Activation   string   `json:"hidden_act"`
	GemmaAct     string   `json:"hidden_activation"` // which Gemma's code takes instead
	Partial      *float64 `json:"partial_rotary_factor"`
	Slides       bool     `json:"use_sliding_window"`
	// Both say how positions are scaled; the first, of transformers 5, has the
	// bases too.
	RopeParameters json.RawMessage `json:"rope_parameters"`
	RopeScaling    json.RawMessage `json:"rope_scaling"`
	rope           hubRope
	hubLandmarks
	hubSinks
}

// hubLandmarks are a config.json's keys of landmarks, see Landmarks.
type hubLandmarks struct {
	Token     *int  `json:"mem_id"`
	Every     *int  `json:"mem_freq"`
	TopK      int   `json:"mem_top_k"`
	Foretells *bool `json:"include_landmark_in_loss"`
}

// hubSinks are a config.json's keys of sinks, see Sinks.
type hubSinks struct {
	Wanted bool `json:"add_sink_kv"`
	Count  *int `json:"num_sink_tokens"`
}

// hubEps is what transformers has for an absent rms_norm_eps, in all of these
// architectures.
const hubEps = 1e-6

// FromFolder puts a model together from Hugging Face's config.json and the
// tensors of its safetensors files. It also returns those tensors by their GGUF
// names.
func FromFolder(config []byte, t Tensors) (*Model, Tensors, error) {
	h := huggingFace{Eps: hubEps}
	if err := json.Unmarshal(config, &h); err != nil {
		return nil, nil, fmt.Errorf("model: config.json: %w", err)
	}
	if h.Type == "" {
		return nil, nil, errors.New("model: config.json has no model_type; is this a language model?")
	}
	if h.Type == kimiLinear {
		m, err := fromKimi(config, t)
		return m, t, err
	}
	if err := h.readRope(); err != nil {
		return nil, nil, err
	}
	h.Type = strings.TrimSuffix(h.Type, "_text")
	mistral, landmarks := h.Type == "mistral", h.Type == landmarkType // llamas: the first one's first version has a window
	if mistral || landmarks {
		h.Type = "llama"
	}
	c, err := readConfig(&h)
	if err != nil {
		return nil, nil, fmt.Errorf("config.json: %w", err)
	}
	c.Interleaved = false // these files keep the rows of query and key in their order
	for i := range c.Windows {
		if mistral {
			c.Windows[i] = int(min(h.Window, uint64(c.Context)))
		}
	}
	if err := h.refine(&c); err != nil {
		return nil, nil, err
	}
	named := hubTensors{t, c.Arch == "gemma3"}
	if _, ok := named.Tensor("output.weight"); !ok && h.Tied != nil && !*h.Tied {
		return nil, nil, errors.New(`model: tensor "output.weight" (lm_head.weight in the folder) is missing, and config.json says that it isn't tied to the embedding`)
	}
	if err := h.landmarks(&c, landmarks); err != nil {
		return nil, nil, err
	}
	if err := h.sinks(&c); err != nil {
		return nil, nil, err
	}
	m, err := assemble(c, named)
	if err == nil && m.Landmarks.Every > 0 && int(m.Landmarks.Token) >= m.Vocab {
		err = fmt.Errorf("model: config.json: mem_id is %d, the model has %d tokens", m.Landmarks.Token, m.Vocab)
	}
	return m, named, err
}

// landmarks takes the landmarks that config.json tells of; a type of model of
// its own has the defaults of its class.
func (h *huggingFace) landmarks(c *Config, typed bool) error {
	if c.Arch != "llama" || h.Every == nil && !typed {
		return nil
	}
	l := Landmarks{Token: landmarkID, Every: landmarkEvery, TopK: h.TopK, Foretells: h.Foretells == nil || *h.Foretells}
	if every := h.Every; every != nil {
		if *every < 1 || *every > c.Context {
			return fmt.Errorf("model: config.json: mem_freq is %d, want 1 to %d", *every, c.Context)
		}
		l.Every = *every
	}
	if id := h.Token; id != nil {
		if *id < 0 || *id > math.MaxInt32 {
			return fmt.Errorf("model: config.json: mem_id is %d, want a token", *id)
		}
		l.Token = int32(*id)
	}
	if h.TopK < 0 {
		return fmt.Errorf("model: config.json: mem_top_k is %d, want 1 or more", h.TopK)
	}
	c.Landmarks = l
	return nil
}

// sinks takes what config.json says of sinks.
func (h *huggingFace) sinks(c *Config) error {
	c.SinksWanted = h.Wanted
	if n := h.Count; n != nil {
		if *n < 1 || *n > maxSinks {
			return fmt.Errorf("model: config.json: num_sink_tokens is %d, want 1 to %d", *n, maxSinks)
		}
		c.SinkCount = *n
	}
	return nil
}

// refine takes what GGUF keys can't say.
func (h *huggingFace) refine(c *Config) error {
	switch {
	case h.Biased: // a llama's would be on the attention's output too
		return errors.New("model: config.json: attention_bias is not supported")
	case h.BiasedFFN:
		return errors.New("model: config.json: mlp_bias is not supported")
	case h.Partial != nil && *h.Partial != 1:
		return fmt.Errorf("model: config.json: partial_rotary_factor %g is not supported", *h.Partial)
	case c.GELU && h.GemmaAct != "" && h.GemmaAct != "gelu_pytorch_tanh":
		return fmt.Errorf("model: config.json: hidden_activation is %q, want gelu_pytorch_tanh", h.GemmaAct)
	case !c.GELU && h.Activation != "" && h.Activation != "silu" && h.Activation != "swish":
		return fmt.Errorf("model: config.json: hidden_act is %q, want silu", h.Activation)
	case h.Slides && strings.HasPrefix(h.Type, "qwen"):
		return errors.New("model: config.json: use_sliding_window is not supported: which layers it means differs by version")
	}
	if h.QueryScalar > 0 {
		c.Scale = float32(1 / math.Sqrt(h.QueryScalar))
	}
	if len(h.LayerTypes) == c.Layers && c.Arch == "gemma3" {
		for i, kind := range h.LayerTypes {
			if global := kind == "full_attention"; global != (c.Windows[i] == 0) {
				return fmt.Errorf("model: config.json: layer_types %d is %s, which breaks the pattern of every %d", i, kind, max(6, h.Pattern))
			}
		}
	}
	return h.scale(c)
}

// String, Uint, Float and Ints answer as a GGUF file's metadata would.
func (h *huggingFace) String(key string) (string, bool) {
	if key != "general.architecture" {
		return "", false
	}
	return h.Type, true
}

// Uint implements Metadata.
func (h *huggingFace) Uint(key string) (uint64, bool) {
	_, key, _ = strings.Cut(key, ".")
	n := map[string]uint64{
		"block_count": h.Layers, "embedding_length": h.Width, "feed_forward_length": h.FFN,
		"attention.head_count": h.Heads, "attention.head_count_kv": h.KVHeads, "context_length": h.Context,
		"attention.key_length": h.HeadDim, "attention.value_length": h.HeadDim, "rope.dimension_count": h.HeadDim,
		"attention.sliding_window": h.Window, "attention.sliding_window_pattern": h.Pattern,
	}[key]
	return n, n > 0
}

// Float implements Metadata.
func (h *huggingFace) Float(key string) (float64, bool) {
	_, key, _ = strings.Cut(key, ".")
	v := map[string]float64{
		"rope.freq_base": h.Theta, "rope.freq_base_swa": h.LocalTheta, "attention.layer_norm_rms_epsilon": h.Eps,
		"attn_logit_softcapping": h.AttentionCap, "final_logit_softcapping": h.LogitCap,
	}[key]
	return v, v > 0
}

// theirs is what config.json calls a key of GGUF's.
func (h *huggingFace) theirs(key string) string {
	name, ok := map[string]string{
		"block_count": "num_hidden_layers", "embedding_length": "hidden_size", "feed_forward_length": "intermediate_size",
		"attention.head_count": "num_attention_heads", "attention.head_count_kv": "num_key_value_heads", "context_length": "max_position_embeddings",
		"attention.key_length": "head_dim", "attention.value_length": "head_dim", "rope.dimension_count": "head_dim",
		"attention.sliding_window": "sliding_window", "attention.sliding_window_pattern": "sliding_window_pattern",
		"rope.freq_base": "rope_theta", "rope.freq_base_swa": "rope_local_base_freq", "attention.layer_norm_rms_epsilon": "rms_norm_eps",
		"attn_logit_softcapping": "attn_logit_softcapping", "final_logit_softcapping": "final_logit_softcapping",
	}[key]
	if !ok {
		return key
	}
	return name
}

// Ints implements Metadata.
func (h *huggingFace) Ints(string) ([]int64, bool) { return nil, false }

// hubTensors finds tensors of Hugging Face's naming by their GGUF names.
type hubTensors struct {
	Tensors
	plusOne bool // norms are stored less one
}

// Tensor implements Tensors.
func (h hubTensors) Tensor(name string) (quant.Tensor, bool) {
	t, ok := h.Tensors.Tensor(h.theirs(name))
	if !ok {
		return t, false
	}
	t.Name = name
	if h.plusOne && strings.Contains(name, "norm") {
		t = plusOne(t)
	}
	return t, true
}

// theirs is the name that the folder has for a tensor.
func (h hubTensors) theirs(name string) string { return hubName(name, h.plusOne) }

// plusOne returns a norm's weights as they are multiplied with. One that can't
// be read is left for the loader to complain about.
func plusOne(t quant.Tensor) quant.Tensor {
	v, err := t.Float32()
	if err != nil {
		return t
	}
	t.Type, t.Data = quant.F32, nil
	for _, w := range v {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(1+w))
	}
	return t
}

// hubName translates blk.3.attn_q.weight to model.layers.3.self_attn.q_proj.weight.
func hubName(name string, gemma bool) string {
	rest, inBlock := strings.CutPrefix(name, "blk.")
	if !inBlock {
		return map[string]string{
			"token_embd.weight": "model.embed_tokens.weight", "output.weight": "lm_head.weight", "output_norm.weight": "model.norm.weight",
		}[name]
	}
	layer, part, _ := strings.Cut(rest, ".")
	if _, err := strconv.Atoi(layer); err != nil {
		return ""
	}
	if sink, ok := strings.CutPrefix(part, "attn_sink_"); ok {
		return "model.layers." + layer + ".self_attn.head_bias_" + sink
	}
	part, kind, _ := strings.Cut(part, ".")
	ffnNorm := "post_attention_layernorm" // llama's name for the norm ahead of the FFN
	if gemma {
		ffnNorm = "pre_feedforward_layernorm"
	}
	theirs, ok := map[string]string{
		"attn_norm": "input_layernorm", "ffn_norm": ffnNorm,
		"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
		"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
		"ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
	}[part]
	if gemma && !ok {
		theirs, ok = map[string]string{"post_attention_norm": "post_attention_layernorm", "post_ffw_norm": "post_feedforward_layernorm"}[part]
	}
	if !ok {
		return ""
	}
	return "model.layers." + layer + "." + theirs + "." + kind
}
