package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/plugin"
)

// modelSettings are which model is asked and how: one for all benchmarks of a command.
type modelSettings struct {
	model       modelSpec
	asker       runners.Asker
	price       *runners.Price
	budget      *runners.Limit
	window      int // for plan
	concurrency int
	attention   string            // of a local model, as the user names it
	local       *localmodel.Model // nil until it is loaded
	plugins     []*plugin.Metric
	counted     generate.Stats // of local, when the benchmark before this one ended
}

// settings are the parsed flags of a command that makes samples, for one
// benchmark.
type settings struct {
	*modelSettings
	adapter benchmarks.Adapter
	source  datasets.Source
	builtin bool
	bench   benchmarks.Benchmark
	options benchmarks.Options
	// noContext says that prompts go out without their documents.
	noContext bool
	judging   *judging // nil: nobody judges
	// adaptive is how samples are chosen; nil: all are asked.
	adaptive *adaptive
	// thesaurus is WordNet, where the benchmark takes it and the user has it.
	thesaurus scorers.Thesaurus

	total, totalTokens atomic.Int64 // for the progress line, 0 while unknown
}

// readSettings parses the flags that say what to run on what, for the one
// benchmark that is named.
func readSettings(c *cli.Context) (*settings, error) {
	if c.NArg() != 1 || c.Args().First() == everything {
		return nil, usagef("want one benchmark, got %d; see lcbench list benchmarks", max(c.NArg(), 0))
	}
	list, err := readSeveral(c)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// readSeveral parses the flags for every benchmark that is named; "all" are
// the eight of the field. Nothing is loaded: see load.
func readSeveral(c *cli.Context) ([]*settings, error) {
	if err := applyConfig(c); err != nil {
		return nil, err
	}
	attention, err := oneAttention(c)
	if err != nil {
		return nil, err
	}
	return readUnder(c, attention)
}

// readUnder is readSeveral for one attention mechanism.
func readUnder(c *cli.Context, attention string) ([]*settings, error) {
	ask := &modelSettings{concurrency: c.Int("concurrency"), attention: attention}
	var err error
	if ask.model, err = parseModel(cmp.Or(c.String("model"), "baseline:lexical"), c.String("model-args")); err != nil {
		return nil, usage(err)
	}
	list, err := ask.readBenchmarks(c)
	if err != nil {
		return nil, err
	}
	if err := ask.checkAttention(c, list[0].options.Lengths); err != nil {
		return nil, err
	}
	if err := ask.readAsker(c, list[0].options); err != nil {
		return nil, usage(err)
	}
	return list, usage(ask.readMoney(c))
}

// readBenchmarks opens the benchmarks that are named, each with the options
// that concern it.
func (a *modelSettings) readBenchmarks(c *cli.Context) ([]*settings, error) {
	return a.readNamed(c, c.Args().Slice())
}

// readNamed is readBenchmarks for a list of names.
func (a *modelSettings) readNamed(c *cli.Context, names []string) ([]*settings, error) {
	adapters, err := named(names)
	if err != nil {
		return nil, usage(err)
	}
	common, err := readOptions(c)
	if err != nil {
		return nil, usage(err)
	}
	options, err := narrowed(adapters, common)
	if err != nil {
		return nil, usage(err)
	}
	var list []*settings
	for i, adapter := range adapters {
		s := &settings{modelSettings: a, adapter: adapter, options: options[i], noContext: c.Bool("no-context")}
		if s.options.JudgeQueries == "" && len(adapter.JudgeQueries) > 0 && len(c.StringSlice("judge")) > 0 {
			s.options.JudgeQueries = adapter.JudgeQueries[0]
		}
		if s.noContext {
			if err := checkNoContext(adapter, s.options.Mode); err != nil {
				return nil, usage(err)
			}
		}
		if err := s.openData(c, len(adapters) > 1); errors.Is(err, errLeftOut) {
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(err.Error()))
			continue
		} else if err != nil {
			return nil, usage(err)
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil, usagef("none of the benchmarks is left to run")
	}
	return list, nil
}

// readOptions reads what shapes samples, whatever the benchmark. What counts
// their tokens is opened later: see load.
func readOptions(c *cli.Context) (benchmarks.Options, error) {
	var o benchmarks.Options
	var err error
	o.Tasks = splitWords(c.StringSlice("tasks"))
	if o.Limit, o.Fraction, err = parseLimit(c.String("limit")); err != nil {
		return o, err
	}
	if o.Lengths, err = parseLengths(c.StringSlice("lengths")); err != nil {
		return o, err
	}
	if o.Depths, err = parseDepths(c.StringSlice("depths")); err != nil {
		return o, err
	}
	if c.Bool("no-context") && len(o.Lengths)+len(o.Depths) > 0 {
		return o, errors.New("--no-context goes without --lengths and --depths: without a context each of them would ask the same")
	}
	o.Truncate = benchmarks.Policy(c.String("truncate"))
	if !slices.Contains(benchmarks.Policies(), o.Truncate) {
		return o, fmt.Errorf("truncation %q: want one of %v", o.Truncate, benchmarks.Policies())
	}
	o.Seed, o.Mode, o.Salt = c.Uint64("seed"), c.String("mode"), c.Bool("salt")
	o.LengthInstruction, o.JudgeQueries = c.String("length-instruction"), c.String("judge-queries")
	o.Languages = splitWords(c.StringSlice("languages"))
	o.Shape, err = readShape(c)
	return o, err
}

// readShape reads what generated contexts can be told.
func readShape(c *cli.Context) (benchmarks.Shape, error) {
	shape := benchmarks.Shape{
		Repeats: c.Int("repeats"), Needles: c.IntSlice("needles"), Rounds: c.IntSlice("rounds"),
		Placement: c.String("placement"), Direction: c.String("direction"), Haystack: c.String("haystack"),
	}
	if shape.Repeats < 0 || shape.Repeats == 0 && c.IsSet("repeats") {
		return shape, fmt.Errorf("--repeats %d: want a number above 0", shape.Repeats)
	}
	for flag, counts := range map[string][]int{"needles": shape.Needles, "rounds": shape.Rounds} {
		if i := slices.IndexFunc(counts, func(n int) bool { return n < 1 }); i >= 0 {
			return shape, fmt.Errorf("--%s %d: want numbers above 0", flag, counts[i])
		}
	}
	if shape.Haystack == "" {
		return shape, nil
	}
	info, err := os.Stat(shape.Haystack)
	if err != nil {
		return shape, fmt.Errorf("--haystack: %w", err)
	}
	if !info.IsDir() {
		return shape, fmt.Errorf("--haystack %s is not a folder", shape.Haystack)
	}
	return shape, nil
}

// splitWords splits on commas and spaces, as lm-evaluation-harness does.
func splitWords(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	return out
}

// openData opens the benchmark over its files. Of several benchmarks each has
// a folder of its own in --data-dir.
func (s *settings) openData(c *cli.Context, several bool) error {
	kind := c.String("data")
	if dir := c.String("data-dir"); dir != "" {
		dir, err := s.dataDir(dir, several)
		switch made := s.adapter.Generated && len(s.options.Lengths) > 0; {
		case errors.Is(err, errLeftOut) && made:
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s has no folder in --data-dir: its contexts are made of built-in texts\n", s.adapter.Name)
			kind = "builtin"
		case err != nil:
			return err
		default:
			kind = "folder"
		}
		s.source = datasets.Folder(dir, s.adapter.Pins)
	}
	if kind == "auto" {
		kind = "builtin"
		if s.model.kind == "openai" {
			kind = "hub"
		}
	}
	switch kind {
	case "folder":
	case "builtin":
		s.builtin = true
		s.source = s.adapter.Builtin(s.options.Seed)
	case "hub":
		s.source = datasets.NewHub(s.adapter.Pins, hubOptions(c.App.ErrWriter))
	default:
		return fmt.Errorf("data %q: want auto, builtin or hub", kind)
	}
	s.bench = s.adapter.Open(s.source)
	tasks := s.bench.Tasks()
	if len(s.options.Tasks) == 0 && kind != "hub" {
		s.options.Tasks = s.present(c, tasks)
	}
	if err := benchmarks.CheckLanguages(s.adapter.Name, tasks, s.options.Languages); err != nil {
		if several {
			return leftOut{err}
		}
		return err
	}
	s.leaveContextOut()
	return benchmarks.CheckTasks(s.adapter.Name, tasks, s.options.Tasks)
}

// present names the tasks whose file the source has: a folder or the built-in
// data need not hold all of a benchmark.
func (s *settings) present(c *cli.Context, tasks []benchmarks.Task) []string {
	finder, ok := s.bench.(interface{ File(task string) string })
	if !ok {
		return nil
	}
	var names []string
	for _, t := range tasks {
		f, err := s.source.Open(c.Context, finder.File(t.Name))
		if err == nil {
			err = f.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) { // one that can't be read is to be heard of
			names = append(names, t.Name)
		}
	}
	if len(names) == len(tasks) {
		return nil
	}
	return names
}

func (s *modelSettings) readAsker(c *cli.Context, o benchmarks.Options) error {
	a := &s.asker
	a.Truncate = o.Truncate
	a.Overhead = 32 // more than any common chat template puts around one turn
	a.System, a.ReasoningTokens = c.String("system-instruction"), c.Int("reasoning-tokens")
	switch a.Chat = c.String("chat-template"); a.Chat {
	case "own":
		a.Chat = ""
	case "always", "never":
	default:
		return fmt.Errorf("chat template %q: want own, always or never", a.Chat)
	}
	if c.Bool("apply-chat-template") {
		a.Chat = "always"
	}
	if c.Bool("no-chat-template") {
		a.Chat = "never"
	}
	return s.readGenKwargs(c.String("gen-kwargs"))
}

func (s *modelSettings) readGenKwargs(list string) error {
	pairs, err := parsePairs("gen-kwargs", list)
	if err != nil {
		return err
	}
	a := &s.asker
	for _, p := range pairs {
		var err error
		switch p.key {
		case "temperature":
			var v float64
			v, err = number(p.value)
			a.Temperature = &v
		case "top_p":
			a.TopP, err = number(p.value)
		case "seed":
			var v int
			v, err = whole(p.value)
			a.Seed = &v
		case "max_gen_toks", "max_tokens":
			a.MaxTokens, err = whole(p.value)
		case "until", "stop":
			a.Stop = append(a.Stop, strings.ReplaceAll(p.value, `\n`, "\n"))
		case "do_sample":
		default:
			err = errors.New("want temperature, top_p, seed, max_gen_toks or until")
		}
		if err != nil {
			return fmt.Errorf("--gen-kwargs %s=%s: %w", p.key, p.value, err)
		}
	}
	return nil
}

func (s *modelSettings) readMoney(c *cli.Context) error {
	if err := s.readPrice(c.String("price")); err != nil {
		return err
	}
	return s.readBudget("budget", "price", c)
}

// readPrice takes the price given, or the list price of a known model.
func (s *modelSettings) readPrice(text string) error {
	if p, ok := runners.ListPrice(s.model.name); ok && s.model.kind == "openai" && s.model.official() {
		s.price = &p
	}
	if text == "" {
		return nil
	}
	p, err := runners.ParsePrice(text)
	if err != nil {
		return err
	}
	s.price = &p
	return nil
}

// readBudget reads the flag of that name; money needs a price.
func (s *modelSettings) readBudget(name, price string, c *cli.Context) error {
	text := c.String(name)
	if text == "" {
		return nil
	}
	limit, err := runners.ParseLimit(text)
	if err != nil {
		return err
	}
	if limit.USD > 0 && s.price == nil {
		return fmt.Errorf("--%s %s: no price is known for %s; give --%s in=USD,out=USD", name, text, s.model, price)
	}
	s.budget = &limit
	return nil
}

func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, errors.New("want a number")
	}
	return v, nil
}

func whole(text string) (int, error) {
	v, err := strconv.Atoi(text)
	if err != nil {
		return 0, errors.New("want a whole number")
	}
	return v, nil
}

type pair struct{ key, value string }

// parsePairs reads "k=v,k=v".
func parsePairs(flag, list string) ([]pair, error) {
	var out []pair
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("--%s: %q is not name=value", flag, part)
		}
		out = append(out, pair{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return out, nil
}

// cacheHome is where lcbench keeps what is worth keeping between runs.
func cacheHome() (string, error) {
	if dir := os.Getenv("LCBENCH_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w; set LCBENCH_CACHE", err)
	}
	return filepath.Join(dir, "lcbench"), nil
}
