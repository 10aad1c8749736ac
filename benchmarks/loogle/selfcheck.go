package loogle

import "github.com/lcbench/lcbench/scorers"

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, for each metric.
func selfCheck() error {
	type list = []string
	return scorers.CheckFixed("loogle", []scorers.Fixed{
		{Metric: "loogle_text", Measure: "bleu1", Prediction: "a b c d x", References: list{"a b c d e"}, Want: 0.8},                     // 4 of 5 words
		{Metric: "loogle_text", Measure: "bleu4", Prediction: "a b c d x", References: list{"a b c d e"}, Want: 0.5},                     // 1 of 2
		{Metric: "loogle_text", Measure: "rouge-1_recall", Prediction: "a a. b", References: list{"a b c d"}, Want: 0.5},                 // a, b of four
		{Metric: "loogle_text", Measure: "rouge-2_recall", Prediction: "a. b", References: list{"a b c"}, Want: 0.5},                     // a b of two
		{Metric: "loogle_text", Measure: "rouge-l_recall", Prediction: "b a", References: list{"a b"}, Want: 0.5},                        // one on an LCS
		{Metric: "loogle_text", Measure: "meteor_exact_stem", Prediction: "running dogs", References: list{"run dog"}, Want: 0.9375},     // 1 − ½·(1/2)³
		{Metric: "loogle_timeline", Measure: "swap_deviation", Prediction: "III, II, I", References: list{"I,II,III"}, Want: 1},          // one swap
		{Metric: "loogle_timeline", Measure: "location_square_deviation", Prediction: "3 2 1", References: list{"1,2,3"}, Want: 8.0 / 3}, // (4 + 0 + 4)/3
		{Metric: "loogle_timeline", Measure: "swap_distance_deviation_or_maximum", Prediction: "", References: list{"1,2,3,4"}, Want: 4}, // ⌊16/4⌋
		{Metric: "cloze", Measure: "exact_match", Prediction: "{'m': 'A B', 'n': 'c'}", References: list{"A B", "C"}, Classes: list{"m", "n"}, Want: 0.5},
		{Metric: "cloze", Measure: "partial_match", Prediction: "{'m': 'B', 'n': 'c'}", References: list{"A B", "C"}, Classes: list{"m", "n"}, Want: 0.5},
	})
}
