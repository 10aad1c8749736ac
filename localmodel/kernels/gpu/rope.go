package gpu

import (
	"fmt"
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

// Rotate gives the layers other rotations, of as many pairs as before. The keys
// in the cache have theirs, so it is emptied.
func (m *Model) Rotate(ropes []Rope) error {
	c := m.c
	c.Layer = slices.Clone(c.Layer)
	for i, r := range ropes {
		if len(r.InvFreq) != len(c.Layer[i].Rope.InvFreq) {
			return fmt.Errorf("gpu: layer %d rotates %d pairs, not %d", i, len(c.Layer[i].Rope.InvFreq), len(r.InvFreq))
		}
		c.Layer[i].Rope = r
	}
	if err := m.d.wait(); err != nil { // steps under way read the old tables
		return err
	}
	t, err := newRopeTables(m.d, c)
	if err != nil {
		return err
	}
	m.rope.buf.Release()
	m.Reopen()
	m.rope, m.c, m.n, m.ready = t, c, 0, false
	for i := range m.layers {
		m.layers[i].rope, m.layers[i].tableOff = c.Layer[i].Rope, t.offset[t.of[i]]
	}
	return nil
}

func positions(from, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = from + i
	}
	return out
}

// fill computes the tables for positions pos..pos+tokens-1 in float64.
func (t *ropeTables) fill(pos, tokens int) error {
	for i, r := range t.distinct {
		values := r.angles(positions(pos, tokens))
		if len(values) == 0 {
			continue
		}
		if err := t.buf.WriteFloats(2*t.offset[i], values); err != nil {
			return err
		}
	}
	return nil
}
