package needlebench

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/benchmarks"
)

// kind is what a task asks for.
type kind int

const (
	single    kind = iota // one needle
	multi                 // a needle at each depth
	reasoning             // the needles of a chain
	ancestry              // a family tree alone
)

// task is a task with what it asks for.
type task struct {
	benchmarks.Task
	kind kind
}

// boardAncestry is the challenge's own board, beside the unnamed one: the
// overall figure of single retrieval, multi-retrieval and multi-reasoning in
// both languages.
const boardAncestry = "ATC"

// Source: arXiv 2407.11963 and OpenCompass's summarizer: 0.4 of single
// retrieval, 0.3 of each of the others, languages alike.
func tasks() []task {
	var out []task
	for _, f := range []struct {
		kind     kind
		name     string
		category string
		metric   string
		share    float64
		board    string
	}{
		{single, "single", "Single retrieval", "needle_keyword", 0.4, ""},
		{multi, "multi", "Multi-retrieval", "needle_parallel", 0.3, ""},
		{reasoning, "reasoning", "Multi-reasoning", "needle_keyword", 0.3, ""},
		{ancestry, "atc", "Ancestral trace", "atc", 0, boardAncestry},
	} {
		for _, lang := range []string{"en", "zh"} {
			t := task{kind: f.kind, Task: benchmarks.Task{
				Name: f.name + "_" + lang, Category: f.category, Language: lang, Metric: f.metric,
				Share: f.share, Boards: []string{f.board}, Fixed: f.kind == ancestry,
			}}
			switch f.kind {
			case reasoning:
				t.Strata = strata(f.kind, chainLengths())
			case ancestry:
				t.Strata = strata(f.kind, treeSizes())
			}
			out = append(out, t)
		}
	}
	return out
}

// chainLengths are the needles of a chain, treeSizes the relations of a tree.
func chainLengths() []int { return []int{2, 3, 4, 5} }

func treeSizes() []int { return []int{2, 4, 8, 16, 32, 64, 128, 256, 512} }

// strata name counts of needles or relations.
func strata(k kind, counts []int) []string {
	out := make([]string, len(counts))
	for i, n := range counts {
		out[i] = strconv.Itoa(n)
		if k == reasoning {
			out[i] = fmt.Sprintf("%d needles", n)
		}
	}
	return out
}

// questions is how many kinds of questions are put to a family tree.
const questions = 4

// cell is one place of a task's grid.
type cell struct {
	repeat int // from 0
	count  int // of needles or relations; 0: the task has one number of them
	ask    int // the kind of question to a family tree
	length int // 0: none
	depth  float64
}

// grid is all cells of a task, the last axis first.
type grid struct {
	repeats int
	counts  []int
	asks    int
	lengths []int
	depths  []float64
}

// gridOf is the grid of a task under o.
func gridOf(t task, o benchmarks.Options, small bool) grid {
	g := grid{repeats: 10, counts: []int{0}, asks: 1, lengths: []int{0}, depths: []float64{0}}
	if small {
		g.repeats = 2
	}
	if o.Shape.Repeats > 0 {
		g.repeats = o.Shape.Repeats
	}
	if t.kind == ancestry {
		g.counts, g.asks = counts(o, treeSizes(), small, []int{2, 8}), questions
		return g
	}
	g.lengths = o.Lengths
	if len(g.lengths) == 0 {
		g.lengths = defaultLengths(small)
	}
	if t.kind != multi { // which has all depths in one context
		g.depths = depths(o, small)
	}
	if t.kind == reasoning {
		g.counts = counts(o, chainLengths(), small, []int{2})
	}
	return g
}

// counts are what --needles says, or the benchmark's own.
func counts(o benchmarks.Options, all []int, small bool, few []int) []int {
	switch {
	case len(o.Shape.Needles) > 0:
		return o.Shape.Needles
	case small:
		return few
	}
	return all
}

func defaultLengths(small bool) []int {
	if small {
		return []int{1000, 4000}
	}
	return []int{1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000}
}

// depths are what --depths says, or the benchmark's own, by rising depth.
func depths(o benchmarks.Options, small bool) []float64 {
	switch {
	case len(o.Depths) > 0:
		return slices.Sorted(slices.Values(o.Depths))
	case small:
		return []float64{0, 50, 100}
	}
	return []float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}
}

func (g grid) size() int { return g.repeats * len(g.counts) * g.asks * len(g.lengths) * len(g.depths) }

// at is the i-th cell: depths change first, then lengths, questions, counts and
// repeats.
func (g grid) at(i int) cell {
	next := func(n int) int {
		at := i % n
		i /= n
		return at
	}
	var c cell
	c.depth = g.depths[next(len(g.depths))]
	c.length = g.lengths[next(len(g.lengths))]
	c.ask = next(g.asks)
	c.count = g.counts[next(len(g.counts))]
	c.repeat = i
	return c
}

// pick lists which of size cells n samples take, in order. They come of a walk
// by the golden section through the grid, which spreads over all its axes and
// of which a lower limit takes a beginning: the cells of a limit are among
// those of a higher one.
func pick(size, n int) []int {
	if n >= size {
		n = size
	}
	step := max(1, int(float64(size)*0.6180339887498949))
	for gcd(step, size) != 1 {
		step++
	}
	out := make([]int, n)
	for i := range out {
		out[i] = i * step % size
	}
	slices.Sort(out)
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
