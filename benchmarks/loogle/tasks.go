package loogle

import "github.com/lcbench/lcbench/benchmarks"

// The tasks' names that code asks for.
const (
	cloze     = "shortdep_cloze"
	longQA    = "longdep_qa"
	summaries = "longdep_summarization"
)

// task is a task with what the pinned sample has of it.
type task struct {
	benchmarks.Task
	pinnedRows int
}

// Source: arXiv 2311.04939 tables 2 and 3.
func tasks() []task {
	const short, long = "Short dependency", "Long dependency"
	all := func(name, category, metric string, rows, words, pinned int) task {
		return task{pinnedRows: pinned, Task: benchmarks.Task{
			Name: name, Category: category, Language: "en", Metric: metric, Rows: rows, AverageLength: words,
		}}
	}
	ts := []task{
		all("shortdep_qa", short, "loogle_text", 1951, 17604, 80),
		all(cloze, short, "cloze", 2880, 28483, 94),
		all(longQA, long, "loogle_text", 1101, 21500, 43),
		all(summaries, long, "loogle_text", 516, 16988, 5),
	}
	ts[2].Strata = []string{"comprehension", "retrieval", "computation", "timeline"}
	ts[3].Dilutes = true
	return ts
}

// kind is the stratum of a longdep_qa question by its type. The released
// answers name timelines in Chinese.
func kind(typ string) string {
	switch typ {
	case "comprehension_and_reasoning":
		return "comprehension"
	case "multiple_information_retrieval":
		return "retrieval"
	case "computation":
		return "computation"
	case "timeline_reorder", "时间线":
		return "timeline"
	}
	return ""
}
