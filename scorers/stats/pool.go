package stats

import "math"

// Verdict says on which side of a threshold a mean lies.
type Verdict string

// The verdicts.
const (
	VerdictOpen    Verdict = "open"
	VerdictReaches Verdict = "reaches" // at the threshold or above
	VerdictBelow   Verdict = "below"
)

// VerdictOf is the verdict on a mean that is known.
func VerdictOf(mean, threshold float64) Verdict {
	if mean >= threshold-slack {
		return VerdictReaches
	}
	return VerdictBelow
}

// Pool tells, before all of its documents were seen, whether their mean would
// reach a threshold. The documents come in random order, each once; nothing else
// is assumed. It plays as a Sequence does, against the mean that the documents
// still to come must have if the claim is wrong, so that with the last of them
// the answer is certain. Source: arXiv 2010.09686 §5 (sampling without
// replacement).
type Pool struct {
	players        [bets]float64
	reaches, below game
}

// NewPool follows a pool of so many documents against a threshold inside of
// 0..1.
func NewPool(documents int, threshold float64) *Pool {
	n := float64(documents)
	return &Pool{
		players: shares(),
		reaches: game{left: n, wanted: n*threshold - slack},
		below:   game{left: n, wanted: n*(1-threshold) + slack},
	}
}

// Add takes in the next document's mean, known within low and high as in
// Sequence.Add. No more documents come than the pool has.
func (p *Pool) Add(low, high float64) {
	p.reaches.play(&p.players, within(low, 0))
	p.below.play(&p.players, 1-within(high, 1))
}

// Verdict is on which side the mean of the whole pool lies. The chance that it
// is ever wrong, at any number of documents, is at most α: of the two claims
// just one is wrong, so that each may have all of it. For the verdicts on several
// pools to be right together, α is divided by their number.
func (p *Pool) Verdict(alpha float64) Verdict {
	switch limit := math.Log(1 / alpha); {
	case p.reaches.capital() >= limit:
		return VerdictReaches
	case p.below.capital() >= limit:
		return VerdictBelow
	}
	return VerdictOpen
}

// game bets that the documents' sum comes to what is wanted.
type game struct {
	left   float64 // documents
	wanted float64 // of the sum of those
	won    bool    // it has come to it
	logs   [bets]float64
}

func (g *game) play(players *[bets]float64, x float64) {
	mean := g.wanted / g.left // of those to come, at the most, if the claim is wrong
	g.left--
	if g.wanted -= x; g.wanted <= 0 {
		g.won = true
	}
	if g.won {
		return
	}
	for i, share := range players {
		g.logs[i] += math.Log1p(share * (x/mean - 1))
	}
}

// capital is the logarithm of the player's capital.
func (g *game) capital() float64 {
	if g.won {
		return math.Inf(1)
	}
	return logMean(&g.logs)
}
