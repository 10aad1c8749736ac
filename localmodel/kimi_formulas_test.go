package localmodel

import (
	"fmt"
	"math"
	"slices"
)

// naiveKimi is a forward pass in float64 from the formulas of
// ../shared/spec/attention.md §7.
type naiveKimi struct{ *naive }

func (n naiveKimi) logProbs(ids []int32) []float64 {
	h := make([][]float64, len(ids))
	for i, id := range ids {
		h[i] = slices.Clone(n.take("model.embed_tokens.weight")[int(id)*n.d:][:n.d])
	}
	for l, kind := range n.config["pattern"].(string) {
		p := fmt.Sprintf("model.layers.%d.", l)
		x := make([][]float64, len(h))
		for i := range h {
			x[i] = n.rms(h[i], p+"input_layernorm.weight")
		}
		mixed := map[rune]func(int, [][]float64) [][]float64{'k': n.kda, 'm': n.latent, 'f': n.attention}[kind](l, x)
		for i, a := range mixed {
			add(h[i], n.times(p+"self_attn.o_proj", a))
			add(h[i], n.networks(l, n.rms(h[i], p+"post_attention_layernorm.weight")))
		}
	}
	var out []float64
	for i := range len(ids) - 1 {
		logits, sum := n.times("lm_head", n.rms(h[i], "model.norm.weight")), 0.0
		for _, z := range logits {
			sum += math.Exp(z)
		}
		out = append(out, logits[ids[i+1]]-math.Log(sum))
	}
	return out
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// convolved is silu of a causal depthwise convolution over W x.
func (n naiveKimi) convolved(p, name string, x [][]float64) [][]float64 {
	taps, rows, out := n.take(p+name+"_conv1d.weight"), make([][]float64, len(x)), make([][]float64, len(x))
	for i := range x {
		rows[i] = n.times(p+name+"_proj", x[i])
		out[i] = make([]float64, len(rows[i]))
		for c := range out[i] {
			y := 0.0
			for back := range kimiTaps {
				if back <= i {
					y += rows[i-back][c] * taps[c*kimiTaps+kimiTaps-1-back]
				}
			}
			out[i][c] = y * sigmoid(y)
		}
	}
	return out
}

func unitVector(x []float64) []float64 {
	sum, out := 1e-6, make([]float64, len(x))
	for _, v := range x {
		sum += v * v
	}
	for i, v := range x {
		out[i] = v / math.Sqrt(sum)
	}
	return out
}

// kda returns the heads' gated results of every token.
func (n naiveKimi) kda(l int, x [][]float64) [][]float64 {
	p := fmt.Sprintf("model.layers.%d.self_attn.", l)
	q, k, v := n.convolved(p, "q", x), n.convolved(p, "k", x), n.convolved(p, "v", x)
	out := make([][]float64, len(x))
	for h := range kimiHeads {
		state := make([]float64, kimiDim*kimiDim)
		for i := range x {
			f := n.times(p+"f_b_proj", n.times(p+"f_a_proj", x[i]))
			beta := sigmoid(n.times(p+"b_proj", x[i])[h])
			part := func(x []float64) []float64 { return x[h*kimiDim:][:kimiDim] }
			o := n.step(p, h, state, unitVector(part(q[i])), unitVector(part(k[i])), part(v[i]), part(f), beta)
			gate := part(n.times(p+"g_b_proj", n.times(p+"g_a_proj", x[i])))
			for y, v := range n.rms(o, p+"o_norm.weight") {
				out[i] = append(out[i], v*sigmoid(gate[y]))
			}
		}
	}
	return out
}

// step is one token of the recurrence.
func (n naiveKimi) step(p string, h int, state, q, k, v, f []float64, beta float64) []float64 {
	missing, o := slices.Clone(v), make([]float64, kimiDim)
	for c := range kimiDim {
		decay := math.Exp(-math.Exp(n.take(p + "A_log")[h]) * math.Log1p(math.Exp(f[c]+n.take(p + "dt_bias")[h*kimiDim+c])))
		for y := range kimiDim {
			state[c*kimiDim+y] *= decay
			missing[y] -= k[c] * state[c*kimiDim+y]
		}
	}
	for c := range kimiDim {
		for y := range kimiDim {
			state[c*kimiDim+y] += beta * k[c] * missing[y]
			o[y] += q[c] * state[c*kimiDim+y] / math.Sqrt(kimiDim)
		}
	}
	return o
}

// queries are of all heads; those of low rank are normed in between.
func (n naiveKimi) queries(p string, x []float64, exact *naive) []float64 {
	if n.take(p+"q_a_proj.weight") == nil {
		return n.times(p+"q_proj", x)
	}
	return n.times(p+"q_b_proj", exact.rms(n.times(p+"q_a_proj", x), p+"q_a_layernorm.weight"))
}

// latent returns the heads' results of every token, by keys and values of each.
func (n naiveKimi) latent(l int, x [][]float64) [][]float64 {
	p := fmt.Sprintf("model.layers.%d.self_attn.", l)
	width := latentKey + latentValue
	var rows, shared [][]float64
	out := make([][]float64, len(x))
	for i := range x {
		row := n.times(p+"kv_a_proj_with_mqa", x[i])
		exact := *n.naive
		exact.eps = 1e-6
		rows = append(rows, n.times(p+"kv_b_proj", exact.rms(row[:latentRank], p+"kv_a_layernorm.weight")))
		shared = append(shared, row[latentRank:])
		q := n.queries(p, x[i], &exact)
		for h := range n.heads {
			sum, o := 0.0, make([]float64, latentValue)
			for j := range rows {
				score, own := 0.0, q[h*(latentKey+latentShared):]
				for c, v := range slices.Concat(rows[j][h*width:][:latentKey], shared[j]) {
					score += own[c] * v
				}
				e := math.Exp(score / math.Sqrt(latentKey+latentShared))
				sum += e
				for y := range o {
					o[y] += e * rows[j][h*width+latentKey+y]
				}
			}
			for _, v := range o {
				out[i] = append(out[i], v/sum)
			}
		}
	}
	return out
}
