package scorers

import (
	"iter"
	"slices"
)

// family is the metrics of one benchmark: each has a namespace of its own,
// since several benchmarks call different things rouge.
type family struct {
	benchmark string
	metrics   []Metric
	// tables are evaluations of whole sets of rows, for Evaluate only.
	tables map[string]evaluator
}

// families lists them; a new benchmark adds a line.
func families() []family {
	return []family{longBench(), lEval(), loogle(), needleThreading(), taxonomy()}
}

// Metrics lists all metrics with their benchmark, whose variants share a
// namespace.
func Metrics() iter.Seq2[string, Metric] {
	return func(yield func(string, Metric) bool) {
		for _, f := range families() {
			for _, m := range f.metrics {
				if !yield(f.benchmark, m) {
					return
				}
			}
		}
	}
}

// Lookup returns the metric of that name in the benchmark's namespace.
func Lookup(benchmark, name string) (Metric, bool) {
	for _, f := range families() {
		if f.benchmark != benchmark {
			continue
		}
		if i := slices.IndexFunc(f.metrics, func(m Metric) bool { return m.Name == name }); i >= 0 {
			return f.metrics[i], true
		}
	}
	return Metric{}, false
}

// best makes a score of a pair metric: the maximum over the references, from 0.
func best(pair func(prediction, reference string) float64) func(Case) Score {
	return func(c Case) Score {
		var s Score
		for _, r := range c.References {
			s.Value = max(s.Value, pair(c.Prediction, r))
		}
		return s
	}
}
