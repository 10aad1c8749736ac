package scorers

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/scorers/jieba"
)

// evaluator scores a case that is not one answer against its references.
type evaluator func(raw []byte) (any, error)

// caseHead are the fields of a case that Evaluate looks at first: what the
// others hold depends on the metric.
type caseHead struct {
	ID        string `json:"id"`
	Benchmark string `json:"benchmark"`
	Metric    string `json:"metric"`
	// Rows is kept as it stands.
	Rows json.RawMessage `json:"rows"`
}

// caseLine are the fields of one answer against its references.
type caseLine struct {
	Prediction string   `json:"prediction"`
	References []string `json:"references"`
	Classes    []string `json:"all_classes"`
}

// Evaluate scores one case given as a JSON object with the fields id,
// benchmark (only where the metric's name is not unique), metric, prediction,
// references and, for classification, all_classes. A cloze's reference is an
// object of masks and entities. Sets of rows (longbench_task,
// longbench_v2_table) have rows instead of a prediction.
// Further fields are ignored. The score is a number, or a value of the shape
// that the reference vectors have.
func Evaluate(line []byte) (id string, score any, err error) {
	var c caseHead
	if err := json.Unmarshal(line, &c); err != nil {
		return "", nil, fieldError(err)
	}
	matches := 0
	for _, f := range families() {
		if c.Benchmark != "" && f.benchmark != c.Benchmark {
			continue
		}
		evaluate, ok := f.tables[c.Metric]
		if f.ofRows && c.Benchmark == "" && c.Rows == nil {
			ok = false
		}
		if m, single := Lookup(f.benchmark, c.Metric); single && !ok {
			evaluate, ok = m.evaluate, true
		}
		if ok {
			matches++
			score, err = evaluate(line)
		}
	}
	switch {
	case matches == 0:
		return c.ID, nil, unknownMetric(c.Benchmark, c.Metric)
	case matches > 1:
		return c.ID, nil, fmt.Errorf("field \"metric\": several benchmarks have a metric %q: add the field \"benchmark\"", c.Metric)
	case err != nil:
		return c.ID, nil, err
	}
	return c.ID, score, nil
}

// evaluate scores one answer by its value alone.
func (m Metric) evaluate(raw []byte) (any, error) {
	var c caseLine
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	return m.Score(Case{Prediction: c.Prediction, References: c.References, Classes: c.Classes}).Value, nil
}

// fieldError words a JSON error as field, want, got.
func fieldError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		want := strings.NewReplacer("[]string", "a list of strings", "[]json.RawMessage", "a list of objects", "map[string]string", "an object of strings", "[]", "a list of ", "scorers.caseHead", "an object", "json.Number", "numbers", "float64", "number").Replace(wrong.Type.String())
		return fmt.Errorf("field %q: want %s, got %s", wrong.Field, want, wrong.Value)
	}
	return fmt.Errorf("not a JSON object: %w", err)
}

func unknownMetric(benchmark, name string) error {
	var known []string
	for _, f := range families() {
		if benchmark != "" && benchmark != f.benchmark {
			continue
		}
		for _, m := range f.metrics {
			known = append(known, m.Name)
		}
		for t := range f.tables {
			known = append(known, t)
		}
	}
	if len(known) == 0 {
		return fmt.Errorf("field \"benchmark\": no benchmark %q has metrics", benchmark)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	return fmt.Errorf("field \"metric\": no metric %q; known are %s", name, strings.Join(known, ", "))
}

func evaluateJieba(raw []byte) (any, error) {
	var c caseLine
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	return jieba.Cut(c.Prediction), nil
}

// rowSet is a case of several rows.
type rowSet struct {
	Task    string   `json:"task"`
	Classes []string `json:"all_classes"`
	Rows    []struct {
		Prediction string          `json:"prediction"`
		References []string        `json:"references"`
		Length     json.RawMessage `json:"length"`
		Difficulty string          `json:"difficulty"`
	} `json:"rows"`
}

// optional prints NaN as null.
type optional float64

func (o optional) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(o)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(o))
}

// evaluateLongBenchTask scores a whole task: v1's mean and E's buckets.
func evaluateLongBenchTask(raw []byte) (any, error) {
	var set rowSet
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fieldError(err)
	}
	name, firstLine := longBenchMetric(set.Task)
	metric, ok := Lookup("longbench", name)
	if !ok {
		return nil, fmt.Errorf("field \"task\": LongBench has no task %q", set.Task)
	}
	var all []float64
	byBucket := map[string][]float64{}
	for i, r := range set.Rows {
		var length int
		if err := json.Unmarshal(r.Length, &length); err != nil {
			return nil, fmt.Errorf("field \"rows\": row %d: length: want a whole number", i+1)
		}
		p := r.Prediction
		if firstLine {
			p = FirstLine(p)
		}
		s := metric.Score(Case{Prediction: p, References: r.References, Classes: set.Classes}).Value
		all = append(all, s)
		b := LongBenchBucket(length)
		byBucket[b] = append(byBucket[b], s)
	}
	e := map[string]optional{}
	for _, b := range LongBenchBuckets() {
		e[b] = optional(bucketMean(byBucket[b]))
	}
	return map[string]any{"v1": optional(percentMean(all)), "e": e}, nil
}

// evaluateV2Table gives result.py's columns, plain and with an absent answer
// counted 0.25 ("compensated").
func evaluateV2Table(raw []byte) (any, error) {
	var set rowSet
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fieldError(err)
	}
	plain, compensated := map[string][]float64{}, map[string][]float64{}
	for i, r := range set.Rows {
		var length string
		if err := json.Unmarshal(r.Length, &length); err != nil {
			return nil, fmt.Errorf("field \"rows\": row %d: length: want string", i+1)
		}
		s := scoreChoice(Case{Prediction: r.Prediction, References: r.References})
		other := s.Value
		if s.NoAnswer {
			other = 0.25
		}
		for _, column := range append([]string{"overall"}, V2Strata(r.Difficulty, length)...) {
			plain[column] = append(plain[column], s.Value)
			compensated[column] = append(compensated[column], other)
		}
	}
	return map[string]any{"plain": v2Columns(plain), "compensated": v2Columns(compensated)}, nil
}

func v2Columns(scores map[string][]float64) map[string]optional {
	out := map[string]optional{}
	for _, column := range append([]string{"overall"}, V2Columns()...) {
		mean := math.NaN()
		if n := len(scores[column]); n > 0 {
			sum := 0.0
			for _, s := range scores[column] {
				sum += s
			}
			mean = Round(100*sum/float64(n), 1)
		}
		out[column] = optional(mean)
	}
	return out
}

// V2Columns are the columns of LongBench v2's table behind "overall".
func V2Columns() []string { return []string{"easy", "hard", "short", "medium", "long"} }

// V2Strata are the columns that a row counts in: everything that isn't easy
// is hard, everything neither short nor medium is long (result.py).
func V2Strata(difficulty, length string) []string {
	if difficulty != "easy" {
		difficulty = "hard"
	}
	if length != "short" && length != "medium" {
		length = "long"
	}
	return []string{difficulty, length}
}
