package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/lcbench/lcbench/localmodel/rope"
)

// readScaling takes the scaling that a GGUF file declares, by the keys and
// defaults of llama.cpp's loader (src/llama-arch.cpp, LLM_KV_ROPE_SCALING_…): a
// factor without a type is linear, and yarn's attn_factor multiplies the
// amplitude.
func (c *Config) readScaling(r *reader) {
	kind, _ := r.m.String(r.arch + ".rope.scaling.type")
	factor := r.floatOr("rope.scaling.factor", r.floatOr("rope.scale_linear", 1))
	original := r.countOr("rope.scaling.original_context_length", c.Context, maxTokens)
	var err error
	switch kind {
	case "none":
	case "", "linear":
		if factor != 1 && factor != 0 {
			err = c.declared(rope.PI{Factor: factor}, original, false)
		}
	case "yarn":
		y := rope.YaRN{
			Factor: factor, Original: original,
			BetaFast: r.floatOr("rope.scaling.yarn_beta_fast", 32), BetaSlow: r.floatOr("rope.scaling.yarn_beta_slow", 1),
		}
		if m := r.floatOr("rope.scaling.yarn_attn_factor", r.floatOr("rope.scaling.attn_factor", 1)); m != 1 {
			y.Amplitude = m * rope.GrownAmplitude(factor, 1)
		}
		if mix := r.floatOr("rope.scaling.yarn_ext_factor", 1); mix != 1 {
			err = fmt.Errorf("key %s.rope.scaling.yarn_ext_factor is %g, want 1", r.arch, mix)
			break
		}
		err = c.declared(y, original, true)
	default:
		err = fmt.Errorf("rope scaling %q is not supported; supported are none, linear and yarn", kind)
	}
	if err != nil {
		r.fail("%w", err)
	}
}

// hubRope is a config.json's rope_scaling, or rope_parameters as transformers 5
// writes it, where the base is in it too.
type hubRope struct {
	Kind     string   `json:"rope_type"`
	OldKind  string   `json:"type"` // as older files call it
	Theta    float64  `json:"rope_theta"`
	Partial  float64  `json:"partial_rotary_factor"`
	Factor   float64  `json:"factor"`
	Original float64  `json:"original_max_position_embeddings"`
	BetaFast *float64 `json:"beta_fast"`
	BetaSlow *float64 `json:"beta_slow"`
	// Amplitude of yarn, else made of the other two where both are there.
	Amplitude float64 `json:"attention_factor"`
	M         float64 `json:"mscale"`
	MAll      float64 `json:"mscale_all_dim"`
	Truncate  *bool   `json:"truncate"`
	Low       float64 `json:"low_freq_factor"`
	High      float64 `json:"high_freq_factor"`
}

func (h *hubRope) kind() string {
	if h.Kind != "" {
		return h.Kind
	}
	return h.OldKind
}

// readRope takes what config.json says of positions: rope_parameters of all
// layers or by their type, else rope_scaling.
func (h *huggingFace) readRope() error {
	global, named, byType := h.RopeParameters, "rope_parameters", map[string]json.RawMessage{}
	if len(global) > 0 {
		if err := json.Unmarshal(global, &byType); err != nil {
			return fmt.Errorf("model: config.json: rope_parameters: %w", err)
		}
	}
	if len(byType) == 0 {
		global, named = h.RopeScaling, "rope_scaling"
	}
	if full, ok := byType["full_attention"]; ok {
		global = full
		if err := h.readLocalRope(byType["sliding_attention"]); err != nil {
			return fmt.Errorf("model: config.json: rope_parameters: sliding_attention %w", err)
		}
	}
	if len(global) > 0 {
		if err := json.Unmarshal(global, &h.rope); err != nil {
			return fmt.Errorf("model: config.json: %s: %w", named, err)
		}
	}
	if h.rope.Theta > 0 {
		h.Theta = h.rope.Theta
	}
	if h.rope.Partial != 0 && h.rope.Partial != 1 {
		return fmt.Errorf("model: config.json: %s: partial_rotary_factor %g is not supported", named, h.rope.Partial)
	}
	return nil
}

// readLocalRope takes the base of layers with a window; they have no scaling.
func (h *huggingFace) readLocalRope(text json.RawMessage) error {
	if len(text) == 0 {
		return nil
	}
	var local hubRope
	if err := json.Unmarshal(text, &local); err != nil {
		return fmt.Errorf("can't be read: %w", err)
	}
	if kind := local.kind(); kind != "" && kind != "default" {
		return fmt.Errorf("has type %q, want default", kind)
	}
	if local.Theta > 0 {
		h.LocalTheta = local.Theta
	}
	return nil
}

// scale puts the scaling of config.json on the layers.
func (h *huggingFace) scale(c *Config) error {
	original := c.Context
	if o := h.rope.Original; o >= 1 && o <= maxTokens {
		original = int(o)
	}
	s, reaches, err := h.rope.scaling(original, c.Context)
	if err == nil && s != nil {
		err = c.declared(s, original, reaches)
	}
	if err != nil {
		return fmt.Errorf("model: config.json: %w", err)
	}
	return nil
}

// scaling is what a hubRope means; nil: none. reaches says that it takes the
// model to its factor times the original length, whatever the context is called.
func (h *hubRope) scaling(original, context int) (s rope.Scaling, reaches bool, err error) {
	switch h.kind() {
	case "", "default":
		return nil, false, nil
	case "linear":
		return rope.PI{Factor: h.Factor}, false, nil
	case "dynamic":
		return rope.DynamicNTK{Factor: h.Factor, Original: original}, true, nil
	case "llama3":
		if h.Original == 0 {
			return nil, false, errors.New("rope scaling llama3: original_max_position_embeddings is missing")
		}
		return rope.Llama3{Factor: h.Factor, Original: original, Low: h.Low, High: h.High}, false, nil
	case "yarn":
		y, err := h.yarn(original, context)
		return y, true, err
	}
	return nil, false, fmt.Errorf("rope_scaling %q is not supported; supported are default, linear, dynamic, yarn and llama3", h.kind())
}

// yarn has the defaults of transformers' modeling_rope_utils: without a factor
// it is the context over the original length.
func (h *hubRope) yarn(original, context int) (rope.YaRN, error) {
	y := rope.YaRN{Factor: h.Factor, Original: original, BetaFast: 32, BetaSlow: 1, Amplitude: h.Amplitude}
	if h.Truncate != nil && !*h.Truncate {
		return y, errors.New("rope scaling yarn: truncate false is not supported: its ramp begins and ends between pairs")
	}
	if y.Factor == 0 {
		y.Factor = float64(context) / float64(original)
	}
	if h.BetaFast != nil {
		y.BetaFast = *h.BetaFast
	}
	if h.BetaSlow != nil {
		y.BetaSlow = *h.BetaSlow
	}
	if y.Amplitude == 0 && h.M != 0 && h.MAll != 0 {
		y.Amplitude = rope.GrownAmplitude(y.Factor, h.M) / rope.GrownAmplitude(y.Factor, h.MAll)
	}
	if math.IsNaN(y.Amplitude) || y.Amplitude < 0 {
		return y, fmt.Errorf("rope scaling yarn: attention factor %g, want a number above 0", y.Amplitude)
	}
	return y, nil
}
