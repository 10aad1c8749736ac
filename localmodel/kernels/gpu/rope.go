package gpu

import (
	"math"
	"slices"
)

func invSqrt(n int) float64 { return 1 / math.Sqrt(float64(n)) }

// ropeTables holds the cosines and sines of a step's positions, one table for
// each distinct rotation of the layers.
type ropeTables struct {
	distinct []Rope
	of       []int // by layer: which of them
	offset   []int // by table: where it starts in buf, in pairs
	buf      *Buffer
}

func newRopeTables(d *Device, c Config) (*ropeTables, error) {
	t := &ropeTables{}
	pairs := 0
	for _, l := range c.Layer {
		i := slices.IndexFunc(t.distinct, func(r Rope) bool {
			return r.Magnitude == l.Rope.Magnitude && slices.Equal(r.InvFreq, l.Rope.InvFreq)
		})
		if i < 0 {
			i = len(t.distinct)
			t.distinct = append(t.distinct, l.Rope)
			t.offset = append(t.offset, pairs)
			pairs += c.Chunk * len(l.Rope.InvFreq)
		}
		t.of = append(t.of, i)
	}
	var err error
	t.buf, err = d.NewBuffer("rope", 2*pairs)
	return t, err
}

// fill computes the tables for positions pos..pos+tokens-1 in float64.
func (t *ropeTables) fill(pos, tokens int) error {
	for i, r := range t.distinct {
		magnitude := r.Magnitude
		if magnitude == 0 {
			magnitude = 1
		}
		values := make([]float32, 0, 2*tokens*len(r.InvFreq))
		for p := pos; p < pos+tokens; p++ {
			for _, freq := range r.InvFreq {
				sin, cos := math.Sincos(float64(p) * freq)
				values = append(values, float32(magnitude*cos), float32(magnitude*sin))
			}
		}
		if len(values) == 0 {
			continue
		}
		if err := t.buf.WriteFloats(2*t.offset[i], values); err != nil {
			return err
		}
	}
	return nil
}
