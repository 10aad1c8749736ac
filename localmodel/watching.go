package localmodel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/localmodel/attention/watch"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/instruments"
)

// Watching tells what the heads of one model look at.
type Watching struct{ watch *watch.Watch }

// NewWatching returns options under which a model can be watched: full
// attention on the processor, one answer at a time.
func NewWatching(o Options) (Options, *Watching) {
	w := &Watching{&watch.Watch{}}
	o.Attention, o.Device, o.Batch, o.KeepNone = w.watch, "cpu", 1, true
	return o, w
}

// Watches says what keeps model m, which was opened with w's options, from being
// watched; nil: some layer attends in a way that can be.
func (w *Watching) Watches(m *Model) error {
	if !slices.Contains(strings.Split(m.Info.Attention, ", "), w.watch.String()) {
		return fmt.Errorf("only full attention can be watched, and the model's layers are %s", m.Info.Attention)
	}
	return nil
}

// HeadScores is what heads did while an answer was generated, by layer and
// head. A layer with a mixer of its own has none.
type HeadScores struct {
	Text string // the answer
	// Copying is the share of the needle that a head copied, EveryStep the figure
	// of the public tool (see instruments.Copying), Mass the mean attention on the
	// evidence; attention that falls evenly would put Even there.
	Copying, EveryStep, Mass [][]float64
	Even                     float64
	// NeedleTokens is the length of the needle.
	NeedleTokens int
}

// Heads answers a prompt of model m, which was opened with w's options, and
// watches its heads. needle and evidence are byte ranges [start, end) of
// p.Text.
func (w *Watching) Heads(ctx context.Context, m *Model, p Prompt, needle [2]int, evidence [][2]int, maxTokens int) (HeadScores, error) {
	r, err := m.prepare(p)
	if err != nil {
		return HeadScores{}, err
	}
	at, err := m.tokensOf(p, r, needle)
	if err != nil {
		return HeadScores{}, err
	}
	if at[0] >= at[1] {
		return HeadScores{}, errors.New("the needle has no token of its own in the prompt")
	}
	var spans [][2]int
	for _, e := range evidence {
		span, err := m.tokensOf(p, r, e)
		if err != nil {
			return HeadScores{}, err
		}
		spans = append(spans, span)
	}
	o := observer{w: w, prompt: r.prompt, needle: at, spans: spans}
	result, err := m.engine.Generate(ctx, generate.Request{Prompt: r.prompt, MaxTokens: maxTokens, Token: func(id int32) bool {
		o.see(id)
		return true
	}})
	if err != nil {
		return HeadScores{}, err
	}
	text := ""
	for _, id := range result.IDs {
		text += r.push(id)
	}
	return o.scores(text + r.flush()), nil
}

// tokensOf returns the tokens of a prompt that share a byte with a range of its
// text. A token across the end counts as far as the text cut there has it too.
func (m *Model) tokensOf(p Prompt, r *reading, span [2]int) ([2]int, error) {
	if span[0] < 0 || span[0] > span[1] || span[1] > len(p.Text) {
		return [2]int{}, fmt.Errorf("bytes %d to %d of a prompt of %d", span[0], span[1], len(p.Text))
	}
	var out [2]int
	for i, at := range span {
		n, err := m.upTo(p, r, at)
		if err != nil {
			return out, err
		}
		out[i] = n
	}
	return out, nil
}

// observer collects what is seen while an answer is generated.
type observer struct {
	w       *Watching
	prompt  []int32
	needle  [2]int
	spans   [][2]int
	copying []*instruments.Copying // by layer
	mass    []*instruments.Mass
}

// see takes the token that the newest rows have produced.
func (o *observer) see(id int32) {
	for i, row := range o.w.watch.Rows() {
		if i == len(o.copying) {
			heads := len(row.Weights)
			o.copying = append(o.copying, instruments.NewCopying(heads, o.prompt, o.needle[0], o.needle[1]))
			o.mass = append(o.mass, instruments.NewMass(heads, o.spans))
		}
		o.copying[i].Step(id, row.Weights)
		o.mass[i].Step(row.Weights)
	}
}

func (o *observer) scores(text string) HeadScores {
	out := HeadScores{Text: text, NeedleTokens: o.needle[1] - o.needle[0]}
	for i, c := range o.copying {
		distinct, every := c.Scores()
		mass, even := o.mass[i].Means(len(o.prompt))
		out.Copying, out.EveryStep = append(out.Copying, distinct), append(out.EveryStep, every)
		out.Mass, out.Even = append(out.Mass, mass), even
	}
	return out
}
