package loogle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// prompts are the official templates and generation limits, by task.
type prompts struct {
	template  map[string]string
	maxTokens map[string]int
}

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

const (
	promptFile = "config/task2prompt.json"
	limitFile  = "config/task2maxlen.json"
)

func readPrompts(ctx context.Context, src datasets.Source) (prompts, error) {
	var p prompts
	return p, errors.Join(readJSON(ctx, src, promptFile, &p.template), readJSON(ctx, src, limitFile, &p.maxTokens))
}

func readJSON(ctx context.Context, src datasets.Source, name string, into any) error {
	raw, err := datasets.ReadFile(ctx, src, name, maxConfig)
	if err != nil {
		return fmt.Errorf("loogle: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("loogle: %s: %w: want the official file, unchanged", name, err)
	}
	return nil
}

// fill is Python's format of a template with the fields input and Q: doubled
// braces become single ones, braces in the values stay as they are.
func fill(template, input, question string) (benchmarks.Prompt, error) {
	var p benchmarks.Prompt
	var part strings.Builder
	found := false
	for rest := template; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			part.WriteByte(rest[0])
			rest = rest[2:]
		case strings.HasPrefix(rest, "{input}") && !found:
			found = true
			p.Before, p.Context = part.String(), input
			part.Reset()
			rest = rest[len("{input}"):]
		case strings.HasPrefix(rest, "{Q}"):
			part.WriteString(question)
			rest = rest[len("{Q}"):]
		case rest[0] == '{' || rest[0] == '}':
			return p, fmt.Errorf("want {input} once, {Q} and doubled braces, got %.20q", rest)
		default:
			n := strings.IndexAny(rest, "{}")
			if n < 0 {
				n = len(rest)
			}
			part.WriteString(rest[:n])
			rest = rest[n:]
		}
	}
	if !found {
		return p, errors.New("template without {input}")
	}
	p.After = part.String()
	return p, nil
}

// sample renders a question as the reference sends it.
func (p prompts) sample(d document, q question, t task, id string) (benchmarks.Sample, error) {
	template, ok := p.template[t.Name]
	if !ok {
		return benchmarks.Sample{}, fmt.Errorf("loogle: %s has no template for task %q", promptFile, t.Name)
	}
	prompt, err := fill(template, d.input, q.text)
	if err != nil {
		return benchmarks.Sample{}, fmt.Errorf("loogle: %s: task %q: %w", promptFile, t.Name, err)
	}
	s := benchmarks.Sample{
		ID: id, Task: t.Name, Category: t.Category, Language: "en",
		// Upstream sends it to API models as one system message, which is the user's
		// turn here, and to open models as plain text (--chat-template never).
		Prompt: prompt, Chat: true, MaxTokens: p.maxTokens[t.Name], Own: benchmarks.TruncatePrompt,
		Length: d.words, Group: d.group, Query: q.text,
	}
	judge(&s, q, t)
	if s.MaxTokens <= 0 {
		return s, fmt.Errorf("loogle: %s has no limit for task %q", limitFile, t.Name)
	}
	return s, nil
}

// judge sets what a question's answer is scored by.
func judge(s *benchmarks.Sample, q question, t task) {
	s.Metric, s.References, s.Classes = t.Metric, q.answers, q.masks
	s.Weight = float64(len(q.masks))
	if q.kind != "" {
		s.Strata = []string{q.kind}
	}
	switch {
	case q.kind == "timeline":
		s.Metric, s.Judge = "loogle_timeline", benchmarks.JudgeSameMeaning
	case t.Name == summaries:
		s.Judge = benchmarks.JudgeSummary
	case t.Name != cloze:
		s.Judge = benchmarks.JudgeSameMeaning
	}
}
