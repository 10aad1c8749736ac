package longbench

import (
	"errors"
	"fmt"
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, one for each metric.
func selfCheck() error {
	var errs []error
	for _, c := range []struct {
		metric, prediction, reference string
		classes                       []string
		want                          float64
	}{
		{"qa_f1", "The big red dog!", "a dog, big", nil, 0.8},           // 2 of 3 words against 2 of 2
		{"qa_f1_zh", "他来到北京大学。", "北京大学", nil, 0.5},                      // 他 来到 北京大学
		{"rouge", "a b c d", "a x c y", nil, 0.5 / (1 + 1e-8)},          // LCS a c: P = R = 1/2
		{"rouge_zh", "北京大学", "北京大学", nil, 2 / (2 + 1e-8)},               // equal
		{"classification", "it is B", "B", []string{"A", "B"}, 1},       // one class named
		{"retrieval", "Paragraph 3 or 4", "Paragraph 3", nil, 0.5},      // one of two numbers
		{"retrieval_zh", "段落3", "段落3", nil, 1},                          // the number
		{"count", "5 or 6, say 5", "5", nil, 2.0 / 3},                   // two of three
		{"code_sim", "# note\nabcd", "abce", nil, 0.75},                 // 2·3/8
		{"v2_choice", "The correct answer is **(C)**", "C", nil, 1},     // asterisks go
		{"v2_choice", "the correct answer is C", "C", nil, 0},           // case counts
		{"code_sim", "    return x", "    return x", nil, 1},            // equal
		{"classification", "A of A B", "A B", []string{"A", "A B"}, 1},  // A is part of A B
		{"qa_f1", "nothing shared", "entirely different words", nil, 0}, // none
	} {
		m, ok := scorers.Lookup("longbench", c.metric)
		if !ok {
			errs = append(errs, fmt.Errorf("no metric %q", c.metric))
			continue
		}
		got := m.Score(scorers.Case{Prediction: c.prediction, References: []string{c.reference}, Classes: c.classes}).Value
		if math.Abs(got-c.want) > 1e-9 {
			errs = append(errs, fmt.Errorf("%s of %q against %q is %v, want %v", c.metric, c.prediction, c.reference, got, c.want))
		}
	}
	return errors.Join(errs...)
}
