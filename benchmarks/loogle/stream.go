package loogle

import (
	"context"
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// stream yields the samples of one run.
type stream struct {
	b       *looGLE
	o       benchmarks.Options
	prompts prompts
	yield   func(benchmarks.Sample, error) bool
	index   int // of the next sample
}

// task yields one task's samples; false says that the consumer has stopped.
func (s *stream) task(ctx context.Context, t task) bool {
	pool, err := s.pool(ctx, t)
	if err != nil {
		return s.yield(benchmarks.Sample{}, err) && false
	}
	if len(s.o.Lengths) > 0 && t.Dilutes && !s.yield(benchmarks.Sample{}, &benchmarks.Notice{Text: t.Name + ": lengthened contexts hold papers that the reference summary does not cover"}) {
		return false
	}
	rows := t.Task
	if s.b.pinned() {
		rows.Rows = t.pinnedRows
	}
	left := s.o.Wanted(rows)
	file := s.b.File(t.Name)
	for line, err := range datasets.Lines(ctx, s.b.src, file) {
		if left <= 0 {
			return true
		}
		var d document
		if err == nil {
			if d, err = decodeDocument(line.Text, t); err != nil {
				err = datasets.NewRowError(file, line.Number, err)
			}
		}
		if err != nil {
			if !s.yield(benchmarks.Sample{}, err) {
				return false
			}
			continue
		}
		more, n := s.document(ctx, d, t, pool, file, line.Number, left)
		if !more {
			return false
		}
		left -= n
	}
	return true
}

// document yields the samples of one row, at most limit of them.
func (s *stream) document(ctx context.Context, d document, t task, pool *benchmarks.Pool, file string, line, limit int) (more bool, n int) {
	text := newLocator(d.input)
	for i, q := range d.questions {
		if n == limit {
			return true, n
		}
		if q.err != nil {
			if !s.yield(benchmarks.Sample{}, datasets.NewRowError(file, line, q.err)) {
				return false, n
			}
			continue
		}
		sample, err := s.prompts.sample(d, q, t, sampleID(t.Name, line, i+1))
		if err != nil {
			return s.yield(sample, err) && false, n
		}
		sample.Evidence = text.evidence(t, q)
		if s.o.Tokenizer != nil {
			text.count(&sample, s.o.Tokenizer)
		}
		if s.o.Salt {
			sample.Prompt.Before = benchmarks.Salt(s.o.Seed, sample.ID) + sample.Prompt.Before
		}
		n++
		for v, err := range benchmarks.Vary(ctx, sample, t.Task, s.o, pool) {
			v.Index = s.index
			s.index++
			if !s.yield(v, err) {
				return false, n
			}
		}
	}
	return true, n
}

// pool collects distractors where lengths were asked for: the other documents
// of the task, in paragraphs.
func (s *stream) pool(ctx context.Context, t task) (*benchmarks.Pool, error) {
	if len(s.o.Lengths) == 0 || s.o.Unmade {
		return nil, ctx.Err()
	}
	pool := benchmarks.NewPool(s.o.Seed, slices.Max(s.o.Lengths))
	for d, err := range datasets.Rows(ctx, s.b.src, s.b.File(t.Name), func(line []byte) (document, error) { return decodeDocument(line, t) }) {
		if err != nil {
			continue // yielded where the samples are made
		}
		pool.Add(d.group, passages(d.input))
	}
	return pool, ctx.Err()
}
