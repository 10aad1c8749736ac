package judge

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// referee is a model that judges by a rule and keeps what it was asked.
type referee struct {
	rule func(r runners.Request) (string, error)

	mu    sync.Mutex
	asked []runners.Request
}

func (m *referee) Generate(_ context.Context, r runners.Request) (runners.Response, error) {
	m.mu.Lock()
	m.asked = append(m.asked, r)
	m.mu.Unlock()
	text, err := m.rule(r)
	return runners.Response{Text: text, FinishReason: "stop", Model: "served-1", Usage: runners.Usage{Known: true, Prompt: 10, Completion: 2}}, err
}

// memory is a journal without a disk.
type memory struct {
	mu sync.Mutex
	m  map[string]runners.Answer
}

func (j *memory) Append(a runners.Answer) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, twice := j.m[a.SampleID]; twice {
		return fmt.Errorf("%s answered twice", a.SampleID)
	}
	j.m[a.SampleID] = a
	return nil
}

func (j *memory) Find(id string) (runners.Answer, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	a, ok := j.m[id]
	return a, ok && a.Status != runners.Failed, nil
}

func (j *memory) all() iter.Seq2[runners.Answer, error] {
	return func(yield func(runners.Answer, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(j.m)) {
			if !yield(j.m[id], nil) {
				return
			}
		}
	}
}

func pairwise(t *testing.T, m runners.Model, journal runners.Journal) *Judge {
	t.Helper()
	return judgeBy(t, benchmarks.JudgePairwise, m, journal)
}

func judgeBy(t *testing.T, name benchmarks.JudgeProtocol, m runners.Model, journal runners.Journal) *Judge {
	t.Helper()
	p, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	own, err := Own(p)
	if err != nil {
		t.Fatal(err)
	}
	return &Judge{Name: "mock:m", Identity: "mock:m", Protocol: p, Template: own,
		Engine: runners.Engine{Model: m, Journal: journal, Concurrency: 3, Progress: &runners.Progress{}}}
}

func items(n int) []Item {
	out := make([]Item, n)
	for i := range out {
		out[i] = Item{ID: fmt.Sprintf("x/%d", i), Task: "x", Group: "d", Question: "Which?", Reference: "blue", Answer: fmt.Sprintf("our {answer_b} %d", i), Opponent: fmt.Sprintf("their %d", i)}
	}
	return out
}

// ahead says whether our answer is shown first.
func ahead(r runners.Request) bool {
	return strings.Index(r.Prompt, "our ") < strings.Index(r.Prompt, "their ")
}

func TestBothOrdersAreAskedAndMappedBack(t *testing.T) {
	m := &referee{rule: func(r runners.Request) (string, error) {
		switch {
		case strings.Contains(r.Prompt, "our {answer_b} 0"): // prefers ours, wherever it stands
			if ahead(r) {
				return "Ours. [[A]]", nil
			}
			return "Ours. [[B]]", nil
		case strings.Contains(r.Prompt, "our {answer_b} 1"): // the first, whatever it is
			return "[[A]]", nil
		}
		return "[[C]]", nil
	}}
	result, err := pairwise(t, m, &memory{m: map[string]runners.Answer{}}).Run(t.Context(), items(3))
	if err != nil {
		t.Fatal(err)
	}
	want := []scorers.JudgedPair{
		{ID: "x/0", Task: "x", Group: "d", AsA: "A", AsB: "B"},
		{ID: "x/1", Task: "x", Group: "d", AsA: "A", AsB: "A"},
		{ID: "x/2", Task: "x", Group: "d", AsA: "C", AsB: "C"},
	}
	if diff := cmp.Diff(want, result.Pairs()); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	if len(m.asked) != 6 || result.Report.Asked != 6 || result.Served != "served-1" || result.Usage.Prompt != 60 {
		t.Errorf("%d asked, %+v", len(m.asked), result)
	}
	for _, r := range m.asked {
		if !r.Chat || r.MaxTokens != 2048 || r.Temperature != 0 || r.System == "" || strings.Contains(r.Prompt, "{question}") {
			t.Errorf("request %+v", r)
		}
	}
}

func TestNonsenseIsAskedForThreeTimesInOtherWords(t *testing.T) {
	m := &referee{rule: func(r runners.Request) (string, error) {
		switch {
		case strings.Contains(r.Prompt, " 0") && !ahead(r):
			return "I like both.", nil // never a verdict
		case strings.Contains(r.Prompt, " 1") && !strings.Contains(r.Prompt, "third time"):
			return "", nil // only the third time
		}
		return "[[C]]", nil
	}}
	journal := &memory{m: map[string]runners.Answer{}}
	j := pairwise(t, m, journal)
	result, err := j.Run(t.Context(), items(3))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.asked); n != 6+3+3 { // one order of x/0 and both of x/1 three times
		t.Errorf("%d asked, want 12", n)
	}
	if result.Count(Nonsense) != 1 || result.Count(Read) != 5 || result.Outcomes[0].Replies[1] != (Reply{Nonsense, "I like both.", 3}) || result.Outcomes[1].Replies[0].Tries != 3 {
		t.Errorf("%+v", result.Outcomes)
	}
	seen := map[string]bool{}
	for _, r := range m.asked {
		if seen[r.PromptSHA256] {
			t.Errorf("a prompt was sent twice, a cache would answer it: %s", r.SampleID)
		}
		seen[r.PromptSHA256] = true
	}
	// Again: all twelve replies are in the journal, nonsense too.
	m.asked = nil
	again, err := j.Run(t.Context(), items(3))
	if err != nil || len(m.asked) != 0 || again.Report.Resumed != 12 {
		t.Errorf("%v, %d asked again, %+v", err, len(m.asked), again.Report)
	}
	if diff := cmp.Diff(result.Outcomes, again.Outcomes); diff != "" {
		t.Errorf("resumed (-first +again):\n%s", diff)
	}
	spent, err := Spent(journal.all(), "mock:m")
	if err != nil || spent.Prompt != 120 || spent.Completion != 24 {
		t.Errorf("spent %+v, %v", spent, err)
	}
	if other, _ := Spent(journal.all(), "mock:other"); other.Prompt != 0 {
		t.Errorf("another judge spent %+v", other)
	}
	// Another answer is another question.
	changed := items(3)
	changed[2].Answer = "our new answer"
	if _, err := j.Run(t.Context(), changed); err != nil || len(m.asked) != 2 {
		t.Errorf("%v, %d asked after one answer changed, want 2", err, len(m.asked))
	}
}

func TestAQuestionThatIsLostIsAskedAgainLater(t *testing.T) {
	broken := true
	m := &referee{rule: func(r runners.Request) (string, error) {
		if broken && strings.Contains(r.Prompt, " 1") {
			return "", &runners.CallError{Kind: runners.ErrTransient, Status: 500, Err: fmt.Errorf("out of order")}
		}
		return "[[7]]", nil
	}}
	journal := &memory{m: map[string]runners.Answer{}}
	j := judgeBy(t, benchmarks.JudgeRubric, m, journal)
	result, err := j.Run(t.Context(), items(2))
	if err != nil || result.Count(Lost) != 1 || result.Report.Lost != 1 || len(result.Report.Faults) != 1 || !strings.Contains(result.Report.Faults[0].Error(), "mock:m on x/1, alone, try 1") {
		t.Fatalf("%v, %+v", err, result)
	}
	if diff := cmp.Diff([]scorers.JudgedAnswer{{ID: "x/0", Task: "x", Group: "d", Grade: 7}}, result.Grades(j.Protocol)); diff != "" {
		t.Errorf("grades (-want +got):\n%s", diff)
	}
	broken = false
	journal.m = maps.Collect(func(yield func(string, runners.Answer) bool) {
		for id, a := range journal.m {
			if a.Status != runners.Failed && !yield(id, a) {
				return
			}
		}
	})
	m.asked = nil
	if result, err = j.Run(t.Context(), items(2)); err != nil || result.Count(Read) != 2 || len(m.asked) != 1 {
		t.Errorf("%v, %d asked, %+v", err, len(m.asked), result)
	}
}

func TestABudgetLeavesQuestionsOpen(t *testing.T) {
	m := &referee{rule: func(runners.Request) (string, error) { return "[[A]]", nil }}
	j := pairwise(t, m, &memory{m: map[string]runners.Answer{}})
	j.Engine.Concurrency = 1
	j.Engine.Budget = runners.NewBudget(runners.Limit{Tokens: 3500}, runners.Price{}, runners.Usage{})
	result, err := j.Run(t.Context(), items(200))
	if err != nil || !result.Report.BudgetReached || result.Count(Read) == 0 || result.Count(Open) == 0 || result.Count(Nonsense) != 0 {
		t.Errorf("%v, %d read, %d open, %d nonsense", err, result.Count(Read), result.Count(Open), result.Count(Nonsense))
	}
}
