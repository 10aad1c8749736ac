package liconbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// set is a task's data: the demonstrations in their order and the test rows.
type set struct {
	task
	train []example
	ends  []int // of rounds in train; nil where task.shots says
	test  []example
	dealt bool // without a training file, both are of the test file
}

// rounds are the demonstrations of so many rounds, or an error that says how
// many there are.
func (s set) rounds(id string, n int) ([]example, error) {
	end := -1
	switch {
	case s.shots != nil && s.demonstrations(n) <= len(s.train):
		end = s.demonstrations(n)
	case s.shots == nil && n < len(s.ends):
		end = s.ends[n]
	}
	if end < 0 {
		return nil, &benchmarks.SampleError{
			SampleID: id, Reason: fmt.Sprintf("%s: too few demonstrations for %d rounds", s.Name, n),
			Err: fmt.Errorf("%w: the data has %d demonstrations, too few for %d rounds", benchmarks.ErrSample, len(s.train), n),
		}
	}
	return s.units(s.train[:end]), nil
}

// units are demonstrations as they are shown.
func (s set) units(rows []example) []example {
	if s.merged {
		return merge(rows)
	}
	return rows
}

// load reads a task's data, with demonstrations for so many rounds, or as many
// as there are once each label has enough rows for them. Rows that can't be read
// go to bad, which says whether to go on.
func (b *liconBench) load(ctx context.Context, t task, rounds int, bad func(error) bool) (set, error) {
	s := set{task: t}
	if t.labels == nil {
		var err error
		if s.labels, err = readTags(ctx, b.src); err != nil {
			return s, err
		}
	}
	r := reader{b: b, t: s.task, bad: bad}
	train := b.file(ctx, t.train)
	ordered := t.shots != nil // no labels to be balanced
	if b.has(ctx, train) {
		enough := rounds
		if ordered {
			enough = 0
		}
		r.read(ctx, train, enough)
		s.train = r.take()
	} else {
		s.dealt = true
	}
	enough := (testRows + len(s.labels) - 1) / len(s.labels)
	if ordered || s.dealt {
		enough = 0
	}
	r.read(ctx, b.file(ctx, t.test), enough)
	s.test = r.take()
	if r.err != nil {
		return s, r.err
	}
	s.choose()
	return s, nil
}

// choose brings train into the order of rounds and cuts test to its size.
func (s *set) choose() {
	switch {
	case !s.dealt:
	case s.merged:
		s.train, s.test = dealDialogues(s.test)
	case s.shots != nil: // the test rows are the file's first
		s.train = s.test[min(len(s.test), testRows):]
	default:
		s.train, s.test = deal(s.test)
	}
	switch {
	case s.merged:
		s.test = upTo(s.test, testRows)
	case s.shots != nil:
		s.test = s.test[:min(len(s.test), testRows)]
	default:
		s.train, s.ends = walk(s.train, len(s.train), 0)
		s.test, _ = walk(s.test, len(s.test), testRows)
	}
}

// readTags reads Few-NERD's types, in the order of their numbers.
func readTags(ctx context.Context, src datasets.Source) ([]string, error) {
	raw, err := datasets.ReadFile(ctx, src, tagsFile, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("liconbench: %w", err)
	}
	var byNumber map[string]string
	if err := json.Unmarshal(raw, &byNumber); err != nil {
		return nil, fmt.Errorf("liconbench: %s: %w: want an object of numbers and types", tagsFile, err)
	}
	var tags []string
	for i := range len(byNumber) + 1 { // from 0 or from 1
		if tag, ok := byNumber[fmt.Sprint(i)]; ok {
			tags = append(tags, tag)
		}
	}
	if len(tags) == 0 || len(tags) != len(byNumber) {
		return nil, fmt.Errorf("liconbench: %s: want an object of numbers from 1 and types, without gaps", tagsFile)
	}
	return tags, nil
}

// reader reads the files of a task.
type reader struct {
	b    *liconBench
	t    task
	bad  func(error) bool
	rows []example
	err  error // what ended the reading
}

func (r *reader) take() []example {
	rows := r.rows
	r.rows = nil
	return rows
}

// errStopped says that the consumer of a stream wants no more.
var errStopped = errors.New("stopped")

// read keeps a file's rows until each label has enough of them, 0: all.
func (r *reader) read(ctx context.Context, name string, enough int) {
	if r.err != nil {
		return
	}
	count, full := map[string]int{}, 0
	decode := func(line []byte) (*example, error) {
		e, keep, err := r.t.decode(line, r.t)
		if err != nil || !keep {
			return nil, err
		}
		return &e, nil
	}
	for e, err := range datasets.Rows(ctx, r.b.src, name, decode) {
		var row *datasets.RowError
		switch {
		case errors.As(err, &row):
			if !r.bad(err) {
				r.err = errStopped
				return
			}
			continue
		case err != nil:
			r.err = err
			return
		case e == nil:
			continue
		}
		r.rows = append(r.rows, *e)
		if l := e.labels[0]; enough > 0 {
			if count[l]++; count[l] == enough {
				full++
			}
			if full == len(r.t.labels) {
				return
			}
		}
	}
}
