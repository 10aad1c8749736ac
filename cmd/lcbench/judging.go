package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/runners/judge"
	"github.com/lcbench/lcbench/scorers"
)

// hearing is where judges work: one run's folder.
type hearing struct {
	*judging
	c        *cli.Context
	journal  *results.Journal
	drain    <-chan struct{}
	cases    []judgeCase
	settings []*settings
	// categories are what each judge says by protocol and item, for agreement.
	categories []map[string]map[string]int
	judgement
}

// judge has every judge judge the rows of a run, one judge after the other.
func (g *judging) judge(ctx context.Context, c *cli.Context, folder *results.Run, drain <-chan struct{}) judgement {
	h := &hearing{judging: g, c: c, drain: drain}
	h.err = h.run(ctx, folder)
	if len(h.reports) > 0 {
		h.err = errors.Join(h.err, folder.Update(func(m *results.Manifest) {
			for _, r := range h.reports {
				m.AddJudge(r.JudgeInfo)
			}
		}))
	}
	return h.judgement
}

func (h *hearing) run(ctx context.Context, folder *results.Run) (err error) {
	var complaints []string
	if h.cases, complaints, err = h.judging.cases(results.ReadRows(folder.RowsPath())); err != nil {
		return err
	}
	if len(h.cases) == 0 {
		return usagef("no answers to judge%s", inTasks(h.tasks))
	}
	if h.opponent != nil {
		complaints = append(complaints, h.opponent.Duplicates...)
	}
	h.unmatched, h.faults = len(complaints), complaints
	if len(h.cases) > 1 && h.files[""] != "" {
		return usagef("--judge-template %s: answers are judged by %s and %s here: say which it is for, as in %[2]s=%[1]s", h.files[""], h.cases[0].protocol.Name, h.cases[1].protocol.Name)
	}
	if h.journal, err = folder.Verdicts(); err != nil {
		return err
	}
	for _, w := range h.journal.Warnings() {
		fmt.Fprintf(h.c.App.ErrWriter, "lcbench: %s\n", plain(w.String()))
	}
	for _, spec := range h.judges {
		s, err := h.judging.settings(h.c, spec)
		if err != nil {
			return err
		}
		h.settings = append(h.settings, s)
	}
	for i := range h.settings {
		if err := h.judgeAll(ctx, i); err != nil || h.budget || h.drained {
			return err
		}
	}
	h.agree()
	return nil
}

func inTasks(tasks []string) string {
	if len(tasks) == 0 {
		return ""
	}
	return " in " + strings.Join(tasks, ", ") + ": the run has others, see its table"
}

// judgeAll has one judge do all cases.
func (h *hearing) judgeAll(ctx context.Context, i int) (err error) {
	s := h.settings[i]
	m, err := s.openModel(ctx, h.c, h.calls)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	h.categories = append(h.categories, map[string]map[string]int{})
	for _, k := range h.cases {
		if err := h.judgeCase(ctx, i, k, m); err != nil || h.budget || h.drained {
			return err
		}
	}
	return nil
}

// judgeName is how a judge is called in its records.
func judgeName(m modelSpec) string { return m.kind + ":" + m.name }

// judgeCase has one judge do one case and reports on it.
func (h *hearing) judgeCase(ctx context.Context, i int, k judgeCase, m *openedModel) error {
	s := h.settings[i]
	template, err := h.template(k.protocol.Name)
	if err != nil {
		return err
	}
	budget, err := h.allowance(i)
	if err != nil {
		return err
	}
	j := &judge.Judge{
		Name: judgeName(s.model), Identity: fmt.Sprintf("%s\x00%d", s.model, s.asker.ReasoningTokens),
		Protocol: k.protocol, Template: template,
		Engine: runners.Engine{
			Model: m.model, Journal: h.journal, Concurrency: h.calls.concurrency, Asker: s.asker,
			Budget: budget, Progress: &runners.Progress{}, Drain: h.drain,
		},
	}
	stop := s.showJudging(ctx, h.c, j, m, len(k.items))
	result, err := j.Run(ctx, k.items)
	stop()
	h.report(s, j, k, result)
	return hinted(err)
}

// allowance is what --judge-budget leaves the i-th judge; what the others have
// spent counts in money, or in tokens.
func (h *hearing) allowance(i int) (*runners.Budget, error) {
	own := h.settings[i]
	if own.budget == nil {
		return nil, nil
	}
	limit, spent := *own.budget, runners.Usage{}
	for k, s := range h.settings {
		used, err := judge.Spent(h.journal.All(), judgeName(s.model))
		if err != nil {
			return nil, err
		}
		switch {
		case k == i:
			spent = used
		case judgeName(s.model) == judgeName(own.model): // the same records
		case limit.USD > 0:
			limit.USD = max(limit.USD-s.price.Cost(used), 1e-9)
		default:
			limit.Tokens = max(limit.Tokens-used.Prompt-used.Completion, 1)
		}
	}
	price := runners.Price{}
	if own.price != nil {
		price = *own.price
	}
	return runners.NewBudget(limit, price, spent), nil
}

// report turns a judge's result into figures, and keeps what else it came to.
func (h *hearing) report(s *settings, j *judge.Judge, k judgeCase, result judge.Result) {
	r := results.JudgeReport{
		JudgeInfo: results.JudgeInfo{
			Model:    results.ModelInfo{Spec: s.model.String(), Name: s.model.name, Endpoint: s.model.base, Served: result.Served, Details: s.localDetails()},
			Protocol: string(k.protocol.Name), Template: results.NamedHash{Name: j.Template.Name, SHA256: j.Template.SHA256},
			Usage: result.Usage, Cost: s.cost(result.Usage),
		},
		Items: len(k.items) + k.missing, Missing: k.missing,
		Nonsense: result.Count(judge.Nonsense), Lost: result.Count(judge.Lost), Open: result.Count(judge.Open),
	}
	categories := map[string]int{}
	if k.protocol.Pairs {
		r.Opponent = &results.JudgeOpponent{Name: h.opponent.Name, File: h.opponent.File, SHA256: h.opponent.SHA256}
		pairs := result.Pairs()
		r.Pairs(pairs, cmp.Or(h.adapter.JudgeRule, scorers.CountPairs), h.seed)
		for _, p := range pairs {
			if outcome, ok := p.Outcome(); ok {
				categories[p.ID] = int(outcome)
			}
		}
	} else {
		grades := result.Grades(k.protocol)
		r.Grades(grades, k.protocol.High, h.seed)
		for _, a := range grades {
			categories[a.ID] = a.Grade
		}
	}
	h.reports = append(h.reports, r)
	h.categories[len(h.categories)-1][string(k.protocol.Name)] = categories
	h.lost += r.Lost
	h.nonsense += r.Nonsense
	h.budget, h.drained = h.budget || result.Report.BudgetReached, h.drained || result.Report.Drained
	for _, f := range result.Report.Faults {
		h.faults = append(h.faults, "judge "+f.Error())
	}
}

// agree compares every two judges, protocol by protocol.
func (h *hearing) agree() {
	for i := range h.settings {
		for j := range i {
			for _, k := range h.cases {
				name := string(k.protocol.Name)
				h.agreement = append(h.agreement, results.Agreed([2]string{h.settings[j].model.String(), h.settings[i].model.String()}, name,
					h.categories[j][name], h.categories[i][name], !k.protocol.Pairs))
			}
		}
	}
}
