package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/leaderboard"
	"github.com/lcbench/lcbench/results/report"
)

func leaderboardCommand() *cli.Command {
	common := []cli.Flag{
		&cli.StringSliceFlag{Name: "import", Usage: "also take the rows of this `FILE`[:LAYOUT], a table in one of the layouts; longbench-zh names a table where several have one header"},
		&cli.StringSliceFlag{Name: "benchmark", Usage: "only these benchmarks, by commas"},
		&cli.Uint64Flag{Name: "seed", Usage: "seed of the intervals"},
		&cli.IntFlag{Name: "resamples", Usage: "resamples of the intervals (default: 10,000, fewer from 10,000 samples on)"},
	}
	layouts := strings.Join(leaderboard.Layouts(), ", ")
	return &cli.Command{
		Name: "leaderboard", Usage: "many models in one table, beside the papers' rows",
		Subcommands: []*cli.Command{{
			Name: "export", Usage: "write runs as CSV or Parquet", ArgsUsage: "[RUN …]",
			Description: "RUN is a run's folder, or a folder of such (default: results). A row is a model with its attention and settings; of two runs of one benchmark\n" +
				"by the same one, the newest that came to its end is taken. Layouts: " + layouts + ".\n" +
				"Layouts of several tables write one file each: board-en.csv, board-zh.csv. What a layout asks for and no run has is said.",
			Flags: append([]cli.Flag{
				&cli.StringFlag{Name: "csv", Usage: "write to this `file`, - for standard output"},
				&cli.StringFlag{Name: "parquet", Usage: "write to this `file` with typed columns (layouts lcbench and long)"},
				&cli.StringFlag{Name: "layout", Value: leaderboard.Layouts()[0], Usage: layouts},
			}, common...),
			Action: exportLeaderboard,
		}, {
			Name: "show", Usage: "print runs as a table", ArgsUsage: "[RUN …]",
			Description: "--sort and --columns take the names of layout lcbench's columns, or their ends: effective-length, average/en, tokens_in.",
			Flags: append([]cli.Flag{
				&cli.StringFlag{Name: "sort", Usage: "by this `column`, best first; -column turns it round"},
				&cli.StringSliceFlag{Name: "columns", Usage: "these columns, by commas, behind the model (default: averages, effective lengths, tokens, cost)"},
			}, common...),
			Action: showLeaderboard,
		}},
		Action: func(*cli.Context) error {
			return usagef("leaderboard export or leaderboard show? see lcbench leaderboard --help")
		},
	}
}

// openLeaderboard reads the runs and tables that were named, and says what was
// left out.
func openLeaderboard(c *cli.Context) (*leaderboard.Board, error) {
	o := leaderboard.Options{Only: c.StringSlice("benchmark"), Report: report.Options{Seed: c.Uint64("seed"), Resamples: c.Int("resamples"), Version: version}}
	if c.IsSet("resamples") && o.Report.Resamples < 100 {
		return nil, usagef("--resamples %d: want at least 100", o.Report.Resamples)
	}
	for _, a := range all.List() {
		k := leaderboard.Known{Name: a.Name, Title: a.Title, Tasks: a.Open(a.Builtin(0)).Tasks(), Modes: a.Modes}
		for _, knob := range a.Knobs {
			k.Knobs = append(k.Knobs, knob.Name)
		}
		o.Known = append(o.Known, k)
	}
	board := leaderboard.New(o)
	runs := c.Args().Slice()
	if len(runs) == 0 && len(c.StringSlice("import")) == 0 {
		if _, err := os.Stat(defaultRuns); err != nil {
			return nil, usagef("want the folder of a run: there is no %s here; see lcbench leaderboard %s --help", defaultRuns, c.Command.Name)
		}
		runs = []string{defaultRuns}
	}
	if len(runs) > 0 {
		err := board.AddRuns(runs)
		sayNotes(c, board)
		var none *leaderboard.NoRunsError
		if errors.As(err, &none) {
			return nil, usage(err)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, spec := range c.StringSlice("import") {
		if err := importTable(board, spec); err != nil {
			return nil, usage(err)
		}
	}
	return board, nil
}

// sayNotes prints what a board notes, and empties its list.
func sayNotes(c *cli.Context, board *leaderboard.Board) {
	for _, n := range board.Notes {
		fmt.Fprintf(c.App.ErrWriter, "lcbench: leaderboard: %s\n", n)
	}
	board.Notes = nil
}

func importTable(board *leaderboard.Board, spec string) error {
	path, layout := leaderboard.LayoutOf(spec)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--import: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	return board.Import(f, path, layout)
}

func exportLeaderboard(c *cli.Context) error {
	layout, csv, parquet := c.String("layout"), c.String("csv"), c.String("parquet")
	switch err := leaderboard.CheckLayout(layout); {
	case err != nil:
		return usage(err)
	case csv == "" && parquet == "":
		return usagef("want --csv FILE or --parquet FILE")
	case parquet != "" && layout != "lcbench" && layout != "long":
		return usagef("--parquet: layout %s is a table of texts: Parquet is of layout lcbench or long", layout)
	}
	for _, flag := range []string{"csv", "parquet"} {
		if info, err := os.Stat(c.String(flag)); err == nil && info.IsDir() {
			return usagef("--%s %s: is a folder, want a file", flag, c.String(flag))
		}
	}
	board, err := openLeaderboard(c)
	if err != nil {
		return err
	}
	if csv != "" {
		if err := writeTables(c, board, layout, csv); err != nil {
			return err
		}
	}
	if parquet != "" {
		return writeFile(c, parquet, func(w io.Writer) error { return board.WriteParquet(w, layout) })
	}
	return nil
}

// writeTables writes a layout's tables: one under the name asked for, several
// each with its own name in it.
func writeTables(c *cli.Context, board *leaderboard.Board, layout, path string) error {
	tables, err := board.Export(layout)
	sayNotes(c, board)
	if err != nil {
		return usage(err)
	}
	if path == "-" {
		if len(tables) > 1 {
			return usagef("--csv -: layout %s has %d tables here: give a file, each gets one of its own", layout, len(tables))
		}
		return tables[0].Write(c.App.Writer)
	}
	for _, t := range tables {
		name := path
		if t.Name != "" {
			ext := filepath.Ext(path)
			name = strings.TrimSuffix(path, ext) + "-" + t.Name + ext
		}
		if err := writeFile(c, name, t.Write); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file whole and says so; - is standard output.
func writeFile(c *cli.Context, path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(c.App.Writer)
	}
	if err := results.ReplaceFile(path, write); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "lcbench: wrote %s\n", plain(path))
	return nil
}

func showLeaderboard(c *cli.Context) error {
	board, err := openLeaderboard(c)
	if err != nil {
		return err
	}
	width, is := terminal(c.App.Writer)
	view := leaderboard.View{Sort: c.String("sort"), Columns: c.StringSlice("columns")}
	err = board.Show(c.App.Writer, view, results.TableOptions{Width: width, Color: results.UseColor(is, os.Getenv)})
	var column *leaderboard.ColumnError
	if errors.As(err, &column) {
		return usage(err)
	}
	return err
}

// defaultRuns is the folder that runs go to unless --out says otherwise.
const defaultRuns = "results"
