package scorers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// m4le is the family of M4LE (KwanWaiChung/M4LE at 47c2af9, evaluation.py).
// Upstream's six metrics differ by task in what is cut off an answer first: each
// way has a name here. Cases of the six themselves are sets of rows of one task,
// see evaluateM4LE.
func m4le() family {
	f := family{benchmark: "m4le", tables: map[string]evaluator{}, ofRows: true}
	for _, r := range m4leRules() {
		f.metrics = append(f.metrics, Metric{Name: r.name, Equals: r.about + "; M4LE at 47c2af9", Score: r.score})
	}
	for _, name := range []string{"rouge", "acc", "exact_match", "cls_f1", "bleu", "qa_f1"} {
		f.tables[name] = func(raw []byte) (any, error) { return evaluateM4LE(raw, name) }
	}
	return f
}

// m4leSet is a case: rows of one task.
type m4leSet struct {
	Task     string            `json:"task"`
	Language string            `json:"lang"`
	Rows     []json.RawMessage `json:"rows"`
}

// m4leRow is a row of a set; one without a prediction is left out, as upstream
// leaves it.
type m4leRow struct {
	Prediction *string         `json:"prediction"`
	References []string        `json:"references"`
	Bucket     json.RawMessage `json:"length_bucket"`
}

func (r m4leRow) bucket() (int, error) {
	var n int
	if json.Unmarshal(r.Bucket, &n) != nil {
		return 0, errors.New("length_bucket: want a whole number")
	}
	if r.Prediction != nil && len(r.References) == 0 {
		return 0, errors.New("references: want at least one")
	}
	return n, nil
}

// rule is how the set's rows are scored. No task is scored by qa_f1, so its sets
// name the language instead.
func (s m4leSet) rule(metric string) (m4leRule, error) {
	if metric == "qa_f1" {
		if s.Language != "" && s.Language != "en" && s.Language != "zh" {
			return m4leRule{}, fmt.Errorf("field \"lang\": want en or zh, got %q", s.Language)
		}
		return m4leRule{metric: metric, language: s.Language}, nil
	}
	r, ok := m4leRuleOf(s.Task)
	switch {
	case !ok:
		return r, fmt.Errorf("field \"task\": M4LE has no task %q", s.Task)
	case r.metric != metric:
		return r, fmt.Errorf("field \"metric\": %s is scored by %s, got %q", s.Task, r.metric, metric)
	}
	return r, nil
}

// evaluateM4LE gives the score of each length bucket: the mean of its rows, BLEU
// of all of them together.
func evaluateM4LE(raw []byte, metric string) (any, error) {
	var set m4leSet
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fieldError(err)
	}
	rule, err := set.rule(metric)
	if err != nil {
		return nil, err
	}
	byBucket := map[int][]Score{}
	for i, text := range set.Rows {
		var r m4leRow
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("field \"rows\": row %d: %w", i+1, fieldError(err))
		}
		bucket, err := r.bucket()
		if err != nil {
			return nil, fmt.Errorf("field \"rows\": row %d: %w", i+1, err)
		}
		if r.Prediction != nil {
			s := rule.score(Case{Prediction: *r.Prediction, References: r.References})
			byBucket[bucket] = append(byBucket[bucket], s)
		}
	}
	out := map[string]float64{}
	for bucket, scores := range byBucket {
		out[strconv.Itoa(bucket)] = ofScores(scores)
	}
	return out, nil
}

// ofScores is the figure of a set of rows: of their counts, where they have
// some, else their mean.
func ofScores(scores []Score) float64 {
	if !scores[0].Counts {
		sum := 0.0
		for _, s := range scores {
			sum += s.Value
		}
		return sum / float64(len(scores))
	}
	sums := make([]float64, len(scores[0].Parts))
	for _, s := range scores {
		for i, n := range s.Parts {
			sums[i] += n
		}
	}
	return corpusBLEU(sums)
}
