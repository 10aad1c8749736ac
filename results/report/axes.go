package report

import (
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers/stats"
)

// AxesFrom says by which samples, of those that have axes, the plane and the
// difficulty model are.
type AxesFrom string

// The choices.
const (
	// AxesAll: every sample; one whose axes are partial counts as assigned.
	AxesAll AxesFrom = "all"
	// AxesMeasured: those whose evidence is known.
	AxesMeasured AxesFrom = "measured"
	// AxesPartial: those and the ones of which a part is known; they count as
	// measured.
	AxesPartial AxesFrom = "partial"
)

// text says what the plane is of.
func (a AxesFrom) text() string {
	switch a {
	case AxesMeasured:
		return "samples with measured axes alone"
	case AxesPartial:
		return "samples with measured or partial axes"
	}
	return "all samples with axes"
}

// axesOf places a row; nil without axes.
func axesOf(diffusion, scope *float64, state string) *stats.Axes {
	if diffusion == nil || scope == nil {
		return nil
	}
	return &stats.Axes{Diffusion: *diffusion, Scope: *scope, Measured: state == string(benchmarks.AxesMeasured), Partial: state == string(benchmarks.AxesPartial)}
}

// of leaves out the samples that aren't asked for. Samples without axes stay:
// they are counted.
func (a AxesFrom) of(samples []stats.Sample) []stats.Sample {
	if a == AxesAll {
		return samples
	}
	return slices.DeleteFunc(slices.Clone(samples), func(s stats.Sample) bool {
		return s.Axes != nil && !s.Axes.Measured && (a == AxesMeasured || !s.Axes.Partial)
	})
}

// measuredShare is the part of n samples, in percent, that counts as measured.
func (a AxesFrom) measuredShare(n, measured, partial int) *float64 {
	if n == 0 {
		return nil
	}
	if a == AxesPartial {
		measured += partial
	}
	return scaled(float64(measured) / float64(n))
}
