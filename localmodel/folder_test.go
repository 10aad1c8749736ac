package localmodel

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// object is a JSON object in the making.
type object = map[string]any

// byteTokens is how many tokens byteLevel has: the bytes and an end.
const byteTokens = 257

// byteLevel is a tokenizer.json whose tokens 0 to 255 are the bytes in the
// order of their letters, without a merge.
func byteLevel() object {
	vocab := object{}
	for b := range 256 {
		// GPT-2's letters: printable bytes stand for themselves, the others
		// follow U+0100.
		r := rune(b)
		switch {
		case b <= ' ':
			r = rune(256 + b)
		case b >= 0x7f && b <= 0xa0:
			r = rune(256 + 33 + b - 0x7f)
		case b == 0xad:
			r = 256 + 67
		}
		vocab[string(r)] = b
	}
	return object{
		"added_tokens":  []object{{"id": 256, "content": "<|endoftext|>", "special": true}},
		"pre_tokenizer": object{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
		"model":         object{"type": "BPE", "vocab": vocab, "merges": []string{}},
	}
}

// hubModel is a model folder in the making.
type hubModel struct {
	config    object
	tokenizer object
	dtype     string // of the matrices; norms and biases are F32
	tensors   []hubTensor
}

type hubTensor struct {
	name  string
	dtype string
	shape []int
	w     []float64
}

// take returns a tensor's weights, nil if there is none of that name.
func (m *hubModel) take(name string) []float64 {
	for _, t := range m.tensors {
		if t.name == name {
			return t.w
		}
	}
	return nil
}

// add draws a tensor of weights around mean, rounded to what its type holds.
func (m *hubModel) add(r *rand.Rand, name string, mean, spread float64, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	t := hubTensor{name: name, dtype: "F32", shape: shape, w: make([]float64, n)}
	if len(shape) == 2 {
		t.dtype = m.dtype
	}
	for i := range t.w {
		v := float32(mean + spread*r.NormFloat64())
		switch t.dtype {
		case "F16":
			v = quant.F16ToF32(quant.F32ToF16(v))
		case "BF16":
			v = quant.BF16ToF32(quant.F32ToBF16(v))
		}
		t.w[i] = float64(v)
	}
	m.tensors = append(m.tensors, t)
}

// write makes the folder; what is nil is left out.
func (m *hubModel) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]object{"config.json": m.config, "tokenizer.json": m.tokenizer} {
		if content != nil {
			raw, err := json.Marshal(content)
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, name, raw)
		}
	}
	header, data := object{}, []byte(nil)
	for _, x := range m.tensors {
		from := len(data)
		for _, v := range x.w {
			switch x.dtype {
			case "F16":
				data = binary.LittleEndian.AppendUint16(data, quant.F32ToF16(float32(v)))
			case "BF16":
				data = binary.LittleEndian.AppendUint16(data, quant.F32ToBF16(float32(v)))
			default: // F32, and I32 of the same size
				data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
			}
		}
		header[x.name] = object{"dtype": x.dtype, "shape": x.shape, "data_offsets": []int{from, len(data)}}
	}
	raw, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "model.safetensors", append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(raw))), raw...), data...))
	return dir
}

func put(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// randomModel draws the weights that a config asks for, named and laid out as
// Hugging Face's transformers has them.
func randomModel(config object, dtype string) *hubModel {
	r := rand.New(rand.NewPCG(5, 6))
	m := &hubModel{config: config, tokenizer: byteLevel(), dtype: dtype}
	kind, d, ffn := config["model_type"].(string), config["hidden_size"].(int), config["intermediate_size"].(int)
	heads, kv, head := config["num_attention_heads"].(int), config["num_key_value_heads"].(int), headDim(config)
	norm := 1.0 // what a norm's weights lie around
	if strings.HasPrefix(kind, "gemma3") {
		norm = 0
	}
	matrix := func(name string, rows, cols int) { m.add(r, name, 0, 1.5/math.Sqrt(float64(cols)), rows, cols) }
	m.add(r, "model.embed_tokens.weight", 0, 0.3, byteTokens, d)
	for i := range config["num_hidden_layers"].(int) {
		p := fmt.Sprintf("model.layers.%d.", i)
		matrix(p+"self_attn.q_proj.weight", heads*head, d)
		matrix(p+"self_attn.k_proj.weight", kv*head, d)
		matrix(p+"self_attn.v_proj.weight", kv*head, d)
		matrix(p+"self_attn.o_proj.weight", d, heads*head)
		matrix(p+"mlp.gate_proj.weight", ffn, d)
		matrix(p+"mlp.up_proj.weight", ffn, d)
		matrix(p+"mlp.down_proj.weight", d, ffn)
		norms := []string{"input_layernorm", "post_attention_layernorm"}
		switch kind {
		case "qwen2":
			m.add(r, p+"self_attn.q_proj.bias", 0, 1, heads*head)
			m.add(r, p+"self_attn.k_proj.bias", 0, 1, kv*head)
			m.add(r, p+"self_attn.v_proj.bias", 0, 1, kv*head)
		case "gemma3_text":
			norms = append(norms, "pre_feedforward_layernorm", "post_feedforward_layernorm")
		}
		for _, n := range norms {
			m.add(r, p+n+".weight", norm, 0.3, d)
		}
		if kind == "qwen3" || kind == "gemma3_text" {
			m.add(r, p+"self_attn.q_norm.weight", norm, 0.3, head)
			m.add(r, p+"self_attn.k_norm.weight", norm, 0.3, head)
		}
	}
	m.add(r, "model.norm.weight", norm, 0.3, d)
	if config["tie_word_embeddings"] == false {
		matrix("lm_head.weight", byteTokens, d)
	}
	return m
}

func headDim(config object) int {
	if n, ok := config["head_dim"].(int); ok {
		return n
	}
	return config["hidden_size"].(int) / config["num_attention_heads"].(int)
}

// smallConfig is a config.json with changes.
func smallConfig(kind string, changes object) object {
	c := object{
		"model_type": kind, "num_hidden_layers": 3, "hidden_size": 32, "intermediate_size": 40,
		"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
		"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true,
	}
	for k, v := range changes {
		c[k] = v
	}
	return c
}

func TestFoldersThatCantBeUsedSayWhy(t *testing.T) {
	drop := func(name string) func(*hubModel) {
		return func(m *hubModel) {
			for i, x := range m.tensors {
				if x.name == name {
					m.tensors = append(m.tensors[:i:i], m.tensors[i+1:]...)
				}
			}
		}
	}
	set := func(key string, v any) func(*hubModel) { return func(m *hubModel) { m.config[key] = v } }
	for _, c := range []struct {
		name  string
		spoil func(*hubModel)
		want  string
	}{
		{"no config.json", func(m *hubModel) { m.config = nil }, "config.json: no such file"},
		{"no tokenizer.json", func(m *hubModel) { m.tokenizer = nil }, "tokenizer.json: no such file"},
		{"no embedding", drop("model.embed_tokens.weight"), `tensor "token_embd.weight" (model.embed_tokens.weight in the folder): is missing`},
		{"a missing tensor", drop("model.layers.1.self_attn.k_proj.weight"), `tensor "blk.1.attn_k.weight" (model.layers.1.self_attn.k_proj.weight in the folder): is missing`},
		{"a missing output of an untied model", func(m *hubModel) {
			drop("lm_head.weight")(m)
			m.config["tie_word_embeddings"] = false
		}, `tensor "output.weight" (lm_head.weight in the folder) is missing`},
		{"an unsupported dtype", func(m *hubModel) { m.tensors[3].dtype = "I32" }, `tensor "model.layers.0.self_attn.v_proj.weight": dtype "I32" is not supported (supported: F32, F16, BF16)`},
		{"a misshapen tensor", set("hidden_size", 64), "has shape [32 257], want [64 any]"},
		{"an unknown architecture", set("model_type", "mamba"), `architecture "mamba" is not supported; supported are gemma3, llama, qwen2, qwen3`},
		{"no architecture", set("model_type", nil), "config.json has no model_type; is this a language model?"},
		{"no number of layers", set("num_hidden_layers", nil), "config.json: model: key num_hidden_layers is missing or no whole number"},
		{"heads that don't share evenly", set("num_key_value_heads", 3), "config.json: model: key num_key_value_heads is 3, which 4 query heads (num_attention_heads) can't share evenly"},
		{"heads that don't divide the width", set("num_attention_heads", 6), "config.json: model: key num_attention_heads is 6, which doesn't divide hidden_size, 32, and head_dim is missing"},
		{"more heads than any model has", set("num_attention_heads", 5000), "config.json: model: key num_attention_heads is 5000, want 1 to 4096"},
		{"biases where a llama has none", set("attention_bias", true), "config.json: attention_bias is not supported"},
		{"biases of the feed-forward network", set("mlp_bias", true), "config.json: mlp_bias is not supported"},
		{"another activation", set("hidden_act", "gelu"), `config.json: hidden_act is "gelu", want silu`},
		{"heads that turn in part", set("partial_rotary_factor", 0.5), "config.json: partial_rotary_factor 0.5 is not supported"},
		{"a norm that stands on its side", func(m *hubModel) {
			for i := range m.tensors {
				if x := &m.tensors[i]; x.name == "model.layers.2.input_layernorm.weight" {
					x.shape = []int{4, 8}
				}
			}
		}, `tensor "blk.2.attn_norm.weight" (model.layers.2.input_layernorm.weight in the folder): has shape [8 4], want [32]`},
		{"a window of some of qwen's layers", func(m *hubModel) {
			m.config["model_type"], m.config["use_sliding_window"] = "qwen2", true
		}, "config.json: use_sliding_window is not supported"},
		{"a tokenizer of more tokens than the embedding", func(m *hubModel) {
			m.tokenizer["added_tokens"] = []object{{"id": 256, "content": "a", "special": true}, {"id": 257, "content": "b", "special": true}}
		}, "the tokenizer has 258 tokens, the embedding 257"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := randomModel(smallConfig("llama", nil), "F32")
			m.tensors = append([]hubTensor(nil), m.tensors...)
			c.spoil(m)
			dir := m.write(t)
			local, err := Open(dir, Options{Device: "cpu"})
			if err == nil {
				t.Fatal(closing(local, fmt.Errorf("it opened, want %q", c.want)))
			}
			if text := err.Error(); !strings.Contains(text, c.want) || !strings.Contains(text, dir) || strings.Contains(text, "\n") || strings.Count(text, dir) > 1 {
				t.Errorf("got %q, want one line with %q and the folder once", text, c.want)
			}
		})
	}
}

// What config.json and generation_config.json call the end ends an answer.
func TestFoldersNameTheirEnds(t *testing.T) {
	m := randomModel(smallConfig("llama", object{"eos_token_id": 7}), "F32")
	dir := m.write(t)
	put(t, dir, "generation_config.json", []byte(`{"eos_token_id": [7, 9]}`))
	put(t, dir, "tokenizer_config.json", []byte(`{"eos_token": {"content": "<|endoftext|>"}, "chat_template": "{{ messages[0].content }}{{ eos_token }}"}`))
	local, err := Open(dir, Options{Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	ends := map[int32]bool{}
	for _, id := range local.words.ends() {
		ends[id] = true
	}
	if !ends[7] || !ends[9] || !ends[256] || ends[65] {
		t.Errorf("ends are %v, want 7, 9 and 256", ends)
	}
	if n, err := local.Count(Prompt{Text: "abc", Chat: true}); err != nil || n != 4 {
		t.Errorf("abc and the end in a chat are %d tokens (%v), want 4", n, err)
	}
	if local.Info.Name != filepath.Base(dir) || local.Info.Arch != "llama" || local.Info.Vocab != byteTokens {
		t.Errorf("info %+v", local.Info)
	}
}

func TestFoldersHaveTheTemplateOfTheirFile(t *testing.T) {
	for _, c := range []struct{ name, config, file, want, fault string }{
		{"a text", `{"chat_template": "A{{ messages[0].content }}"}`, "", "Ax", ""},
		{"the default of a list", `{"chat_template": [{"name": "tools", "template": "T"}, {"name": "default", "template": "B{{ messages[0].content }}"}]}`, "", "Bx", ""},
		{"a file of its own", `{"chat_template": "A"}`, "C{{ messages[0].content }}", "Cx", ""},
		{"a list without a default", `{"chat_template": [{"name": "tools", "template": "T"}]}`, "", "", "chat_template: the list has none named default"},
		{"a number", `{"chat_template": 7}`, "", "", "chat_template: want a text or a list of named texts"},
		{"broken JSON", `{"chat_template": `, "", "", "tokenizer_config.json: unexpected end of JSON input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := randomModel(smallConfig("llama", nil), "F32").write(t)
			put(t, dir, "tokenizer_config.json", []byte(c.config))
			if c.file != "" {
				put(t, dir, "chat_template.jinja", []byte(c.file))
			}
			local, err := Open(dir, Options{Device: "cpu"})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("got %v, want %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer local.Close()
			ids, err := local.encode(Prompt{Text: "x", Chat: true})
			if err != nil {
				t.Fatal(err)
			}
			if a, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids}); err != nil || a.Text != c.want {
				t.Errorf("rendered %q (%v), want %q", a.Text, err, c.want)
			}
		})
	}
}

// A config.json without rms_norm_eps is read as transformers reads it.
func TestFoldersHaveTheUsualEpsilon(t *testing.T) {
	m := randomModel(smallConfig("llama", object{"tie_word_embeddings": false}), "F32")
	for i := range m.tensors { // small enough for epsilon to count
		if m.tensors[i].name == "model.embed_tokens.weight" {
			for j := range m.tensors[i].w {
				m.tensors[i].w[j] = float64(float32(m.tensors[i].w[j] / 256))
			}
		}
	}
	ids := drawnIDs(20, byteTokens)
	want := newNaive(m).logProbs(ids)
	delete(m.config, "rms_norm_eps") // it was 1e-6
	local, err := Open(m.write(t), Options{Device: "cpu", KV: "f32"})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	got, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "no rms_norm_eps", got.LogProbs, want)
}
