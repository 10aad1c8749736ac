package liconbench

import "github.com/lcbench/lcbench/scorers"

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, one for each metric at least.
func selfCheck() error {
	var fixed []scorers.Fixed
	for _, c := range []struct {
		metric, prediction, reference string
		want                          float64
	}{
		{"goemotion_acc", " Joy\ncomment: more", "joy", 1},
		{"banking77_acc", "card arrival", "card_arrival", 0},
		{"discovery_acc", "as_a_result", "as_a_result,", 1},
		{"tacred_f1", "per:title", "per:title", 1},
		{"dialogre_f1", "per:boss, per:age", "per:boss, per:pet", 0.5}, // one right of two and two
		{"fewnerd_f1", "Bob: person-actor", "Bob: person-actor\nBergen: location-GPE", 2. / 3},
	} {
		// The references' 1e-8 keep values a little below these.
		fixed = append(fixed, scorers.Fixed{Metric: c.metric, Prediction: c.prediction, References: []string{c.reference}, Want: c.want, Within: 1e-7})
	}
	return scorers.CheckFixed("liconbench", fixed)
}
