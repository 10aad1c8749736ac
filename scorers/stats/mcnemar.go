package stats

import (
	"cmp"
	"math"
	"slices"
)

// McNemar is the exact test of right/wrong scores. It takes samples as
// independent: where documents hold several questions, trust the sign-flip test.
type McNemar struct {
	Figure
	// Lost are samples that only the base has right, Gained those that only the
	// candidate has.
	Lost, Gained int
}

// ExactMcNemar is the two-sided p-value of the pairs on which the runs disagree:
// twice the binomial tail at ½, at most 1. Weights play no part. Source:
// McNemar, Psychometrika 12 (1947); exact form: Agresti, Categorical Data
// Analysis (2002), §10.1.4.
func ExactMcNemar(pairs []Pair) McNemar {
	if len(pairs) == 0 {
		return McNemar{Figure: Figure{State: StateNoPairs}}
	}
	var m McNemar
	for _, p := range pairs {
		if !rightOrWrong(p.Base) || !rightOrWrong(p.Candidate) {
			return McNemar{Figure: Figure{State: StateNotRightOrWrong}}
		}
		switch {
		case p.Base > p.Candidate:
			m.Lost++
		case p.Base < p.Candidate:
			m.Gained++
		}
	}
	if m.Lost+m.Gained == 0 {
		return McNemar{Figure: Figure{State: StateNoDiscordantPairs}}
	}
	m.Figure = ok(min(1, 2*halfBinomialTail(min(m.Lost, m.Gained), m.Lost+m.Gained)))
	return m
}

func rightOrWrong(score float64) bool { return score == 0 || score == 1 }

// halfBinomialTail is P(X ≤ k) of n fair coins, from its largest term down.
func halfBinomialTail(k, n int) float64 {
	term := math.Exp(logChoose(n, k) - float64(n)*math.Ln2)
	sum := 0.0
	for i := k; i >= 0 && term > sum*1e-18; i-- {
		sum += term
		term *= float64(i) / float64(n-i+1)
	}
	return sum
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n) + 1)
	b, _ := math.Lgamma(float64(k) + 1)
	c, _ := math.Lgamma(float64(n-k) + 1)
	return a - b - c
}

// Holm corrects p-values for their number, so that the chance of calling any
// difference real where there is none stays at the level asked for. Only those
// in the state StateOK count; the others pass through. Source: Holm,
// Scandinavian Journal of Statistics 6 (1979), in adjusted form.
func Holm(ps []Figure) []Figure {
	out := slices.Clone(ps)
	var order []int
	for i, p := range ps {
		if p.State == StateOK {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ps[a].Value, ps[b].Value) })
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(order)-rank)*ps[i].Value))
		out[i].Value = least
	}
	return out
}
