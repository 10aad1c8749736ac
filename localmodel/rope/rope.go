// Package rope has the frequencies of rotary position embedding, and the ways
// to stretch them beyond the length that a model was trained at. A file is a
// way: its formula, its parameters, its source; list.go reads how a user writes
// them.
//
// Pair i of a head's d rotated channels turns by f_i = base^(-2i/d) radians a
// token. Below, s is the factor of the stretch, L0 the length before it and n
// the length of a sequence, both in tokens. With s = 1 every way is plain.
// Source: ../shared/spec/attention.md §9; RoPE itself is arXiv 2104.09864.
package rope

import (
	"math"
	"strconv"
)

// Scaling is a way to stretch positions, with its parameters. The zero value of
// Original stands for the length that the model was trained at: For fills it in.
type Scaling interface {
	// String is the scaling as one writes it behind --rope.
	String() string
	// For returns the scaling for a model that was trained at so many tokens.
	For(trained int) Scaling
	// Frequencies returns the radians a token by which each pair of d channels
	// turns [d/2], and the factor of all cosines and sines. base is above 1, and
	// n what Step makes of the sequence's length.
	Frequencies(base float64, d, n int) (f []float64, amplitude float64)
	// Step is what of a sequence's full length the frequencies depend on: the
	// keys of sequences with different steps are not rotated alike. It is 0
	// where all lengths share theirs.
	Step(n int) int
	// Reach is the length in tokens up to which it stretches a model of this
	// base and number of channels, trained at so many tokens.
	Reach(base float64, d, trained int) float64
}

// powers are base^(-2i/d), the frequencies without any scaling.
func powers(base float64, d int) []float64 {
	f := make([]float64, d/2)
	for i := range f {
		f[i] = math.Pow(base, -2*float64(i)/float64(d))
	}
	return f
}

// None leaves the frequencies as they are.
type None struct{}

// String implements Scaling.
func (None) String() string { return "none" }

// For implements Scaling.
func (None) For(int) Scaling { return None{} }

// Frequencies implements Scaling.
func (None) Frequencies(base float64, d, _ int) ([]float64, float64) { return powers(base, d), 1 }

// Step implements Scaling.
func (None) Step(int) int { return 0 }

// Reach implements Scaling.
func (None) Reach(_ float64, _, trained int) float64 { return float64(trained) }

// number writes a parameter so that it is read back as it is.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// original is L0 as a scaling has it, or the model's own.
func original(own, trained int) int {
	if own > 0 {
		return own
	}
	return trained
}

// clip bounds v to 0..1.
func clip(v float64) float64 { return min(1, max(0, v)) }
