package leval

import (
	"errors"
	"fmt"
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, at least one for each metric.
func selfCheck() error {
	var errs []error
	for _, c := range []struct {
		metric, prediction, reference string
		want                          float64
	}{
		{"exam", "It was The Tides.", "the tides", 1},                             // part of the answer
		{"exam_choice", "I CANNOT say: B", "C", 1},                                // the first letter anywhere
		{"exam_choices", "A) and C.", "ABC", 0.25},                                // right, not all
		{"exam_choices", "BD", "BD", 1},                                           // letters as they stand
		{"exam_math", "The answer is $1,200.50", "1200", 1},                       // digits up to the point
		{"exam_code", "so the final output is [1, 2]", "[1 2]", 1},                // commas go
		{"exam_sci_fi", "True [fact: it is true]", "True [fact: False]", 0.5},     // by the document only
		{"f1", "The big red dog!", "a dog, big", 0.8},                             // 2 of 3 words against 2 of 2
		{"rouge", "a b c", "a b d", math.Cbrt(2. / 3 * 0.5 * 2 / 3)},              // 2/3, 1/2, 2/3
		{"rouge", "eins zwei", "drei vier", 0},                                    // nothing shared
		{"exam_choice", "", "B", 0},                                               // no answer
		{"exam_math", "no number here", "7", 0},                                   // none
		{"exam_sci_fi", "False [fact: False]", "False [fact: False]", 1},          // both
		{"exam_code", "the result is [[1, 2], [3, 4]]", "[[1, 2], [3, 4]]", 1},    // the last words
		{"exam", "the role of science in society", "the role of art in music", 0}, // another topic
	} {
		m, ok := scorers.Lookup("leval", c.metric)
		if !ok {
			errs = append(errs, fmt.Errorf("no metric %q", c.metric))
			continue
		}
		got := m.Score(scorers.Case{Prediction: c.prediction, References: []string{c.reference}}).Value
		if math.Abs(got-c.want) > 1e-9 {
			errs = append(errs, fmt.Errorf("%s of %q against %q is %v, want %v", c.metric, c.prediction, c.reference, got, c.want))
		}
	}
	return errors.Join(errs...)
}
