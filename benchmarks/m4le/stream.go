package m4le

import (
	"context"
	"fmt"
	"strings"

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
	shelf    shelf           // what they hold, once it is read
	lacks    []lack
}

// lack is what a folder of short texts has none of, with the tasks that are left
// out for it.
type lack struct{ what, tasks string }

func (s *stream) lacking(task string, r recipe) {
	what := fmt.Sprintf("in language %s with %s", r.language, r.needs())
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
func (s *stream) open() (err error) {
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
