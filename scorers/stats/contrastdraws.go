package stats

import (
	"fmt"

	"github.com/lcbench/lcbench/scorers"
)

// resample works out every blend's difference on draws of documents.
func (c *contrast) resample(ladders []Ladder) {
	if c.o.Resamples < 0 {
		return
	}
	c.differences = make([][]float64, len(c.blends))
	for i := range c.differences {
		c.differences[i] = make([]float64, c.o.Resamples)
	}
	c.kept = map[int]*[2][]float64{}
	for _, l := range ladders {
		for _, b := range l.Blends {
			if c.kept[b] == nil {
				c.kept[b] = &[2][]float64{make([]float64, c.o.Resamples), make([]float64, c.o.Resamples)}
			}
		}
	}
	c.inChunks(c.o.Resamples, func(number, size int) {
		n := len(c.blends) * size
		t := drawn{make([]float64, n), make([]float64, n), make([]float64, n), size}
		for _, l := range c.layers {
			l.draw(c, number, t)
		}
		for b := range c.blends {
			base, now := t.base[b*size:(b+1)*size], t.candidate[b*size:(b+1)*size]
			if c.blends[b].Pooled {
				t.divide(b)
			}
			for r := range size {
				c.differences[b][number*chunk+r] = now[r] - base[r]
			}
			if k := c.kept[b]; k != nil {
				copy(k[0][number*chunk:], base)
				copy(k[1][number*chunk:], now)
			}
		}
	})
}

// drawn are a chunk's figures of all blends, [blends][size]; those of pooled
// blends are sums, until they are divided by weight.
type drawn struct {
	base, candidate, weight []float64
	size                    int
}

// draw adds what a chunk's draws of the stratum are worth to the blends.
func (l *layer) draw(c *contrast, number int, t drawn) {
	n := l.documents()
	var next func([]uint32)
	if n > 1 {
		next = scorers.Draws(n, scorers.Stream(c.o.Seed, fmt.Sprintf("contrast\x00%d\x00%d", l.stratum, number)))
	}
	picks, counts := make([]uint32, n), make([]float64, n)
	sums := make([]float64, l.atoms*l.width)
	last := make([][2]float64, len(l.sets))
	scratch, set := make([]float64, 2*l.parts), make([]float64, l.width)
	for i, s := range l.sets {
		last[i][0], last[i][1] = s.figures(s.totals, scratch)
	}
	for r := range t.size {
		if n > 1 {
			next(picks)
			l.tally(picks, counts, sums)
		}
		for i, s := range l.sets {
			of := s.totals
			if n > 1 {
				of = set
				s.gather(sums, set)
			}
			if of[0] > 0 { // else what it had the draw before
				last[i][0], last[i][1] = s.figures(of, scratch)
			}
			for _, u := range c.users[s.number] {
				t.take(u, r, of, last[i])
			}
		}
	}
}

// take adds a set's draw to a blend's.
func (t drawn) take(u use, r int, sums []float64, figures [2]float64) {
	at := u.blend*t.size + r
	if u.pooled {
		t.weight[at] += sums[0]
		t.base[at] += sums[1]
		t.candidate[at] += sums[2]
		return
	}
	t.base[at] += u.share * figures[0]
	t.candidate[at] += u.share * figures[1]
}

// divide makes means of a pooled blend's sums; an empty draw repeats the last one.
func (t drawn) divide(b int) {
	for at := b * t.size; at < (b+1)*t.size; at++ {
		switch {
		case t.weight[at] > 0:
			t.base[at] /= t.weight[at]
			t.candidate[at] /= t.weight[at]
		case at > b*t.size:
			t.base[at], t.candidate[at] = t.base[at-1], t.candidate[at-1]
		}
	}
}

// gather adds up the set's atoms.
func (s *laidSet) gather(sums, out []float64) {
	clear(out)
	width := len(out)
	for _, a := range s.atoms {
		accumulate(out, sums[int(a)*width:int(a+1)*width])
	}
}

// tally adds up the picked documents by atom; counts is room for a number a
// document. Counting first lets each atom's sums stay in registers.
func (l *layer) tally(picks []uint32, counts, sums []float64) {
	clear(counts)
	for _, p := range picks {
		counts[p]++
	}
	for a := range l.atoms {
		from, to := l.atomStart[a], l.atomStart[a+1]
		documents, out := l.atomDocument[from:to], sums[a*l.width:(a+1)*l.width]
		if l.width == 3 {
			out[0], out[1], out[2] = triple(documents, l.atomValues[3*from:3*to], counts)
			continue
		}
		clear(out)
		for i, d := range documents {
			if n := counts[d]; n > 0 {
				values := l.atomValues[(int(from)+i)*l.width : (int(from)+i+1)*l.width]
				for k, v := range values {
					out[k] += n * v
				}
			}
		}
	}
}

// triple adds up entries of three values, each as often as its document counts.
func triple(documents []int32, values, counts []float64) (x, y, z float64) {
	var x1, y1, z1 float64
	i := 0
	for ; i+1 < len(documents); i += 2 {
		n, m, v := counts[documents[i]], counts[documents[i+1]], values[3*i:3*i+6:3*i+6]
		x, y, z = x+n*v[0], y+n*v[1], z+n*v[2]
		x1, y1, z1 = x1+m*v[3], y1+m*v[4], z1+m*v[5]
	}
	if i < len(documents) {
		n, v := counts[documents[i]], values[3*i:3*i+3:3*i+3]
		x, y, z = x+n*v[0], y+n*v[1], z+n*v[2]
	}
	return x + x1, y + y1, z + z1
}

// interval is the percentile interval of a blend's difference.
func (c *contrast) interval(b int) scorers.Interval {
	terms := c.blends[b].Terms
	single := 0
	for _, t := range terms {
		if len(c.laid[t.Set].documents) < 2 {
			single++
		}
	}
	switch {
	case len(terms) == 0:
		return scorers.Interval{State: scorers.IntervalNoRows}
	case single > 0 && len(terms) == 1:
		return scorers.Interval{State: scorers.IntervalOneDocument}
	case single > 0:
		return scorers.Interval{State: scorers.IntervalPartsMissing}
	case c.o.Resamples < 0:
		return scorers.Interval{State: scorers.IntervalNotAsked}
	}
	return scorers.PercentileInterval(c.differences[b])
}
