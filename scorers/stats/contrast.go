package stats

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lcbench/lcbench/scorers"
)

// ScoredPair is one sample as two runs scored it, for Contrasts.
type ScoredPair struct {
	// Stratum and Document are numbered from 0. Documents are drawn within strata;
	// what the runs made of one document changes sides together in all of them.
	Stratum, Document int32
	// Weight is what the pair weighs in means; 0: 1.
	Weight float64
	// Base and Candidate are the two scores, in 0..1.
	Base, Candidate float64
	// BaseParts and CandidateParts are the scores' parts, for headlines that are
	// made of those; what is missing counts 0.
	BaseParts, CandidateParts []float64
}

// Set is pairs of one stratum that have a figure of their own: a task, or what
// of a task lies in a cell.
type Set struct {
	// Pairs are places in the list of pairs.
	Pairs []int32
	// Headline says how the figure follows from Columns parts of the pairs; without
	// columns it is a mean of scores.
	Headline scorers.Headline
	Columns  int
	// Part is 1 + the part whose mean is the figure; 0: that of the scores.
	Part int
}

// Term is a set's part in a blend.
type Term struct {
	Set   int
	Share float64
}

// Blend is a figure made of sets' figures: their mean by shares, which add up to
// 1. Pooled, it is the mean of all their pairs' scores, and shares say nothing.
type Blend struct {
	Terms  []Term
	Pooled bool
}

// Contrasts says how two runs differ in each blend, and in each ladder's
// effective length. All blends share the draws of documents (a draw that leaves a
// set empty repeats the set's last one) and the exchanges of documents between
// the runs, by which every figure is worked out anew from the sums of its rows'
// parts. Source: as Compare, whose numbers of plain means these are.
func Contrasts(pairs []ScoredPair, sets []Set, blends []Blend, ladders []Ladder, o Options) ([]Comparison, []LengthChange, error) {
	for i, p := range pairs {
		if math.IsNaN(p.Base+p.Candidate) || math.IsInf(p.Base+p.Candidate, 0) || p.Stratum < 0 || p.Document < 0 {
			return nil, nil, fmt.Errorf("pair %d: scores %v and %v, stratum %d, document %d: want finite scores and numbers from 0", i, p.Base, p.Candidate, p.Stratum, p.Document)
		}
	}
	c := &contrast{pairs: pairs, sets: sets, blends: blends, o: o.filled()}
	c.lay()
	c.bind()
	out := make([]Comparison, len(blends))
	for i := range blends {
		out[i] = c.point(i)
	}
	c.resample(ladders)
	for i := range out {
		out[i].Interval = c.interval(i)
	}
	c.flip(out)
	changes := make([]LengthChange, len(ladders))
	for i, l := range ladders {
		changes[i] = c.change(l, out)
	}
	return out, changes, nil
}

// contrast is the pairs in strata, with what blends make of them.
type contrast struct {
	pairs  []ScoredPair
	sets   []Set
	blends []Blend
	o      Options
	layers []*layer
	laid   []*laidSet // of each set; nil: it is empty
	users  [][]use    // of each set
	// differences of each blend, [draws]; kept are both runs' figures of blends
	// that stand in ladders.
	differences [][]float64
	kept        map[int]*[2][]float64
}

// use says that a set counts in a blend. In a pooled one Share is its part of
// the weight.
type use struct {
	blend  int
	share  float64
	pooled bool
}

// lay puts pairs into strata, and sets where their pairs are.
func (c *contrast) lay() {
	byStratum := map[int32][]int32{} // pairs
	var order []int32
	documents := int32(0)
	for i, p := range c.pairs {
		if byStratum[p.Stratum] == nil {
			order = append(order, p.Stratum)
		}
		byStratum[p.Stratum] = append(byStratum[p.Stratum], int32(i))
		documents = max(documents, p.Document+1)
	}
	setsOf := map[int32][]int{}
	for s, set := range c.sets {
		if len(set.Pairs) > 0 {
			h := c.pairs[set.Pairs[0]].Stratum
			setsOf[h] = append(setsOf[h], s)
		}
	}
	c.laid = make([]*laidSet, len(c.sets))
	atoms := make([]int32, len(c.pairs))
	signs := slices.Repeat([]int32{-1}, int(documents))
	next := int32(0)
	for _, h := range order {
		l := newLayer(c, h, byStratum[h], setsOf[h], atoms)
		next = l.number(signs, next)
		l.buildBlocks()
		c.layers = append(c.layers, l)
	}
}

// bind finds the blends of each set.
func (c *contrast) bind() {
	c.users = make([][]use, len(c.sets))
	for b, blend := range c.blends {
		weight := 0.0
		for _, t := range blend.Terms {
			weight += c.laid[t.Set].totals[0]
		}
		for _, t := range blend.Terms {
			share := t.Share
			if blend.Pooled {
				share = c.laid[t.Set].totals[0] / weight
			}
			c.users[t.Set] = append(c.users[t.Set], use{b, share, blend.Pooled})
		}
	}
}

// point is a blend's comparison without what is drawn.
func (c *contrast) point(b int) Comparison {
	var out Comparison
	base, candidate := 0.0, 0.0
	for _, t := range c.blends[b].Terms {
		s := c.laid[t.Set]
		share := c.share(b, t.Set)
		was, now := s.figures(s.totals, make([]float64, 2*s.Columns))
		base, candidate = base+share*was, candidate+share*now
	}
	out.Base, out.Candidate, out.Difference = ok(base), ok(candidate), ok(candidate-base)
	out.Pairs, out.McNemar = c.count(b)
	out.Strata = c.strata(b)
	out.Documents = len(c.documentsOf(b, func(s *laidSet) []int32 { return s.documents }))
	out.Error = c.standardError(b)
	out.Detectable = detectable(out.Error)
	return out
}

// share is what a set counts in a blend.
func (c *contrast) share(b, set int) float64 {
	at := slices.IndexFunc(c.users[set], func(u use) bool { return u.blend == b })
	return c.users[set][at].share
}

// count counts a blend's pairs, and tests right against wrong.
func (c *contrast) count(b int) (int, McNemar) {
	terms := c.blends[b].Terms
	var list []Pair
	add := func(i int32) {
		list = append(list, Pair{Base: c.pairs[i].Base, Candidate: c.pairs[i].Candidate})
	}
	if c.strata(b) == len(terms) { // no pair is in two sets
		for _, t := range terms {
			for _, i := range c.sets[t.Set].Pairs {
				add(i)
			}
		}
		return len(list), ExactMcNemar(list)
	}
	seen := map[int32]bool{}
	for _, t := range terms {
		for _, i := range c.sets[t.Set].Pairs {
			if !seen[i] {
				seen[i] = true
				add(i)
			}
		}
	}
	return len(list), ExactMcNemar(list)
}

// strata counts a blend's.
func (c *contrast) strata(b int) int {
	seen := map[*layer]bool{}
	for _, t := range c.blends[b].Terms {
		seen[c.laid[t.Set].layer] = true
	}
	return len(seen)
}

// documentsOf is the union of a list of each of a blend's sets.
func (c *contrast) documentsOf(b int, of func(*laidSet) []int32) []int32 {
	var out []int32
	for _, t := range c.blends[b].Terms {
		out = append(out, of(c.laid[t.Set])...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// chunk is how many draws or flips are made from one stream.
const chunk = 256

// inChunks calls work with the numbers of all chunks and their sizes, at the
// same time on all workers.
func (c *contrast) inChunks(total int, work func(number, size int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range c.o.Workers {
		wait.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n*chunk >= total {
					return
				}
				work(n, min(chunk, total-n*chunk))
			}
		})
	}
	wait.Wait()
}
