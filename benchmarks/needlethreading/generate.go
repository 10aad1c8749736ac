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
	s.Group = s.ID // needles that are put in are in the text
	if t.shape == oneNeedle || t.shape == needles {
		s.Group = name + "/" + c.document()
	}
	if g.o.LeavesUnmade(s.ID) && !c.chars {
		return s, nil
	}
	h, asked, err := g.hide(t, c, s.ID)
	if err != nil {
		return s, &benchmarks.SampleError{SampleID: s.ID, Reason: strings.TrimPrefix(err.Error(), benchmarks.ErrSample.Error()+": "), Err: err}
	}
	s.References, s.Query = asked.values, t.question(asked.keys)
	s.Prompt = benchmarks.Prompt{Context: h.text, After: "\n" + s.Query}
	s.Length = len(h.text)
	s.Evidence, s.Hops = evidence(asked.places), t.hops(len(asked.places)/max(1, len(asked.keys)))
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

// draws is how often needles are drawn anew where a short haystack doesn't come
// out at its length: too little of it is filler then to be swapped. After every
// fourth draw one more UUID is drawn for each, of which the one of most tokens
// is taken.
const draws = 32

// hide makes a cell's haystack with its needles.
func (g *generator) hide(t task, c cell, id string) (h *haystack, a asked, err error) {
	if t.shape == oneNeedle || t.shape == needles {
		return g.among(t, c, id)
	}
	for i := range draws {
		r := func(purpose string) *rand.Rand { return benchmarks.Rand(g.o.Seed, id, fmt.Sprint(purpose, i)) }
		var list []pair
		layout := c.layout
		if t.shape == marked {
			list, a = newMarked(r("marks"), c.count, g.uuids(r("pairs"), i/4))
		} else {
			list, a = newThreads(r("direction"), t, c, g.uuids(r("pairs"), i/4))
			layout = "random"
		}
		h, err = g.haystack(c, list, func(n int) []int { return place(r("places"), layout, c.depth, n, len(list)) })
		if err == nil {
			a.places = h.places
			return h, a, nil
		}
		if !errors.Is(err, errLength) {
			break
		}
	}
	return nil, a, err
}

// uuids draws UUIDs, each the one of most tokens among 1 + others.
func (g *generator) uuids(r *rand.Rand, others int) func() string {
	return func() string {
		best := newUUID(r)
		for range others {
			if u := newUUID(r); benchmarks.Count(g.o.Tokenizer, quote(u)) > benchmarks.Count(g.o.Tokenizer, quote(best)) {
				best = u
			}
		}
		return best
	}
}

// among asks for pairs of the filler: any will do, so that haystacks differ in
// what is asked for only.
func (g *generator) among(t task, c cell, id string) (*haystack, asked, error) {
	h, err := g.haystack(c, nil, func(int) []int { return nil })
	if err != nil {
		return nil, asked{}, err
	}
	count := t.pairs(c.count)
	if h.n < count {
		return nil, asked{}, fmt.Errorf("%w: %d needles have no room among %d pairs", benchmarks.ErrSample, count, h.n)
	}
	a := asked{places: place(benchmarks.Rand(g.o.Seed, id, "places"), c.layout, c.depth, h.n, count)}
	for _, i := range a.places {
		p := h.pair(i)
		a.keys, a.values = append(a.keys, p.key), append(a.values, p.value)
	}
	return h, a, nil
}

// newMarked draws pairs whose keys have the mark.
func newMarked(r *rand.Rand, count int, uuid func() string) ([]pair, asked) {
	var a asked
	list := make([]pair, count)
	for i := range list {
		list[i] = pair{withMark(r, uuid()), uuid()}
		a.values = append(a.values, list[i].value)
	}
	return list, a
}

// newThreads draws one or several threads, their pairs in the order in which
// they will stand: where that is depends on the haystack's size, in which order
// the threads meet them does not.
func newThreads(turn *rand.Rand, t task, c cell, uuid func() string) ([]pair, asked) {
	n := 1
	if t.shape == threads {
		n = c.count
	}
	var a asked
	list := make([]pair, t.pairs(c.count))
	for _, ranks := range deal(turn, upTo(len(list)), n) {
		walk(turn, c.layout, ranks)
		key := uuid()
		a.keys = append(a.keys, key)
		for _, rank := range ranks {
			next := uuid()
			list[rank] = pair{key, next}
			key = next
		}
		a.values = append(a.values, key)
	}
	return list, a
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
