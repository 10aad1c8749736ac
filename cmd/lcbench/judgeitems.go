package main

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/runners/judge"
)

// judgeCase is what is judged by one protocol.
type judgeCase struct {
	protocol judge.Protocol
	items    []judge.Item
	missing  int // answers that can't be put to a judge
}

// cases sorts a run's answers by how they are judged. Only answers for judges
// are, where there are such: complaints name those that can't be.
func (g *judging) cases(rows iter.Seq2[results.Row, error]) (cases []judgeCase, complaints []string, err error) {
	var chosen []results.Row
	own := false
	for row, err := range rows {
		if err != nil {
			return nil, nil, err
		}
		if len(g.tasks) == 0 || slices.Contains(g.tasks, row.Task) {
			chosen = append(chosen, row)
			own = own || row.Judge != ""
		}
	}
	if len(g.adapter.JudgeQueries) > 0 && !own && !g.others {
		return nil, nil, usagef("the run has no answers to the queries that %s leaves to judges: its own command with --judge-queries %s asks them; lcbench judge --tasks judges other answers all the same",
			g.adapter.Name, g.adapter.JudgeQueries[0])
	}
	for _, row := range chosen {
		if own && row.Judge == "" {
			continue
		}
		protocol, err := judge.Find(cmp.Or(g.mode, benchmarks.JudgeProtocol(row.Judge), benchmarks.JudgeRubric))
		if err != nil {
			return nil, nil, err
		}
		at := slices.IndexFunc(cases, func(k judgeCase) bool { return k.protocol.Name == protocol.Name })
		if at < 0 {
			at = len(cases)
			cases = append(cases, judgeCase{protocol: protocol})
		}
		if complaint := g.put(&cases[at], row); complaint != "" {
			complaints = append(complaints, complaint)
		}
	}
	return cases, complaints, nil
}

// put adds a row to what is judged, or says why it can't be; of an answer that
// was lost the run itself has told.
func (g *judging) put(k *judgeCase, row results.Row) (complaint string) {
	item := judge.Item{
		ID: row.ID, Task: row.Task, Group: row.Group, Answer: row.Answer,
		Question: question(row), Reference: strings.Join(row.References, "\nor\n"),
	}
	if runners.Status(row.Status).Lost() {
		k.missing++
		return ""
	}
	if k.protocol.Pairs {
		reference := ""
		if len(row.References) > 0 {
			reference = row.References[0]
		}
		var ok bool
		if item.Opponent, ok = g.opponent.Answer(row.ID, row.Query, reference, row.Strata); !ok {
			k.missing++
			return fmt.Sprintf("%s: no answer to %s", g.opponent.File, row.ID)
		}
	}
	k.items = append(k.items, item)
	return ""
}

// question is what was asked; where no query is known, the prompt without its
// document.
func question(row results.Row) string {
	if row.Query != "" {
		return row.Query
	}
	return strings.TrimSpace(strings.TrimSpace(row.PromptBefore) + "\n[…]\n" + strings.TrimSpace(row.PromptAfter))
}
