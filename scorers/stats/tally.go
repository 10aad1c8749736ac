package stats

// tally is one draw, or the whole: sums and weights of each stratum's bins,
// [strata][bins].
type tally struct {
	sums, weights [][]float64
}

// whole is the tally of the samples as they are.
func (d *design) whole() tally {
	t := tally{make([][]float64, len(d.strata)), make([][]float64, len(d.strata))}
	for h, s := range d.strata {
		t.sums[h], t.weights[h] = s.sums, s.weights
	}
	return t
}

// plain is the mean of a bin over all samples; the bin isn't empty.
func (t tally) plain(bin int) float64 {
	sum, weight := 0.0, 0.0
	for h := range t.sums {
		sum += t.sums[h][bin]
		weight += t.weights[h][bin]
	}
	return sum / weight
}

// macro is the mean of the strata's means of a bin; the bin isn't empty.
func (t tally) macro(bin int) float64 {
	sum, n := 0.0, 0.0
	for h := range t.sums {
		if t.weights[h][bin] > 0 {
			sum += t.sums[h][bin] / t.weights[h][bin]
			n++
		}
	}
	return sum / n
}

func (t tally) mean(bin int, macro bool) float64 {
	if macro {
		return t.macro(bin)
	}
	return t.plain(bin)
}
