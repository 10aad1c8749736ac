package benchmarks

import (
	"context"
	"iter"
)

// WithoutContext returns b with its samples' contexts left out: the control that
// says what a model answers without the document, from what it was trained on or
// by guessing. What stands before and behind a context is sent as it is, even
// where it speaks of one. Ids, questions and references stay; there is no
// length, depth or evidence.
func WithoutContext(b Benchmark) Benchmark { return bare{b} }

type bare struct{ Benchmark }

// Samples implements Benchmark.
func (b bare) Samples(ctx context.Context, o Options) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		for s, err := range b.Benchmark.Samples(ctx, o) {
			if err == nil {
				s = s.withoutContext()
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// withoutContext is the sample as the control sends it.
func (s Sample) withoutContext() Sample {
	s.Prompt.Context = ""
	s.ContextTokens, s.TargetLength, s.Depth = 0, 0, nil
	s.Evidence = Evidence{State: EvidenceNone}
	return s
}
