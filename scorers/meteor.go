package scorers

import (
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers/porter"
)

// meteor is NLTK's single_meteor_score (alpha 0.9, beta 3, gamma 0.5) of two
// texts' words. Words are matched in stages: as they are in lower case, by
// their Porter stems, and, with a thesaurus, by the synonyms of the
// hypothesis's stems.
//
// LooGLE hands NLTK sets of words, whose order changes from one Python process
// to the next, and the number of chunks with it: its own figures can't be
// reproduced, so this is computed on the words in their order.
func meteor(hypothesis, reference []string, synonyms Thesaurus) float64 {
	a := newAlignment(hypothesis, reference)
	a.stage(func(w string) []string { return []string{w} })
	a.stem()
	a.stage(func(w string) []string { return []string{w} })
	if synonyms != nil {
		a.stage(synonyms.Synonyms) // equal forms were matched before
	}
	m := float64(len(a.matches))
	if m == 0 {
		return 0
	}
	p, r := m/float64(len(hypothesis)), m/float64(len(reference))
	f := p * r / (0.9*p + 0.1*r)
	return (1 - 0.5*math.Pow(float64(a.chunks())/m, 3)) * f
}

// alignment matches words of a hypothesis with words of a reference.
type alignment struct {
	hyp, ref         []string
	hypUsed, refUsed []bool
	matches          [][2]int // positions in hyp and ref
}

func newAlignment(hypothesis, reference []string) *alignment {
	a := &alignment{
		hyp: make([]string, len(hypothesis)), ref: make([]string, len(reference)),
		hypUsed: make([]bool, len(hypothesis)), refUsed: make([]bool, len(reference)),
	}
	for i, w := range hypothesis {
		a.hyp[i] = pyLower(w)
	}
	for i, w := range reference {
		a.ref[i] = pyLower(w)
	}
	return a
}

// stem brings the words that are still unmatched to their stems.
func (a *alignment) stem() {
	for i, w := range a.hyp {
		if !a.hypUsed[i] {
			a.hyp[i] = porter.Stem(w)
		}
	}
	for i, w := range a.ref {
		if !a.refUsed[i] {
			a.ref[i] = porter.Stem(w)
		}
	}
}

// stage goes through the unmatched words of the hypothesis from the last to
// the first and gives each the last unmatched word of the reference that is
// one of its forms.
func (a *alignment) stage(forms func(word string) []string) {
	places := map[string][]int{}
	for j, w := range a.ref {
		if !a.refUsed[j] {
			places[w] = append(places[w], j)
		}
	}
	if len(places) == 0 {
		return
	}
	for i := len(a.hyp) - 1; i >= 0; i-- {
		if a.hypUsed[i] {
			continue
		}
		best, form := -1, ""
		for _, f := range forms(a.hyp[i]) {
			if at := places[f]; len(at) > 0 && at[len(at)-1] > best {
				best, form = at[len(at)-1], f
			}
		}
		if best < 0 {
			continue
		}
		places[form] = places[form][:len(places[form])-1]
		a.hypUsed[i], a.refUsed[best] = true, true
		a.matches = append(a.matches, [2]int{i, best})
	}
}

// chunks counts the longest runs of matches that stand side by side in both
// texts.
func (a *alignment) chunks() int {
	slices.SortFunc(a.matches, func(x, y [2]int) int { return x[0] - y[0] })
	n := 0
	for k, m := range a.matches {
		if k == 0 || m[0] != a.matches[k-1][0]+1 || m[1] != a.matches[k-1][1]+1 {
			n++
		}
	}
	return n
}
