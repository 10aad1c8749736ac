package results

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// LMEvalInput is what the files of lm-evaluation-harness's layout are made of.
type LMEvalInput struct {
	Manifest Manifest
	Summary  Summary
	// Rows are the run's rows in file order: ReadRows of its samples.jsonl.
	Rows iter.Seq2[Row, error]
	// Original is the number of rows of each task's data set; a task that isn't
	// in it counts as evaluated whole.
	Original map[string]int
	// Date names the files; zero: now.
	Date time.Time
	// Contexts, if not nil, put the whole prompt into each sample, as
	// lm-evaluation-harness does: the files grow to the size of all prompts
	// together. Else the prompt names its context by sha256.
	Contexts *Contexts
	// GitHash is the commit that was evaluated with, "" if unknown.
	GitHash string
}

// WriteLMEval writes dir/<model>/results_<date>.json and one
// samples_<task>_<date>.jsonl a task, in the layout of lm-evaluation-harness
// 0.4.13 (lm_eval/result_schema.py), and returns their paths. Scores are in
// 0..1; the standard error is the sample's, s/√n, as there.
func WriteLMEval(dir string, in LMEvalInput) ([]string, error) {
	if in.Date.IsZero() {
		in.Date = time.Now()
	}
	in.Manifest = in.Manifest.clean()
	stamp := strings.ReplaceAll(in.Date.Format("2006-01-02T15:04:05.000000"), ":", "-")
	folder := filepath.Join(dir, lmEvalName(lmEvalModel(in.Manifest.Model)))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("results: lm-eval output: %w", err)
	}
	tasks := make([]*lmEvalTask, len(in.Summary.Tasks))
	paths := make([]string, len(tasks))
	for i, t := range in.Summary.Tasks {
		tasks[i] = &lmEvalTask{TaskScore: t, hash: sha256.New()}
		paths[i] = filepath.Join(folder, "samples_"+fileName(t.Task)+"_"+stamp+".jsonl")
	}
	if len(tasks) > 0 {
		if err := replaceFiles(paths, func(w []io.Writer) error { return writeLMEvalSamples(w, tasks, in) }); err != nil {
			return nil, fmt.Errorf("results: lm-eval output: %w", err)
		}
	}
	results := filepath.Join(folder, "results_"+stamp+".json")
	if err := writeJSON(results, lmEvalResults(tasks, in)); err != nil {
		return nil, err
	}
	return append([]string{results}, paths...), nil
}

// lmEvalModel is the model's name without its kind.
func lmEvalModel(m ModelInfo) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Spec
}

// lmEvalName makes the folder's name the way lm-evaluation-harness does: runs
// of what a path can't hold become two underscores.
func lmEvalName(model string) string {
	var b strings.Builder
	inRun := false
	for _, r := range model {
		bad := strings.ContainsRune(`"<>:/|\?*[]`, r)
		switch {
		case !bad:
			b.WriteRune(r)
		case !inRun:
			b.WriteString("__")
		}
		inRun = bad
	}
	if name := b.String(); strings.Trim(name, ".") != "" {
		return name
	}
	return "model"
}

// lmEvalTask is one task's file in the making.
type lmEvalTask struct {
	TaskScore
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	n           int
	sum, square float64
	chat        bool
	maxTokens   int
}

// lmEvalDoc is what a sample says of its row in the data set.
type lmEvalDoc struct {
	ID            string   `json:"_id"`
	Dataset       string   `json:"dataset"`
	Language      string   `json:"language,omitempty"`
	ContextSHA256 string   `json:"context_sha256,omitempty"`
	Answers       []string `json:"answers"`
	Classes       []string `json:"all_classes,omitempty"`
	Length        *int     `json:"length,omitempty"`
	ContextTokens *int     `json:"context_tokens,omitempty"`
	TargetLength  *int     `json:"target_length,omitempty"`
	Depth         *float64 `json:"depth,omitempty"`
	Status        string   `json:"status"`
}

// writeLMEvalSamples writes the rows into the files of their tasks.
func writeLMEvalSamples(files []io.Writer, tasks []*lmEvalTask, in LMEvalInput) error {
	at := map[string]int{}
	for i, t := range tasks {
		at[t.Task] = i
	}
	for row, err := range in.Rows {
		if err != nil {
			return err
		}
		if row.Metric == "" && row.Judge != "" {
			continue // a judge's alone: it has no score here
		}
		i, known := at[row.Task]
		if !known {
			return fmt.Errorf("row %s: task %q isn't in the summary", row.ID, row.Task)
		}
		record, err := tasks[i].sample(row, in.Contexts)
		if err != nil {
			return err
		}
		if _, err := files[i].Write(record); err != nil {
			return err
		}
	}
	return nil
}

// sample turns a row into a line of the task's file.
func (t *lmEvalTask) sample(row Row, contexts *Contexts) ([]byte, error) {
	doc := lmEvalDoc{
		ID: row.ID, Dataset: row.Task, Language: row.Language, ContextSHA256: row.ContextSHA256, Answers: row.References,
		Classes: row.Classes, Length: row.Length, ContextTokens: row.ContextTokens,
		TargetLength: row.TargetLength, Depth: row.Depth, Status: row.Status,
	}
	prompt, err := lmEvalPrompt(row, contexts)
	if err != nil {
		return nil, err
	}
	target, err := lmEvalTarget(row.References)
	if err != nil {
		return nil, err
	}
	docText, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, err
	}
	score := 0.0
	if row.Score != nil {
		score = *row.Score
	}
	docHash, promptHash, targetHash := hexSum(docText), hexSum([]byte(prompt)), hexSum([]byte(target))
	_, _ = io.WriteString(t.hash, docHash+promptHash+targetHash) // a hash takes everything
	generation := map[string]any{"until": orEmpty(row.Stop), "do_sample": row.Temperature > 0, "temperature": row.Temperature}
	if row.MaxTokens != nil {
		generation["max_gen_toks"] = *row.MaxTokens
		t.maxTokens = *row.MaxTokens
	}
	t.chat = row.Chat
	record, err := marshalLine(map[string]any{
		"doc_id": t.n, "doc": doc, "target": target,
		"arguments": map[string]any{"gen_args_0": map[string]any{"arg_0": prompt, "arg_1": generation}},
		"resps":     [][]string{{row.Answer}}, "filtered_resps": []string{row.Answer}, "filter": "none",
		"metrics": []string{t.metric()}, t.metric(): score,
		"doc_hash": docHash, "prompt_hash": promptHash, "target_hash": targetHash,
	})
	t.n++
	t.sum += score
	t.square += score * score
	return record, err
}

// metric is the key of the task's metric.
func (t *lmEvalTask) metric() string { return orElse(t.Metric, "score") }

// stderr is s/√n; lm-evaluation-harness writes "N/A" where there is none.
func (t *lmEvalTask) stderr() any {
	if t.n < 2 {
		return "N/A"
	}
	n := float64(t.n)
	variance := max(0, (t.square-t.sum*t.sum/n)/(n-1))
	return math.Sqrt(variance / n)
}

func lmEvalPrompt(row Row, contexts *Contexts) (string, error) {
	text := ""
	switch {
	case row.ContextSHA256 == "":
	case contexts == nil:
		text = "<context sha256:" + row.ContextSHA256 + ">"
	default:
		var err error
		if text, err = contexts.Get(row.ContextSHA256); err != nil {
			return "", err
		}
	}
	return row.PromptBefore + text + row.PromptAfter, nil
}

// lmEvalTarget is a string there: the answer, or all of them as JSON.
func lmEvalTarget(references []string) (string, error) {
	if len(references) == 1 {
		return references[0], nil
	}
	text, err := marshalLine(orEmpty(references))
	return strings.TrimSuffix(string(text), "\n"), err
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
