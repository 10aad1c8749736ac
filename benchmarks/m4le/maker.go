package m4le

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lcbench/lcbench/benchmarks"
)

// texts are the short texts for a recipe. Rows of a folder that can't be read are
// yielded with the first task.
func (s *stream) texts(ctx context.Context, r recipe) (texts []short, more bool) {
	if s.haystack == nil {
		all, err := s.builtinShelf(ctx, shortFile(r.kind, r.language))
		if err != nil {
			return nil, s.yield(benchmarks.Sample{}, err) && false
		}
		return r.usable(all[r.kind][r.language]), true
	}
	if s.shelf == nil {
		var bad []error
		var err error
		if s.shelf, err = readShelf(ctx, s.haystack, s.files, func(err error) { bad = append(bad, err) }); err != nil {
			return nil, s.yield(benchmarks.Sample{}, err) && false
		}
		for _, err := range bad {
			if !s.yield(benchmarks.Sample{}, err) {
				return nil, false
			}
		}
	}
	return r.usable(s.shelf[r.kind][r.language]), true
}

// builtinShelf reads generated texts, once.
func (b *m4LE) builtinShelf(ctx context.Context, file string) (shelf, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if all, ok := b.shelves[file]; ok {
		return all, nil
	}
	var bad []error
	all, err := readShelf(ctx, b.src, []string{file}, func(err error) { bad = append(bad, err) })
	if err = errors.Join(append(bad, err)...); err != nil {
		return nil, err
	}
	if b.shelves == nil {
		b.shelves = map[string]shelf{}
	}
	b.shelves[file] = all
	return all, nil
}

// ownDraws is how many draws a task has for each length or bucket and depth.
const ownDraws = 3

// ownBuckets are the buckets that contexts are composed for where no length is
// asked for, in words or characters.
func ownBuckets() []int { return []int{1000, 2000, 4000} }

// compose streams a composed task: each draw at every length and depth.
func (s *stream) compose(ctx context.Context, t task) bool {
	r, _ := recipeOf(t.Name)
	texts, more := s.texts(ctx, r)
	if len(texts) == 0 {
		s.lacking(t.Name, r)
		return more
	}
	m := maker{stream: s, task: t, composer: composer{recipe: r, texts: texts, seed: s.o.Seed, tok: s.o.Tokenizer}}
	m.opening = r.opening(texts)
	cells := ownBuckets()
	if len(s.o.Lengths) > 0 {
		cells = []int{0} // a row is made at every length
	}
	draws := ownDraws
	if s.o.Shape.Repeats > 0 {
		draws = s.o.Shape.Repeats
	}
	rows := t.Task
	rows.Rows = draws * len(cells)
	for i := range min(rows.Rows, s.o.Wanted(rows)) {
		if ctx.Err() != nil {
			return s.yield(benchmarks.Sample{}, ctx.Err()) && false
		}
		if !m.row(i/len(cells), cells[i%len(cells)]) {
			return false
		}
	}
	return true
}

// maker makes the samples of one composed task.
type maker struct {
	*stream
	composer
	task    task
	opening string
}

// row yields the samples of one draw: in a bucket, or at every length and depth.
func (m *maker) row(draw, bucket int) bool {
	base := fmt.Sprintf("%s/draw%d", m.task.Name, draw+1)
	if bucket > 0 {
		return m.next(m.inBucket(draw, base, bucket))
	}
	places := []*float64{nil}
	if m.ask == askOne && len(m.o.Depths) > 0 {
		places = nil
		for _, depth := range m.o.Depths {
			places = append(places, &depth)
		}
	}
	for _, length := range m.o.Lengths {
		for _, depth := range places {
			if !m.next(m.ofLength(draw, base, length, depth)) {
				return false
			}
		}
	}
	return true
}

// inBucket makes a context so long that prompt and answer just fit a bucket.
func (m *maker) inBucket(draw int, base string, bucket int) (benchmarks.Sample, error) {
	s := m.blank(base, fmt.Sprintf("%s@%s", base, benchmarks.FormatTokens(bucket)))
	c := m.composer
	c.tok = units(m.language)
	room := bucket - benchmarks.Count(c.tok, m.opening) - reserve
	out, err := c.compose(draw, base, room, math.NaN())
	if err != nil {
		return s, faultOf(err, s.ID)
	}
	m.finish(&s, out)
	s.Strata = []string{benchmarks.FormatTokens(bucket)}
	return s, nil
}

// reserve is what question and answer take of a bucket at the most, in words or
// characters.
const reserve = 200

// ofLength makes a context of so many tokens.
func (m *maker) ofLength(draw int, base string, length int, depth *float64) (benchmarks.Sample, error) {
	id, place := fmt.Sprintf("%s@%d", base, length), math.NaN()
	if depth != nil {
		id, place = fmt.Sprintf("%s/%g", id, *depth), *depth/100
	}
	s := m.blank(base, id)
	s.TargetLength, s.Depth = length, depth
	if m.o.LeavesUnmade(id) {
		s.ContextTokens, s.Tokenizer = length, m.o.Tokenizer.Name()
		return s, nil
	}
	out, err := m.composer.compose(draw, base, length, place)
	if err != nil {
		return s, faultOf(err, id)
	}
	m.finish(&s, out)
	return s, nil
}

// faultOf tells which sample could not be made.
func faultOf(err error, id string) error {
	var fault *benchmarks.SampleError
	if errors.As(err, &fault) {
		fault.SampleID = id
	}
	return err
}

func (m *maker) blank(base, id string) benchmarks.Sample {
	t := m.task
	return benchmarks.Sample{
		ID: id, Task: t.Name, Category: t.Category, Language: t.Language, Chat: true, MaxTokens: t.MaxTokens,
		Own: benchmarks.TruncateNone, Metric: t.Metric, Group: base,
	}
}

// finish puts a composition into a sample.
func (m *maker) finish(s *benchmarks.Sample, c composition) {
	s.Prompt = benchmarks.Prompt{Before: m.opening, Context: c.context, After: c.question}
	s.References, s.Query = c.answers, strings.TrimSpace(c.question)
	s.Evidence = benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: c.targets}
	s.Length = benchmarks.Count(units(m.language), s.Prompt.Text())
	all := buckets()
	if at := slices.IndexFunc(all, func(b int) bool { return s.Length <= b }); at >= 0 {
		s.Strata = []string{benchmarks.FormatTokens(all[at])}
	}
	switch {
	case m.o.Tokenizer == nil:
	case s.TargetLength > 0:
		s.ContextTokens, s.Tokenizer = c.tokens, m.o.Tokenizer.Name()
	default:
		s.ContextTokens, s.Tokenizer = benchmarks.Count(m.o.Tokenizer, c.context), m.o.Tokenizer.Name()
	}
	if m.o.Salt {
		s.Prompt.Before = benchmarks.Salt(m.o.Seed, s.ID) + s.Prompt.Before
	}
}

// units counts as M4LE's buckets do: words between white space, characters in
// Chinese.
type units string

// Name implements benchmarks.Tokenizer.
func (u units) Name() string { return "units of " + string(u) }

// Ends implements benchmarks.Tokenizer.
func (u units) Ends(text string) []int {
	var ends []int
	inWord := false
	for i, r := range text {
		if u == "zh" {
			ends = append(ends, i+utf8.RuneLen(r))
			continue
		}
		space := unicode.IsSpace(r)
		if !space && !inWord && i > 0 && len(ends) > 0 {
			ends[len(ends)-1] = i // white space goes with the word before it
		}
		if !space && !inWord {
			ends = append(ends, len(text))
		}
		inWord = !space
	}
	return ends
}
