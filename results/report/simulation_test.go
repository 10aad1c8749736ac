package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// simulated writes the folder of a run over five lengths, five depths and 20
// documents, whose answers are right by chance; documents differ in difficulty.
func simulated(dir string, seed uint64, chance func(tokens int, depth, diffusion, scope float64) float64) error {
	run, err := results.Open(dir, results.Manifest{Benchmark: "simulated", Title: "Simulated", Model: results.ModelInfo{Spec: "local:simulated"}, Tokenizer: "words"})
	if err != nil {
		return err
	}
	rows, err := run.Rows()
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 23))
	index := 0
	for document := range 20 {
		easy := 0.05 * r.NormFloat64()
		for tokens := 4096; tokens <= 65536; tokens *= 2 {
			for depth := 0.0; depth <= 100; depth += 25 {
				evidence := min(30*math.Exp2(7*r.Float64()), float64(tokens))
				axes := scorers.Axes{Diffusion: r.Float64(), Scope: math.Log1p(evidence/32) / math.Log1p(float64(tokens)/32)}
				right := 0.0
				if r.Float64() < chance(tokens, depth, axes.Diffusion, axes.Scope)+easy {
					right = 1
				}
				if err := rows.Add(simulatedResult(index, document, tokens, depth, axes, right)); err != nil {
					return err
				}
				index++
			}
		}
	}
	if err := rows.Finish(); err != nil {
		return err
	}
	in := results.SummaryInput{
		Manifest: run.Manifest(), Tasks: []benchmarks.Task{{Name: "needles", Category: "Needles", Metric: "qa_f1"}}, State: results.Complete, Resamples: 100,
	}
	if err := run.WriteSummary(rows.Facts().Summarise(in)); err != nil {
		return err
	}
	if err := run.Finish(results.Complete); err != nil {
		return err
	}
	return run.Close()
}

func simulatedResult(index, document, tokens int, depth float64, axes scorers.Axes, right float64) runners.Result {
	return runners.Result{
		Sample: benchmarks.Sample{
			ID: fmt.Sprintf("needles/%d@%d/%g", document, tokens, depth), Task: "needles", Category: "Needles", Index: index, Metric: "qa_f1",
			TargetLength: tokens, Depth: &depth, ContextTokens: tokens, Tokenizer: "words", Group: fmt.Sprint(document),
		},
		Answer: runners.Answer{Status: runners.OK, Text: "x"}, Score: scorers.Score{Value: right},
		Axes: benchmarks.Axes{State: benchmarks.AxesMeasured, Values: axes},
	}
}

// named are the weaknesses that a run's findings name.
func named(r Run) []stats.Weakness {
	var out []stats.Weakness
	for _, f := range r.Findings {
		costs, isCost := strings.CutPrefix(f, "What costs it most: ")
		for w, text := range map[stats.Weakness]string{
			stats.WeaknessLength: "longer contexts", stats.WeaknessMiddle: "evidence in the middle", stats.WeaknessEnds: "evidence at the ends",
			stats.WeaknessDiffusion: "evidence that is hard to find", stats.WeaknessScope: "much evidence",
		} {
			if isCost && strings.HasPrefix(costs, text) {
				out = append(out, w)
			}
		}
		switch {
		case strings.HasPrefix(f, "Lost in the middle"):
			out = append(out, stats.WeaknessMiddle)
		case strings.HasPrefix(f, "Short versus long") && strings.Contains(f, "points less (") && !strings.Contains(f, "bear out"):
			out = append(out, stats.WeaknessLength)
		}
	}
	return out
}

// TestReportNamesThePlantedWeaknessAndNoOther writes run folders of simulated
// models and reads what their reports say: report.json's weakness, every finding
// that names one, and, of the model that fails beyond 16k, its effective length.
func TestReportNamesThePlantedWeaknessAndNoOther(t *testing.T) {
	if testing.Short() {
		t.Skip("500 run folders")
	}
	for want, chance := range map[stats.Weakness]func(tokens int, depth, diffusion, scope float64) float64{
		stats.WeaknessLength: func(tokens int, _, _, _ float64) float64 {
			if tokens > 16384 {
				return 0.4
			}
			return 0.85
		},
		stats.WeaknessMiddle:    func(_ int, depth, _, _ float64) float64 { return 0.45 + 0.45*math.Abs(depth-50)/50 },
		stats.WeaknessDiffusion: func(_ int, _, diffusion, _ float64) float64 { return 0.9 - 0.5*diffusion },
		stats.WeaknessScope:     func(_ int, _, _, scope float64) float64 { return 0.95 - 0.8*scope },
		stats.WeaknessNone:      func(int, float64, float64, float64) float64 { return 0.7 },
	} {
		t.Run(string(want), func(t *testing.T) { testWeakness(t, want, chance) })
	}
}

func testWeakness(t *testing.T, want stats.Weakness, chance func(tokens int, depth, diffusion, scope float64) float64) {
	t.Parallel()
	dir := t.TempDir()
	var mu sync.Mutex
	counts, right, reach := map[stats.Weakness]int{}, 0, 0
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for seed := range uint64(100) {
		work.Go(func() error {
			folder := filepath.Join(dir, fmt.Sprint(seed))
			if err := simulated(folder, seed, chance); err != nil {
				return err
			}
			r, err := Build([]string{folder}, Options{Samples: -1, Resamples: 200})
			if err != nil {
				return err
			}
			run := r.Benchmarks[0].Runs[0]
			mu.Lock()
			defer mu.Unlock()
			counts[run.Difficulty.Weakness]++
			alone := run.Difficulty.Weakness == want
			for _, w := range named(run) {
				alone = alone && w == want
			}
			if alone && (want == stats.WeaknessNone || len(named(run)) > 0) {
				right++
			}
			if l := run.Context.OwnShare; l.State == stats.LengthAt && *l.Tokens > 16384 && *l.Tokens < 32768 {
				reach++
			}
			return os.RemoveAll(folder)
		})
	}
	must(t, work.Wait())
	t.Logf("planted %s: weakness %v, findings name it alone %d times, reach from 16k to 32k %d times", want, counts, right, reach)
	if right < 95 {
		t.Errorf("planted %s: weakness %v; findings name it and no other in %d of 100, want 95", want, counts, right)
	}
	if want == stats.WeaknessLength && reach < 95 {
		t.Errorf("effective length between 16k and 32k in %d of 100, want 95", reach)
	}
}
