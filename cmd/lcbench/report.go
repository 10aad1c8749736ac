package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/report"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name: "report", Usage: "one page of what runs came to: real context, where it fails", ArgsUsage: "RUN [RUN …]",
		Description: "RUN is a run's folder. Runs of one benchmark stand beside each other; a run of baseline:lexical is the floor,\n" +
			"a run without contexts is another, and the check for contamination of the same model. A folder that\n" +
			"lcbench inspect made, or its JSON file, adds what is inside a model.\n" +
			"Without --html, --markdown or --json the Markdown is printed. Nothing in the folders is changed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "html", Usage: "write the page to this `file`; it opens offline"},
			&cli.StringFlag{Name: "markdown", Usage: "write the figures as Markdown to this `file`, - for standard output"},
			&cli.StringFlag{Name: "json", Usage: "write the figures as JSON to this `file`, - for standard output"},
			&cli.IntFlag{Name: "samples", Value: report.DefaultSamples, Usage: "show so many samples of each benchmark on the page, 0 for none"},
			&cli.StringFlag{Name: "axes", Value: "all", Usage: "all, measured or partial: the plane and the difficulty model are of all samples, of those whose diffusion and scope are measured, or of those and the ones of which a part is"},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the intervals"},
			&cli.IntFlag{Name: "resamples", Usage: "resamples of the intervals (default: 10,000, fewer from 10,000 samples on)"},
		},
		Action: makeReport,
	}
}

func makeReport(c *cli.Context) error {
	o, err := reportOptions(c)
	if err != nil {
		return err
	}
	r, err := report.Build(c.Args().Slice(), o)
	if err != nil {
		var notRun *report.NotRunError
		var repeated *report.RepeatedError
		if errors.As(err, &notRun) || errors.As(err, &repeated) {
			return usage(err)
		}
		return err
	}
	forms := []struct {
		flag  string
		write func(io.Writer) error
	}{{"html", r.WriteHTML}, {"markdown", r.WriteMarkdown}, {"json", r.WriteJSON}}
	written := false
	for _, f := range forms {
		path := c.String(f.flag)
		switch path {
		case "":
			continue
		case "-":
			err = f.write(c.App.Writer)
		default:
			if err = results.ReplaceFile(path, f.write); err == nil {
				fmt.Fprintf(c.App.ErrWriter, "lcbench: wrote %s\n", plain(path))
			}
		}
		if err != nil {
			return err
		}
		written = true
	}
	if !written {
		return r.WriteMarkdown(c.App.Writer)
	}
	return nil
}

func reportOptions(c *cli.Context) (report.Options, error) {
	o := report.Options{Samples: c.Int("samples"), Seed: c.Uint64("seed"), Resamples: c.Int("resamples"), Version: version, Layout: layoutOf}
	o.Axes = report.AxesFrom(c.String("axes"))
	known := []report.AxesFrom{report.AxesAll, report.AxesMeasured, report.AxesPartial}
	switch {
	case c.NArg() == 0:
		return o, usagef("want the folder of a run; see lcbench report --help")
	case o.Samples < 0:
		return o, usagef("--samples %d: want 0 or more", o.Samples)
	case c.IsSet("resamples") && o.Resamples < 100:
		return o, usagef("--resamples %d: want at least 100", o.Resamples)
	case !slices.Contains(known, o.Axes):
		return o, usagef("--axes %q: want all, measured or partial", string(o.Axes))
	}
	if o.Samples == 0 || c.String("html") == "" {
		o.Samples = -1
	}
	for _, flag := range []string{"html", "markdown", "json"} {
		if info, err := os.Stat(c.String(flag)); err == nil && info.IsDir() {
			return o, usagef("--%s %s: is a folder, want a file", flag, c.String(flag))
		}
	}
	return o, nil
}
