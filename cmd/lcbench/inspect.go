package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "look into a local model while it answers",
		Subcommands: []*cli.Command{{
			Name: "heads", Usage: "find the attention heads that retrieve", ArgsUsage: " ",
			Description: "A head copies when its largest weight lies on the very token of the needle that is\n" +
				"produced. The needle is the reference answer where it stands in the evidence, else the\n" +
				"evidence; only answers that are right count. --json and --parquet hold every head.",
			Flags: append(dataFlags(), append(watchedFlags(),
				&cli.StringFlag{Name: "benchmark", Value: "needlebench", Usage: "whose needles are asked"},
				&cli.IntFlag{Name: "top", Value: 10, Usage: "heads to name"},
				&cli.IntFlag{Name: "max-tokens", Value: 50, Usage: "tokens of an answer at the most"},
				&cli.StringFlag{Name: "json", Usage: "write the figures to this `file`, - for standard output instead of the drawing"},
				&cli.StringFlag{Name: "parquet", Usage: "write a row for each head to this `file`"},
			)...),
			Action: inspectHeads,
		}},
	}
}

// watchedFlags are those of local models that a watched one can have, and how it
// is asked.
func watchedFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Value: "local:smollm2-135m", Usage: "local:NAME or local:PATH"},
		&cli.StringFlag{Name: "rope", Usage: "stretch positions by a `KIND`, see lcbench list ropes (default: the model's own)"},
		&cli.StringFlag{Name: "kv-type", Value: "f16", Usage: "KV cache in f16, f32 or q8"},
		&cli.StringFlag{Name: "kv-budget", Value: "2GiB", Usage: "memory for KV caches"},
		&cli.IntFlag{Name: "threads", Usage: "threads (default: every core)"},
		&cli.StringFlag{Name: "simd", Usage: "plain, avx2, avx512 or vnni (default: the best there is)"},
		&cli.StringFlag{Name: "window", Usage: "the context window in tokens"},
		&cli.StringFlag{Name: "chat-template", Value: "own", Usage: "own (the benchmark's choice by task), always or never"},
		&cli.StringFlag{Name: "system-instruction", Usage: "system turn ahead of every prompt"},
	}
}

func inspectHeads(c *cli.Context) error {
	name, ok := strings.CutPrefix(c.String("model"), "local:")
	switch {
	case c.NArg() > 0:
		return usagef("lcbench inspect heads takes no arguments, got %q", c.Args().First())
	case !ok:
		return usagef("model %q: want local:NAME or local:PATH: only a model in this process can be watched", c.String("model"))
	case c.Int("top") < 1 || c.Int("max-tokens") < 1:
		return usagef("--top %d, --max-tokens %d: want 1 or more", c.Int("top"), c.Int("max-tokens"))
	}
	o, err := localOptions(c, asRun{attention: "full", rope: c.String("rope"), window: c.String("window")})
	if err != nil {
		return err
	}
	o, watching := localmodel.NewWatching(o)
	a := &modelSettings{model: modelSpec{kind: "local", name: name}}
	if a.local, err = loadLocal(c.Context, c, name, o); err != nil {
		return err
	}
	defer a.local.Close() //nolint:errcheck // nothing was written
	list, err := a.readNamed(c, []string{c.String("benchmark")})
	if err != nil {
		return err
	}
	heads, err := list[0].watchHeads(c.Context, c, watching)
	if err != nil {
		return err
	}
	return writeHeads(c, heads)
}

// watchHeads asks the samples one by one.
func (s *settings) watchHeads(ctx context.Context, c *cli.Context, watching *localmodel.Watching) (results.Heads, error) {
	out := results.Heads{Model: c.String("model"), Benchmark: s.adapter.Name, Builtin: s.builtin}
	for sample, err := range s.bench.Samples(ctx, s.options) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice):
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(notice.Text))
			continue
		case runners.CostsOneSample(err):
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(err.Error()))
			continue
		case err != nil:
			return out, err
		}
		if err := s.watchSample(ctx, c, watching, sample, &out); err != nil {
			return out, err
		}
		if _, is := terminal(c.App.ErrWriter); is {
			fmt.Fprintf(c.App.ErrWriter, "\r%d needles asked, %d answered\x1b[K", out.Asked, out.Right)
		}
	}
	if _, is := terminal(c.App.ErrWriter); is {
		fmt.Fprint(c.App.ErrWriter, "\r\x1b[K")
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
	needle, evidence := needleOf(sample)
	if len(evidence) == 0 || sample.ForJudge() {
		out.Left++
		return nil
	}
	chat := sample.Chat
	switch c.String("chat-template") {
	case "always":
		chat = true
	case "never":
		chat = false
	}
	p := localmodel.Prompt{
		System: strings.TrimSpace(c.String("system-instruction") + "\n\n" + sample.Prompt.System), Text: sample.Prompt.Text(),
		Chat: chat && s.local.HasChat() == nil,
	}
	limit := min(c.Int("max-tokens"), cmp.Or(sample.MaxTokens, c.Int("max-tokens")))
	got, err := watching.Heads(ctx, s.local, p, needle, evidence, limit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		fmt.Fprintf(c.App.ErrWriter, "lcbench: %s left out: %s\n", plain(sample.ID), plain(err.Error()))
		out.Left++
		return nil
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

func writeHeads(c *cli.Context, heads results.Heads) error {
	if path := c.String("parquet"); path != "" {
		if err := results.ReplaceFile(path, heads.WriteParquet); err != nil {
			return err
		}
	}
	switch path := c.String("json"); path {
	case "-":
		return heads.WriteJSON(c.App.Writer)
	case "":
	default:
		if err := results.ReplaceFile(path, heads.WriteJSON); err != nil {
			return err
		}
	}
	return heads.WriteText(c.App.Writer, c.Int("top"))
}
