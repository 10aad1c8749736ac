// Package all lists every benchmark: one line each.
package all

import (
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/leval"
	"github.com/lcbench/lcbench/benchmarks/liconbench"
	"github.com/lcbench/lcbench/benchmarks/longbench"
	"github.com/lcbench/lcbench/benchmarks/longins"
	"github.com/lcbench/lcbench/benchmarks/loogle"
)

// List returns the adapters in the order in which they are shown.
func List() []benchmarks.Adapter {
	return []benchmarks.Adapter{
		longbench.V1(),
		longbench.E(),
		longbench.V2(),
		leval.Adapter(),
		loogle.Adapter(),
		longins.Adapter(),
		liconbench.Adapter(),
	}
}

// Find returns the adapter of that name, or an error with the nearest one.
func Find(name string) (benchmarks.Adapter, error) {
	var known []string
	for _, a := range List() {
		if a.Name == name {
			return a, nil
		}
		known = append(known, a.Name)
	}
	return benchmarks.Adapter{}, fmt.Errorf("no benchmark %q%s; see lcbench list benchmarks", name, benchmarks.DidYouMean(name, known))
}
