// Package all lists every benchmark: one line each.
package all

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/leval"
	"github.com/lcbench/lcbench/benchmarks/liconbench"
	"github.com/lcbench/lcbench/benchmarks/longbench"
	"github.com/lcbench/lcbench/benchmarks/longins"
	"github.com/lcbench/lcbench/benchmarks/loogle"
	"github.com/lcbench/lcbench/benchmarks/m4le"
	"github.com/lcbench/lcbench/benchmarks/needlebench"
	"github.com/lcbench/lcbench/benchmarks/needlethreading"
)

// List returns the adapters in the order in which they are shown.
func List() []benchmarks.Adapter {
	return []benchmarks.Adapter{
		longbench.V1(),
		longbench.E(),
		longbench.V2(),
		loogle.Adapter(),
		leval.Adapter(),
		needlebench.Adapter(),
		m4le.Adapter(),
		longins.Adapter(),
		liconbench.Adapter(),
		needlethreading.Adapter(),
	}
}

// Suite returns the benchmarks that "all" stands for: each once, without its
// variants.
func Suite() []benchmarks.Adapter {
	return slices.DeleteFunc(List(), func(a benchmarks.Adapter) bool { return a.Variant })
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
