// Package leval adapts L-Eval: 20 tasks in English over 508 documents, 2,197
// queries that are scored automatically (exam, F1, ROUGE); 181 more are left to
// judges.
//
// Sources: arXiv 2307.11088; OpenLMLab/LEval at cd34b05. Files are pinned in
// pins.json, codeU and narrative_qa by the commit alone: their sha256 is not
// known here.
package leval

import (
	"context"
	_ "embed" // pins
	"iter"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/scorers"
)

//go:embed pins.json
var pinned []byte

func pins() []datasets.Pin { return datasets.EmbeddedPins("leval", pinned) }

// Adapter is the adapter of L-Eval.
func Adapter() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "leval", Title: "L-Eval", Paper: "2307.11088", Pins: pins(),
		Modes: []string{modeChat, modeBase}, LengthInstructions: lengthInstructions(), JudgeQueries: []string{queriesLLM, queriesAll},
		JudgeRule: scorers.CountVerdicts,
		Open:      func(src datasets.Source) benchmarks.Benchmark { return &lEval{src: src, tasks: tasks()} },
		Builtin:   builtin.LEval, SelfCheck: selfCheck,
	}
}

type lEval struct {
	src   datasets.Source
	tasks []task
}

// Tasks implements benchmarks.Benchmark.
func (b *lEval) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, t := range b.tasks {
		out = append(out, t.Task)
	}
	return out
}

// File names the file of a task.
func (b *lEval) File(name string) string {
	if t, ok := b.find(name); ok {
		return t.file()
	}
	return name + ".jsonl"
}

// Samples streams the selected tasks in the paper's order, one sample a query.
// The queries of one document follow each other, and so do rows that share a
// document; Index is the place in the files, those of a task that are left to
// judges (Options.JudgeQueries) behind its others. What is left to judges and
// not asked is told in a notice at the end.
func (b *lEval) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		p, err := b.prepare(ctx, o)
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		s := &stream{lEval: b, o: o, prompts: p, yield: yield}
		for _, t := range b.tasks {
			if o.Selects(t.Task) && !s.task(ctx, t) {
				return
			}
		}
		for _, n := range s.notices() {
			if !yield(benchmarks.Sample{}, &benchmarks.Notice{Text: n}) {
				return
			}
		}
	}
}

func (b *lEval) prepare(ctx context.Context, o benchmarks.Options) (prompts, error) {
	a := Adapter()
	if err := benchmarks.CheckTasks(a.Name, b.Tasks(), o.Tasks); err != nil {
		return prompts{}, err
	}
	if err := a.CheckMode(o.Mode); err != nil {
		return prompts{}, err
	}
	if err := a.CheckLengthInstruction(o.LengthInstruction); err != nil {
		return prompts{}, err
	}
	if err := a.CheckJudgeQueries(o.JudgeQueries); err != nil {
		return prompts{}, err
	}
	return readPrompts(ctx, b.src)
}
