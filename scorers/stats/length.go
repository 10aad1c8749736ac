package stats

import (
	"cmp"
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// LengthState says where an effective length lies.
type LengthState string

// The states of a length.
const (
	// LengthAt: at Tokens.
	LengthAt LengthState = "at"
	// LengthBelow: below Tokens, the shortest tested.
	LengthBelow LengthState = "below_shortest"
	// LengthAbove: above Tokens, the longest tested.
	LengthAbove LengthState = "above_longest"
	// LengthUntested: no length was tested.
	LengthUntested LengthState = "untested"
	// LengthNoBaseline: at the shortest length the model does no better than the
	// floor, so that there is nothing to keep.
	LengthNoBaseline LengthState = "no_baseline"
)

// Length is an effective context length.
type Length struct {
	State LengthState
	// Tokens are those of the state; meaningless in the last two.
	Tokens float64
}

// LengthInterval is a 95 % interval of a length; its ends may lie outside of
// what was tested.
type LengthInterval struct {
	State     scorers.IntervalState
	Low, High Length
}

// LengthScore is a score in 0..1 at a tested length.
type LengthScore struct {
	Tokens int
	Score  float64
}

// byLength returns the scores from the shortest length up.
func byLength(curve []LengthScore) []LengthScore {
	return slices.SortedStableFunc(slices.Values(curve), func(a, b LengthScore) int { return cmp.Compare(a.Tokens, b.Tokens) })
}

// RulerThreshold is Llama-2-7B-chat's score at 4k, which counts as reached.
// Source: arXiv 2404.06654 §4.
const RulerThreshold = 0.856

// slack lets a threshold count as reached that is missed by rounding alone.
const slack = 1e-9

// RulerLength is the longest tested length up to which every score reaches
// RulerThreshold. The second result says that a longer one reaches it again.
func RulerLength(curve []LengthScore) (Length, bool) {
	curve = byLength(curve)
	if len(curve) == 0 {
		return Length{State: LengthUntested}, false
	}
	n := passed(curve, RulerThreshold)
	switch n {
	case 0:
		return Length{LengthBelow, float64(curve[0].Tokens)}, recovers(curve, RulerThreshold)
	case len(curve):
		return Length{LengthAbove, float64(curve[n-1].Tokens)}, false
	}
	return Length{LengthAt, float64(curve[n-1].Tokens)}, recovers(curve[n:], RulerThreshold)
}

// passed counts the lengths before the first below the threshold.
func passed(curve []LengthScore, threshold float64) int {
	for i, p := range curve {
		if p.Score < threshold-slack {
			return i
		}
	}
	return len(curve)
}

func recovers(curve []LengthScore, threshold float64) bool {
	return slices.ContainsFunc(curve, func(p LengthScore) bool { return p.Score >= threshold-slack })
}

// WeightedAverages are RULER's means over lengths in which the k-th length from
// the shortest weighs k (increasing), or from the longest (decreasing). Source:
// arXiv 2404.06654 §4.
func WeightedAverages(curve []LengthScore) (increasing, decreasing Figure) {
	if len(curve) == 0 {
		return Figure{State: StateNoSamples}, Figure{State: StateNoSamples}
	}
	up, down, weights := 0.0, 0.0, 0.0
	for i, p := range byLength(curve) {
		up += float64(i+1) * p.Score
		down += float64(len(curve)-i) * p.Score
		weights += float64(i + 1)
	}
	return ok(up / weights), ok(down / weights)
}

// OwnShare is the part of its score at the shortest length that a model should
// keep.
const OwnShare = 0.85

// OwnShareLength is where the score falls below OwnShare of the one at the
// shortest length, interpolated in log2 of the length. It is LengthNoBaseline
// where that one is 0 or no higher than floor's upper end; a floor in another
// state than IntervalOK is none. The second result says that the score reaches
// the threshold again later, which doesn't count.
func OwnShareLength(curve []LengthScore, floor scorers.Interval) (Length, bool) {
	curve = byLength(curve)
	if len(curve) == 0 {
		return Length{State: LengthUntested}, false
	}
	base := curve[0].Score
	if base <= 0 || floor.State == scorers.IntervalOK && base <= floor.High {
		return Length{State: LengthNoBaseline}, false
	}
	return Crossing(curve, OwnShare*base)
}

// Crossing is the length at which scores first fall below the threshold, on a
// straight line in log2 of the length between the two tested lengths around it.
// The second result says that a longer length reaches the threshold again.
func Crossing(curve []LengthScore, threshold float64) (Length, bool) {
	curve = byLength(curve)
	if len(curve) == 0 {
		return Length{State: LengthUntested}, false
	}
	n := passed(curve, threshold)
	switch n {
	case 0:
		return Length{LengthBelow, float64(curve[0].Tokens)}, recovers(curve, threshold)
	case len(curve):
		return Length{LengthAbove, float64(curve[n-1].Tokens)}, false
	}
	a, b := curve[n-1], curve[n]
	share := max(0, (a.Score-threshold)/(a.Score-b.Score))
	return Length{LengthAt, interpolate(float64(a.Tokens), float64(b.Tokens), share)}, recovers(curve[n:], threshold)
}

// interpolate goes a share of the way from a to b, in logarithms.
func interpolate(a, b, share float64) float64 {
	return math.Exp2(math.Log2(a) + share*(math.Log2(b)-math.Log2(a)))
}

// place is a length as a number that orders it: log2 of its tokens, or infinite
// outside of what was tested. A draw without a baseline keeps nothing.
func (l Length) place() float64 {
	switch l.State {
	case LengthAt:
		return math.Log2(l.Tokens)
	case LengthAbove:
		return math.Inf(1)
	}
	return math.Inf(-1)
}

// placedLength is the reverse, for lengths tested from shortest to longest.
func placedLength(place float64, shortest, longest int) Length {
	switch {
	case math.IsInf(place, -1):
		return Length{LengthBelow, float64(shortest)}
	case math.IsInf(place, 1):
		return Length{LengthAbove, float64(longest)}
	}
	return Length{LengthAt, math.Exp2(place)}
}

// lengthInterval is the percentile interval of resampled places; between a
// length and none the outer one counts.
func lengthInterval(places []float64, state scorers.IntervalState, shortest, longest int) LengthInterval {
	if state != scorers.IntervalOK {
		return LengthInterval{State: state}
	}
	slices.Sort(places)
	return LengthInterval{
		State: scorers.IntervalOK,
		Low:   placedLength(orderStatistic(places, 0.025, false), shortest, longest),
		High:  placedLength(orderStatistic(places, 0.975, true), shortest, longest),
	}
}

// orderStatistic is the q-quantile of sorted places that may be infinite.
func orderStatistic(sorted []float64, q float64, up bool) float64 {
	at := q * float64(len(sorted)-1)
	k := int(at)
	low, high := sorted[k], sorted[min(k+1, len(sorted)-1)]
	share := at - float64(k)
	switch {
	case share == 0 || low == high:
		return low
	case !math.IsInf(low, 0) && !math.IsInf(high, 0):
		return low + share*(high-low)
	case up:
		return high
	}
	return low
}
