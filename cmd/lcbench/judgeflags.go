package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/runners/judge"
)

// judgeFlags say who judges answers, and how.
func judgeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "judge", Usage: "a model that judges the answers, named as --model names one; twice for two judges and their agreement (key: LCBENCH_JUDGE_API_KEY, else OPENAI_API_KEY)"},
		&cli.StringFlag{Name: "baseline-answers", Usage: "the answers that ours are compared with: jsonl of {\"id\", \"answer\"}, L-Eval's prediction `file`, or a run's folder"},
		&cli.StringFlag{Name: "judge-mode", Usage: "pairwise, rubric (1 to 10), same_meaning or summary (default: the benchmark's own; pairwise with --baseline-answers; else rubric)"},
		&cli.StringSliceFlag{Name: "judge-template", Usage: "`FILE`, or mode=FILE where a run has several: the judge's question, with {question}, {reference}, {answer} or {answer_a}, {answer_b}"},
		&cli.StringFlag{Name: "judge-budget", Usage: "stop before all judges together cost more: 5usd or 200000tok"},
		&cli.StringFlag{Name: "judge-price", Usage: "in=USD,cached=USD,out=USD for a million of a judge's tokens"},
		&cli.IntFlag{Name: "judge-concurrency", Value: 8, Usage: "a judge's requests in flight at the most"},
		&cli.IntFlag{Name: "judge-reasoning-tokens", Usage: "tokens for a judge's thinking, besides its reply's own"},
	}
}

// judging is what judgeFlags ask for.
type judging struct {
	adapter   benchmarks.Adapter
	judges    []modelSpec
	mode      benchmarks.JudgeProtocol // "": by row
	templates map[string]string        // texts by protocol, "" for whichever there is
	files     map[string]string        // their names
	opponent  *judge.Opponent          // nil: none
	tasks     []string                 // only answers of these; empty: all
	// others allows answers to queries that the benchmark doesn't leave to judges,
	// where it has such and the run didn't ask them.
	others bool
	calls  calls
	seed   uint64
}

// readJudging reads judgeFlags; nil: nobody judges.
func readJudging(c *cli.Context, a benchmarks.Adapter) (*judging, error) {
	g := &judging{
		adapter: a, seed: c.Uint64("seed"), templates: map[string]string{}, files: map[string]string{},
		mode: benchmarks.JudgeProtocol(c.String("judge-mode")), tasks: splitWords(c.StringSlice("tasks")),
		calls: calls{
			concurrency: max(1, c.Int("judge-concurrency")),
			key:         cmp.Or(os.Getenv("LCBENCH_JUDGE_API_KEY"), os.Getenv("OPENAI_API_KEY")),
		},
	}
	g.others = len(g.tasks) > 0 && c.Command.Name == "judge"
	for _, text := range c.StringSlice("judge") {
		spec, err := parseModel(text, "")
		if err != nil {
			return nil, fmt.Errorf("--judge: %w", err)
		}
		if err := g.affords(c, spec); err != nil {
			return nil, err
		}
		g.judges = append(g.judges, spec)
	}
	if len(g.judges) == 0 {
		for _, flag := range []string{"baseline-answers", "judge-mode", "judge-template", "judge-budget"} {
			if c.IsSet(flag) {
				return nil, fmt.Errorf("--%s needs --judge: nobody is there to judge", flag)
			}
		}
		return nil, nil
	}
	return g, errors.Join(g.readMode(c), g.readTemplates(c.StringSlice("judge-template")))
}

// affords checks what can be known of a judge before the run costs anything.
func (g *judging) affords(c *cli.Context, spec modelSpec) error {
	if spec.official() && g.calls.key == "" {
		return fmt.Errorf("--judge %s needs a key: set LCBENCH_JUDGE_API_KEY or OPENAI_API_KEY", spec)
	}
	s := &modelSettings{model: spec}
	if err := s.readPrice(c.String("judge-price")); err != nil {
		return fmt.Errorf("--judge-price: %w", err)
	}
	return s.readBudget("judge-budget", "judge-price", c)
}

// readMode settles how answers are judged, and against whose.
func (g *judging) readMode(c *cli.Context) error {
	path := c.String("baseline-answers")
	switch {
	case g.mode == "" && path != "":
		g.mode = benchmarks.JudgePairwise
	case g.mode == "" && len(g.adapter.JudgeQueries) > 0:
		return fmt.Errorf("%s's judge compares two systems: give the other one's answers as --baseline-answers FILE, or grade with --judge-mode rubric", g.adapter.Name)
	case g.mode == benchmarks.JudgePairwise && path == "":
		return errors.New("--judge-mode pairwise needs --baseline-answers: the answers that ours are compared with")
	case g.mode != benchmarks.JudgePairwise && path != "":
		return fmt.Errorf("--baseline-answers: --judge-mode %s looks at one answer alone; leave one of them out", g.mode)
	}
	if g.mode != "" {
		if _, err := judge.Find(g.mode); err != nil {
			return fmt.Errorf("--judge-mode: %w", err)
		}
	}
	if path == "" {
		return nil
	}
	var err error
	if g.opponent, err = judge.ReadOpponent(c.Context, path); err != nil {
		return fmt.Errorf("--baseline-answers: %w", err)
	}
	return nil
}

// maxTemplate bounds a template, in bytes.
const maxTemplate = 1 << 20

// readTemplates reads the files and checks those whose protocol is known by now.
func (g *judging) readTemplates(list []string) error {
	for _, entry := range list {
		name, file, named := strings.Cut(entry, "=")
		if _, err := judge.Find(benchmarks.JudgeProtocol(name)); !named || err != nil {
			name, file = string(g.mode), entry
		}
		info, err := os.Stat(file)
		if err != nil {
			return fmt.Errorf("--judge-template: %w", err)
		}
		if info.Size() > maxTemplate {
			return fmt.Errorf("--judge-template %s: over %d bytes, that is no template", file, maxTemplate)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("--judge-template: %w", err)
		}
		if _, twice := g.templates[name]; twice {
			return fmt.Errorf("--judge-template %s: a second template; name its mode, as in pairwise=%s", entry, file)
		}
		g.templates[name], g.files[name] = string(raw), file
		if name != "" {
			if _, err := g.template(benchmarks.JudgeProtocol(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// template is the wording for a protocol: the user's, or ours.
func (g *judging) template(name benchmarks.JudgeProtocol) (judge.Template, error) {
	p, err := judge.Find(name)
	if err != nil {
		return judge.Template{}, err
	}
	for _, key := range []string{string(name), ""} {
		if text, ok := g.templates[key]; ok {
			return judge.ParseTemplate(g.files[key], text, p)
		}
	}
	return judge.Own(p)
}

// settings are those of one judge, as of a model.
func (g *judging) settings(c *cli.Context, spec modelSpec) (*settings, error) {
	s := &settings{modelSettings: &modelSettings{model: spec}, options: benchmarks.Options{Seed: g.seed}}
	var err error
	if spec.kind == "local" {
		o, err := localOptions(c, "", asRun{})
		if err != nil {
			return nil, err
		}
		if s.local, err = loadLocal(c.Context, c, spec.name, o); err != nil {
			return nil, err
		}
		s.options.Tokenizer = s.local.Tokenizer()
	} else if s.options.Tokenizer, err = tokenizer.Named(cmp.Or(tokenizer.ForModel(spec.name), tokenizer.ApproxName)); err != nil {
		return nil, err
	}
	a := &s.asker
	a.Tokenizer, a.Truncate, a.Overhead = s.options.Tokenizer, benchmarks.TruncateNone, 32
	a.Exact = s.options.Tokenizer.Name() != tokenizer.ApproxName
	a.ReasoningTokens = c.Int("judge-reasoning-tokens")
	return s, errors.Join(s.askLocal(s.options.Tokenizer), s.readPrice(c.String("judge-price")), s.readBudget("judge-budget", "judge-price", c))
}
