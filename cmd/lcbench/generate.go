package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

func generateCommand() *cli.Command {
	return &cli.Command{
		Name: "generate", Usage: "write samples as JSON lines, for use elsewhere; no model", ArgsUsage: "BENCHMARK",
		Description: "One object a line: the prompt in three parts (before, context, after), references,\n" +
			"metric, length, depth, the byte spans of the evidence in the context, and the\n" +
			"sample's diffusion and scope with what they rest on (measured, partial, assigned).",
		Flags: append(dataFlags(), &cli.StringFlag{Name: "out", Value: "-", Usage: "the `file`; - is standard output"}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 || c.Args().First() == everything {
				return usagef("want one benchmark; see lcbench list benchmarks")
			}
			if err := applyConfig(c); err != nil {
				return err
			}
			a := &modelSettings{}
			list, err := a.readBenchmarks(c)
			if err != nil {
				return err
			}
			count, err := a.namedTokenizer(c, list[0].options.Lengths)
			if err != nil {
				return err
			}
			a.countWith(count, list)
			return list[0].generate(c)
		},
	}
}

// generate streams the samples into --out. Rows that can't be made a sample
// are told and left out, and the exit code says that there were some.
func (s *settings) generate(c *cli.Context) error {
	faults := 0
	next := func(yield func(benchmarks.Sample) error) error {
		for sample, err := range s.bench.Samples(c.Context, s.options) {
			var notice *benchmarks.Notice
			switch {
			case errors.As(err, &notice):
				fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(notice.Text))
			case runners.CostsOneSample(err):
				faults++
				fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(err.Error()))
			case err != nil:
				return err
			default:
				if err := yield(sample); err != nil {
					return err
				}
			}
		}
		return nil
	}
	meter := &benchmarks.AxesMeter{Benchmark: s.adapter.Name, Tokenizer: s.options.Tokenizer}
	src := results.LineSource{Benchmark: s.adapter.Name, Data: s.source.Origin().Kind, Axes: meter.Measure}
	var n int
	var err error
	if out := c.String("out"); out == "-" {
		n, err = results.WriteSamples(c.App.Writer, src, next)
	} else {
		n, err = results.WriteSamplesFile(out, src, next)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "lcbench: %d samples\n", n)
	if faults > 0 {
		return fmt.Errorf("%d samples could not be made; see above", faults)
	}
	return nil
}
