// Package judge asks a model for verdicts on answers: of two which is better,
// shown in both orders, or what grade one deserves. A judge is a model like any
// other, and each of its replies is journalled before it is read.
package judge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// Item is an answer to be judged.
type Item struct {
	// ID is the sample's; Group names its document.
	ID, Task, Group             string
	Question, Reference, Answer string
	// Opponent is the other answer of a pair.
	Opponent string
}

// Outcome is an item with what the judge said, order by order.
type Outcome struct {
	Item
	Replies []Reply
}

// Reply is a judge's last word on one question.
type Reply struct {
	State State
	Text  string
	Tries int // replies that were looked at, this one included
}

// State is what became of a question to a judge.
type State int

// The states. Nonsense had no verdict in maxTries replies.
const (
	Open State = iota // not asked: the budget or the user ended it
	Read
	Nonsense
	Lost
)

// maxTries is how often a question is asked that is answered without a verdict.
const maxTries = 3

// Judge is a model that judges by one protocol.
type Judge struct {
	// Name leads its records in the journal: kind and name of the model.
	Name string
	// Identity is all that makes it another judge: the model with its address,
	// and how replies are drawn.
	Identity string
	Protocol Protocol
	Template Template
	// Engine has the model with its wrappers, the judges' journal, concurrency,
	// asker, budget, progress and drain. Score and Sink are the judge's own.
	Engine runners.Engine
}

// Result is what a judge came to.
type Result struct {
	// Outcomes follow the items given.
	Outcomes []Outcome
	// Report sums up all rounds; Lost counts questions.
	Report runners.Report
	// Served is what the endpoint said it served.
	Served string
	// Usage are the tokens of all replies, earlier starts' included; those from
	// the response cache cost nothing.
	Usage runners.Usage
}

// question is one item in one order.
type question struct{ item, order int }

// Run asks about every item in every order. Replies without a verdict are asked
// for again, up to three times in all. Questions that the journal has a reply to
// are not asked. The error is Engine.Run's; the result is valid in every case.
func (j *Judge) Run(ctx context.Context, items []Item) (Result, error) {
	out := Result{Outcomes: make([]Outcome, len(items))}
	out.Report.Complete, out.Usage.Known = true, true
	var pending []question
	for i, item := range items {
		n := len(j.Protocol.orders())
		out.Outcomes[i] = Outcome{Item: item, Replies: make([]Reply, n)}
		for order := range n {
			pending = append(pending, question{i, order})
		}
	}
	for try := 1; try <= maxTries && len(pending) > 0; try++ {
		var err error
		if pending, err = j.round(ctx, &out, pending, try); err != nil || !out.Report.Complete {
			return out, err
		}
	}
	for _, q := range pending {
		out.Outcomes[q.item].Replies[q.order].State = Nonsense
	}
	return out, nil
}

// round asks the pending questions once and returns those that were answered
// without a verdict.
func (j *Judge) round(ctx context.Context, out *Result, pending []question, try int) (again []question, err error) {
	samples := make([]benchmarks.Sample, len(pending))
	for i, q := range pending {
		samples[i] = j.sample(out.Outcomes[q.item].Item, q.order, try)
		samples[i].Index = i
	}
	e := j.Engine
	e.Score = func(benchmarks.Sample, string) (scorers.Score, error) { return scorers.Score{}, nil }
	e.Sink = func(r runners.Result) error {
		q := pending[r.Sample.Index]
		reply := &out.Outcomes[q.item].Replies[q.order]
		reply.Text, reply.Tries = r.Answer.Text, try
		out.Served = cmp.Or(r.Answer.Model, out.Served)
		if !r.Answer.FromCache && r.Answer.Usage != (runners.Usage{}) {
			out.Usage = out.Usage.Add(r.Answer.Usage)
		}
		_, ok := j.Protocol.read(r.Answer.Text)
		switch {
		case r.Answer.Status.Lost():
			reply.State = Lost
		case ok:
			reply.State = Read
		default:
			again = append(again, q)
		}
		return nil
	}
	report, err := e.Run(ctx, stream(samples))
	out.add(report)
	slices.SortFunc(again, func(a, b question) int { return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.order, b.order)) })
	return again, err
}

func stream(samples []benchmarks.Sample) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		for _, s := range samples {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// add takes a round's report in.
func (r *Result) add(round runners.Report) {
	all := &r.Report
	all.Asked += round.Asked
	all.Resumed += round.Resumed
	all.FromCache += round.FromCache
	all.Lost += round.Lost
	all.Faults = append(all.Faults, round.Faults...)
	all.Complete = round.Complete
	all.BudgetReached = all.BudgetReached || round.BudgetReached
	all.Drained = all.Drained || round.Drained
}

// sample is a question as the engine asks it. Its id holds a hash of what is
// asked, of whom: other answers, another wording are other questions.
func (j *Judge) sample(item Item, order, try int) benchmarks.Sample {
	values := map[string]string{"question": item.Question, "reference": item.Reference, "answer": item.Answer}
	values["answer_a"], values["answer_b"] = item.Answer, item.Opponent
	if order == 1 {
		values["answer_a"], values["answer_b"] = item.Opponent, item.Answer
	}
	p := j.Template.fill(values, try)
	h := sha256.New()
	for _, part := range []string{j.Identity, p.System, p.After} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return benchmarks.Sample{
		ID:   fmt.Sprintf("%s%s, %s, try %d, %s", prefix(j.Name), item.ID, j.Protocol.orders()[order], try, hex.EncodeToString(h.Sum(nil)[:6])),
		Task: item.Task, Prompt: p, Chat: true, MaxTokens: j.Protocol.MaxTokens, Judge: j.Protocol.Name,
		References: []string{item.Reference}, Query: item.Question,
	}
}

// prefix is how a judge's records begin.
func prefix(name string) string { return name + " on " }

// Spent sums up what a judge's verdicts in a journal have cost, whatever they
// were about.
func Spent(journal iter.Seq2[runners.Answer, error], name string) (runners.Usage, error) {
	sum := runners.Usage{Known: true}
	for a, err := range journal {
		if err != nil {
			return sum, err
		}
		if strings.HasPrefix(a.SampleID, prefix(name)) && !a.FromCache && a.Usage != (runners.Usage{}) {
			sum = sum.Add(a.Usage)
		}
	}
	return sum, nil
}

// Count says how many questions ended in a state.
func (r Result) Count(s State) int {
	n := 0
	for _, o := range r.Outcomes {
		for _, reply := range o.Replies {
			if reply.State == s {
				n++
			}
		}
	}
	return n
}

// Pairs are the outcomes as pairs; an order without a verdict has none.
func (r Result) Pairs() []scorers.JudgedPair {
	out := make([]scorers.JudgedPair, len(r.Outcomes))
	verdict := func(reply Reply) scorers.Verdict {
		if reply.State != Read {
			return scorers.VerdictNone
		}
		return scorers.PairVerdict(reply.Text)
	}
	for i, o := range r.Outcomes {
		out[i] = scorers.JudgedPair{ID: o.ID, Task: o.Task, Group: o.Group, AsA: verdict(o.Replies[0]), AsB: verdict(o.Replies[1])}
	}
	return out
}

// Grades are the outcomes that have a grade.
func (r Result) Grades(p Protocol) []scorers.JudgedAnswer {
	var out []scorers.JudgedAnswer
	for _, o := range r.Outcomes {
		if grade, ok := p.read(o.Replies[0].Text); ok && o.Replies[0].State == Read {
			out = append(out, scorers.JudgedAnswer{ID: o.ID, Task: o.Task, Group: o.Group, Grade: grade})
		}
	}
	return out
}
