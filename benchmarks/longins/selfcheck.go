package longins

import "github.com/lcbench/lcbench/scorers"

// selfCheck scores fixed answers whose scores follow from the definition by
// hand.
func selfCheck() error {
	var fixed []scorers.Fixed
	for _, c := range []struct {
		prediction, reference string
		want                  float64
	}{
		{"['3', '1']", "[1, 3]", 1},
		{"[1] and [2]", "[1, 3]", 0.5}, // one right of two, one found of two
		{"1, 3", "[1, 3]", 0},          // no brackets
		{"[0]", "[]", 0},               // nothing to be found
	} {
		fixed = append(fixed, scorers.Fixed{Metric: "longins_f1", Prediction: c.prediction, References: []string{c.reference}, Want: c.want})
	}
	return scorers.CheckFixed("longins", fixed)
}
