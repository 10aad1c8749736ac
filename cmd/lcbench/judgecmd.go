package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/results"
)

func judgeCommand() *cli.Command {
	local := slices.DeleteFunc(localFlags(), func(f cli.Flag) bool { return slices.Contains([]string{"attention", "rope"}, f.Names()[0]) })
	return &cli.Command{
		Name: "judge", Usage: "have a model judge the answers of a run, or of a file", ArgsUsage: "RESULTS_DIR|PREDICTIONS.jsonl",
		Description: "Verdicts are kept in the folder's judge.jsonl: the same command again asks nothing twice.\n" +
			"leval needs the answers to its queries for judges (lcbench run leval --judge-queries llm).\n" +
			"A file is one of L-Eval's predictions for judges (query, gt, evaluation, <model>_pred); --out is the folder to make of it.",
		Flags: slices.Concat(judgeFlags(), []cli.Flag{
			&cli.StringFlag{Name: "config", Usage: "YAML `file` of flag names and values; the command line wins"},
			&cli.StringFlag{Name: "out", Usage: "the `folder` for a file's verdicts (default: results/judge-<name>-<hash>)"},
			&cli.StringSliceFlag{Name: "tasks", Usage: "judge only answers of these tasks, by commas"},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the intervals"},
		}, callFlags(), local),
		Action: func(c *cli.Context) error {
			if err := applyConfig(c); err != nil {
				return err
			}
			if c.NArg() != 1 {
				return usagef("want one folder of a run, or one file of predictions, got %d", c.NArg())
			}
			return judgePlace(c, c.Args().First())
		},
	}
}

// judgeFolder judges the answers of the run in dir and adds what comes of it to
// its summary and its table.
func judgeFolder(c *cli.Context, dir string) (err error) {
	folder, err := results.Reopen(dir)
	if err != nil {
		return usage(err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	adapter, err := all.Find(folder.Manifest().Benchmark)
	if err != nil {
		return usagef("%s: %w", dir, err)
	}
	g, err := chosenJudges(c, adapter)
	if err != nil {
		return err
	}
	summary, err := results.ReadSummary(dir)
	if err != nil {
		return err
	}
	ctx, drain, release := interruptible(c.Context, c.App.ErrWriter)
	defer release()
	verdicts := g.judge(ctx, c, folder, drain)
	verdicts.addTo(&summary)
	if err := folder.WriteSummary(summary); err != nil {
		return errors.Join(verdicts.err, err)
	}
	if err := writeTable(c.App.Writer, summary); err != nil {
		return errors.Join(verdicts.err, err)
	}
	fmt.Fprintf(c.App.Writer, "\n%s\n", folder.Dir())
	return verdicts.outcome(c)
}
