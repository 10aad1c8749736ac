package benchmarks

import (
	"strings"
	"testing"
)

func TestCheckShape(t *testing.T) {
	a := Adapter{Name: "toy", Knobs: []Knob{{Name: "repeats"}, {Name: "rounds", Most: 5}, {Name: "placement", Values: []string{"random", "clustered"}}}}
	for name, c := range map[string]struct {
		shape Shape
		want  string // part of the error, "" for none
	}{
		"nothing set":   {Shape{}, ""},
		"known":         {Shape{Repeats: 3, Placement: "clustered"}, ""},
		"not taken":     {Shape{Needles: []int{2}}, "toy takes no --needles"},
		"unknown value": {Shape{Placement: "randon"}, `--placement "randon" (did you mean "random"?): toy knows random, clustered`},
		"as many as go": {Shape{Rounds: []int{5, 1}, Repeats: 9}, ""},
		"too many":      {Shape{Rounds: []int{1, 6}}, "--rounds 6: toy takes at most 5"},
		"no such knob":  {Shape{Direction: "forward"}, "toy takes no --direction"},
	} {
		err := a.CheckShape(c.shape)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestShapeSettingsAreInOrder(t *testing.T) {
	got := Shape{Rounds: []int{1, 5}, Needles: []int{2}, Haystack: "h"}.Settings()
	want := [][2]string{{"haystack", "h"}, {"needles", "2"}, {"rounds", "1,5"}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("setting %d: got %v, want %v", i, got[i], want[i])
		}
	}
}
