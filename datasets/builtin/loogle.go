package builtin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// LooGLE returns generated files in LooGLE's own schema, under its file names:
// its four tasks, with all types of long questions and the evidence of each,
// and prompts worded by us. Files are made when they are first opened; what
// isn't there is an error that wraps fs.ErrNotExist.
func LooGLE(seed uint64) datasets.Source {
	w := New(seed)
	return &generated{world: w, file: func(name string) ([]byte, error) {
		for _, t := range looGLETasks() {
			if t.name+".jsonl" == name {
				return w.looGLEFile(t), nil
			}
		}
		raw, err := fs.ReadFile(prompts, "prompts/"+name)
		if err != nil || !strings.HasPrefix(name, "config/task2") {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return raw, nil
	}}
}

// LooGLEFiles lists the names that a LooGLE source has.
func LooGLEFiles() []string {
	var names []string
	for _, t := range looGLETasks() {
		names = append(names, t.name+".jsonl")
	}
	return append(names, "config/task2maxlen.json", "config/task2prompt.json")
}

// looGLETask says how a task's file is made: a document of about each size, in
// words.
type looGLETask struct {
	name  string
	sizes []int
	make  func(g *looGLEMaker, n int) looGLERow
}

func looGLETasks() []looGLETask {
	sizes := []int{900, 1500, 2300, 3200}
	return []looGLETask{
		{"shortdep_qa", sizes, (*looGLEMaker).facts},
		{"shortdep_cloze", sizes, (*looGLEMaker).masks},
		{"longdep_qa", sizes, (*looGLEMaker).joined},
		{"longdep_summarization", append(sizes, 800, 1100, 1900), (*looGLEMaker).report},
	}
}

// looGLERow is LooGLE's schema; QAPairs is a Python literal in a string.
type looGLERow struct {
	Input   string `json:"input"`
	Title   string `json:"title"`
	QAPairs string `json:"qa_pairs"`
	Output  string `json:"output"`
}

// looGLEPair is one question of a document.
type looGLEPair struct {
	question string
	answer   string
	masks    []string // of a cloze: mask, entity, mask, entity, …
	typ      string
	evidence []string
}

// looGLEMaker makes the documents of one file.
type looGLEMaker struct {
	world *World
	task  looGLETask
	doc   int // the document being made, from 0
	// keep, if not nil, sees the questions before they are written down.
	keep func([]looGLEPair)
}

// looGLEQuestions is how many questions a document has at most.
const looGLEQuestions = 4

func (w *World) looGLEFile(t looGLETask) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for i, n := range t.sizes {
		g := &looGLEMaker{world: w, task: t, doc: i}
		// Strings always encode, and a buffer takes all that is written.
		_ = enc.Encode(t.make(g, n))
	}
	return out.Bytes()
}

// first is the document's first circle: documents of a file don't share any.
func (g *looGLEMaker) first() int { return 16 * g.doc }

func (g *looGLEMaker) dice() *dice { return g.world.dice("loogle/"+g.task.name, g.doc) }

func (g *looGLEMaker) row(doc Document, pairs []looGLEPair) looGLERow {
	if g.keep != nil {
		g.keep(pairs)
	}
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.python()
	}
	return looGLERow{Input: doc.Text(), Title: doc.Title, QAPairs: "[" + strings.Join(texts, ", ") + "]", Output: "none"}
}

// python writes a pair the way Python's repr does.
func (p looGLEPair) python() string {
	answer := pythonString(p.answer)
	if len(p.masks) > 0 {
		var entries []string
		for i := 0; i < len(p.masks); i += 2 {
			entries = append(entries, pythonString(p.masks[i])+": "+pythonString(p.masks[i+1]))
		}
		answer = "{" + strings.Join(entries, ", ") + "}"
	}
	evidence := ""
	if p.typ == "" && len(p.evidence) == 1 {
		evidence = pythonString(p.evidence[0])
	} else {
		list := make([]string, len(p.evidence))
		for i, e := range p.evidence {
			list[i] = pythonString(e)
		}
		evidence = "[" + strings.Join(list, ", ") + "]"
	}
	typ := ""
	if p.typ != "" {
		typ = ", 'type': " + pythonString(p.typ)
	}
	return fmt.Sprintf("{'Q': %s, 'A': %s%s, 'S': %s}", pythonString(p.question), answer, typ, evidence)
}

// pythonString quotes a text for Python.
func pythonString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`).Replace(s) + "'"
}

// report is summarised.
func (g *looGLEMaker) report(n int) looGLERow {
	doc := g.world.Report(English, g.first(), n)
	row := g.row(doc, nil)
	row.QAPairs, row.Output = "none", g.world.Summary(doc, min(max(n/150, 5), 12))
	return row
}
