package longbench

import "github.com/lcbench/lcbench/benchmarks"

// Categories of LongBench v1, in the paper's order.
const (
	singleDoc = "Single-Doc QA"
	multiDoc  = "Multi-Doc QA"
	summary   = "Summarization"
	fewShot   = "Few-shot Learning"
	synthetic = "Synthetic Tasks"
	code      = "Code Completion"
)

// task is a row of the paper's table 1 with what the reference's code adds.
type task struct {
	benchmarks.Task
	inE bool // part of LongBench-E
	// firstLine: eval.py scores the answer's first line only.
	firstLine bool
	// plain: pred.py sends it without a chat template.
	plain bool
	// stopLine: generation also ends at a newline (pred.py, samsum).
	stopLine bool
	// atEnd: what is asked for follows the context directly, so a lengthened
	// context keeps the original last.
	atEnd bool
}

// Source: arXiv 2308.14508 table 1; LongBench/eval.py and pred.py of
// THUDM/LongBench at 2e00731.
func tasks() []task {
	en := func(name, category, metric string, rows, length int) task {
		return task{Task: benchmarks.Task{Name: name, Category: category, Language: "en", Metric: metric, Rows: rows, AverageLength: length, Boards: []string{"en"}}}
	}
	zh := func(name, category, metric string, length int) task {
		t := en(name, category, metric, 200, length)
		t.Language, t.Boards = "zh", []string{"zh"}
		return t
	}
	ts := []task{
		en("narrativeqa", singleDoc, "qa_f1", 200, 18409),
		en("qasper", singleDoc, "qa_f1", 200, 3619),
		en("multifieldqa_en", singleDoc, "qa_f1", 150, 4559),
		zh("multifieldqa_zh", singleDoc, "qa_f1_zh", 6701),
		en("hotpotqa", multiDoc, "qa_f1", 200, 9151),
		en("2wikimqa", multiDoc, "qa_f1", 200, 4887),
		en("musique", multiDoc, "qa_f1", 200, 11214),
		zh("dureader", multiDoc, "rouge_zh", 15768),
		en("gov_report", summary, "rouge", 200, 8734),
		en("qmsum", summary, "rouge", 200, 10614),
		en("multi_news", summary, "rouge", 200, 2113),
		zh("vcsum", summary, "rouge_zh", 15380),
		en("trec", fewShot, "classification", 200, 5177),
		en("triviaqa", fewShot, "qa_f1", 200, 8209),
		en("samsum", fewShot, "rouge", 200, 6258),
		zh("lsht", fewShot, "classification", 22337),
		en("passage_count", synthetic, "count", 200, 11141),
		en("passage_retrieval_en", synthetic, "retrieval", 200, 9289),
		zh("passage_retrieval_zh", synthetic, "retrieval_zh", 6745),
		en("lcc", code, "code_sim", 500, 1235),
		en("repobench-p", code, "code_sim", 500, 4206),
	}
	for i := range ts {
		ts[i].finish()
	}
	return ts
}

// finish sets what follows from the task's kind.
func (t *task) finish() {
	switch t.Name {
	case "qasper", "multifieldqa_en", "hotpotqa", "2wikimqa", "gov_report", "multi_news", "trec",
		"triviaqa", "samsum", "passage_count", "passage_retrieval_en", "lcc", "repobench-p":
		t.inE = true
	}
	switch t.Category {
	case fewShot:
		t.plain, t.firstLine, t.atEnd = true, true, true
	case code:
		t.plain, t.atEnd = true, true
		t.Boards = []string{"en", "zh"} // the published Chinese table counts code again
	case summary:
		t.Dilutes = true
	}
	t.stopLine = t.Name == "samsum"
	t.Fixed = t.Name == "passage_count" // more passages, another count
}
