package needlebench

import "github.com/lcbench/lcbench/scorers"

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, for each metric.
func selfCheck() error {
	var fixed []scorers.Fixed
	for _, c := range []struct {
		metric, prediction  string
		references, classes []string
		want                float64
	}{
		{"needle_keyword", "It is amber-grotto.", []string{"amber-grotto"}, nil, 1},
		{"needle_keyword", "Amber-grotto", []string{"amber-grotto"}, nil, 0},
		{"needle_parallel", "a, c", []string{"a", "b", "c", "d"}, []string{"0", "10", "20", "30"}, 0.5},
		{"needle_v1", "abcd", []string{"abxx"}, []string{"key"}, 0.1}, // a fifth of one half
		{"atc", `So \boxed{{Dan~Newton}}.`, []string{"Dan Newton"}, nil, 1},
		{"atc", "Dan Newton", []string{"Dan Newton"}, nil, 0},
	} {
		fixed = append(fixed, scorers.Fixed{Metric: c.metric, Prediction: c.prediction, References: c.references, Classes: c.classes, Want: c.want})
	}
	return scorers.CheckFixed("needlebench", fixed)
}
