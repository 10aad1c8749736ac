package leval

import (
	"testing"

	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
)

func TestAdapterPassesTheSuite(t *testing.T) { benchmarktest.Run(t, Adapter()) }
