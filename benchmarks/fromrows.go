package benchmarks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// FromRows streams a benchmark of fixed documents whose rows are one sample
// each: rows yields those of a task, in file order, with what the row alone
// knows (prompt, references, query, evidence). What a task fixes, ids, lengths
// and depths are filled in here. Rows are read twice where lengths are asked
// for, the first time for distractors.
func FromRows(ctx context.Context, a Adapter, tasks []Task, o Options, rows func(Task) iter.Seq2[Sample, error]) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		if err := errors.Join(CheckTasks(a.Name, tasks, o.Tasks), a.CheckMode(o.Mode)); err != nil {
			yield(Sample{}, err)
			return
		}
		base := 0
		for _, t := range tasks {
			if !o.Selects(t) {
				continue
			}
			s := rowStream{ctx: ctx, task: t, o: o, index: base, yield: yield}
			if !s.stream(rows) {
				return
			}
			base = s.index
		}
	}
}

// rowStream is one task of FromRows.
type rowStream struct {
	ctx   context.Context
	task  Task
	o     Options
	index int
	yield func(Sample, error) bool
}

// stream yields the task's samples; it returns whether to go on.
func (r *rowStream) stream(rows func(Task) iter.Seq2[Sample, error]) bool {
	var pool *Pool
	if len(r.o.Lengths) > 0 && !r.task.Fixed && !r.o.Unmade {
		pool = NewPool(r.o.Seed, slices.Max(r.o.Lengths))
		for s, err := range rows(r.task) {
			if err == nil { // else it is told below
				pool.Add(groupOf(r.task, s), paragraphs(s.Prompt.Context))
			}
		}
	}
	row, wanted := 0, r.o.Wanted(r.task)
	for s, err := range rows(r.task) {
		if r.ctx.Err() != nil {
			return r.yield(Sample{}, r.ctx.Err()) && false
		}
		if err != nil {
			if !r.yield(Sample{}, err) {
				return false
			}
			continue
		}
		if row++; row > wanted {
			break
		}
		for v, err := range Vary(r.ctx, r.complete(s, row), r.task, r.o, pool) {
			v.Index = r.index
			r.index++
			if !r.yield(v, err) {
				return false
			}
		}
	}
	return true
}

// complete fills in what the task fixes. The row is numbered from 1.
func (r *rowStream) complete(s Sample, row int) Sample {
	t := r.task
	s.ID = fmt.Sprintf("%s/row%d", t.Name, row)
	s.Task, s.Category, s.Language, s.Metric, s.MaxTokens = t.Name, t.Category, t.Language, t.Metric, t.MaxTokens
	s.Group = groupOf(t, s)
	if s.Own == "" {
		s.Own = TruncateMiddle
	}
	if s.Evidence.State == "" {
		s.Evidence.State = EvidenceUnknown
	}
	if tok := r.o.Tokenizer; tok != nil {
		s.CountContext(tok)
	}
	if r.o.Salt {
		s.Prompt.Before = Salt(r.o.Seed, s.ID) + s.Prompt.Before
	}
	return s
}

// groupOf names a document by its text, where the row doesn't.
func groupOf(t Task, s Sample) string {
	if s.Group != "" {
		return s.Group
	}
	return Group(t.Name, s.Prompt.Context)
}

// Group names a document of a task by its text.
func Group(task, document string) string {
	sum := sha256.Sum256([]byte(document))
	return task + "/" + hex.EncodeToString(sum[:6])
}

func paragraphs(text string) []string {
	var out []string
	for p := range strings.SplitSeq(text, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
