package benchmarktest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lcbench/lcbench/benchmarks"
)

// some asks for a third of the samples: they are those of the whole stream, byte
// for byte, and the others are named with their document, length and place in
// the order, as by a stream that makes none.
func some(t *testing.T, a benchmarks.Adapter, o benchmarks.Options) {
	open := func() benchmarks.Benchmark { return a.Open(a.Builtin(1)) }
	o.Lengths, o.Limit = []int{400, 1500}, 3
	whole := collect(t, open(), o)
	wanted := map[string]benchmarks.Sample{}
	for i, s := range whole {
		if i%3 == 1 {
			wanted[s.ID] = s
		}
	}
	o.Only = func(id string) bool { _, ok := wanted[id]; return ok }
	named, found := map[string]benchmarks.Sample{}, 0
	for _, s := range collect(t, open(), o) {
		named[s.ID] = s
		if want, ok := wanted[s.ID]; ok {
			found++
			if diff := cmp.Diff(want, s, cmpopts.IgnoreFields(s, "Index")); diff != "" {
				t.Errorf("%s: other than in the whole stream: %s", s.ID, diff)
			}
		}
	}
	if found != len(wanted) {
		t.Errorf("%d of %d samples were made", found, len(wanted))
	}
	o.Only, o.Unmade = nil, true
	unmade := map[string]benchmarks.Sample{}
	for _, s := range collect(t, open(), o) {
		unmade[s.ID] = s
	}
	for _, s := range whole {
		for _, other := range []map[string]benchmarks.Sample{named, unmade} {
			if got := other[s.ID]; got.Group != s.Group || got.TargetLength != s.TargetLength {
				t.Errorf("%s: document %q at length %d, unmade %q at %d", s.ID, s.Group, s.TargetLength, got.Group, got.TargetLength)
			}
		}
	}
}
