package scorers

import (
	"slices"

	"github.com/lcbench/lcbench/scorers/pyliteral"
)

// clozeCount is how many masks of one question an answer filled.
type clozeCount struct{ exact, partial, masks int }

// cloze compares an answer with the entities of masks, as LooGLE's
// cal_em_score and partial match do. The answer has to be a Python literal of a
// dictionary; upstream evaluates it as an expression, which is never done here.
// An exact match is the same string, a partial one shares a word between white
// space; both mind case.
func cloze(prediction string, masks, entities []string) clozeCount {
	c := clozeCount{masks: len(masks)}
	v, err := pyliteral.Parse(prediction)
	filled, ok := v.(*pyliteral.Dict)
	if err != nil || !ok {
		return c
	}
	for i, mask := range masks {
		got, ok := filled.Text[mask].(string)
		if !ok || i >= len(entities) {
			continue
		}
		if got == entities[i] {
			c.exact++
		}
		words := pyFields(entities[i])
		if slices.ContainsFunc(pyFields(got), func(w string) bool { return slices.Contains(words, w) }) {
			c.partial++
		}
	}
	return c
}

// share is a part of a question's masks.
func (c clozeCount) share(n int) float64 {
	if c.masks == 0 {
		return 0
	}
	return float64(n) / float64(c.masks)
}

// scoreCloze is the share of exactly filled masks. A mean over questions that
// weighs each by its masks is upstream's figure.
func scoreCloze(c Case) Score {
	n := cloze(c.Prediction, c.Classes, c.References)
	return Score{Value: n.share(n.exact), Measures: []Measure{
		{Name: "exact_match", Title: "Exact", Table: "Cloze", Unit: UnitShare, Value: n.share(n.exact)},
		{Name: "partial_match", Title: "Partial", Table: "Cloze", Unit: UnitShare, Value: n.share(n.partial)},
	}}
}
