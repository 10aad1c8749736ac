package compare

import (
	"fmt"
	"testing"

	"github.com/lcbench/lcbench/results"
)

// simulated is a run of eight tasks in four categories over four lengths, 24
// documents of two questions each a task. Scores are right or wrong; documents
// differ in difficulty. Seeds of the documents and of the model are apart, so
// that two models without any difference answer the same documents.
func simulated(documents, model uint64, weaker func(task, length int) float64) Run {
	difficulty, luck := chance(documents), chance(1_000_000+model)
	r := runOf("b", "m")
	for task := range 8 {
		for i := range 48 {
			s := sample(fmt.Sprintf("t%d", task), i, 0)
			s.Category = fmt.Sprintf("c%d", task/2)
			s.Document = 24*task + i/2
			length := i / 12
			s.Cell = results.Cell{Length: 4096 << length}
			if i%2 == 0 {
				r.Samples = append(r.Samples, s)
				continue
			}
			hard := difficulty.Float64()
			for _, one := range []Sample{r.Samples[len(r.Samples)-1], s} {
				one.Score = 0
				if luck.Float64() > hard+weaker(task, length) {
					one.Score = 1
				}
				if one.ID == s.ID {
					r.Samples = append(r.Samples, one)
				} else {
					r.Samples[len(r.Samples)-1] = one
				}
			}
		}
	}
	return r
}

func none(int, int) float64 { return 0 }

// Without a planted difference at most 5 of 100 comparisons call a regression
// on anything: average, category, task or length.
func TestNoiseIsSeldomARegression(t *testing.T) {
	called := 0
	for seed := range uint64(100) {
		c := compared(t, source(simulated(seed, 2*seed, none)), source(simulated(seed, 2*seed+1, none)), Options{Seed: seed})
		if c.Count(Regression) > 0 {
			called++
		}
	}
	t.Logf("%d of 100", called)
	if called > 5 {
		t.Errorf("%d of 100 comparisons without a difference called a regression, want at most 5", called)
	}
}

// A model that fails beyond 16k is called worse there, and nothing else is
// called so but what holds those samples.
func TestAWeaknessBeyond16kIsSeen(t *testing.T) {
	weak := func(_, length int) float64 {
		if length == 3 {
			return 0.45
		}
		return 0
	}
	seen, wrong := 0, 0
	for seed := range uint64(20) {
		c := compared(t, source(simulated(seed, 2*seed, none)), source(simulated(seed, 2*seed+1, weak)), Options{Seed: seed})
		if unit(t, c, Cell, "32768").Verdict == Regression {
			seen++
		}
		for _, length := range []string{"4096", "8192", "16384"} {
			if unit(t, c, Cell, length).Verdict == Regression {
				wrong++
			}
		}
	}
	if seen < 19 || wrong > 1 {
		t.Errorf("seen %d times of 20, elsewhere %d times", seen, wrong)
	}
}
