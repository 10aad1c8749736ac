package stats

import "math"

// standardError is that of a blend's difference: as design.standardError, with
// the slope of what isn't a mean in each of its sums (the delta method: Davison
// and Hinkley, Bootstrap Methods and their Application (1997), §2.7).
func (c *contrast) standardError(b int) Figure {
	slopes := c.slopes(b)
	variance := 0.0
	for _, l := range c.layers {
		slope := slopes[l]
		if slope == nil {
			continue
		}
		n, sum, squares := 0.0, 0.0, 0.0
		for i := range l.documents() {
			in, r := false, 0.0
			for e := l.start[i]; e < l.start[i+1]; e++ {
				if g := slope[l.atom[e]]; g != nil {
					in = true
					for k, v := range l.entry(e) {
						r += g[k] * v
					}
				}
			}
			if in {
				n, sum, squares = n+1, sum+r, squares+r*r
			}
		}
		if n < 2 {
			if len(slopes) == 1 {
				return Figure{State: StateOneDocument}
			}
			return Figure{State: StatePartsMissing}
		}
		variance += n / (n - 1) * (squares - sum*sum/n)
	}
	if variance <= tiny*tiny {
		return Figure{State: StateNoSpread}
	}
	return ok(math.Sqrt(variance))
}

// slopes are what an atom's sums change a blend's difference by, [atoms][width];
// nil where they don't count.
func (c *contrast) slopes(b int) map[*layer][][]float64 {
	out := map[*layer][][]float64{}
	weight, difference := 0.0, 0.0
	for _, t := range c.blends[b].Terms {
		s := c.laid[t.Set]
		weight += s.totals[0]
		difference += s.totals[2] - s.totals[1]
	}
	for _, t := range c.blends[b].Terms {
		s := c.laid[t.Set]
		var slope []float64
		if c.blends[b].Pooled {
			slope = make([]float64, s.layer.width)
			slope[0], slope[1], slope[2] = -difference/weight/weight, -1/weight, 1/weight
		} else {
			slope = s.slope(t.Share)
		}
		if out[s.layer] == nil {
			out[s.layer] = make([][]float64, s.layer.atoms)
		}
		for _, a := range s.atoms {
			if out[s.layer][a] == nil {
				out[s.layer][a] = make([]float64, s.layer.width)
			}
			accumulate(out[s.layer][a], slope)
		}
	}
	return out
}

// slope is what each of the set's sums changes share times its difference by,
// from both sides.
func (s *laidSet) slope(share float64) []float64 {
	out := make([]float64, s.layer.width)
	sums, scratch := append([]float64{}, s.totals...), make([]float64, 2*s.Columns)
	at := func(k int, v float64) float64 {
		was := sums[k]
		sums[k] = v
		base, now := s.figures(sums, scratch)
		sums[k] = was
		return now - base
	}
	for k, v := range s.totals {
		step := 1e-5 * max(math.Abs(v), 1e-3*s.totals[0])
		out[k] = share * (at(k, v+step) - at(k, v-step)) / (2 * step)
	}
	return out
}
