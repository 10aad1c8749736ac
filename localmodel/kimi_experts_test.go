package localmodel

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

const expertHidden = 20

// mixtureConfig is a config.json of the released model's keys with experts.
func mixtureConfig(pattern string, changes object) object {
	c := kimiConfig(pattern)
	for key, v := range (object{
		"num_experts": 8, "num_experts_per_token": 3, "num_shared_experts": 1, "moe_intermediate_size": expertHidden,
		"first_k_dense_replace": 1, "moe_layer_freq": 1, "routed_scaling_factor": 2.446, "moe_renormalize": true,
		"moe_router_activation_func": "sigmoid", "use_grouped_topk": true, "num_expert_group": 1, "topk_group": 1,
	}) {
		c[key] = v
	}
	for key, v := range changes {
		c[key] = v
	}
	return c
}

// mixture draws the experts of a layer; false: it has none.
func (m *hubModel) mixture(r *rand.Rand, layer int, matrix func(name string, rows, cols int)) bool {
	count, ok := m.config["num_experts"].(int)
	if !ok || layer < m.config["first_k_dense_replace"].(int) || layer%m.config["moe_layer_freq"].(int) != 0 {
		return false
	}
	p, d := fmt.Sprintf("model.layers.%d.block_sparse_moe.", layer), m.config["hidden_size"].(int)
	matrix(p+"gate.weight", count, d)
	m.add(r, p+"gate.e_score_correction_bias", 0, 0.2, count)
	for i := range count {
		one := fmt.Sprintf("%sexperts.%d.", p, i)
		matrix(one+"w1.weight", expertHidden, d)
		matrix(one+"w2.weight", d, expertHidden)
		matrix(one+"w3.weight", expertHidden, d)
	}
	if shared := m.config["num_shared_experts"].(int); shared > 0 {
		matrix(p+"shared_experts.gate_proj.weight", shared*expertHidden, d)
		matrix(p+"shared_experts.up_proj.weight", shared*expertHidden, d)
		matrix(p+"shared_experts.down_proj.weight", d, shared*expertHidden)
	}
	return true
}

// networks is what a layer's network makes of a row, or its experts.
func (n naiveKimi) networks(l int, x []float64) []float64 {
	p := fmt.Sprintf("model.layers.%d.block_sparse_moe.", l)
	if n.take(p+"gate.weight") == nil {
		return n.feedForward(l, x)
	}
	out := make([]float64, len(x))
	if n.take(p+"shared_experts.gate_proj.weight") != nil {
		out = n.gated(x, p+"shared_experts.gate_proj", p+"shared_experts.up_proj", p+"shared_experts.down_proj")
	}
	for i, w := range n.route(p, x) {
		if w != 0 {
			one := fmt.Sprintf("%sexperts.%d.", p, i)
			for c, v := range n.gated(x, one+"w1", one+"w3", one+"w2") {
				out[c] += w * v
			}
		}
	}
	return out
}

func (n naiveKimi) gated(x []float64, gate, up, down string) []float64 {
	z, y := n.times(gate, x), n.times(up, x)
	for i := range y {
		y[i] *= z[i] * sigmoid(z[i])
	}
	return n.times(down, y)
}

// route returns the weight of every expert, 0 of those that aren't chosen.
func (n naiveKimi) route(p string, x []float64) []float64 {
	scores, bias, sum := n.times(p+"gate", x), n.take(p+"gate.e_score_correction_bias"), 0.0
	for _, z := range scores {
		sum += math.Exp(z)
	}
	rank := make([]float64, len(scores))
	for i, z := range scores {
		if scores[i] = sigmoid(z); n.config["moe_router_activation_func"] == "softmax" {
			scores[i] = math.Exp(z) / sum
		}
		rank[i] = scores[i] + bias[i]
	}
	groups := n.config["num_expert_group"].(int)
	size := len(rank) / groups
	var worth []float64 // of groups
	for g := range groups {
		two := highest(rank[g*size:][:size])
		worth = append(worth, rank[g*size+two[0]]+rank[g*size+two[min(1, size-1)]])
	}
	in := highest(worth)[:n.config["topk_group"].(int)]
	order := slices.DeleteFunc(highest(rank), func(i int) bool { return !slices.Contains(in, i/size) })
	out, total := make([]float64, len(rank)), 0.0
	order = order[:n.config["num_experts_per_token"].(int)]
	for _, i := range order {
		out[i] = scores[i]
		total += scores[i]
	}
	if n.config["moe_renormalize"] == false || len(order) == 1 {
		total = 1
	}
	for i := range out {
		out[i] *= n.config["routed_scaling_factor"].(float64) / total
	}
	return out
}

// highest lists places by what they hold, the largest first, of equals the first.
func highest(x []float64) []int {
	out := make([]int, len(x))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(x[b], x[a]) })
	return out
}

// set replaces weights of a tensor by those of another one, from row to row.
func (m *hubModel) set(name string, row int, from string, fromRow, rows int) {
	for _, t := range m.tensors {
		if t.name == name {
			cols := len(t.w) / t.shape[0]
			copy(t.w[row*cols:], m.take(from)[fromRow*cols:][:rows*cols])
		}
	}
}

func TestMixturesOfExpertsComputeTheFormulas(t *testing.T) {
	ids := kimiIDs()
	for _, c := range []struct {
		name, pattern, dtype string
		changes              object
	}{
		{"the released model's keys", "kkm", "BF16", nil},
		{"groups", "mk", "F32", object{"num_experts": 12, "num_experts_per_token": 4, "num_expert_group": 4, "topk_group": 2}},
		{"all groups", "km", "F32", object{"num_expert_group": 4, "topk_group": 4, "num_shared_experts": 2}},
		{"all experts", "mk", "F16", object{"num_experts": 5, "num_experts_per_token": 5, "first_k_dense_replace": 0}},
		{"softmax, every other layer, none shared", "mmkm", "F32", object{
			"moe_router_activation_func": "softmax", "moe_renormalize": false, "first_k_dense_replace": 0, "moe_layer_freq": 2, "num_shared_experts": 0,
		}},
		{"one expert a token", "mk", "BF16", object{"num_experts_per_token": 1, "routed_scaling_factor": 1.0, "num_shared_experts": 0}},
		{"ties", "mk", "F32", object{"num_experts": 6, "num_experts_per_token": 3, "num_expert_group": 3, "topk_group": 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := kimiModel(mixtureConfig(c.pattern, c.changes), c.dtype)
			if c.name == "ties" { // experts in pairs and groups alike, by what the router knows of them
				for _, name := range []string{"weight", "e_score_correction_bias"} {
					gate := "model.layers.1.block_sparse_moe.gate." + name
					m.set(gate, 1, gate, 0, 1)
					m.set(gate, 2, gate, 0, 1)
					m.set(gate, 3, gate, 0, 1)
					m.set(gate, 5, gate, 4, 1)
				}
			}
			want := naiveKimi{newNaive(m)}.logProbs(ids)
			dir := m.write(t)
			for _, level := range cpu.Levels() {
				compare(t, level.String(), logProbsOf(t, dir, Options{SIMD: level.String(), KV: "f32"}, ids), want)
			}
		})
	}
}

func logProbsOf(t *testing.T, dir string, o Options, ids []int32) []float64 {
	t.Helper()
	local, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids})
	if err := closing(local, err); err != nil {
		t.Fatal(err)
	}
	return got.LogProbs
}

// Experts that are all the same network are that network, whichever are chosen,
// if their weights sum to one.
func TestExpertsThatAreAllTheSameAreOneNetwork(t *testing.T) {
	ids := kimiIDs()
	config := mixtureConfig("mk", object{"num_shared_experts": 0, "routed_scaling_factor": 1.0, "first_k_dense_replace": 0})
	m := kimiModel(config, "F32")
	dense := kimiConfig("mk")
	dense["intermediate_size"] = expertHidden
	one := &hubModel{config: dense, tokenizer: m.tokenizer, dtype: m.dtype}
	for _, x := range m.tensors {
		layer, rest, ok := strings.Cut(x.name, "block_sparse_moe.experts.0.")
		if ok {
			x.name = layer + "mlp." + map[string]string{"w1.weight": "gate_proj.weight", "w2.weight": "down_proj.weight", "w3.weight": "up_proj.weight"}[rest]
			for i := 1; i < config["num_experts"].(int); i++ {
				name := fmt.Sprintf("%sblock_sparse_moe.experts.%d.%s", layer, i, rest)
				m.set(name, 0, layer+"block_sparse_moe.experts.0."+rest, 0, x.shape[0])
			}
		}
		one.tensors = append(one.tensors, x)
	}
	compare(t, "experts all the same", logProbsOf(t, m.write(t), Options{KV: "f32"}, ids), logProbsOf(t, one.write(t), Options{KV: "f32"}, ids))
}

func TestMixturesThatCantBeUsedSayWhy(t *testing.T) {
	for _, c := range []struct {
		changes object
		want    string
	}{
		{object{"num_experts": -1}, "key num_experts is -1, want 1 to 16384"},
		{object{"num_experts_per_token": 9}, "key num_experts_per_token is 9, want 1 to 8"},
		{object{"num_experts_per_token": nil}, "key num_experts_per_token is 0, want 1 to 8"},
		{object{"moe_intermediate_size": nil}, "key moe_intermediate_size is 0, want 1 to"},
		{object{"moe_intermediate_size": 24}, `tensor "model.layers.1.block_sparse_moe.experts.0.w1.weight": has shape [32 20], want [32 24]`},
		{object{"num_experts": 9}, `tensor "model.layers.1.block_sparse_moe.gate.weight": has shape [32 8], want [32 9]`},
		{object{"num_shared_experts": 2}, `tensor "model.layers.1.block_sparse_moe.shared_experts.gate_proj.weight": has shape [32 20], want [32 40]`},
		{object{"num_shared_experts": -1}, "key num_shared_experts is -1, want 0 to"},
		{object{"first_k_dense_replace": 2}, `tensor "model.layers.1.mlp.gate_proj.weight": is missing`},
		{object{"moe_layer_freq": 0}, "key moe_layer_freq is 0, want 1 to"},
		{object{"routed_scaling_factor": -1.0}, "routed_scaling_factor is -1, want above 0"},
		{object{"moe_router_activation_func": "tanh"}, `moe_router_activation_func is "tanh", want sigmoid or softmax`},
		{object{"topk_method": "greedy"}, `topk_method is "greedy", want noaux_tc`},
		{object{"routed_expert_hidden_size": 16}, "routed_expert_hidden_size is 16: experts of a width of their own are not supported"},
		{object{"num_expert_group": 3, "topk_group": 2}, "num_expert_group is 3: 8 experts don't make as many equal groups of two or more"},
		{object{"num_expert_group": 8, "topk_group": 4}, "num_expert_group is 8: 8 experts don't make as many equal groups of two or more"},
		{object{"num_expert_group": 4, "topk_group": 1}, "num_experts_per_token is 3, but topk_group 1 leaves 2 experts"},
		{object{"num_expert_group": 4, "topk_group": 5}, "key topk_group is 5, want 1 to 4"},
		{object{"num_expert_group": 2, "use_grouped_topk": false}, "num_expert_group is 2, but use_grouped_topk is false"},
	} {
		t.Run(c.want, func(t *testing.T) {
			m := kimiModel(mixtureConfig("km", nil), "F32")
			for key, v := range c.changes {
				m.config[key] = v
			}
			dir := m.write(t)
			local, err := Open(dir, Options{})
			if err == nil {
				t.Fatal(closing(local, fmt.Errorf("it opened, want %q", c.want)))
			}
			if text := err.Error(); !strings.Contains(text, c.want) || !strings.Contains(text, dir) || strings.Contains(text, "\n") {
				t.Errorf("got %q, want one line with %q and the folder", text, c.want)
			}
		})
	}
}
