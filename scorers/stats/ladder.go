package stats

import (
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// Ladder names blends of the same tasks at lengths from the shortest up, in
// tokens.
type Ladder struct {
	Lengths []int
	Blends  []int
}

// LengthChange is how two runs' effective lengths differ, each the length up to
// which the run keeps OwnShare of its own score at the shortest one.
type LengthChange struct {
	Base, Candidate Length
	// Log2 is log2 of candidate/base. A length that lies outside of those tested
	// counts as the nearest of them, so that a change is rather understated.
	Log2 float64
	// State says whether there is an interval.
	State scorers.IntervalState
	draws []float64 // of Log2, sorted
}

// Interval is the percentile interval of Log2 that leaves out tail on either
// side; it is meaningful in the state IntervalOK.
func (l LengthChange) Interval(tail float64) (low, high float64) {
	if len(l.draws) == 0 {
		return 0, 0
	}
	return orderStatistic(l.draws, tail, false), orderStatistic(l.draws, 1-tail, true)
}

// change compares the two runs on a ladder.
func (c *contrast) change(l Ladder, of []Comparison) LengthChange {
	var out LengthChange
	if len(l.Lengths) == 0 {
		out.Base.State, out.Candidate.State, out.State = LengthUntested, LengthUntested, scorers.IntervalNoRows
		return out
	}
	base, now := make([]LengthScore, len(l.Lengths)), make([]LengthScore, len(l.Lengths))
	for i, b := range l.Blends {
		base[i], now[i] = LengthScore{l.Lengths[i], of[b].Base.Value}, LengthScore{l.Lengths[i], of[b].Candidate.Value}
	}
	out.Base, out.Candidate = ownShare(base), ownShare(now)
	out.Log2 = l.place(out.Candidate) - l.place(out.Base)
	out.State = scorers.IntervalOK
	for _, b := range l.Blends {
		if state := of[b].Interval.State; state != scorers.IntervalOK {
			out.State = state
		}
	}
	if out.State != scorers.IntervalOK {
		return out
	}
	out.draws = make([]float64, c.o.Resamples)
	for r := range out.draws {
		for i, b := range l.Blends {
			base[i].Score, now[i].Score = c.kept[b][0][r], c.kept[b][1][r]
		}
		out.draws[r] = l.place(ownShare(now)) - l.place(ownShare(base))
	}
	slices.Sort(out.draws)
	return out
}

func ownShare(curve []LengthScore) Length {
	l, _ := OwnShareLength(curve, scorers.Interval{})
	return l
}

// place is log2 of a length, no less than the shortest and no more than the
// longest tested.
func (l Ladder) place(of Length) float64 {
	return min(max(of.place(), math.Log2(float64(l.Lengths[0]))), math.Log2(float64(l.Lengths[len(l.Lengths)-1])))
}
