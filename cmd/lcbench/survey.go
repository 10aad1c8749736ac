package main

import (
	"context"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// A run that is over sooner needs no count of what is left.
const surveyAfter = 2 * time.Second

// survey counts the run's samples and their context tokens beside the run, so
// that the progress line can tell how much is left. It reads the stream a
// second time: a stream does not know its own length. Errors are the run's own
// to report; a survey that was cut short leaves the total unknown.
func (s *settings) survey(ctx context.Context, p *runners.Progress, after time.Duration) {
	tick := time.NewTicker(after)
	defer tick.Stop()
	// Data may still be on its way here; the first result says that it is not.
	for waited := false; !waited || p.Snapshot().Done == 0; waited = true {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	samples, tokens := 0, int64(0)
	o := s.options
	o.Unmade = s.adapter.Generated
	for sample, err := range s.bench.Samples(ctx, o) {
		if ctx.Err() != nil {
			return
		}
		switch {
		case err == nil:
			samples++
			tokens += int64(sample.ContextTokens)
		case runners.CostsOneSample(err):
			samples++
		}
	}
	if ctx.Err() == nil {
		s.total.Store(int64(samples))
		s.totalTokens.Store(tokens)
	}
}
