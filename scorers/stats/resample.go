package stats

import (
	"cmp"
	"slices"
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

// binned is what one document has in a bin.
type binned struct {
	bin         int
	sum, weight float64
}

// stratum is one set of documents that draws are made within.
type stratum struct {
	name  string
	bins  int
	start []int32 // of each document's cells; one more than there are documents
	cells []binned
	// sums and weights of the whole, [bins].
	sums, weights []float64
	next          func([]uint32)
	picks         []uint32
	// drawn sums and weights, [draws, bins].
	drawnSums, drawnWeights []float64
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

// placed is a sample's part of a document.
type placed struct {
	document int
	binned
}

// document numbers the documents of a stratum.
func (s *stratum) document(known map[string]int, group string) int {
	n, seen := known[group]
	if group == "" || !seen {
		n = len(s.start)
		s.start = append(s.start, 0)
		if group != "" {
			known[group] = n
		}
	}
	return n
}

// lay merges a document's samples of one bin and puts documents side by side.
func (s *stratum) lay(rows []placed) {
	slices.SortStableFunc(rows, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.document, b.document), cmp.Compare(a.bin, b.bin))
	})
	s.start = append(s.start, 0)
	s.sums, s.weights = make([]float64, s.bins), make([]float64, s.bins)
	last := -1
	for _, r := range rows {
		s.sums[r.bin] += r.sum
		s.weights[r.bin] += r.weight
		if r.document == last && s.cells[len(s.cells)-1].bin == r.bin {
			c := &s.cells[len(s.cells)-1]
			c.sum += r.sum
			c.weight += r.weight
			continue
		}
		if r.document != last {
			last = r.document
			s.start[last] = int32(len(s.cells))
		}
		s.cells = append(s.cells, r.binned)
	}
	s.start[len(s.start)-1] = int32(len(s.cells))
}

func (s *stratum) documents() int { return len(s.start) - 1 }

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

// draw makes n further draws.
func (s *stratum) draw(n int) {
	s.drawnSums = slices.Grow(s.drawnSums, n*s.bins)
	s.drawnWeights = slices.Grow(s.drawnWeights, n*s.bins)
	for range n {
		at := len(s.drawnSums)
		s.drawnSums = s.drawnSums[:at+s.bins]
		s.drawnWeights = s.drawnWeights[:at+s.bins]
		sums, weights := s.drawnSums[at:], s.drawnWeights[at:]
		clear(sums)
		clear(weights)
		s.next(s.picks)
		if s.bins == 1 { // every document has one cell
			sums[0], weights[0] = s.total()
			continue
		}
		for _, p := range s.picks {
			for _, c := range s.cells[s.start[p]:s.start[p+1]] {
				sums[c.bin] += c.sum
				weights[c.bin] += c.weight
			}
		}
	}
}

// total adds up the picked documents of a stratum with one bin.
func (s *stratum) total() (sum, weight float64) {
	for _, p := range s.picks {
		sum += s.cells[p].sum
		weight += s.cells[p].weight
	}
	return sum, weight
}

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

func (s *stratum) holdsAny(document int, bins []int) bool {
	for _, c := range s.cells[s.start[document]:s.start[document+1]] {
		if slices.Contains(bins, c.bin) {
			return true
		}
	}
	return false
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

// maxRedraw bounds how many draws are made for each that is kept.
const maxRedraw = 20

// accept lists the first n draws in which none of the bins came out empty that
// the stratum has something in. Empty: it has nothing in any; nil: too many
// came out empty.
func (s *stratum) accept(bins []int, n int) []int32 {
	var need []int
	for _, b := range bins {
		if s.weights[b] > 0 {
			need = append(need, b)
		}
	}
	out := []int32{}
	if len(need) == 0 {
		return out
	}
	for b := 0; len(out) < n; b++ {
		if b >= maxRedraw*n {
			return nil
		}
		if b*s.bins >= len(s.drawnSums) {
			s.draw(max(1, n/4))
		}
		if !slices.ContainsFunc(need, func(k int) bool { return s.drawnWeights[b*s.bins+k] == 0 }) {
			out = append(out, int32(b))
		}
	}
	return out
}
