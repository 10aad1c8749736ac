package scorers

import (
	"strings"
	"testing"
)

const (
	uuidA = "0a1b2c3d-0000-4000-8000-00000000000a"
	uuidB = "0a1b2c3d-0000-4000-8000-00000000000b"
)

func TestAThreadsValueIsTheAnswersBeginning(t *testing.T) {
	for _, c := range []struct {
		name, prediction string
		want             float64
	}{
		{"the value", uuidA, 1},
		{"in white space", "\u3000" + uuidA + "\n", 1},
		{"in quotes of either kind", `"` + uuidA + `"`, 1},
		{"in brackets that are no list", "('" + uuidA + "')", 1},
		{"two literals are one string", "'" + uuidA + "' ' and more'", 1},
		{"more behind it", uuidA + " is it", 1},
		{"more ahead of it", "It is " + uuidA, 0},
		{"half quoted", `"` + uuidA, 0},
		{"a list", `["` + uuidA + `"]`, 0},
		{"a tuple without brackets", `"` + uuidA + `",`, 0},
		{"white space inside of the quotes", `" ` + uuidA + `"`, 0},
		{"capitals", strings.ToUpper(uuidA), 0},
		{"cut short", uuidA[:35], 0},
		{"nothing", "", 0},
	} {
		if got := threadSingle(c.prediction, uuidA); got != c.want {
			t.Errorf("%s: %q scores %v, want %v", c.name, c.prediction, got, c.want)
		}
	}
}

func TestValuesAreComparedAsSets(t *testing.T) {
	quoted := func(us ...string) string { return `"` + strings.Join(us, `", "`) + `"` }
	for _, c := range []struct {
		name, prediction string
		share, strict    float64
	}{
		{"a Python list", "['" + uuidA + "', '" + uuidB + "',]", 1, 1},
		{"a tuple in another order, one twice", "(" + quoted(uuidB, uuidA, uuidB) + ")", 1, 1},
		{"a tuple without brackets", quoted(uuidA, uuidB), 1, 1},
		{"a tuple keeps capitals", strings.ToUpper(quoted(uuidA, uuidB)), 0, 0},
		{"JSON with an escape that Python reads otherwise", `["` + uuidA + `", "` + uuidB + `", null]`, 1, 0},
		{"one JSON string", `"` + uuidA + `"`, 0.5, 0},
		{"one too many", "[" + quoted(uuidA, uuidB, "x") + "]", 1, 0},
		{"an element that is no string", "['" + uuidA + "', 7]", 0.5, 0},
		{"shapes in prose, in capitals too", "They are " + strings.ToUpper(uuidA) + " and\n- " + uuidB + ".", 1, 1},
		{"shapes in a fence", "```json\n[" + quoted(uuidA) + "]\n```", 0.5, 0},
		{"shapes in an object", `{"a": "` + uuidA + `"}`, 0.5, 0},
		{"a shape inside of a longer word", "x" + uuidA + "f " + uuidB, 1, 1},
		{"a list that is not closed", "[" + quoted(uuidA, uuidB), 1, 1},
		{"nothing", "", 0, 0},
		{"an empty list", "[]", 0, 0},
		{"null", "null", 0, 0},
	} {
		got := threadMany(Case{Prediction: c.prediction, References: []string{uuidA, uuidB}})
		if got.share != c.share || got.strict != c.strict {
			t.Errorf("%s: %q has share %v and is strictly %v, want %v and %v", c.name, c.prediction, got.share, got.strict, c.share, c.strict)
		}
	}
}

func TestTheShareIsTheScoreAndStrictStandsBeside(t *testing.T) {
	s := scoreThreadMany(Case{Prediction: "['" + uuidA + "']", References: []string{uuidA, uuidB}})
	if s.Value != 0.5 || s.NoAnswer || len(s.Measures) != 2 || s.Measures[0].Value != 0.5 || s.Measures[1].Name != "strict" || s.Measures[1].Value != 0 {
		t.Errorf("got %+v", s)
	}
	if s := scoreThreadMany(Case{Prediction: "I don't know", References: []string{uuidA}}); !s.NoAnswer || s.Value != 0 {
		t.Errorf("an answer without values: %+v", s)
	}
	if s := scoreThreadMany(Case{Prediction: "x"}); s.Value != 0 {
		t.Errorf("no right values: %+v", s)
	}
}

func FuzzThreadMany(f *testing.F) {
	f.Add("['" + uuidA + "', (1,)]")
	f.Add(`["a", {"b": null}] ` + uuidB)
	f.Fuzz(func(t *testing.T, prediction string) {
		if len(prediction) > 1<<12 {
			t.Skip("capped input")
		}
		s := threadMany(Case{Prediction: prediction, References: []string{uuidA, uuidB}})
		if s.share < 0 || s.share > 1 || s.strict == 1 && s.share != 1 {
			t.Errorf("%q: %+v", prediction, s)
		}
		threadSingle(prediction, uuidA)
	})
}
