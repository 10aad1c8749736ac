package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
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

// gate is what --fail-on regression says of two runs, read from their folders.
func gate(t *testing.T, base, now string, o Options) *Comparison {
	t.Helper()
	b, err := Open(base)
	must(t, err)
	n, err := Open(now)
	must(t, err)
	return compared(t, b, n, o)
}

// folder writes a simulated run as lcbench run does, with axes and strata: 480
// samples of eight tasks, each document's two questions at one of four lengths.
func folder(t *testing.T, documents, model uint64, weaker func(trait) float64) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(`{"format":1,"benchmark":"b","state":"complete","config":[]}`), 0o644))
	w, err := results.NewWriter(dir, nil)
	must(t, err)
	difficulty, luck := chance(documents), chance(1_000_000+model)
	hard := 0.0
	for i := range 480 {
		row := trait{task: i / 60, length: i / 2 % 4, diffusion: difficulty.Float64(), scope: difficulty.Float64()}
		if i%2 == 0 {
			hard = difficulty.Float64()
		}
		score := 0.0
		if luck.Float64() > hard+weaker(row) {
			score = 1
		}
		must(t, w.Add(runners.Result{
			Sample: benchmarks.Sample{
				ID: fmt.Sprintf("t%d/%d@%d", row.task, i, 4096<<row.length), Task: fmt.Sprintf("t%d", row.task), Category: fmt.Sprintf("c%d", row.task/2), Index: i,
				Metric: "qa_f1", References: []string{"x"}, Group: fmt.Sprint(i / 2), TargetLength: 4096 << row.length, Strata: []string{[]string{"easy", "hard"}[i%2]},
			},
			Answer: runners.Answer{SampleID: "x", Status: runners.OK},
			Score:  scorers.Score{Value: score},
			Axes:   benchmarks.Axes{State: benchmarks.AxesMeasured, Values: scorers.Axes{Diffusion: row.diffusion, Scope: row.scope}},
		}))
	}
	must(t, w.Finish())
	return dir
}

// trait is what a simulated model can be weak in.
type trait struct {
	task, length     int
	diffusion, scope float64
}

func steady(trait) float64 { return 0 }

// Without a planted difference at most 5 of 100 comparisons call a regression on
// anything: average, category, task, length, bin of an axis, stratum. Nor does
// the effective length.
func TestNoiseIsSeldomARegression(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	f, err := ParseFailOn("regression")
	must(t, err)
	shorter, err := ParseFailOn("effective-length")
	must(t, err)
	called, reached := 0, 0
	levels := map[Level]int{}
	for seed := range uint64(100) {
		c := gate(t, folder(t, seed, 2*seed, steady), folder(t, seed, 2*seed+1, steady), Options{Seed: seed})
		failures, err := c.Failures(f)
		must(t, err)
		if len(failures) > 0 {
			called++
		}
		failures, err = c.Failures(shorter)
		must(t, err)
		reached += len(failures)
		for _, u := range c.Units {
			levels[u.Level]++
		}
	}
	t.Logf("%d of 100 called a regression, %d a shorter effective length", called, reached)
	if called > 5 || reached > 5 {
		t.Errorf("of 100 comparisons without a difference %d called a regression and %d a shorter length, want at most 5", called, reached)
	}
	for _, l := range []Level{Benchmark, Category, Task, Cell, Diffusion, Scope, Plane, Stratum} {
		if levels[l] == 0 {
			t.Errorf("no unit of level %s was judged", l)
		}
	}
}

// A drop of just the size that the report says it could have seen is seen four
// times out of five, on the average of all and on a task.
func TestADropThatCouldBeSeenIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("long: arithmetic of one thread, which the race detector has nothing to say of")
	}
	for _, test := range []struct {
		level Level
		part  string
		tasks int // that drop
	}{{Benchmark, "", 8}, {Task, "t0", 1}} {
		dropped := func(by float64) func(seed uint64) (Run, Run) {
			return func(seed uint64) (Run, Run) { return continuous(seed, test.tasks, by) }
		}
		// What the report says without a drop is what is planted.
		claimed, n := 0.0, 0
		for seed := range uint64(20) {
			base, now := dropped(0)(seed)
			claimed += unit(t, compared(t, source(base), source(now), Options{}), test.level, test.part).Detectable / 20
		}
		for seed := range uint64(100) {
			base, now := dropped(claimed)(1000 + seed)
			if unit(t, compared(t, source(base), source(now), Options{Seed: seed}), test.level, test.part).Verdict == Regression {
				n++
			}
		}
		t.Logf("%s: a drop of %.1f points was seen %d times of 100", test.level, 100*claimed, n)
		if n < 70 || n > 90 { // 80 ± 2.5 standard errors
			t.Errorf("%s: a drop of %.1f points was seen %d times of 100, want 80", test.level, 100*claimed, n)
		}
	}
}

// continuous are two runs of eight tasks of 60 documents whose scores differ by
// chance, and by a drop of the first tasks.
func continuous(seed uint64, tasks int, drop float64) (base, now Run) {
	r := chance(seed)
	base, now = runOf("b", "m"), runOf("b", "m")
	for task := range 8 {
		by := 0.0
		if task < tasks {
			by = drop
		}
		for i := range 60 {
			s := sample(fmt.Sprintf("t%d", task), i, 0.5)
			s.Document = 60*task + i
			s.Score += 0.1 * (r.Float64() - r.Float64())
			base.Samples = append(base.Samples, s)
			s.Score += 0.2*(r.Float64()-r.Float64()) - by
			now.Samples = append(now.Samples, s)
		}
	}
	return base, now
}

// A model that has become worse in one place is called worse there and nowhere
// else of the kind: on high diffusion, on high scope, beyond 16k.
func TestAWeaknessIsSeenWhereItIs(t *testing.T) {
	for name, test := range map[string]struct {
		weak  func(trait) float64
		level Level
		part  string
	}{
		"diffusion":  {func(r trait) float64 { return map[bool]float64{true: 0.5}[r.diffusion >= 2.0/3] }, Diffusion, "high"},
		"scope":      {func(r trait) float64 { return map[bool]float64{true: 0.5}[r.scope >= 2.0/3] }, Scope, "high"},
		"beyond 16k": {func(r trait) float64 { return map[bool]float64{true: 0.6}[r.length == 3] }, Cell, "32768"},
	} {
		t.Run(name, func(t *testing.T) {
			seen, wrong := 0, 0
			for seed := range uint64(20) {
				c := gate(t, folder(t, seed, 2*seed, steady), folder(t, seed, 2*seed+1, test.weak), Options{Seed: seed})
				for _, u := range c.Units {
					switch {
					case u.Level != test.level || u.Verdict != Regression:
					case u.Part == test.part:
						seen++
					default:
						wrong++
					}
				}
			}
			if seen < 19 || wrong > 1 {
				t.Errorf("seen %d times of 20, elsewhere %d times", seen, wrong)
			}
		})
	}
}
