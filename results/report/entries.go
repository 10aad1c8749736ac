package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// entry is one sample as the page shows it, with the answers of all runs.
type entry struct {
	ID         string   `json:"id"`
	Task       string   `json:"task"`
	Length     string   `json:"length,omitempty"`
	Depth      string   `json:"depth,omitempty"`
	Axes       string   `json:"axes,omitempty"`
	Beside     string   `json:"beside,omitempty"`
	Question   string   `json:"question"`
	Context    []piece  `json:"context,omitempty"`
	Note       string   `json:"note,omitempty"`
	References []string `json:"references"`
	Answers    []answer `json:"answers"`

	index int
}

// piece is a part of a context: text, evidence, or how much was left out.
type piece struct {
	Text string `json:"t,omitempty"`
	// Evidence marks what the answer is in.
	Evidence bool `json:"e,omitempty"`
	// Gap is how many characters stand here and aren't shown.
	Gap int `json:"g,omitempty"`
}

// answer is one run's answer.
type answer struct {
	Run    int      `json:"run"` // in Benchmark.Runs
	Status string   `json:"status"`
	OK     bool     `json:"ok"`
	Score  *float64 `json:"score"` // percent
	Text   string   `json:"text"`
	// Taken is what the metric took out of the answer.
	Taken string `json:"taken,omitempty"`
	Error string `json:"error,omitempty"`
}

// The bounds of what the page shows of one sample, in bytes.
const (
	maxAnswer    = 2000
	maxReference = 600
	maxQuestion  = 1200
	maxRefs      = 8
	maxSpans     = 6
	maxSpan      = 700
	aroundSpan   = 260
	edge         = 360 // of a context without known evidence, at either end
)

// choice is a sample that runs have in common, and where their rows are.
type choice struct {
	index int
	bad   bool
	lines []int // by run; 0: none
}

// pickEntries chooses up to most samples, half of them such that some model got
// wrong if there are so many, evenly over the file, and reads their texts.
func pickEntries(group []*loaded, runs []Run, most int) (entries []entry, leftOut int, err error) {
	ids, byID := choices(group, runs)
	picked := pick(ids, byID, most)
	at := make(map[string]int, len(picked))
	entries = make([]entry, len(picked))
	for i, id := range picked {
		entries[i] = entry{ID: id}
		at[id] = i
	}
	for n, l := range group {
		if l.rowsPath == "" {
			continue
		}
		wanted := map[int]bool{}
		for _, id := range picked {
			wanted[byID[id].lines[n]] = true
		}
		if err := l.fillEntries(n, wanted, entries, at); err != nil {
			return nil, 0, err
		}
	}
	return entries, len(ids) - len(picked), nil
}

// choices joins the runs' samples by id, in the order of the first run.
func choices(group []*loaded, runs []Run) ([]string, map[string]*choice) {
	var ids []string
	byID := map[string]*choice{}
	for n, l := range group {
		for _, s := range slices.Concat(l.samples, l.judged) {
			c := byID[s.ID]
			if c == nil {
				c = &choice{index: s.index, lines: make([]int, len(group))}
				byID[s.ID] = c
				ids = append(ids, s.ID)
			}
			c.lines[n] = s.line
			c.bad = c.bad || runs[n].Floor == "" && (s.scored && s.Score < 0.5 || s.status != runners.OK)
		}
	}
	return ids, byID
}

// pick takes most of the ids, in their order.
func pick(ids []string, byID map[string]*choice, most int) []string {
	if len(ids) <= most {
		return ids
	}
	var bad, good []string
	for _, id := range ids {
		if byID[id].bad {
			bad = append(bad, id)
		} else {
			good = append(good, id)
		}
	}
	nBad := min(len(bad), max(most/2, most-len(good)))
	out := map[string]bool{}
	for _, id := range slices.Concat(evenly(bad, nBad), evenly(good, most-nBad)) {
		out[id] = true
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !out[id] })
}

// evenly takes n of a list, evenly spread.
func evenly(list []string, n int) []string {
	if n >= len(list) {
		return list
	}
	out := make([]string, n)
	for i := range out {
		out[i] = list[i*len(list)/n]
	}
	return out
}

// fillEntries reads the texts of run n.
func (l *loaded) fillEntries(n int, wanted map[int]bool, entries []entry, at map[string]int) error {
	contexts, cerr := results.ReadContexts(l.dir)
	if cerr == nil {
		defer func() { _ = contexts.CloseReading() }() // nothing was written
	}
	var last, lastText string
	for row, err := range results.PickRows(l.rowsPath, func(line int) bool { return wanted[line] }) {
		if err != nil {
			return err
		}
		i, ok := at[row.ID]
		if !ok {
			continue // the run went on meanwhile
		}
		e := &entries[i]
		if e.Task == "" {
			e.describe(row)
			if row.ContextSHA256 != "" && cerr == nil && row.ContextSHA256 != last {
				last = row.ContextSHA256
				if lastText, err = contexts.Get(last); err != nil {
					lastText, e.Note = "", "context not to be had: "+err.Error()
				}
			}
			if row.ContextSHA256 != "" && lastText != "" && row.ContextSHA256 == last {
				e.Context = excerpt(lastText, row.EvidenceSpans)
			} else if row.ContextSHA256 != "" && cerr != nil {
				e.Note = "contexts weren't kept in this folder"
			}
		}
		e.Answers = append(e.Answers, answerOf(n, row))
	}
	return nil
}

// describe takes what all runs have in common.
func (e *entry) describe(row results.Row) {
	e.Task, e.index, e.Depth = row.Task, row.Index, depthText(row.Depth)
	switch {
	case row.TargetLength != nil:
		e.Length = lengthText(float64(*row.TargetLength))
	case row.ContextTokens != nil:
		e.Length = grouped(*row.ContextTokens) + " tokens"
	}
	if row.Diffusion != nil && row.Scope != nil {
		e.Axes = fmt.Sprintf("diffusion %.2f, scope %.2f (%s)", *row.Diffusion, *row.Scope, row.Axes)
	}
	e.Beside = besideText(row)
	e.Question = head(strings.TrimSpace(orElse(row.PromptAfter, row.PromptBefore)), maxQuestion)
	e.References = []string{}
	for _, r := range row.References[:min(maxRefs, len(row.References))] {
		e.References = append(e.References, head(r, maxReference))
	}
	if more := len(row.References) - maxRefs; more > 0 {
		e.References = append(e.References, fmt.Sprintf("… %d more", more))
	}
}

// besideText are the figures of a row's evidence beside its axes, "" of a row
// without any.
func besideText(row results.Row) string {
	var parts []string
	for _, f := range []struct {
		format string
		value  *float64
	}{
		{"extent %.2f of the context", row.Extent}, {"overlap with %.2f of the question's words", row.Overlap},
		{"distractor %.2f (above 1: it ranks before the evidence)", row.Distractor},
	} {
		if f.value != nil {
			parts = append(parts, fmt.Sprintf(f.format, *f.value))
		}
	}
	if row.Redundancy != nil {
		parts = append(parts, fmt.Sprintf("redundancy %d", *row.Redundancy))
	}
	return strings.Join(parts, ", ")
}

func answerOf(run int, row results.Row) answer {
	a := answer{Run: run, Status: statusName(runners.Status(row.Status)), OK: row.Valid, Text: head(row.Answer, maxAnswer), Error: head(row.Error, maxReference)}
	if row.Score != nil {
		v := 100 * *row.Score
		a.Score = &v
	}
	if row.Extracted != row.Answer {
		a.Taken = head(row.Extracted, maxReference)
	}
	return a
}

// head is the beginning of a text, with how much is missing.
func head(s string, most int) string {
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	cut := boundary(s, most)
	return strings.ToValidUTF8(s[:cut], "\uFFFD") + fmt.Sprintf(" … [%s more]", plural(utf8.RuneCountInString(s[cut:]), "character"))
}

// boundary is the last start of a character at or before at.
func boundary(s string, at int) int {
	at = min(max(at, 0), len(s))
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}
