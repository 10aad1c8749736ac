package main

import (
	"context"
	"fmt"
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
			"prompt, as a share of its prefill.",
		Flags: append(localFlags(),
			&cli.StringFlag{Name: "model", Value: "local:smollm2-135m", Usage: "local:NAME or local:PATH"},
			&cli.StringSliceFlag{Name: "lengths", Value: cli.NewStringSlice("512", "2k", "4k", "8k"), Usage: "prompt lengths in tokens"},
			&cli.IntFlag{Name: "tokens", Value: 64, Usage: "tokens to decode"},
			&cli.StringFlag{Name: "window", Hidden: true},
		),
		Action: benchModel,
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
	m, err := openLocal(c.Context, c, name)
	if err != nil {
		return err
	}
	defer m.Close() //nolint:errcheck // nothing was written
	most := m.Info.Window - tokens - questionTokens
	if most < 1 {
		return usagef("--tokens %d leaves no room for a prompt in a window of %d", tokens, m.Info.Window)
	}
	fmt.Fprintf(c.App.Writer, "%s: %s, attention %s, KV cache %s\n", m.Info.Name, m.Info.Device, m.Info.Attention, m.Info.KV)
	// Columns of fixed width: each line is printed when it is known.
	fmt.Fprintf(c.App.Writer, "%8s %14s %13s %12s %7s %8s\n", "prompt", "prefill tok/s", "decode tok/s", "first token", "again", "memory")
	for _, n := range lengths {
		s, err := measure(c.Context, m, min(n, most), tokens)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.App.Writer, "%8d %14.1f %13.1f %12s %6.1f%% %5d MB\n", s.prompt, s.prefill, s.decode, s.first.Round(time.Millisecond), 100*s.again, peakMemory()>>20)
		debug.FreeOSMemory()
	}
	return nil
}

// questionTokens is more than BOS and the second question take.
const questionTokens = 16

type speed struct {
	prompt          int
	prefill, decode float64 // tokens a second
	first           time.Duration
	again           float64 // a second question's prefill by the first one's
}

// measure times one prompt of n tokens of running text, different for each
// length, so that no prefix is shared.
func measure(ctx context.Context, m *localmodel.Model, n, tokens int) (speed, error) {
	text := prose(m, n)
	ask := func(tail string, tokens int) (localmodel.Answer, error) {
		return m.Answer(ctx, localmodel.Prompt{Text: text + tail}, localmodel.Params{MaxTokens: tokens, IgnoreEnd: true})
	}
	a, err := ask("", tokens)
	if err != nil {
		return speed{}, err
	}
	s := speed{prompt: a.PromptTokens, first: a.FirstToken}
	s.prefill = float64(a.PromptTokens-a.Cached) / a.Prefill.Seconds()
	s.decode = float64(len(a.IDs)-1) / (a.Total - a.FirstToken).Seconds()
	b, err := ask(" Who?", 1)
	s.again = b.Prefill.Seconds() / a.Prefill.Seconds()
	return s, err
}

// prose is generated text of exactly n tokens, as far as token borders allow.
func prose(m *localmodel.Model, n int) string {
	text := builtin.New(uint64(n)).Chronicle("en", 0, n, builtin.Shape{}).Text()
	ends := m.Tokenizer().Ends(text) // a word is a token at least
	return text[:ends[min(n, len(ends))-1]]
}
