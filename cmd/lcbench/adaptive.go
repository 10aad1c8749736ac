package main

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// defaultWidth is how wide an interval may be on either side, in points, where no
// verdict is wanted.
const defaultWidth = 10

// adaptiveFlags say that samples go where least is known, and what is enough.
func adaptiveFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "adaptive", Usage: "ask of each length and depth only as many samples as it takes to know its score"},
		&cli.Float64Flag{Name: "adaptive-width", Usage: "with --adaptive: enough is a 95% interval of so many `points` to either side (default: 10; none beside --adaptive-threshold)"},
		&cli.Float64Flag{Name: "adaptive-threshold", Usage: "with --adaptive: enough is to know whether a cell reaches this `percent` (RULER's: 85.6)"},
	}
}

// adaptive is how a run chooses its samples.
type adaptive struct {
	rule    runners.Adaptive
	chooser *runners.Chooser
}

// readAdaptive reads when a cell has had enough; nil where everything is asked.
func readAdaptive(c *cli.Context, list []*settings) (*adaptive, error) {
	if !c.Bool("adaptive") {
		for _, flag := range []string{"adaptive-width", "adaptive-threshold"} {
			if c.IsSet(flag) {
				return nil, fmt.Errorf("--%s goes with --adaptive", flag)
			}
		}
		return nil, nil
	}
	s := list[0]
	switch {
	case len(list) > 1:
		return nil, fmt.Errorf("--adaptive goes with one benchmark; run them one at a time")
	case len(c.StringSlice("judge")) > 0 || s.options.JudgeQueries != "":
		return nil, fmt.Errorf("--adaptive needs scores as answers come, and judges are asked at the end; have the folder judged by lcbench judge")
	case c.String("output") != "":
		return nil, fmt.Errorf("--adaptive: the files of %s hold plain means of rows, which an adaptive run has none of; leave out --output", c.String("output"))
	case !s.adapter.Generated && len(s.options.Lengths) == 0:
		return nil, fmt.Errorf("--adaptive: %s has no cells of length and depth of its own; add --lengths, such as 4k,16k,64k", s.adapter.Name)
	}
	a := &adaptive{rule: runners.Adaptive{Seed: s.options.Seed}}
	width, threshold := c.Float64("adaptive-width"), c.Float64("adaptive-threshold")
	switch {
	case !c.IsSet("adaptive-width") && !c.IsSet("adaptive-threshold"):
		width = defaultWidth
	case c.IsSet("adaptive-width") && !(width > 0 && width <= 50):
		return nil, fmt.Errorf("--adaptive-width %g: want points above 0, at most 50", width)
	case c.IsSet("adaptive-threshold") && !(threshold > 0 && threshold < 100):
		return nil, fmt.Errorf("--adaptive-threshold %g: want a percentage between 0 and 100", threshold)
	}
	a.rule.Width, a.rule.Threshold = width/100, threshold/100
	return a, s.checkMeans()
}

// checkMeans refuses tasks whose figure isn't a mean of rows: of part of the rows
// nothing is known of it.
func (s *settings) checkMeans() error {
	var others []string
	for _, t := range s.bench.Tasks() {
		if s.options.Selects(t) && t.Headline != scorers.HeadlineMean {
			others = append(others, t.Name)
		}
	}
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("--adaptive: the figure of %s is of a whole set, not a mean of rows; name other --tasks", strings.Join(others, ", "))
}

// survey reads which samples there are.
func (a *adaptive) survey(ctx context.Context, s *settings) error {
	if a == nil {
		return nil
	}
	o := s.options
	o.Unmade = true
	var err error
	if a.chooser, err = runners.NewChooser(a.rule, s.bench.Samples(ctx, o)); err != nil {
		return fmt.Errorf("--adaptive: %s: %w", s.adapter.Name, err)
	}
	return nil
}

// ask has the engine ask what the run wants: all samples, or those chosen.
func (s *settings) ask(ctx context.Context, e *runners.Engine) (runners.Report, error) {
	if s.adaptive == nil {
		return e.Run(ctx, s.bench.Samples(ctx, s.options))
	}
	return e.RunAdaptive(ctx, s.adaptive.chooser, func(only func(string) bool) iter.Seq2[benchmarks.Sample, error] {
		o := s.options
		o.Only = only
		return s.bench.Samples(ctx, o)
	})
}

// outcome is what an adaptive run came to; nil of any other.
func (a *adaptive) outcome() *results.AdaptiveRun {
	if a == nil {
		return nil
	}
	return &results.AdaptiveRun{Rule: a.rule, Cells: a.chooser.Outcomes(), Samples: a.chooser.Samples()}
}

// settings are an adaptive run's own; none of any other.
func (a *adaptive) settings() []results.Setting {
	if a == nil {
		return nil
	}
	number := func(v float64) string { return strconv.FormatFloat(100*v, 'g', 6, 64) }
	return []results.Setting{
		{Name: results.SettingAdaptive, Value: "true"},
		{Name: "adaptive-width", Value: number(a.rule.Width)}, {Name: "adaptive-threshold", Value: number(a.rule.Threshold)},
	}
}
