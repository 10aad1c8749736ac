package runners

import (
	"context"
	"iter"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers/stats"
)

// firstDocuments of a cell are asked in its first round; later ones add a
// quarter, at least two.
const firstDocuments = 5

// nearlyWidest is the part of the widest interval that others must have to be
// asked in the same round.
const nearlyWidest = 0.75

// next chooses the next round; false: all cells are done.
func (c *Chooser) next() bool {
	widest := 0.0
	for _, in := range c.cells {
		if in.state == CellOpen {
			widest = max(widest, in.width())
		}
	}
	c.round++
	chosen := false
	for _, in := range c.cells {
		if in.state != CellOpen || in.width() < nearlyWidest*widest {
			continue
		}
		chosen = true
		more := max(2, in.asked/4)
		if in.asked == 0 {
			more = firstDocuments
		}
		for range min(more, len(in.units)-in.asked) {
			for _, one := range in.units[in.asked].items {
				one.round = c.round
			}
			in.asked++
		}
	}
	return chosen
}

func (c *cell) width() float64 { return c.interval.High - c.interval.Low }

// settle takes in what the round brought. Where the round was stopped, a cell
// goes only as far as its documents are whole, in their order: those that came
// first are no random choice.
func (c *Chooser) settle(whole bool) {
	for _, in := range c.cells {
		before := in.taken
		for in.taken < in.asked && (whole || in.units[in.taken].whole()) {
			in.add(in.units[in.taken])
		}
		if in.taken > before {
			in.interval = in.seen.Interval(level)
		}
		c.close(in)
	}
}

// close says whether a cell is done, and why.
func (c *Chooser) close(in *cell) {
	if in.state != CellOpen {
		return
	}
	all := in.taken == len(in.units)
	if in.pool != nil {
		in.verdict = in.pool.Verdict(level / float64(len(c.cells)))
		if all && in.score.weight > 0 {
			in.verdict = stats.VerdictOf(in.score.mean(), c.rule.Threshold)
		}
	}
	switch {
	case in.pool != nil && in.verdict != stats.VerdictOpen:
		in.state = CellJudged
	case in.seen.Len() > 0 && in.width() <= 2*c.rule.Width:
		in.state = CellNarrow
	}
	if all {
		in.state = CellExhausted
	}
}

// whole says whether every sample of the document came back.
func (u *unit) whole() bool {
	for _, one := range u.items {
		if !one.made {
			return false
		}
	}
	return true
}

// add takes in the next document of a cell.
func (c *cell) add(u *unit) {
	c.taken++
	var low, high, valid sum
	bounds := [2]float64{0, 1} // of a document that could not be made
	for _, one := range u.items {
		if !one.made {
			continue
		}
		c.rows++
		low.add(one.score, one.weight)
		unknown := one.score
		if !one.known {
			unknown = 1
		}
		high.add(unknown, one.weight)
		if one.valid {
			c.valid++
			valid.add(one.score, one.weight)
		}
	}
	if low.weight > 0 {
		bounds = [2]float64{low.mean(), high.mean()}
		c.seen.Add(bounds[0], bounds[1])
		c.score.add(bounds[0], 1)
	}
	if valid.weight > 0 {
		c.validScore.add(valid.mean(), 1)
	}
	if c.pool != nil {
		c.pool.Add(bounds[0], bounds[1])
	}
}

// RunAdaptive is Run, with the samples that the chooser chooses: stream yields
// those that only says true to, and may yield others. The report is of all
// rounds together; it is complete when every cell is done.
func (e *Engine) RunAdaptive(ctx context.Context, chooser *Chooser, stream func(only func(id string) bool) iter.Seq2[benchmarks.Sample, error]) (Report, error) {
	round := *e
	round.Sink = func(r Result) error {
		r.Draw = chooser.take(r)
		return e.Sink(r)
	}
	if round.Progress == nil {
		round.Progress = &Progress{}
	}
	var all Report
	told := map[string]bool{}
	for chooser.next() {
		report, err := round.Run(ctx, chooser.chosen(stream(chooser.Wants), told))
		all.add(report)
		chooser.settle(err == nil && report.Complete)
		if err != nil || !report.Complete {
			return all, err
		}
	}
	all.Complete = true
	return all, nil
}

// add counts a round in. The rounds' being complete doesn't make the whole so.
func (r *Report) add(round Report) {
	r.Asked += round.Asked
	r.Resumed += round.Resumed
	r.FromCache += round.FromCache
	r.Lost += round.Lost
	r.Unreadable += round.Unreadable
	r.Faults = append(r.Faults, round.Faults[:min(len(round.Faults), maxFaults-len(r.Faults))]...)
	r.Notices = append(r.Notices, round.Notices...)
	r.BudgetReached = r.BudgetReached || round.BudgetReached
	r.Drained = r.Drained || round.Drained
}

// chosen yields the samples of the round, each with its place among all. What
// every reading of the stream tells anew is told once.
func (c *Chooser) chosen(stream iter.Seq2[benchmarks.Sample, error], told map[string]bool) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		for s, err := range stream {
			switch {
			case err != nil && told[err.Error()]:
				continue
			case err != nil:
				told[err.Error()] = true
			case !c.Wants(s.ID):
				continue
			default:
				s.Index = c.items[s.ID].index
			}
			if !yield(s, err) {
				return
			}
		}
	}
}
