package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
)

func inspectLikelihoodCommand() *cli.Command {
	return &cli.Command{
		Name: "likelihood", Usage: "likelihood of right answers, by length and depth", ArgsUsage: " ",
		Description: "The mean log-likelihood of the first reference answer behind each prompt, in nats a token:\n" +
			"nothing is generated, so it is cheaper and smoother than a score. Where the evidence's places\n" +
			"are known, the same question is also asked of the evidence alone: the difference is what the\n" +
			"length costs.",
		Flags:  slices.Concat(dataFlags(), localFlags(), askingFlags(), instrumentFlags("a row for each sample")),
		Action: inspectLikelihood,
	}
}

func inspectLikelihood(c *cli.Context) error {
	name, err := inspectedModel(c, "tells how likely it thinks a given answer")
	if err != nil {
		return err
	}
	how, err := inspectedUnder(c)
	if err != nil {
		return err
	}
	o, err := localOptions(c, "", asRun{how, c.String("rope"), c.String("window")})
	if err != nil {
		return err
	}
	s, err := openInspected(c, name, o)
	if err != nil {
		return err
	}
	defer s.local.Close() //nolint:errcheck // nothing was written
	found := results.Likelihood{
		Measured: measuredAs(c.String("model"), s.local), Benchmark: s.adapter.Name, Builtin: s.builtin, Tokenizer: s.options.Tokenizer.Name(),
	}
	err = s.eachSample(c, func(sample benchmarks.Sample) error { return s.addLikelihood(c, sample, &found) },
		func() string { return fmt.Sprintf("%d samples", len(found.List)) })
	if err != nil {
		return err
	}
	if len(found.List) == 0 {
		return fmt.Errorf("no sample of %s has an answer whose likelihood could be measured: %d were left out; try other --tasks", s.adapter.Name, found.Left)
	}
	found.Summarise()
	if err := s.writeInstrument(c, results.InstrumentLikelihood, found); err != nil || c.String("json") == "-" {
		return err
	}
	return found.WriteText(c.App.Writer)
}

// addLikelihood measures one sample.
func (s *settings) addLikelihood(c *cli.Context, sample benchmarks.Sample, found *results.Likelihood) error {
	g, err := s.give(c, s.local, sample)
	if err == nil {
		var row results.LikelihoodSample
		if row, err = s.likelihoodOf(c, g, sample); err == nil {
			_, found.OwnLengths = lengthOf(sample)
			found.List = append(found.List, row)
			return nil
		}
	}
	found.Left++
	return leaveOut(c, sample, err)
}

// likelihoodOf scores the answer behind the prompt as it is sent, and behind the
// evidence alone as it was before anything was cut.
func (s *settings) likelihoodOf(c *cli.Context, g given, whole benchmarks.Sample) (results.LikelihoodSample, error) {
	row := results.LikelihoodSample{ID: g.ID, Task: g.Task, Document: g.Group, Depth: g.Depth, CutTokens: g.cut}
	row.Length, _ = lengthOf(whole)
	nll, n, err := nats(c, s.local, g.prompt, g.answer)
	if err != nil {
		return row, err
	}
	row.LogLikelihood, row.AnswerTokens = 0-nll, n
	if row.PromptTokens, err = s.local.Count(g.prompt); err != nil {
		return row, err
	}
	if e := g.Evidence; e.State == benchmarks.EvidenceKnown && len(e.Spans) > 0 {
		n, err := s.local.Distance(g.prompt, len(g.Prompt.Before)+e.Spans[0].Start)
		if err != nil {
			return row, err
		}
		row.Distance = &n
	}
	if text, ok := evidenceAlone(whole); ok {
		nll, _, err := nats(c, s.local, g.with(c, s.local, text), g.answer)
		if err != nil {
			return row, fmt.Errorf("its evidence alone: %w", err)
		}
		short := 0 - nll
		row.Short = &short
	}
	return row, nil
}

// evidenceAlone is the passages that the answer rests on; false: they aren't
// known.
func evidenceAlone(s benchmarks.Sample) (string, bool) {
	if s.Evidence.State != benchmarks.EvidenceKnown || len(s.Evidence.Spans) == 0 {
		return "", false
	}
	var passages []string
	for _, span := range s.Evidence.Spans {
		passages = append(passages, strings.TrimSpace(s.Prompt.Context[span.Start:span.End]))
	}
	return strings.Join(passages, "\n"), true
}
