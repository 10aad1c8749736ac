package stats

import (
	"math"
	"math/bits"
	"slices"
)

// exact tries all exchanges of the documents that differ, one change at a time
// (Gray code).
func (c *contrast) exact(b int, differing []int32, reached float64) PValue {
	parts := c.exchanges(b)
	total := 0.0
	for _, p := range parts {
		total += p.difference()
	}
	sign := slices.Repeat([]float64{1}, len(differing))
	n, far := 1<<len(differing), 0
	for i := 1; ; i++ {
		if math.Abs(total) >= reached {
			far++
		}
		if i == n {
			break
		}
		k := bits.TrailingZeros(uint(i))
		for _, p := range parts {
			move := p.moves[differing[k]]
			if move == nil {
				continue
			}
			total -= p.difference()
			for j, m := range move {
				p.changes[j] -= 2 * sign[k] * m
			}
			total += p.difference()
		}
		sign[k] = -sign[k]
	}
	return PValue{Figure: ok(float64(far) / float64(n)), Exact: true, Flips: n}
}

// exchanged is a set while its documents change sides.
type exchanged struct {
	*laidSet
	share         float64
	changes       []float64 // of the parts; of scores, the one
	moves         map[int32][]float64
	sums, scratch []float64
}

func (c *contrast) exchanges(b int) []*exchanged {
	var out []*exchanged
	for _, t := range c.blends[b].Terms {
		s := c.laid[t.Set]
		x := &exchanged{laidSet: s, share: c.share(b, t.Set), moves: map[int32][]float64{}, sums: slices.Clone(s.totals), scratch: make([]float64, 2*s.Columns)}
		x.changes = make([]float64, max(1, s.Columns))
		for i, sign := range s.layer.sign {
			for e := s.layer.start[i]; e < s.layer.start[i+1]; e++ {
				if slices.Contains(s.atoms, s.layer.atom[e]) {
					x.see(sign, s.layer.entry(e))
				}
			}
		}
		out = append(out, x)
	}
	return out
}

// see adds an entry's changes to its document's move.
func (x *exchanged) see(sign int32, entry []float64) {
	at := 0
	x.columns(func(b, c int) {
		if change := entry[c] - entry[b]; math.Abs(change) > tiny*entry[0] {
			if x.moves[sign] == nil {
				x.moves[sign] = make([]float64, len(x.changes))
			}
			x.moves[sign][at] += change
			x.changes[at] += change
		}
		at++
	})
}

// difference is what the set adds to the blend's.
func (x *exchanged) difference() float64 {
	if x.Columns == 0 {
		return x.share * x.changes[0] / x.totals[0]
	}
	for k := range x.Columns {
		x.exchange(x.sums, k, x.changes[k])
	}
	base, now := x.figures(x.sums, x.scratch)
	return x.share * (now - base)
}
