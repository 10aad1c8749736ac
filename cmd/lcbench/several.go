package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// everything stands for all eight benchmarks on the command line.
const everything = "all"

// named returns the adapters of the names, each once.
func named(names []string) ([]benchmarks.Adapter, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("want a benchmark, or %s; see lcbench list benchmarks", everything)
	}
	var out []benchmarks.Adapter
	for _, name := range names {
		if name == everything {
			if len(names) > 1 {
				return nil, fmt.Errorf("%s stands for every benchmark: leave out the others", everything)
			}
			return all.Suite(), nil
		}
		a, err := all.Find(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(b benchmarks.Adapter) bool { return b.Name == name }) {
			return nil, fmt.Errorf("benchmark %q is named twice", name)
		}
		out = append(out, a)
	}
	return out, nil
}

// narrowed gives each adapter the options that concern it. One benchmark takes
// all of them or says which it doesn't take; of several, each takes what it
// knows, and one of them has to.
func narrowed(adapters []benchmarks.Adapter, o benchmarks.Options) ([]benchmarks.Options, error) {
	if len(adapters) > 1 && len(o.Tasks) > 0 {
		return nil, errors.New("--tasks is for one benchmark; run them one at a time")
	}
	out := slices.Repeat([]benchmarks.Options{o}, len(adapters))
	for _, part := range selective() {
		var refused []error
		for i, a := range adapters {
			if err := part.check(a, o); err != nil {
				refused = append(refused, err)
				part.clear(&out[i])
			}
		}
		if len(refused) == len(adapters) {
			return nil, refused[0]
		}
	}
	return out, nil
}

// partOfOptions is something that only some benchmarks take.
type partOfOptions struct {
	check func(benchmarks.Adapter, benchmarks.Options) error
	clear func(*benchmarks.Options)
}

func selective() []partOfOptions {
	type options = benchmarks.Options
	knob := func(of func(benchmarks.Shape) benchmarks.Shape, clear func(*benchmarks.Shape)) partOfOptions {
		return partOfOptions{
			func(a benchmarks.Adapter, o options) error { return a.CheckShape(of(o.Shape)) },
			func(o *options) { clear(&o.Shape) },
		}
	}
	type shape = benchmarks.Shape
	return []partOfOptions{
		{func(a benchmarks.Adapter, o options) error { return a.CheckMode(o.Mode) }, func(o *options) { o.Mode = "" }},
		{func(a benchmarks.Adapter, o options) error { return a.CheckLengthInstruction(o.LengthInstruction) }, func(o *options) { o.LengthInstruction = "" }},
		{func(a benchmarks.Adapter, o options) error { return a.CheckJudgeQueries(o.JudgeQueries) }, func(o *options) { o.JudgeQueries = "" }},
		{checkDepths, func(o *options) { o.Depths = nil }},
		knob(func(s shape) shape { return shape{Repeats: s.Repeats} }, func(s *shape) { s.Repeats = 0 }),
		knob(func(s shape) shape { return shape{Needles: s.Needles} }, func(s *shape) { s.Needles = nil }),
		knob(func(s shape) shape { return shape{Rounds: s.Rounds} }, func(s *shape) { s.Rounds = nil }),
		knob(func(s shape) shape { return shape{Placement: s.Placement} }, func(s *shape) { s.Placement = "" }),
		knob(func(s shape) shape { return shape{Direction: s.Direction} }, func(s *shape) { s.Direction = "" }),
		knob(func(s shape) shape { return shape{Haystack: s.Haystack} }, func(s *shape) { s.Haystack = "" }),
	}
}

// checkDepths refuses depths where there are no lengths to place anything in.
func checkDepths(a benchmarks.Adapter, o benchmarks.Options) error {
	if len(o.Depths) > 0 && len(o.Lengths) == 0 && !a.Generated {
		return errors.New("--depths needs --lengths: a depth is a place in a lengthened context")
	}
	return nil
}

// leftOut says why one of several benchmarks isn't run.
type leftOut struct{ why error }

func (l leftOut) Error() string        { return l.why.Error() + ": left out" }
func (l leftOut) Unwrap() error        { return l.why }
func (l leftOut) Is(target error) bool { return target == errLeftOut }

var errLeftOut = errors.New("left out")

// dataDir is the folder of the benchmark's files: the one that was named, or,
// of several benchmarks, the one in it that has the benchmark's name.
func (s *settings) dataDir(dir string, several bool) (string, error) {
	if several {
		own := filepath.Join(dir, s.adapter.Name)
		if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
			if _, err := os.Stat(dir); err == nil {
				return "", leftOut{fmt.Errorf("%s: no folder %s", s.adapter.Name, own)}
			}
		}
		dir = own
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("--data-dir: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("--data-dir %s is not a folder", dir)
	}
	return dir, nil
}

// runSeveral runs one benchmark after the other, under one mechanism after the
// other, and prints one table of all. A benchmark whose data is broken costs that
// benchmark alone, a model that refuses or breaks what is to run on it under the
// same mechanism; what would befall all that comes (a stop, the budget) ends the
// command.
func runSeveral(one session, models map[*modelSettings]*openedModel, list []*settings, folders []*results.Run) error {
	c := one.c
	var overview []results.Overviewed
	var outcomes []error
	var left []string
	var broken *modelSettings
	for i, s := range list {
		if s.modelSettings == broken || one.over {
			left = append(left, s.label(list))
			continue
		}
		fmt.Fprintf(c.App.ErrWriter, "lcbench: %s (%d of %d)\n", s.label(list), i+1, len(list))
		one.model = models[s.modelSettings]
		summary, err := s.runBenchmark(one, folders[i])
		entry := results.Overviewed{Name: s.adapter.Name, Summary: summary, Dir: folders[i].Dir()}
		if s.local != nil {
			entry.Attention = s.local.Info.Attention
		}
		if err != nil {
			entry.Trouble = plain(err.Error())
			outcomes = append(outcomes, err)
		}
		overview = append(overview, entry)
		one.over = one.over || endsAll(one, err)
		if breaksModel(err) {
			broken = s.modelSettings
		}
		if i+1 == len(list) || list[i+1].modelSettings != s.modelSettings { // its caches make room
			if err := one.model.close(); err != nil {
				outcomes = append(outcomes, err)
			}
		}
	}
	width, is := terminal(c.App.Writer)
	o := results.TableOptions{Width: width, Color: results.UseColor(is, os.Getenv)}
	write := results.WriteOverview
	if compared(list) {
		write = results.WriteSideBySide
	}
	err := write(c.App.Writer, overview, o)
	if len(left) > 0 {
		fmt.Fprintf(c.App.ErrWriter, "lcbench: not run: %s\n", strings.Join(left, ", "))
	}
	return errors.Join(err, worst(outcomes))
}

// endsAll says whether what ended one run would end the next under any
// mechanism.
func endsAll(one session, err error) bool {
	select {
	case <-one.drain:
		return true
	default:
	}
	var exit exitError
	return one.ctx.Err() != nil || errors.As(err, &exit) && exit.code == exitBudget
}

// breaksModel says whether what ended one run would end the next on the same
// model.
func breaksModel(err error) bool {
	var call *runners.CallError
	return errors.As(err, &call)
}

// worst makes one exit code of several: failure, then the budget, then lost
// samples.
func worst(outcomes []error) error {
	if len(outcomes) < 2 {
		return errors.Join(outcomes...)
	}
	code := exitLost
	for _, err := range outcomes {
		var exit exitError
		switch {
		case !errors.As(err, &exit), exit.code == exitFailure:
			code = exitFailure
		case exit.code == exitBudget && code != exitFailure:
			code = exitBudget
		}
	}
	return exitError{code, fmt.Errorf("%d runs did not end well; see above", len(outcomes))}
}

// planSeveral plans one benchmark after the other.
func planSeveral(c *cli.Context, list []*settings) error {
	for i, s := range list {
		if len(list) > 1 {
			if i > 0 {
				fmt.Fprintln(c.App.Writer)
			}
			title := s.adapter.Title
			if compared(list) {
				title += " under " + s.local.Info.Attention
			}
			fmt.Fprintf(c.App.Writer, "%s\n\n", title)
		}
		if err := plan(c.Context, s, c.App.Writer); err != nil {
			return err
		}
	}
	return nil
}
