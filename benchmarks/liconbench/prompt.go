package liconbench

import (
	"bytes"
	"context"
	_ "embed" // prompts
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// ownPrompts are worded by us: upstream has prompts in code alone. What begins
// a demonstration is upstream's, since its scoring cuts answers there.
//
//go:embed prompts.json
var ownPrompts []byte

// promptsFile, in the folder of the data, replaces our prompts.
const promptsFile = "prompts.json"

// maxPrompts bounds a prompts file, in bytes.
const maxPrompts = 1 << 20

// wording is the texts of a task.
type wording struct {
	Task string `json:"task"`
	// Labels lists the labels in mode instruct, with {labels}.
	Labels string `json:"labels"`
	// Query asks for a label, with {text}, {pairs} and {count}; a demonstration has
	// its answer behind it.
	Query string `json:"query"`
}

// The marks of wordings.
const labelsMark, textMark, pairsMark, countMark = "{labels}", "{text}", "{pairs}", "{count}"

// readPrompts takes the source's prompts.json, or ours where it has none.
func readPrompts(ctx context.Context, src datasets.Source) (map[string]wording, error) {
	raw, err := datasets.ReadFile(ctx, src, promptsFile, maxPrompts)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		raw = ownPrompts
	case err != nil:
		return nil, fmt.Errorf("liconbench: %w", err)
	}
	return parsePrompts(raw)
}

// parsePrompts decodes a prompts file and checks that it has all that tasks
// need.
func parsePrompts(raw []byte) (map[string]wording, error) {
	var p map[string]wording
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("liconbench: %s: %w: want the layout of benchmarks/liconbench/prompts.json", promptsFile, err)
	}
	for _, t := range tasks() {
		w := p[t.Name]
		if w.Task == "" || !strings.Contains(w.Labels, labelsMark) || !strings.Contains(w.Query, textMark) {
			return nil, fmt.Errorf("liconbench: %s: %s needs task, labels with %s and query with %s", promptsFile, t.Name, labelsMark, textMark)
		}
	}
	return p, nil
}

// before is the instruction ahead of the demonstrations.
func (w wording) before(labels []string, mode string) string {
	if mode != modeInstruct {
		return w.Task + "\n\n"
	}
	return w.Task + " " + strings.Replace(w.Labels, labelsMark, strings.Join(labels, ", "), 1) + "\n\n"
}

// ask is the query of an example.
func (w wording) ask(e example) string {
	fill := strings.NewReplacer(textMark, e.text, pairsMark, strings.Join(e.pairs, "; "), countMark, fmt.Sprint(len(e.pairs)))
	return fill.Replace(w.Query)
}

// show is a demonstration.
func (w wording) show(e example) string {
	if strings.HasSuffix(w.Query, textMark) { // the answer has lines of its own
		return w.ask(e) + "\n" + e.answer + "\n"
	}
	return w.ask(e) + " " + e.answer + "\n"
}
