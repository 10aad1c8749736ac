package longbench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// prompts are the official templates and generation limits of v1, by task.
type prompts struct {
	template  map[string]string
	maxTokens map[string]int
}

func readPrompts(ctx context.Context, src datasets.Source) (prompts, error) {
	var p prompts
	err := errors.Join(
		readJSON(ctx, src, "config/dataset2prompt.json", &p.template),
		readJSON(ctx, src, "config/dataset2maxlen.json", &p.maxTokens),
	)
	return p, err
}

func readJSON(ctx context.Context, src datasets.Source, name string, into any) error {
	raw, err := datasets.ReadFile(ctx, src, name, maxConfig)
	if err != nil {
		return fmt.Errorf("longbench: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("longbench: %s:%d: %w: want the official file, unchanged", name, lineOf(raw, err), err)
	}
	return nil
}

// lineOf is the line, from 1, at which encoding/json found a fault.
func lineOf(raw []byte, err error) int {
	at := len(raw) // a document that ends too early
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = int(syntax.Offset)
	case errors.As(err, &kind):
		at = int(kind.Offset)
	}
	return 1 + bytes.Count(raw[:max(0, min(at, len(raw)))], []byte("\n"))
}

// maxConfig bounds a configuration or template file, in bytes.
const maxConfig = 1 << 20

// fill puts context and input into a template. Each placeholder is replaced
// once; braces in the values stay as they are (str.format in pred.py).
func fill(template, context, input string) (benchmarks.Prompt, error) {
	before, after, ok := strings.Cut(template, "{context}")
	if !ok {
		return benchmarks.Prompt{}, errors.New("template without {context}")
	}
	if strings.Contains(before, "{input}") {
		before = strings.Replace(before, "{input}", input, 1)
	} else {
		after = strings.Replace(after, "{input}", input, 1)
	}
	return benchmarks.Prompt{Before: before, Context: context, After: after}, nil
}
