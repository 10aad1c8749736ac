// Package stats holds what is said of scored samples beyond their means: how
// two runs differ, how far a model's context reaches, which axis costs it most.
//
// Its opinion: questions about one document aren't independent, so that every
// error, interval and test here counts documents and not samples; two runs are
// compared on the same samples or not at all; a figure that can't be given is a
// state with a name. All randomness is the bootstrap's of package scorers: the
// same samples and seed give the same numbers with any number of workers.
package stats

import (
	"fmt"
	"math"
	"runtime"

	"github.com/lcbench/lcbench/scorers"
)

// State says whether a figure could be given, and if not, why.
type State string

// The states of a figure.
const (
	StateOK State = "ok"
	// StateNoPairs: the two runs share no sample.
	StateNoPairs State = "no_pairs"
	// StateNoSamples: nothing that the figure is about was tested.
	StateNoSamples State = "no_samples"
	// StateOneDocument: fewer than two documents, of which nothing can be said
	// about others.
	StateOneDocument State = "one_document"
	// StatePartsMissing: one of several strata has fewer than two documents.
	StatePartsMissing State = "parts_missing"
	// StateNoDiscordantPairs: both runs score every sample alike.
	StateNoDiscordantPairs State = "no_discordant_pairs"
	// StateNotRightOrWrong: some score is neither 0 nor 1.
	StateNotRightOrWrong State = "not_right_or_wrong"
	// StateNoSpread: every document differs by the same amount, so that there
	// is no error to work from.
	StateNoSpread State = "no_spread"
	// StateTooFewSamples: fewer samples than the figure needs.
	StateTooFewSamples State = "too_few_samples"
	// StateNotFitted: no model was fitted in which the figure has a place.
	StateNotFitted State = "not_fitted"
	// StateZeroBase: a share of something that is 0.
	StateZeroBase State = "zero_base"
	// StateAdaptive: which samples there are depends on the answers, so that they
	// are no fair draw of what the figure is about.
	StateAdaptive State = "adaptive"
)

// IntervalTooSparse is the state of an interval whose documents seldom hold all
// that the figure needs: too many draws come out empty.
const IntervalTooSparse scorers.IntervalState = "too_sparse"

// Figure is a number, or the reason why there is none; Value is meaningful only
// in the state StateOK.
type Figure struct {
	State State
	Value float64
}

func ok(v float64) Figure { return Figure{StateOK, v} }

// Sample is one scored sample. Which fields a function reads is said there.
type Sample struct {
	// ID names the sample, once a run.
	ID string
	// Question names what is asked, whatever the length and depth; empty: ID.
	Question string
	// Benchmark and Task are the stratum that documents are drawn within.
	Benchmark, Task string
	// Group names the document: samples of one group are drawn together. Empty:
	// a document of its own.
	Group string
	// Score is in 0..1.
	Score float64
	// Weight is what the sample weighs in means; 0: 1.
	Weight float64
	// Tokens of the context, as asked for where lengths were; 0: unknown.
	// Samples of one number are one tested length.
	Tokens int
	// Characters of the context; 0: unknown.
	Characters int
	// Depth is where the evidence stands, in percent of the context; nil: unknown.
	Depth *float64
	// Depths are the mid-points of several evidence spans, in percent; empty:
	// Depth alone.
	Depths []float64
	// Axes are the sample's diffusion and scope; nil: none.
	Axes *Axes
}

// Axes place a sample on the plane, each in 0..1.
type Axes struct {
	Diffusion, Scope float64
	// Measured says that they come from known evidence, not from a prior; Partial
	// that they come from the known part of it, a lower bound.
	Measured, Partial bool
}

func (s Sample) stratum() string {
	if s.Benchmark == "" {
		return s.Task
	}
	return s.Benchmark + "/" + s.Task
}

func (s Sample) weight() float64 {
	if s.Weight > 0 && !math.IsInf(s.Weight, 0) {
		return s.Weight
	}
	return 1
}

func (s Sample) question() string {
	if s.Question != "" {
		return s.Question
	}
	return s.ID
}

// depth is the mid-point of the evidence in percent.
func (s Sample) depth() (float64, bool) {
	switch {
	case len(s.Depths) > 0:
		sum := 0.0
		for _, d := range s.Depths {
			sum += d
		}
		return sum / float64(len(s.Depths)), true
	case s.Depth != nil:
		return *s.Depth, true
	}
	return 0, false
}

// check refuses scores that are no numbers: one of them would spoil every sum.
func check(samples []Sample) error {
	for i, s := range samples {
		if math.IsNaN(s.Score) || math.IsInf(s.Score, 0) {
			return fmt.Errorf("sample %d (id %q): score is %v, want a finite number: score the run again or leave the sample out", i+1, s.ID, s.Score)
		}
	}
	return nil
}

// Options shape the resampling. The zero value is 10,000 resamples under seed 0
// on all cores.
type Options struct {
	Seed uint64
	// Resamples of the bootstrap and sign flips of the permutation test; 0:
	// scorers.DefaultResamples; negative: no intervals.
	Resamples int
	// Flips of Contrasts' permutation test, where they are more than Resamples.
	Flips int
	// Workers work at the same time; 0: one a core. It changes no number.
	Workers int
	// Macro makes every stratum count alike, not every sample.
	Macro bool
}

func (o Options) filled() Options {
	if o.Resamples == 0 {
		o.Resamples = scorers.DefaultResamples
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o
}
