package scorers

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Verdict is what a judge of two answers A and B says.
type Verdict string

// The verdicts. VerdictNone is a reply without a verdict mark.
const (
	VerdictA    Verdict = "A"
	VerdictB    Verdict = "B"
	VerdictTie  Verdict = "C"
	VerdictNone Verdict = ""
)

// PairVerdict reads a judge's reply as L-Eval's pairwise judge does: the first
// of [[A]], [[B]], [[C]], looked for in that order, not in the reply's.
func PairVerdict(reply string) Verdict {
	for _, v := range []Verdict{VerdictA, VerdictB, VerdictTie} {
		if strings.Contains(reply, "[["+string(v)+"]]") {
			return v
		}
	}
	return VerdictNone
}

// PairTally counts verdicts on pairs of answers, each judged in both orders.
type PairTally struct{ Wins, Losses, Draws, Errors int }

// Add takes one pair in: the verdicts with our answer as A and as B.
func (t *PairTally) Add(asA, asB Verdict) {
	for i, v := range []Verdict{asA, asB} {
		switch {
		case v == VerdictNone:
			t.Errors++
		case v == VerdictTie:
			t.Draws++
		case (v == VerdictA) == (i == 0):
			t.Wins++
		default:
			t.Losses++
		}
	}
}

// WinRate is our share of the decided verdicts, draws counting half, and the
// opponent's; NaN if there is no verdict at all. Upstream prints none for a
// side that never wins; here it has its draws' half.
func (t *PairTally) WinRate() (ours, theirs float64) {
	n := float64(t.Wins + t.Losses + t.Draws)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	half := float64(t.Draws) / 2
	return (float64(t.Wins) + half) / n, (float64(t.Losses) + half) / n
}

// evaluateJudge tallies the pairs of one judged comparison.
func evaluateJudge(raw []byte) (any, error) {
	var c struct {
		Verdicts [][]string `json:"verdicts"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	var t PairTally
	for i, pair := range c.Verdicts {
		if len(pair) != 2 {
			return nil, fmt.Errorf("field \"verdicts\": pair %d: want 2 replies, got %d", i+1, len(pair))
		}
		t.Add(PairVerdict(pair[0]), PairVerdict(pair[1]))
	}
	ours, theirs := t.WinRate()
	return map[string]any{
		"wins_1": t.Wins, "wins_2": t.Losses, "draws": t.Draws, "errors": t.Errors,
		"win_rate_1": optional(ours), "win_rate_2": optional(theirs),
	}, nil
}
