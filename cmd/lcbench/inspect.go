package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "look into a local model: heads, likelihoods, where it looks",
		Subcommands: []*cli.Command{inspectHeadsCommand(), inspectLikelihoodCommand(), inspectGateauCommand()},
	}
}

// watchedFlags are those of local models that a watched one can have.
func watchedFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "rope", Usage: "stretch positions by a `KIND`, see lcbench list ropes (default: the model's own)"},
		&cli.StringFlag{Name: "kv-type", Value: "f16", Usage: "KV cache in f16, f32 or q8"},
		&cli.StringFlag{Name: "kv-budget", Value: "2GiB", Usage: "memory for KV caches"},
		&cli.IntFlag{Name: "threads", Usage: "threads (default: every core)"},
		&cli.StringFlag{Name: "simd", Usage: "plain, avx2, avx512 or vnni (default: the best there is)"},
	}
}

// askingFlags say which local model an instrument looks into, and how it is
// asked.
func askingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Value: "local:smollm2-135m", Usage: "local:NAME or local:PATH"},
		&cli.StringFlag{Name: "benchmark", Value: "needlebench", Usage: "whose samples are asked"},
		&cli.StringFlag{Name: "window", Usage: "the context window in tokens"},
		&cli.StringFlag{Name: "chat-template", Value: "own", Usage: "own (the benchmark's choice by task), always or never"},
		&cli.StringFlag{Name: "system-instruction", Usage: "system turn ahead of every prompt"},
	}
}

// instrumentFlags say where figures go; rows is what a row of the table holds.
func instrumentFlags(rows string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "out", Usage: "the `folder` for the figures as JSON and Parquet, which lcbench report draws (default: results/inspect-<instrument>-<benchmark>-<model>-<hash of the settings>)"},
		&cli.StringFlag{Name: "json", Usage: "write the figures to this `file` too, - for standard output instead of the table"},
		&cli.StringFlag{Name: "parquet", Usage: "write " + rows + " to this `file` too"},
	}
}

// inspectedModel returns the name of the local model that --model names; can is
// what no other model can.
func inspectedModel(c *cli.Context, can string) (string, error) {
	if err := applyConfig(c); err != nil {
		return "", err
	}
	name, ok := strings.CutPrefix(c.String("model"), "local:")
	switch {
	case c.NArg() > 0:
		return "", usagef("lcbench inspect %s takes no arguments, got %q", c.Command.Name, c.Args().First())
	case !ok:
		return "", usagef("model %q: want local:NAME or local:PATH: only a model in this process %s", c.String("model"), can)
	}
	return name, nil
}

// inspectedUnder returns the mechanism that --attention names; "": none, which
// stands for the model's own.
func inspectedUnder(c *cli.Context) (string, error) {
	if !attentionGiven(c) {
		return "", nil
	}
	return oneAttention(c)
}

// openInspected opens the benchmark that a model is asked, then loads that.
func openInspected(c *cli.Context, name string, o localmodel.Options) (*settings, error) {
	a := &modelSettings{model: modelSpec{kind: "local", name: name}}
	list, err := a.readNamed(c, []string{c.String("benchmark")})
	if err != nil {
		return nil, err
	}
	if err := checkWork(c, attentionSpecs(c)[0], o.Attention, list[0].options.Lengths); err != nil {
		return nil, err
	}
	count, err := a.namedTokenizer(c, list[0].options.Lengths)
	if err != nil {
		return nil, err
	}
	if a.local, err = openAs(c.Context, c, name, "", o); err != nil {
		return nil, err
	}
	a.countWith(count, list)
	return list[0], nil
}

// eachSample gives every sample to ask, one by one. Samples that can't be made
// are told of, and the stream goes on.
func (s *settings) eachSample(c *cli.Context, ask func(benchmarks.Sample) error, progress func() string) error {
	_, live := terminal(c.App.ErrWriter)
	for sample, err := range s.bench.Samples(c.Context, s.options) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice):
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(notice.Text))
			continue
		case runners.CostsOneSample(err):
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(err.Error()))
			continue
		case err != nil:
			return err
		}
		if err := ask(sample); err != nil {
			return err
		}
		if live {
			fmt.Fprintf(c.App.ErrWriter, "\r%s\x1b[K", progress())
		}
	}
	if live {
		fmt.Fprint(c.App.ErrWriter, "\r\x1b[K")
	}
	return nil
}

// leaveOut tells of a sample that could not be asked. Its error is that of a
// command which is stopped.
func leaveOut(c *cli.Context, sample benchmarks.Sample, err error) error {
	if stopped := c.Err(); stopped != nil {
		return stopped
	}
	fmt.Fprintf(c.App.ErrWriter, "lcbench: %s left out: %s\n", plain(sample.ID), plain(err.Error()))
	return nil
}

// promptOf is a sample as a model is asked it.
func promptOf(c *cli.Context, m *localmodel.Model, sample benchmarks.Sample) localmodel.Prompt {
	p := localmodel.Prompt{System: systemOf(c, sample), Text: sample.Prompt.Text(), Chat: inChat(c, m, sample)}
	if sample.Prompt.Context != "" {
		p.Fixed = len(sample.Prompt.Before) + len(sample.Prompt.Context)
	}
	return p
}

func systemOf(c *cli.Context, sample benchmarks.Sample) string {
	return strings.TrimSpace(c.String("system-instruction") + "\n\n" + sample.Prompt.System)
}

func inChat(c *cli.Context, m *localmodel.Model, sample benchmarks.Sample) bool {
	chat := sample.Chat
	switch c.String("chat-template") {
	case "always":
		chat = true
	case "never":
		chat = false
	}
	return chat && m.HasChat() == nil
}

// given is a sample with the answer whose likelihood is wanted: its first
// reference. Behind plain text it begins with a space where the language has
// them and the text doesn't end in one.
type given struct {
	benchmarks.Sample
	prompt localmodel.Prompt
	answer string
	cut    int // tokens of the prompt, to fit the window
}

var errNoReference = errors.New("it has no reference answer")

// give shapes a sample for a model, cut to its window as a run would cut it.
func (s *settings) give(c *cli.Context, m *localmodel.Model, sample benchmarks.Sample) (given, error) {
	g := given{Sample: sample}
	if len(sample.References) == 0 || strings.TrimSpace(sample.References[0]) == "" {
		return g, errNoReference
	}
	g.answer = strings.TrimSpace(sample.References[0])
	var err error
	if g.Sample, g.cut, err = s.cutFor(c, m, sample, benchmarks.Count(m.Tokenizer(), g.answer)+1); err != nil {
		return g, err
	}
	g.prompt = promptOf(c, m, g.Sample)
	if last, _ := utf8.DecodeLastRuneInString(g.prompt.Text); !g.prompt.Chat && sample.Language != "zh" && !unicode.IsSpace(last) {
		g.answer = " " + g.answer
	}
	return g, nil
}

// cutFor cuts a sample, by --truncate, to what a model's window leaves it beside
// an answer of so many tokens; cut is how many tokens went. The benchmark's own
// system turn is counted with the prompt.
func (s *settings) cutFor(c *cli.Context, m *localmodel.Model, sample benchmarks.Sample, answer int) (fitted benchmarks.Sample, cut int, err error) {
	overhead, err := m.Overhead(c.String("system-instruction"), inChat(c, m, sample))
	if err != nil {
		return sample, 0, err
	}
	return benchmarks.Fit(sample, max(1, m.Info.Window-overhead-answer-1), s.options.Truncate, m.Tokenizer())
}

// with is the same question and answer with another context.
func (g given) with(c *cli.Context, m *localmodel.Model, text string) localmodel.Prompt {
	s := g.Sample
	s.Prompt.Context = text
	return promptOf(c, m, s)
}

// lengthOf is where a sample is counted: the length that was asked for, else a
// power of two that holds it.
func lengthOf(sample benchmarks.Sample) (length int, own bool) {
	if sample.TargetLength > 0 {
		return sample.TargetLength, false
	}
	return results.Bucket(sample.ContextTokens), true
}

// measuredAs describes a model in an instrument's files.
func measuredAs(spec string, m *localmodel.Model) results.Measured {
	return results.Measured{Model: spec, Attention: m.Info.Attention, Rope: m.Info.Rope, Window: m.Info.Window}
}

// nats is an answer's mean negative log-likelihood behind a prompt, in nats a
// token, and how many tokens it has.
func nats(c *cli.Context, m *localmodel.Model, p localmodel.Prompt, answer string) (float64, int, error) {
	r, err := m.Score(c.Context, p, answer)
	if err != nil {
		return 0, 0, err
	}
	if len(r.LogProbs) == 0 {
		return 0, 0, errNoReference
	}
	return negativeMean(r.LogProbs), len(r.LogProbs), nil
}

// negativeMean of log-probabilities; rounding takes none above 1.
func negativeMean(logProbs []float64) float64 {
	sum := 0.0
	for _, v := range logProbs {
		sum -= v
	}
	return max(0, sum/float64(len(logProbs)))
}

// instrument is what can be written down.
type instrument interface {
	WriteJSON(io.Writer) error
	WriteParquet(io.Writer) error
}

// writeInstrument writes figures into their folder and where else they are
// wanted.
func (s *settings) writeInstrument(c *cli.Context, kind string, f instrument) error {
	dir := c.String("out")
	if dir == "" {
		dir = results.DefaultDir("results", "inspect-"+kind+"-"+s.adapter.Name, "local-"+s.model.name, results.IdentityHash(s.shapedBy(c)))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	places := map[string]func(io.Writer) error{
		filepath.Join(dir, kind+".json"): f.WriteJSON, filepath.Join(dir, kind+".parquet"): f.WriteParquet,
	}
	if path := c.String("parquet"); path != "" {
		places[path] = f.WriteParquet
	}
	if path := c.String("json"); path != "" && path != "-" {
		places[path] = f.WriteJSON
	}
	for path, write := range places {
		if err := results.ReplaceFile(path, write); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.App.ErrWriter, "lcbench: wrote %s\n", plain(dir))
	if c.String("json") == "-" {
		return f.WriteJSON(c.App.Writer)
	}
	return nil
}

// shapedBy are the settings that make an instrument's figures what they are.
func (s *settings) shapedBy(c *cli.Context) []results.Setting {
	out := s.configuration(c)
	for _, name := range []string{"chat-template", "system-instruction", "max-tokens", "segment", "against", "against-attention", "against-rope", "against-window"} {
		if c.IsSet(name) {
			out = append(out, results.Setting{Name: name, Value: fmt.Sprint(c.Value(name)), Identity: true})
		}
	}
	return out
}
