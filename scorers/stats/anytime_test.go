package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/scorers"
)

// truths are what simulated models score.
func truths() []float64 { return []float64{0.02, 0.5, RulerThreshold, 0.98} }

// document draws a document of the given number of questions, right or wrong:
// some documents are harder than others, by most of what the truth allows.
func document(r *rand.Rand, truth float64, questions int) float64 {
	p := truth
	if questions > 1 {
		spread := 0.8 * min(truth, 1-truth)
		p += spread * float64(2*r.IntN(2)-1)
	}
	right := 0
	for range questions {
		if r.Float64() < p {
			right++
		}
	}
	return float64(right) / float64(questions)
}

// atMost fails where more than a share of so many runs went wrong, with three
// standard errors of a simulation allowed.
func atMost(t *testing.T, what string, wrong, runs int, share float64) {
	t.Helper()
	got := float64(wrong) / float64(runs)
	t.Logf("%s: %.1f%% of %d", what, 100*got, runs)
	if limit := share + 3*math.Sqrt(share*(1-share)/float64(runs)); got > limit {
		t.Errorf("%s: %.1f%% of %d runs, want at most %.1f%%", what, 100*got, runs, 100*limit)
	}
}

func TestASequenceHoldsAtEveryLook(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	const runs, documents = 1000, 120
	for _, truth := range truths() {
		for _, questions := range []int{1, 3} {
			missed, inPool := 0, 0
			for run := range runs {
				r := rand.New(rand.NewPCG(uint64(run), uint64(1000*truth)))
				pool := make([]float64, documents)
				mean := 0.0
				for i := range pool {
					pool[i] = document(r, truth, questions)
					mean += pool[i] / documents
				}
				if everMisses(pool, truth) {
					missed++
				}
				if everMisses(pool, mean) {
					inPool++
				}
			}
			what := fmt.Sprintf("truth %g, %d questions a document", truth, questions)
			atMost(t, what+": some look misses", missed, runs, 0.05)
			atMost(t, what+": some look misses the pool's own mean", inPool, runs, 0.05)
		}
	}
}

// everMisses says whether the 95 % sequence leaves the mean out after any of the
// documents.
func everMisses(documents []float64, mean float64) bool {
	var s Sequence
	limit, players, sum := math.Log(2/0.05), shares(), 0.0
	for i, x := range documents {
		s.Add(x, x)
		sum += x
		// Only who bets on the side where the scores lie can have won.
		list, claimed := s.low, mean
		if sum < mean*float64(i+1) {
			list, claimed = s.high, 1-mean
		}
		if claimed > 0 && claimed < 1 && capital(&players, list, claimed) >= limit {
			return true
		}
	}
	return false
}

// TestPeekingMisleads stops at the first look at which an ordinary interval is
// what was wished for: the reason to have sequences.
func TestPeekingMisleads(t *testing.T) {
	const runs, documents, first = 1000, 120, 10
	wilson := func(seen []float64) scorers.Interval {
		n, mean, z := float64(len(seen)), mean(seen), 1.959964
		middle, half := mean+z*z/(2*n), z*math.Sqrt(mean*(1-mean)/n+z*z/(4*n*n))
		return scorers.Interval{Low: (middle - half) / (1 + z*z/n), High: (middle + half) / (1 + z*z/n)}
	}
	resampled := func(seen []float64) scorers.Interval {
		next, picks := scorers.Draws(len(seen), scorers.Stream(0, "test")), make([]uint32, len(seen))
		means := make([]float64, 200)
		for i := range means {
			next(picks)
			for _, p := range picks {
				means[i] += seen[p] / float64(len(seen))
			}
		}
		return scorers.PercentileInterval(means)
	}
	narrow := func(truth float64, i scorers.Interval) bool { return i.High-i.Low <= 0.2 }
	clear := func(truth float64, i scorers.Interval) bool { return i.Low > truth || i.High < truth }
	for _, c := range []struct {
		name     string
		truth    float64
		interval func([]float64) scorers.Interval
		stop     func(float64, scorers.Interval) bool
		want     float64 // more than that many in a hundred miss
	}{
		{"the bootstrap's until it is narrow", 0.02, resampled, narrow, 50},
		{"the bootstrap's until it is narrow", 0.98, resampled, narrow, 50},
		{"Wilson's until it is clear", RulerThreshold, wilson, clear, 20},
		{"Wilson's until it is clear", 0.5, wilson, clear, 20},
		{"the bootstrap's until it is clear", 0.5, resampled, clear, 20},
	} {
		missed := 0
		for run := range runs {
			r := rand.New(rand.NewPCG(uint64(run), 7))
			var seen []float64
			var i scorers.Interval
			for len(seen) < documents {
				if seen = append(seen, document(r, c.truth, 1)); len(seen) < first || len(seen)%5 > 0 {
					continue
				}
				if i = c.interval(seen); c.stop(c.truth, i) {
					break
				}
			}
			if clear(c.truth, i) {
				missed++
			}
		}
		share := 100 * float64(missed) / runs
		t.Logf("truth %g, %s: %.1f%% miss", c.truth, c.name, share)
		if share <= c.want {
			t.Errorf("truth %g, %s: %.1f%% miss, want more than %g: then there is no need for sequences", c.truth, c.name, share, c.want)
		}
	}
}

// alternating is a sequence of so many documents of which the share is right.
func alternating(documents int, share float64) *Sequence {
	s := &Sequence{}
	for i := range documents {
		x := math.Floor(float64(i+1)*share+1e-9) - math.Floor(float64(i)*share+1e-9)
		s.Add(x, x)
	}
	return s
}

func TestWhatASequenceCosts(t *testing.T) {
	for _, c := range []struct {
		documents int
		share     float64
		low, high float64
	}{
		{0, 0, 0, 1},
		{10, 0, 0, 0.387},
		{20, 1, 0.781, 1},
		{60, 1, 0.920, 1},
		{60, 0.5, 0.296, 0.704}, // a bootstrap's: 0.37 to 0.63
		{200, 0.5, 0.381, 0.619},
	} {
		got := alternating(c.documents, c.share).Interval(0.05)
		if got.State != scorers.IntervalOK || math.Abs(got.Low-c.low) > 5e-4 || math.Abs(got.High-c.high) > 5e-4 {
			t.Errorf("%d documents, %g right: %+v, want %g to %g", c.documents, c.share, got, c.low, c.high)
		}
	}
}

// TestCapitalIsThePlayers plays the game step by step.
func TestCapitalIsThePlayers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		scores := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 30).Draw(r, "scores")
		m := rapid.Float64Range(0.01, 1).Draw(r, "mean")
		var s Sequence
		players, want := shares(), 0.0
		for _, share := range players {
			has := 1.0
			for _, x := range scores {
				has *= 1 - share + share*x/m
			}
			want += has / bets
		}
		for _, x := range scores {
			s.Add(x, x)
		}
		if got := capital(&players, s.low, m); math.Abs(got-math.Log(want)) > 1e-9*(1+math.Abs(got)) {
			r.Fatalf("capital %g, want %g", got, math.Log(want))
		}
	})
}

func TestASequenceKeepsWhatItPromises(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		scores := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 1, 0.5})), 0, 40).Draw(r, "scores")
		var known, partly, turned, mixed Sequence
		order := rapid.Permutation(scores).Draw(r, "order")
		for i, x := range scores {
			known.Add(x, x)
			turned.Add(1-x, 1-x)
			mixed.Add(order[i], order[i])
			low, high := x, x
			if i%3 == 0 {
				low, high = 0, 1
			}
			partly.Add(low, high)
		}
		i, wide, sure := known.Interval(0.05), partly.Interval(0.05), known.Interval(0.001)
		switch other := turned.Interval(0.05); {
		case !(0 <= i.Low && i.Low <= i.High && i.High <= 1):
			r.Fatalf("%+v is no interval in 0..1", i)
		case len(scores) > 0 && (mean(scores) < i.Low || mean(scores) > i.High):
			r.Fatalf("%+v leaves out %g, which is what was seen", i, mean(scores))
		case wide.Low > i.Low+1e-5 || wide.High < i.High-1e-5:
			r.Fatalf("what isn't known narrows %+v to %+v", i, wide)
		case sure.Low > i.Low+1e-5 || sure.High < i.High-1e-5:
			r.Fatalf("at a lower level %+v becomes %+v", i, sure)
		case math.Abs(other.Low-(1-i.High)) > 1e-5 || math.Abs(other.High-(1-i.Low)) > 1e-5:
			r.Fatalf("%+v of the scores, %+v of what they lack", i, other)
		}
		if got := mixed.Interval(0.05); math.Abs(got.Low-i.Low) > 1e-5 || math.Abs(got.High-i.High) > 1e-5 {
			r.Fatalf("%+v, in another order %+v", i, got)
		}
	})
}

func TestWhatIsNoNumberSaysNothing(t *testing.T) {
	var s, unknown Sequence
	s.Add(math.NaN(), math.NaN())
	s.Add(-1, 3)
	unknown.Add(0, 1)
	unknown.Add(0, 1)
	if s.Len() != 2 || s.Interval(0.05) != unknown.Interval(0.05) || unknown.Interval(0.05) != (scorers.Interval{State: scorers.IntervalOK, Low: 0, High: 1}) {
		t.Errorf("%+v, %+v", s.Interval(0.05), unknown.Interval(0.05))
	}
}

// TestVerdictsOnPoolsAreRightTogether asks the documents of 22 pools of 60 whose
// means lie next to the threshold, in random order, until each has its verdict.
func TestVerdictsOnPoolsAreRightTogether(t *testing.T) {
	const runs, cells, documents = 1000, 22, 60
	anyWrong, naiveWrong := 0, 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 3))
		wrong, naive := false, false
		for cell := range cells {
			right := 51 + cell%2 // 0.85 and 0.867: below 0.856 and above
			want := []Verdict{VerdictBelow, VerdictReaches}[cell%2]
			pool := make([]float64, documents)
			for i := range right {
				pool[i] = 1
			}
			r.Shuffle(documents, func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
			p := NewPool(documents, RulerThreshold)
			got, looked := VerdictOpen, VerdictOpen
			sum := 0.0
			for i, x := range pool {
				if got == VerdictOpen {
					p.Add(x, x)
					got = p.Verdict(0.05 / cells)
				}
				if sum += x; looked == VerdictOpen && i >= 9 {
					looked = atOneLook(sum, float64(i+1))
				}
			}
			if got == VerdictOpen {
				t.Fatalf("a pool of which all is known has no verdict")
			}
			wrong = wrong || got != want
			naive = naive || looked != VerdictOpen && looked != want
		}
		if wrong {
			anyWrong++
		}
		if naive {
			naiveWrong++
		}
	}
	atMost(t, "some verdict of 22 is wrong", anyWrong, runs, 0.05)
	t.Logf("at the first look at which Wilson's interval is clear: %.1f%%", 100*float64(naiveWrong)/runs)
	if naiveWrong <= runs/4 {
		t.Errorf("the naive rule is wrong in %d of %d runs: then there is no need for games", naiveWrong, runs)
	}
}

// atOneLook is the verdict of an ordinary 95 % interval.
func atOneLook(sum, n float64) Verdict {
	mean, z := sum/n, 1.959964
	if error := z * math.Sqrt(RulerThreshold*(1-RulerThreshold)/n); mean > RulerThreshold+error {
		return VerdictReaches
	} else if mean < RulerThreshold-error {
		return VerdictBelow
	}
	return VerdictOpen
}

func TestAPoolIsJudgedBeforeItsEnd(t *testing.T) {
	for _, c := range []struct {
		name      string
		wrong     []int // documents
		threshold float64
		verdict   Verdict
		after     int
	}{
		{"all right", nil, 0.5, VerdictReaches, 11},
		{"all right, a high threshold", nil, RulerThreshold, VerdictReaches, 36},
		{"all wrong, a high threshold", []int{0, 1, 2, 3, 4}, RulerThreshold, VerdictBelow, 4},
	} {
		p, after := NewPool(60, c.threshold), 0
		for i := 0; i < 60 && p.Verdict(0.05/55) == VerdictOpen; i++ {
			x := 1.0
			if slices.Contains(c.wrong, i) {
				x = 0
			}
			p.Add(x, x)
			after++
		}
		if got := p.Verdict(0.05 / 55); got != c.verdict || after != c.after {
			t.Errorf("%s: %s after %d documents, want %s after %d", c.name, got, after, c.verdict, c.after)
		}
	}
}

func TestAWholePoolIsCertain(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		scores := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0.25, 0.5, 0.75, 1}), 1, 40).Draw(r, "scores")
		threshold := rapid.SampledFrom([]float64{0.25, 0.5, 0.6, RulerThreshold}).Draw(r, "threshold")
		p, partly := NewPool(len(scores), threshold), NewPool(len(scores), threshold)
		for i, x := range scores {
			p.Add(x, x)
			low, high := x, x
			if i == 0 {
				low, high = 0, 1
			}
			partly.Add(low, high)
		}
		want := VerdictBelow
		if mean(scores) >= threshold-slack {
			want = VerdictReaches
		}
		if got := p.Verdict(1e-12); got != want {
			r.Fatalf("%s of a mean of %g against %g", got, mean(scores), threshold)
		}
		if got := partly.Verdict(1e-12); got != want && got != VerdictOpen {
			r.Fatalf("%s with one document unknown, %s if all are known", got, want)
		}
	})
}
