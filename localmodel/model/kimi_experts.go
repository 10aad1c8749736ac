package model

import "fmt"

// kimiExperts is what a Kimi Linear's config.json says of mixtures of experts.
// Layers have one from first_k_dense_replace on, every moe_layer_freq'th,
// counted from 0. Below model.layers.N.block_sparse_moe:
//
//	gate.weight                              [experts, width]
//	gate.e_score_correction_bias             [experts]: of the choice alone
//	experts.E.w1, experts.E.w3 .weight       [moe_intermediate_size, width]: gate, up
//	experts.E.w2.weight                      [width, moe_intermediate_size]: down
//	shared_experts.gate_proj, up_proj .weight  [num_shared_experts moe_intermediate_size, width]
//	shared_experts.down_proj.weight          the other way round
//
// The shared experts are one network, which all rows pass and nothing scales.
// The released model has 256 experts, of which a row takes 8, one that is
// shared, and one group; renormalised weights are scaled by 2.446.
//
// Published implementations differ in three places. Weights are the scores
// without the bias, and experts of other groups are out, as vLLM has it and the
// authors' later code; the code beside the released weights adds the bias to
// both in place, and sets the scores of other groups to 0, which only matters if
// the groups that are chosen have too few above it. A single expert's weight is
// not renormalised, as the authors have it.
// Source: modeling_kimi.py and configuration_kimi.py beside the released
// weights, vllm/model_executor/models/kimi_linear.py.
type kimiExperts struct {
	Experts     int     `json:"num_experts"` // 0: none
	Take        int     `json:"num_experts_per_token"`
	Shared      int     `json:"num_shared_experts"`
	Hidden      int     `json:"moe_intermediate_size"`
	First       int     `json:"first_k_dense_replace"`
	Every       int     `json:"moe_layer_freq"`
	Scale       float64 `json:"routed_scaling_factor"`
	Renormalise bool    `json:"moe_renormalize"`
	Score       string  `json:"moe_router_activation_func"`
	Grouped     bool    `json:"use_grouped_topk"`
	Groups      int     `json:"num_expert_group"`
	OfGroups    int     `json:"topk_group"`
	Method      string  `json:"topk_method"`
	LatentWidth int     `json:"routed_expert_hidden_size"` // of Kimi K3
}

// defaultExperts is what absent keys stand for.
func defaultExperts() kimiExperts {
	return kimiExperts{Every: 1, Scale: 1, Renormalise: true, Score: "sigmoid", Grouped: true, Groups: 1, OfGroups: 1, Method: "noaux_tc"}
}

// has says whether layer i, counted from 0, has experts.
func (k *kimiExperts) has(i int) bool { return k.Experts > 0 && i >= k.First && i%k.Every == 0 }

// maxExperts is far above any model known.
const maxExperts = 1 << 14

func (k *kimiExperts) check() error {
	if k.Experts == 0 {
		return nil
	}
	for _, n := range []struct {
		key         string
		value       int
		least, most int
	}{
		{"num_experts", k.Experts, 1, maxExperts}, {"num_experts_per_token", k.Take, 1, k.Experts},
		{"moe_intermediate_size", k.Hidden, 1, 8 * maxWidth}, {"num_shared_experts", k.Shared, 0, 8 * maxWidth / max(1, k.Hidden)},
		{"first_k_dense_replace", k.First, 0, maxLayers}, {"moe_layer_freq", k.Every, 1, maxLayers},
		{"num_expert_group", k.Groups, 1, k.Experts}, {"topk_group", k.OfGroups, 1, k.Groups},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("model: key %s is %d, want %d to %d", n.key, n.value, n.least, n.most)
		}
	}
	switch {
	case k.LatentWidth != 0:
		return fmt.Errorf("model: routed_expert_hidden_size is %d: experts of a width of their own are not supported", k.LatentWidth)
	case k.Score != "sigmoid" && k.Score != "softmax":
		return fmt.Errorf("model: moe_router_activation_func is %q, want sigmoid or softmax", k.Score)
	case k.Method != "noaux_tc":
		return fmt.Errorf("model: topk_method is %q, want noaux_tc", k.Method)
	case k.Scale <= 0:
		return fmt.Errorf("model: routed_scaling_factor is %g, want above 0", k.Scale)
	}
	return k.checkGroups()
}

func (k *kimiExperts) checkGroups() error {
	if k.Groups == 1 {
		return nil
	}
	size := k.Experts / k.Groups
	switch {
	case !k.Grouped:
		return fmt.Errorf("model: num_expert_group is %d, but use_grouped_topk is false: one of them must go", k.Groups)
	case k.Experts%k.Groups != 0 || size < 2:
		return fmt.Errorf("model: num_expert_group is %d: %d experts don't make as many equal groups of two or more", k.Groups, k.Experts)
	case k.OfGroups*size < k.Take:
		return fmt.Errorf("model: num_experts_per_token is %d, but topk_group %d leaves %d experts", k.Take, k.OfGroups, k.OfGroups*size)
	}
	return nil
}

// kimiNetwork takes the tensors of a llama's network.
func (l *loader) kimiNetwork(width, hidden int, p string) network {
	return l.network(width, hidden, p+"gate_proj.weight", p+"up_proj.weight", p+"down_proj.weight")
}

// kimiExperts takes the tensors of a mixture: the shared network, none if the
// model has none, and the experts.
func (l *loader) kimiExperts(c Config, k kimiExperts, p string) (shared network, all *experts) {
	all = &experts{
		routing: routing{
			take: k.Take, groups: k.Groups, ofGroups: k.OfGroups, softmax: k.Score == "softmax", renormalise: k.Renormalise, scale: k.Scale,
		},
		router: l.matrix(p+"gate.weight", c.Width, k.Experts), bias: l.vector(p+"gate.e_score_correction_bias", k.Experts),
		each: make([]network, k.Experts),
	}
	for i := range all.each {
		one := fmt.Sprintf("%sexperts.%d.", p, i)
		all.each[i] = l.network(c.Width, k.Hidden, one+"w1.weight", one+"w3.weight", one+"w2.weight")
		if l.err != nil {
			break
		}
	}
	if k.Shared > 0 {
		shared = l.kimiNetwork(c.Width, k.Shared*k.Hidden, p+"shared_experts.")
	}
	return shared, all
}
