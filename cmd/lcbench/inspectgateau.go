package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/instruments"
	"github.com/lcbench/lcbench/results"
)

func inspectGateauCommand() *cli.Command {
	return &cli.Command{
		Name: "gateau", Usage: "GATEAU's two scores: needs the context, looks there", ArgsUsage: " ",
		Description: "HMG: how much likelier the model makes the reference answer than another one that sees less,\n" +
			"named by --against and its kin. CAM: over segments of the context, the cosine of how much each\n" +
			"one alone helps and of how much attention the answer pays to it (full attention only).",
		Flags: slices.Concat(dataFlags(), localFlags(), askingFlags(), []cli.Flag{
			&cli.StringFlag{Name: "against", Usage: "the model that sees less, local:NAME or local:PATH (default: the same one, if another --against-… is given)"},
			&cli.StringFlag{Name: "against-attention", Usage: "its attention `mechanism` (default: the one that its weights were trained with, mostly full)"},
			&cli.StringFlag{Name: "against-rope", Usage: "its stretch of positions, a `KIND` (default: its own)"},
			&cli.StringFlag{Name: "against-window", Usage: "its window in tokens, to which prompts are cut by --truncate (default: its own)"},
			&cli.IntFlag{Name: "segment", Value: 128, Usage: "length of a segment in tokens"},
			&cli.IntFlag{Name: "top", Value: 10, Usage: "samples to name"},
		}, instrumentFlags("a row for each sample")),
		Action: inspectGateau,
	}
}

// gateau measures samples under a model and the one that it is set against.
type gateau struct {
	*settings
	c *cli.Context
	// watching is nil where the model's attention can't be watched.
	watching *localmodel.Watching
	against  *localmodel.Model // nil: none was named
	found    results.Gateau
}

func inspectGateau(c *cli.Context) (err error) {
	g := &gateau{c: c}
	defer func() { err = errors.Join(err, g.close()) }()
	if err := g.open(); err != nil {
		return err
	}
	err = g.eachSample(c, g.add, func() string { return fmt.Sprintf("%d samples", len(g.found.List)) })
	if err != nil {
		return err
	}
	if len(g.found.List) == 0 {
		return fmt.Errorf("no sample of %s could be measured: %d were left out; try other --tasks", g.adapter.Name, g.found.Left)
	}
	g.addGuidance()
	g.found.Summarise()
	if err := g.writeInstrument(c, results.InstrumentGateau, g.found); err != nil || c.String("json") == "-" {
		return err
	}
	return g.found.WriteText(c.App.Writer, c.Int("top"))
}

func (g *gateau) close() error {
	var errs []error
	if g.settings != nil {
		errs = append(errs, g.local.Close())
	}
	if g.against != nil {
		errs = append(errs, g.against.Close())
	}
	return errors.Join(errs...)
}

// open loads both models.
func (g *gateau) open() error {
	c := g.c
	name, err := inspectedModel(c, "tells how likely it thinks a given answer, and where it looks")
	if err != nil {
		return err
	}
	if c.Int("segment") < 1 || c.Int("top") < 1 {
		return usagef("--segment %d, --top %d: want 1 or more", c.Int("segment"), c.Int("top"))
	}
	how, err := inspectedUnder(c)
	if err != nil {
		return err
	}
	o, err := localOptions(c, "", asRun{how, c.String("rope"), c.String("window")})
	if err != nil {
		return err
	}
	g.found.Segment = c.Int("segment")
	o = g.watchOwn(o)
	other, err := g.readAgainst()
	if err != nil {
		return err
	}
	if err := g.openOwn(name, o); err != nil {
		return err
	}
	if err := g.somethingLeft(other); err != nil {
		return err
	}
	g.found.Measured = measuredAs(c.String("model"), g.local)
	g.found.Benchmark, g.found.Builtin, g.found.Tokenizer = g.adapter.Name, g.builtin, g.options.Tokenizer.Name()
	return g.openAgainst(other)
}

// watchOwn has the model itself watched, if the flags let it.
func (g *gateau) watchOwn(o localmodel.Options) localmodel.Options {
	switch {
	case o.Attention != nil && o.Attention.String() != "full":
		g.found.NoAwareness = "only full attention can be watched"
	case g.c.String("device") == "gpu":
		g.found.NoAwareness = "only the CPU's attention can be watched"
	default:
		o, g.watching = localmodel.NewWatching(o)
	}
	return o
}

// openOwn loads the model itself, once more if it turns out that its attention
// can't be watched.
func (g *gateau) openOwn(name string, o localmodel.Options) error {
	var err error
	if g.settings, err = openInspected(g.c, name, o); err != nil || g.watching == nil {
		return err
	}
	if err := g.watching.Watches(g.local); err != nil {
		g.watching, g.found.NoAwareness = nil, err.Error()
		return nil
	}
	if own := g.local.Info.OwnAttention; !attentionGiven(g.c) && own != "full" {
		g.watching, g.found.NoAwareness = nil, "only full attention can be watched, and the model's own is "+own
		if err := g.local.Close(); err != nil {
			return err
		}
		o.Attention = nil
		g.settings, err = openInspected(g.c, name, o)
	}
	return err
}

// somethingLeft refuses a call that would measure nothing.
func (g *gateau) somethingLeft(other *lesser) error {
	if other == nil && g.watching == nil {
		return usagef("%s: nothing is left to measure without --against, --against-attention, --against-rope or --against-window", g.found.NoAwareness)
	}
	return nil
}

// lesser is the model that sees less, as the flags name it.
type lesser struct {
	spec, name string
	options    localmodel.Options
}

// readAgainst reads which model sees less; nil: none is named.
func (g *gateau) readAgainst() (*lesser, error) {
	c := g.c
	own := asRun{c.String("against-attention"), c.String("against-rope"), c.String("against-window")}
	l := &lesser{spec: c.String("against")}
	if l.spec == "" && own == (asRun{}) {
		return nil, g.somethingLeft(nil)
	}
	if l.spec == "" {
		l.spec = c.String("model")
	}
	var ok bool
	if l.name, ok = strings.CutPrefix(l.spec, "local:"); !ok {
		return nil, usagef("--against %q: want local:NAME or local:PATH: only a model in this process tells how likely it thinks a given answer", l.spec)
	}
	var err error
	if l.options, err = localOptions(c, "against-", own); err != nil {
		return nil, err
	}
	lengths, err := parseLengths(c.StringSlice("lengths"))
	if err != nil {
		return nil, usage(err)
	}
	if err := checkWork(c, own.attention, l.options.Attention, lengths); err != nil {
		return nil, usagef("--against-attention: %w", err)
	}
	return l, nil
}

// openAgainst loads the model that sees less, if there is one.
func (g *gateau) openAgainst(l *lesser) error {
	if l == nil {
		return nil
	}
	var err error
	if g.against, err = openAs(g.c.Context, g.c, l.name, "against-", l.options); err != nil {
		return err
	}
	m := measuredAs(l.spec, g.against)
	if m == g.found.Measured {
		return usagef("--against: that is the model itself, with the same settings; name another model, --against-attention, --against-rope or --against-window")
	}
	g.found.Against = &m
	return nil
}

// add measures one sample.
func (g *gateau) add(sample benchmarks.Sample) error {
	row, err := g.measure(sample)
	if err != nil {
		g.found.Left++
		return leaveOut(g.c, sample, err)
	}
	_, g.found.OwnLengths = lengthOf(sample)
	g.found.List = append(g.found.List, row)
	return nil
}

func (g *gateau) measure(sample benchmarks.Sample) (results.GateauSample, error) {
	row := results.GateauSample{ID: sample.ID, Task: sample.Task, Document: sample.Group, Depth: sample.Depth}
	row.Length, _ = lengthOf(sample)
	own, err := g.give(g.c, g.local, sample)
	if err != nil {
		return row, err
	}
	if row.PromptTokens, err = g.local.Count(own.prompt); err != nil {
		return row, err
	}
	if g.watching != nil {
		err = g.watch(own, &row)
	} else {
		row.NLL, row.AnswerTokens, err = nats(g.c, g.local, own.prompt, own.answer)
	}
	if err != nil || g.against == nil {
		return row, err
	}
	other, err := g.give(g.c, g.against, sample)
	if err != nil {
		return row, fmt.Errorf("set against: %w", err)
	}
	nll, _, err := nats(g.c, g.against, other.prompt, other.answer)
	if err != nil {
		return row, fmt.Errorf("set against: %w", err)
	}
	gap := nll - row.NLL
	row.AgainstNLL, row.Gap, row.AgainstCut = &nll, &gap, other.cut
	return row, nil
}

// watch lets the model write the answer behind the whole context, then scores it
// behind each segment alone. One segment has nothing to be compared with.
func (g *gateau) watch(own given, row *results.GateauSample) error {
	cuts := segments(own.Prompt.Context, g.local.Tokenizer().Ends(own.Prompt.Context), g.found.Segment)
	borders := make([]int, len(cuts))
	for i, at := range cuts {
		borders[i] = len(own.Prompt.Before) + at
	}
	paid, err := g.watching.Paid(g.c.Context, g.local, own.prompt, own.answer, borders)
	if err != nil {
		return err
	}
	row.NLL, row.AnswerTokens = negativeMean(paid.LogProbs), len(paid.LogProbs)
	if len(paid.Mass) < 2 {
		return nil
	}
	var alone []float64
	for i := range paid.Mass {
		p := own.with(g.c, g.local, own.Prompt.Context[cuts[i]:cuts[i+1]])
		nll, _, err := nats(g.c, g.local, p, own.answer)
		if err != nil {
			return fmt.Errorf("segment %d alone: %w", i+1, err)
		}
		alone = append(alone, nll)
	}
	a := instruments.ContextualAwareness(alone, paid.Mass)
	row.Awareness, row.Sharp = &a.Score, &a.Sharp
	for i, nll := range alone {
		row.Segments = append(row.Segments, results.GateauSegment{NLL: nll, Importance: a.Importance[i], Mass: paid.Mass[i]})
	}
	return nil
}

// segments are the borders, in bytes, of pieces of so many tokens of a text; the
// last one is of what is left. ends are those of its tokens. No letter is cut.
func segments(text string, ends []int, tokens int) []int {
	borders := []int{0}
	for i := tokens; i < len(ends); i += tokens {
		at := ends[i-1]
		for at < len(text) && !utf8.RuneStart(text[at]) {
			at++
		}
		if at > borders[len(borders)-1] && at < len(text) {
			borders = append(borders, at)
		}
	}
	if len(text) > 0 {
		borders = append(borders, len(text))
	}
	return borders
}

// addGuidance sets the samples' perplexities beside each other.
func (g *gateau) addGuidance() {
	if g.against == nil {
		return
	}
	var short, long []float64
	for _, s := range g.found.List {
		short, long = append(short, *s.AgainstNLL), append(long, s.NLL)
	}
	for i, h := range instruments.HomologousGuidance(short, long) {
		s := &g.found.List[i]
		s.AgainstShare, s.Share, s.Guidance = &h.Short, &h.Long, &h.Score
	}
}
