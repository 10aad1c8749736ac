package benchmarks

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// letters is a tokenizer whose tokens are bytes, but two spaces are one token:
// sums of parts are only nearly right.
type letters struct{}

func (letters) Name() string { return "letters" }

func (letters) Ends(text string) []int {
	var ends []int
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "  ") {
			i++
		}
		ends = append(ends, i+1)
	}
	return ends
}

func joinUnits(list []string) string { return strings.Join(list, "") }

func TestComposedContextsAreFullAndOfWholeUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.Custom(func(t *rapid.T) string {
			return " " + strings.Repeat("x", rapid.IntRange(1, 120).Draw(t, "size")) + " "
		})
		units := rapid.SliceOfN(unit, 0, 60).Draw(t, "units")
		spare := rapid.SliceOfN(unit, 0, 20).Draw(t, "spare")
		length := rapid.IntRange(1, 4000).Draw(t, "length")
		keep := rapid.IntRange(0, min(2, len(units))).Draw(t, "keep")
		size := func(s string) int { return len(s) }
		c, err := Compose("id", letters{}, length, keep, units, spare, size, joinUnits)
		if err != nil {
			var missed *SampleError
			if !errors.As(err, &missed) || !errors.Is(err, ErrSample) || missed.SampleID != "id" {
				t.Fatalf("%v, want a SampleError of id", err)
			}
			return
		}
		if n := Count(letters{}, c.Context); n != c.Tokens || n > length || 100*n < 98*length {
			t.Fatalf("%d tokens, said %d, asked for %d", n, c.Tokens, length)
		}
		if joinUnits(c.Units) != c.Context {
			t.Fatalf("the context isn't the units")
		}
		if !slices.Equal(c.Units[:keep], units[:keep]) {
			t.Fatalf("the first %d units don't stay", keep)
		}
		// Each unit is taken once at the most.
		left := slices.Concat(units, spare)
		for _, u := range c.Units {
			at := slices.Index(left, u)
			if at < 0 {
				t.Fatalf("a unit taken twice")
			}
			left = slices.Delete(left, at, at+1)
		}
	})
}

func TestComposeTakesUnitsInOrderAndExchangesTheLast(t *testing.T) {
	size := func(s string) int { return len(s) }
	unit := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name         string
		units, spare []int
		length, keep int
		want         []int
		err          string
	}{
		{"all in order where they fit", []int{50, 30, 19}, nil, 100, 0, []int{50, 30, 19}, ""},
		{"the next one that fits fills the rest", []int{50, 30, 40, 20}, nil, 100, 0, []int{50, 30, 20}, ""},
		{"a spare one fills the rest", []int{50, 30, 40}, []int{7, 19}, 100, 0, []int{50, 30, 19}, ""},
		{"the last one is given up", []int{50, 30, 49}, nil, 100, 0, []int{50, 49}, ""},
		{"but not one that has to stay", []int{50, 30, 49}, nil, 100, 2, nil, "sample not made: no whole items or demonstrations fill a context of 100: about 80 tokens come nearest"},
		{"nothing fits", []int{60, 70}, nil, 100, 0, nil, "sample not made: no whole items or demonstrations fill a context of 100: about 60 tokens come nearest"},
		{"too little data", []int{10, 20}, []int{30}, 100, 0, nil, "sample not made: too little data for a context of 100: all 3 items or demonstrations hold about 60 tokens, 98 needed"},
	} {
		var units, spare []string
		for _, n := range c.units {
			units = append(units, unit(n))
		}
		for _, n := range c.spare {
			spare = append(spare, unit(n))
		}
		got, err := Compose("id", letters{}, c.length, c.keep, units, spare, size, joinUnits)
		if c.err != "" {
			if err == nil || err.Error() != "id: "+c.err {
				t.Errorf("%s: error %v, want %s", c.name, err, c.err)
			}
			continue
		}
		var sizes []int
		for _, u := range got.Units {
			sizes = append(sizes, len(u))
		}
		if err != nil || !slices.Equal(sizes, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, sizes, err, c.want)
		}
	}
}
