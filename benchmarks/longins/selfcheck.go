package longins

import (
	"errors"
	"fmt"
	"math"

	"github.com/lcbench/lcbench/scorers"
)

// selfCheck scores fixed answers whose scores follow from the definition by
// hand.
func selfCheck() error {
	m, ok := scorers.Lookup("longins", "longins_f1")
	if !ok {
		return errors.New("no metric longins_f1")
	}
	var errs []error
	for _, c := range []struct {
		prediction, reference string
		want                  float64
	}{
		{"['3', '1']", "[1, 3]", 1},
		{"[1] and [2]", "[1, 3]", 0.5}, // one right of two, one found of two
		{"1, 3", "[1, 3]", 0},          // no brackets
		{"[0]", "[]", 0},               // nothing to be found
	} {
		if got := m.Score(scorers.Case{Prediction: c.prediction, References: []string{c.reference}}).Value; !(math.Abs(got-c.want) <= 1e-9) {
			errs = append(errs, fmt.Errorf("longins_f1 of %q against %s is %v, want %v", c.prediction, c.reference, got, c.want))
		}
	}
	return errors.Join(errs...)
}
