package builtin

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// longBenchTask says how a task's file is made: one context of about each
// length (words, characters in zh), with some rows each.
type longBenchTask struct {
	name     string
	language string
	lengths  []int // of the plain file
	even     []int // of LongBench-E's file; empty: the task isn't in it
	perDoc   int   // rows that share a context
	make     func(g *rowMaker, n int)
}

// longBenchTasks keeps the plain files small enough that a model of 135M
// parameters answers all of them on two cores within minutes.
func longBenchTasks() []longBenchTask {
	// LongBench-E: contexts in each of its ranges 0–4k, 4–8k, 8k+.
	even := []int{1200, 3000, 4400, 5600, 8300}
	evenCode := []int{1000, 2600, 4300, 8400} // code has long words
	one := []int{400, 550, 700, 900, 1200, 1600}
	oneZH := []int{400, 550, 700, 900, 1200, 1500}
	code := []int{150, 200, 270, 350, 450, 600}
	en, zh := English, Chinese
	return []longBenchTask{
		{"multifieldqa_en", en, []int{500, 900, 1600}, even, 4, (*rowMaker).singleDoc},
		{"multifieldqa_zh", zh, []int{600, 1200, 2200}, nil, 4, (*rowMaker).singleDoc},
		{"hotpotqa", en, []int{600, 1000, 1400}, even, 4, (*rowMaker).multiDoc},
		{"dureader", zh, []int{700, 1100, 1700}, nil, 4, (*rowMaker).articles},
		{"gov_report", en, one, even, 1, (*rowMaker).report},
		{"vcsum", zh, oneZH, nil, 1, (*rowMaker).minutes},
		{"trec", en, []int{400, 700, 1000}, even, 4, (*rowMaker).questionTypes},
		{"lsht", zh, []int{700, 1100, 1600}, nil, 4, (*rowMaker).newsTopics},
		{"passage_count", en, []int{400, 550, 700, 850, 1000, 1300}, even, 1, (*rowMaker).count},
		{"passage_retrieval_en", en, []int{1100, 1500}, even, 5, (*rowMaker).retrieve},
		{"passage_retrieval_zh", zh, []int{1300, 1800}, nil, 5, (*rowMaker).retrieve},
		{"lcc", en, code, evenCode, 1, (*rowMaker).file},
		{"repobench-p", zh, code, evenCode, 1, (*rowMaker).repository},
	}
}

// rows makes a task's file.
func (s *longBench) rows(t longBenchTask, even bool) []byte {
	g := &rowMaker{world: s.world, task: t, even: even}
	g.out.Grow(1 << 17)
	lengths := t.lengths
	if even {
		lengths = t.even
	}
	for _, n := range lengths {
		g.wanted = t.perDoc
		if even {
			g.wanted = 1
		}
		t.make(g, n)
		g.doc++
	}
	return g.out.Bytes()
}

// longBenchRow is LongBench's schema (its README's "Data Format").
type longBenchRow struct {
	Input    string   `json:"input"`
	Context  string   `json:"context"`
	Answers  []string `json:"answers"`
	Length   int      `json:"length"`
	Dataset  string   `json:"dataset"`
	Language string   `json:"language"`
	Classes  []string `json:"all_classes"`
	ID       string   `json:"_id"`
}

// rowMaker collects a task's rows.
type rowMaker struct {
	world *World
	task  longBenchTask
	even  bool // LongBench-E's file of the task
	out   bytes.Buffer

	// measured is the context whose size was taken last: rows share contexts.
	measured     string
	measuredSize int

	doc    int // the context being made, from 0
	wanted int // rows of this context that are still to be made
	rows   int
}

// first is the first circle of the context being made: contexts of one file
// don't share circles, so that they can serve each other as distractors.
func (g *rowMaker) first() int { return 16 * g.doc }

// purpose names the context being made among all of all files.
func (g *rowMaker) purpose() string {
	return fmt.Sprintf("longbench/%s/%t/%d", g.task.name, g.even, g.doc)
}

func (g *rowMaker) dice() *dice { return g.world.dice(g.purpose()) }

// add writes a row. length counts input, context and answers; Chinese
// retrieval counts its answer as one character (as upstream's rows do).
func (g *rowMaker) add(r longBenchRow) {
	g.wanted--
	g.rows++
	r.Dataset, r.Language = g.task.name, g.task.language
	unit := g.task.language
	if g.isCode() {
		unit, r.Language = English, "python"
	}
	if g.measured != r.Context {
		g.measured, g.measuredSize = r.Context, Size(r.Context, unit)
	}
	r.Length = Size(r.Input, unit) + g.measuredSize
	for _, a := range r.Answers {
		r.Length += Size(a, unit)
	}
	if g.task.name == "passage_retrieval_zh" {
		r.Length += 1 - Size(r.Answers[0], unit)
	}
	sum := digest(g.world.seed, fmt.Sprintf("%s/row/%d", g.purpose(), g.rows))
	r.ID = hex.EncodeToString(sum[:24])
	enc := json.NewEncoder(&g.out)
	enc.SetEscapeHTML(false)
	// Strings, numbers and lists of strings always encode, and a buffer takes
	// all that is written.
	_ = enc.Encode(r)
}

func (g *rowMaker) isCode() bool { return g.task.name == "lcc" || g.task.name == "repobench-p" }
