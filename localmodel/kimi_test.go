package localmodel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// Sizes of the tiny models in the layout of Kimi Linear's checkpoint.
const (
	kimiHeads, kimiDim, kimiTaps, kimiRank = 3, 16, 4, 12 // of KDA
	latentRank, latentKey, latentShared    = 20, 16, 8
	latentValue                            = 24
)

// kimiConfig is a config.json of layers by letter: k for KDA, m for MLA, f for
// plain attention.
func kimiConfig(pattern string) object {
	var linear, full []int
	for i, kind := range pattern {
		if kind == 'k' {
			linear = append(linear, i+1)
		} else {
			full = append(full, i+1)
		}
	}
	c := smallConfig("kimi_linear", object{
		"num_hidden_layers": len(pattern), "rms_norm_eps": 1e-5, "tie_word_embeddings": false, "hidden_act": "silu", "head_dim": 8,
		"linear_attn_config": object{
			"kda_layers": linear, "full_attn_layers": full, "num_heads": kimiHeads, "head_dim": kimiDim, "short_conv_kernel_size": kimiTaps,
		},
		"q_lora_rank": nil, "kv_lora_rank": latentRank, "qk_nope_head_dim": latentKey, "qk_rope_head_dim": latentShared,
		"v_head_dim": latentValue, "mla_use_nope": true, "model_max_length": 128, "pattern": pattern,
	})
	delete(c, "max_position_embeddings")
	return c
}

// kimiModel draws the weights that a config asks for, in the checkpoint's
// layout.
func kimiModel(config object, dtype string) *hubModel {
	r := rand.New(rand.NewPCG(8, 9))
	m := &hubModel{config: config, tokenizer: byteLevel(), dtype: dtype}
	d, ffn := config["hidden_size"].(int), config["intermediate_size"].(int)
	matrix := func(name string, rows, cols int) { m.add(r, name, 0, 1.5/math.Sqrt(float64(cols)), rows, cols) }
	m.add(r, "model.embed_tokens.weight", 0, 0.3, byteTokens, d)
	for i, kind := range config["pattern"].(string) {
		p := fmt.Sprintf("model.layers.%d.", i)
		m.add(r, p+"input_layernorm.weight", 1, 0.3, d)
		m.add(r, p+"post_attention_layernorm.weight", 1, 0.3, d)
		if !m.mixture(r, i, matrix) {
			matrix(p+"mlp.gate_proj.weight", ffn, d)
			matrix(p+"mlp.up_proj.weight", ffn, d)
			matrix(p+"mlp.down_proj.weight", d, ffn)
		}
		switch p += "self_attn."; kind {
		case 'k':
			m.kdaLayer(r, p, d, matrix)
		case 'm':
			heads := config["num_attention_heads"].(int)
			if rank, ok := config["q_lora_rank"].(int); ok {
				matrix(p+"q_a_proj.weight", rank, d)
				m.add(r, p+"q_a_layernorm.weight", 1, 0.3, rank)
				matrix(p+"q_b_proj.weight", heads*(latentKey+latentShared), rank)
			} else {
				matrix(p+"q_proj.weight", heads*(latentKey+latentShared), d)
			}
			matrix(p+"kv_a_proj_with_mqa.weight", latentRank+latentShared, d)
			m.add(r, p+"kv_a_layernorm.weight", 1, 0.3, latentRank)
			matrix(p+"kv_b_proj.weight", heads*(latentKey+latentValue), latentRank)
			matrix(p+"o_proj.weight", d, heads*latentValue)
		case 'f':
			heads, kv, head := config["num_attention_heads"].(int), config["num_key_value_heads"].(int), headDim(config)
			matrix(p+"q_proj.weight", heads*head, d)
			matrix(p+"k_proj.weight", kv*head, d)
			matrix(p+"v_proj.weight", kv*head, d)
			matrix(p+"o_proj.weight", d, heads*head)
		}
	}
	m.add(r, "model.norm.weight", 1, 0.3, d)
	matrix("lm_head.weight", byteTokens, d)
	return m
}

func (m *hubModel) kdaLayer(r *rand.Rand, p string, d int, matrix func(name string, rows, cols int)) {
	all := kimiHeads * kimiDim
	for _, name := range []string{"q", "k", "v"} {
		matrix(p+name+"_proj.weight", all, d)
		m.add(r, p+name+"_conv1d.weight", 0.3, 0.5, all, 1, kimiTaps)
	}
	matrix(p+"f_a_proj.weight", kimiRank, d)
	matrix(p+"f_b_proj.weight", all, kimiRank)
	m.add(r, p+"A_log", 0, 1, 1, 1, kimiHeads, 1)
	m.add(r, p+"dt_bias", -2, 1, all)
	matrix(p+"b_proj.weight", kimiHeads, d)
	matrix(p+"g_a_proj.weight", kimiRank, d)
	matrix(p+"g_b_proj.weight", all, kimiRank)
	if strings.HasSuffix(p, "0.self_attn.") { // the checkpoint has none, other files of this layout do
		m.add(r, p+"g_b_proj.bias", 0, 0.5, all)
	}
	m.add(r, p+"o_norm.weight", 1, 0.3, kimiDim)
	matrix(p+"o_proj.weight", d, all)
}

// kimiIDs are tokens on both sides of a chunk's end.
func kimiIDs() []int32 {
	r, ids := rand.New(rand.NewPCG(1, 1)), make([]int32, 90)
	for i := range ids {
		ids[i] = r.Int32N(byteTokens)
	}
	return ids
}

func TestKimiFoldersComputeTheFormulas(t *testing.T) {
	ids := kimiIDs()
	for _, c := range []struct{ pattern, dtype, attends string }{
		{"kkkm", "F32", "kda, mla"}, {"k", "BF16", "kda"}, {"m", "F16", "mla"}, {"kmf", "F32", "kda, mla, full"}, {"fk", "BF16", "full, kda"},
		{"mkq", "BF16", "mla, kda"},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			config := kimiConfig(strings.ReplaceAll(c.pattern, "q", "m"))
			if strings.Contains(c.pattern, "q") { // queries of low rank
				config["q_lora_rank"] = 28
			}
			m := kimiModel(config, c.dtype)
			dir := m.write(t)
			want := naiveKimi{newNaive(m)}.logProbs(ids)
			for _, level := range cpu.Levels() {
				local, err := Open(dir, Options{SIMD: level.String(), KV: "f32"})
				if err != nil {
					t.Fatal(err)
				}
				if local.Info.Attention != c.attends || local.Info.Arch != "kimi_linear" || local.Info.Window != 128 {
					t.Errorf("info %+v, want attention %q", local.Info, c.attends)
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

// Answers of prompts that begin alike: the first is computed whole, the second
// leaves a state ahead of where they part, the third goes on from there. All say
// what the formulas say of prompt and answer.
func TestKimiAnswersGoOnFromKeptPrompts(t *testing.T) {
	config := kimiConfig("kkm")
	config["model_max_length"] = 256
	m := kimiModel(config, "F32")
	local, err := Open(m.write(t), Options{KV: "f32"})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	ids, cached := kimiIDs(), 0
	for i := range 3 {
		prompt := slices.Clone(ids)
		for range 90 {
			prompt = append(prompt, int32((10*i+len(prompt))%byteTokens))
		}
		a, err := local.Answer(t.Context(), Prompt{IDs: prompt}, Params{MaxTokens: 6, LogProbs: true, IgnoreEnd: true})
		if err != nil {
			t.Fatal(err)
		}
		want := naiveKimi{newNaive(m)}.logProbs(append(prompt, a.IDs...))
		for j, got := range a.LogProbs {
			if w := want[len(prompt)-1+j]; !(math.Abs(got-w) <= formulaTolerance) {
				t.Errorf("answer %d: log-probability of token %d: got %.6f, want %.6f", i, j, got, w)
			}
		}
		cached = a.Cached
	}
	if want := steps(len(ids)); cached != want {
		t.Errorf("the third prompt found %d tokens computed, want %d of the %d that it shares", cached, want, len(ids))
	}
}

func TestKimiFoldersThatCantBeUsedSayWhy(t *testing.T) {
	set := func(key string, v any) func(*hubModel) { return func(m *hubModel) { m.config[key] = v } }
	linear := func(key string, v any) func(*hubModel) {
		return func(m *hubModel) { m.config["linear_attn_config"].(object)[key] = v }
	}
	drop := func(name string) func(*hubModel) {
		return func(m *hubModel) {
			m.tensors = slices.DeleteFunc(m.tensors, func(t hubTensor) bool { return t.name == name })
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(*hubModel)
		o     Options
		want  string
	}{
		{"queries of low rank that aren't there", set("q_lora_rank", 32), Options{}, `tensor "model.layers.2.self_attn.q_a_proj.weight": is missing`},
		{"queries of a negative rank", set("q_lora_rank", -1), Options{}, "key q_lora_rank is -1, want 1 to 131072"},
		{"a gate of full rank", linear("use_full_rank_gate", true), Options{}, "linear_attn_config: use_full_rank_gate and gate_lower_bound are not supported"},
		{"a bound of the decay", linear("gate_lower_bound", -5.0), Options{}, "linear_attn_config: use_full_rank_gate and gate_lower_bound are not supported"},
		{"a gate of latent attention", set("mla_use_output_gate", true), Options{}, "mla_use_output_gate and attn_res_block_size are not supported"},
		{"residuals of blocks", set("attn_res_block_size", 12), Options{}, "mla_use_output_gate and attn_res_block_size are not supported"},
		{"latent attention with rotation", set("mla_use_nope", false), Options{}, "mla_use_nope is false"},
		{"no linear layers", set("linear_attn_config", nil), Options{}, "key linear_attn_config is missing"},
		{"a layer of no kind", linear("kda_layers", []int{1}), Options{}, "layer 2 must be in one of kda_layers and full_attn_layers"},
		{"a layer of two kinds", linear("full_attn_layers", []int{1, 3}), Options{}, "layer 1 must be in one of"},
		{"no taps", linear("short_conv_kernel_size", 0), Options{}, "key linear_attn_config.short_conv_kernel_size is 0, want 1 to 64"},
		{"other taps than the weights", linear("short_conv_kernel_size", 3), Options{}, `tensor "model.layers.0.self_attn.q_conv1d.weight": has 192 weights, want 144`},
		{"taps on their side", func(m *hubModel) {
			for i := range m.tensors {
				if x := &m.tensors[i]; x.name == "model.layers.1.self_attn.k_conv1d.weight" {
					x.shape = []int{x.shape[2], 1, x.shape[0]}
				}
			}
		}, Options{}, `tensor "model.layers.1.self_attn.k_conv1d.weight": has shape [48 1 4], want [4 48]`},
		{"a missing gate", drop("model.layers.1.self_attn.g_b_proj.weight"), Options{}, `tensor "model.layers.1.self_attn.g_b_proj.weight": is missing`},
		{"a misshapen latent matrix", set("qk_nope_head_dim", 15), Options{}, `tensor "model.layers.2.self_attn.q_proj.weight": has shape [32 96], want [32 92]`},
		{"a latent layer without a rank", set("kv_lora_rank", nil), Options{}, `tensor "model.layers.2.self_attn.kv_a_proj_with_mqa.weight": is there, but config.json has no kv_lora_rank`},
		{"no output", drop("lm_head.weight"), Options{}, `tensor "lm_head.weight": is missing`},
		{"another activation", set("hidden_act", "gelu"), Options{}, `hidden_act is "gelu", want silu`},
		{"scaled positions", set("rope_scaling", object{"type": "linear", "factor": 2.0}), Options{}, "rope_scaling is not supported in kimi_linear"},
		{"positions scaled as transformers 5 says it", set("rope_parameters", object{"rope_type": "yarn", "factor": 2.0}), Options{}, `rope_parameters of type "yarn" are not supported in kimi_linear`},
		{"an unsupported dtype", func(m *hubModel) {
			for i := range m.tensors {
				if x := &m.tensors[i]; x.name == "model.layers.2.self_attn.kv_b_proj.weight" {
					x.dtype = "I32"
				}
			}
		}, Options{}, `tensor "model.layers.2.self_attn.kv_b_proj.weight": dtype "I32" is not supported (supported: F32, F16, BF16)`},
		{"an attention mechanism", func(*hubModel) {}, Options{Attention: sliding.Sliding{Window: 8}}, "attention sliding:window=8,sinks=0,remap=true: the model's layers attend as they were trained (kda, mla); use --attention full"},
		{"positions stretched where there are none", func(*hubModel) {}, Options{Rope: rope.PI{Factor: 4}, Window: 512}, "rope pi:factor=4: the model's layers (kda, mla) have no positions to stretch"},
		{"a graphics device", func(*hubModel) {}, Options{Device: "gpu"}, "layers of kda, mla run on the CPU only so far; use --device cpu"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := kimiModel(kimiConfig("kkm"), "F32")
			c.spoil(m)
			dir := m.write(t)
			local, err := Open(dir, c.o)
			if err == nil {
				t.Fatal(closing(local, fmt.Errorf("it opened, want %q", c.want)))
			}
			if text := err.Error(); !strings.Contains(text, c.want) || !strings.Contains(text, dir) || strings.Contains(text, "\n") {
				t.Errorf("got %q, want one line with %q and the folder", text, c.want)
			}
		})
	}
}
