// Package longins adapts LongIns: an exam of many questions with answers, some
// of them wrong, whose numbers are asked for; 1,419 instruction tasks at each of
// the lengths 256 to 16384, English, in three modes.
//
// Sources: arXiv 2406.17588; Ins-Bench/LongIns-Bench, prompts at cf8c59b, data
// at 1887b74 (its last commit with data: GIST up to 4096). The whole set is a
// download that upstream's README names; its folder goes to --data-dir.
package longins

import (
	"context"
	_ "embed" // pins
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
)

//go:embed pins.json
var pinned []byte

func pins() []datasets.Pin { return datasets.EmbeddedPins("longins", pinned) }

// The modes: one instruction for all items (GIST), the instruction repeated in
// each item (LIST), items of several tasks, each with its own (LIMT).
const modeGIST, modeLIST, modeLIMT = "GIST", "LIST", "LIMT"

// Adapter is the adapter of LongIns.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "longins", Title: "LongIns", Paper: "2406.17588", Pins: pins(),
		Modes: []string{modeGIST, modeLIST, modeLIMT}, Generated: true,
		Open:    func(src datasets.Source) benchmarks.Benchmark { return &longIns{src: src} },
		Builtin: builtin.LongIns, SelfCheck: selfCheck,
	}
}

// sizes are the lengths of the official files, in tokens.
func sizes() []int { return []int{256, 512, 1024, 2048, 4096, 8192, 16384} }

type longIns struct{ src datasets.Source }

const exam = "exam"

// Tasks implements benchmarks.Benchmark: the exam, by its files' lengths. Rows
// are those of one file.
func (b *longIns) Tasks() []benchmarks.Task {
	t := benchmarks.Task{
		Name: exam, Category: "Exam", Language: "en", Metric: "longins_f1", Rows: 1419, AverageLength: 3300, MaxTokens: answerTokens,
	}
	for _, n := range sizes() {
		t.Strata = append(t.Strata, strconv.Itoa(n))
	}
	return []benchmarks.Task{t}
}

// File names the first file of the exam that the source has.
func (b *longIns) File(string) string {
	for _, mode := range Adapter().Modes {
		for _, f := range b.files(context.Background(), mode) {
			return f.name
		}
	}
	return fileName(modeGIST, sizes()[0])
}

// file is one official file.
type file struct {
	name string
	size int
	// instructed says that the items hold their instructions.
	instructed bool
}

func fileName(mode string, size int) string { return fmt.Sprintf("%s/%d.json", mode, size) }

// files lists the files of a mode that the source has, by rising length. Where
// there are none of LIST or LIMT, they are made of those of GIST.
func (b *longIns) files(ctx context.Context, mode string) []file {
	var out []file
	for _, n := range sizes() {
		if name := fileName(mode, n); b.has(ctx, name) {
			out = append(out, file{name, n, mode != modeGIST})
		}
	}
	if len(out) == 0 && mode != modeGIST {
		return b.files(ctx, modeGIST)
	}
	return out
}

// has says whether the source has a file; one that can't be read is there too.
// Of the hub, the pinned ones are there, without being fetched for the question.
func (b *longIns) has(ctx context.Context, name string) bool {
	if b.src.Origin().Kind == "hub" {
		return slices.ContainsFunc(pins(), func(p datasets.Pin) bool { return p.Name == name })
	}
	f, err := b.src.Open(ctx, name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return f.Close() == nil
}

// Samples streams the exam file by file, or at each of o.Lengths. With lengths,
// contexts are composed of a task's items: at the file's own rate of wrong ones,
// these in the same places, or all of them together at each of o.Depths. Without
// lengths, depths reorder the file's own items.
func (b *longIns) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		s := &stream{b: b, o: o, yield: yield}
		if err := s.prepare(ctx); err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		if o.Selects(b.Tasks()[0]) && s.all(ctx) {
			s.notices()
		}
	}
}
