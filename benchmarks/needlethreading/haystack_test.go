package needlethreading

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
)

// letters is a tokenizer of one byte a token, whose pairs all cost the same.
type letters struct{}

func (letters) Name() string { return "letters" }

func (letters) Ends(text string) []int {
	ends := make([]int, len(text))
	for i := range ends {
		ends[i] = i + 1
	}
	return ends
}

// runs is a tokenizer whose tokens are runs of up to three digits, of up to
// five letters and of punctuation, a space ahead included: pairs differ.
type runs struct{ single bool } // digits are tokens by themselves, as Gemma's

func (r runs) Name() string { return fmt.Sprintf("runs %v", r.single) }

func (r runs) Ends(text string) []int {
	kind := func(c byte) int {
		switch {
		case '0' <= c && c <= '9' && r.single:
			return 1
		case '0' <= c && c <= '9':
			return 3
		case 'a' <= c && c <= 'z':
			return 5
		}
		return 99
	}
	var ends []int
	for i := 0; i < len(text); {
		j := i
		if text[j] == ' ' && j+1 < len(text) {
			j++
		}
		k := kind(text[j])
		for n := 0; j < len(text) && kind(text[j]) == k && n < k && (n == 0 || text[j] != ' '); n++ {
			j++
		}
		ends = append(ends, j)
		i = j
	}
	return ends
}

func TestContextsComeOutAtTheirLength(t *testing.T) {
	for _, tok := range []benchmarks.Tokenizer{benchmarktest.Words{}, letters{}, runs{}, runs{single: true}} {
		o := benchmarks.Options{Seed: 5, Tokenizer: tok, Lengths: []int{1000, 1024, 1111, 2345, 70000}, Shape: benchmarks.Shape{Repeats: 1}}
		for _, s := range generated(t, o) {
			n := len(tok.Ends(s.Prompt.Context))
			if n != s.ContextTokens || n > s.TargetLength || float64(n) < 0.98*float64(s.TargetLength) {
				t.Errorf("%s by %s: %d tokens, says %d", s.ID, tok.Name(), n, s.ContextTokens)
			}
		}
	}
}

// Long haystacks are tokenised around their needles only.
func TestSeamsCountAsTheWhole(t *testing.T) {
	for _, tok := range []benchmarks.Tokenizer{benchmarktest.Words{}, letters{}, runs{}, runs{single: true}} {
		all := &stocks{tok: tok, seed: 1}
		k := all.draw("d", 400)
		r := benchmarks.Rand(2, "seams", tok.Name())
		for range 100 {
			needles := r.IntN(30)
			l := layout{filler: upTo(r.IntN(370) + 1), needles: make([]pair, needles)}
			for i := range l.needles {
				l.needles[i] = pair{withMark(r, newUUID(r)), newUUID(r)}
			}
			n := len(l.filler) + needles
			l.places = place(r, placements()[r.IntN(2)], nil, n, needles)
			h := k.compose(l)
			if got, want := k.countSeams(h, tok, l), len(tok.Ends(h.text)); got != want {
				t.Fatalf("%s: %d pairs, needles at %v: counted %d, has %d", tok.Name(), n, l.places, got, want)
			}
		}
	}
}

func TestDepthsAreWithinOnePair(t *testing.T) {
	var depths []float64
	for d := 0.0; d <= 100; d += 2.5 {
		depths = append(depths, d)
	}
	o := benchmarks.Options{Tokenizer: runs{}, Tasks: []string{"single_needle"}, Lengths: []int{1000, 20000}, Depths: depths, Shape: benchmarks.Shape{Repeats: 1}}
	for _, s := range generated(t, o) {
		n := len(parse(t, s).keys)
		at := s.Evidence.Spans[0].Start
		want := *s.Depth / 100
		if byte := float64(at) / float64(len(s.Prompt.Context)-80); math.Abs(byte-want)*float64(n) > 1 {
			t.Errorf("%s: %.3f of %d pairs into the text", s.ID, byte, n)
		}
		if pair := float64(at/80) / float64(n-1); math.Abs(pair-want)*float64(n-1) > 0.51 {
			t.Errorf("%s: %.3f of the other pairs stand ahead of it", s.ID, pair)
		}
		if *s.Depth == 0 && at >= 80 {
			t.Errorf("%s: the needle is not the first pair", s.ID)
		}
	}
}

func TestPlacements(t *testing.T) {
	for _, layout := range placements() {
		o := benchmarks.Options{
			Seed: 4, Tokenizer: runs{}, Tasks: []string{"multi_needle", "conditional_needle"}, Lengths: []int{5000}, Depths: []float64{0, 30, 100},
			Shape: benchmarks.Shape{Repeats: 1, Placement: layout, Needles: []int{4}},
		}
		got := generated(t, o)
		want := 2
		if layout == "clustered" {
			want = 6
		}
		if len(got) != want {
			t.Errorf("%s: %d samples, want %d", layout, len(got), want)
		}
		for _, s := range got {
			var places []int
			for _, e := range s.Evidence.Spans {
				places = append(places, e.Start/80)
			}
			n := (len(s.Prompt.Context)) / 80
			run := places[3]-places[0] == 3
			from := 0
			if s.Depth != nil {
				from = int(math.Round(*s.Depth / 100 * float64(n-4)))
			}
			switch {
			case layout == "clustered" && (!run || places[0] != from),
				layout == "random" && run,
				layout == "depthwise" && (places[0] != 0 || places[3] != n-1 || places[1] != (n-1)/3):
				t.Errorf("%s: places %v of %d", s.ID, places, n)
			}
			if want := append(slices.DeleteFunc([]string{layout}, func(l string) bool { return l == "depthwise" }), "1-5"); !slices.Equal(s.Strata, want) {
				t.Errorf("%s: strata %q", s.ID, s.Strata)
			}
		}
	}
}
