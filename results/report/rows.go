package report

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers/stats"
)

// sample is what figures and the choice of samples for the page need of a row.
type sample struct {
	stats.Sample
	line   int // in the file of rows, from 1
	index  int
	status runners.Status
	// asked says that Tokens is the length that was asked for, not a bucket.
	asked bool
	// scored says that the row has a score; without one it counts 0, unless a
	// judge alone scores it.
	scored bool
}

// rowReader turns rows into samples, with one copy of each name.
type rowReader struct {
	l      *loaded
	shared map[string]string
	seen   map[string]bool
	// contexts are opened when the first row needs the size of one; none says
	// that there are none.
	contexts *results.Contexts
	none     bool
	// facts and tasks are of a run without a summary.
	facts *results.Facts
	tasks []benchmarks.Task
}

func newRowReader(l *loaded) *rowReader {
	r := &rowReader{l: l, shared: map[string]string{}, seen: map[string]bool{}}
	if !l.summarised {
		r.facts = results.NewFacts()
	}
	return r
}

func (r *rowReader) readAll(path string) error {
	line, broken := 0, 0
	for row, err := range results.PickRows(path, func(n int) bool { line = n; return true }) {
		if unreadable := (*fs.PathError)(nil); errors.As(err, &unreadable) {
			return err
		}
		if err == nil {
			err = r.add(row, line)
		}
		if err == nil {
			continue
		}
		if broken++; broken <= maxNamedLines {
			r.l.warn("left out: " + err.Error())
		}
	}
	if broken > maxNamedLines {
		r.l.warn(fmt.Sprintf("left out: %d more lines of %s", broken-maxNamedLines, filepath.Base(path)))
	}
	return nil
}

func (r *rowReader) add(row results.Row, line int) error {
	place := fmt.Sprintf("%s:%d", filepath.Base(r.l.rowsPath), line)
	switch {
	case r.seen[row.ID]:
		return fmt.Errorf("%s: sample %q is there twice", place, row.ID)
	case row.Score != nil && !(*row.Score >= 0 && *row.Score <= 1):
		return fmt.Errorf("%s: sample %q: score %v, want 0 to 1", place, row.ID, *row.Score)
	}
	s := sample{line: line, index: row.Index, status: runners.Status(row.Status)}
	s.ID = strings.Clone(row.ID)
	r.seen[s.ID] = true
	s.Benchmark, s.Task, s.Group = r.l.manifest.Benchmark, r.share(row.Task), r.share(row.Group)
	s.Weight, s.Depth = row.Weight, row.Depth
	if row.Score != nil {
		s.Score, s.scored = *row.Score, true
	}
	r.length(&s, row)
	if row.Depth == nil {
		s.Depths = r.depths(row)
	}
	s.Axes = axesOf(row.Diffusion, row.Scope, row.Axes)
	if row.Depth != nil && row.TargetLength != nil {
		s.Characters = r.characters(row)
	}
	if row.Metric == "" && row.Judge != "" {
		r.l.judged = append(r.l.judged, s)
		return nil
	}
	r.l.samples = append(r.l.samples, s)
	r.count(row)
	return nil
}

// length sets the tested length: the one that was asked for, or the power of
// two that the context's tokens fit into.
func (r *rowReader) length(s *sample, row results.Row) {
	switch {
	case row.TargetLength != nil:
		s.Tokens, s.asked = *row.TargetLength, true
		if at := strings.LastIndexByte(s.ID, '@'); at > 0 {
			s.Question = s.ID[:at]
		}
	case row.ContextTokens != nil && *row.ContextTokens > 0:
		s.Tokens = max(shortestBucket, 1<<bits.Len(uint(*row.ContextTokens-1)))
	}
}

// shortestBucket holds all contexts that are no longer.
const shortestBucket = 1 << 10

// depths are the mid-points of the evidence in percent of the context's bytes.
func (r *rowReader) depths(row results.Row) []float64 {
	if row.EvidenceState != string(benchmarks.EvidenceKnown) || len(row.EvidenceSpans) == 0 || row.ContextSHA256 == "" {
		return nil
	}
	if !r.open() {
		return nil
	}
	size, ok := r.contexts.Bytes(row.ContextSHA256)
	if !ok || size == 0 {
		return nil
	}
	out := make([]float64, len(row.EvidenceSpans))
	for i, span := range row.EvidenceSpans {
		out[i] = min(100, max(0, 50*float64(span.Start+span.End)/float64(size)))
	}
	return out
}

// characters are those of the row's context; 0: not known.
func (r *rowReader) characters(row results.Row) int {
	if row.ContextSHA256 == "" || !r.open() {
		return 0
	}
	n, _ := r.contexts.Characters(row.ContextSHA256)
	return n
}

// open opens the contexts for their sizes, once; false: there are none.
func (r *rowReader) open() bool {
	if r.contexts == nil && !r.none {
		var err error
		if r.contexts, err = results.ReadContexts(r.l.dir); err != nil {
			r.none = true
			r.l.warn("sizes of contexts, and depths of evidence in them, aren't known: " + err.Error())
		}
	}
	return !r.none
}

func (r *rowReader) close() {
	if r.contexts != nil {
		if err := r.contexts.CloseReading(); err != nil {
			r.l.warn(err.Error())
		}
	}
}

// share returns one copy of s.
func (r *rowReader) share(s string) string {
	if one, ok := r.shared[s]; ok {
		return one
	}
	one := strings.Clone(s)
	r.shared[one] = one
	return one
}

// count keeps what a run without a summary needs.
func (r *rowReader) count(row results.Row) {
	if r.facts == nil {
		return
	}
	r.facts.AddRow(row)
	if !slices.ContainsFunc(r.tasks, func(t benchmarks.Task) bool { return t.Name == row.Task }) {
		t := benchmarks.Task{Name: row.Task, Category: row.Category, Language: row.Language, Metric: row.Metric}
		r.tasks = append(r.tasks, t)
	}
}

// summary averages the rows of a run that has none.
func (r *rowReader) summary() results.Summary {
	return r.facts.Summarise(results.SummaryInput{Manifest: r.l.manifest, Tasks: r.tasks, State: r.l.manifest.State, Cost: r.l.manifest.Cost})
}
