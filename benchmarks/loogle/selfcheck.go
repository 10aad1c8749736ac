package loogle

import (
	"errors"
	"fmt"
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, for each metric.
func selfCheck() error {
	var errs []error
	for _, c := range []struct {
		metric, measure, prediction string
		references, masks           []string
		want                        float64
	}{
		{"loogle_text", "bleu1", "a b c d x", []string{"a b c d e"}, nil, 0.8},                     // 4 of 5 words
		{"loogle_text", "bleu4", "a b c d x", []string{"a b c d e"}, nil, 0.5},                     // 1 of 2
		{"loogle_text", "rouge-1_recall", "a a. b", []string{"a b c d"}, nil, 0.5},                 // a, b of four
		{"loogle_text", "rouge-2_recall", "a. b", []string{"a b c"}, nil, 0.5},                     // a b of two
		{"loogle_text", "rouge-l_recall", "b a", []string{"a b"}, nil, 0.5},                        // one on an LCS
		{"loogle_text", "meteor_exact_stem", "running dogs", []string{"run dog"}, nil, 0.9375},     // 1 − ½·(1/2)³
		{"loogle_timeline", "swap_deviation", "III, II, I", []string{"I,II,III"}, nil, 1},          // one swap
		{"loogle_timeline", "location_square_deviation", "3 2 1", []string{"1,2,3"}, nil, 8.0 / 3}, // (4 + 0 + 4)/3
		{"loogle_timeline", "swap_distance_deviation_or_maximum", "", []string{"1,2,3,4"}, nil, 4}, // ⌊16/4⌋
		{"cloze", "exact_match", "{'m': 'A B', 'n': 'c'}", []string{"A B", "C"}, []string{"m", "n"}, 0.5},
		{"cloze", "partial_match", "{'m': 'B', 'n': 'c'}", []string{"A B", "C"}, []string{"m", "n"}, 0.5},
	} {
		m, ok := scorers.Lookup("loogle", c.metric)
		if !ok {
			errs = append(errs, fmt.Errorf("no metric %q", c.metric))
			continue
		}
		got := math.NaN()
		for _, part := range m.Score(scorers.Case{Prediction: c.prediction, References: c.references, Classes: c.masks}).Measures {
			if part.Name == c.measure {
				got = part.Value
			}
		}
		if !(math.Abs(got-c.want) <= 1e-9) {
			errs = append(errs, fmt.Errorf("%s of %q against %q is %v, want %v", c.measure, c.prediction, c.references, got, c.want))
		}
	}
	return errors.Join(errs...)
}
