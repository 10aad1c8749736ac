package builtin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// LongIns returns generated files in LongIns's own schema, under its file names:
// exams of GIST at 256, 512 and 1024, each instruction task in every file, and
// prompts worded by us. All that it takes to see a wrong answer stands in the
// item. What isn't there is an error that wraps fs.ErrNotExist.
func LongIns(seed uint64) datasets.Source {
	w := New(seed)
	return &generated{world: w, file: func(name string) ([]byte, error) {
		for _, size := range longInsSizes() {
			if name == fmt.Sprintf("GIST/%d.json", size) {
				return w.longInsFile(size)
			}
		}
		if base, ok := strings.CutPrefix(name, "config/"); ok && strings.HasSuffix(base, ".yaml") {
			return fs.ReadFile(prompts, "prompts/longins/"+base)
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}}
}

// LongInsFiles lists the names that a LongIns source has.
func LongInsFiles() []string {
	var names []string
	for _, size := range longInsSizes() {
		names = append(names, fmt.Sprintf("GIST/%d.json", size))
	}
	return append(names, "config/GIST.yaml", "config/LIST.yaml")
}

func longInsSizes() []int { return []int{256, 512, 1024} }

// longInsRow is LongIns's schema ("Lenth" is upstream's spelling).
type longInsRow struct {
	Categories []string
	Domains    []string
	Lenth      int
	TaskPrompt string `json:"task_prompt"`
	Data       string
	Error      []int `json:"error"`
	TrueList   []int `json:"true_list"`
}

// bytesAToken is about what a token of English takes.
const bytesAToken = 4

// longInsFile is one object of all tasks.
func (w *World) longInsFile(size int) ([]byte, error) {
	var out bytes.Buffer
	for i, t := range examTasks() {
		row := w.longInsRow(t, size)
		var value bytes.Buffer
		enc := json.NewEncoder(&value)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(row); err != nil {
			return nil, err
		}
		start := ",\n"
		if i == 0 {
			start = "{\n"
		}
		fmt.Fprintf(&out, "%s%q: %s", start, t.name, bytes.TrimSpace(value.Bytes()))
	}
	out.WriteString("\n}\n")
	return out.Bytes(), nil
}

// longInsRow is an exam of about size tokens with one wrong answer in seven, at
// least one.
func (w *World) longInsRow(t examTask, size int) longInsRow {
	d := w.dice("longins/"+t.name, size)
	var items [][3]string
	for bytes := 0; len(items) < 3 || bytes < size*bytesAToken; {
		q, right, wrong := t.make(w, d)
		items = append(items, [3]string{q, right, wrong})
		bytes += len(q) + len(right) + len("[12: Answer: ]\n\n")
	}
	bad := map[int]bool{}
	for len(bad) < max(1, (len(items)+3)/7) {
		bad[d.n(len(items))] = true
	}
	row := longInsRow{Categories: []string{t.category}, Domains: []string{"Invented world"}, TaskPrompt: t.prompt, Error: []int{}, TrueList: []int{}}
	var b strings.Builder
	for i, it := range items {
		answer := it[1]
		if bad[i] {
			answer = it[2]
			row.Error = append(row.Error, i)
		} else {
			row.TrueList = append(row.TrueList, i)
		}
		fmt.Fprintf(&b, "[%d:%s Answer: %s]\n\n", i, it[0], answer)
	}
	row.Data = b.String()
	row.Lenth = len(strings.Fields(row.Data))
	return row
}
