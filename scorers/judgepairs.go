package scorers

import "cmp"

// JudgedPair is our answer beside an opponent's, judged in both orders.
type JudgedPair struct {
	// ID names the pair, Group the document that it is about: pairs of one group
	// are resampled together.
	ID, Task, Group string
	// AsA and AsB are the verdicts with our answer shown first and second.
	AsA, AsB Verdict
}

// PairOutcome is what both orders of a pair come to.
type PairOutcome int

// The outcomes, from our side.
const (
	PairLost PairOutcome = iota
	PairTied
	PairWon
)

// Outcome is won or lost if both orders say so, and tied if they disagree; ok
// is false unless both have a verdict.
func (p JudgedPair) Outcome() (outcome PairOutcome, ok bool) {
	first, second := p.worth()
	switch {
	case p.AsA == VerdictNone || p.AsB == VerdictNone:
		return PairTied, false
	case first == 1 && second == 1:
		return PairWon, true
	case first == 0 && second == 0:
		return PairLost, true
	}
	return PairTied, true
}

// worth is what each order's verdict is worth to us: 1 a win, 0 a loss, else a
// half.
func (p JudgedPair) worth() (asA, asB float64) {
	value := func(v, ours, theirs Verdict) float64 {
		switch v {
		case ours:
			return 1
		case theirs:
			return 0
		}
		return 0.5
	}
	return value(p.AsA, VerdictA, VerdictB), value(p.AsB, VerdictB, VerdictA)
}

// PairRule says what a win rate counts.
type PairRule string

// The rules of win rates, in both of which ties count half.
const (
	// CountPairs: each pair once, by its Outcome.
	CountPairs PairRule = "pairs"
	// CountVerdicts: each order's verdict by itself (L-Eval, llm_eval.py).
	CountVerdicts PairRule = "verdicts"
)

// PairFigures are the figures of a set of pairs.
type PairFigures struct {
	// Tally is of single verdicts; Won, Tied and Lost are of Pairs, those with a
	// verdict in both orders.
	Tally                  PairTally
	Pairs, Won, Tied, Lost int
	// Consistent of Pairs have the same verdict in both orders. Of the others
	// FirstFavoured lean to the answer that is shown first, SecondFavoured to the
	// second.
	Consistent, FirstFavoured, SecondFavoured int
	// WinRate is in 0..1, by the rule asked for.
	WinRate Estimate
}

// TaskPairs are the figures of one task's pairs.
type TaskPairs struct {
	Task string
	PairFigures
}

// SummarisePairs tallies pairs by task, in order of first appearance, and all
// together. Intervals are bootstraps over documents: of a task's within it, of
// all over all tasks' together.
func SummarisePairs(pairs []JudgedPair, rule PairRule, o AggregateOptions) (tasks []TaskPairs, all PairFigures) {
	var rows []Row
	at := map[string]int{}
	for _, p := range pairs {
		i, seen := at[p.Task]
		if !seen {
			i = len(tasks)
			at[p.Task] = i
			tasks = append(tasks, TaskPairs{Task: p.Task})
		}
		tasks[i].add(p)
		all.add(p)
		rows = append(rows, p.rows(rule)...)
	}
	estimates, pooled := pooledMeans(rows, o)
	for i := range tasks {
		tasks[i].WinRate = estimates[tasks[i].Task]
	}
	all.WinRate = pooled
	return tasks, all
}

func (f *PairFigures) add(p JudgedPair) {
	f.Tally.Add(p.AsA, p.AsB)
	outcome, ok := p.Outcome()
	if !ok {
		return
	}
	f.Pairs++
	switch outcome {
	case PairWon:
		f.Won++
	case PairLost:
		f.Lost++
	case PairTied:
		f.Tied++
	}
	first, second := p.worth()
	switch {
	case first == second:
		f.Consistent++
	case first > second:
		f.FirstFavoured++
	default:
		f.SecondFavoured++
	}
}

// rows are what a win rate averages of the pair.
func (p JudgedPair) rows(rule PairRule) []Row {
	// The verdicts of one pair belong together where its document is unknown too.
	row := func(score float64) Row {
		return Row{Task: p.Task, Group: cmp.Or(p.Group, p.ID), Score: score, Valid: true}
	}
	if rule == CountPairs {
		outcome, ok := p.Outcome()
		if !ok {
			return nil
		}
		return []Row{row(float64(outcome) / 2)}
	}
	var out []Row
	first, second := p.worth()
	if p.AsA != VerdictNone {
		out = append(out, row(first))
	}
	if p.AsB != VerdictNone {
		out = append(out, row(second))
	}
	return out
}

// pooledMeans are the means of each task's rows, and of all rows as of one set.
func pooledMeans(rows []Row, o AggregateOptions) (byTask map[string]Estimate, all Estimate) {
	byTask = map[string]Estimate{}
	var specs []TaskSpec
	for _, r := range rows {
		if _, seen := byTask[r.Task]; !seen {
			byTask[r.Task] = Estimate{}
			specs = append(specs, TaskSpec{Name: r.Task})
		}
	}
	for _, t := range Aggregate(rows, specs, o).Tasks {
		byTask[t.Spec.Name] = t.All
	}
	const pool = "all tasks"
	together := make([]Row, len(rows))
	for i, r := range rows {
		together[i] = r
		together[i].Task = pool
	}
	return byTask, Aggregate(together, []TaskSpec{{Name: pool}}, o).Tasks[0].All
}
