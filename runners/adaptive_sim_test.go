package runners

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// simulated is a task: so many documents at each length and depth.
type simulated struct {
	lengths, depths, documents int
	// truth is what the model scores at a length and a depth, both from 0.
	truth func(length, depth int) float64
}

// failsBeyond is a model that is right 98 times in a hundred up to a length and 2
// times beyond.
func failsBeyond(length int) func(int, int) float64 {
	return func(l, _ int) float64 {
		if l <= length {
			return 0.98
		}
		return 0.02
	}
}

func (g simulated) samples() iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		index := 0
		for d := range g.documents {
			for l := range g.lengths {
				for k := range g.depths {
					depth := float64(10 * k)
					s := benchmarks.Sample{
						ID: fmt.Sprintf("t/%d@%d/%g", d, 4000<<l, depth), Task: "t", Group: fmt.Sprint(d),
						TargetLength: 4000 << l, Depth: &depth, Index: index,
					}
					if index++; !yield(s, nil) {
						return
					}
				}
			}
		}
	}
}

// answers draws what the model scores on each sample. A document is hard or easy
// in all cells alike, as far as the truth allows.
func (g simulated) answers(seed int) map[string]float64 {
	out := map[string]float64{}
	for d := range g.documents {
		r := rand.New(rand.NewPCG(uint64(seed), uint64(d)))
		hard := float64(2*r.IntN(2) - 1)
		for l := range g.lengths {
			for k := range g.depths {
				p := g.truth(l, k)
				p += 0.8 * hard * min(p, 1-p)
				v := 0.0
				if r.Float64() < p {
					v = 1
				}
				out[fmt.Sprintf("t/%d@%d/%g", d, 4000<<l, float64(10*k))] = v
			}
		}
	}
	return out
}

// play runs the chooser on answers to its end; it returns how many it asked.
func (g simulated) play(t *testing.T, rule Adaptive, answers map[string]float64) (*Chooser, int) {
	c, err := NewChooser(rule, g.samples())
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for c.next() {
		for id, one := range c.items {
			if one.round == c.round {
				asked++
				c.take(Result{Sample: benchmarks.Sample{ID: id}, Answer: Answer{Status: OK}, Score: scorers.Score{Value: answers[id]}})
			}
		}
		c.settle(true)
	}
	return c, asked
}

// cell is the place of an outcome in the grid.
func (g simulated) cell(o CellOutcome) (length, depth int) {
	return int(math.Log2(float64(o.Length) / 4000)), int(*o.Depth / 10)
}

// TestAdaptiveRunsStayHonest runs 1,000 adaptive runs of each kind to their end:
// the intervals that they stop with, and their verdicts.
func TestAdaptiveRunsStayHonest(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	const runs = 1000
	mixed := func(l, k int) float64 {
		return [][]float64{{0.98, 0.98}, {0.98, 0.5}, {stats.RulerThreshold, 0.5}, {0.02, 0.02}}[l][k]
	}
	for _, tt := range []struct {
		name string
		rule Adaptive
		grid simulated
	}{
		{"until intervals are narrow", Adaptive{Width: 0.1}, simulated{4, 2, 50, mixed}},
		{"until verdicts are known", Adaptive{Threshold: stats.RulerThreshold}, simulated{4, 2, 50, mixed}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			misses, wrong, asked := make([]int, 8), 0, 0
			for run := range runs {
				tt.rule.Seed = uint64(run)
				answers := tt.grid.answers(run)
				c, n := tt.grid.play(t, tt.rule, answers)
				asked += n
				anyWrong := false
				for i, o := range c.Outcomes() {
					l, k := tt.grid.cell(o)
					if truth := tt.grid.truth(l, k); truth < o.Interval.Low || truth > o.Interval.High {
						misses[i]++
					}
					anyWrong = anyWrong || tt.rule.Threshold > 0 && o.Verdict != tt.grid.verdict(answers, o, tt.rule.Threshold)
				}
				if anyWrong {
					wrong++
				}
			}
			worst := 0
			for _, n := range misses {
				worst = max(worst, n)
			}
			t.Logf("the worst cell's interval misses in %.1f%% of runs, some verdict is wrong in %.1f%%; %.0f%% of the grid was asked",
				100*float64(worst)/runs, 100*float64(wrong)/runs, 100*float64(asked)/float64(runs*4*2*50))
			if most := int(runs * (0.05 + 3*math.Sqrt(0.05*0.95/runs))); worst > most || wrong > most {
				t.Errorf("of %d runs the worst cell's interval misses in %d, some verdict is wrong in %d; want at most %d", runs, worst, wrong, most)
			}
		})
	}
}

// verdict is what the whole grid says of a cell.
func (g simulated) verdict(answers map[string]float64, o CellOutcome, threshold float64) stats.Verdict {
	sum := 0.0
	for d := range g.documents {
		sum += answers[fmt.Sprintf("t/%d@%d/%g", d, o.Length, *o.Depth)]
	}
	return stats.VerdictOf(sum/float64(g.documents), threshold)
}

// TestAdaptiveRunsSave tells what is saved on a model that fails beyond 16k, with
// 60 documents at each of 5 lengths and 11 depths.
func TestAdaptiveRunsSave(t *testing.T) {
	g := simulated{5, 11, 60, failsBeyond(2)}
	for _, tt := range []struct {
		name string
		rule Adaptive
		most float64 // of the grid
	}{
		{"to 10 points", Adaptive{Width: 0.1}, 0.6},
		{"against RULER's threshold", Adaptive{Threshold: stats.RulerThreshold}, 0.5},
		{"against one half", Adaptive{Threshold: 0.5}, 0.25},
	} {
		asked, runs := 0, 20
		for run := range runs {
			tt.rule.Seed = uint64(run)
			answers := g.answers(run)
			c, n := g.play(t, tt.rule, answers)
			asked += n
			for _, o := range c.Outcomes() {
				if want := g.verdict(answers, o, max(tt.rule.Threshold, 0.5)); tt.rule.Threshold > 0 && o.Verdict != want {
					t.Logf("%s, run %d: %d/%g %s, the whole grid says %s", tt.name, run, o.Length, *o.Depth, o.Verdict, want)
				}
			}
		}
		share := float64(asked) / float64(runs*5*11*60)
		t.Logf("%s: %.0f of 3300 samples asked, %.0f%% saved", tt.name, 3300*share, 100*(1-share))
		if share > tt.most {
			t.Errorf("%s: %.0f%% of the grid were asked, want at most %.0f%%", tt.name, 100*share, 100*tt.most)
		}
	}
}
