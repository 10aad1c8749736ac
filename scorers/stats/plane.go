package stats

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// Level is a bin of an axis.
type Level int

// The levels: below 1/3, below 2/3, and the rest; a border belongs to the
// higher one.
const (
	Low Level = iota
	Mid
	High
	levels
)

// String is the level's name.
func (l Level) String() string { return [...]string{"low", "mid", "high"}[l] }

// LevelOf is the level of a value in 0..1.
func LevelOf(v float64) Level {
	switch {
	case v < 1.0/3:
		return Low
	case v < 2.0/3:
		return Mid
	}
	return High
}

// minDocuments is how many documents a cell needs to be shown in colour.
const minDocuments = 10

// PlaneCell is one cell of the plane, or a row or column of it.
type PlaneCell struct {
	Samples, Documents int
	// Measured counts the samples whose axes come from known evidence, Partial
	// those of which only a part is known. The others' are assigned.
	Measured, Partial int
	// Benchmarks names those that have samples here.
	Benchmarks []string
	// Balanced is the mean in which every benchmark counts alike; Plain counts
	// every sample alike. Of a row or column: the mean of its cells that have
	// samples. Both are absent where there is no sample.
	Balanced, Plain scorers.Estimate
	// Hatched: fewer than 10 documents, too few to be coloured.
	Hatched bool
}

// Plane is how scores lie over diffusion and scope.
type Plane struct {
	// Cells are by diffusion, then scope.
	Cells [levels][levels]PlaneCell
	// Diffusion are the means of the cells of one diffusion, Scope of one scope.
	Diffusion, Scope [levels]PlaneCell
	// Unplaced counts the samples without axes.
	Unplaced int
}

// PlaneOf averages scores over the plane, with intervals from a bootstrap of
// documents within benchmarks in which all cells share the draws. It reads
// Benchmark, Group, Score, Weight and Axes. The difference of two runs is the
// plane of samples whose scores are differences. Source: shared/spec/taxonomy.md,
// "Aggregating over the plane".
func PlaneOf(samples []Sample, o Options) (Plane, error) {
	if err := check(samples); err != nil {
		return Plane{}, err
	}
	var out Plane
	var entries []entry
	for i, s := range samples {
		if s.Axes == nil {
			out.Unplaced++
			continue
		}
		for _, v := range []float64{s.Axes.Diffusion, s.Axes.Scope} {
			if !(v >= 0 && v <= 1) {
				return Plane{}, fmt.Errorf("sample %d (id %q): axis is %v, want 0 to 1: work the axes out again", i+1, s.ID, v)
			}
		}
		d, c := LevelOf(s.Axes.Diffusion), LevelOf(s.Axes.Scope)
		out.Cells[d][c].count(s)
		entries = append(entries, entry{stratum: s.Benchmark, group: s.Group, bin: planeBin(d, c), sum: s.weight() * s.Score, weight: s.weight()})
	}
	design := newDesign(entries, int(levels*levels), o)
	for d := range levels {
		for c := range levels {
			out.Cells[d][c].fill(design, []int{planeBin(d, c)})
		}
	}
	for l := range levels {
		var ofDiffusion, ofScope []int
		for m := range levels {
			out.Diffusion[l].join(out.Cells[l][m])
			out.Scope[l].join(out.Cells[m][l])
			ofDiffusion, ofScope = append(ofDiffusion, planeBin(l, m)), append(ofScope, planeBin(m, l))
		}
		out.Diffusion[l].fill(design, ofDiffusion)
		out.Scope[l].fill(design, ofScope)
	}
	return out, nil
}

func planeBin(diffusion, scope Level) int { return int(diffusion*levels + scope) }

func (c *PlaneCell) count(s Sample) {
	c.Samples++
	switch {
	case s.Axes.Measured:
		c.Measured++
	case s.Axes.Partial:
		c.Partial++
	}
	if at, found := slices.BinarySearch(c.Benchmarks, s.Benchmark); !found {
		c.Benchmarks = slices.Insert(c.Benchmarks, at, s.Benchmark)
	}
}

// join adds a cell's counts to its row or column.
func (c *PlaneCell) join(cell PlaneCell) {
	c.Samples += cell.Samples
	c.Measured += cell.Measured
	c.Partial += cell.Partial
	for _, b := range cell.Benchmarks {
		if at, found := slices.BinarySearch(c.Benchmarks, b); !found {
			c.Benchmarks = slices.Insert(c.Benchmarks, at, b)
		}
	}
}

// fill averages the bins that have samples.
func (c *PlaneCell) fill(d *design, bins []int) {
	bins = slices.DeleteFunc(bins, func(b int) bool {
		return !slices.ContainsFunc(d.strata, func(s *stratum) bool { return s.weights[b] > 0 })
	})
	c.Documents = d.documentsIn(bins...)
	c.Hatched = c.Documents < minDocuments
	c.Balanced, c.Plain = d.estimate(c.Samples, bins, true), d.estimate(c.Samples, bins, false)
}

// estimate is the mean of the bins' means.
func (d *design) estimate(samples int, bins []int, macro bool) scorers.Estimate {
	if len(bins) == 0 {
		return scorers.Estimate{Interval: scorers.Interval{State: scorers.IntervalNoRows}}
	}
	mean := func(t tally) float64 {
		sum := 0.0
		for _, b := range bins {
			sum += t.mean(b, macro)
		}
		return sum / float64(len(bins))
	}
	return scorers.Estimate{Rows: samples, Value: mean(d.whole()), Interval: d.interval(bins, mean)}
}
