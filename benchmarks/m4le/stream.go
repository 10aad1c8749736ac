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
	"github.com/lcbench/lcbench/datasets"
)

// stream is the state of one Samples.
type stream struct {
	*m4LE
	o     benchmarks.Options
	yield func(benchmarks.Sample, error) bool
	index int // of the next sample

	haystack datasets.Source // nil: none was given
	files    []string        // of haystack
	shelves  map[string]shelf
	lacks    []lack
}

// lack is what a folder of short texts has none of, with the tasks that are left
// out for it.
type lack struct{ what, tasks string }

func (s *stream) lacking(task string, r recipe) {
	what := fmt.Sprintf("in language %s with %s", r.language, r.kind.needs())
	for i := range s.lacks {
		if s.lacks[i].what == what {
			s.lacks[i].tasks += ", " + task
			return
		}
	}
	s.lacks = append(s.lacks, lack{what, task})
}

// close tells which tasks no short texts were there for.
func (s *stream) close() {
	for _, l := range s.lacks {
		if !s.yield(benchmarks.Sample{}, &benchmarks.Notice{Text: "m4le: no short texts " + l.what + ": left out are " + l.tasks}) {
			return
		}
	}
}

// open looks at the folder of short texts, if one was given.
func (s *stream) open(context.Context) (err error) {
	s.shelves = map[string]shelf{}
	if s.o.Shape.Haystack == "" {
		return nil
	}
	s.haystack = datasets.Folder(s.o.Shape.Haystack, nil)
	s.files, err = shortFiles(s.o.Shape.Haystack)
	return err
}

// composes says whether a task's contexts are made here.
func (s *stream) composes(t task) bool {
	_, ok := recipeOf(t.Name)
	return ok && (s.haystack != nil || s.generated())
}

// notices say where contexts come from, and what becomes of official rows at
// other lengths.
func (s *stream) notices(selected []task) []string {
	var out, kept []string
	composed := 0
	for _, t := range selected {
		if s.composes(t) {
			composed++
		} else {
			kept = append(kept, t.Name)
		}
	}
	if s.haystack != nil {
		out = append(out, fmt.Sprintf("m4le: contexts of %d tasks are composed here of the short texts in %s: they are not M4LE's own rows", composed, s.o.Shape.Haystack))
		if len(kept) > 0 {
			out = append(out, "m4le: left out, since short texts make no context for them: "+strings.Join(kept, ", "))
		}
		return out
	}
	if len(s.o.Lengths) > 0 && len(kept) > 0 {
		text := "m4le: rows are cut to --lengths where they are longer and else left out: numbers and counts of their items are part of the question, and long texts are asked about as a whole"
		if !s.generated() {
			text += "; --haystack composes contexts of any length"
		}
		out = append(out, text)
	}
	return out
}

// task streams one task; it returns whether to go on.
func (s *stream) task(ctx context.Context, t task) bool {
	switch {
	case s.composes(t):
		return s.compose(ctx, t)
	case s.haystack != nil:
		return true
	}
	return s.rows(ctx, t)
}

// rows streams a task's file.
func (s *stream) rows(ctx context.Context, t task) bool {
	file := s.File(t.Name)
	read := t.layout.reader()
	left, index := s.o.Wanted(t.Task), -1
	for line, err := range datasets.Lines(ctx, s.src, file) {
		if left <= 0 {
			return true
		}
		var r row
		if err == nil {
			index++
			if r, err = decodeRow(line.Text); err != nil {
				err = datasets.NewRowError(file, line.Number, err)
			}
		}
		if err != nil {
			if !s.yield(benchmarks.Sample{}, err) {
				return false
			}
			continue
		}
		left--
		if !s.row(ctx, t, t.sample(r, read, index)) {
			return false
		}
	}
	return true
}

// row yields a row's sample, cut to each length that is shorter.
func (s *stream) row(ctx context.Context, t task, sample benchmarks.Sample) bool {
	if s.o.Tokenizer != nil {
		sample.ContextTokens, sample.Tokenizer = benchmarks.Count(s.o.Tokenizer, sample.Prompt.Context), s.o.Tokenizer.Name()
	}
	if s.o.Salt {
		sample.Prompt.Before = benchmarks.Salt(s.o.Seed, sample.ID) + sample.Prompt.Before
	}
	for v, err := range benchmarks.Vary(ctx, sample, t.Task, s.o, nil) {
		if !s.next(v, err) {
			return false
		}
	}
	return true
}

// next yields a sample at its place.
func (s *stream) next(sample benchmarks.Sample, err error) bool {
	sample.Index = s.index
	s.index++
	return s.yield(sample, err)
}

// texts are the short texts for a recipe. Rows that can't be read are yielded
// with the first task that would have them.
func (s *stream) texts(ctx context.Context, r recipe) (texts []short, more bool) {
	src, files := s.haystack, s.files
	if src == nil {
		src, files = s.src, []string{shortFile(r.kind, r.language)}
	}
	key := strings.Join(files, "\x00")
	if s.shelves[key] == nil {
		var bad []error
		all, err := readShelf(ctx, src, files, func(err error) { bad = append(bad, err) })
		if err != nil {
			return nil, s.yield(benchmarks.Sample{}, err) && false
		}
		s.shelves[key] = all
		for _, err := range bad {
			if !s.yield(benchmarks.Sample{}, err) {
				return nil, false
			}
		}
	}
	return s.shelves[key][r.kind][r.language], true
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
const reserve = 150

// ofLength makes a context of so many tokens.
func (m *maker) ofLength(draw int, base string, length int, depth *float64) (benchmarks.Sample, error) {
	id, place := fmt.Sprintf("%s@%d", base, length), math.NaN()
	if depth != nil {
		id, place = fmt.Sprintf("%s/%g", id, *depth), *depth/100
	}
	s := m.blank(base, id)
	s.TargetLength, s.Depth = length, depth
	if m.o.Unmade {
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
