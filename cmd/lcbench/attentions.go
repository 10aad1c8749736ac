package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel/attention"
	attentions "github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/choice"
)

// attentionFlag names mechanisms: one, or several where they are compared.
func attentionFlag() cli.Flag {
	return &cli.GenericFlag{
		Name: "attention", Value: &specs{list: []string{"full"}},
		Usage: "local models: attention `mechanism`, see lcbench list attentions (default: the one that the weights were trained with, mostly full); run takes several, one flag each or by commas, and sets them side by side",
	}
}

// specs are mechanisms as the command line names them. A comma ends one unless
// a parameter of the same one follows.
type specs struct {
	list  []string
	given bool
}

// Set implements cli.Generic. The first value replaces the default.
func (s *specs) Set(text string) error {
	if !s.given {
		s.list, s.given = nil, true
	}
	s.list = append(s.list, attentions.Split(text)...)
	return nil
}

func (s *specs) String() string { return strings.Join(s.list, " ") }

// attentionSpecs returns what --attention names.
func attentionSpecs(c *cli.Context) []string {
	if s, ok := c.Generic("attention").(*specs); ok {
		return s.list
	}
	return []string{"full"} // a command without the flag
}

// attentionGiven says whether --attention was given, rather than left at full.
func attentionGiven(c *cli.Context) bool {
	s, ok := c.Generic("attention").(*specs)
	return ok && s.given
}

// oneAttention is attentionSpecs for commands that take one.
func oneAttention(c *cli.Context) (string, error) {
	list := attentionSpecs(c)
	if len(list) > 1 {
		return "", usagef("--attention names %d mechanisms (%s); %s takes one, lcbench run compares several", len(list), strings.Join(list, " "), c.Command.Name)
	}
	return list[0], nil
}

// parseAttention reads a mechanism; an unknown name or parameter gets the
// nearest known one.
func parseAttention(spec string) (attention.Mechanism, error) {
	m, err := attentions.Parse(spec)
	return m, usage(withNearest(err))
}

// withNearest adds the nearest known name to an error about an unknown one.
func withNearest(err error) error {
	var unknown *choice.UnknownError
	if errors.As(err, &unknown) {
		unknown.Hint = benchmarks.DidYouMean(unknown.Name, unknown.Known)
	}
	return err
}

// parseAttentions reads several, each once.
func parseAttentions(list []string) ([]attention.Mechanism, error) {
	var out []attention.Mechanism
	for _, spec := range list {
		m, err := parseAttention(spec)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(other attention.Mechanism) bool { return other.String() == m.String() }) {
			return nil, usagef("attention %s is named twice", m)
		}
		out = append(out, m)
	}
	return out, nil
}

// readCompared is readSeveral under each mechanism that --attention names, one
// after the other.
func readCompared(c *cli.Context) ([]*settings, error) {
	if err := applyConfig(c); err != nil {
		return nil, err
	}
	specs := attentionSpecs(c)
	if len(specs) == 1 {
		return readUnder(c, specs[0])
	}
	mechanisms, err := parseAttentions(specs)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(c.String("model"), "local:") {
		return nil, usagef("--attention names %d mechanisms: they are for local models (--model local:NAME)", len(specs))
	}
	var list []*settings
	for i := range mechanisms {
		under, err := readUnder(c, specs[i])
		if err != nil {
			return nil, err
		}
		list = append(list, under...)
	}
	return list, nil
}

func closeLocals(list []*settings) error {
	var errs []error
	for i, s := range list {
		if s.local != nil && (i == 0 || list[i-1].modelSettings != s.modelSettings) {
			errs = append(errs, s.local.Close())
		}
	}
	return errors.Join(errs...)
}

// compared says whether several mechanisms are run.
func compared(list []*settings) bool {
	return list[0].modelSettings != list[len(list)-1].modelSettings
}

// label names one of several: its benchmark, its mechanism, or both.
func (s *settings) label(list []*settings) string {
	if !compared(list) {
		return s.adapter.Name
	}
	if !severalBenchmarks(list) {
		return s.local.Info.Attention
	}
	return fmt.Sprintf("%s under %s", s.adapter.Name, s.local.Info.Attention)
}

func severalBenchmarks(list []*settings) bool {
	return slices.ContainsFunc(list, func(s *settings) bool { return s.adapter.Name != list[0].adapter.Name })
}

// subfolder is where one of several runs lies in --out: under its benchmark,
// its mechanism, or both.
func (s *settings) subfolder(list []*settings) []string {
	var parts []string
	if severalBenchmarks(list) || len(list) > 1 && !compared(list) {
		parts = append(parts, s.adapter.Name)
	}
	if compared(list) {
		parts = append(parts, strings.NewReplacer(":", "-", "=", "-", ",", "-").Replace(attentions.Short(s.local.Info.Attention)))
	}
	return parts
}

// checkAttention refuses a mechanism, and other options of a local model, that
// can't do their work on what will be asked.
func (a *modelSettings) checkAttention(c *cli.Context, lengths []int) error {
	if a.model.kind != "local" {
		return nil
	}
	if _, err := localOptions(c, "", asRun{a.attention, c.String("rope"), c.String("window")}); err != nil {
		return err
	}
	m, err := parseAttention(a.attention)
	if err != nil {
		return err
	}
	return checkWork(c, a.attention, m, lengths)
}

// checkWork refuses a mechanism that can't do its work on what will be asked.
func checkWork(c *cli.Context, spec string, m attention.Mechanism, lengths []int) error {
	if _, needs := m.(attention.ContextEnder); needs && c.Bool("no-context") {
		return usagef("attention %s needs a document ahead of the question: prompts without one (--no-context) leave it nothing to do", m)
	}
	return checkDivides(spec, m, lengths)
}

// checkDivides refuses pieces of somebody's choice that leave nothing to choose
// in the longest context that was asked for.
func checkDivides(spec string, m attention.Mechanism, lengths []int) error {
	if err := undivided(m, lengths); err != nil && chosen(spec) {
		return usagef("attention %s at %s, the longest of --lengths: %w", m, longest(lengths), err)
	}
	return nil
}

func longest(lengths []int) string { return benchmarks.FormatTokens(slices.Max(lengths)) }

// chosen says that somebody chose the pieces that a mechanism cuts a context
// into: the usual ones may do nothing at some lengths, which is told, and no
// mistake.
func chosen(spec string) bool {
	_, given, _ := strings.Cut(spec, ":")
	return slices.ContainsFunc(strings.Split(given, ","), func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		return slices.Contains([]string{"chunk", "block", "topk"}, key)
	})
}

// undivided says why a mechanism's pieces leave nothing to choose in the longest
// context that was asked for; nil where they do.
func undivided(m attention.Mechanism, lengths []int) error {
	if d, divides := m.(attention.Divider); divides && len(lengths) > 0 {
		return d.Divides(slices.Max(lengths))
	}
	return nil
}

// tellUndivided tells of usual pieces that leave nothing to choose.
func (a *modelSettings) tellUndivided(c *cli.Context, lengths []int) {
	m, err := attentions.Parse(a.attention)
	if a.local == nil || err != nil || chosen(a.attention) {
		return
	}
	if err := undivided(m, lengths); err != nil {
		fmt.Fprintf(c.App.ErrWriter, "lcbench: attention %s at %s, the longest of --lengths, attends as full attention does: %v\n", m, longest(lengths), err)
	}
}

// checkDocument refuses a mechanism that needs a document ahead of the question
// in a command whose prompts don't say where theirs ends.
func checkDocument(c *cli.Context, spec string) error {
	m, err := parseAttention(spec)
	if _, needs := m.(attention.ContextEnder); needs && err == nil {
		return usagef("--attention %s needs a document ahead of the question, and prompts of lcbench %s don't say where theirs ends; lcbench run's do", m, c.Command.Name)
	}
	return err
}
