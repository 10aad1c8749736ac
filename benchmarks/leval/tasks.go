package leval

import (
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// Categories of L-Eval. Each has a table of its own: exam, F1 and ROUGE are
// not averaged with each other, and the paper keeps topic retrieval out of the
// closed-ended average.
const (
	closedEnded = "Closed-ended"
	topics      = "Topic retrieval"
	openQA      = "Open-ended QA"
	summaries   = "Summarization"
)

// task is a row of the paper's table with what the reference's code adds.
type task struct {
	benchmarks.Task
	// evaluation is the tag of the rows that count: exam, f1 or rouge.
	evaluation string
	// frame and system name entries of prompts.json.
	frame, system string
	// twice: asked by the document, then by the world (sci_fi).
	twice bool
	// atEnd: the context's end is what is asked about (codeU's calls), so a
	// lengthened context keeps the original last, and a cut keeps the end.
	atEnd bool
	// alone: rows have the same document but stand for themselves (gsm100's
	// worked examples), so that intervals take each as a document.
	alone bool
}

// maxTokens is the generation limit of every task.
const maxTokens = 512

// tasks are the 20 tasks in the paper's order. Rows are the queries that are
// scored automatically, lengths the paper's tokens as words (1.35 tokens a
// word). Source: arXiv 2307.11088 table 1; OpenLMLab/LEval at cd34b05.
func tasks() []task {
	var out []task
	add := func(category, evaluation, board, name string, rows, tokens int) {
		out = append(out, task{evaluation: evaluation, frame: "open", system: "open", Task: benchmarks.Task{
			Name: name, Category: category, Language: "en", Metric: scorers.LEvalMetric(name, evaluation), Rows: rows,
			AverageLength: tokens * 100 / 135, MaxTokens: maxTokens, Boards: []string{board}, Decimals: 4,
		}})
	}
	add(closedEnded, "exam", "exam", "tpo", 269, 3907)
	add(closedEnded, "exam", "exam", "gsm100", 100, 5557)
	add(closedEnded, "exam", "exam", "quality", 202, 7169)
	add(closedEnded, "exam", "exam", "coursera", 172, 9075)
	add(closedEnded, "exam", "exam", "sci_fi", 64, 16381)
	add(closedEnded, "exam", "exam", "codeU", 90, 31575)
	add(topics, "exam", "topics", "topic_retrieval_longchat", 150, 12506)
	add(openQA, "f1", "f1", "multidoc_qa", 136, 3905)
	add(openQA, "f1", "f1", "scientific_qa", 160, 5019)
	add(openQA, "f1", "f1", "financial_qa", 52, 6032)
	add(openQA, "f1", "f1", "natural_question", 104, 23698)
	add(openQA, "f1", "f1", "legal_contract_qa", 130, 30966)
	add(openQA, "f1", "f1", "narrative_qa", 182, 62335)
	add(summaries, "rouge", "rouge", "news_summ", 11, 7320)
	add(summaries, "rouge", "rouge", "gov_report_summ", 13, 7495)
	add(summaries, "rouge", "rouge", "patent_summ", 13, 7718)
	add(summaries, "rouge", "rouge", "tv_show_summ", 13, 10688)
	add(summaries, "rouge", "rouge", "paper_assistant", 60, 11170)
	add(summaries, "rouge", "rouge", "meeting_summ", 156, 16692)
	add(summaries, "rouge", "rouge", "review_summ", 120, 19978)
	for i := range out {
		out[i].finish()
	}
	return out
}

// finish sets what follows from the task's kind.
func (t *task) finish() {
	switch t.evaluation {
	case "exam":
		t.frame, t.system = "closed", "closed"
	case "rouge":
		t.Dilutes, t.Parts, t.Headline = true, scorers.RougeScoreParts(), scorers.HeadlineGeometric
	}
	switch t.Name {
	case "gsm100":
		t.frame, t.system, t.alone = "bare", t.Name, true
		t.Fixed = true // every row has the same examples: there is nothing to add
	case "codeU":
		t.frame, t.system, t.atEnd = "bare", t.Name, true
	case "topic_retrieval_longchat":
		t.frame, t.system = "bare", t.Name
		t.Fixed = true // more topics, another first one
		t.Strata, t.Headline = places(), scorers.HeadlineStrata
	case "sci_fi":
		t.system, t.twice = t.Name, true
		t.Parts, t.Headline = scorers.TrueFalseParts(), scorers.HeadlineStrata
	case "coursera":
		t.system = t.Name
	}
}

// places are the strata of topic retrieval: a document's three questions.
func places() []string { return []string{"first", "second", "third"} }

// byPlace says that queries are told apart by their place in a document.
func (t task) byPlace() bool { return slices.Equal(t.Strata, places()) }

// file is the task's place in the repository, below LEval-data.
func (t task) file() string {
	if t.evaluation == "exam" {
		return "Closed-ended-tasks/" + t.Name + ".jsonl"
	}
	return "Open-ended-tasks/" + t.Name + ".jsonl"
}

// find returns the task of that name.
func (b *lEval) find(name string) (task, bool) {
	i := slices.IndexFunc(b.tasks, func(t task) bool { return t.Name == name })
	if i < 0 {
		return task{}, false
	}
	return b.tasks[i], true
}
