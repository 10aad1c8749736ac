package m4le

import (
	"testing"

	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
)

func TestAdapterPassesTheSuite(t *testing.T) { benchmarktest.Run(t, Adapter()) }

func TestSelfCheckPasses(t *testing.T) {
	if err := selfCheck(); err != nil {
		t.Error(err)
	}
}
