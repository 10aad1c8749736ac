// Package longbench adapts LongBench (21 tasks in English, Chinese and code),
// LongBench-E (13 of them, spread evenly over lengths) and LongBench v2 (503
// multiple-choice questions).
//
// Sources: arXiv 2308.14508 and 2412.15204; THUDM/LongBench at 2e00731. Files
// are pinned in pins.json and pins_v2.json; prompts are read from them, never
// kept here.
package longbench

import (
	"context"
	_ "embed" // pins
	"errors"
	"iter"
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/scorers"
)

//go:embed pins.json
var pinsV1 []byte

//go:embed pins_v2.json
var pinsV2 []byte

func pins(raw []byte) []datasets.Pin { return datasets.EmbeddedPins("longbench", raw) }

// V1 is the adapter of LongBench.
func V1() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "longbench", Title: "LongBench", Paper: "2308.14508", Pins: pins(pinsV1),
		Metrics: "longbench",
		Open:    func(src datasets.Source) benchmarks.Benchmark { return &v1{src: src} },
		Builtin: builtin.LongBench, SelfCheck: selfCheck,
	}
}

// E is the adapter of LongBench-E, reported by length bucket.
func E() benchmarks.Adapter {
	a := V1()
	a.Name, a.Title, a.Variant = "longbench-e", "LongBench-E", true
	a.Open = func(src datasets.Source) benchmarks.Benchmark { return &v1{src: src, e: true} }
	return a
}

// v1 streams LongBench, or LongBench-E if e is set.
type v1 struct {
	src datasets.Source
	e   bool
}

// Tasks implements benchmarks.Benchmark.
func (b *v1) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, t := range b.tasks() {
		out = append(out, t.Task)
	}
	return out
}

func (b *v1) tasks() []task {
	all := tasks()
	if !b.e {
		return all
	}
	var out []task
	for _, t := range all {
		if t.inE {
			t.Strata, t.Rows, t.AverageLength = scorers.LongBenchBuckets(), 300, 0
			t.Boards = []string{"en"}
			out = append(out, t)
		}
	}
	return out
}

// File names the file of a task.
func (b *v1) File(name string) string { return b.file(task{Task: benchmarks.Task{Name: name}}) }

func (b *v1) file(t task) string {
	if b.e {
		return t.Name + "_e.jsonl"
	}
	return t.Name + ".jsonl"
}

// Samples streams the selected tasks in the paper's order. Within a task the
// rows that share a context follow each other; Index is the place in the
// files.
func (b *v1) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		err := errors.Join(benchmarks.CheckTasks(b.name(), b.Tasks(), o.Tasks), benchmarks.Adapter{Name: b.name()}.CheckMode(o.Mode))
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		p, err := readPrompts(ctx, b.src)
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		base := 0
		for _, t := range b.tasks() {
			if !o.Selects(t.Task) {
				continue
			}
			more, n := b.task(ctx, t, p, o, base, yield)
			if !more {
				return
			}
			base += n
		}
	}
}

func (b *v1) name() string {
	if b.e {
		return "longbench-e"
	}
	return "longbench"
}

// task streams one task; it returns whether to go on and how many places in
// the order it has used.
func (b *v1) task(ctx context.Context, t task, p prompts, o benchmarks.Options, base int, yield func(benchmarks.Sample, error) bool) (more bool, places int) {
	pool, notice, err := b.pool(ctx, t, o)
	if err != nil {
		return yield(benchmarks.Sample{}, err) && false, 0
	}
	if notice != "" && !yield(benchmarks.Sample{}, &benchmarks.Notice{Text: notice}) {
		return false, 0
	}
	if t.atEnd {
		o.Depths = []float64{100}
	}
	variants := max(1, len(o.Lengths)) * max(1, len(o.Depths))
	wanted := o.Wanted(t.Task)
	for line, err := range benchmarks.Grouped(ctx, b.src, b.file(t), "context") {
		if err != nil {
			if !yield(benchmarks.Sample{}, err) {
				return false, 0
			}
			continue
		}
		if line.Index >= wanted {
			continue
		}
		places = max(places, (line.Index+1)*variants)
		if !b.row(ctx, line, t, p, o, pool, base+line.Index*variants, yield) {
			return false, 0
		}
	}
	return true, places
}

// row yields one row's samples.
func (b *v1) row(ctx context.Context, line benchmarks.IndexedLine, t task, p prompts, o benchmarks.Options, pool *benchmarks.Pool, index int, yield func(benchmarks.Sample, error) bool) bool {
	r, err := decodeRow(line.Text)
	if err != nil {
		return yield(benchmarks.Sample{}, datasets.NewRowError(b.file(t), line.Number, err))
	}
	s, err := sample(r, t, p, line.Index, o)
	if err != nil {
		return yield(s, err) && false
	}
	if b.e {
		s.Strata = []string{scorers.LongBenchBucket(r.length)}
	}
	if o.Salt {
		s.Prompt.Before = benchmarks.Salt(o.Seed, s.ID) + s.Prompt.Before
	}
	for v, err := range benchmarks.Vary(ctx, s, t.Task, o, pool) {
		v.Index = index
		index++
		if !yield(v, err) {
			return false
		}
	}
	return true
}

// pool collects distractors where lengths were asked for.
func (b *v1) pool(ctx context.Context, t task, o benchmarks.Options) (pool *benchmarks.Pool, notice string, err error) {
	if len(o.Lengths) == 0 {
		return nil, "", nil
	}
	switch {
	case t.Fixed:
		return nil, t.Name + ": contexts are only shortened, not lengthened: more passages would change the right answer", nil
	case t.Dilutes:
		notice = t.Name + ": lengthened contexts hold documents that the reference summary does not cover"
	case t.atEnd && len(o.Depths) > 0:
		notice = t.Name + ": the original stays last (depth 100): its query goes on from the context's end"
	}
	if o.Unmade {
		return nil, notice, ctx.Err()
	}
	pool = benchmarks.NewPool(o.Seed, slices.Max(o.Lengths))
	for r, err := range datasets.Rows(ctx, b.src, b.file(t), decodeRow) {
		if err != nil {
			continue // yielded where the samples are made
		}
		pool.Add(benchmarks.Group(t.Name, r.context), passages(t, r.context))
	}
	return pool, notice, ctx.Err()
}
