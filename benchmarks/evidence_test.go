package benchmarks_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// alternatives is a sample of 1000 tokens with three sets of places: tokens 100 to
// 109; 300 to 302 and 600 to 602; 800 to 805. Any of them suffices.
func alternatives() benchmarks.Sample {
	at := func(from, to int) scorers.Span { return scorers.Span{Start: 4 * from, End: 4*to - 1} }
	return benchmarks.Sample{
		ID: "bees/1", Task: "bees", Query: "Where is it?", Prompt: benchmarks.Prompt{Context: wordsOf(1000, "hay")},
		Evidence: benchmarks.Evidence{
			State: benchmarks.EvidenceKnown, Spans: []scorers.Span{at(100, 110), at(300, 303), at(600, 603), at(800, 806)}, Sets: []int{0, 1, 1, 2},
		},
	}
}

// scopeOf is the scope of t of n tokens.
func scopeOf(t, n float64) float64 { return math.Log(1+t/32) / math.Log(1+n/32) }

// The same fact in k places: the set of the fewest tokens counts, the first of
// several such; k is the redundancy.
func TestOfAlternativesTheSmallestIsMeasured(t *testing.T) {
	meter := &benchmarks.AxesMeter{Benchmark: "toyqa", Tokenizer: words}
	for _, tt := range []struct {
		name              string
		change            func(*benchmarks.Sample)
		tokens            float64
		dispersion        float64
		redundancy, first int
	}{
		// Two of six tokens each: the first of them has them in two tenths.
		{"three sets, two of six tokens", func(*benchmarks.Sample) {}, 6, math.Log(2) / math.Log(10), 3, 300},
		{"all are needed", func(s *benchmarks.Sample) { s.Evidence.Sets = nil }, 22, -1, 1, 100},
		{"each place would do", func(s *benchmarks.Sample) { s.Evidence = s.Evidence.Alternatives() }, 3, 0, 4, 300},
		{"the numbers of sets don't matter", func(s *benchmarks.Sample) { s.Evidence.Sets = []int{7, 2, 2, 0} }, 6, math.Log(2) / math.Log(10), 3, 300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := alternatives()
			tt.change(&s)
			got, err := meter.Measure(s)
			if err != nil || got.State != benchmarks.AxesMeasured {
				t.Fatalf("%+v, %v", got, err)
			}
			if want := scopeOf(tt.tokens, 1000); math.Abs(got.Values.Scope-want) > 1e-9 || got.Beside.Redundancy != tt.redundancy {
				t.Errorf("scope %v in %d sets, want %v in %d", got.Values.Scope, got.Beside.Redundancy, want, tt.redundancy)
			}
			if tt.dispersion >= 0 && math.Abs(got.Values.Dispersion-tt.dispersion) > 1e-9 {
				t.Errorf("dispersion %v, want %v", got.Values.Dispersion, tt.dispersion)
			}
		})
	}
}

// A cut that breaks a set leaves the whole ones; the sample is unanswerable where
// nothing is left.
func TestWhatACutLeavesOfAlternatives(t *testing.T) {
	for _, tt := range []struct {
		name   string
		budget int
		policy benchmarks.Policy
		sets   []int
		lost   int
		state  benchmarks.AxesState
	}{
		{"the last set's place is gone", 700, benchmarks.TruncateRight, []int{0, 1, 1}, 1, benchmarks.AxesMeasured},
		{"half of the second is gone, the first is whole", 500, benchmarks.TruncateRight, []int{0}, 2, benchmarks.AxesMeasured},
		{"the first is gone, half of the second is", 500, benchmarks.TruncateLeft, []int{2}, 2, benchmarks.AxesMeasured},
		{"all are gone", 90, benchmarks.TruncateRight, nil, 4, benchmarks.AxesUnanswerable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _, err := benchmarks.Fit(alternatives(), tt.budget, tt.policy, words)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.sets, s.Evidence.Sets); diff != "" || len(s.Evidence.Spans) != len(tt.sets) || s.Evidence.Lost != tt.lost {
				t.Errorf("%+v: %s", s.Evidence, diff)
			}
			got, err := (&benchmarks.AxesMeter{Benchmark: "toyqa", Tokenizer: words}).Measure(s)
			if err != nil || got.State != tt.state || got.Lost != tt.lost {
				t.Errorf("%+v, %v; want %s", got, err, tt.state)
			}
		})
	}
}

// After any cut the places that are left hold the text that they held, and a
// broken set is left only where no set is whole.
func TestCutsOfAlternativesKeepWholeSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := benchmarks.Sample{ID: "bees/1"}
		size, held := map[int]int{}, map[string]int{}
		for i := range rapid.IntRange(1, 8).Draw(t, "places") {
			set, word := rapid.IntRange(0, 3).Draw(t, "set"), fmt.Sprintf("needle%d", i)
			s.Prompt.Context += wordsOf(rapid.IntRange(0, 4).Draw(t, "before"), "hay")
			s.Evidence.Spans = append(s.Evidence.Spans, scorers.Span{Start: len(s.Prompt.Context), End: len(s.Prompt.Context) + len(word)})
			s.Evidence.Sets = append(s.Evidence.Sets, set)
			s.Prompt.Context += word + " "
			size[set]++
			held[word] = set
		}
		s.Evidence.State = benchmarks.EvidenceKnown
		policy := rapid.SampledFrom([]benchmarks.Policy{benchmarks.TruncateLeft, benchmarks.TruncateRight, benchmarks.TruncateMiddle}).Draw(t, "policy")
		got, _, err := benchmarks.Fit(s, rapid.IntRange(1, 20).Draw(t, "budget"), policy, words)
		if err != nil {
			t.Fatal(err)
		}
		left := map[int]int{}
		for i, span := range got.Evidence.Spans {
			if set, ok := held[got.Prompt.Context[span.Start:span.End]]; !ok || set != got.Evidence.Sets[i] {
				t.Fatalf("%+v in %q", got.Evidence, got.Prompt.Context)
			}
			left[got.Evidence.Sets[i]]++
		}
		whole := 0
		for set, n := range left {
			if n == size[set] {
				whole++
			}
		}
		if whole > 0 && whole < len(left) || len(left) == 0 && got.Evidence.State != benchmarks.EvidenceLost {
			t.Fatalf("%+v of sets of %v", got.Evidence, size)
		}
	})
}

// What stands around the context counts into no length, whatever it is.
func TestTemplatesDontCountIntoTheAxes(t *testing.T) {
	meter := &benchmarks.AxesMeter{Benchmark: "toyqa", Tokenizer: words}
	bare := needle("bees")
	framed := bare
	framed.Prompt.System, framed.Prompt.Before, framed.Prompt.After = wordsOf(100, "be"), wordsOf(300, "read"), wordsOf(200, "ask")
	a, err := meter.Measure(bare)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := meter.Measure(framed); err != nil || a != b {
		t.Errorf("framed: %+v, %v; bare: %+v", b, err, a)
	}
}

// A context that is all needed has its extent by the tokens that it has; where
// they can't be counted there is none.
func TestTheExtentOfAll(t *testing.T) {
	s := needle("passage_count")
	got, err := (&benchmarks.AxesMeter{Benchmark: "longbench", Tokenizer: words}).Measure(s)
	if want := (scorers.Optional{Value: 999. / 1000, Known: true}); err != nil || got.Beside.Extent != want || got.Beside.Redundancy != 1 || got.Values.Scope != 1 {
		t.Errorf("got %+v, %v; want extent %v", got, err, want)
	}
	if got, err := (&benchmarks.AxesMeter{Benchmark: "longbench"}).Measure(s); err != nil || got.State != benchmarks.AxesMeasured || got.Beside.Extent.Known {
		t.Errorf("without a tokenizer: %+v, %v", got, err)
	}
}

func TestWordsAreFoundAsWordsOfTheirOwn(t *testing.T) {
	for _, tt := range []struct {
		context, text string
		want          int
	}{
		{"Bob, Bobby and Jim-Bob met BBob.", "Bob", 2}, {"no, none knows", "no", 1}, {"in 1945, not 19450", "1945", 1},
		{"他在卑尔根住", "卑尔根", 1}, {"第12章", "12", 1}, {"(x) y", "(x)", 1}, {"a", "", 0},
	} {
		got := benchmarks.FindWords(tt.context, tt.text)
		if len(got) != tt.want {
			t.Errorf("%q in %q: got %v, want %d places", tt.text, tt.context, got, tt.want)
		}
		for _, s := range got {
			if !strings.HasPrefix(tt.context[s.Start:], tt.text) || s.End-s.Start != len(tt.text) {
				t.Errorf("%q in %q: %v", tt.text, tt.context, s)
			}
		}
	}
}
