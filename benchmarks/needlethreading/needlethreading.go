// Package needlethreading adapts Needle Threading: keys and values of UUIDs in
// one JSON object, asked for one value, for several, for those of all keys with
// a mark in them, and for the end of one or of several threads in which each
// value is the next key. Five tasks; upstream's contexts have 2k to 1,260k
// characters.
//
// Without lengths the released rows are read, with upstream's question; with
// lengths, and as built-in data, haystacks are made here at any length, with
// questions worded by us.
//
// Sources: arXiv 2411.05000 §3; jonathan-roberts1/needle-threading on the hub,
// and the README of the repository of that name.
package needlethreading

import (
	"context"
	_ "embed" // pins
	"errors"
	"iter"
	"sync"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
)

const name = "needle-threading"

//go:embed pins.json
var pinsJSON []byte

func pins() []datasets.Pin { return datasets.EmbeddedPins("needlethreading", pinsJSON) }

// Adapter is the adapter of Needle Threading.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: name, Title: "Needle Threading", Paper: "2411.05000", Pins: pins(), Metrics: "needlethreading",
		Knobs: []benchmarks.Knob{
			{Name: "repeats"}, {Name: "needles", Most: maxCount}, {Name: "placement", Values: placements()}, {Name: "direction", Values: directions()},
		},
		Generated: true,
		Open:      func(src datasets.Source) benchmarks.Benchmark { return &needleThreading{src: src} },
		Builtin:   builtin.Seeded, SelfCheck: selfCheck,
	}
}

// needleThreading streams the tasks.
type needleThreading struct {
	src datasets.Source

	mu    sync.Mutex
	found map[string][]string // files, by task
}

// Tasks implements benchmarks.Benchmark. Rows are the released ones.
func (b *needleThreading) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, t := range tasks() {
		out = append(out, t.Task)
	}
	return out
}

// builtin says that there are no released rows to read.
func (b *needleThreading) builtin() bool { return b.src.Origin().Kind == "builtin" }

// Samples streams the selected tasks in the paper's order: the released rows in
// file order, or the cells of a grid.
//
// A grid's cells are ordered by length, repeat, placement or direction, count,
// and depth. A limit takes those cells of each task that a walk in even strides
// of about 0.618 of the grid meets first, so that few of them lie all over it;
// they are yielded in the grid's order. Cells that ask for more pairs than a
// haystack has are left out, with a notice.
func (b *needleThreading) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		err := errors.Join(benchmarks.CheckTasks(name, b.Tasks(), o.Tasks),
			Adapter().CheckMode(o.Mode), Adapter().CheckShape(o.Shape))
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		if b.builtin() || len(o.Lengths) > 0 {
			b.generate(ctx, o, yield)
			return
		}
		s := &released{b: b, o: o, yield: yield}
		for _, t := range tasks() {
			if o.Selects(t.Task) && !s.task(ctx, t) {
				return
			}
		}
	}
}
