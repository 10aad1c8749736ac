package scorers

import (
	"math"
	"testing"
)

// Expected values follow from the definition: the numbers of every [...] on one
// line, as a set, F1 against the wrong ones.
func TestNumbersInBrackets(t *testing.T) {
	for _, c := range []struct {
		name, prediction, reference string
		want                        float64
	}{
		{"a list", "[0, 3]", "[0, 3]", 1},
		{"quotes and letters around numbers don't matter", "['Q0', '3']", "[0, 3]", 1},
		{"several brackets are one set", "[0] and [3], again [3]", "[0, 3]", 1},
		{"of nested brackets the inner list counts", "[[0,3]]", "[0, 3]", 1},
		{"numbers outside of brackets count nothing", "0 and 3", "[0, 3]", 0},
		{"a line end inside of a bracket breaks it", "[0,\n3]", "[0, 3]", 0},
		{"a bracket behind a broken one counts", "[0\n[3]", "[3]", 1},
		{"a bracket without an end counts nothing", "[0, 3", "[0, 3]", 0},
		{"U+2028 is no line end", "[0,\u20283]", "[0, 3]", 1},
		{"leading zeros count nothing", "[007]", "[7]", 1},
		{"zero is a number", "[00]", "[0]", 1},
		{"digits of any script are digits", "[٣ ５]", "[3, 5]", 1},
		{"a span is its two ends", "[1-5]", "[1, 5]", 1},
		{"one of two", "[4]", "[4, 5]", 2. / 3},
		{"one too many", "[4, 6]", "[4]", 2. / 3},
		{"nothing wrong scores 0, whatever the answer", "[]", "[]", 0},
		{"nothing wrong, something named", "[1]", "[]", 0},
		{"numbers beyond 64 bits are compared whole", "[123456789012345678901234567890]", "[123456789012345678901234567891]", 0},
	} {
		if got := scoreNumbers(Case{Prediction: c.prediction, References: []string{c.reference}}).Value; math.Abs(got-c.want) > tolerance {
			t.Errorf("%s: %q against %s: got %v, want %v", c.name, c.prediction, c.reference, got, c.want)
		}
	}
}

func TestAReferenceThatIsNoListOfNumbersIsNamed(t *testing.T) {
	for refs, want := range map[string]string{
		`[1]`:     `field "references": want lists of whole numbers from 0`,
		`[[1.5]]`: `field "references": want lists of whole numbers from 0, got 1.5`,
		`[[-1]]`:  `field "references": want lists of whole numbers from 0, got -1`,
	} {
		_, _, err := Evaluate([]byte(`{"id":"x","benchmark":"longins","metric":"longins_f1","prediction":"[1]","references":` + refs + `}`))
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", refs, err, want)
		}
	}
}
