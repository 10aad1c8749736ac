package main

import (
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
)

// checkNoContext refuses another mode beside the one in which a benchmark's own
// protocol leaves the document out.
func checkNoContext(a benchmarks.Adapter, mode string) error {
	if own := a.NoContextMode; own != "" && mode != "" && mode != own {
		return fmt.Errorf("--no-context is the mode %s of %s; leave out --mode %s", own, a.Name, mode)
	}
	return nil
}

// leaveContextOut makes the benchmark's samples those of the control, by its own
// protocol where that has one.
func (s *settings) leaveContextOut() {
	own := s.adapter.NoContextMode
	if own != "" && s.options.Mode == own {
		s.noContext = true
	}
	switch {
	case !s.noContext:
	case own != "":
		s.options.Mode = own
	default:
		s.bench = benchmarks.WithoutContext(s.bench)
	}
}

// noContextSetting says in a manifest that a run is the control; nil where it
// isn't. It makes another run than the benchmark's, unless the mode does already.
func (s *settings) noContextSetting() []results.Setting {
	if !s.noContext {
		return nil
	}
	return []results.Setting{{Name: results.NoContextSetting, Value: "true", Identity: s.adapter.NoContextMode == ""}}
}
