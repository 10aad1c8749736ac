package needlethreading

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// released streams the rows of upstream's files.
type released struct {
	b     *needleThreading
	o     benchmarks.Options
	yield func(benchmarks.Sample, error) bool
	index int
}

// task yields a task's samples in file order; false: the consumer has stopped.
// Depths, counts, placement, direction and repeats select rows.
func (s *released) task(ctx context.Context, t task) bool {
	left := s.o.Wanted(t.Task)
	seen := map[string]int{} // rows, by their ids and by what they try
	read := 0
	for _, file := range s.b.files(t.Name) {
		for r, err := range datasets.Rows(ctx, s.b.src, file, func(line []byte) (benchmarks.Sample, error) {
			r, err := decodeRow(line)
			if err != nil {
				return benchmarks.Sample{}, err
			}
			return s.sample(t, r, seen)
		}) {
			read++
			switch {
			case left == 0:
				return true
			case err != nil:
			case r.ID == "": // not selected
				continue
			default:
				left--
				r.Index = s.index
				s.index++
			}
			if !s.yield(r, err) {
				return false
			}
		}
	}
	if s.index == 0 && read > 0 {
		return s.yield(benchmarks.Sample{}, &benchmarks.Notice{Text: t.Name + ": no released row is of the kind asked for"})
	}
	return true
}

// sample makes a row's sample; one without an ID is not selected.
func (s *released) sample(t task, r row, seen map[string]int) (benchmarks.Sample, error) {
	if seen["id "+r.id]++; seen["id "+r.id] > 1 {
		return benchmarks.Sample{}, &datasets.FieldError{Field: "id", Err: fmt.Errorf("another row of the task is %s, too", r.id)}
	}
	count, layout := r.counted(t)
	if !s.wanted(t, r, count, layout, seen) {
		return benchmarks.Sample{}, nil
	}
	values, e, err := r.answer(t)
	if err != nil {
		return benchmarks.Sample{}, err
	}
	sum := sha256.Sum256([]byte(r.haystack))
	out := benchmarks.Sample{
		ID: t.Name + "/" + r.id, Task: t.Name, Category: t.Category, Language: t.Language, Metric: t.Metric,
		Prompt: benchmarks.Prompt{Context: r.haystack, After: "\n" + r.question}, Chat: true, Own: benchmarks.TruncateMiddle,
		MaxTokens: maxTokens(len(values)), References: values, Query: r.question, Evidence: e, Hops: t.hops(r.steps),
		Length: len([]rune(r.haystack)), Group: name + "/" + hex.EncodeToString(sum[:6]), Strata: t.strataOf(layout, count),
	}
	if t.shape == oneNeedle {
		out.Depth = r.depth
	}
	if tok := s.o.Tokenizer; tok != nil {
		out.ContextTokens, out.Tokenizer = benchmarks.Count(tok, r.haystack), tok.Name()
	}
	if s.o.Salt {
		out.Prompt.Before = benchmarks.Salt(s.o.Seed, out.ID)
	}
	return out, nil
}

// counted is what a task counts of a row, and how it is laid out.
func (r row) counted(t task) (int, string) {
	switch t.shape {
	case oneThread:
		return r.steps, r.direction
	case threads:
		return r.threads, r.direction
	}
	return r.needles, r.placement
}

// wanted says whether the options select a row. Seen has the rows so far.
func (s *released) wanted(t task, r row, count int, layout string, seen map[string]int) bool {
	shape := s.o.Shape
	asked := shape.Direction
	if t.shape == needles || t.shape == marked {
		asked = shape.Placement
	}
	depth := -1.0
	if r.depth != nil {
		depth = *r.depth
	}
	switch {
	case t.shape == oneNeedle && len(s.o.Depths) > 0 && !slices.Contains(s.o.Depths, depth),
		t.shape != oneNeedle && len(shape.Needles) > 0 && !slices.Contains(shape.Needles, count),
		t.shape != oneNeedle && asked != "" && layout != asked:
		return false
	}
	kind := fmt.Sprint(r.chars, depth, r.needles, r.steps, r.threads, r.placement, r.direction)
	seen[kind]++
	return shape.Repeats == 0 || seen[kind] <= shape.Repeats
}

// maxShards is the most parts that a split is looked for in.
const maxShards = 16

// File names a task's first file, for who wants to know whether it is there.
func (b *needleThreading) File(task string) string { return b.files(task)[0] }

// files names a task's files: the pinned ones, or of a folder those under the
// first of the names that the hub and the archive of JSON files have for it
// which are there.
func (b *needleThreading) files(name string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found, ok := b.found[name]; ok {
		return found
	}
	if b.found == nil {
		b.found = map[string][]string{}
	}
	ts := tasks()
	t := ts[slices.IndexFunc(ts, func(t task) bool { return t.Name == name })]
	b.found[name] = b.locate(t)
	return b.found[name]
}

func (b *needleThreading) locate(t task) []string {
	var pinned []string
	for _, p := range pins() {
		if strings.HasPrefix(p.Name, t.splits[0]+"-") {
			pinned = append(pinned, p.Name)
		}
	}
	if b.src.Origin().Kind == "hub" {
		return pinned
	}
	for _, split := range append(slices.Clone(t.splits), t.Name) {
		for _, file := range []string{split + ".parquet", split + ".jsonl", split + ".json", "json_data/" + split + ".json"} {
			if b.has(file) {
				return []string{file}
			}
		}
		for n := 1; n <= maxShards; n++ {
			if files := shards(split, n); b.has(files[0]) {
				return files
			}
		}
	}
	return []string{t.splits[0] + ".parquet"}
}

// shards are the n parts of a split.
func shards(split string, n int) []string {
	files := make([]string, n)
	for i := range files {
		files[i] = fmt.Sprintf("%s-%05d-of-%05d.parquet", split, i, n)
	}
	return files
}

// has says whether the source has a file; one that cannot be read is there too.
func (b *needleThreading) has(name string) bool {
	f, err := b.src.Open(context.Background(), name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return f.Close() == nil
}
