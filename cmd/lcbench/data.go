package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/datasets"
)

func dataCommand() *cli.Command {
	dir := []cli.Flag{&cli.StringFlag{Name: "data-dir", Usage: "look at this `folder` instead of the cache"}}
	sub := func(name, usage string, do func(*cli.Context, datasets.Local) ([]datasets.Stored, error), flags []cli.Flag) *cli.Command {
		return &cli.Command{Name: name, Usage: usage, ArgsUsage: "BENCHMARK", Flags: flags, Action: func(c *cli.Context) error {
			return dataAction(c, do)
		}}
	}
	return &cli.Command{
		Name: "data", Usage: "the official files: pull, verify, ls",
		Subcommands: []*cli.Command{
			sub("pull", "fetch what is missing and check every file", func(c *cli.Context, src datasets.Local) ([]datasets.Stored, error) {
				hub, ok := src.(*datasets.Hub)
				if !ok {
					return nil, usagef("data pull takes no --data-dir")
				}
				return datasets.Pull(c.Context, hub)
			}, nil),
			sub("verify", "compare every file's sha256 with its pin", verifyFiles, dir),
			sub("ls", "the files, where they are or would be, and their licences", func(_ *cli.Context, src datasets.Local) ([]datasets.Stored, error) {
				return datasets.List(src)
			}, dir),
		},
		Action: func(*cli.Context) error { return usagef("data what? pull, verify or ls") },
	}
}

func dataAction(c *cli.Context, do func(*cli.Context, datasets.Local) ([]datasets.Stored, error)) error {
	if c.NArg() != 1 {
		return usagef("want one benchmark; see lcbench list benchmarks")
	}
	a, err := all.Find(c.Args().First())
	if err != nil {
		return usage(err)
	}
	var src datasets.Local = datasets.NewHub(a.Pins, hubOptions(c.App.ErrWriter))
	if dir := c.String("data-dir"); dir != "" {
		src = datasets.Folder(dir, a.Pins)
	}
	files, err := do(c, src)
	if perr := printFiles(c, files); perr != nil {
		return errors.Join(err, perr)
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.State == datasets.StateDiffers {
			return fmt.Errorf("%s differs from its pin: sha256 %s, want %s", f.Path, f.SHA256, f.Pin.SHA256)
		}
	}
	return nil
}

// verifyFiles compares what is there with its pins; where nothing is there,
// nothing was verified.
func verifyFiles(c *cli.Context, src datasets.Local) ([]datasets.Stored, error) {
	files, err := datasets.Verify(c.Context, src)
	missing := func(f datasets.Stored) bool { return f.State == datasets.StateMissing }
	if err == nil && !slices.ContainsFunc(files, func(f datasets.Stored) bool { return !missing(f) }) {
		hint := "lcbench data pull " + c.Args().First() + " fetches them"
		if dir := c.String("data-dir"); dir != "" {
			hint = "put them into " + dir
		}
		err = fmt.Errorf("nothing is verified: none of the %d files is here; %s", len(files), hint)
	}
	return files, err
}

// printFiles prints a file in three lines: its state and name, where it comes from,
// and its path, which is never broken.
func printFiles(c *cli.Context, files []datasets.Stored) error {
	for _, f := range files {
		name := f.Name
		if f.State != datasets.StateMissing {
			name += fmt.Sprintf(", %d bytes", f.Bytes)
		}
		from := wrapped(fmt.Sprintf("%s@%.8s, %s", f.Pin.Repo, f.Pin.Revision, f.Pin.Licence), 70)
		_, err := fmt.Fprintf(c.App.Writer, "%-8s  %s\n          %s\n          %s\n", f.State, name, strings.Join(from, "\n          "), f.Path)
		if err != nil {
			return err
		}
	}
	return nil
}
