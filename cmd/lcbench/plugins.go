package main

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/plugin"
)

// pluginFlag names metrics that are programs of the user's.
func pluginFlag() cli.Flag {
	return &cli.StringSliceFlag{
		Name:  "metric-command",
		Usage: "NAME=COMMAND: a further figure by a program that reads {\"id\",\"metric\",\"prediction\",\"references\"} a line and answers {\"id\",\"score\"} (loogle: bert_score=…)",
	}
}

// checkPlugins refuses a --metric-command that names none, ahead of what costs
// time.
func checkPlugins(c *cli.Context) error {
	for _, text := range c.StringSlice("metric-command") {
		if _, _, err := plugin.Parse(text); err != nil {
			return usage(err)
		}
	}
	return nil
}

// startPlugins starts the programs of --metric-command. stop ends them.
func startPlugins(ctx context.Context, c *cli.Context) (list []*plugin.Metric, stop func() error, err error) {
	stop = func() error {
		var errs []error
		for _, m := range list {
			errs = append(errs, m.Close())
		}
		return errors.Join(errs...)
	}
	for _, text := range c.StringSlice("metric-command") {
		name, command, err := plugin.Parse(text)
		if err != nil {
			return nil, stop, errors.Join(usage(err), stop())
		}
		m, err := plugin.Start(ctx, name, command)
		if err != nil {
			return nil, stop, errors.Join(usage(err), stop())
		}
		list = append(list, m)
	}
	return list, stop, nil
}

// withPlugins adds the programs' figures to a score: in the place of a measure
// of that name (LooGLE's bert_score), else behind the others.
func (a *modelSettings) withPlugins(id string, c scorers.Case, s scorers.Score) (scorers.Score, error) {
	if len(a.plugins) == 0 {
		return s, nil
	}
	s.Measures = slices.Clone(s.Measures)
	for _, m := range a.plugins {
		value, err := m.Score(id, c)
		if err != nil {
			return s, err
		}
		at := slices.IndexFunc(s.Measures, func(x scorers.Measure) bool { return x.Name == m.Name() })
		if at < 0 {
			at = len(s.Measures)
			s.Measures = append(s.Measures, scorers.Measure{Name: m.Name(), Title: m.Name(), Table: "Metric commands", Unit: scorers.UnitNumber})
		}
		s.Measures[at].Value, s.Measures[at].Absent, s.Measures[at].Note = value, "", "by --metric-command"
	}
	return s, nil
}
