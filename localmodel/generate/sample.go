package generate

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampling says how tokens are picked. The zero value is greedy: the most
// likely one, of equals the one with the lowest id.
type Sampling struct {
	Temperature float64
	TopP        float64 // 0 or 1: all tokens
	Seed        uint64
}

type source struct{ *rand.Rand }

func (s Sampling) source() *source {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], s.Seed)
	copy(seed[8:], "lcbench sampling")
	return &source{rand.New(rand.NewChaCha8(seed))}
}

// pick returns the next token.
func (s Sampling) pick(logits []float32, draw *source) int32 {
	best := argMax(logits)
	if s.Temperature <= 0 {
		return best
	}
	return s.nucleus(logits, logits[best], draw)
}

func argMax(logits []float32) int32 {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	return int32(best)
}

// nucleus draws from the smallest set of the likeliest tokens whose
// probabilities reach TopP (arXiv 1904.09751 §3.1).
func (s Sampling) nucleus(logits []float32, top float32, draw *source) int32 {
	type token struct {
		id int32
		p  float64
	}
	total := 0.0
	tokens := make([]token, 0, 1024)
	for i, v := range logits {
		// What is below e^-20 of the likeliest can't be drawn in practice, and
		// would make the sort long.
		if z := float64(v-top) / s.Temperature; z > -20 {
			p := math.Exp(z)
			total += p
			tokens = append(tokens, token{int32(i), p})
		}
	}
	slices.SortFunc(tokens, func(a, b token) int {
		switch {
		case a.p > b.p:
			return -1
		case a.p < b.p:
			return 1
		}
		return int(a.id - b.id)
	})
	if s.TopP > 0 && s.TopP < 1 {
		kept := 0.0
		for i, t := range tokens {
			if kept += t.p; kept >= s.TopP*total {
				tokens, total = tokens[:i+1], kept
				break
			}
		}
	}
	at := draw.Float64() * total
	for _, t := range tokens {
		if at -= t.p; at < 0 {
			return t.id
		}
	}
	return tokens[len(tokens)-1].id
}

// logProb is the natural log-probability of a token.
func logProb(logits []float32, id int32) float64 {
	top := float64(slices.Max(logits))
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v) - top)
	}
	return float64(logits[id]) - top - math.Log(sum)
}
