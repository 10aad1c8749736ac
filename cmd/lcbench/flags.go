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
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// dataFlags say where samples come from and how they are shaped.
func dataFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "YAML `file` of flag names and values; the command line wins"},
		&cli.StringFlag{Name: "data", Value: "auto", Usage: "builtin (generated, offline), hub (the official files) or auto: hub for API models, else builtin"},
		&cli.StringFlag{Name: "data-dir", Usage: "read the benchmark's files from this `folder`"},
		&cli.StringSliceFlag{Name: "tasks", Usage: "tasks to run, by commas (default: all)"},
		&cli.StringFlag{Name: "limit", Usage: "rows for each task: a number, or a fraction below 1"},
		&cli.StringSliceFlag{Name: "languages", Usage: "only tasks in these languages: en, zh"},
		&cli.StringSliceFlag{Name: "lengths", Usage: "bring contexts to these lengths in tokens: 4k,8k,128k"},
		&cli.StringSliceFlag{Name: "depths", Usage: "place the document at these percentages of a lengthened context: 0,50,100 or 0..100/10"},
		&cli.StringFlag{Name: "truncate", Value: string(benchmarks.TruncateOwn), Usage: "own (the benchmark's rule), middle, left, right or none"},
		&cli.StringFlag{Name: "tokenizer", Usage: "count tokens with approx, cl100k_base, o200k_base, p50k_base, r50k_base, a name of lcbench model ls, or a GGUF file or tokenizer.json (default: approx; the model's own where lengths are asked for)"},
		&cli.Uint64Flag{Name: "seed", Usage: "seed of everything drawn"},
		&cli.StringFlag{Name: "mode", Usage: "variant of the benchmark's protocol (longbench-v2: plain, cot, no-context; leval: chat, base)"},
		&cli.StringFlag{Name: "length-instruction", Usage: "how prompts of leval's open tasks tell the reference's length: about, exact or off (default: about)"},
		&cli.IntFlag{Name: "repeats", Usage: "draw each cell of a generated grid so often (default: as the benchmark does)"},
		&cli.IntSliceFlag{Name: "needles", Usage: "counts of needles, or of a thread's steps: 2,3,5"},
		&cli.IntSliceFlag{Name: "rounds", Usage: "demonstrations of each label: 1,2,5"},
		&cli.StringFlag{Name: "placement", Usage: "where what matters is put: random, clustered, … by benchmark"},
		&cli.StringFlag{Name: "direction", Usage: "which way a thread runs: forward, backward or random"},
		&cli.StringFlag{Name: "haystack", Usage: "a `folder` of text files to hide needles in, instead of the benchmark's own"},
		&cli.StringFlag{Name: "judge-queries", Usage: "also ask the queries that leval leaves to judges: llm (96, GPT-4's) or all (181, GPT-3.5's and people's)"},
		&cli.BoolFlag{Name: "salt", Usage: "start each prompt differently, so that no prefix cache helps"},
	}
}

// modelFlags say which model answers, and how it is asked.
func modelFlags() []cli.Flag {
	return slices.Concat(localFlags(), []cli.Flag{
		&cli.StringFlag{Name: "model", Usage: "openai:NAME[@BASE_URL], local:NAME or local:PATH, baseline:lexical or replay:PATH (default: baseline:lexical)"},
		&cli.StringFlag{Name: "model-args", Usage: "k=v,…: base_url, api (auto, chat, completions), stream, organization"},
		&cli.StringFlag{Name: "gen-kwargs", Usage: "k=v,…: temperature, top_p, seed, max_gen_toks, until"},
		&cli.StringFlag{Name: "chat-template", Value: "own", Usage: "own (the benchmark's choice by task), always or never"},
		&cli.BoolFlag{Name: "apply-chat-template", Usage: "the same as --chat-template always"},
		&cli.BoolFlag{Name: "no-chat-template", Usage: "the same as --chat-template never"},
		&cli.StringFlag{Name: "system-instruction", Usage: "system turn ahead of every prompt"},
		&cli.IntFlag{Name: "reasoning-tokens", Usage: "tokens for thinking, besides the answer's own"},
		&cli.StringFlag{Name: "window", Usage: "the model's context window in tokens (default: what the endpoint says)"},
		&cli.IntFlag{Name: "concurrency", Value: 32, Usage: "requests in flight at the most", EnvVars: []string{"LCBENCH_CONCURRENCY"}},
		&cli.IntFlag{Name: "rpm", Usage: "requests a minute at the most"},
		&cli.IntFlag{Name: "tpm", Usage: "tokens a minute at the most"},
		&cli.StringFlag{Name: "budget", Usage: "stop before the run costs more: 5usd or 200000tok"},
		&cli.StringFlag{Name: "price", Usage: "in=USD,cached=USD,out=USD for a million tokens"},
	}, callFlags())
}

// callFlags say how any endpoint is called, a judge's too.
func callFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "max-retries", Value: 6, Usage: "retries of a transient failure"},
		&cli.DurationFlag{Name: "timeout-connect", Value: 10 * time.Second, Usage: "deadline for connecting"},
		&cli.DurationFlag{Name: "timeout-first-token", Value: 60 * time.Second, Usage: "deadline for the first token; a second more for each 1k prompt tokens"},
		&cli.DurationFlag{Name: "timeout-idle", Value: 60 * time.Second, Usage: "deadline between tokens"},
		&cli.BoolFlag{Name: "no-cache", Usage: "don't take answers from earlier runs"},
	}
}

// hiddenFlags are accepted because other tools have them.
func hiddenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "log-samples", Hidden: true},
		&cli.StringFlag{Name: "batch-size", Hidden: true},
		&cli.StringFlag{Name: "num-fewshot", Hidden: true},
	}
}

// settings are the parsed flags of a command that makes samples.
type settings struct {
	adapter benchmarks.Adapter
	source  datasets.Source
	builtin bool
	bench   benchmarks.Benchmark
	options benchmarks.Options
	model   modelSpec
	asker   runners.Asker
	price   *runners.Price
	budget  *runners.Limit
	judging *judging // nil: nobody judges
	window  int      // for plan
	local   *localmodel.Model
	// thesaurus is WordNet, where the benchmark takes it and the user has it.
	thesaurus scorers.Thesaurus

	concurrency        int
	total, totalTokens atomic.Int64 // for the progress line, 0 while unknown
}

// readSettings parses the flags that say what to run on what.
func readSettings(c *cli.Context) (*settings, error) {
	if err := applyConfig(c); err != nil {
		return nil, err
	}
	if c.NArg() != 1 {
		return nil, usagef("want one benchmark, got %d; see lcbench list benchmarks", c.NArg())
	}
	s := &settings{}
	var err error
	if s.adapter, err = all.Find(c.Args().First()); err != nil {
		return nil, usage(err)
	}
	if s.model, err = parseModel(cmp.Or(c.String("model"), "baseline:lexical"), c.String("model-args")); err != nil {
		return nil, usage(err)
	}
	if err := s.useLocal(c); err != nil {
		return nil, err
	}
	if err := s.readOptions(c); err != nil {
		return nil, usage(err)
	}
	if err := s.openData(c); err != nil {
		return nil, usage(err)
	}
	if err := s.readAsker(c); err != nil {
		return nil, usage(err)
	}
	return s, usage(s.readMoney(c))
}

func (s *settings) readOptions(c *cli.Context) error {
	o := &s.options
	var err error
	o.Tasks = splitWords(c.StringSlice("tasks"))
	if o.Limit, o.Fraction, err = parseLimit(c.String("limit")); err != nil {
		return err
	}
	if o.Lengths, err = parseLengths(c.StringSlice("lengths")); err != nil {
		return err
	}
	if o.Depths, err = parseDepths(c.StringSlice("depths")); err != nil {
		return err
	}
	if len(o.Depths) > 0 && len(o.Lengths) == 0 && !s.adapter.Generated {
		return errors.New("--depths needs --lengths: a depth is a place in a lengthened context")
	}
	o.Truncate = benchmarks.Policy(c.String("truncate"))
	if !slices.Contains(benchmarks.Policies(), o.Truncate) {
		return fmt.Errorf("truncation %q: want one of %v", o.Truncate, benchmarks.Policies())
	}
	o.Seed, o.Mode, o.Salt = c.Uint64("seed"), c.String("mode"), c.Bool("salt")
	o.LengthInstruction = c.String("length-instruction")
	o.Languages = splitWords(c.StringSlice("languages"))
	if o.Shape, err = readShape(c); err != nil {
		return err
	}
	if err := s.adapter.CheckShape(o.Shape); err != nil {
		return err
	}
	if o.JudgeQueries = c.String("judge-queries"); o.JudgeQueries == "" && len(c.StringSlice("judge")) > 0 && len(s.adapter.JudgeQueries) > 0 {
		o.JudgeQueries = s.adapter.JudgeQueries[0]
	}
	if err := errors.Join(s.adapter.CheckMode(o.Mode), s.adapter.CheckLengthInstruction(o.LengthInstruction), s.adapter.CheckJudgeQueries(o.JudgeQueries)); err != nil {
		return err
	}
	name := c.String("tokenizer")
	if s.local != nil && name == "" {
		o.Tokenizer = s.local.Tokenizer()
		return nil
	}
	if name == "" {
		name = tokenizer.ApproxName
		if len(o.Lengths) > 0 {
			if own := tokenizer.ForModel(s.model.name); own != "" {
				name = own
			}
		}
	}
	o.Tokenizer, err = openTokenizer(c, name)
	return err
}

// readShape reads what generated contexts can be told.
func readShape(c *cli.Context) (benchmarks.Shape, error) {
	shape := benchmarks.Shape{
		Repeats: c.Int("repeats"), Needles: c.IntSlice("needles"), Rounds: c.IntSlice("rounds"),
		Placement: c.String("placement"), Direction: c.String("direction"), Haystack: c.String("haystack"),
	}
	if shape.Repeats < 0 {
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

// openTokenizer takes a named vocabulary, or that of a model: a name that
// lcbench model ls knows, or the path of a file or folder.
func openTokenizer(c *cli.Context, name string) (benchmarks.Tokenizer, error) {
	if slices.Contains(tokenizer.Names(), name) {
		return tokenizer.Named(name)
	}
	files, err := modelFiles(c.App.ErrWriter)
	if err != nil {
		return nil, err
	}
	if !files.Knows(name) && !strings.ContainsAny(name, `/\.:`) {
		known := slices.Concat(tokenizer.Names(), files.Names())
		return nil, fmt.Errorf("tokenizer %q%s: known are %s, and paths of a GGUF file or a tokenizer.json", name, benchmarks.DidYouMean(name, known), strings.Join(known, ", "))
	}
	path, err := files.Find(c.Context, name)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return localmodel.OpenTokenizer(path)
}

// splitWords splits on commas and spaces, as lm-evaluation-harness does.
func splitWords(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	return out
}

func (s *settings) openData(c *cli.Context) error {
	kind := c.String("data")
	if dir := c.String("data-dir"); dir != "" {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("--data-dir: %w", err)
		}
		if !info.IsDir() {
			return fmt.Errorf("--data-dir %s is not a folder", dir)
		}
		kind = "folder"
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
	return errors.Join(benchmarks.CheckTasks(s.adapter.Name, tasks, s.options.Tasks),
		benchmarks.CheckLanguages(s.adapter.Name, tasks, s.options.Languages))
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

func (s *settings) readAsker(c *cli.Context) error {
	a := &s.asker
	a.Tokenizer, a.Truncate = s.options.Tokenizer, s.options.Truncate
	a.Exact = tokenizer.ForModel(s.model.name) == s.options.Tokenizer.Name()
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
	if err := s.askLocal(); err != nil {
		return err
	}
	return s.readGenKwargs(c.String("gen-kwargs"))
}

func (s *settings) readGenKwargs(list string) error {
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
			v, err = strconv.ParseFloat(p.value, 64)
			a.Temperature = &v
		case "top_p":
			a.TopP, err = strconv.ParseFloat(p.value, 64)
		case "seed":
			var v int
			v, err = strconv.Atoi(p.value)
			a.Seed = &v
		case "max_gen_toks", "max_tokens":
			a.MaxTokens, err = strconv.Atoi(p.value)
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

// readPrice takes the price given, or the list price of a known model.
func (s *settings) readPrice(text string) error {
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

func (s *settings) readMoney(c *cli.Context) error {
	if err := s.readPrice(c.String("price")); err != nil {
		return err
	}
	return s.readBudget("budget", "price", c)
}

// readBudget reads the flag of that name; money needs a price.
func (s *settings) readBudget(name, price string, c *cli.Context) error {
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
