package needlethreading

import "github.com/lcbench/lcbench/scorers"

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, for each metric.
func selfCheck() error {
	const a, b = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
	var fixed []scorers.Fixed
	for _, c := range []struct {
		metric, prediction string
		references         []string
		want               float64
	}{
		{"thread_single", ` "` + a + `" `, []string{a}, 1},
		{"thread_single", a + " it is", []string{a}, 1},
		{"thread_single", "it is " + a, []string{a}, 0},
		{"thread_many", "['" + b + "', '" + a + "']", []string{a, b}, 1},
		{"thread_many", "Only " + a + ".", []string{a, b}, 0.5},
		{"thread_many", "[]", []string{a, b}, 0},
	} {
		fixed = append(fixed, scorers.Fixed{Metric: c.metric, Prediction: c.prediction, References: c.references, Want: c.want})
	}
	return scorers.CheckFixed("needlethreading", fixed)
}
