package all

import (
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/scorers"
)

// A new task has to be given its place on the axes of difficulty.
func TestEveryTaskHasAPrior(t *testing.T) {
	for _, a := range List() {
		for _, task := range a.Open(a.Builtin(0)).Tasks() {
			if _, ok := scorers.PriorOf(a.Name, task.Name, task.Category); !ok {
				t.Errorf("%s: task %s (%s) has no line in scorers/axespriors.go", a.Name, task.Name, task.Category)
			}
		}
	}
}

// The context ends before what is asked, so that its tokens are those that stand
// before the last query; and sets of evidence number each of its places.
func TestContextsEndBeforeTheQuestion(t *testing.T) {
	for _, a := range List() {
		o := benchmarks.Options{Seed: 3, Limit: 6, Tokenizer: benchmarktest.Words{}, Tasks: benchmarktest.Present(t, a)}
		for _, s := range samplesOf(t, a.Open(a.Builtin(3)), o) {
			if q := strings.TrimSpace(s.Query); q != "" && strings.HasSuffix(strings.TrimSpace(s.Prompt.Context), q) {
				t.Errorf("%s: the context ends with the question %q", s.ID, q)
			}
			if e := s.Evidence; e.Sets != nil && len(e.Sets) != len(e.Spans) {
				t.Errorf("%s: %d sets of %d places", s.ID, len(e.Sets), len(e.Spans))
			}
		}
	}
}
