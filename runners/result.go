package runners

import (
	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// Result is a finished sample: what was asked, answered and scored.
type Result struct {
	Sample benchmarks.Sample
	Answer Answer
	Score  scorers.Score
	// Axes are of the sample as it was sent.
	Axes benchmarks.Axes
	// Draw is the place, from 1, that the sample's document has in the random
	// order of an adaptive run; 0 in others.
	Draw int
	// Resumed says that the answer was in the journal from an earlier start.
	Resumed bool
}

// Cache keeps responses across runs. Keys are hashes of all that shapes an
// answer (endpoint, model, rendered request, sampling parameters).
type Cache interface {
	Get(key string) (Response, bool)
	Put(key string, r Response) error
}
