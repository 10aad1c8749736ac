package longbench

import "github.com/lcbench/lcbench/scorers"

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, one for each metric.
func selfCheck() error {
	type reference = []string
	return scorers.CheckFixed("longbench", []scorers.Fixed{
		{Metric: "qa_f1", Prediction: "The big red dog!", References: reference{"a dog, big"}, Want: 0.8},                        // 2 of 3 words against 2 of 2
		{Metric: "qa_f1_zh", Prediction: "他来到北京大学。", References: reference{"北京大学"}, Want: 0.5},                                   // 他 来到 北京大学
		{Metric: "rouge", Prediction: "a b c d", References: reference{"a x c y"}, Want: 0.5 / (1 + 1e-8)},                       // LCS a c: P = R = 1/2
		{Metric: "rouge_zh", Prediction: "北京大学", References: reference{"北京大学"}, Want: 2 / (2 + 1e-8)},                            // equal
		{Metric: "classification", Prediction: "it is B", References: reference{"B"}, Classes: []string{"A", "B"}, Want: 1},      // one class named
		{Metric: "retrieval", Prediction: "Paragraph 3 or 4", References: reference{"Paragraph 3"}, Want: 0.5},                   // one of two numbers
		{Metric: "retrieval_zh", Prediction: "段落3", References: reference{"段落3"}, Want: 1},                                       // the number
		{Metric: "count", Prediction: "5 or 6, say 5", References: reference{"5"}, Want: 2.0 / 3},                                // two of three
		{Metric: "code_sim", Prediction: "# note\nabcd", References: reference{"abce"}, Want: 0.75},                              // 2·3/8
		{Metric: "v2_choice", Prediction: "The correct answer is **(C)**", References: reference{"C"}, Want: 1},                  // asterisks go
		{Metric: "v2_choice", Prediction: "the correct answer is C", References: reference{"C"}, Want: 0},                        // case counts
		{Metric: "code_sim", Prediction: "    return x", References: reference{"    return x"}, Want: 1},                         // equal
		{Metric: "classification", Prediction: "A of A B", References: reference{"A B"}, Classes: []string{"A", "A B"}, Want: 1}, // A is part of A B
		{Metric: "qa_f1", Prediction: "nothing shared", References: reference{"entirely different words"}, Want: 0},              // none
	})
}
