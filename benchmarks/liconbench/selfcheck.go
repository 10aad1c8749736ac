package liconbench

import (
	"errors"
	"fmt"
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// selfCheck scores fixed answers whose scores follow from the definitions by
// hand, one for each metric at least.
func selfCheck() error {
	var errs []error
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
		m, ok := scorers.Lookup("liconbench", c.metric)
		if !ok {
			errs = append(errs, fmt.Errorf("no metric %q", c.metric))
			continue
		}
		// The references' 1e-8 keep values a little below these.
		if got := m.Score(scorers.Case{Prediction: c.prediction, References: []string{c.reference}}).Value; !(math.Abs(got-c.want) <= 1e-7) {
			errs = append(errs, fmt.Errorf("%s of %q against %q is %v, want %v", c.metric, c.prediction, c.reference, got, c.want))
		}
	}
	return errors.Join(errs...)
}
