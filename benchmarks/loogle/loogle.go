// Package loogle adapts LooGLE: questions of short and of long dependency on
// Wikipedia pages and film scripts, clozes on scripts, and summaries of arXiv
// papers; four tasks, English, 24,005 tokens a document on average.
//
// Sources: arXiv 2311.04939; bigai-nlco/LooGLE at 6734382. Prompts and limits
// are read from its config files, never kept here. The pinned files are the
// sample of five documents a task that upstream's repository holds; the full
// set is bigainlco/LooGLE on the hub, whose files a folder may hold instead
// (--data-dir).
package loogle

import (
	"context"
	_ "embed" // pins
	"errors"
	"io/fs"
	"iter"
	"slices"
	"sync"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
)

//go:embed pins.json
var pinsJSON []byte

func pins() []datasets.Pin { return datasets.EmbeddedPins("loogle", pinsJSON) }

// Adapter is the adapter of LooGLE.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "loogle", Title: "LooGLE", Paper: "2311.04939", Pins: pins(), Synonyms: true,
		Open:    func(src datasets.Source) benchmarks.Benchmark { return &looGLE{src: src} },
		Builtin: builtin.LooGLE, SelfCheck: selfCheck,
	}
}

// looGLE streams LooGLE's tasks.
type looGLE struct {
	src datasets.Source

	mu    sync.Mutex
	names map[string]string // of files, by task
}

// Tasks implements benchmarks.Benchmark. Rows are the published numbers of
// samples, or the pinned sample's own where that is what is read.
func (b *looGLE) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, t := range tasks() {
		if b.pinned() {
			t.Rows = t.pinnedRows
		}
		out = append(out, t.Task)
	}
	return out
}

// pinned says that the pinned files are read, not the full set.
func (b *looGLE) pinned() bool { return b.src.Origin().Kind == "hub" }

// File names the file of a task: the first of the names that the hub, upstream's
// repository and users' folders have for it which the source knows.
func (b *looGLE) File(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found, ok := b.names[name]; ok {
		return found
	}
	sample := "testdata/" + name + ".jsonl"
	if b.pinned() {
		return sample
	}
	candidates := []string{name + ".jsonl", sample}
	if name == summaries {
		candidates = append(candidates, "summarization.jsonl")
	}
	found := candidates[0]
	if at := slices.IndexFunc(candidates, b.has); at >= 0 {
		found = candidates[at]
	}
	if b.names == nil {
		b.names = map[string]string{}
	}
	b.names[name] = found
	return found
}

// has says whether the source has a file; one that cannot be read is there too.
func (b *looGLE) has(name string) bool {
	f, err := b.src.Open(context.Background(), name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return f.Close() == nil
}

// Samples streams the selected tasks in the paper's order, and in each all
// questions of one document after each other.
func (b *looGLE) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		err := errors.Join(benchmarks.CheckTasks("loogle", b.Tasks(), o.Tasks), benchmarks.Adapter{Name: "loogle"}.CheckMode(o.Mode))
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		p, err := readPrompts(ctx, b.src)
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		if b.pinned() && !yield(benchmarks.Sample{}, &benchmarks.Notice{Text: "loogle: the pinned files are upstream's sample of five documents a task; for the full set give the folder of the hub's bigainlco/LooGLE as --data-dir"}) {
			return
		}
		s := &stream{b: b, o: o, prompts: p, yield: yield}
		for _, t := range tasks() {
			if o.Selects(t.Task) && !s.task(ctx, t) {
				return
			}
		}
	}
}
