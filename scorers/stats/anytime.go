package stats

import (
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// Intervals that may be looked at again and again.
//
// Who watches an interval and stops once it is narrow, or once it leaves a
// threshold out, stops more often where it happens to be wrong: an ordinary 95 %
// interval then misses far more than one time in twenty (TestPeekingMisleads: Wilson's
// 20 times in a hundred, a bootstrap's 31 to 81). A confidence sequence holds at all looks together, so
// that any rule for stopping keeps it honest.
//
// What is seen are documents, in an order that is drawn before any answer is
// there. A document counts once, by the mean of its samples, since questions
// about one document aren't independent. What is assumed is what the bootstrap
// assumes: the documents are draws from those of which something is to be said.
// Nothing is assumed of how scores lie in 0..1, and nothing of the rule that
// stops: it may look at all that is known, other sequences included, since it
// chooses but the number of documents, and the sequence holds for every number
// at once.
//
// The sequence is built by betting. Of a mean that is said to be at most m, a
// player puts the share γ of his capital on each score x and has 1-γ+γx/m of it
// afterwards. If the mean is at most m that is a fair game or a losing one, and
// the capital ever reaches 1/α with a probability of at most α (Ville). The
// means under which it has not reached 1/α are the sequence. The stake is split
// over a grid of shares γ that is dense near 0 and 1 (equal steps of the arcsine
// law), so that no share has to be tuned and the capital doesn't depend on the
// order of what was seen; means above are played the same way with 1-x. Source:
// Waudby-Smith and Ramdas, arXiv 2010.09686, §4 (capital) and its grid of bets;
// the arcsine mixture is that of universal portfolios, put to means by Orabona
// and Jun, arXiv 2110.14099.

// Sequence holds what has been seen of one mean. The zero value has seen
// nothing.
type Sequence struct {
	n int
	// low are the scores and high one minus the scores, sorted by value; where a
	// score isn't known, each has the end that speaks least.
	low, high []seen
}

// seen is a score and how often it was.
type seen struct{ value, times float64 }

// Add takes in the next document: its mean in 0..1. Where that isn't known, low
// and high bound it, so that what was lost speaks for neither side; what is no
// number is bounded by 0 and 1.
func (s *Sequence) Add(low, high float64) {
	s.n++
	s.low = counted(s.low, within(low, 0))
	s.high = counted(s.high, 1-within(high, 1))
}

// within brings a score into 0..1; what is no number becomes the other one.
func within(v, otherwise float64) float64 {
	if math.IsNaN(v) {
		return otherwise
	}
	return max(0, min(1, v))
}

func counted(list []seen, v float64) []seen {
	at := slices.IndexFunc(list, func(s seen) bool { return s.value >= v })
	switch {
	case at < 0:
		return append(list, seen{v, 1})
	case list[at].value > v:
		return slices.Insert(list, at, seen{v, 1})
	}
	list[at].times++
	return list
}

// Len is the number of documents seen.
func (s *Sequence) Len() int { return s.n }

// Interval is the sequence at level 1-α as it stands: the chance that the mean
// ever lies outside of it, at any number of documents, is at most α. Before the
// first document it is 0..1.
func (s *Sequence) Interval(alpha float64) scorers.Interval {
	limit := math.Log(2 / alpha) // half of α for each end
	players := shares()
	return scorers.Interval{State: scorers.IntervalOK, Low: lowest(&players, s.low, limit), High: 1 - lowest(&players, s.high, limit)}
}

// lowest is the smallest mean under which the capital has not reached the limit
// (a logarithm). Capital falls as the mean rises, and at 1 there is no gain.
func lowest(players *[bets]float64, list []seen, limit float64) float64 {
	if len(list) == 0 || list[len(list)-1].value == 0 {
		return 0
	}
	low, high := 0.0, 1.0
	for range 20 { // to 1e-6
		middle := (low + high) / 2
		if capital(players, list, middle) >= limit {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// bets is how many shares of the capital are played side by side.
const bets = 32

// shares are the shares: the middles of equal steps of the arcsine law, all
// inside of 0..1.
func shares() [bets]float64 {
	var out [bets]float64
	for g := range out {
		sine := math.Sin(math.Pi * (float64(g) + 0.5) / (2 * bets))
		out[g] = sine * sine
	}
	return out
}

// capital is the logarithm of what a capital of 1 has become if the mean is said
// to be at most m.
func capital(players *[bets]float64, list []seen, m float64) float64 {
	var logs [bets]float64
	for g, share := range players {
		for _, s := range list {
			logs[g] += s.times * math.Log1p(share*(s.value/m-1))
		}
	}
	return logMean(&logs)
}

// logMean is the logarithm of the mean of what the logarithms are of.
func logMean(logs *[bets]float64) float64 {
	most, sum := slices.Max(logs[:]), 0.0
	for _, l := range logs {
		sum += math.Exp(l - most)
	}
	return most + math.Log(sum/bets)
}
