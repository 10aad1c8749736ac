package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// Prediction files name no sample. Where the benchmark's data is at hand, each
// prediction is matched to the sample that asks its query for its reference;
// without, lines are only counted against the published size.

// sampleIndex knows a benchmark's samples; nil knows none.
type sampleIndex struct{ bench benchmarks.Benchmark }

// taskIndex are one task's samples by reference, in file order, each taken by
// one prediction at the most; nil takes every prediction as it is.
type taskIndex struct {
	byReference map[string][]*indexed
	all         []*indexed
}

type indexed struct {
	sample benchmarks.Sample
	taken  bool
}

// task reads the samples of one task; nil where the data has no file of it.
func (x *sampleIndex) task(ctx context.Context, t benchmarks.Task) (*taskIndex, error) {
	if x == nil {
		return nil, nil
	}
	out := &taskIndex{byReference: map[string][]*indexed{}}
	for s, err := range x.bench.Samples(ctx, benchmarks.Options{Tasks: []string{t.Name}}) {
		var notice *benchmarks.Notice
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil
		case errors.As(err, &notice):
			continue
		case err != nil:
			return nil, err
		}
		s.Prompt, s.FollowUp = benchmarks.Prompt{}, nil // a document each would be much
		entry := &indexed{sample: s}
		out.all = append(out.all, entry)
		out.byReference[s.References[0]] = append(out.byReference[s.References[0]], entry)
	}
	return out, nil
}

// find returns the prediction with what the data knows of its sample. A query
// may have the document ahead of it.
func (x *taskIndex) find(p benchmarks.Sample) (benchmarks.Sample, error) {
	if x == nil {
		return p, nil
	}
	var twice *indexed
	for _, e := range x.byReference[p.References[0]] {
		if !strings.HasSuffix(strings.TrimSpace(p.Query), strings.TrimSpace(e.sample.Query)) {
			continue
		}
		if e.taken {
			twice = e
			continue
		}
		e.taken = true
		p.ID, p.Group = e.sample.ID, e.sample.Group
		if e.sample.Strata != nil {
			p.Strata = e.sample.Strata // the data's place, whatever is missing
		}
		return p, nil
	}
	if twice != nil {
		return p, fmt.Errorf("a second prediction for %s", twice.sample.ID)
	}
	return p, errors.New("no sample of the data has this query and reference")
}

// missing names the samples without a prediction.
func (x *taskIndex) missing() []string {
	var out []string
	for _, e := range x.all {
		if !e.taken {
			out = append(out, "no prediction for "+e.sample.ID)
		}
	}
	return out
}

// lineCount compares a file with the published size of its task.
type lineCount struct {
	task   benchmarks.Task
	lines  int
	asked  bool // rows say what was asked, so that repeats can be told
	first  map[string]int
	repeat []string
}

func (n *lineCount) add(s benchmarks.Sample, line int) {
	n.lines++
	if s.Query == "" {
		return
	}
	n.asked = true
	if n.first == nil {
		n.first = map[string]int{}
	}
	key := s.Query + "\x00" + s.References[0]
	if at, seen := n.first[key]; seen {
		n.repeat = append(n.repeat, fmt.Sprintf("line %d repeats line %d", line, at))
		return
	}
	n.first[key] = line
}

// complaints say that predictions are missing, or which ones are there twice.
// Some tasks ask the same twice, so repeats count only in a file that is too
// long.
func (n *lineCount) complaints() []string {
	over := n.lines - n.task.Rows
	switch {
	case !n.asked || n.task.Rows == 0 || over == 0:
		return nil
	case over < 0:
		return []string{fmt.Sprintf("%d predictions of %d queries; --data-dir names the missing ones", n.lines, n.task.Rows)}
	case len(n.repeat) == 0:
		return []string{fmt.Sprintf("%d predictions of %d queries", n.lines, n.task.Rows)}
	}
	return n.repeat
}
