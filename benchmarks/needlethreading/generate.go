package needlethreading

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// generator makes the samples of one run.
type generator struct {
	o      benchmarks.Options
	stocks *stocks
}

// generate streams the grid of the selected tasks.
func (b *needleThreading) generate(ctx context.Context, o benchmarks.Options, yield func(benchmarks.Sample, error) bool) {
	g := &generator{o: o, stocks: &stocks{tok: o.Tokenizer, seed: o.Seed}}
	p := newPlan(o)
	if !p.chars && o.Tokenizer == nil {
		yield(benchmarks.Sample{}, errors.New(name+": lengths in tokens need a tokenizer"))
		return
	}
	if !b.builtin() && !yield(benchmarks.Sample{}, &benchmarks.Notice{Text: name + ": contexts and questions were made here for the lengths asked for; they are not the released rows"}) {
		return
	}
	index := 0
	for _, t := range tasks() {
		if !o.Selects(t.Task) {
			continue
		}
		cells, notices := p.cells(t, g.capacity(p))
		for _, text := range notices {
			if !yield(benchmarks.Sample{}, &benchmarks.Notice{Text: text}) {
				return
			}
		}
		t.Rows = len(cells)
		for _, c := range spread(cells, o.Wanted(t.Task)) {
			if ctx.Err() != nil {
				yield(benchmarks.Sample{}, ctx.Err())
				return
			}
			s, err := g.sample(t, c)
			s.Index = index
			index++
			if !yield(s, err) {
				return
			}
		}
	}
	if index == 0 && !o.Unmade {
		yield(benchmarks.Sample{}, errors.New(name+": nothing to ask: no cell of the grid has room for its pairs; give longer --lengths or fewer --needles"))
	}
}

// capacity says how many pairs a length holds at least.
func (g *generator) capacity(p plan) func(length int) int {
	if p.chars {
		return func(length int) int { return length / stepBytes }
	}
	return func(length int) int { return int(float64(length)/g.stocks.pairTokens()*0.95) - 1 }
}

// sample makes the sample of a cell.
func (g *generator) sample(t task, c cell) (benchmarks.Sample, error) {
	s := benchmarks.Sample{
		ID: c.id(t), Task: t.Name, Category: t.Category, Language: t.Language, Metric: t.Metric,
		Chat: true, Own: benchmarks.TruncateMiddle, MaxTokens: maxTokens(1), Depth: c.depth, Strata: t.strataOf(c.layout, c.count),
	}
	if t.Metric == "thread_many" {
		s.MaxTokens = maxTokens(c.count)
	}
	if !c.chars {
		s.TargetLength, s.ContextTokens, s.Tokenizer = c.length, c.length, g.o.Tokenizer.Name()
	}
	if g.o.Unmade && !c.chars {
		return s, nil
	}
	h, asked, err := g.hide(t, c, s.ID)
	if err != nil {
		return s, &benchmarks.SampleError{SampleID: s.ID, Reason: strings.TrimPrefix(err.Error(), benchmarks.ErrSample.Error()+": "), Err: err}
	}
	s.References, s.Query = asked.values, t.question(asked.keys)
	s.Prompt = benchmarks.Prompt{Context: h.text, After: "\n" + s.Query}
	s.Length = len(h.text)
	s.Group = name + "/" + c.document()
	if len(h.places) > 0 {
		s.Group = s.ID // the needles are in the text
	}
	s.Evidence = evidence(asked.places)
	if g.o.Tokenizer != nil {
		s.ContextTokens, s.Tokenizer = h.tokens, g.o.Tokenizer.Name()
	}
	if g.o.Salt {
		s.Prompt.Before = benchmarks.Salt(g.o.Seed, s.ID)
	}
	return s, nil
}

// asked is what a sample asks for.
type asked struct {
	keys, values []string
	places       []int // of every pair that matters, rising
}

func evidence(places []int) benchmarks.Evidence {
	spans := make([]scorers.Span, len(places))
	for i, at := range places {
		spans[i] = spanOf(at)
	}
	return benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: spans}
}

// hide makes a cell's haystack with its needles.
func (g *generator) hide(t task, c cell, id string) (*haystack, asked, error) {
	r := func(purpose string) *rand.Rand { return benchmarks.Rand(g.o.Seed, id, purpose) }
	count := t.pairs(c.count)
	at := func(n int) []int { return place(r("places"), c.layout, c.depth, n, count) }
	switch t.shape {
	case oneNeedle, needles: // any pair will do: what differs is what is asked for
		h, err := g.haystack(c, nil, func(int) []int { return nil })
		if err != nil {
			return nil, asked{}, err
		}
		if h.n < count {
			return nil, asked{}, fmt.Errorf("%w: %d needles have no room among %d pairs", benchmarks.ErrSample, count, h.n)
		}
		a := asked{places: at(h.n)}
		for _, i := range a.places {
			p := h.pair(i)
			a.keys, a.values = append(a.keys, p.key), append(a.values, p.value)
		}
		return h, a, nil
	case marked:
		var a asked
		list := make([]pair, count)
		draw := r("pairs")
		for i := range list {
			list[i] = pair{withMark(draw, newUUID(draw)), newUUID(draw)}
			a.values = append(a.values, list[i].value)
		}
		h, err := g.haystack(c, list, at)
		if err == nil {
			a.places = h.places
		}
		return h, a, err
	}
	return g.threads(t, c, r)
}

// threads hides one or several threads. Where a haystack has their places
// depends on its size; in which order the threads meet them does not.
func (g *generator) threads(t task, c cell, r func(purpose string) *rand.Rand) (*haystack, asked, error) {
	pairs, n := t.pairs(c.count), 1
	if t.shape == threads {
		n = c.count
	}
	var a asked
	list := make([]pair, pairs)
	draw, turn := r("pairs"), r("direction")
	for _, ranks := range deal(turn, upTo(pairs), n) { // ranks of the rising places
		walk(turn, c.layout, ranks)
		key := newUUID(draw)
		a.keys = append(a.keys, key)
		for _, rank := range ranks {
			next := newUUID(draw)
			list[rank] = pair{key, next}
			key = next
		}
		a.values = append(a.values, key)
	}
	h, err := g.haystack(c, list, func(n int) []int { return place(r("places"), "random", nil, n, pairs) })
	if err == nil {
		a.places = h.places
	}
	return h, a, err
}

// haystack brings a haystack to the cell's length.
func (g *generator) haystack(c cell, needles []pair, at func(n int) []int) (*haystack, error) {
	if !c.chars {
		return g.stocks.fit(c.document(), c.length, needles, at)
	}
	n := c.length / stepBytes
	k := &stock{n: n, text: drawText(benchmarks.Rand(g.o.Seed, c.document(), "haystack"), n)}
	h := k.compose(layout{filler: upTo(n - len(needles)), needles: needles, places: at(n)})
	if g.o.Tokenizer != nil {
		h.tokens = benchmarks.Count(g.o.Tokenizer, h.text)
	}
	return h, nil
}
