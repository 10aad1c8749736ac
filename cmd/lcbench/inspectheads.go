package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/results"
)

func inspectHeadsCommand() *cli.Command {
	return &cli.Command{
		Name: "heads", Usage: "find the attention heads that retrieve", ArgsUsage: " ",
		Description: "A head copies when its largest weight lies on the very token of the needle that is\n" +
			"produced. The needle is the reference answer where it stands in the evidence, else the\n" +
			"evidence; only answers that are right count. The files in --out hold every head.",
		Flags: slices.Concat(dataFlags(), watchedFlags(), askingFlags(), []cli.Flag{
			&cli.IntFlag{Name: "top", Value: 10, Usage: "heads to name"},
			&cli.IntFlag{Name: "max-tokens", Value: 50, Usage: "tokens of an answer at the most"},
		}, instrumentFlags("a row for each head")),
		Action: inspectHeads,
	}
}

func inspectHeads(c *cli.Context) error {
	name, err := inspectedModel(c, "can be watched")
	if err != nil {
		return err
	}
	if c.Int("top") < 1 || c.Int("max-tokens") < 1 {
		return usagef("--top %d, --max-tokens %d: want 1 or more", c.Int("top"), c.Int("max-tokens"))
	}
	o, err := localOptions(c, "", asRun{attention: "full", rope: c.String("rope"), window: c.String("window")})
	if err != nil {
		return err
	}
	o, watching := localmodel.NewWatching(o)
	s, err := openInspected(c, name, o)
	if err != nil {
		return err
	}
	defer s.local.Close() //nolint:errcheck // nothing was written
	if err := watching.Watches(s.local); err != nil {
		return usagef("--model %s: %w", c.String("model"), err)
	}
	if own := s.local.Info.OwnAttention; own != "full" {
		return usagef("--model %s: only full attention can be watched, and its own is %s", c.String("model"), own)
	}
	heads, err := s.watchHeads(c, watching)
	if err != nil {
		return err
	}
	if err := s.writeInstrument(c, results.InstrumentHeads, heads); err != nil || c.String("json") == "-" {
		return err
	}
	return heads.WriteText(c.App.Writer, c.Int("top"))
}

// watchHeads asks the samples one by one.
func (s *settings) watchHeads(c *cli.Context, watching *localmodel.Watching) (results.Heads, error) {
	m := measuredAs(c.String("model"), s.local)
	out := results.Heads{
		Instrument: results.InstrumentHeads, Model: m.Model, Attention: m.Attention, Rope: m.Rope, Window: m.Window,
		Benchmark: s.adapter.Name, Builtin: s.builtin,
	}
	err := s.eachSample(c, func(sample benchmarks.Sample) error {
		return s.watchSample(c.Context, c, watching, sample, &out)
	}, func() string { return fmt.Sprintf("%d needles asked, %d answered", out.Asked, out.Right) })
	if err != nil {
		return out, err
	}
	out.Even /= float64(max(1, out.Right))
	for i := range out.List {
		h := &out.List[i]
		h.Copying, h.EveryStep, h.Mass = h.Copying/float64(out.Right), h.EveryStep/float64(out.Right), h.Mass/float64(out.Right)
	}
	if out.Asked == 0 {
		return out, fmt.Errorf("no sample of %s has a needle that could be watched: %d were left out; try other --tasks", s.adapter.Name, out.Left)
	}
	return out, nil
}

// watchSample adds what the heads do with one sample, if it is answered.
func (s *settings) watchSample(ctx context.Context, c *cli.Context, watching *localmodel.Watching, sample benchmarks.Sample, out *results.Heads) error {
	if len(sample.Evidence.Spans) == 0 || sample.ForJudge() {
		out.Left++
		return nil
	}
	limit := min(c.Int("max-tokens"), cmp.Or(sample.MaxTokens, c.Int("max-tokens")))
	sample, _, err := s.cutFor(c, s.local, sample, limit)
	needle, evidence := needleOf(sample)
	if err == nil && len(evidence) == 0 {
		err = errors.New("its evidence was cut to fit the window")
	}
	if err != nil {
		out.Left++
		return leaveOut(c, sample, err)
	}
	got, err := watching.Heads(ctx, s.local, promptOf(c, s.local, sample), needle, evidence, limit)
	if err != nil {
		out.Left++
		return leaveOut(c, sample, err)
	}
	out.Asked++
	score, err := s.score(sample, got.Text)
	if err != nil {
		return err
	}
	if score.Value > 0.5 {
		addHeads(out, got)
	}
	return nil
}

// needleOf returns where in the prompt's text the needle lies, and the
// evidence: byte ranges.
func needleOf(s benchmarks.Sample) (needle [2]int, evidence [][2]int) {
	for _, span := range s.Evidence.Spans {
		at := len(s.Prompt.Before) + span.Start
		evidence = append(evidence, [2]int{at, len(s.Prompt.Before) + span.End})
		text := s.Prompt.Context[span.Start:span.End]
		for _, r := range s.References {
			if i := strings.LastIndex(text, r); r != "" && i >= 0 && needle == [2]int{} {
				needle = [2]int{at + i, at + i + len(r)}
			}
		}
	}
	if needle == [2]int{} && len(evidence) > 0 {
		needle = evidence[0]
	}
	return needle, evidence
}

func addHeads(out *results.Heads, got localmodel.HeadScores) {
	out.Right++
	out.Even += got.Even
	at := 0
	for layer, heads := range got.Copying {
		for head := range heads {
			if at == len(out.List) {
				out.List = append(out.List, results.HeadScore{Layer: layer, Head: head})
			}
			h := &out.List[at]
			h.Copying += got.Copying[layer][head]
			h.EveryStep += got.EveryStep[layer][head]
			h.Mass += got.Mass[layer][head]
			at++
		}
	}
}
