package attentiontest

import (
	"slices"
	"testing"
	"time"
)

// Steps calls a step as a benchmark does, and reports beside the mean the
// quarter of the steps that nothing else on the machine held up.
func Steps(b *testing.B, step func()) {
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		step()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/4].Nanoseconds()), "p25-ns/op")
}
