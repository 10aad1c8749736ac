package longbench

import (
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// row is a line of a v1 file, as upstream's README describes it.
type row struct {
	input, context, id string
	answers, classes   []string
	length             int
}

func decodeRow(line []byte) (row, error) {
	var r row
	seen := map[string]bool{}
	err := datasets.ParseObject(line, func(key string, raw []byte) error {
		seen[key] = true
		var err error
		switch key {
		case "input":
			r.input, err = datasets.String(raw)
		case "context":
			r.context, err = datasets.String(raw)
		case "_id":
			r.id, err = datasets.String(raw)
		case "answers":
			r.answers, err = datasets.Strings(raw)
		case "all_classes":
			if !datasets.IsNull(raw) {
				r.classes, err = datasets.Strings(raw)
			}
		case "length":
			r.length, err = datasets.Int(raw)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for _, key := range []string{"input", "context", "answers"} {
		if !seen[key] {
			return r, datasets.MissingField(key)
		}
	}
	if len(r.answers) == 0 {
		return r, &datasets.FieldError{Field: "answers", Err: errors.New("want at least one answer, got an empty list")}
	}
	return r, nil
}

// sample renders a row as the reference sends it.
func sample(r row, t task, p prompts, index int, o benchmarks.Options) (benchmarks.Sample, error) {
	template, ok := p.template[t.Name]
	if !ok {
		return benchmarks.Sample{}, fmt.Errorf("longbench: config/dataset2prompt.json has no template for task %q", t.Name)
	}
	prompt, err := fill(template, r.context, r.input)
	if err != nil {
		return benchmarks.Sample{}, fmt.Errorf("longbench: config/dataset2prompt.json: task %q: %w", t.Name, err)
	}
	id := r.id
	if id == "" {
		id = fmt.Sprintf("row%d", index+1)
	}
	s := benchmarks.Sample{
		ID: t.Name + "/" + id, Task: t.Name, Category: t.Category, Language: t.Language, Index: index,
		Prompt: prompt, Chat: !t.plain, MaxTokens: p.maxTokens[t.Name], Own: benchmarks.TruncatePrompt,
		Metric: t.Metric, References: r.answers, Classes: r.classes, Length: r.length,
		Group: benchmarks.Group(t.Name, r.context), Evidence: evidence(t, r.context, r.answers), Query: r.input,
	}
	if s.MaxTokens <= 0 {
		return s, fmt.Errorf("longbench: config/dataset2maxlen.json has no limit for task %q", t.Name)
	}
	if t.stopLine {
		s.Stop = []string{"\n"}
	}
	if t.firstLine {
		s.Cleanup = "first_line"
	}
	if o.Tokenizer != nil {
		s.CountContext(o.Tokenizer)
	}
	return s, nil
}
