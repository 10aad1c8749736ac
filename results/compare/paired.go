package compare

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// Cut is a part of an axis that a sample lies in: a length, a depth, a level.
type Cut struct{ Axis, Part string }

// Pairing is how two runs of a benchmark differ on the samples that both
// answered, without verdicts.
type Pairing struct {
	Counts Counts
	// Boards are the differences of the boards' averages, Cuts those of the
	// averages over a cut, in the order in which samples name the cuts.
	Boards, Cuts []PairedFigure
	Notes        []string
}

// PairedFigure is a figure of both runs, in 0..1, and its paired difference,
// candidate less base.
type PairedFigure struct {
	Cut
	Board            string // of boards alone
	Pairs, Documents int
	Base, Candidate  float64
	// Interval of the difference is at 95 %, from draws of documents that both
	// runs share; it is not corrected for the number of figures.
	Interval scorers.Interval
}

// Difference is candidate less base.
func (f PairedFigure) Difference() float64 { return f.Candidate - f.Base }

// Pair sets a candidate's run beside a base's of the same benchmark; cuts says
// where a sample of the base lies. The error wraps ErrNotComparable where the
// runs were asked other things, or have no sample in common.
func Pair(base, candidate Run, cuts func(id string) []Cut, o Options) (Pairing, error) {
	if base.Benchmark != candidate.Benchmark {
		return Pairing{}, fmt.Errorf("%w: the base is of %s, the candidate of %s", ErrNotComparable, base.Benchmark, candidate.Benchmark)
	}
	c := &Comparison{Options: o, Titles: map[string]string{}, cuts: cuts}
	if err := c.comparable(base, candidate); err != nil {
		return Pairing{}, err
	}
	m, err := c.match(base, candidate)
	if err != nil {
		return Pairing{}, err
	}
	if len(m.pairs) == 0 {
		return Pairing{}, noPairs(c.Counts)
	}
	t := &trial{known: map[setName]int{}}
	b := newBreakdown(c, t, m)
	b.addBoards()
	boards := len(t.units)
	for _, x := range b.bins {
		b.addAcross(Unit{Level: x.level, Part: x.part}, x.label, x.label, &b.binned)
	}
	tests, _, err := stats.Contrasts(t.pairs, t.sets, t.blends, nil, stats.Options{Seed: o.Seed, Resamples: o.Resamples})
	if err != nil {
		return Pairing{}, err
	}
	out := Pairing{Counts: c.Counts, Notes: c.Notes}
	for i, u := range t.units {
		f := PairedFigure{
			Pairs: tests[i].Pairs, Documents: tests[i].Documents, Base: u.Base, Candidate: u.Candidate, Interval: tests[i].Interval,
		}
		if i < boards {
			f.Board = u.Part
			out.Boards = append(out.Boards, f)
			continue
		}
		f.Cut = Cut{string(u.Level), u.Part}
		out.Cuts = append(out.Cuts, f)
	}
	return out, nil
}

// cutBins are the bins of the cuts that a pair lies in. On an axis of difficulty
// one that lies elsewhere in the other run has no place, and is counted.
func (p pair) cutBins(c *Comparison) []bin {
	cuts := c.cuts(p.base.ID)
	if a, b := p.base.Axes, p.candidate.Axes; a != b {
		c.Counts.OtherAxes++
		cuts = slices.DeleteFunc(slices.Clone(cuts), func(x Cut) bool { return x.Axis == string(Diffusion) || x.Axis == string(Scope) })
	}
	var out []bin
	for _, x := range cuts {
		out = append(out, bin{Level(x.Axis), x.Part, x.Part, x.Axis + "\x00" + x.Part})
	}
	return out
}

// addBoards adds the boards' averages, and returns each one's terms.
func (b *breakdown) addBoards() [][]stats.Term {
	var out [][]stats.Term
	for _, board := range b.boards() {
		blend := b.blend(board, "")
		if len(blend.Terms) == 0 {
			continue // its tasks are in no category
		}
		i := len(out)
		out = append(out, blend.Terms)
		b.add(Unit{Level: Benchmark, Name: withBoard(b.title, board), Part: board}, blend, func(side int) float64 { return b.boardScores(side)[i] })
	}
	return out
}

// ReadRun reads a run's folder as far as the run got.
func ReadRun(dir string) (Run, error) { return readRun(dir) }
