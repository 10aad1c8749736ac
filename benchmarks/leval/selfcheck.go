package leval

import (
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, at least one for each metric.
func selfCheck() error {
	type reference = []string
	return scorers.CheckFixed("leval", []scorers.Fixed{
		{Metric: "exam", Prediction: "It was The Tides.", References: reference{"the tides"}, Want: 1},                             // part of the answer
		{Metric: "exam_choice", Prediction: "I CANNOT say: B", References: reference{"C"}, Want: 1},                                // the first letter anywhere
		{Metric: "exam_choices", Prediction: "A) and C.", References: reference{"ABC"}, Want: 0.25},                                // right, not all
		{Metric: "exam_choices", Prediction: "BD", References: reference{"BD"}, Want: 1},                                           // letters as they stand
		{Metric: "exam_math", Prediction: "The answer is $1,200.50", References: reference{"1200"}, Want: 1},                       // digits up to the point
		{Metric: "exam_code", Prediction: "so the final output is [1, 2]", References: reference{"[1 2]"}, Want: 1},                // commas go
		{Metric: "exam_sci_fi", Prediction: "True [fact: it is true]", References: reference{"True [fact: False]"}, Want: 0.5},     // by the document only
		{Metric: "f1", Prediction: "The big red dog!", References: reference{"a dog, big"}, Want: 0.8},                             // 2 of 3 words against 2 of 2
		{Metric: "rouge", Prediction: "a b c", References: reference{"a b d"}, Want: math.Cbrt(2. / 3 * 0.5 * 2 / 3)},              // 2/3, 1/2, 2/3
		{Metric: "rouge", Prediction: "eins zwei", References: reference{"drei vier"}, Want: 0},                                    // nothing shared
		{Metric: "exam_choice", Prediction: "", References: reference{"B"}, Want: 0},                                               // no answer
		{Metric: "exam_math", Prediction: "no number here", References: reference{"7"}, Want: 0},                                   // none
		{Metric: "exam_sci_fi", Prediction: "False [fact: False]", References: reference{"False [fact: False]"}, Want: 1},          // both
		{Metric: "exam_code", Prediction: "the result is [[1, 2], [3, 4]]", References: reference{"[[1, 2], [3, 4]]"}, Want: 1},    // the last words
		{Metric: "exam", Prediction: "the role of science in society", References: reference{"the role of art in music"}, Want: 0}, // another topic
	})
}
