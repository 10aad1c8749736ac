package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners/judge"
)

// judgement is what the judges of a run came to.
type judgement struct {
	reports   []results.JudgeReport
	agreement []results.JudgeAgreement
	faults    []string
	// lost verdicts could not be asked for, nonsense was three times no verdict;
	// unmatched answers have no opponent, or two.
	lost, nonsense, unmatched int

	budget, drained bool
	err             error
}

// addTo puts what judges said into a summary.
func (g judgement) addTo(s *results.Summary) {
	for _, r := range g.reports {
		s.AddJudge(r)
	}
	if len(g.agreement) > 0 {
		s.JudgeAgreement = g.agreement
	}
}

// maxJudgeFaults bounds what is told of single verdicts.
const maxJudgeFaults = 20

// outcome turns a judgement into the exit code, and says why.
func (g judgement) outcome(c *cli.Context) error {
	for i, f := range g.faults {
		if i == maxJudgeFaults {
			fmt.Fprintf(c.App.ErrWriter, "lcbench: and %d more\n", len(g.faults)-i)
			break
		}
		fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(f))
	}
	switch {
	case g.err != nil:
		return g.err
	case g.budget:
		return exitError{exitBudget, errors.New("the judges' budget is reached; raise --judge-budget and give the same command to go on")}
	case g.drained:
		return errors.New("stopped while judging; the same command goes on from here")
	}
	return g.losses()
}

// losses are what is missing in the figures, with exit code 3.
func (g judgement) losses() error {
	var parts []string
	for _, p := range []struct {
		n    int
		text string
	}{
		{g.lost, "%d verdicts lost; the same command asks for them again"},
		{g.nonsense, "%d verdicts missing: the judge answered nonsense three times"},
		{g.unmatched, "%d answers to compare with are missing or there twice"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf(p.text, p.n))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return exitError{exitLost, errors.New(strings.Join(parts, "; "))}
}

// showJudging keeps a progress line up to date until the returned function is
// called.
func (s *settings) showJudging(ctx context.Context, c *cli.Context, j *judge.Judge, m *openedModel, items int) func() {
	width, is := terminal(c.App.ErrWriter)
	p := results.NewProgress(c.App.ErrWriter, results.ProgressOptions{Terminal: is, Width: width, Color: results.UseColor(is, os.Getenv)})
	total := items
	if j.Protocol.Pairs {
		total *= 2
	}
	snapshot := func() results.Snapshot {
		n := j.Engine.Progress.Snapshot()
		out := results.Snapshot{
			Done: n.Done, Lost: n.Lost, Total: max(total, n.Done), Reused: n.Resumed + n.FromCache,
			Retries: n.Retries, RateLimited: n.RateLimited, Score: n.MeanScore, Cost: s.cost(n.Paid),
		}
		if m.limiter != nil {
			out.InFlight = m.limiter.State().InFlight
		}
		return out
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { p.Watch(ctx, snapshot); close(done) }()
	return func() {
		cancel()
		<-done
		p.Close(snapshot())
	}
}
