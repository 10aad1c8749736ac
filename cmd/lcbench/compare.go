package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/compare"
)

func compareCommand() *cli.Command {
	return &cli.Command{
		Name: "compare", Usage: "tell whether a run is worse than another, or only by chance", ArgsUsage: "BASE CANDIDATE",
		Description: "BASE and CANDIDATE are runs' folders (or folders of such, one a benchmark), or files of lcbench baseline save.\n" +
			"Samples are paired by id. Runs of other data, prompts, lengths or seeds are refused; other models and attentions are the point.\n" +
			"Averages, categories, tasks, cells of length and depth, bins of diffusion and scope, and strata each come to regression, improvement,\n" +
			"no difference seen or too few samples: by sign flips of whole documents, on the figure that the benchmark itself gives them, corrected so\n" +
			"that of comparisons without any difference at most 5% show one, half of them a regression.\n" +
			"\n" +
			"--fail-on is a list by commas of\n" +
			"  regression                any unit that is one (the default)\n" +
			"  task=NAME[:POINTS]        that task is worse, and by more than POINTS; corrected for the number of units named\n" +
			"  category=NAME[:POINTS]    the same of a category\n" +
			"  cell=8k[@50][:POINTS]     the same of a length, or a length and a depth\n" +
			"  diffusion=high[:POINTS]   the same of a level (low, mid, high) of diffusion; also scope=high\n" +
			"  plane=high/low[:POINTS]   the same of a diffusion and a scope\n" +
			"  stratum=NAME[:POINTS]     the same of a group of rows that the benchmark reports by\n" +
			"  benchmark[=NAME][:POINTS], overall[:POINTS]\n" +
			"                            the same of averages\n" +
			"  effective-length[:SHARE]  the length up to which 85% of the score at the shortest is kept is shorter, and by more than SHARE of it\n" +
			"  lost                      a sample has no answer in the candidate that has one in the base\n" +
			"  never                     nothing; print only\n" +
			"Without any difference, units named add a false alarm in at most 2.5% of comparisons, effective lengths as many.\n" +
			"\n" +
			"Exit codes: 0 no regression, 1 a regression, 2 a mistake in the call, or runs that can't be compared.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "fail-on", Value: "regression", Usage: "what makes the exit code 1: regression, task=NAME[:POINTS], category=…, cell=…, diffusion=…, scope=…, plane=…, stratum=…, benchmark[:POINTS], overall, effective-length[:SHARE], lost, never, by commas"},
			&cli.StringFlag{Name: "junit", Usage: "also write JUnit XML to this `file`"},
			&cli.StringSliceFlag{Name: "markdown", Usage: "also write a report for a pull request to this `file`; added to the end of $GITHUB_STEP_SUMMARY if it is that"},
			&cli.BoolFlag{Name: "annotations", Usage: "also print GitHub's annotations"},
			&cli.Float64Flag{Name: "tolerance", Usage: "changes of so many points or fewer are neither regressions nor improvements"},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the tests"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return usagef("want two runs, BASE and CANDIDATE, got %d", c.NArg())
			}
			failOn, err := compare.ParseFailOn(c.String("fail-on"))
			if err != nil {
				return usage(err)
			}
			if t := c.Float64("tolerance"); !(t >= 0 && t <= 100) {
				return usagef("--tolerance %v: want points, 0 to 100", t)
			}
			return compareRuns(c, failOn)
		},
	}
}

func compareRuns(c *cli.Context, failOn compare.FailOn) error {
	base, candidate, err := openBoth(c.Args().Get(0), c.Args().Get(1))
	if err != nil {
		return usage(err)
	}
	result, err := compare.Compare(base, candidate, compare.Options{
		Seed: c.Uint64("seed"), Tolerance: c.Float64("tolerance"), Layout: layoutOf,
	})
	if err != nil {
		return usage(err)
	}
	failures, err := result.Failures(failOn)
	if err != nil {
		return usage(err)
	}
	width, is := terminal(c.App.Writer)
	if err := result.WriteTable(c.App.Writer, failures, results.TableOptions{Width: width, Color: results.UseColor(is, os.Getenv)}); err != nil {
		return usage(err)
	}
	if err := writeReports(c, result, failures); err != nil {
		return usage(err)
	}
	if len(failures) > 0 {
		return exitError{code: exitFailure}
	}
	return nil
}

// openBoth reads the two sides at the same time.
func openBoth(base, candidate string) (b, now compare.Source, err error) {
	var baseErr error
	done := make(chan struct{})
	go func() {
		defer close(done)
		b, baseErr = compare.Open(base)
	}()
	now, err = compare.Open(candidate)
	<-done
	if baseErr != nil {
		err = baseErr
	}
	return b, now, err
}

// layoutOf is the benchmark's own way to average.
func layoutOf(benchmark string) (compare.Layout, bool) {
	a, err := all.Find(benchmark)
	if err != nil {
		return compare.Layout{}, false
	}
	return compare.Layout{Tasks: a.Open(a.Builtin(0)).Tasks(), Average: averageRule(a)}, true
}

// writeReports writes what goes to files, and the annotations. The exit code of
// a report that can't be written is not that of a regression.
func writeReports(c *cli.Context, result *compare.Comparison, failures []compare.Failure) error {
	if path := c.String("junit"); path != "" {
		err := results.ReplaceFile(path, func(w io.Writer) error { return result.WriteJUnit(w, failures) })
		if err != nil {
			return err
		}
	}
	for _, path := range c.StringSlice("markdown") {
		if err := writeMarkdown(path, result, failures); err != nil {
			return err
		}
	}
	if c.Bool("annotations") {
		return result.WriteAnnotations(c.App.Writer, failures)
	}
	return nil
}

// writeMarkdown replaces a file, or adds to the step summary what still fits
// into it.
func writeMarkdown(path string, result *compare.Comparison, failures []compare.Failure) (err error) {
	if path != os.Getenv("GITHUB_STEP_SUMMARY") {
		return results.ReplaceFile(path, func(w io.Writer) error { return result.WriteMarkdown(w, failures, compare.CommentBytes) })
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return result.WriteMarkdown(f, failures, compare.SummaryBytes-int(info.Size()))
}

func baselineCommand() *cli.Command {
	return &cli.Command{
		Name: "baseline", Usage: "keep what later runs are compared with",
		Subcommands: []*cli.Command{{
			Name: "save", Usage: "write a run's scores into a small file to commit", ArgsUsage: "RUN FILE",
			Description: "RUN is a run's folder, or a folder of such, one a benchmark. FILE is replaced. It holds no texts of models or data sets.",
			Action:      saveBaseline,
		}},
	}
}

func saveBaseline(c *cli.Context) error {
	if c.NArg() != 2 {
		return usagef("want a run's folder and a file, got %d", c.NArg())
	}
	dir, path := c.Args().Get(0), c.Args().Get(1)
	if err := refuseOther(path); err != nil {
		return usage(err)
	}
	source, err := compare.Open(dir)
	if err != nil {
		return usage(err)
	}
	if err := compare.WriteBaseline(path, source); err != nil {
		return err
	}
	samples := 0
	for _, r := range source.Runs {
		samples += len(r.Samples)
		if r.Unfinished() {
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s is not finished: the baseline holds %d samples of it, and says so\n", plain(r.Benchmark), len(r.Samples))
		}
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s: %d samples\n", plain(path), samples)
	return err
}

// refuseOther keeps a file that is no baseline from being replaced.
func refuseOther(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := compare.ReadBaseline(path); err != nil {
		return fmt.Errorf("%w; it is left as it is: give another file", err)
	}
	return nil
}
