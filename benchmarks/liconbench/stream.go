package liconbench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// stream is the state of one Samples.
type stream struct {
	b       *liconBench
	o       benchmarks.Options
	rounds  []int
	prompts map[string]wording
	yield   func(benchmarks.Sample, error) bool
	index   int // of the next sample
}

func (s *stream) prepare(ctx context.Context) (err error) {
	a := Adapter()
	if err := errors.Join(benchmarks.CheckTasks(a.Name, s.b.Tasks(), s.o.Tasks), a.CheckMode(s.o.Mode), a.CheckShape(s.o.Shape)); err != nil {
		return err
	}
	s.rounds = s.o.Shape.Rounds
	switch {
	case len(s.rounds) > 0 && len(s.o.Lengths) > 0:
		return errors.New("liconbench: rounds and lengths both say how many demonstrations a context has; give one of them")
	case len(s.rounds) == 0:
		for r := 1; r <= maxRounds; r++ {
			s.rounds = append(s.rounds, r)
		}
	}
	if slices.Min(s.rounds) < 1 {
		return fmt.Errorf("liconbench: rounds %d: want 1 or more", slices.Min(s.rounds))
	}
	if s.prompts, err = readPrompts(ctx, s.b.src); err != nil {
		return err
	}
	return ctx.Err()
}

func (s *stream) notice(text string) bool {
	return s.yield(benchmarks.Sample{}, &benchmarks.Notice{Text: text})
}

// task streams one task; false says that the stream is over.
func (s *stream) task(ctx context.Context, t task) bool {
	if s.b.src.Origin().Kind == "hub" && len(s.o.Tasks) == 0 && !s.b.has(ctx, s.b.file(ctx, t.test)) {
		return s.notice(t.Name + ": no file of it is pinned; give a folder that has it as --data-dir")
	}
	rounds := slices.Max(s.rounds)
	if len(s.o.Lengths) > 0 {
		// No demonstration takes less than eight tokens.
		rounds = 2 + slices.Max(s.o.Lengths)/(8*max(1, len(t.labels)))
	}
	stopped := false
	data, err := s.b.load(ctx, t, rounds, func(err error) bool {
		stopped = !s.yield(benchmarks.Sample{}, err)
		return !stopped
	})
	if stopped {
		return false
	}
	if err != nil {
		return s.yield(benchmarks.Sample{}, err) && false
	}
	if data.dealt && !s.notice(fmt.Sprintf("%s: no %s here: demonstrations are rows of the test file that are not asked", t.Name, t.train[0])) {
		return false
	}
	m := maker{stream: s, set: data, wording: s.prompts[t.Name], sizes: map[int]int{}}
	m.test = m.test[:min(len(m.test), s.o.Wanted(t.Task))]
	if len(s.o.Lengths) > 0 {
		for _, length := range s.o.Lengths {
			if !m.length(ctx, length) {
				return false
			}
		}
		return true
	}
	for _, r := range s.rounds {
		if !m.round(ctx, r) {
			return false
		}
	}
	return true
}

// maker makes the samples of one task.
type maker struct {
	*stream
	set
	wording wording
	sizes   map[int]int // tokens of demonstrations, by their place
}

// render shows examples.
func (m *maker) render(list []example) []shown {
	out := make([]shown, len(list))
	for i, e := range list {
		out[i] = shown{place: i, text: m.wording.show(e), labels: e.labels}
	}
	return out
}

// round yields the samples of a number of rounds.
func (m *maker) round(ctx context.Context, rounds int) bool {
	list, err := m.set.rounds(fmt.Sprintf("%s/r%d", m.Name, rounds), rounds)
	if err != nil {
		return m.yield(benchmarks.Sample{}, err)
	}
	ordered := inOrder(m.render(list), m.o.Shape.Placement)
	plain := newShelf(ordered)
	m.count(&plain)
	for i, e := range m.test {
		for _, depth := range m.depths() {
			if ctx.Err() != nil {
				return m.yield(benchmarks.Sample{}, ctx.Err()) && false
			}
			context, id := plain, fmt.Sprintf("%s/%d.r%d", m.Name, i+1, rounds)
			if depth != nil {
				context = newShelf(atDepth(ordered, e.labels, *depth))
				m.count(&context)
				id += "@/" + strconv.FormatFloat(*depth, 'g', -1, 64)
			}
			sample := m.sample(id, i, e, context, depth)
			sample.Strata = []string{stratum(rounds)}
			if !m.give(sample) {
				return false
			}
		}
	}
	return true
}

// depths are those asked for, or none.
func (m *maker) depths() []*float64 {
	if len(m.o.Depths) == 0 {
		return []*float64{nil}
	}
	out := make([]*float64, len(m.o.Depths))
	for i := range m.o.Depths {
		out[i] = &m.o.Depths[i]
	}
	return out
}

// count counts a context's tokens, where there is a tokenizer.
func (m *maker) count(s *shelf) {
	if m.o.Tokenizer != nil {
		s.tokens = benchmarks.Count(m.o.Tokenizer, s.text)
	}
}

// length yields the samples of a context length.
func (m *maker) length(ctx context.Context, length int) bool {
	all := m.render(m.units(m.train))
	made := map[string]shelf{}
	for i, e := range m.test {
		for _, depth := range m.depths() {
			if ctx.Err() != nil {
				return m.yield(benchmarks.Sample{}, ctx.Err()) && false
			}
			id := fmt.Sprintf("%s/%d@%d", m.Name, i+1, length)
			if depth != nil {
				id += "/" + strconv.FormatFloat(*depth, 'g', -1, 64)
			}
			context, err := m.filled(id, length, all, e, depth, made)
			if err != nil {
				if !m.yield(benchmarks.Sample{}, err) {
					return false
				}
				continue
			}
			sample := m.sample(id, i, e, context, depth)
			sample.TargetLength = length
			if sample.Depth != nil && depth == nil { // in tens, for tables of lengths by depths
				tens := 10 * math.Round(*sample.Depth/10)
				sample.Depth = &tens
			}
			if !m.give(sample) {
				return false
			}
		}
	}
	return true
}

// common is the key of the context that serves all samples.
const common = ""

// filled is a context of a length for a test row: as many demonstrations as
// fit, in rounds, and at least one of each of the row's labels. Rows share it
// where it has their labels and nothing is placed.
func (m *maker) filled(id string, length int, all []shown, e example, depth *float64, made map[string]shelf) (shelf, error) {
	if m.o.LeavesUnmade(id) {
		return shelf{tokens: length}, nil
	}
	key := common
	if depth != nil {
		key = strings.Join(e.labels, "\x00") + fmt.Sprint(*depth)
	} else if one, ok := made[common]; ok && !shows(one.list, e.labels) {
		key = strings.Join(e.labels, "\x00")
	}
	if one, ok := made[key]; ok {
		return one, nil
	}
	arrange := func(list []shown) []shown {
		ordered := inOrder(list, m.o.Shape.Placement)
		if depth != nil {
			ordered = atDepth(ordered, e.labels, *depth)
		}
		return ordered
	}
	units, keep := all, 0
	if key != common {
		units, keep = preferred(all, e.labels), 1 // of the row's labels, if any is shown at all
	}
	c, err := benchmarks.Compose(id, m.o.Tokenizer, length, min(keep, len(units)), units, nil, m.size, func(list []shown) string { return newShelf(arrange(list)).text })
	if err != nil {
		return shelf{}, err
	}
	one := newShelf(arrange(c.Units))
	one.tokens = c.Tokens
	made[key] = one
	if key == common && !shows(one.list, e.labels) {
		return m.filled(id, length, all, e, depth, made)
	}
	return one, nil
}

// shows says whether each of the labels that demonstrations can have is shown.
func shows(list []shown, labels []string) bool {
	return !slices.ContainsFunc(labels, func(l string) bool {
		return !slices.ContainsFunc(list, func(d shown) bool { return slices.Contains(d.labels, l) })
	})
}

// preferred puts the first demonstration of each label ahead of the others.
func preferred(all []shown, labels []string) []shown {
	var first, rest []shown
	for _, d := range all {
		if d.has(labels) && slices.ContainsFunc(d.labels, func(l string) bool { return slices.Contains(labels, l) && !shows(first, []string{l}) }) {
			first = append(first, d)
		} else {
			rest = append(rest, d)
		}
	}
	return append(first, rest...)
}

// size is about how many tokens a demonstration takes.
func (m *maker) size(d shown) int {
	n, ok := m.sizes[d.place]
	if !ok {
		n = max(1, benchmarks.Count(m.o.Tokenizer, d.text))
		m.sizes[d.place] = n
	}
	return n
}

func (m *maker) sample(id string, i int, e example, context shelf, depth *float64) benchmarks.Sample {
	query := m.wording.ask(e)
	s := benchmarks.Sample{
		ID: id, Task: m.Name, Category: m.Category, Language: m.Language,
		Prompt: benchmarks.Prompt{Before: m.wording.before(m.labels, m.o.Mode), Context: context.text, After: query}, Chat: true,
		MaxTokens: answerTokens, Own: benchmarks.TruncateLeft, Metric: m.Metric, References: []string{e.answer},
		Group: fmt.Sprintf("%s/%d", m.Name, i+1), Query: query, Depth: depth,
		Evidence: benchmarks.Evidence{State: benchmarks.EvidenceUnknown},
	}
	if spans := context.spans(e.labels); len(spans) > 0 {
		s.Evidence = benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: spans}
	}
	if at, ok := context.depth(e.labels); ok && depth == nil {
		s.Depth = &at
	}
	if context.tokens >= 0 {
		s.ContextTokens, s.Tokenizer = context.tokens, m.o.Tokenizer.Name()
	}
	return s
}

func (m *maker) give(s benchmarks.Sample) bool {
	s.Index = m.index
	m.index++
	if m.o.Salt {
		s.Prompt.Before = benchmarks.Salt(m.o.Seed, s.ID) + s.Prompt.Before
	}
	return m.yield(s, nil)
}
