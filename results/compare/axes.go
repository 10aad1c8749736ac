package compare

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
)

// placed says that the axes have values.
func (a Axes) placed() bool {
	return slices.Contains([]benchmarks.AxesState{benchmarks.AxesMeasured, benchmarks.AxesPartial, benchmarks.AxesAssigned}, benchmarks.AxesState(a.State))
}

// newAxes checks a sample's place on the axes.
func newAxes(state string, diffusion, scope *float64) (Axes, error) {
	a := Axes{State: state}
	if !a.placed() {
		if diffusion != nil || scope != nil {
			return a, fmt.Errorf(`"axes" %q: want no "diffusion" and no "scope" with it`, state)
		}
		return a, nil
	}
	for _, v := range []struct {
		name  string
		value *float64
	}{{"diffusion", diffusion}, {"scope", scope}} {
		if v.value == nil || !(*v.value >= 0 && *v.value <= 1) {
			return a, fmt.Errorf(`%q: want a number in 0..1 where "axes" is %s`, v.name, state)
		}
	}
	a.Diffusion, a.Scope = *diffusion, *scope
	return a, nil
}
