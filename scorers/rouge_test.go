package scorers

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// slowRouge is rouge-l F of rouge 1.0.1 written down as it is defined: whole
// table, words as strings, sets as maps.
func slowRouge(prediction, reference string) float64 {
	x, y := slowSentences(reference), slowSentences(prediction)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	union := map[string]bool{}
	for _, a := range x {
		for _, b := range y {
			slowWalk(a, b, union)
		}
	}
	r := float64(len(union)) / float64(distinctWords(x))
	p := float64(len(union)) / float64(distinctWords(y))
	return 2 * (p * r / (p + r + 1e-8))
}

func slowSentences(text string) [][]string {
	var out [][]string
	for _, piece := range strings.Split(text, ".") {
		if piece != "" {
			out = append(out, strings.Split(strings.Join(pyFields(piece), " "), " "))
		}
	}
	return out
}

func distinctWords(sentences [][]string) int {
	words := map[string]bool{}
	for _, s := range sentences {
		for _, w := range s {
			words[w] = true
		}
	}
	return len(words)
}

func slowWalk(x, y []string, union map[string]bool) {
	t := make([][]int, len(x)+1)
	for i := range t {
		t[i] = make([]int, len(y)+1)
		for j := 1; i > 0 && j <= len(y); j++ {
			if t[i][j] = max(t[i-1][j], t[i][j-1]); x[i-1] == y[j-1] {
				t[i][j] = t[i-1][j-1] + 1
			}
		}
	}
	for i, j := len(x), len(y); i > 0 && j > 0; {
		switch {
		case x[i-1] == y[j-1]:
			union[x[i-1]] = true
			i, j = i-1, j-1
		case t[i-1][j] > t[i][j-1]:
			i--
		default:
			j--
		}
	}
}

// drawProse draws words of a small vocabulary, so that they meet again, with
// full stops and odd white space; now and then sentences beyond 64 and 128
// words.
func drawProse(t *rapid.T, label string) string {
	words := []string{"a", "b", "c", "d", "e", "f", "g", "好", "é", "", ".", "..", " ", "\u2028", "\u200b", "a.b"}
	if rapid.Bool().Draw(t, label+" without stops") {
		words = words[:9]
	}
	most := rapid.SampledFrom([]int{3, 20, 80, 300}).Draw(t, label+" length")
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, most).Draw(t, label), " ")
}

func TestRougeIsTheSlowDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawProse(t, "prediction"), drawProse(t, "reference")
		if want, got := slowRouge(p, r), rougeL(p, r); got != want {
			t.Fatalf("prediction %q, reference %q: want %v, got %v", p, r, want, got)
		}
	})
}

// Upstream's recursion ends at about 985 steps; the definition goes on.
func TestRougeOfLongSentencesHasNoLimit(t *testing.T) {
	for _, n := range []int{900, 1000, 5000} {
		if got := rougeL(numbered(0, n, 1), numbered(0, n, 1)); got < 0.99999999 {
			t.Errorf("%d words against themselves: got %v", n, got)
		}
	}
	p, r := numbered(0, 1500, 1), numbered(700, 3000, 3)
	if want, got := slowRouge(p, r), rougeL(p, r); got != want {
		t.Errorf("want %v, got %v", want, got)
	}
}
