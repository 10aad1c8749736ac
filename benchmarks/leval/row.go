package leval

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// row is a line of a task's file: a document with its queries and a reference
// for each.
type row struct {
	document         string
	queries, answers []string
	evaluation       string // exam, f1, rouge, LLM or human
	group            string // set where samples are made
}

func decodeRow(line []byte) (row, error) {
	var r row
	seen := map[string]bool{}
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		seen[key] = true
		switch key {
		case "input":
			r.document, err = datasets.String(raw)
		case "instructions":
			r.queries, err = datasets.Strings(raw)
		case "outputs":
			r.answers, err = datasets.Strings(raw)
		case "evaluation":
			r.evaluation, err = datasets.String(raw)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for _, key := range []string{"input", "instructions", "outputs", "evaluation"} {
		if !seen[key] {
			return r, datasets.MissingField(key)
		}
	}
	switch {
	case len(r.queries) == 0:
		return r, &datasets.FieldError{Field: "instructions", Err: errors.New("want at least one query, got an empty list")}
	case len(r.queries) != len(r.answers):
		return r, &datasets.FieldError{Field: "outputs", Err: fmt.Errorf("want one for each of %d instructions, got %d", len(r.queries), len(r.answers))}
	}
	switch r.evaluation {
	case "exam", "f1", "rouge", judged, rated:
		return r, nil
	}
	return r, &datasets.FieldError{Field: "evaluation", Err: fmt.Errorf("want exam, f1, rouge, LLM or human, got %q", r.evaluation)}
}

// The tags of rows that are left to judges: a language model, or people.
const judged, rated = "LLM", "human"

// The sets of queries for judges: those that GPT-4 judged, and those that
// GPT-3.5 did, which people's are among.
const queriesLLM, queriesAll = "llm", "all"

// forJudge says that rows of the tag are left to judges and asked for.
func forJudge(tag string, o benchmarks.Options) bool {
	return tag == judged && o.JudgeQueries != "" || tag == rated && o.JudgeQueries == queriesAll
}

// passages cuts a document into distractor passages.
func passages(document string) []string {
	sep := "\n\n"
	if !strings.Contains(document, sep) {
		sep = "\n"
	}
	var out []string
	for p := range strings.SplitSeq(document, sep) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// option is a line of a multiple-choice query: "B. text" or "(B) text".
var option = regexp.MustCompile(`(?m)^\s*\(?([A-D])[.)]\s*(.+)$`)

// optionTexts are the texts of the options whose letters the reference names
// in its first word: the reference itself, a letter, stands everywhere.
func optionTexts(query, reference string) []string {
	letters, _, _ := strings.Cut(strings.TrimSpace(reference), " ")
	var out []string
	for _, m := range option.FindAllStringSubmatch(query, -1) {
		if strings.Contains(letters, m[1]) {
			out = append(out, strings.TrimSpace(m[2]))
		}
	}
	return out
}
