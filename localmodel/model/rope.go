package model

import "math"

// Rope says how fast the pairs of a head turn by position.
type Rope struct {
	Base   float64
	Linear float64 // position interpolation: positions divided by it; 0: none
	// Llama3, if not nil, stretches slow pairs only.
	Llama3 *Llama3
	// Factors, if not nil, divide the frequencies pair by pair (the tensor
	// rope_freqs.weight of a GGUF file).
	Factors []float32
}

// Llama3 is the scaling of Llama 3.1 and later, as config.json names it.
type Llama3 struct {
	Factor   float64 `json:"factor"`
	Low      float64 `json:"low_freq_factor"`
	High     float64 `json:"high_freq_factor"`
	Original float64 `json:"original_max_position_embeddings"`
}

// InverseFrequencies returns radians per token of each pair: base^(-2i/d),
// scaled. Source: ../shared/spec/attention.md §9.
func (r Rope) InverseFrequencies(rotated int) []float64 {
	out := make([]float64, rotated/2)
	for i := range out {
		f := math.Pow(r.Base, -2*float64(i)/float64(rotated))
		if r.Linear > 0 {
			f /= r.Linear
		}
		if s := r.Llama3; s != nil {
			wavelength := 2 * math.Pi / f
			span := s.High - s.Low
			if span == 0 {
				span = 0.001
			}
			keep := min(1, max(0, (s.Original/wavelength-s.Low)/span))
			f = (1-keep)*f/s.Factor + keep*f
		}
		if i < len(r.Factors) {
			f /= float64(r.Factors[i])
		}
		out[i] = f
	}
	return out
}
