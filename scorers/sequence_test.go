package scorers

import (
	"strings"
	"testing"

	"github.com/pmezard/go-difflib/difflib"
	"pgregory.net/rapid"
)

// oracleRatio is the same ratio by go-difflib, a port of Python's difflib that
// compares strings of one code point each.
func oracleRatio(a, b string) float64 {
	return difflib.NewMatcher(strings.Split(a, ""), strings.Split(b, "")).Ratio()
}

// drawRepetitive draws a string that has what the matcher trips over: few
// letters, long repeats, more than 200 characters, scripts beyond ASCII.
func drawRepetitive(t *rapid.T, label string) string {
	alphabet := rapid.SampledFrom([]string{"ab", "a b", "01\t", "好abé𐐀", "abcdefghijklmnop", "x = foo(bar)\n"}).Draw(t, label+" alphabet")
	unit := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 0, 40, -1).Draw(t, label+" unit")
	times := rapid.IntRange(1, 30).Draw(t, label+" times")
	tail := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 0, 20, -1).Draw(t, label+" tail")
	return strings.Repeat(unit, times) + tail
}

func TestSequenceRatioIsDifflibs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawRepetitive(t, "a"), drawRepetitive(t, "b")
		if rapid.Bool().Draw(t, "b is an edit of a") {
			runes := []rune(a)
			cut := rapid.IntRange(0, len(runes)).Draw(t, "cut")
			b = string(runes[cut:]) + string(runes[:cut/2])
		}
		if want, got := oracleRatio(a, b), sequenceRatio(a, b); got != want {
			t.Fatalf("%q, %q: want %v, got %v", a, b, want, got)
		}
	})
}

// Buffers are used again: what one pair left must not show in the next.
func TestSequenceRatioOfPairsInARow(t *testing.T) {
	pairs := [][2]string{{strings.Repeat("ab", 150), strings.Repeat("ba", 200)}, {"", ""}, {"好x", "x好"}, {"x", ""}, {"", "x"}, {"ab", "abab"}, {"private Thread currentThread;", "private volatile Thread currentThread;"}}
	for range 2 {
		for _, p := range pairs {
			if want, got := oracleRatio(p[0], p[1]), sequenceRatio(p[0], p[1]); got != want {
				t.Errorf("%q, %q: want %v, got %v", p[0], p[1], want, got)
			}
		}
	}
}

// In 200 characters or more, those that occur n/100 + 1 times still
// start a match; once more and they are popular.
func TestPopularCharactersStartNoMatch(t *testing.T) {
	for _, c := range []struct {
		n, times int
		starts   bool
	}{
		{199, 100, true}, {200, 3, true}, {200, 4, false}, {299, 3, true}, {299, 4, false}, {300, 4, true}, {300, 5, false}, {1000, 11, true}, {1000, 12, false},
	} {
		b := strings.Repeat("-", c.n-c.times) + strings.Repeat("z", c.times)
		want := 0.0
		if c.starts {
			want = 2 / float64(c.n+1)
		}
		if got := sequenceRatio("z", b); got != want || got != oracleRatio("z", b) {
			t.Errorf("%d times in %d: want %v, got %v, go-difflib %v", c.times, c.n, want, got, oracleRatio("z", b))
		}
	}
}
