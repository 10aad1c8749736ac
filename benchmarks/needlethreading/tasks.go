package needlethreading

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
)

// maxCount is the most needles, steps of a thread, or threads.
const maxCount = 25

// threadSteps is how many pairs each of several threads has (the paper's study
// of threads at once).
const threadSteps = 3

// shape is what a task hides in a haystack.
type shape int

const (
	oneNeedle shape = iota
	needles
	marked // needles whose keys have the mark
	oneThread
	threads
)

// mark is the character by which marked keys are told.
const mark = '*'

// task is a task with what this package knows of it besides.
type task struct {
	benchmarks.Task
	shape shape
	// splits are upstream's names of it: the hub's, then those in the paper's
	// README.
	splits []string
	// counts are the needles, steps or threads that are tried.
	counts []int
}

// Source: arXiv 2411.05000 §3. Rows are those that the hub's card names; the
// mean length stands for 241k characters.
func tasks() []task {
	const retrieval, threading = "Needles", "Threads"
	all := func(name, category, metric string, rows int, sh shape, counts []int, splits ...string) task {
		return task{
			shape: sh, splits: splits, counts: counts,
			Task: benchmarks.Task{Name: name, Category: category, Language: "en", Metric: metric, Rows: rows, AverageLength: 110_000, Strata: strata(sh)},
		}
	}
	some, steps := []int{1, 5, 10, 15, 20, 25}, []int{2, 5, 10, 15, 20, 25}
	return []task{
		all("single_needle", retrieval, "thread_single", 660, oneNeedle, []int{1}, "Single_Needle"),
		all("multi_needle", retrieval, "thread_many", 1080, needles, some, "Multiple_Needles", "Multi_Needle"),
		all("conditional_needle", retrieval, "thread_many", 1080, marked, some, "Conditional_Needles", "Conditional_Needle"),
		all("single_thread", threading, "thread_single", 0, oneThread, steps, "Single_Threads", "Single_Thread"),
		all("multi_thread", threading, "thread_many", 0, threads, steps, "Multi_Threads", "Multi_Thread"),
	}
}

// placements are where needles go: over the whole haystack at random, as one
// run of pairs, or evenly from its beginning to its end. A single needle stands
// at its depth whatever is named.
func placements() []string { return []string{"random", "clustered", "depthwise"} }

// directions are the ways in which a thread runs through its haystack.
func directions() []string { return []string{"forward", "backward", "random"} }

// strata are what the paper reports a task's rows by: the layout, and the
// number of needles, steps or threads.
func strata(s shape) []string {
	var layouts []string
	switch s {
	case oneNeedle:
		return nil
	case needles, marked:
		layouts = []string{"random", "clustered"}
	default:
		layouts = directions()
	}
	return append(layouts, countStrata()...)
}

func countStrata() []string { return []string{"1-5", "6-15", "16-25"} }

// strataOf are the strata of a row; what the paper has no group for is left out.
func (t task) strataOf(layout string, count int) []string {
	var out []string
	if slices.Contains(t.Strata, layout) {
		out = append(out, layout)
	}
	if t.shape != oneNeedle && count >= 1 && count <= maxCount {
		out = append(out, countStrata()[(count+4)/10])
	}
	return out
}

// named names counts as what the task counts.
func (t task) named(counts string) string {
	switch t.shape {
	case oneThread:
		return fmt.Sprintf("threads of %s steps", counts)
	case threads:
		return fmt.Sprintf("%s threads of %d steps", counts, threadSteps)
	}
	return counts + " needles"
}

// pairs is how many pairs a count of needles, steps or threads takes.
func (t task) pairs(count int) int {
	if t.shape == threads {
		return count * threadSteps
	}
	return count
}

// A value in an answer is at most a token a character, and stands in quotes
// behind a comma; a list has brackets, and models like to open a fence.
const (
	valueTokens = 40
	otherTokens = 24
)

// maxTokens is the generation limit of an answer of n values.
func maxTokens(n int) int { return otherTokens + valueTokens*n }

// hops is how many pairs have to be found one after the other to get to one of
// the answers: the thread's steps; 0 where each is found by itself.
func (t task) hops(steps int) int {
	if t.shape == oneThread || t.shape == threads {
		return steps
	}
	return 0
}
