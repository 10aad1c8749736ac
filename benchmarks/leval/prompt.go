package leval

import (
	"bytes"
	"context"
	_ "embed" // prompts
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// ownPrompts are worded by us after what the reference's prompts ask for:
// upstream has them in code alone.
//
//go:embed prompts.json
var ownPrompts []byte

// promptsFile, in the folder of the data, replaces our prompts.
const promptsFile = "prompts.json"

// maxPrompts bounds a prompts file, in bytes.
const maxPrompts = 1 << 20

// prompts are the texts around documents.
type prompts struct {
	// System is the system turn by task.system.
	System map[string]string `json:"system"`
	// Frame is the user turn by task.frame ("base" for models without a chat
	// template), with {document}, {query} and {length}.
	Frame map[string]string `json:"frame"`
	// Length is the length instruction by Options.LengthInstruction, with
	// {words}.
	Length map[string]string `json:"length"`
	// World says how sci_fi's second question is made of the first one.
	World struct {
		Clause  string `json:"clause"`
		Instead string `json:"instead"`
	} `json:"world"`
}

// readPrompts takes the source's prompts.json, or ours where it has none.
func readPrompts(ctx context.Context, src datasets.Source) (prompts, error) {
	raw, err := datasets.ReadFile(ctx, src, promptsFile, maxPrompts)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return parsePrompts(ownPrompts)
	case err != nil:
		return prompts{}, fmt.Errorf("leval: %w", err)
	}
	return parsePrompts(raw)
}

// parsePrompts decodes a prompts file and checks that it has all that tasks
// need.
func parsePrompts(raw []byte) (prompts, error) {
	var p prompts
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("leval: %s: %w: want the layout of benchmarks/leval/prompts.json", promptsFile, err)
	}
	missing := func(name string) error { return fmt.Errorf("leval: %s: no %s", promptsFile, name) }
	for _, t := range tasks() {
		if _, ok := p.System[t.system]; !ok {
			return p, missing("system." + t.system)
		}
		for _, frame := range []string{t.frame, "base"} {
			if text := p.Frame[frame]; !strings.Contains(text, documentMark) || !strings.Contains(text, queryMark) {
				return p, missing("frame." + frame + " with " + documentMark + " and " + queryMark)
			}
		}
	}
	for _, how := range []string{lengthAbout, lengthExact} {
		if !strings.Contains(p.Length[how], wordsMark) {
			return p, missing("length." + how + " with " + wordsMark)
		}
	}
	if p.World.Clause == "" || p.World.Instead == "" {
		return p, missing("world.clause and world.instead")
	}
	return p, nil
}

// The marks of frames.
const documentMark, queryMark, lengthMark, wordsMark = "{document}", "{query}", "{length}", "{words}"

// The ways of telling a model how long the reference is.
const lengthAbout, lengthExact, lengthOff = "about", "exact", "off"

// LengthInstructions lists what Options.LengthInstruction may be, the default
// first: as the paper words it for API models, as for open ones, or not at all.
func lengthInstructions() []string { return []string{lengthAbout, lengthExact, lengthOff} }

// The modes: chat sends a system and a user turn; base sends a plain
// completion, as the authors asked models without instruction tuning (issue
// 17 of their repository).
const modeChat, modeBase = "chat", "base"

// render makes the prompt of one query.
func (p prompts) render(t task, document, query, reference string, o benchmarks.Options) benchmarks.Prompt {
	frame, system := p.Frame[t.frame], p.System[t.system]
	if o.Mode == modeBase {
		frame, system = p.Frame["base"], ""
	}
	length := ""
	if how := orDefault(o.LengthInstruction, lengthAbout); how != lengthOff && t.evaluation != "exam" {
		length = strings.ReplaceAll(p.Length[how], wordsMark, strconv.Itoa(len(strings.Fields(reference))))
	}
	before, after, _ := strings.Cut(frame, documentMark)
	fill := strings.NewReplacer(queryMark, query, lengthMark, length) // in one pass: braces in values stay
	return benchmarks.Prompt{System: system, Before: fill.Replace(before), Context: document, After: fill.Replace(after)}
}

// byTheWorld turns a question about the document's world into one about ours.
func (p prompts) byTheWorld(query string) string {
	if strings.Contains(query, p.World.Clause) {
		return strings.ReplaceAll(query, p.World.Clause, p.World.Instead)
	}
	return query + " (" + p.World.Instead + ")"
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
