package scorers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// needleBench is the family of NeedleBench, both versions, and of its Ancestral
// Trace Challenge (arXiv 2407.11963; OpenCompass, datasets/needlebench*). The
// cases' scores are percent, as upstream's are.
func needleBench() family {
	const package2 = "OpenCompass, needlebench_v2"
	return family{
		benchmark: "needlebench",
		metrics: []Metric{
			{Name: "needle_keyword", Equals: "the keyword as a part of the answer, " + package2, Score: best(hasKeyword)},
			{Name: "needle_parallel", Equals: "the share of keywords in the answer, whose mean over rows is the mean over depths, " + package2, Score: scoreParallel},
			{Name: "needle_v1", Equals: "the keyword, else a fifth of the Levenshtein similarity to the needle, OpenCompass, needlebench", Score: scoreNeedleV1},
			{Name: "atc", Equals: "the boxed answer, cleaned, " + package2, Score: scoreATC},
		},
		tables: map[string]evaluator{
			"needle_keyword": percentOf(best(hasKeyword)), "needle_parallel": evaluateParallel,
			"needle_v1": evaluateNeedleV1, "atc": percentOf(scoreATC),
		},
	}
}

// percentOf scores one answer against its references in percent.
func percentOf(score func(Case) Score) evaluator {
	return func(raw []byte) (any, error) {
		var c caseLine
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, fieldError(err)
		}
		return 100 * score(Case{Prediction: c.Prediction, References: c.References}).Value, nil
	}
}

// hasKeyword is 1 where the keyword stands in the answer as it came.
func hasKeyword(prediction, keyword string) float64 {
	if strings.Contains(prediction, keyword) {
		return 1
	}
	return 0
}

// scoreParallel is the share of References, one keyword a needle, that stand in
// the answer. Classes name the depths of the needles in percent: each is a
// measure of its own.
func scoreParallel(c Case) Score {
	var s Score
	for i, keyword := range c.References {
		found := hasKeyword(c.Prediction, keyword)
		s.Value += found / float64(len(c.References))
		if i < len(c.Classes) {
			s.Measures = append(s.Measures, Measure{
				Name: "depth_" + c.Classes[i], Title: c.Classes[i] + "%", Table: "Needles found by depth", Unit: UnitShare, Value: found,
			})
		}
	}
	s.Value = min(s.Value, 1) // a sum of shares may come out above
	return s
}

// evaluateParallel scores a set of answers to the same needles. Needles that
// share a depth share its figure, which then exceeds 100: upstream adds up by
// depth.
func evaluateParallel(raw []byte) (any, error) {
	var c struct {
		Predictions []string      `json:"predictions"`
		Keywords    []string      `json:"keywords"`
		Depths      []json.Number `json:"depths"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	switch {
	case len(c.Predictions) == 0:
		return nil, errors.New("field \"predictions\": want one answer or more, got none")
	case len(c.Depths) == 0 || len(c.Depths) != len(c.Keywords):
		return nil, fmt.Errorf("field \"depths\": want one for each of %d keywords, got %d", len(c.Keywords), len(c.Depths))
	}
	found := map[string]float64{}
	for i, depth := range c.Depths {
		n := 0
		for _, p := range c.Predictions {
			n += int(hasKeyword(p, c.Keywords[i]))
		}
		found[depth.String()] += 100 * float64(n) / float64(len(c.Predictions))
	}
	sum := 0.0
	for _, share := range found {
		sum += share
	}
	return map[string]any{"by_depth": found, "average": sum / float64(len(found))}, nil
}

// scoreNeedleV1 scores a single retrieval as the first version did: References
// are needles, Classes the keyword of each.
func scoreNeedleV1(c Case) Score {
	var s Score
	for i, needle := range c.References {
		if i < len(c.Classes) {
			s.Value = max(s.Value, needleV1(c.Prediction, needle, c.Classes[i], false))
		}
	}
	return s
}

// needleV1 is 1 where the keyword stands in the answer, else a fifth of the
// similarity of answer and needle, both without white space.
func needleV1(prediction, needle, keyword string, trim bool) float64 {
	if strings.Contains(prediction, keyword) {
		return 1
	}
	p, r := withoutSpace(prediction), withoutSpace(needle)
	if trim {
		p = trimToNeedle(p, r)
	}
	longer := max(len(p), len(r))
	if longer == 0 {
		return 0.2
	}
	return 0.2 * (1 - float64(levenshtein(p, r))/float64(longer))
}

// trimToNeedle cuts p at 1.2 times the needle's length, and there behind the
// first occurrence of the needle's last character from 0.8 times its length on.
func trimToNeedle(p, r []rune) []rune {
	from, to := int(0.8*float64(len(r))), int(1.2*float64(len(r)))
	p = p[:min(to, len(p))]
	for i := from; i < len(p); i++ {
		if p[i] == r[len(r)-1] {
			return p[:i+1]
		}
	}
	return p
}

// withoutSpace are the characters of a text that Python's \s doesn't match.
func withoutSpace(s string) []rune { return []rune(strings.Join(pyFields(s), "")) }

// levenshtein is the edit distance in characters.
func levenshtein(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// evaluateNeedleV1 scores a case with its keyword and whether answers are
// trimmed.
func evaluateNeedleV1(raw []byte) (any, error) {
	var c struct {
		caseLine
		Keyword *string `json:"keyword"`
		Trim    bool    `json:"trim"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	if c.Keyword == nil {
		return nil, errors.New("field \"keyword\": missing")
	}
	score := 0.0
	for _, needle := range c.References {
		score = max(score, needleV1(c.Prediction, needle, *c.Keyword, c.Trim))
	}
	return 100 * score, nil
}
