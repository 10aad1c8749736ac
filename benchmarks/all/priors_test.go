package all

import (
	"testing"

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
