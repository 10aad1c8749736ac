package stats

import (
	"sync"

	"github.com/lcbench/lcbench/scorers"
)

// entry is what one sample adds to a bin: weight times score, and weight.
type entry struct {
	stratum, group string
	bin            int
	sum, weight    float64
}

// design is a clustered bootstrap, stratified: samples fall into bins (lengths,
// zones of depth, cells of the plane), and a draw takes whole documents, as
// many as each stratum has, so that the bins of one draw belong together.
// Source: Davison and Hinkley, Bootstrap Methods and their Application (1997),
// §3.2 (strata), §3.8 (clusters).
type design struct {
	bins      int
	resamples int // negative: none
	strata    []*stratum
}

// newDesign sorts entries into strata and documents, in order of first
// appearance, and makes the draws.
func newDesign(entries []entry, bins int, o Options) *design {
	o = o.filled()
	d := &design{bins: bins, resamples: o.Resamples}
	at := map[string]int{}
	groups := []map[string]int{}
	var rows [][]placed
	for _, e := range entries {
		h, seen := at[e.stratum]
		if !seen {
			h = len(d.strata)
			at[e.stratum] = h
			d.strata = append(d.strata, &stratum{name: e.stratum, bins: bins})
			groups, rows = append(groups, map[string]int{}), append(rows, nil)
		}
		rows[h] = append(rows[h], placed{d.strata[h].document(groups[h], e.group), binned{e.bin, e.sum, e.weight}})
	}
	for h, s := range d.strata {
		s.lay(rows[h])
	}
	d.draw(o)
	return d
}

// draw makes the first draws of every stratum, each from its own stream.
func (d *design) draw(o Options) {
	if o.Resamples < 0 {
		return
	}
	next := make(chan *stratum)
	var wait sync.WaitGroup
	for range max(1, min(o.Workers, len(d.strata))) {
		wait.Go(func() {
			for s := range next {
				s.next = scorers.Draws(s.documents(), scorers.Stream(o.Seed, s.name))
				s.picks = make([]uint32, s.documents())
				s.draw(o.Resamples)
			}
		})
	}
	for _, s := range d.strata {
		if s.documents() > 1 {
			next <- s
		}
	}
	close(next)
	wait.Wait()
}

// state says whether intervals can be given for a figure of these bins: every
// stratum in them needs two documents there.
func (d *design) state(bins []int) scorers.IntervalState {
	in, single := 0, 0
	for _, s := range d.strata {
		n := 0
		for g := range s.documents() {
			if s.holdsAny(g, bins) {
				n++
			}
			if n > 1 {
				break
			}
		}
		if n > 0 {
			in++
		}
		if n == 1 {
			single++
		}
	}
	switch {
	case in == 0:
		return scorers.IntervalNoRows
	case in == 1 && single == 1:
		return scorers.IntervalOneDocument
	case single > 0:
		return scorers.IntervalPartsMissing
	case d.resamples < 0:
		return scorers.IntervalNotAsked
	}
	return scorers.IntervalOK
}

// figures works out f, a figure of these bins, on every resample. A stratum
// that has something in a bin, but nothing in a draw of it, is drawn again.
func (d *design) figures(bins []int, f func(tally) float64) ([]float64, scorers.IntervalState) {
	if state := d.state(bins); state != scorers.IntervalOK {
		return nil, state
	}
	accepted := make([][]int32, len(d.strata))
	for h, s := range d.strata {
		if accepted[h] = s.accept(bins, d.resamples); accepted[h] == nil {
			return nil, IntervalTooSparse
		}
	}
	t := tally{make([][]float64, len(d.strata)), make([][]float64, len(d.strata))}
	out := make([]float64, d.resamples)
	for b := range out {
		for h, s := range d.strata {
			t.sums[h], t.weights[h] = s.sums, s.weights // of none of the bins
			if len(accepted[h]) > 0 {
				at := int(accepted[h][b]) * d.bins
				t.sums[h], t.weights[h] = s.drawnSums[at:at+d.bins], s.drawnWeights[at:at+d.bins]
			}
		}
		out[b] = f(t)
	}
	return out, scorers.IntervalOK
}

// interval is the percentile interval of a figure.
func (d *design) interval(bins []int, f func(tally) float64) scorers.Interval {
	figures, state := d.figures(bins, f)
	if state != scorers.IntervalOK {
		return scorers.Interval{State: state}
	}
	return scorers.PercentileInterval(figures)
}
