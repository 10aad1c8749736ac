package instruments

import (
	"math"
	"slices"
)

// Softmax returns e^x_i over the sum of all: shares that come to 1.
func Softmax(x []float64) []float64 {
	if len(x) == 0 {
		return nil
	}
	top, sum := slices.Max(x), 0.0
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Exp(v - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// Guidance is what a pair of models says of one sample.
type Guidance struct {
	// Short and Long are the sample's shares of the two models' perplexities: a
	// softmax over all samples.
	Short, Long float64
	// Score is Short − Long: large where only the model that reaches far makes the
	// answer likely.
	Score float64
}

// HomologousGuidance compares two models of a family, or two settings of one,
// over a set of samples: short sees little of the context, long sees all of it.
// Both are mean negative log-likelihoods of the answers, in nats a token, by
// sample. Scores come to 0 in all, and change their sign with the order of the
// models.
// Source: GATEAU (arXiv 2410.15633), homologous models' guidance.
func HomologousGuidance(short, long []float64) []Guidance {
	a, b := Softmax(perplexities(short)), Softmax(perplexities(long))
	out := make([]Guidance, len(a))
	for i := range out {
		out[i] = Guidance{Short: a[i], Long: b[i], Score: a[i] - b[i]}
	}
	return out
}

// perplexities are e^x of nats a token, bounded to what a float64 holds.
func perplexities(nats []float64) []float64 {
	out := make([]float64, len(nats))
	for i, v := range nats {
		out[i] = min(math.Exp(v), math.MaxFloat64)
	}
	return out
}

// Awareness says whether a model looks where it should, over the segments of a
// context.
type Awareness struct {
	// Importance of each segment: a softmax of minus the answer's perplexity given
	// that segment alone. Paid is the attention on each, through a softmax.
	Importance, Paid []float64
	// Score is the cosine of the two, in 0..1 as neither has negative parts. The
	// softmax of masses, which are at most 1, is nearly even: Sharp is the cosine
	// with the masses themselves, which says more where attention is sharp.
	Score, Sharp float64
}

// ContextualAwareness takes, by segment, the answer's mean negative
// log-likelihood given the segment alone, in nats a token, and the attention that
// the answer pays to it with the whole context before it, in 0..1: means over
// layers, heads and the answer's tokens.
// Source: GATEAU (arXiv 2410.15633), contextual awareness measurement; the sign
// of the perplexity in ../shared/spec/instruments.md.
func ContextualAwareness(nats, mass []float64) Awareness {
	minus := perplexities(nats)
	for i := range minus {
		minus[i] = -minus[i]
	}
	a := Awareness{Importance: Softmax(minus), Paid: Softmax(mass)}
	a.Score, a.Sharp = cosine(a.Importance, a.Paid), cosine(a.Importance, mass)
	return a
}

// cosine of the angle between two vectors, 0 where one of them is 0.
func cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return min(1, ab/math.Sqrt(aa*bb))
}
