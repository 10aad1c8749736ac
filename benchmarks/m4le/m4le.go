// Package m4le adapts M4LE: 39 configurations of 36 data sets in English and
// Chinese, sorted by the ability that they ask for, in length buckets of 1k to
// 128k words (characters in Chinese). Besides the official rows it composes new
// contexts of any length from short labelled texts, as upstream's scripts do.
//
// Sources: arXiv 2310.19240; KwanWaiChung/M4LE at 47c2af9 (evaluation.py and the
// scripts in data/); rows are wckwan/M4LE on the hub, pinned in pins.json by the
// commit alone: no file's sha256 is known here.
package m4le

import (
	"context"
	_ "embed" // pins
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/scorers"
)

//go:embed pins.json
var pinned []byte

func pins() []datasets.Pin { return datasets.EmbeddedPins("m4le", pinned) }

// Adapter is the adapter of M4LE.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "m4le", Title: "M4LE", Paper: "2310.19240", Pins: pins(),
		Knobs:   []benchmarks.Knob{{Name: "repeats"}, {Name: "haystack"}},
		Open:    func(src datasets.Source) benchmarks.Benchmark { return &m4LE{src: src, tasks: tasks()} },
		Builtin: builtin.M4LE, SelfCheck: selfCheck,
	}
}

type m4LE struct {
	src   datasets.Source
	tasks []task

	mu      sync.Mutex
	shelves map[string]shelf // of built-in short texts, by file
}

// Tasks implements benchmarks.Benchmark. Rows are the published numbers, or what
// is made here.
func (b *m4LE) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, t := range b.tasks {
		if b.generated() {
			t.Rows = ownDraws * len(ownBuckets())
		}
		out = append(out, t.Task)
	}
	return out
}

// TaskName is the task that a file of upstream's results is named after.
func (b *m4LE) TaskName(file string) string { return scorers.M4LETask(file) }

// generated says that the rows are made up here: then what can be composed is,
// from the source's short texts.
func (b *m4LE) generated() bool { return b.src.Origin().Kind == "builtin" }

// File names what a task is read from.
func (b *m4LE) File(name string) string {
	if r, ok := recipeOf(name); ok && b.generated() {
		return shortFile(r.kind, r.language)
	}
	return name + ".jsonl"
}

// Samples streams the selected tasks in the paper's order of abilities. Bad
// rows are yielded where they stand.
func (b *m4LE) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		a := benchmarks.Adapter{Name: "m4le", Knobs: Adapter().Knobs}
		err := errors.Join(benchmarks.CheckTasks(a.Name, b.Tasks(), o.Tasks), a.CheckMode(o.Mode), a.CheckShape(o.Shape))
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		s := &stream{m4LE: b, o: o, yield: yield}
		if err := s.open(); err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		selected := slices.DeleteFunc(slices.Clone(b.tasks), func(t task) bool { return !o.Selects(t.Task) })
		for _, text := range s.notices(selected) {
			if !yield(benchmarks.Sample{}, &benchmarks.Notice{Text: text}) {
				return
			}
		}
		for _, t := range selected {
			if !s.task(ctx, t) {
				return
			}
		}
		s.close()
	}
}
