package stats

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/scorers"
)

// manySamples are n samples of tasks of 5,000 in benchmarks of 20,000, two
// questions a document, at five lengths.
func manySamples(n int) []Sample {
	r := rand.New(rand.NewPCG(1, 1))
	out := make([]Sample, n)
	for i := range out {
		depth := float64(i/5%10) * 10
		out[i] = Sample{
			ID: fmt.Sprint(i), Question: fmt.Sprint(i / 5), Benchmark: fmt.Sprint(i / 20_000), Task: fmt.Sprint(i / 5000), Group: fmt.Sprint(i / 10),
			Tokens: 4096 << (i % 5), Depth: &depth, Axes: &Axes{Diffusion: r.Float64(), Scope: r.Float64()},
		}
		if r.Float64() < 0.9-0.1*float64(i%5) {
			out[i].Score = 1
		}
	}
	return out
}

// statistics are all that a report works out, by name.
func statistics(samples []Sample) map[string]func() error {
	return map[string]func() error{
		"effective-length": func() error { _, err := EffectiveLength(samples, scorers.Interval{}, Options{}); return err },
		"contour":          func() error { _, err := ContourOf(samples[:5000], AtDepth, Options{}); return err },
		"middle":           func() error { _, err := LostInTheMiddle(samples, Options{}); return err },
		"gap":              func() error { _, err := ShortVersusLong(samples, Options{}); return err },
		"difficulty":       func() error { _, err := FitDifficulty(samples); return err },
		"plane":            func() error { _, err := PlaneOf(samples, Options{}); return err },
	}
}

func BenchmarkStatistics(b *testing.B) {
	samples := manySamples(100_000)
	for name, f := range statistics(samples) {
		b.Run("of="+name, func(b *testing.B) {
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
