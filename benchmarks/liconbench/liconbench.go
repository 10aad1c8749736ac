// Package liconbench adapts LIConBench (LongICLBench): six data sets with 28 to
// 174 labels, of which a round of demonstrations shows one example each; 1 to 5
// rounds, English.
//
// Sources: arXiv 2404.02060; TIGER-AI-Lab/LongICLBench at 9c5da3d, whose
// processed files are read for TacRED, Few-NERD and DialogRE. GoEmotion and
// BANKING77 come from the hub. Discovery isn't pinned: a folder has to hold
// discovery/train and discovery/test (.parquet, .jsonl or .json).
package liconbench

import (
	"context"
	_ "embed" // pins
	"errors"
	"io/fs"
	"iter"
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
)

//go:embed pins.json
var pinned []byte

func pins() []datasets.Pin { return datasets.EmbeddedPins("liconbench", pinned) }

// The modes: instruct also lists all labels ahead of the demonstrations.
const modePlain, modeInstruct = "plain", "instruct"

// The placements of the demonstrations of one label: in rounds, or together.
const scattered, grouped = "scattered", "grouped"

// Adapter is the adapter of LIConBench.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "liconbench", Title: "LIConBench", Paper: "2404.02060", Pins: pins(),
		Modes: []string{modePlain, modeInstruct}, Generated: true,
		Knobs:   []benchmarks.Knob{{Name: "rounds"}, {Name: "placement", Values: []string{scattered, grouped}}},
		Open:    func(src datasets.Source) benchmarks.Benchmark { return &liconBench{src: src} },
		Builtin: builtin.LIConBench, SelfCheck: selfCheck,
	}
}

type liconBench struct{ src datasets.Source }

// Tasks implements benchmarks.Benchmark. Rows are test rows: each is asked once
// a round.
func (b *liconBench) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, t := range tasks() {
		out = append(out, t.Task)
	}
	return out
}

// File names the test file of a task.
func (b *liconBench) File(name string) string {
	for _, t := range tasks() {
		if t.Name == name {
			return b.file(context.Background(), t.test)
		}
	}
	return name + ".json"
}

// file is the first of a file's names that the source has, the first one where
// it has none. Of the hub, only what is pinned is there.
func (b *liconBench) file(ctx context.Context, names []string) string {
	for _, name := range names {
		if b.has(ctx, name) {
			return name
		}
	}
	return names[0]
}

// has says whether the source has a file; one that can't be read is there too.
func (b *liconBench) has(ctx context.Context, name string) bool {
	if b.src.Origin().Kind == "hub" {
		return slices.ContainsFunc(pins(), func(p datasets.Pin) bool { return p.Name == name })
	}
	f, err := b.src.Open(ctx, name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return f.Close() == nil
}

// Samples streams the tasks in the paper's order: a round after the other, each
// over the same test rows. With lengths, contexts hold as many demonstrations as
// fit. With depths, the demonstrations of the test row's labels stand together
// there.
func (b *liconBench) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		s := &stream{b: b, o: o, yield: yield}
		if err := s.prepare(ctx); err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		for _, t := range tasks() {
			if o.Selects(t.Task) && !s.task(ctx, t) {
				return
			}
		}
	}
}
