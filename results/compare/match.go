package compare

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/results"
)

// pair is a sample that both runs have an answer to.
type pair struct {
	base, candidate *Sample
}

func (p pair) difference() float64 { return p.candidate.Score - p.base.Score }

// side is the base's sample (0) or the candidate's (1).
func (p pair) side(n int) *Sample {
	if n == 0 {
		return p.base
	}
	return p.candidate
}

// strata are the sample's, which old baselines don't know.
func (p pair) strata() []string {
	if len(p.base.Strata) > 0 {
		return p.base.Strata
	}
	return p.candidate.Strata
}

// matched are a benchmark's pairs in the base's order.
type matched struct {
	benchmark string
	pairs     []pair
}

// match pairs the samples of two runs of a benchmark by id. Samples that were
// lost on either side make no pair. Samples of one id that ask different things
// are an error.
func (c *Comparison) match(base, candidate Run) (matched, error) {
	byID := make(map[string]*Sample, len(candidate.Samples))
	for i := range candidate.Samples {
		byID[candidate.Samples[i].ID] = &candidate.Samples[i]
	}
	m := matched{benchmark: base.Benchmark}
	var other otherSamples
	n := &c.Counts
	for i := range base.Samples {
		b := &base.Samples[i]
		now := byID[b.ID]
		if now == nil {
			n.OnlyBase++
			continue
		}
		delete(byID, b.ID)
		other.see(b, now)
		if b.Lost() {
			n.LostBase++
		}
		if now.Lost() {
			n.LostCandidate++
			c.Lost = append(c.Lost, LostSample{base.Benchmark, now.Task, now.ID, now.Status, b.Lost()})
		}
		if b.Lost() || now.Lost() {
			continue
		}
		n.Pairs++
		if b.Score == now.Score {
			n.Equal++
		}
		m.pairs = append(m.pairs, pair{b, now})
	}
	n.OnlyCandidate += len(byID)
	return m, other.err(base.Benchmark, len(base.Samples))
}

// otherSamples collects samples of one id that aren't the same.
type otherSamples struct {
	count       int
	first, what string
}

func (o *otherSamples) see(base, candidate *Sample) {
	what := unlike(base, candidate)
	if what == "" {
		return
	}
	if o.count++; o.count == 1 {
		o.first, o.what = base.ID, what
	}
}

func (o *otherSamples) err(benchmark string, of int) error {
	if o.count == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s: %d of %d samples asked something else, first %q: %s: run both on the same data with the same lcbench",
		ErrNotComparable, benchmark, o.count, of, o.first, o.what)
}

// unlike says in what two samples differ that should be one; "" for nothing. A
// pin that one side lacks says nothing.
func unlike(a, b *Sample) string {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	switch {
	case a.Task != b.Task:
		return fmt.Sprintf("task %s in the base, %s in the candidate", a.Task, b.Task)
	case differ(a.Pins.Context, b.Pins.Context):
		return fmt.Sprintf("another context (sha256 %s… in the base, %s… in the candidate)", a.Pins.Context, b.Pins.Context)
	case differ(a.Pins.Ask, b.Pins.Ask):
		return "another question, instruction, metric or reference"
	case differ(a.Pins.Sent, b.Pins.Sent):
		return fmt.Sprintf("another prompt was sent (sha256 %s… in the base, %s… in the candidate)", a.Pins.Sent, b.Pins.Sent)
	case a.Cell.Length != b.Cell.Length || results.Cell.Label(a.Cell) != results.Cell.Label(b.Cell):
		return fmt.Sprintf("length and depth %s in the base, %s in the candidate", a.Cell.Label(), b.Cell.Label())
	}
	return ""
}

// sortDrops keeps the samples on which the candidate lost most.
func (c *Comparison) sortDrops(all []matched) {
	for _, m := range all {
		for _, p := range m.pairs {
			if p.difference() < 0 {
				c.Drops = append(c.Drops, Drop{m.benchmark, p.base.ID, p.base.Score, p.candidate.Score, p.candidate.Answer})
			}
		}
	}
	slices.SortStableFunc(c.Drops, func(a, b Drop) int { return cmp.Compare(a.Candidate-a.Base, b.Candidate-b.Base) })
	if len(c.Drops) > maxDrops {
		c.Drops = slices.Clone(c.Drops[:maxDrops])
	}
}
