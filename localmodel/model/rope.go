package model

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/rope"
)

// Rope says how fast the pairs of a layer's heads turn by position.
type Rope struct {
	Base    float64
	Scaling rope.Scaling // nil: none
	// Factors, if not nil, divide the frequencies pair by pair (the tensor
	// rope_freqs.weight of a GGUF file).
	Factors []float32
	// Local is a layer with a window and a base of its own for it, as Gemma has
	// them: it sees no further in a longer text, and no stretch concerns it.
	Local bool
}

// Frequencies returns the radians a token of each pair of the rotated channels,
// for sequences of the step (see rope.Scaling), and the factor of cosines and
// sines. Source: ../shared/spec/attention.md §9.
func (r Rope) Frequencies(rotated, step int) ([]float64, float64) {
	f, amplitude := r.scaling().Frequencies(r.Base, rotated, step)
	for i, factor := range r.Factors {
		f[i] /= float64(factor)
	}
	return f, amplitude
}

func (r Rope) scaling() rope.Scaling {
	if r.Scaling == nil {
		return rope.None{}
	}
	return r.Scaling
}

// String names the scaling as --rope does, or the tensor that has it.
func (r Rope) String() string {
	switch {
	case r.Factors == nil:
		return r.scaling().String()
	case r.scaling() == rope.None{}:
		return "rope_freqs.weight"
	}
	return r.scaling().String() + " and rope_freqs.weight"
}

// GlobalRope is the rotation of the layers that are not local.
func (c *Config) GlobalRope() Rope {
	for _, r := range c.Ropes {
		if !r.Local {
			return r
		}
	}
	return Rope{Base: c.Ropes[0].Base}
}

// Stretch replaces the scaling of all layers but local ones, and returns the
// length in tokens up to which that stretches the model. Executors made before
// don't notice.
func (c *Config) Stretch(s rope.Scaling) int {
	s = s.For(c.Trained)
	c.rescale(s)
	return int(min(maxTokens, s.Reach(c.GlobalRope().Base, c.RotatedDim, c.Trained)))
}

func (c *Config) rescale(s rope.Scaling) {
	for i := range c.Ropes {
		if !c.Ropes[i].Local {
			c.Ropes[i].Scaling, c.Ropes[i].Factors = s, nil
		}
	}
}

// declared takes a scaling that a file says its model has. What is known to be
// reached by it is the model's context, whatever else the file says of that.
func (c *Config) declared(s rope.Scaling, trained int, reaches bool) error {
	if err := rope.Check(s); err != nil {
		return fmt.Errorf("rope scaling %s: %w", s, err)
	}
	c.Trained = trained
	reach := c.Stretch(s)
	if reaches {
		c.Context = max(c.Context, reach)
	}
	return nil
}

// Rotation is the step of sequences of so many tokens: those of another one
// rotate their keys differently.
func (c *Config) Rotation(tokens int) int { return c.GlobalRope().scaling().Step(tokens) }
