package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/localmodel"
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name: "bench", Usage: "speed and memory of a local model by length of the prompt",
		Description: "Prefill: a prompt of that many tokens, nothing kept from before. Decode: the\n" +
			"tokens behind it, one sequence at a time. Again: a second question on the same\n" +
			"prompt, as a share of its prefill. With --attention all, or several mechanisms,\n" +
			"the mechanisms' kernels are compared: the same as lcbench bench attention.",
		Subcommands: []*cli.Command{benchAttentionCommand()},
		Flags: append(localFlags(),
			&cli.StringFlag{Name: "model", Value: "local:smollm2-135m", Usage: "local:NAME or local:PATH"},
			&cli.StringSliceFlag{Name: "lengths", Value: cli.NewStringSlice("512", "2k", "4k", "8k"), Usage: "prompt lengths in tokens"},
			&cli.IntFlag{Name: "tokens", Value: 64, Usage: "tokens to decode"},
			&cli.BoolFlag{Name: "json", Usage: "one JSON object a length instead of the table"},
			&cli.StringFlag{Name: "window", Usage: "context window in tokens, beyond the model's own where --rope stretches it"},
			shapeFlag(),
		),
		Action: func(c *cli.Context) error {
			if list := attentionSpecs(c); len(list) > 1 || list[0] == everything {
				tellUnused(c)
				return benchAttention(c, list)
			}
			return benchModel(c)
		},
	}
}

// tellUnused tells of a model's flags where mechanisms are compared without one.
func tellUnused(c *cli.Context) {
	for _, name := range []string{"model", "tokens", "window", "rope", "kv-budget"} {
		if c.IsSet(name) {
			fmt.Fprintf(c.App.ErrWriter, "lcbench: --%s isn't looked at: several mechanisms are compared at one layer, whose size is --shape's\n", name)
		}
	}
}

func benchModel(c *cli.Context) error {
	name, ok := strings.CutPrefix(c.String("model"), "local:")
	if !ok {
		return usagef("model %q: want local:NAME or local:PATH", c.String("model"))
	}
	lengths, err := parseLengths(splitWords(c.StringSlice("lengths")))
	if err != nil {
		return usage(err)
	}
	tokens := c.Int("tokens")
	if tokens < 2 {
		return usagef("--tokens %d: want 2 or more", tokens)
	}
	if err := checkModelBench(c, lengths); err != nil {
		return err
	}
	m, err := openLocal(c.Context, c, name)
	if err != nil {
		return err
	}
	defer m.Close() //nolint:errcheck // nothing was written
	most := m.Info.Window - tokens - questionTokens
	if most < 1 {
		return usagef("--tokens %d leaves no room for a prompt in a window of %d", tokens, m.Info.Window)
	}
	show := tableOf(c.App.Writer, m.Info)
	if c.Bool("json") {
		show = json.NewEncoder(c.App.Writer).Encode
	}
	for _, n := range lengths {
		s, err := measureModel(c.Context, m, min(n, most), tokens)
		if err != nil {
			return err
		}
		if err := show(s); err != nil {
			return err
		}
		debug.FreeOSMemory()
	}
	return nil
}

// checkModelBench refuses, ahead of the model, what it can't be measured under.
func checkModelBench(c *cli.Context, lengths []int) error {
	if c.IsSet("shape") {
		if _, err := parseShape(c.String("shape")); err != nil {
			return usage(err)
		}
		return usagef("--shape is for comparing mechanisms (--attention all, or several): a model has its own; leave it out")
	}
	spec, err := oneAttention(c)
	if err != nil {
		return err
	}
	m, err := parseAttention(spec)
	if err != nil {
		return err
	}
	return checkDivides(spec, m, lengths)
}

// questionTokens is more than BOS and the second question take.
const questionTokens = 16

// tableOf prints a table's head and returns what prints its lines.
func tableOf(out io.Writer, i localmodel.Info) func(any) error {
	fmt.Fprintf(out, "%s: %s, attention %s%s, KV cache %s\n", i.Name, i.Device, i.Attention, inRope(i), i.KV)
	fmt.Fprintf(out, "%8s%16s%15s%14s%9s%11s\n", "prompt", "prefill tok/s", "decode tok/s", "first token", "again", "memory")
	return func(line any) error {
		s := line.(speed)
		first := time.Duration(s.First * float64(time.Second)).Round(time.Millisecond)
		_, err := fmt.Fprintf(out, "%8d%16.1f%15.1f%14s%8.1f%%%8d MB\n", s.Prompt, s.Prefill, s.Decode, first, 100*s.Again, s.Memory>>20)
		return err
	}
}

// speed is what one length came to.
type speed struct {
	Prompt  int     `json:"prompt_tokens"`
	Prefill float64 `json:"prefill_tokens_per_second"`
	Decode  float64 `json:"decode_tokens_per_second"`
	First   float64 `json:"first_token_seconds"`
	Again   float64 `json:"second_question_share"` // of the first one's prefill
	Memory  int64   `json:"peak_memory_bytes"`     // of the process so far
}

// measureModel times one prompt of n tokens of running text, different for each
// length, so that no prefix is shared.
func measureModel(ctx context.Context, m *localmodel.Model, n, tokens int) (speed, error) {
	text := prose(m, n)
	ask := func(tail string, tokens int) (localmodel.Answer, error) {
		return m.Answer(ctx, localmodel.Prompt{Text: text + tail}, localmodel.Params{MaxTokens: tokens, IgnoreEnd: true})
	}
	a, err := ask("", tokens)
	if err != nil {
		return speed{}, err
	}
	s := speed{Prompt: a.PromptTokens, First: a.FirstToken.Seconds()}
	s.Prefill = float64(a.PromptTokens-a.Cached) / a.Prefill.Seconds()
	s.Decode = float64(len(a.IDs)-1) / (a.Total - a.FirstToken).Seconds()
	b, err := ask(" Who?", 1)
	s.Again, s.Memory = b.Prefill.Seconds()/a.Prefill.Seconds(), peakMemory()
	return s, err
}

// prose is generated text of exactly n tokens, as far as token borders allow.
func prose(m *localmodel.Model, n int) string {
	text := builtin.New(uint64(n)).Chronicle("en", 0, n, builtin.Shape{}).Text()
	ends := m.Tokenizer().Ends(text) // a word is a token at least
	return text[:ends[min(n, len(ends))-1]]
}
