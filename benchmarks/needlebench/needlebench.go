// Package needlebench adapts NeedleBench v2 and its Ancestral Trace Challenge:
// needles hidden in texts of any length at any depth (one, several at once,
// chains of two to five) in English and Chinese, and family trees of up to 512
// relations without a haystack.
//
// Sources: arXiv 2407.11963; OpenCompass, datasets/needlebench_v2;
// opencompass/NeedleBench on the hub. Its files are pinned in pins.json by the
// commit alone: their sha256 is not known here. The positions and counts of
// needles are upstream's; prompts, relations and, where a source has none,
// needles and names are ours, since upstream's stand in code.
//
// # Lengths
//
// A length is what the context has, haystack and needles together: at most so
// many tokens and at least 98% of them; prompt and answer come on top.
// Upstream takes a buffer for them off first (3,000 tokens in English, 200 in
// Chinese), as modes v2-buffer and v1 do.
//
// # The grid
//
// Without flags it is upstream's: lengths 1k, 2k, 4k, …, 128k (200k to 1000k
// have to be asked for), depths 0, 10, …, 100, ten repeats, 2 to 5 needles of a
// chain, 2, 4, …, 512 relations. On the built-in texts it is small: 1k and 4k,
// depths 0, 50 and 100, two repeats, chains of 2, and 2 and 8 relations. A limit takes cells that are spread over the grid (pick).
package needlebench

import (
	"context"
	_ "embed" // pins
	"fmt"
	"iter"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
)

//go:embed pins.json
var pinsJSON []byte

func pins() []datasets.Pin { return datasets.EmbeddedPins("needlebench", pinsJSON) }

// The modes: v2; v2 with room for prompt and answer inside of the length, as
// upstream counts; v2 with the question ahead of the context; the first
// version, whose single retrieval is scored by similarity and whose chains are
// the files' own.
const (
	modeV2     = "v2"
	modeBuffer = "v2-buffer"
	modeFirst  = "v2-question-first"
	modeV1     = "v1"
)

// Adapter is the adapter of NeedleBench.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "needlebench", Title: "NeedleBench", Paper: "2407.11963", Pins: pins(), Generated: true,
		Modes:   []string{modeV2, modeBuffer, modeFirst, modeV1},
		Knobs:   []benchmarks.Knob{{Name: "repeats"}, {Name: "needles"}, {Name: "haystack"}},
		Open:    func(src datasets.Source) benchmarks.Benchmark { return needleBench{src} },
		Builtin: builtin.NeedleBench, SelfCheck: selfCheck,
	}
}

type needleBench struct{ src datasets.Source }

// Tasks implements benchmarks.Benchmark.
func (b needleBench) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, t := range tasks() {
		out = append(out, t.Task)
	}
	return out
}

// builtin says that the haystacks are generated.
func (b needleBench) builtin() bool { return b.src.Origin().Kind == "builtin" }

// Samples streams the selected tasks: in each, all lengths and depths of one
// repeat after each other, since they share the beginning of a haystack. Tasks
// whose haystack the source lacks are left out with a notice.
func (b needleBench) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		s := &stream{b: b, o: o, yield: yield, stocks: map[string]*stock{}}
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

// check refuses options that no sample can be made of.
func check(o benchmarks.Options) error {
	a := Adapter()
	if err := a.CheckMode(o.Mode); err != nil {
		return err
	}
	if err := a.CheckLengthInstruction(o.LengthInstruction); err != nil {
		return err
	}
	if err := a.CheckShape(o.Shape); err != nil {
		return err
	}
	if o.Tokenizer == nil {
		return fmt.Errorf("%s needs a tokenizer: its contexts are made to a number of tokens", a.Name)
	}
	for _, d := range o.Depths {
		if !(d >= 0 && d <= 100) {
			return fmt.Errorf("depth %g: want a percentage from 0 to 100", d)
		}
	}
	for _, n := range o.Lengths {
		if n < 1 {
			return fmt.Errorf("length %d: want a number of tokens above 0", n)
		}
	}
	return nil
}
