package longins

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/lcbench/lcbench/benchmarks"
)

// stream is the state of one Samples.
type stream struct {
	b       *longIns
	o       benchmarks.Options
	mode    string
	prompts prompts
	sources []file
	yield   func(benchmarks.Sample, error) bool

	index    int // of the next sample
	repeated int // composed exams with items more than once
	bare     int // rows without a wrong item, left out of composed exams
	unfilled int // exams that no whole items fill, left out
}

func (s *stream) prepare(ctx context.Context) (err error) {
	a := Adapter()
	if err := errors.Join(benchmarks.CheckTasks(a.Name, s.b.Tasks(), s.o.Tasks), a.CheckMode(s.o.Mode)); err != nil {
		return err
	}
	if s.mode = s.o.Mode; s.mode == "" {
		s.mode = modeGIST
	}
	if s.prompts, err = readPrompts(ctx, s.b.src, s.mode); err != nil {
		return err
	}
	if s.sources = s.b.files(ctx, s.mode); len(s.sources) == 0 {
		// Opening it says where it was looked for.
		_, err = s.b.src.Open(ctx, fileName(s.mode, sizes()[0]))
		return err
	}
	return ctx.Err()
}

// all streams every file, or every length; false says that the stream is over.
func (s *stream) all(ctx context.Context) bool {
	if len(s.o.Lengths) == 0 {
		for _, f := range s.sources {
			if !s.file(ctx, f, 0) {
				return false
			}
		}
		return true
	}
	for _, length := range s.o.Lengths {
		// The longest file has most items to choose from.
		from := s.sources[len(s.sources)-1]
		if !s.file(ctx, from, length) {
			return false
		}
	}
	return true
}

// file streams the exams that are made of a file's rows: as they are, or at a
// length.
func (s *stream) file(ctx context.Context, f file, length int) bool {
	left := s.o.Wanted(s.b.Tasks()[0])
	w := newWindow(ctx, s.b.src, f)
	defer w.close()
	for left > 0 {
		e, ok := w.next()
		if !ok {
			return true
		}
		if e.err != nil {
			if !s.yield(benchmarks.Sample{}, e.err) {
				return false
			}
			continue
		}
		left--
		if !s.row(ctx, e.row, f, length, w) {
			return false
		}
	}
	return true
}

// row yields the exams of one row.
func (s *stream) row(ctx context.Context, r row, f file, length int, w *window) bool {
	if length == 0 && len(s.o.Depths) == 0 {
		return s.give(s.asItIs(r, f, w), nil)
	}
	if r.wrong() == 0 {
		s.bare++
		return true
	}
	depths := []*float64{nil}
	if len(s.o.Depths) > 0 {
		depths = nil
		for i := range s.o.Depths {
			depths = append(depths, &s.o.Depths[i])
		}
	}
	p := s.paper(r, f, length, w)
	for _, depth := range depths {
		if ctx.Err() != nil {
			return s.yield(benchmarks.Sample{}, ctx.Err()) && false
		}
		sample, err := s.composed(p, f, length, depth)
		if errors.Is(err, benchmarks.ErrSample) {
			s.unfilled++
			continue
		}
		if !s.give(sample, err) {
			return false
		}
	}
	return true
}

func (s *stream) give(sample benchmarks.Sample, err error) bool {
	if err != nil {
		return s.yield(benchmarks.Sample{}, err)
	}
	sample.Index = s.index
	s.index++
	if s.o.Salt {
		sample.Prompt.Before = benchmarks.Salt(s.o.Seed, sample.ID) + sample.Prompt.Before
	}
	return s.yield(sample, nil)
}

// asItIs is the exam of a row; of LIST and LIMT, where a file of GIST is all
// there is, the same number of items with their instructions.
func (s *stream) asItIs(r row, f file, w *window) benchmarks.Sample {
	id := fmt.Sprintf("%s/%d/%s", exam, f.size, r.task)
	var made sheet
	if s.mode == modeGIST || f.instructed {
		made.text = r.data
		for _, it := range r.items {
			if it.wrong {
				made.wrong = append(made.wrong, it.number)
				made.spans = append(made.spans, it.span)
			}
		}
	} else {
		made = newSheet(s.paper(r, f, 0, w).same(id, s.o))
	}
	sample := s.sample(id, r, f, made)
	sample.Length = r.words
	if s.o.Tokenizer != nil {
		sample.ContextTokens, sample.Tokenizer = benchmarks.Count(s.o.Tokenizer, made.text), s.o.Tokenizer.Name()
	}
	return sample
}

// same takes as many items as the base has, with as many wrong ones in the same
// places: of one task the base's own.
func (p paper) same(id string, o benchmarks.Options) []item {
	if len(p.base.items) == 0 || len(p.items) == len(p.base.items) {
		return p.items
	}
	n := 0
	units, _ := p.deal(benchmarks.Rand(o.Seed, id, "items"), func(item) bool { n++; return n == len(p.base.items) })
	return inPlaces(units, p.base.items)
}

// composed is an exam of a length, or of a row's own items at a depth.
func (s *stream) composed(p paper, f file, length int, depth *float64) (benchmarks.Sample, error) {
	id := fmt.Sprintf("%s/%s@%d", exam, p.base.task, length)
	if length == 0 {
		id = fmt.Sprintf("%s/%d/%s@", exam, f.size, p.base.task)
	}
	full := id
	if depth != nil {
		full += "/" + strconv.FormatFloat(*depth, 'g', -1, 64)
	}
	var made sheet
	tokens := length
	switch {
	case length == 0:
		made = newSheet(atDepth(p.same(id, s.o), *depth))
		if s.o.Tokenizer != nil {
			tokens = benchmarks.Count(s.o.Tokenizer, made.text)
		}
	case s.o.LeavesUnmade(full):
		made.text = p.base.data
	default:
		var repeats bool
		var err error
		// All depths of a length are of the same items.
		if made, tokens, repeats, err = p.compose(id, length, depth, s.o); err != nil {
			return benchmarks.Sample{}, err
		}
		if repeats {
			s.repeated++
		}
	}
	sample := s.sample(full, p.base, f, made)
	sample.TargetLength, sample.ContextTokens = length, tokens
	if s.o.Tokenizer != nil {
		sample.Tokenizer = s.o.Tokenizer.Name()
	}
	switch {
	case depth != nil:
		sample.Depth = depth
	case sample.Depth != nil: // in tens, for tables of lengths by depths
		tens := 10 * math.Round(*sample.Depth/10)
		sample.Depth = &tens
	}
	if length > 0 {
		sample.Strata = nil
	}
	return sample, nil
}

// answerTokens is the room for an answer, and perWrong what each wrong item
// adds: upstream's own wrapper allows 10,000, more than many windows hold.
const answerTokens, perWrong = 512, 8

func (s *stream) sample(id string, r row, f file, made sheet) benchmarks.Sample {
	sample := benchmarks.Sample{
		ID: id, Task: exam, Category: "Exam", Language: "en", Prompt: s.prompts.render(r.instruction, made.text), Chat: true,
		MaxTokens: answerTokens + perWrong*len(made.wrong), Own: benchmarks.TruncateMiddle,
		Metric: "longins_f1", References: []string{made.reference()}, Group: r.task, Query: s.prompts.closing,
		Strata:   []string{strconv.Itoa(f.size)},
		Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: made.spans},
	}
	if len(made.spans) == 0 {
		sample.Evidence = benchmarks.Evidence{State: benchmarks.EvidenceUnknown}
	}
	if depth, ok := made.depth(); ok {
		sample.Depth = &depth
	}
	return sample
}

// paper gathers the items that an exam may take: a task's own, or (LIMT) those
// of it and the tasks behind it, as many as fill the length.
func (s *stream) paper(r row, f file, length int, w *window) paper {
	p := paper{base: r}
	rows := []row{r}
	if s.mode == modeLIMT && !f.instructed {
		// A token is about four bytes; a third more leaves a choice.
		rows = append(rows, w.ahead(mixed, length*4*4/3)...)
	}
	for _, from := range rows {
		for _, it := range from.items {
			if s.mode != modeGIST && !f.instructed {
				it.instruction = from.instruction
			}
			p.items = append(p.items, it)
		}
	}
	return p
}

// mixed is how many further tasks an exam of LIMT takes items of at least.
const mixed = 4

// notices say how exams were made.
func (s *stream) notices() {
	var texts []string
	if s.mode != modeGIST && !s.sources[0].instructed {
		texts = append(texts, s.mode+": no official files of this mode here; made of those of GIST, each item with its task's instruction")
	}
	if s.repeated > 0 {
		texts = append(texts, fmt.Sprintf("%d composed exams hold items more than once: their task has too few of its own", s.repeated))
	}
	if s.unfilled > 0 {
		texts = append(texts, fmt.Sprintf("%d exams are left out: no whole items of their task fill the length to 98%%", s.unfilled))
	}
	if s.bare > 0 {
		texts = append(texts, fmt.Sprintf("%d rows without a wrong item are left out of composed exams", s.bare))
	}
	for _, text := range texts {
		if !s.yield(benchmarks.Sample{}, &benchmarks.Notice{Text: "longins: " + text}) {
			return
		}
	}
}
