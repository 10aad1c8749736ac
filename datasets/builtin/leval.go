package builtin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/lcbench/lcbench/datasets"
)

// LEval returns generated files in L-Eval's own schema, under the names that
// they have below LEval-data in its repository: a task of each kind, the
// closed-ended ones with their forms of answers (several letters, true or false
// by the document and by the world, a number, a program's output, a topic),
// question answering and summarisation.
func LEval(seed uint64) datasets.Source {
	w := New(seed)
	return &generated{world: w, file: func(name string) ([]byte, error) {
		for _, t := range lEvalTasks() {
			if t.file == name {
				return w.lEvalFile(t), nil
			}
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}}
}

// LEvalFiles lists the names that an LEval source has.
func LEvalFiles() []string {
	var names []string
	for _, t := range lEvalTasks() {
		names = append(names, t.file)
	}
	return names
}

// lEvalTask says how a task's file is made.
type lEvalTask struct {
	file       string
	evaluation string
	sizes      []int // words of each row's document
	make       func(g *lEvalMaker, n int) lEvalRow
}

func lEvalTasks() []lEvalTask {
	three := []int{900, 1500, 2600}
	closed := func(name string, sizes []int, make func(*lEvalMaker, int) lEvalRow) lEvalTask {
		return lEvalTask{"Closed-ended-tasks/" + name + ".jsonl", "exam", sizes, make}
	}
	return []lEvalTask{
		closed("gsm100", []int{0, 0, 0, 0, 0, 0, 0, 0}, (*lEvalMaker).sums),
		closed("quality", three, (*lEvalMaker).oneRight),
		closed("coursera", three, (*lEvalMaker).severalRight),
		closed("sci_fi", []int{900, 1500}, (*lEvalMaker).otherWorld),
		closed("codeU", []int{500, 700, 900, 1100, 1300, 1500}, (*lEvalMaker).program),
		closed("topic_retrieval_longchat", []int{900, 1300, 1700}, (*lEvalMaker).conversation),
		{"Open-ended-tasks/multidoc_qa.jsonl", "f1", append(three, 700), (*lEvalMaker).facts},
		{"Open-ended-tasks/gov_report_summ.jsonl", "rouge", []int{700, 1000, 1400, 1900, 2500, 3200}, (*lEvalMaker).inspection},
	}
}

// lEvalRow is L-Eval's schema (spec of its README, "How to load").
type lEvalRow struct {
	Instructions []string `json:"instructions"`
	Outputs      []string `json:"outputs"`
	Input        string   `json:"input"`
	Source       string   `json:"source"`
	Evaluation   string   `json:"evaluation"`
}

func (r *lEvalRow) ask(query, answer string) {
	r.Instructions, r.Outputs = append(r.Instructions, query), append(r.Outputs, answer)
}

// lEvalMaker makes the rows of one task.
type lEvalMaker struct {
	*World
	d    *dice // of the row being made
	task lEvalTask
	row  int // from 0
}

// first is the first circle of the row being made: rows of one file don't
// share circles, so that they can serve each other as distractors.
func (g *lEvalMaker) first() int { return 16 * g.row }

// lEvalFile makes a task's file.
func (w *World) lEvalFile(t lEvalTask) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for i, n := range t.sizes {
		g := &lEvalMaker{World: w, d: w.dice("leval/"+t.file, i), task: t, row: i}
		r := t.make(g, n)
		r.Source = fmt.Sprintf("builtin_seed%d", w.seed)
		if r.Evaluation == "" {
			r.Evaluation = t.evaluation
		}
		// Strings and lists of strings always encode, and a buffer takes all that
		// is written.
		_ = enc.Encode(r)
	}
	return out.Bytes()
}
